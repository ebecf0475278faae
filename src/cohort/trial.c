/* trial.c - draws one trial: who arrives when and where, into which arm.  SPDX-License-Identifier:
 * MIT
 *
 * Arrivals do not depend on the number of patients, and the arm is a function of (stratum, position
 * in the stratum): a smaller trial is the first patients of a larger one. */
#include "cohort/trial.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

static double *uniforms(uint64_t seed, uint64_t replicate, const char *variable, struct scratch *w,
                        int n)
{
    double *q = scratch_doubles(w, n);
    const struct stream s = stream_for(seed, replicate, stream_variable(variable));
    stream_fill(&s, q, n);
    return q;
}

static double *const *draw_covariates(const struct population *pop, uint64_t seed,
                                      uint64_t replicate, struct scratch *w, int n)
{
    double **x = scratch_take(w, (size_t)pop->n_covariates, sizeof *x);
    for (int k = 0; k < pop->n_covariates; k++) {
        x[k] = scratch_doubles(w, n);
        const struct stream s = stream_for(seed, replicate, pop->variable[k]);
        stream_fill(&s, x[k], n);
        vector_normal_quantile(x[k], x[k], n);
    }
    population_deliver(pop, x, x, n);
    return x;
}

static int *draw_centres(const struct population *pop, uint64_t seed, uint64_t replicate,
                         struct scratch *w, int n)
{
    int *centre = scratch_ints(w, n);
    const struct scratch_mark mark = scratch_save(w);
    const struct centre_draw c = centres_draw(pop, seed, replicate, w);
    const double *q = uniforms(seed, replicate, "centre", w, n);
    for (int i = 0; i < n; i++) {
        const double u = q[i] + 0.5;
        int low = 0, high = c.n - 1;
        while (low < high) {
            const int middle = (low + high) / 2;
            if (u < c.cumulative[middle])
                high = middle;
            else
                low = middle + 1;
        }
        centre[i] = low;
    }
    scratch_restore(w, mark);
    return centre;
}

static double *draw_arrivals(const struct trial_plan *t, uint64_t seed, uint64_t replicate,
                             struct scratch *w)
{
    if (t->spec->recruitment.arrivals == 1) {
        double *arrival = scratch_doubles(w, t->n);
        for (int i = 0; i < t->n; i++) arrival[i] = (i + 0.5) / t->rate;
        return arrival;
    }
    double *arrival = uniforms(seed, replicate, "arrival", w, t->n);
    vector_exponential(arrival, arrival, t->n);
    double now = 0;
    for (int i = 0; i < t->n; i++) arrival[i] = now += arrival[i] / t->rate;
    return arrival;
}

/* --- allocation --------------------------------------------------------------------------------
 */

static void allocate_simply(const struct trial_plan *t, uint64_t seed, uint64_t replicate,
                            struct scratch *w, double *arm)
{
    const struct scratch_mark mark = scratch_save(w);
    const double *q = uniforms(seed, replicate, "allocation", w, t->n);
    double total = 0;
    for (int a = 0; a < t->n_arms; a++) total += (double)t->allocation[a];
    for (int i = 0; i < t->n; i++) {
        double below = 0;
        int a = 0;
        for (; a < t->n_arms - 1; a++) {
            below += (double)t->allocation[a];
            if ((q[i] + 0.5) * total < below) break;
        }
        arm[i] = a;
    }
    scratch_restore(w, mark);
}

/* Fills list[0..n) with blocks in random order (Fisher & Yates, from the last place down). */
static void permute_blocks(const struct trial_plan *t, const double *q, double *list, int n)
{
    const int size = t->block;
    int64_t sum = 0;
    for (int a = 0; a < t->n_arms; a++) sum += t->allocation[a];
    for (int b = 0; b < n; b += size) {
        double *block = list + b;
        int k = 0;
        for (int a = 0; a < t->n_arms; a++)
            for (int64_t j = 0; j < t->allocation[a] * (size / sum); j++) block[k++] = a;
        for (int j = size - 1; j > 0; j--) {
            const int other = (int)((q[b + j] + 0.5) * (j + 1));
            const double held = block[j];
            block[j] = block[other];
            block[other] = held;
        }
    }
}

