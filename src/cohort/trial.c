/* trial.c - draws one trial: who arrives when and where, into which arm.  SPDX-License-Identifier:
 * MIT
 *
 * Arrivals do not depend on the number of patients, and the arm is a function of (stratum, position
 * in the stratum): a smaller trial is the first patients of a larger one. */
#include "cohort/trial.h"
#include "base/dispatch.h"
#include "cohort/kernels.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* What drawing one trial's patients needs at hand. */
struct enrolment {
    const struct trial_plan *plan;
    const struct population *population;
    struct streams streams;
    struct scratch *w;
    int n;
};

static void fill(const struct enrolment *e, uint64_t variable, double *q, int n)
{
    const struct stream s = stream_of(e->streams, variable);
    stream_fill(&s, q, n);
}

static double *uniforms(const struct enrolment *e, uint64_t variable)
{
    double *q = scratch_doubles(e->w, e->n);
    fill(e, variable, q, e->n);
    return q;
}

/* The number of cumulative[0 … size-2] that are not above u, by a search without branches; size is
 * a power of two. */
static void search_centres(const double *cumulative, int size, const double *q, int *centre, int n)
{
    for (int i = 0; i < n; i++) {
        const double u = q[i] + 0.5;
        int k = 0;
        for (int step = size / 2; step > 0; step /= 2)
            k += step & -(int)(cumulative[k + step - 1] <= u);
        centre[i] = k;
    }
}

/* The same where size is small: all of them compared, column by column, four at a time. */
enum { FEW_CENTRES = 64, AT_A_TIME = 4 };

MULTIVERSION static void count_centres(const double *cumulative, int size, const double *q,
                                       int *restrict centre, int n)
{
    memset(centre, 0, (size_t)n * sizeof *centre);
    for (int first = 0; first < size; first += AT_A_TIME) {
        const double c0 = cumulative[first], c1 = cumulative[first + 1];
        const double c2 = cumulative[first + 2], c3 = cumulative[first + 3];
        for (int i = 0; i < n; i++) {
            const double u = q[i] + 0.5;
            centre[i] += (c0 <= u) + (c1 <= u) + (c2 <= u) + (c3 <= u);
        }
    }
}

static int *draw_centres(const struct enrolment *e)
{
    int *centre = scratch_ints(e->w, e->n);
    if (e->population->centres.number == 1) {
        memset(centre, 0, (size_t)e->n * sizeof *centre);
        return centre;
    }
    const struct scratch_mark mark = scratch_save(e->w);
    const int n_centres = (int)e->population->centres.number;
    const double *shares = centres_shares(e->population, e->streams, e->w);
    int size = AT_A_TIME;
    while (size < n_centres) size *= 2;
    double *cumulative = scratch_doubles(e->w, size);
    for (int k = 0; k < size; k++) cumulative[k] = k < n_centres - 1 ? shares[k] : INFINITY;
    const double *q = uniforms(e, e->plan->variable.centre);
    if (n_centres <= FEW_CENTRES) /* whole groups, no more than there are centres */
        count_centres(cumulative, (n_centres + AT_A_TIME - 1) / AT_A_TIME * AT_A_TIME, q, centre,
                      e->n);
    else
        search_centres(cumulative, size, q, centre, e->n);
    scratch_restore(e->w, mark);
    return centre;
}

MULTIVERSION static void space_evenly(double rate, double *arrival, int n)
{
    for (int i = 0; i < n; i++) arrival[i] = (i + 0.5) / rate;
}

MULTIVERSION static void divide_column(double by, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] /= by;
}

static double *draw_arrivals(const struct enrolment *e)
{
    const double rate = e->plan->rate;
    if (e->plan->spec->recruitment.arrivals == 1) {
        double *arrival = scratch_doubles(e->w, e->n);
        space_evenly(rate, arrival, e->n);
        return arrival;
    }
    double *arrival = uniforms(e, e->plan->variable.arrival);
    vector_exponential(arrival, arrival, e->n);
    divide_column(rate, arrival, e->n);
    double now = 0;
    for (int i = 0; i < e->n; i++) arrival[i] = now += arrival[i];
    return arrival;
}

/* --- allocation --------------------------------------------------------------------------------
 */

static void allocate_simply(const struct enrolment *e, int *arm)
{
    const struct trial_plan *t = e->plan;
    const struct scratch_mark mark = scratch_save(e->w);
    const double *q = uniforms(e, t->variable.allocation);
    double total = 0;
    for (int a = 0; a < t->n_arms; a++) total += (double)t->allocation[a];
    for (int i = 0; i < e->n; i++) {
        const double u = (q[i] + 0.5) * total;
        double below = 0;
        int after = 0; /* arms that end before u */
        for (int a = 0; a < t->n_arms - 1; a++) {
            below += (double)t->allocation[a];
            after += !(u < below);
        }
        arm[i] = after;
    }
    scratch_restore(e->w, mark);
}

/* The places that Fisher & Yates exchange with each place j of each block, the last of those still
 * open. */
