/* discrete.c - see discrete.h.  SPDX-License-Identifier: MIT */
#include "stat/discrete.h"
#include "stat/distribution.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { RUN = 12 };

static void insertion_sort(struct weighted *a, int n)
{
    for (int i = 1; i < n; i++) {
        const struct weighted moving = a[i];
        int j = i;
        for (; j > 0 && moving.value < a[j - 1].value; j--) a[j] = a[j - 1];
        a[j] = moving;
    }
}

static void merge(struct weighted *to, const struct weighted *a, int n_a, const struct weighted *b,
                  int n_b)
{
    int i = 0, j = 0;
    while (i < n_a && j < n_b) {
        const bool second = b[j].value < a[i].value;
        *to++ = *(second ? b + j : a + i);
        j += second;
        i += !second;
    }
    memcpy(to, a + i, (size_t)(n_a - i) * sizeof *to);
    memcpy(to + (n_a - i), b + j, (size_t)(n_b - j) * sizeof *to);
}

void weighted_sort(struct weighted *a, int n, struct scratch *w)
{
    for (int i = 0; i < n; i += RUN) insertion_sort(a + i, n - i < RUN ? n - i : RUN);
    if (n <= RUN) return;
    const struct scratch_mark mark = scratch_save(w);
    struct weighted *from = a, *to = scratch_take(w, (size_t)n, sizeof *to);
    for (int64_t run = RUN; run < n; run *= 2) {
        for (int64_t i = 0; i < n; i += 2 * run) {
            const int n_a = (int)(n - i < run ? n - i : run);
            const int n_b = (int)(n - i - n_a < run ? n - i - n_a : run);
            merge(to + i, from + i, n_a, from + i + n_a, n_b);
        }
        struct weighted *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != a) memcpy(a, from, (size_t)n * sizeof *a);
    scratch_restore(w, mark);
}

struct discrete discrete_from(struct weighted *points, int n, struct scratch *w)
{
    struct discrete d = {0, scratch_doubles(w, n), scratch_doubles(w, n + 1)};
    weighted_sort(points, n, w);
    double total = 0;
    for (int i = 0; i < n; i++) {
        if (i == 0 || points[i].value > points[i - 1].value) {
            d.value[d.n] = points[i].value;
            d.below[d.n++] = total;
        }
        total += points[i].weight;
    }
    d.below[d.n] = total;
    return d;
}

double discrete_sd(const struct discrete *d)
{
    const double total = d->below[d->n], origin = d->n > 0 ? d->value[d->n / 2] : 0;
    double mean = 0, square = 0;
    for (int k = 0; k < d->n; k++) {
        mean += (d->below[k + 1] - d->below[k]) * (d->value[k] - origin);
    }
    mean /= total;
    for (int k = 0; k < d->n; k++) {
        const double deviation = d->value[k] - origin - mean;
        square += (d->below[k + 1] - d->below[k]) * deviation * deviation;
    }
    return sqrt(square / total);
}

double difference_weight(const struct discrete *y, const struct discrete *x, double at)
{
    double weight = 0;
    for (int i = 0, j = 0; i < x->n; i++) {
        while (j < y->n && y->value[j] - x->value[i] <= at) j++;
        weight += (x->below[i + 1] - x->below[i]) * y->below[j];
    }
    return weight;
}

double difference_above(const struct discrete *y, const struct discrete *x, double at)
{
    double least = INFINITY;
    for (int i = 0, j = 0; i < x->n; i++) {
        while (j < y->n && y->value[j] - x->value[i] <= at) j++;
        if (j < y->n) least = fmin(least, y->value[j] - x->value[i]);
    }
    return least;
}

/* The pairs still in question: columns low[i] … high[i] - 1 of row i. The differences rise along a
 * row and fall down a column, so what lies below a pivot is a staircase. All of them are above (or,
 * at the start, at) bottom.at, and no difference above top.at is needed. */
struct level {
    double at, weight; /* of the differences <= at */
};
struct band {
    const struct discrete *y, *x;
    int *low, *high, *less, *not_above;
    int64_t n;
    struct level bottom, top;
    double total;
};

static struct band band_whole(const struct discrete *y, const struct discrete *x, struct scratch *w)
{
    struct band b = {.y = y, .x = x, .n = (int64_t)x->n * y->n};
    b.low = scratch_ints(w, x->n);
    b.high = scratch_ints(w, x->n);
    b.less = scratch_ints(w, x->n);
    b.not_above = scratch_ints(w, x->n);
    for (int i = 0; i < x->n; i++) {
        b.low[i] = 0;
        b.high[i] = y->n;
    }
    const double least = y->below[1] * (x->below[x->n] - x->below[x->n - 1]);
    const double largest = (y->below[y->n] - y->below[y->n - 1]) * x->below[1];
    b.total = y->below[y->n] * x->below[x->n];
    b.bottom = (struct level){y->value[0] - x->value[x->n - 1], least};
    b.top = (struct level){y->value[y->n - 1] - x->value[0], b.total - largest};
    return b;
}

/* One of the pairs in question, the choice spread evenly over them by a hash of the pass: expected
 * progress whatever the data are, and the same for the same data. */
