/* pairs_ordered.c - counts wins and losses of an ordered hierarchy by sorting, see pairs.h.
 * SPDX-License-Identifier: MIT
 *
 * Without margins a hierarchy is a lexicographic order. Patients carry a class: a whole number,
 * larger for the better and equal for those whom the tiers so far leave tied; strata have classes
 * of their own. Each tier splits the classes, by arithmetic where its values are whole numbers of a
 * small range, by sorting elsewhere. The pairs that tiers 1 … k decide are those of different
 * classes, which one pass over the patients in each class counts. */
#include "analysis/pairs.h"
#include "base/dispatch.h"
#include "stat/order.h"

#include <math.h>
#include <string.h>

enum { TABLES = 4, BUCKETS = 2, CROWDED = 16 };

struct classes {
    int n, n_classes;
    int *of;               /* [n] 0 … n_classes - 1, of stratum 0 first */
    int (*count)[2];       /* [n_classes] controls and treated; room for classes_most(n) */
    unsigned char *closed; /* [n] tied for good with its class; NULL before any is */
};

static int classes_most(int n)
{
    return 4 * n + 256;
}

/* Neighbours are often of one class, and counting in one place waits for the store before: few
 * classes are counted in several tables. */
static void count_classes(struct classes *c, const unsigned char *arm)
{
    const bool few = c->n_classes * TABLES <= classes_most(c->n);
    int(*table[TABLES])[2];
    for (int t = 0; t < TABLES; t++) table[t] = c->count + (few ? t * c->n_classes : 0);
    memset(c->count, 0, (size_t)(few ? TABLES * c->n_classes : c->n_classes) * sizeof *c->count);
    for (int i = 0; i < c->n; i++) table[i % TABLES][c->of[i]][arm[i]]++;
    for (int t = 1; t < TABLES && few; t++)
        for (int k = 0; k < c->n_classes; k++) {
            c->count[k][0] += table[t][k][0];
            c->count[k][1] += table[t][k][1];
        }
}

/* --- values ----------------------------------------------------------------------------------- */

/* One tier's values, larger is better. */
struct values {
    double *x; /* [n] */
    double low, high, mean;
    bool whole; /* every value is a whole number */
};

/* v->x := scale from. Of what this finds, none that rounding or order change goes into a result. */
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

/* False where the tier is no order. Closed patients of a class get one value. */
static bool take_values(struct values *v, const struct tier *t, const struct classes *c,
                        struct scratch *w)
{
    if (t->margin > 0) return false;
    if (t->time == NULL)
        take_column(v, t->value, t->better, c->n);
    else if (!take_times(v, t, c->n, w))
        return false;
    for (int i = 0; i < c->n && c->closed; i++) v->x[i] = c->closed[i] ? v->low : v->x[i];
    return true;
}

static void close_events(struct classes *c, const double *event, struct scratch *w)
{
    const unsigned char *before = c->closed;
    if (c->closed == NULL) c->closed = scratch_take(w, (size_t)c->n, 1);
    for (int i = 0; i < c->n; i++) c->closed[i] = (before && before[i]) | (event[i] > 0);
}

/* --- splitting -------------------------------------------------------------------------------- */

MULTIVERSION static void split_evenly(int *restrict class, int n, const struct values *v, int range)
{
    const double *restrict x = v->x;
    const double low = v->low;
    for (int i = 0; i < n; i++) class[i] = class[i] * range + (int)(x[i] - low);
}

/* Whole values in a small range: a class becomes as many as there are values. */
static bool split_by_value(struct classes *c, const struct values *v)
{
    const double range = v->high - v->low + 1;
    if (!v->whole || !(range * c->n_classes <= classes_most(c->n))) return false;
    split_evenly(c->of, c->n, v, (int)range);
    c->n_classes *= (int)range;
    return true;
}

/* Keys in [0, 1) that grow with x, if not strictly, and lie evenly for skewed x: about linear up to
 * the mean, logarithmic in the tail. They come from the bits of d + d of the mean, read as an
 * integer, where d is the distance from the end that is nearer to the mean. */
MULTIVERSION_PART void spread_keys(const struct values *v, int n, double *restrict key)
{
    const double *restrict x = v->x;
    const bool up = v->mean - v->low < v->high - v->mean;
    const double near = up ? v->low : v->high, sign = up ? 1 : -1;
    const double offset = fmax(sign * (v->mean - near), 0);
    const double ends[2] = {offset, v->high - v->low + offset};
    int64_t from, to;
    memcpy(&from, &ends[0], sizeof from);
    memcpy(&to, &ends[1], sizeof to);
    const double unit = to > from ? (1 - 0x1p-20) / (double)(to - from) : 0;
    const int64_t origin = up ? from : to;
    for (int i = 0; i < n; i++) {
        const double distance = sign * (x[i] - near) + offset;
        int64_t bits;
        memcpy(&bits, &distance, sizeof bits);
        key[i] = sign * (double)(bits - origin) * unit;
    }
}

