/* tag_order.c - see tag_order.h.  SPDX-License-Identifier: MIT
 *
 * Distribution into about n buckets by a linear map of the key, which rounding keeps monotone. With
 * at most f keys a bucket, a key's final place is its place in the buckets, plus the smaller ones
 * among the next f-1, minus the larger ones among the f-1 before: comparisons of columns with
 * shifted columns, without a branch on data. Cost n (f + a constant). */
#include "stat/tag_order.h"
#include "base/dispatch.h"
#include "stat/range.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { CROWDED = 24, MARGIN = 32 }; /* keys a bucket at most; places before and after the keys */

MULTIVERSION static void find_buckets(const double *restrict key, double low, double per_unit,
                                      int *restrict bucket, int n)
{
    for (int i = 0; i < n; i++) bucket[i] = (int)((key[i] - low) * per_unit);
}

/* Counts become the first place of each bucket; returns the fullest one's count. */
static int first_places(int *count, int n_buckets)
{
    int fullest = 0, before = 0;
    for (int b = 0; b < n_buckets; b++) {
        const int here = count[b];
        fullest = here > fullest ? here : fullest;
        count[b] = before;
        before += here;
    }
    return fullest;
}

/* place[i] += the smaller ones and minus the larger ones at distance `by`; equal[i] counts ties. */
MULTIVERSION static void compare_at_distance(const double *restrict key, int by,
                                             double *restrict place, double *restrict equal, int n)
{
    for (int i = 0; i < n; i++) {
        const double x = key[i], next = key[i + by], before = key[i - by];
        const double move = (next < x ? 1.0 : 0.0) - (before > x ? 1.0 : 0.0);
        place[i] += move;
        equal[i] += next <= x && next >= x ? 1.0 : 0.0;
    }
}

MULTIVERSION static void count_up(double *place, int n)
{
    for (int i = 0; i < n; i++) place[i] = i;
}

static bool any_positive(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum > 0;
}

static bool place_tags(const double *key, const unsigned char *tag, int fullest,
                       unsigned char *sorted, int n, struct scratch *w)
{
    double *place = scratch_doubles(w, n), *equal = scratch_doubles(w, n);
    count_up(place, n);
    memset(equal, 0, (size_t)n * sizeof *equal);
    for (int by = 1; by < fullest; by++) compare_at_distance(key, by, place, equal, n);
    if (any_positive(equal, n)) return false;
    for (int i = 0; i < n; i++) sorted[(int)place[i]] = tag[i];
    return true;
}

static bool distribute(const double *key, const unsigned char *tag, int n, struct range r,
                       unsigned char *sorted, struct scratch *w)
{
    int n_buckets = 64;
    while (n_buckets < n) n_buckets *= 2;
    const double per_unit = (n_buckets - 1) / (r.high - r.low);
    if (!isfinite(per_unit)) return false;
    int *bucket = scratch_ints(w, n), *next = scratch_ints(w, n_buckets);
    find_buckets(key, r.low, per_unit, bucket, n);
    memset(next, 0, (size_t)n_buckets * sizeof *next);
    for (int i = 0; i < n; i++) next[bucket[i]]++;
    const int fullest = first_places(next, n_buckets);
    if (fullest > CROWDED) return false;
    double *near = scratch_doubles(w, n + 2 * MARGIN), *by_bucket = near + MARGIN;
    unsigned char *tags = scratch_take(w, (size_t)n, 1);
    for (int k = 0; k < MARGIN; k++) {
        near[k] = -INFINITY;
        by_bucket[n + k] = INFINITY;
    }
    for (int i = 0; i < n; i++) {
        const int at = next[bucket[i]]++;
        by_bucket[at] = key[i];
        tags[at] = tag[i];
    }
    return place_tags(by_bucket, tags, fullest, sorted, n, w);
}

bool tags_by_key(const double *key, const unsigned char *tag, int n, unsigned char *sorted,
                 struct scratch *w)
{
    if (n < 2) {
        memcpy(sorted, tag, (size_t)n);
        return true;
    }
    const struct scratch_mark mark = scratch_save(w);
    const bool done = distribute(key, tag, n, range_of(key, n), sorted, w);
    scratch_restore(w, mark);
    return done;
}