static double pivot_among_pairs(const struct band *b, uint64_t pass)
{
    uint64_t h = (pass + 1) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    int64_t k = (int64_t)((double)(h >> 11) * 0x1p-53 * (double)b->n);
    int i = 0;
    while (i + 1 < b->x->n && k >= b->high[i] - b->low[i]) {
        k -= b->high[i] - b->low[i];
        i++;
    }
    return b->y->value[b->low[i] + (int)k] - b->x->value[i];
}

static double probit(double share)
{
    return normal_quantile(fmin(fmax(share, 1e-300), 1 - 1e-16));
}

/* Interpolates between the ends of the band on the scale of normal quantiles, which makes most
 * distributions nearly straight, but a little past the target (side 1: above it, -1: below), so
 * that the end on that side closes in. */
static double pivot_by_weight(const struct band *b, double weight, int side)
{
    const double bottom = probit(b->bottom.weight / b->total);
    const double top = probit(b->top.weight / b->total), target = probit(weight / b->total);
    const double aim = (target - bottom) / (top - bottom) + 0.03 * side;
    return b->bottom.at + fmin(fmax(aim, 0.02), 0.98) * (b->top.at - b->bottom.at);
}

struct cut {
    double less, not_above;  /* weights of differences < pivot and <= pivot */
    int64_t n_less, n_above; /* pairs in question below and above the pivot */
};

static struct cut band_cut(struct band *b, double pivot)
{
    const struct discrete *y = b->y, *x = b->x;
    struct cut c = {0, 0, 0, 0};
    for (int i = 0, j = 0, k = 0; i < x->n; i++) {
        while (j < y->n && y->value[j] - x->value[i] < pivot) j++;
        if (k < j) k = j;
        while (k < y->n && y->value[k] - x->value[i] <= pivot) k++;
        b->less[i] = j;
        b->not_above[i] = k;
        const double row = x->below[i + 1] - x->below[i];
        c.less += row * y->below[j];
        c.not_above += row * y->below[k];
        c.n_less += j - b->low[i];
        c.n_above += b->high[i] - k;
    }
    return c;
}

static void swap(int **a, int **b)
{
    int *spare = *a;
    *a = *b;
    *b = spare;
}

/* The smallest value at which the weight of a[0..n) reaches `weight`; a is reordered. */
static double weighted_select(struct weighted *a, int n, double weight)
{
    while (n > 1) {
        const double u = a[0].value, v = a[n / 2].value, t = a[n - 1].value;
        const double pivot = fmax(fmin(u, v), fmin(fmax(u, v), t));
        int less = 0, equal = 0;
        double weight_less = 0, weight_equal = 0;
        for (int i = 0; i < n; i++) {
            const struct weighted p = a[i];
            if (p.value > pivot) continue;
            a[i] = a[less + equal];
            if (p.value < pivot) {
                a[less + equal] = a[less];
                a[less++] = p;
                weight_less += p.weight;
            } else {
                a[less + equal++] = p;
                weight_equal += p.weight;
            }
        }
        if (less > 0 && weight <= weight_less) {
            n = less;
        } else if (weight <= weight_less + weight_equal || less + equal == n) {
            return pivot;
        } else {
            weight -= weight_less + weight_equal;
            a += less + equal;
            n -= less + equal;
        }
    }
    return a[0].value;
}

static double band_select(const struct band *b, double weight, struct scratch *w)
{
    const struct discrete *y = b->y, *x = b->x;
    struct weighted *a = scratch_take(w, (size_t)b->n, sizeof *a);
    int n = 0;
    for (int i = 0; i < x->n; i++) {
        const double row = x->below[i + 1] - x->below[i];
        weight -= row * y->below[b->low[i]];
        for (int j = b->low[i]; j < b->high[i]; j++) {
            a[n++] =
                (struct weighted){y->value[j] - x->value[i], row * (y->below[j + 1] - y->below[j])};
        }
    }
    return weighted_select(a, n, weight);
}

/* Selection in a matrix with sorted rows and columns by cutting a band at pivots until few pairs
 * are left, after Monahan 1984, ACM Trans Math Softw 10:265 (algorithm 616). */
double difference_quantile(const struct discrete *y, const struct discrete *x, double weight,
                           struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct band b = band_whole(y, x, w);
    const int64_t few = (int64_t)x->n + y->n;
    int64_t before = 2 * b.n;
    int slow = 0, side = 1; /* slow: passes in a row that kept more than half of the pairs */
    double found = NAN;
    for (uint64_t pass = 0; isnan(found) && b.n > few; pass++) {
        slow = b.n > before / 2 ? slow + 1 : 0;
        before = b.n;
        const double pivot =
            slow % 4 == 3 ? pivot_among_pairs(&b, pass) : pivot_by_weight(&b, weight, side);
        const struct cut c = band_cut(&b, pivot);
        if (weight <= c.less) {
            swap(&b.high, &b.less);
            b.top = (struct level){pivot, c.less};
            b.n = c.n_less;
            side = -1;
        } else if (weight > c.not_above) {
            swap(&b.low, &b.not_above);
            b.bottom = (struct level){pivot, c.not_above};
            b.n = c.n_above;
            side = 1;
        } else {
            found = pivot;
        }
    }
    if (isnan(found)) found = band_select(&b, weight, w);
    scratch_restore(w, mark);
    return found;
}