/* Patients in buckets that follow each other as their values do, with room for CROWDED before and
 * behind. */
struct buckets {
    double *x, *bucket; /* [n] by bucket */
    int *patient;       /* [n] */
    int64_t *rank;      /* [n] place by value */
};

/* The buckets of one class. */
struct span {
    int start, size;
};

/* Every class has BUCKETS as many buckets as patients. The lowest and the highest value have their
 * own, as ties crowd there; `at_end` is 1 for patients with either, else 0. */
MULTIVERSION static void find_buckets(const struct values *v, int n, const int *restrict class,
                                      const struct span *restrict span, int *restrict bucket,
                                      double *restrict key, double *restrict at_end)
{
    const double *restrict x = v->x;
    const double low = v->low, high = v->high;
    for (int i = 0; i < n; i++) at_end[i] = (x[i] > low) & (x[i] < high) ? 0 : 1;
    spread_keys(v, n, key);
    for (int i = 0; i < n; i++) {
        const struct span own = span[class[i]];
        const int inner = (int)(key[i] * (own.size - 2)) + (v->x[i] > v->low);
        bucket[i] = own.start + (v->x[i] < v->high ? inner : own.size - 1);
    }
}

/* Values that are not the lowest or the highest share a bucket; those are a bucket a patient. */
static struct buckets fill_buckets(const struct classes *c, const struct values *v,
                                   struct scratch *w)
{
    const int n = c->n, n_buckets = BUCKETS * n;
    int *bucket = scratch_ints(w, n), *next = scratch_ints(w, n_buckets + 1);
    double *at_end = scratch_doubles(w, n);
    struct span *span = scratch_take(w, (size_t)c->n_classes, sizeof *span);
    struct buckets b = {scratch_doubles(w, n + 2 * CROWDED) + CROWDED,
                        scratch_doubles(w, n + 2 * CROWDED) + CROWDED, scratch_ints(w, n),
                        scratch_take(w, (size_t)n, sizeof *b.rank)};
    for (int k = 0, start = 0; k < c->n_classes; start += span[k++].size)
        span[k] = (struct span){start, BUCKETS * (c->count[k][0] + c->count[k][1])};
    find_buckets(v, n, c->of, span, bucket, b.x, at_end);
    memset(next, 0, (size_t)(n_buckets + 1) * sizeof *next);
    for (int i = 0; i < n; i++) next[bucket[i] + 1]++;
    for (int k = 0; k < n_buckets; k++) next[k + 1] += next[k];
    for (int i = 0; i < n; i++) {
        const int place = next[bucket[i]]++;
        b.x[place] = v->x[i];
        b.bucket[place] = bucket[i] + at_end[i] * place * 0x1p-32;
        b.patient[place] = i;
    }
    for (int k = 0; k < CROWDED; k++) {
        b.x[-1 - k] = b.x[n + k] = 0;
        b.bucket[-1 - k] = -1;
        b.bucket[n + k] = n_buckets;
    }
    return b;
}

/* Moves the rank of each patient by his order with those `distance` before and behind, in the same
 * bucket; returns whether there are any. */
MULTIVERSION static bool rank_neighbours(const struct buckets *b, int n, int distance)
{
    const double *restrict x = b->x, *restrict bucket = b->bucket;
    int64_t *restrict rank = b->rank, any = 0;
    for (int i = 0; i < n; i++) {
        const int64_t behind = !(bucket[i + distance] > bucket[i]);
        const int64_t before = !(bucket[i] > bucket[i - distance]);
        rank[i] += (behind & (x[i + distance] < x[i])) - (before & (x[i] < x[i - distance]));
        any |= behind;
    }
    return any != 0;
}

/* order[0..n) becomes the patients by class, then value. By buckets, in which neighbours are
 * compared without branches, for a misguessed one costs more than all of it; where values crowd, by
 * a sort. */
