/* pairs_ordered.c - counts wins and losses of an ordered hierarchy by sorting, see pairs.h.
 * SPDX-License-Identifier: MIT
 *
 * Without margins a hierarchy is a lexicographic order: each tier splits those whom the tiers
 * before leave tied, a group, into classes. The pairs it decides are those of different classes of
 * a group, so all that is counted is patients in front of each class.
 *
 * The first tiers whose values are whole numbers of a small range split by arithmetic: a class is
 * the number whose digits are the values, and one histogram of the last serves all of them, each
 * earlier tier's classes being stretches of it. From the first other tier on, groups are sorted,
 * and who is alone in a class is settled. The first groups are the strata. */
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
    steps_end(s, n);
    scratch_restore(w, mark);
}

/* The patients of class k of a stratum whose first class is `first`. */
static struct group group_of_class(const struct steps *s, int k, int stratum, int first)
{
    const int *controls = s->controls + k, *treated = s->treated + k;
    return (struct group){
        .size = controls[1] - controls[0] + treated[1] - treated[0],
        .stratum = stratum,
        .in_front = {controls[0] - s->controls[first], treated[0] - s->treated[first]}};
}

/* Every stretch-th of the finest steps. */
static void take_stretches(struct steps *s, const struct steps *finest, int stretch)
{
    const int n = finest->n / stretch;
    for (int q = 0; q <= n; q++) {
        s->controls[q] = finest->controls[q * stretch];
        s->treated[q] = finest->treated[q * stretch];
    }
    steps_end(s, n);
}

/* Counts what each tier decides, its classes being stretches of the finest; `last`: of all. */
static void count_tiers_by_digits(const struct digits *d, const struct steps *finest, int n_strata,
                                  bool last, struct pairs *p, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct steps s = steps_make(finest->n, w);
    struct group *groups = scratch_take(w, (size_t)d->n_classes, sizeof *groups);
    const int of_stratum = d->n_classes / n_strata;
    for (int k = 0, stretch = of_stratum; k < d->n_tiers; k++) {
        const int range = d->range[k], parents = of_stratum / stretch;
        stretch /= range;
        take_stretches(&s, finest, stretch);
        for (int g = 0; g < n_strata * parents; g++) {
            const int stratum = g / parents;
            groups[g] = group_of_class(&s, g * range, stratum, stratum * parents * range);
            groups[g].end = (g + 1) * range;
        }
        steps_count(&s, groups, n_strata * parents, k,
                    last && k == d->n_tiers - 1 ? EVERYBODY : NOBODY, p);
    }
    scratch_restore(w, mark);
}

/* --- splitting by sorting --------------------------------------------------------------------- */

/* Patients who are not settled, each in a group. */
struct members {
    int n, n_groups;
    const int *patient, *group; /* [n] no patients: everybody */
    struct group *groups;       /* [n_groups] */
};

static struct members members_of_digits(const struct digits *d, const struct steps *s, int n_strata,
                                        struct scratch *w)
{
    const int of_stratum = d->n_classes / n_strata;
    struct members m = {d->n, d->n_classes, NULL, d->class,
                        scratch_take(w, (size_t)d->n_classes, sizeof *m.groups)};
    for (int k = 0; k < d->n_classes; k++)
        m.groups[k] = group_of_class(s, k, k / of_stratum, k - k % of_stratum);
    return m;
}

/* Members by group, then value. */
struct sorted {
    int *patient;        /* [n] */
    int *class;          /* [n] 1, 2, … */
    struct steps before; /* the members before each class */
};

static struct sorted sorted_make(int n, struct scratch *w)
{
    return (struct sorted){scratch_ints(w, n), scratch_ints(w, n), steps_make(n, w)};
}

