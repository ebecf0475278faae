/* pairs_ordered.c - counts wins and losses of an ordered hierarchy by sorting, see pairs.h.
 * SPDX-License-Identifier: MIT
 *
 * Without margins a hierarchy is a lexicographic order, which splits patients into classes: those
 * whom the tiers so far leave tied. Pairs that tiers 1 … k decide are those of different classes,
 * so all that is counted is patients in front of each class.
 *
 * The first tiers whose values are whole numbers of a small range split by arithmetic: a class is
 * the number whose digits are the values, and one histogram of the last serves all of them, each
 * earlier tier's classes being stretches of it. From the first other tier on, patients stand in
 * order, and a tier sorts those who share a class within its places. Strata have classes of their
 * own. */
#include "analysis/pairs_steps.h"
#include "base/dispatch.h"
#include "stat/order.h"

#include <math.h>
#include <string.h>

enum { TABLES = 4 };

/* --- values ----------------------------------------------------------------------------------- */

/* One tier's values, larger is better. */
struct values {
    double *x; /* [n] */
    double low, high, mean;
    bool whole; /* every value is a whole number */
};

/* v->x := scale from. The mean, whose bits depend on the order of summing, may guide but not enter
 * a result. */
MULTIVERSION static void take_column(struct values *v, const double *restrict from, double scale,
                                     int n)
{
    double *restrict x = v->x;
    double low = scale * from[0], high = low, sum = 0;
    int64_t broken = 0;
#pragma omp simd reduction(min : low) reduction(max : high) reduction(+ : sum) reduction(| : broken)
    for (int i = 0; i < n; i++) {
        const double one = scale * from[i];
        x[i] = one;
        low = one < low ? one : low;
        high = one > high ? one : high;
        broken |= fabs(one - rint(one)) > 0;
        sum += one;
    }
    v->low = low;
    v->high = high;
    v->mean = sum / n;
    v->whole = broken == 0;
}

/* Times are an order when all who are censored were followed beyond the last event: they are then
 * one value, better than any other where the event is harm. */
static bool take_times(struct values *v, const struct tier *t, int n, struct scratch *w)
{
    double *cut = scratch_doubles(w, n), last_event = -INFINITY, first_censored = INFINITY;
    for (int i = 0; i < n; i++) {
        const double if_event = t->event[i] > 0 ? t->time[i] : -INFINITY;
        const double if_censored = t->event[i] > 0 ? INFINITY : t->time[i];
        last_event = if_event > last_event ? if_event : last_event;
        first_censored = if_censored < first_censored ? if_censored : first_censored;
    }
    for (int i = 0; i < n; i++) cut[i] = t->time[i] < first_censored ? t->time[i] : first_censored;
    take_column(v, cut, -t->better, n);
    return first_censored > last_event;
}

/* Closed patients, who are tied for good with those of their class, get one value: that end which
 * most are near, so that the others still lie evenly for sorting. */
MULTIVERSION static void level_closed(struct values *v, const unsigned char *restrict closed, int n)
{
    double *restrict x = v->x;
    const double level = v->mean - v->low < v->high - v->mean ? v->low : v->high;
    for (int i = 0; i < n; i++) x[i] = closed[i] ? level : x[i];
}

/* False where the tier is no order. */
static bool take_values(struct values *v, const struct tier *t, const unsigned char *closed, int n,
                        struct scratch *w)
{
    if (t->margin > 0) return false;
    if (t->time == NULL)
        take_column(v, t->value, t->better, n);
    else if (!take_times(v, t, n, w))
        return false;
    if (closed) level_closed(v, closed, n);
    return true;
}

MULTIVERSION static void close_events(unsigned char *restrict closed, const double *restrict event,
                                      int n)
{
    for (int i = 0; i < n; i++) closed[i] |= event[i] > 0;
}

/* --- splitting by arithmetic ------------------------------------------------------------------ */

struct digits {
    int n, n_classes, n_tiers;
    int *class;           /* [n] 0 … n_classes - 1, of stratum 0 first */
    int range[TIERS_MAX]; /* classes that tiers 0 … n_tiers - 1 make of one */
};

static int classes_most(int n)
{
    return 4 * n + 256;
}

static struct digits digits_start(const struct sample *s, struct scratch *w)
{
    struct digits d = {.n = s->n, .n_classes = s->n_strata, .class = scratch_ints(w, s->n)};
    if (s->stratum)
        memcpy(d.class, s->stratum, (size_t)s->n * sizeof *d.class);
    else
        memset(d.class, 0, (size_t)s->n * sizeof *d.class);
    return d;
}