MULTIVERSION static void find_exchanges(int size, const double *restrict q, int *restrict other,
                                        int n)
{
    for (int b = 0; b < n; b += size)
        for (int j = 0; j < size; j++) {
            const int drawn = (int)((q[b + j] + 0.5) * (j + 1));
            other[b + j] = drawn < j ? drawn : j; /* q + 1/2 can round to 1 */
        }
}

/* Fills list[0..n) with blocks in random order, exchanging from the last place down. The places of
 * a block are fields of one word, so that exchanges touch no memory. Faster where size and width
 * are constants. */
MULTIVERSION_PART void permute_fields(uint64_t ordered, int size, int width,
                                      const int *restrict other, int *restrict list, int n)
{
    const uint64_t field = (UINT64_C(1) << width) - 1;
    for (int b = 0; b < n; b += size) {
        uint64_t word = ordered;
        for (int j = size - 1; j > 0; j--) {
            const int here = j * width, there = other[b + j] * width;
            const uint64_t differ = (word >> here ^ word >> there) & field;
            word ^= differ << here ^ differ << there;
        }
        for (int j = 0; j < size; j++) list[b + j] = (int)(word >> j * width & field);
    }
}

MULTIVERSION static void permute_words(const struct trial_plan *t, const int *other, int *list,
                                       int n)
{
    const int size = t->place_bits == 1 ? t->block : 0; /* usual sizes in two arms */
    if (size == 2)
        permute_fields(t->ordered_block, 2, 1, other, list, n);
    else if (size == 4)
        permute_fields(t->ordered_block, 4, 1, other, list, n);
    else if (size == 8)
        permute_fields(t->ordered_block, 8, 1, other, list, n);
    else
        permute_fields(t->ordered_block, t->block, t->place_bits, other, list, n);
}

/* The same with blocks of any size. */
static void permute_lists(const struct trial_plan *t, const int *other, int *list, int n)
{
    const int size = t->block;
    int64_t sum = 0;
    for (int a = 0; a < t->n_arms; a++) sum += t->allocation[a];
    for (int b = 0; b < n; b += size) {
        int *block = list + b, k = 0;
        for (int a = 0; a < t->n_arms; a++)
            for (int64_t j = 0; j < t->allocation[a] * (size / sum); j++) block[k++] = a;
        for (int j = size - 1; j > 0; j--) {
            const int there = other[b + j], held = block[j];
            block[j] = block[there];
            block[there] = held;
        }
    }
}

static const int *find_strata(const struct enrolment *e, const struct patients *p)
{
    const struct trial_plan *t = e->plan;
    if (t->by_centre && t->n_stratifiers == 0) return p->centre;
    int *stratum = scratch_ints(e->w, e->n);
    if (t->by_centre)
        memcpy(stratum, p->centre, (size_t)p->n * sizeof *stratum);
    else
        memset(stratum, 0, (size_t)p->n * sizeof *stratum);
    for (int k = 0; k < t->n_stratifiers; k++) {
        const double *x = p->covariate[t->stratifier[k]];
        const int n_levels = e->population->marginal[t->stratifier[k]].n_levels;
        for (int i = 0; i < p->n; i++) stratum[i] = stratum[i] * n_levels + (int)x[i];
    }
    return stratum;
}

/* The arms of all strata, one stratum's blocks after the other's; start[s]: of stratum s with
 * count[s] patients. */
static const int *draw_blocks(const struct enrolment *e, const int *count, int *start)
{
    const struct trial_plan *t = e->plan;
    int room = 0;
    for (int s = 0; s < t->n_strata; s++) {
        start[s] = room;
        room += (count[s] + t->block - 1) / t->block * t->block;
    }
    double *q = scratch_doubles(e->w, room + STREAM_BEYOND);
    for (int s = 0; s < t->n_strata; s++) {
        const int n = (s + 1 < t->n_strata ? start[s + 1] : room) - start[s];
        const uint64_t variable = stream_indexed(t->variable.allocation, (uint64_t)s);
        if (n > 0) fill(e, variable, q + start[s], n); /* and beyond, where the next one writes */
    }
    int *other = scratch_ints(e->w, room), *list = scratch_ints(e->w, room);
    find_exchanges(t->block, q, other, room);
    (t->place_bits > 0 ? permute_words : permute_lists)(t, other, list, room);
    return list;
}

/* Patients take the places of their stratum's list in order of arrival. */
static void take_places(const struct enrolment *e, const int *stratum, int *arm)
{
    const int n_strata = e->plan->n_strata;
    int *count = scratch_ints(e->w, n_strata), *start = scratch_ints(e->w, n_strata);
    int *place = scratch_ints(e->w, e->n);
    memset(count, 0, (size_t)n_strata * sizeof *count);
    for (int i = 0; i < e->n; i++) place[i] = count[stratum[i]]++;
    const int *list = draw_blocks(e, count, start);
    for (int i = 0; i < e->n; i++) arm[i] = list[start[stratum[i]] + place[i]];
}

static void allocate_in_blocks(const struct enrolment *e, const struct patients *p, int *arm)
{
    const struct scratch_mark mark = scratch_save(e->w);
    if (e->plan->n_strata > 1)
        take_places(e, find_strata(e, p), arm);
    else {
        int start;
        memcpy(arm, draw_blocks(e, &e->n, &start), (size_t)e->n * sizeof *arm);
    }
    scratch_restore(e->w, mark);
}