static void allocate_in_blocks(const struct trial_plan *t, const struct patients *p, uint64_t seed,
                               uint64_t replicate, struct scratch *w, double *arm)
{
    const struct population *pop = t->course->baseline->population;
    const struct scratch_mark mark = scratch_save(w);
    int *stratum = scratch_ints(w, t->n), *count = scratch_ints(w, t->n_strata + 1);
    int *from = scratch_ints(w, t->n_strata + 1);
    memset(count, 0, (size_t)(t->n_strata + 1) * sizeof *count);
    for (int i = 0; i < t->n; i++) {
        int code = t->by_centre ? p->centre[i] : 0;
        for (int k = 0; k < t->n_stratifiers; k++)
            code = code * pop->marginal[t->stratifier[k]].n_levels +
                   (int)p->covariate[t->stratifier[k]][i];
        stratum[i] = code;
        count[code]++;
    }
    const uint64_t variable = stream_variable("allocation");
    int room = 0;
    for (int s = 0; s < t->n_strata; s++) {
        from[s] = room;
        room += (count[s] + t->block - 1) / t->block * t->block;
    }
    double *list = scratch_doubles(w, room), *q = scratch_doubles(w, room);
    for (int s = 0; s < t->n_strata; s++) {
        if (count[s] == 0) continue;
        const int n = (count[s] + t->block - 1) / t->block * t->block;
        const struct stream random =
            stream_for(seed, replicate, stream_indexed(variable, (uint64_t)s));
        stream_fill(&random, q, n);
        permute_blocks(t, q, list + from[s], n);
    }
    for (int i = 0; i < t->n; i++) arm[i] = list[from[stratum[i]]++];
    scratch_restore(w, mark);
}

/* --- what happens to the allocated --------------------------------------------------------------
 */

static int *draw_received(const struct trial_plan *t, const double *arm, uint64_t seed,
                          uint64_t replicate, struct scratch *w)
{
    int *received = scratch_ints(w, t->n);
    const struct scratch_mark mark = scratch_save(w);
    const double *q =
        t->spec->receives.n > 0 ? uniforms(seed, replicate, "received", w, t->n) : NULL;
    for (int i = 0; i < t->n; i++) {
        const double *share = t->receives + (int)arm[i] * t->n_arms;
        int b = q ? 0 : (int)arm[i];
        while (q && b < t->n_arms - 1 && !(q[i] + 0.5 < share[b])) b++;
        received[i] = b;
    }
    scratch_restore(w, mark);
    return received;
}

static double *draw_excluded(const struct trial_plan *t, const double *arm, uint64_t seed,
                             uint64_t replicate, struct scratch *w)
{
    double *excluded = scratch_doubles(w, t->n);
    memset(excluded, 0, (size_t)t->n * sizeof *excluded);
    if (t->spec->excluded.n == 0) return excluded;
    const struct stream s = stream_for(seed, replicate, stream_variable("excluded"));
    stream_fill(&s, excluded, t->n);
    for (int i = 0; i < t->n; i++) excluded[i] = excluded[i] + 0.5 < t->excluded[(int)arm[i]];
    return excluded;
}

static double *draw_lost(const struct trial_plan *t, const double *arm, uint64_t seed,
                         uint64_t replicate, struct scratch *w)
{
    double *lost = uniforms(seed, replicate, "lost", w, t->n);
    vector_exponential(lost, lost, t->n);
    for (int i = 0; i < t->n; i++) {
        const double hazard = t->loss_hazard[(int)arm[i]];
        lost[i] = hazard > 0 ? lost[i] / hazard : INFINITY;
    }
    return lost;
}

void trial_draw(const struct trial_plan *t, uint64_t seed, uint64_t replicate, bool complete,
                const struct course_needs *needs, struct scratch *w, struct patients *p,
                struct course *c)
{
    const struct population *pop = t->course->baseline->population;
    const int n = t->n;
    *p = (struct patients){.n = n};
    p->covariate = draw_covariates(pop, seed, replicate, w, n);
    p->centre = draw_centres(pop, seed, replicate, w, n);
    p->arrival = draw_arrivals(t, seed, replicate, w);
    p->arm = scratch_doubles(w, n);
    if (t->n_arms == 1)
        memset(p->arm, 0, (size_t)n * sizeof *p->arm);
    else if (t->spec->randomisation.method == 1)
        allocate_simply(t, seed, replicate, w, p->arm);
    else
        allocate_in_blocks(t, p, seed, replicate, w, p->arm);
    p->received = draw_received(t, p->arm, seed, replicate, w);
    p->excluded = draw_excluded(t, p->arm, seed, replicate, w);
    p->lost = draw_lost(t, p->arm, seed, replicate, w);
    for (int i = 0; i < n && complete; i++) {
        p->excluded[i] = 0;
        p->lost[i] = INFINITY;
    }
    p->followed = scratch_doubles(w, n);
    course_draw(t->course, p, seed, replicate, needs, w, c);
    t->spec->design.design->close(t->spec->design.params, t->spec->follow_up, 1, c->death, p, w);
}

void trial_redraw(const struct trial_plan *t, uint64_t seed, uint64_t replicate, int arm,
                  const struct course_needs *needs, struct scratch *w, struct patients *p,
                  struct course *c)
{
    for (int i = 0; i < t->n; i++) p->arm[i] = arm;
    p->received = draw_received(t, p->arm, seed, replicate, w);
    course_draw(t->course, p, seed, replicate, needs, w, c);
}