MULTIVERSION static void append_digit(int *restrict class, int n, const struct values *v, int range)
{
    const double *restrict x = v->x;
    const double low = v->low;
    for (int i = 0; i < n; i++) class[i] = class[i] * range + (int)(x[i] - low);
}

static bool split_by_value(struct digits *d, const struct values *v)
{
    const double range = v->high - v->low + 1;
    if (!v->whole || !(range * d->n_classes <= classes_most(d->n))) return false;
    append_digit(d->class, d->n, v, (int)range);
    d->range[d->n_tiers++] = (int)range;
    d->n_classes *= (int)range;
    return true;
}

/* Neighbours are often of one class, and counting in one place waits for the store before: they are
 * counted in several tables. */
static void count_digits(const struct digits *d, const unsigned char *arm, struct steps *s,
                         struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = d->n_classes;
    int(*count)[2] = scratch_take(w, (size_t)(TABLES * n), sizeof *count);
    memset(count, 0, (size_t)(TABLES * n) * sizeof *count);
    for (int i = 0; i < d->n; i++) count[i % TABLES * n + d->class[i]][arm[i]]++;
    s->n = n;
    s->controls[0] = s->treated[0] = 0;
    for (int k = 0; k < n; k++) {
        int here[2] = {0, 0};
        for (int t = 0; t < TABLES; t++) {
            here[0] += count[t * n + k][0];
            here[1] += count[t * n + k][1];
        }
        s->controls[k + 1] = s->controls[k] + here[0];
        s->treated[k + 1] = s->treated[k] + here[1];
    }
    scratch_restore(w, mark);
}

/* Counts the tiers' pairs, each tier's classes being stretches of the finest. */
static void count_tiers_by_digits(const struct digits *d, const struct steps *finest, int n_strata,
                                  struct pairs *p, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct steps coarse = steps_make(finest->n, w);
    int stretch = d->n_classes / n_strata;
    for (int k = 0; k < d->n_tiers; k++) {
        stretch /= d->range[k];
        coarse.n = finest->n / stretch;
        for (int q = 0; q <= coarse.n; q++) {
            coarse.controls[q] = finest->controls[q * stretch];
            coarse.treated[q] = finest->treated[q * stretch];
        }
        steps_count(&coarse, k, n_strata, p);
    }
    scratch_restore(w, mark);
}

/* --- splitting by sorting --------------------------------------------------------------------- */

/* Patients from the worst to the best. */
struct ranking {
    int n, *patient;
    unsigned char *treated, *starts; /* [n], [n + 1] starts: the first of a class */
};

/* Those who share their class with others, by class; they stay in its places. */
struct members {
    struct grouped_keys key;
    int *place, *patient;
};

static struct members members_room(int n, struct scratch *w)
{
    return (struct members){.place = scratch_ints(w, n), .patient = scratch_ints(w, n)};
}

MULTIVERSION static void count_up(int *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = i;
}

/* All patients, before there is a ranking. */
static struct members members_of_digits(const struct digits *d, const struct steps *s,
                                        const struct values *v, struct scratch *w)
{
    struct members m = members_room(d->n, w);
    int *size = scratch_ints(w, d->n_classes);
    count_up(m.place, d->n);
    count_up(m.patient, d->n);
    for (int k = 0; k < d->n_classes; k++)
        size[k] = s->controls[k + 1] - s->controls[k] + s->treated[k + 1] - s->treated[k];
    m.key = (struct grouped_keys){d->n, d->n_classes, v->x, d->class, size};
    return m;
}

static struct members members_of_ranking(const struct ranking *r, const struct values *v,
                                         struct scratch *w)
{
    struct members m = members_room(r->n + 1, w);
    int n = 0, n_groups = 0;
    for (int i = 0; i < r->n; i++) {
        m.place[n] = i;
        n += !(r->starts[i] & r->starts[i + 1]);
    }
    double *x = scratch_doubles(w, n);
    int *group = scratch_ints(w, n), *size = scratch_ints(w, n);
    for (int i = 0, first = 0; i < n; i++) {
        const bool starts = r->starts[m.place[i]];
        n_groups += starts;
        first = starts ? i : first;
        group[i] = n_groups - 1;
        size[n_groups - 1] = i + 1 - first;
        m.patient[i] = r->patient[m.place[i]];
        x[i] = v->x[m.patient[i]];
    }
    m.key = (struct grouped_keys){n, n_groups, x, group, size};
    return m;
}