static int *allocate(const struct enrolment *e, const struct patients *p)
{
    int *arm = scratch_ints(e->w, e->n);
    if (e->plan->n_arms == 1)
        memset(arm, 0, (size_t)e->n * sizeof *arm);
    else if (e->plan->spec->randomisation.method == 1)
        allocate_simply(e, arm);
    else
        allocate_in_blocks(e, p, arm);
    return arm;
}

/* --- what happens to the allocated --------------------------------------------------------------
 */

/* allocated: each patient's arm. */
static int *draw_received(const struct enrolment *e, int *allocated)
{
    const struct trial_plan *t = e->plan;
    if (t->spec->receives.n == 0) return allocated;
    int *received = scratch_ints(e->w, e->n);
    const struct scratch_mark mark = scratch_save(e->w);
    const double *q = uniforms(e, t->variable.received);
    for (int i = 0; i < e->n; i++) {
        const double *share = t->receives + allocated[i] * t->n_arms;
        int b = 0;
        for (int k = 0; k < t->n_arms - 1; k++) b += !(q[i] + 0.5 < share[k]);
        received[i] = b;
    }
    scratch_restore(e->w, mark);
    return received;
}

static double *draw_excluded(const struct enrolment *e, const int *allocated, bool complete)
{
    const struct trial_plan *t = e->plan;
    double *excluded = scratch_doubles(e->w, e->n);
    if (complete || t->spec->excluded.n == 0) {
        memset(excluded, 0, (size_t)e->n * sizeof *excluded);
        return excluded;
    }
    fill(e, t->variable.excluded, excluded, e->n);
    for (int i = 0; i < e->n; i++) excluded[i] = excluded[i] + 0.5 < t->excluded[allocated[i]];
    return excluded;
}

/* Exponential times; never where the hazard is 0. */
MULTIVERSION static void scale_times(const double *restrict hazard, double *restrict time, int n)
{
    for (int i = 0; i < n; i++) {
        const double t = time[i] / hazard[i];
        time[i] = hazard[i] > 0 ? t : INFINITY;
    }
}

static double *draw_lost(const struct enrolment *e, const int *allocated, bool complete)
{
    const struct trial_plan *t = e->plan;
    bool any = false;
    for (int a = 0; a < t->n_arms; a++) any = any || t->loss_hazard[a] > 0;
    double *lost = scratch_doubles(e->w, e->n);
    if (complete || !any) {
        kernel_fill(INFINITY, lost, e->n);
        return lost;
    }
    fill(e, t->variable.lost, lost, e->n);
    vector_exponential(lost, lost, e->n);
    const struct scratch_mark mark = scratch_save(e->w);
    double *hazard = scratch_doubles(e->w, e->n);
    kernel_choose(allocated, t->loss_hazard, t->n_arms, hazard, e->n);
    scale_times(hazard, lost, e->n);
    scratch_restore(e->w, mark);
    return lost;
}

MULTIVERSION static void whole_to_double(const int *restrict k, double *restrict x, int n)
{
    for (int i = 0; i < n; i++) x[i] = k[i];
}

static struct enrolment enrolment_of(const struct trial_plan *t, uint64_t seed, uint64_t replicate,
                                     struct scratch *w)
{
    return (struct enrolment){t, t->course->baseline->population, streams_of(seed, replicate), w,
                              t->n};
}

void trial_draw(const struct trial_plan *t, uint64_t seed, uint64_t replicate, bool complete,
                const struct course_needs *needs, struct scratch *w, struct patients *p,
                struct course *c)
{
    const struct enrolment e = enrolment_of(t, seed, replicate, w);
    const struct design *design = t->spec->design.design;
    *p = (struct patients){.n = t->n};
    p->covariate = population_draw(e.population, e.streams, needs->covariate, t->n, w);
    p->centre = draw_centres(&e);
    if (!needs->without_arrivals) p->arrival = draw_arrivals(&e);
    int *allocated = allocate(&e, p);
    p->arm = scratch_doubles(w, t->n);
    whole_to_double(allocated, p->arm, t->n);
    p->received = draw_received(&e, allocated);
    p->excluded = draw_excluded(&e, allocated, complete);
    p->lost = draw_lost(&e, allocated, complete);
    p->followed = scratch_doubles(w, t->n);
    course_draw(t->course, p, e.streams, needs, w, c);
    design->close(t->spec->design.params, t->spec->follow_up, 1, c->death, p, w);
}

void trial_redraw(const struct trial_plan *t, uint64_t seed, uint64_t replicate, int arm,
                  const struct course_needs *needs, struct scratch *w, struct patients *p,
                  struct course *c)
{
    const struct enrolment e = enrolment_of(t, seed, replicate, w);
    int *allocated = scratch_ints(w, t->n);
    for (int i = 0; i < t->n; i++) allocated[i] = arm;
    whole_to_double(allocated, p->arm, t->n);
    p->received = draw_received(&e, allocated);
    course_draw(t->course, p, e.streams, needs, w, c);
}