static void sort_members(struct sorted *to, const struct members *m, const struct values *v,
                         const unsigned char *restrict arm, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = m->n, *restrict from = m->patient;
    int *order = scratch_ints(w, n), *size = scratch_ints(w, m->n_groups);
    unsigned char *starts = scratch_take(w, (size_t)n, 1);
    double *x = from ? scratch_doubles(w, n) : v->x;
    for (int g = 0; g < m->n_groups; g++) size[g] = m->groups[g].size;
    for (int i = 0; i < n && from; i++) x[i] = v->x[from[i]];
    order_in_groups(order, starts, &(struct grouped_keys){n, m->n_groups, x, m->group, size}, w);
    int *restrict patient = to->patient, *restrict class = to->class;
    int *restrict controls = to->before.controls, *restrict treated = to->before.treated;
    int k = 0, n_treated = 0;
    controls[0] = treated[0] = 0;
    for (int i = 0; i < n; i++) {
        patient[i] = from ? from[order[i]] : order[i];
        n_treated += arm[patient[i]];
        k += starts[i];
        class[i] = k;
        treated[k] = n_treated;
        controls[k] = i + 1 - n_treated;
    }
    steps_end(&to->before, k);
    for (int g = 0, end = 0; g < m->n_groups; g++) {
        end += m->groups[g].size;
        m->groups[g].end = end > 0 ? class[end - 1] : 0;
    }
    scratch_restore(w, mark);
}

/* The classes of two and more become groups. */
static struct members keep_tied(const struct members *m, const struct sorted *sorted,
                                struct scratch *w)
{
    int *patient = scratch_ints(w, m->n), *group = scratch_ints(w, m->n), n = 0, n_groups = 0;
    struct group *groups = scratch_take(w, (size_t)m->n / 2 + 1, sizeof *groups);
    const struct steps *s = &sorted->before;
    for (int g = 0, k = 0; g < m->n_groups; g++) {
        const struct group *of = &m->groups[g];
        for (const int first = k; k < of->end; k++) {
            struct group own = group_of_class(s, k, of->stratum, first);
            if (own.size < 2) continue;
            for (int arm = 0; arm < 2; arm++) own.in_front[arm] += of->in_front[arm];
            memcpy(patient + n, sorted->patient + s->controls[k] + s->treated[k],
                   (size_t)own.size * sizeof *patient);
            for (const int end = n + own.size; n < end; n++) group[n] = n_groups;
            groups[n_groups++] = own;
        }
    }
    return (struct members){n, n_groups, patient, group, groups};
}

/* --- the hierarchy ---------------------------------------------------------------------------- */

/* What a hierarchy leads to, tier by tier. */
struct progress {
    struct digits digits;
    struct members members; /* once a tier was sorted */
    bool sorted;
    unsigned char *closed; /* NULL before any is */
};

static void settle_digits(struct progress *p, const struct sample *s, bool last, struct pairs *out,
                          struct scratch *w)
{
    struct steps steps = steps_make(p->digits.n_classes, w);
    count_digits(&p->digits, s->arm, &steps, w);
    count_tiers_by_digits(&p->digits, &steps, s->n_strata, last, out, w);
    if (last) return;
    p->members = members_of_digits(&p->digits, &steps, s->n_strata, w);
}

static void split_by_sorting(struct progress *p, const struct sample *s, const struct values *v,
                             int tier, struct pairs *out, struct scratch *w)
{
    const bool last = tier == s->n_tiers - 1;
    if (!p->sorted) settle_digits(p, s, false, out, w);
    p->sorted = true;
    struct sorted sorted = sorted_make(p->members.n, w);
    sort_members(&sorted, &p->members, v, s->arm, w);
    steps_count(&sorted.before, p->members.groups, p->members.n_groups, tier,
                last ? EVERYBODY : ALONE, out);
    if (!last) p->members = keep_tied(&p->members, &sorted, w);
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
    struct progress p = {.digits = digits_start(s, w)};
    struct values v = {.x = scratch_doubles(w, s->n)};
    count_patients(s, out);
    for (int k = 0; k < s->n_tiers; k++) {
        const struct tier *t = &s->tier[k];
        if (!take_values(&v, t, p.closed, s->n, w)) return false;
        if (p.sorted || !split_by_value(&p.digits, &v)) split_by_sorting(&p, s, &v, k, out, w);
        if (t->tie_if_both) {
            if (p.closed == NULL) p.closed = none_closed(s->n, w);
            close_events(p.closed, t->event, s->n);
        }
    }
    if (!p.sorted) settle_digits(&p, s, true, out, w);
    return true;
}

bool pairs_count_ordered(const struct sample *s, struct scratch *w, struct pairs *out)
{
    const struct scratch_mark mark = scratch_save(w);
    const bool ordered = count_tiers(s, w, out);
    scratch_restore(w, mark);
    return ordered;
}
