/* order.c - see order.h.  SPDX-License-Identifier: MIT
 *
 * Distribution into n buckets by a linear map of the key, which rounding keeps monotone; then one
 * insertion sort over the nearly sorted whole. Buckets in which keys crowd are merged first. */
#include "stat/order.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct keyed {
    double key;
    int index;
};

enum { CROWDED = 16 };

static void insertion_sort(struct keyed *a, int n)
{
    for (int i = 1; i < n; i++) {
        const struct keyed x = a[i];
        int j = i;
        for (; j > 0 && x.key < a[j - 1].key; j--) a[j] = a[j - 1];
        a[j] = x;
    }
}

static bool is_sorted(const struct keyed *a, int n)
{
    for (int i = 1; i < n; i++) {
        if (a[i].key < a[i - 1].key) return false;
    }
    return true;
}

static void merge(struct keyed *out, const struct keyed *a, int n_a, const struct keyed *b, int n_b)
{
    int i = 0, j = 0;
    while (i < n_a && j < n_b) {
        const bool second = b[j].key < a[i].key;
        *out++ = second ? b[j] : a[i];
        j += second;
        i += !second;
    }
    memcpy(out, a + i, (size_t)(n_a - i) * sizeof *out);
    memcpy(out + (n_a - i), b + j, (size_t)(n_b - j) * sizeof *out);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void merge_sort(struct keyed *a, int n, struct keyed *room)
{
    if (is_sorted(a, n)) return;
    for (int i = 0; i < n; i += CROWDED) insertion_sort(a + i, smaller(CROWDED, n - i));
    struct keyed *from = a, *to = room;
    for (int run = CROWDED; run<n; run = run> n / 2 ? n : 2 * run) {
        for (int i = 0; i < n;) {
            const int n_a = smaller(run, n - i), n_b = smaller(run, n - i - n_a);
            merge(to + i, from + i, n_a, from + i + n_a, n_b);
            i += n_a + n_b;
        }
        struct keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != a) memcpy(a, from, (size_t)n * sizeof *a);
}

/* Fills a[] bucket by bucket and sorts the crowded buckets. */
static void distribute(struct keyed *a, const double *key, int n, double low,
                       double buckets_per_unit, struct scratch *w)
{
    int *bucket = scratch_ints(w, n);
    int *next = scratch_ints(w, n + 1);
    memset(next, 0, ((size_t)n + 1) * sizeof *next);
    for (int i = 0; i < n; i++) bucket[i] = (int)((key[i] - low) * buckets_per_unit);
    for (int i = 0; i < n; i++) next[bucket[i] + 1]++;
    int fullest = 0;
    for (int b = 0; b < n; b++) {
        fullest = next[b + 1] > fullest ? next[b + 1] : fullest;
        next[b + 1] += next[b];
    }
    for (int i = 0; i < n; i++) a[next[bucket[i]]++] = (struct keyed){key[i], i};
    if (fullest <= CROWDED) return;
    struct keyed *room = scratch_take(w, (size_t)fullest, sizeof *room);
    for (int b = 0, first = 0; b < n; first = next[b++]) {
        if (next[b] - first > CROWDED) merge_sort(a + first, next[b] - first, room);
    }
}

void order_ascending(int *index, const double *key, int n, struct scratch *w)
{
    if (n < 1) return;
    const struct scratch_mark mark = scratch_save(w);
    struct keyed *a = scratch_take(w, (size_t)n, sizeof *a);
    double low = key[0], high = key[0];
    for (int i = 1; i < n; i++) {
        low = key[i] < low ? key[i] : low;
        high = key[i] > high ? key[i] : high;
    }
    const double buckets_per_unit = (n - 1) / (high - low);
    if (isfinite(high - low) && isfinite(buckets_per_unit)) {
        distribute(a, key, n, low, buckets_per_unit, w);
        insertion_sort(a, n);
    } else {
        for (int i = 0; i < n; i++) a[i] = (struct keyed){key[i], i};
        merge_sort(a, n, scratch_take(w, (size_t)n, sizeof *a));
    }
    for (int i = 0; i < n; i++) index[i] = a[i].index;
    scratch_restore(w, mark);
}