static void sort_patients(const struct classes *c, const struct values *v, int *order,
                          struct scratch *w)
{
    const struct buckets b = fill_buckets(c, v, w);
    for (int i = 0; i < c->n; i++) b.rank[i] = i;
    for (int distance = 1; distance <= CROWDED; distance++) {
        if (rank_neighbours(&b, c->n, distance)) continue;
        for (int i = 0; i < c->n; i++) order[b.rank[i]] = b.patient[i];
        return;
    }
    int *by_value = scratch_ints(w, c->n), *next = scratch_ints(w, c->n_classes);
    order_ascending(by_value, v->x, c->n, w);
    for (int k = 0, first = 0; k < c->n_classes; k++) {
        next[k] = first;
        first += c->count[k][0] + c->count[k][1];
    }
    for (int i = 0; i < c->n; i++) order[next[c->of[by_value[i]]]++] = by_value[i];
}

/* Numbers what differs in class or value, and counts it. */
static void split_by_sorting(struct classes *c, const struct values *v, const unsigned char *arm,
                             struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    int *order = scratch_ints(w, c->n);
    sort_patients(c, v, order, w);
    memset(c->count, 0, (size_t)c->n * sizeof *c->count);
    int class = 0, before = c->of[order[0]];
    double x = v->x[order[0]];
    for (int i = 0; i < c->n; i++) {
        const int patient = order[i], now = c->of[patient];
        class += (now != before) | (v->x[patient] > x);
        before = now;
        x = v->x[patient];
        c->of[patient] = class;
        c->count[class][arm[patient]]++;
    }
    c->n_classes = class + 1;
    scratch_restore(w, mark);
}

/* --- counting --------------------------------------------------------------------------------- */

/* Adds what one class of patients brings to the sums of squares. */
static inline void add_squares(struct pairs *p, const int in_front[2], const int count[2])
{
    for (int arm = 0; arm < 2; arm++) {
        const int other = 1 - arm;
        const double worse = in_front[other], better = p->n[other] - in_front[other] - count[other];
        const double wins = arm ? worse : better, losses = arm ? better : worse;
        p->win_squares[arm] += count[arm] * wins * wins;
        p->loss_squares[arm] += count[arm] * losses * losses;
        p->products[arm] += count[arm] * wins * losses;
    }
}

/* The pairs of different classes in tier k, which include those that earlier tiers decide. Sums are
 * local, in registers: through memory each would wait for the last. */
static void count_pairs(const struct classes *c, int k, bool last, struct pairs *p)
{
    const int(*count)[2] = (const int(*)[2])c->count, (*end)[2] = count + c->n_classes;
    while (count < end) {
        int in_front[2] = {0, 0};
        int64_t wins = 0, losses = 0;
        struct pairs sum = {.n = {p->n[0], p->n[1]}};
        for (; count < end && in_front[0] + in_front[1] < sum.n[0] + sum.n[1]; count++) {
            wins += (int64_t)(*count)[1] * in_front[0];
            losses += (int64_t)(*count)[0] * in_front[1];
            if (last) add_squares(&sum, in_front, *count);
            in_front[0] += (*count)[0];
            in_front[1] += (*count)[1];
        }
        p->wins[k] += wins;
        p->losses[k] += losses;
        for (int arm = 0; arm < 2 && last; arm++) {
            p->win_squares[arm] += sum.win_squares[arm];
            p->loss_squares[arm] += sum.loss_squares[arm];
            p->products[arm] += sum.products[arm];
        }
        p++;
        while (count < end && (*count)[0] + (*count)[1] == 0) count++;
    }
}

static struct classes classes_start(const struct sample *s, struct scratch *w)
{
    struct classes c = {.n = s->n, .n_classes = s->n_strata, .of = scratch_ints(w, s->n)};
    c.count = scratch_take(w, (size_t)classes_most(s->n), sizeof *c.count);
    if (s->stratum)
        memcpy(c.of, s->stratum, (size_t)s->n * sizeof *c.of);
    else
        memset(c.of, 0, (size_t)s->n * sizeof *c.of);
    return c;
}

static bool count_tiers(const struct sample *s, struct scratch *w, struct pairs *out)
{
    struct classes c = classes_start(s, w);
    struct values v = {.x = scratch_doubles(w, s->n)};
    count_classes(&c, s->arm);
    memset(out, 0, (size_t)s->n_strata * sizeof *out);
    for (int m = 0; m < s->n_strata; m++) memcpy(out[m].n, c.count[m], sizeof out[m].n);
    for (int k = 0; k < s->n_tiers; k++) {
        if (!take_values(&v, &s->tier[k], &c, w)) return false;
        if (split_by_value(&c, &v))
            count_classes(&c, s->arm);
        else
            split_by_sorting(&c, &v, s->arm, w);
        count_pairs(&c, k, k == s->n_tiers - 1, out);
        if (s->tier[k].tie_if_both) close_events(&c, s->tier[k].event, w);
    }
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
