/* select.c - see select.h.  SPDX-License-Identifier: MIT
 *
 * Hoare (1961) Communications of the ACM 4:321, algorithm 65, with the median of three as pivot; of
 * spread values, only in the bucket of a linear map in which counts find the place. */
#include "stat/select.h"
#include "base/dispatch.h"
#include "stat/keep.h"
#include "stat/range.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void swap(double *a, double *b)
{
    const double held = *a;
    *a = *b;
    *b = held;
}

double select_smallest(double *x, int n, int k)
{
    int low = 0, high = n - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (x[middle] < x[low]) swap(&x[middle], &x[low]);
        if (x[high] < x[low]) swap(&x[high], &x[low]);
        if (x[high] < x[middle]) swap(&x[high], &x[middle]);
        const double pivot = x[middle];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i <= j) swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return x[k];
}

enum { BUCKETS = 128, FEW = 64, VERY_FEW = 32 };

MULTIVERSION static void finite_only(const double *restrict x, double instead, double *restrict y,
                                     int n)
{
    for (int i = 0; i < n; i++) y[i] = x[i] <= DBL_MAX ? x[i] : instead;
}

/* Where most values lie, as far from their mean on both sides: the tail of skewed ones is left
 * out. Of the finite ones, and nowhere when these leave the range of numbers. */
static struct range middle_of(const double *x, int n, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct extent e = extent_of(x, n);
    if (e.high > DBL_MAX) {
        double *finite = scratch_doubles(w, n);
        finite_only(x, e.low, finite, n);
        e = extent_of(finite, n);
    }
    scratch_restore(w, mark);
    const double reach = fmin(e.mean - e.low, e.high - e.mean);
    return (struct range){e.mean - reach, e.mean + reach};
}

/* What lies below goes to the first bucket, what lies above, as infinity, to the last. */
MULTIVERSION static void find_buckets(const double *restrict x, double low, double per_unit,
                                      unsigned char *restrict bucket, int n)
{
    for (int i = 0; i < n; i++) {
        const double at = (x[i] - low) * per_unit + 1;
        const double not_low = at > 0 ? at : 0;
        bucket[i] = (unsigned char)(int)(not_low < BUCKETS - 1 ? not_low : BUCKETS - 1);
    }
}

MULTIVERSION static void add_bucket(const unsigned char *restrict bucket, int wanted,
                                    unsigned char *restrict inside, int n)
{
    const unsigned char number = (unsigned char)wanted;
    for (int i = 0; i < n; i++) inside[i] |= bucket[i] == number;
}

/* Each of a few values goes behind the smaller ones: a branch on data would cost more. */
MULTIVERSION static void sort_few(const double *restrict x, double *restrict sorted, int n)
{
    for (int i = 0; i < n; i++) {
        int place = 0;
        for (int j = 0; j < n; j++) place += (x[j] < x[i]) | ((x[j] <= x[i]) & (j < i));
        sorted[place] = x[i];
    }
}

/* value[j] := the place[j]-th smallest, places rising; x is reordered. */
static void select_rising(double *x, int n, const int *place, double *value, int n_places)
{
    double sorted[VERY_FEW];
    if (n <= VERY_FEW) {
        sort_few(x, sorted, n);
        for (int j = 0; j < n_places; j++) value[j] = sorted[place[j]];
        return;
    }
    for (int j = 0, from = 0; j < n_places; from = place[j++])
        value[j] = select_smallest(x + from, n - from, place[j] - from);
}

static void select_in_copy(const double *x, int n, const int *k, double *value, int n_k,
                           struct scratch *w)
{
    double *copy = scratch_doubles(w, n);
    memcpy(copy, x, (size_t)n * sizeof *copy);
    select_rising(copy, n, k, value, n_k);
}

/* Of the values of all buckets that have a place together; which k[j] leaves out, if they are
 * below, is counted. */
static void select_in_buckets(const double *x, int n, const struct range *r, const int *k,
                              double *value, int n_k, struct scratch *w)
{
    int count[BUCKETS] = {0}, *place = scratch_ints(w, n_k);
    double *wanted = scratch_doubles(w, n + KEEP_ROOM);
    unsigned char *bucket = scratch_take(w, (size_t)n, 1), *inside = scratch_take(w, (size_t)n, 1);
    find_buckets(x, r->low, (BUCKETS - 3) / (r->high - r->low), bucket, n);
    for (int i = 0; i < n; i++) count[bucket[i]]++;
    memset(inside, 0, (size_t)n);
    for (int j = 0, here = 0, below = 0, left_out = 0, last = -1; j < n_k; j++) {
        for (; below + count[here] <= k[j]; here++) {
            below += count[here];
            left_out += here != last ? count[here] : 0;
        }
        if (here != last) add_bucket(bucket, here, inside, n);
        last = here;
        place[j] = k[j] - left_out;
    }
    select_rising(wanted, keep_column(x, inside, n, wanted), place, value, n_k);
}

void select_several(const double *x, int n, const int *k, double *value, int n_k, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct range r = n < FEW ? (struct range){0, 0} : middle_of(x, n, w);
    const double per_unit = (BUCKETS - 3) / (r.high - r.low);
    if (per_unit > 0 && isfinite(per_unit))
        select_in_buckets(x, n, &r, k, value, n_k, w);
    else
        select_in_copy(x, n, k, value, n_k, w);
    scratch_restore(w, mark);
}

double select_spread(const double *x, int n, int k, struct scratch *w)
{
    double value;
    select_several(x, n, &k, &value, 1, w);
    return value;
}

/* The value at a place among rising ones. */
static double value_at(int place, const int *rising, const double *value)
{
    while (*rising < place) rising++, value++;
    return *value;
}

void quartiles(const double *x, int n, double quartile[3], struct scratch *w)
{
    int below[3], place[6];
    double value[6];
    for (int q = 0, n_places = 0; q < 3; q++) {
        below[q] = (q + 1) * (n - 1) / 4;
        for (int k = below[q]; k <= below[q] + 1; k++, n_places++) {
            int j = n_places; /* quartiles of few values share places */
            for (; j > 0 && place[j - 1] > k; j--) place[j] = place[j - 1];
            place[j] = k < n ? k : n - 1;
        }
    }
    select_several(x, n, place, value, 6, w);
    for (int q = 0; q < 3; q++) {
        const double low = value_at(below[q], place, value);
        const double share = 0.25 * (q + 1) * (n - 1) - below[q];
        quartile[q] = share > 0 ? low + share * (value_at(below[q] + 1, place, value) - low) : low;
    }
}
