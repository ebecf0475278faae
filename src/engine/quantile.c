/* quantile.c - see quantile.h.  SPDX-License-Identifier: MIT
 *
 * Values are counted in the buckets of a linear map from the least to the largest; only those in
 * the buckets that the ranks fall into are gathered and searched. A few passes over x, whatever
 * the order. */
#include "engine/quantile.h"

#include "base/dispatch.h"
#include "stat/select.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

enum { BUCKETS = 1024, BLOCK = 1024 };

struct map {
    double low, per_unit;
};

MULTIVERSION static void widen(const double *x, int n, double *low, double *high)
{
    double least = *low, most = *high;
    for (int i = 0; i < n; i++) {
        least = x[i] >= -DBL_MAX && x[i] < least ? x[i] : least;
        most = x[i] <= DBL_MAX && x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

/* Finite values come between the first and the last bucket, which infinities have alone. Where
 * the map has no slope, they share one. */
static struct map map_of(const double *x, int64_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t at = 0; at < n; at += BLOCK)
        widen(x + at, n - at < BLOCK ? (int)(n - at) : BLOCK, &low, &high);
    const double per_unit = (BUCKETS - 3) / (high - low);
    const bool sloped = high > low && per_unit > 0 && isfinite(per_unit);
    return (struct map){low <= high ? low : 0, sloped ? per_unit : 0};
}

/* Monotone in x, rounding included. */
MULTIVERSION static void find_buckets(const double *restrict x, struct map map,
                                      int *restrict bucket, int n)
{
    const double most = BUCKETS - 1;
    for (int i = 0; i < n; i++) {
        const double finite = x[i] < -DBL_MAX ? -DBL_MAX : x[i] > DBL_MAX ? DBL_MAX : x[i];
        const double at = (finite - map.low) * map.per_unit + 1;
        const double inside = !(at > 1) ? 1 : at < most - 1 ? at : most - 1; /* of NaN too */
        bucket[i] = (int)(x[i] < -DBL_MAX ? 0 : x[i] > DBL_MAX ? most : inside);
    }
}

static void count_buckets(const double *x, int64_t n, struct map map, int64_t *count)
{
    int bucket[BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int here = n - at < BLOCK ? (int)(n - at) : BLOCK;
        find_buckets(x + at, map, bucket, here);
        for (int i = 0; i < here; i++) count[bucket[i]]++;
    }
}

/* Values in buckets first … last, in order. */
static int gather(const double *x, int64_t n, struct map map, int first, int last, double *out)
{
    int bucket[BLOCK], kept = 0;
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int here = n - at < BLOCK ? (int)(n - at) : BLOCK;
        find_buckets(x + at, map, bucket, here);
        for (int i = 0; i < here; i++) { /* without branches: kept never passes at + i */
            out[kept] = x[at + i];
            kept += (unsigned)(bucket[i] - first) <= (unsigned)(last - first);
        }
    }
    return kept;
}

void quantile_find(const double *x, int64_t n, const int64_t *rank, int n_ranks, double *value,
                   double *room)
{
    int64_t count[BUCKETS] = {0}, before = 0;
    const struct map map = map_of(x, n);
    count_buckets(x, n, map, count);
    for (int j = 0, first = 0; j < n_ranks;) {
        while (before + count[first] <= rank[j]) before += count[first++];
        int64_t inside = count[first], more = inside;
        int last = first, behind = j;
        for (int at = first; behind < n_ranks;) { /* ranks nearby share what is gathered */
            if (rank[behind] < before + more) {
                inside = more;
                last = at;
                behind++;
            } else {
                more += count[++at];
                if (more > n / 16) break;
            }
        }
        const int kept = gather(x, n, map, first, last, room);
        for (; j < behind; j++) value[j] = select_smallest(room, kept, (int)(rank[j] - before));
    }
}
