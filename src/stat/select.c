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

enum { BUCKETS = 128, FEW = 64 };

MULTIVERSION static void finite_only(const double *restrict x, double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] = x[i] <= DBL_MAX ? x[i] : -INFINITY;
}

/* The least value and the largest finite one. */
static struct range finite_range(const double *x, int n, struct scratch *w)
{
    const struct range r = range_of(x, n);
    if (isfinite(r.high)) return r;
    const struct scratch_mark mark = scratch_save(w);
    double *finite = scratch_doubles(w, n);
    finite_only(x, finite, n);
    const double high = range_of(finite, n).high;
    scratch_restore(w, mark);
    return (struct range){r.low, high};
}

/* Infinity goes to the last bucket, which finite values do not reach. */
MULTIVERSION static void find_buckets(const double *restrict x, double low, double per_unit,
                                      int *restrict bucket, int n)
{
    for (int i = 0; i < n; i++) {
        const double at = (x[i] - low) * per_unit + 1;
        const double not_low = at > 0 ? at : 0;
        bucket[i] = (int)(not_low < BUCKETS - 1 ? not_low : BUCKETS - 1);
    }
}

MULTIVERSION static void mark_bucket(const int *restrict bucket, int wanted,
                                     unsigned char *restrict is, int n)
{
    for (int i = 0; i < n; i++) is[i] = bucket[i] == wanted;
}

static void select_in_copy(const double *x, int n, const int *k, double *value, int n_k,
                           struct scratch *w)
{
    double *copy = scratch_doubles(w, n);
    memcpy(copy, x, (size_t)n * sizeof *copy);
    for (int j = 0; j < n_k; j++) value[j] = select_smallest(copy, n, k[j]);
}

/* Places in one bucket share its values. */
static void select_in_buckets(const double *x, int n, const struct range *r, const int *k,
                              double *value, int n_k, struct scratch *w)
{
    int count[BUCKETS] = {0}, *bucket = scratch_ints(w, n);
    double *inside = scratch_doubles(w, n + KEEP_ROOM);
    unsigned char *is = scratch_take(w, (size_t)n, 1);
    find_buckets(x, r->low, (BUCKETS - 3) / (r->high - r->low), bucket, n);
    for (int i = 0; i < n; i++) count[bucket[i]]++;
    int here = -1, before = 0, n_inside = 0;
    for (int j = 0; j < n_k; j++) {
        if (here < 0 || before + n_inside <= k[j]) {
            do {
                before += here < 0 ? 0 : count[here];
            } while (before + count[++here] <= k[j]);
            mark_bucket(bucket, here, is, n);
            n_inside = keep_column(x, is, n, inside);
        }
        value[j] = select_smallest(inside, n_inside, k[j] - before);
    }
}

void select_several(const double *x, int n, const int *k, double *value, int n_k, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct range r = n < FEW ? (struct range){0, 0} : finite_range(x, n, w);
    if (isfinite((BUCKETS - 3) / (r.high - r.low)))
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