static void sort_members(struct ranking *r, const struct members *m, const unsigned char *arm,
                         struct scratch *w)
{
    const int n = m->key.n, *from = m->patient, *to = m->place;
    int *order = scratch_ints(w, n), *restrict patient = r->patient;
    unsigned char *starts = scratch_take(w, (size_t)n, 1);
    unsigned char *restrict placed = r->starts, *restrict treated = r->treated;
    order_in_groups(order, starts, &m->key, w);
    for (int i = 0; i < n; i++) {
        placed[to[i]] = starts[i];
        patient[to[i]] = from[order[i]];
        treated[to[i]] = arm[from[order[i]]];
    }
}

static void count_ranking(const struct ranking *r, struct steps *s)
{
    int k = 0, treated = 0;
    s->controls[0] = s->treated[0] = 0;
    for (int i = 0; i < r->n; i++) {
        k += r->starts[i];
        treated += r->treated[i];
        s->treated[k] = treated;
        s->controls[k] = i + 1 - treated;
    }
    s->n = k;
}

/* --- the hierarchy ---------------------------------------------------------------------------- */

/* What a hierarchy leads to, tier by tier. */
struct progress {
    struct digits digits;
    struct ranking ranking; /* of n patients once a tier was sorted, else of none */
    struct steps steps;
    unsigned char *closed; /* NULL before any is */
};

static struct progress progress_start(const struct sample *s, struct scratch *w)
{
    struct progress p = {.digits = digits_start(s, w)};
    p.steps = steps_make(classes_most(s->n), w);
    p.ranking.patient = scratch_ints(w, s->n);
    p.ranking.treated = scratch_take(w, (size_t)s->n, 1);
    p.ranking.starts = scratch_take(w, (size_t)s->n + 1, 1);
    return p;
}

static void settle_digits(struct progress *p, const struct sample *s, struct pairs *out,
                          struct scratch *w)
{
    count_digits(&p->digits, s->arm, &p->steps, w);
    count_tiers_by_digits(&p->digits, &p->steps, s->n_strata, out, w);
}

static void split_by_sorting(struct progress *p, const struct sample *s, const struct values *v,
                             struct pairs *out, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct ranking *r = &p->ranking;
    struct members m;
    if (r->n == 0) {
        settle_digits(p, s, out, w);
        m = members_of_digits(&p->digits, &p->steps, v, w);
        r->n = s->n;
        r->starts[s->n] = 1;
    } else {
        m = members_of_ranking(r, v, w);
    }
    sort_members(r, &m, s->arm, w);
    count_ranking(r, &p->steps);
    scratch_restore(w, mark);
}

static void count_patients(const struct sample *s, struct pairs *out)
{
    memset(out, 0, (size_t)s->n_strata * sizeof *out);
    if (s->stratum)
        for (int i = 0; i < s->n; i++) out[s->stratum[i]].n[s->arm[i]]++;
    else
        memcpy(out->n, s->n_arm, sizeof out->n);
}

static unsigned char *none_closed(int n, struct scratch *w)
{
    return memset(scratch_take(w, (size_t)n, 1), 0, (size_t)n);
}

static bool count_tiers(const struct sample *s, struct scratch *w, struct pairs *out)
{
    struct progress p = progress_start(s, w);
    struct values v = {.x = scratch_doubles(w, s->n)};
    count_patients(s, out);
    for (int k = 0; k < s->n_tiers; k++) {
        const struct tier *t = &s->tier[k];
        if (!take_values(&v, t, p.closed, s->n, w)) return false;
        if (p.ranking.n > 0 || !split_by_value(&p.digits, &v)) {
            split_by_sorting(&p, s, &v, out, w);
            steps_count(&p.steps, k, s->n_strata, out);
        }
        if (t->tie_if_both) {
            if (p.closed == NULL) p.closed = none_closed(s->n, w);
            close_events(p.closed, t->event, s->n);
        }
    }
    if (p.ranking.n == 0) settle_digits(&p, s, out, w);
    for (int m = 0; m < s->n_strata; m++)
        for (int k = s->n_tiers - 1; k > 0; k--) {
            out[m].wins[k] -= out[m].wins[k - 1];
            out[m].losses[k] -= out[m].losses[k - 1];
        }
    return true;
}

bool pairs_count_ordered(const struct sample *s, struct scratch *w, struct pairs *out)
{
    const struct scratch_mark mark = scratch_save(w);
    const bool ordered = count_tiers(s, w, out);
    scratch_restore(w, mark);
    return ordered;
}
