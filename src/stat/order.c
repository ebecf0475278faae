/* order.c - see order.h.  SPDX-License-Identifier: MIT
 *
 * Keys become whole-number codes that follow their order, if not strictly, and lie evenly; the
 * leading bits of a code are its bucket. Distribution by bucket leaves at most f codes where they
 * are not in order, so that a code's place is that in the buckets, plus the smaller ones among the
 * next f - 1, minus the larger ones among the f - 1 before: comparisons of a column with itself
 * shifted, without a branch on data, for a misguessed one costs more than all of them. Buckets with
 * more are sorted by merging, and so are keys of one code that are out of order, which are rare. */
#include "stat/order.h"
#include "base/dispatch.h"
#include "stat/range.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { FEW = 32, RUN = 12 }; /* keys compared with all others; sorted by insertion */
enum { CROWDED = 16 };       /* keys of a bucket that are compared with each other */
enum { CODE_BITS = 31, LANE_BITS = 3, LANES = 1 << LANE_BITS };

typedef int lanes __attribute__((vector_size(LANES * sizeof(int)), may_alias));

/* --- sorting by merging ----------------------------------------------------------------------- */

static void insertion_sort(int *a, int n, const double *key)
{
    for (int i = 1; i < n; i++) {
        const int moving = a[i];
        int j = i;
        for (; j > 0 && key[moving] < key[a[j - 1]]; j--) a[j] = a[j - 1];
        a[j] = moving;
    }
}

static void merge(int *to, const int *a, int n_a, const int *b, int n_b, const double *key)
{
    int i = 0, j = 0;
    while (i < n_a && j < n_b) {
        const bool second = key[b[j]] < key[a[i]];
        *to++ = *(second ? b + j : a + i);
        j += second;
        i += !second;
    }
    memcpy(to, a + i, (size_t)(n_a - i) * sizeof *to);
    memcpy(to + (n_a - i), b + j, (size_t)(n_b - j) * sizeof *to);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Sorts the indices a[0..n) by key; stable. */
static void merge_sort(int *a, int n, const double *key, struct scratch *w)
{
    for (int i = 0; i < n; i += RUN) insertion_sort(a + i, smaller(RUN, n - i), key);
    if (n <= RUN) return;
    const struct scratch_mark mark = scratch_save(w);
    int *from = a, *to = scratch_ints(w, n);
    for (int run = RUN; run<n; run = run> n / 2 ? n : 2 * run) {
        for (int i = 0; i < n;) {
            const int n_a = smaller(run, n - i), n_b = smaller(run, n - i - n_a);
            merge(to + i, from + i, n_a, from + i + n_a, n_b, key);
            i += n_a + n_b;
        }
        int *swap = from;
        from = to;
        to = swap;
    }
    if (from != a) memcpy(a, from, (size_t)n * sizeof *a);
    scratch_restore(w, mark);
}

/* --- codes ------------------------------------------------------------------------------------ */

/* A position in [0, 2^31) that grows with the key: about linear up to the mean and logarithmic in
 * the tail, so that skewed keys lie evenly. It is read from the bits of d + d of the mean, where d
 * is the distance from the end that is nearer to the mean. */
struct scale {
    double low, high, near, sign, offset;
    int64_t origin;
    int shift;
};

static int64_t bits_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static struct scale scale_make(const double *key, int n)
{
    const struct extent e = extent_of(key, n);
    const bool up = e.mean - e.low < e.high - e.mean;
    struct scale s = {.low = e.low, .high = e.high};
    s.near = up ? e.low : e.high;
    s.sign = up ? 1 : -1;
    const double to_mean = s.sign * (e.mean - s.near) / 2;
    s.offset = to_mean > 0 ? to_mean : 0; /* no -0, whose bits are not in order */
    const int64_t nearest = bits_of(s.offset), farthest = bits_of(e.high - e.low + s.offset);
    s.origin = up ? nearest : farthest;
    while ((farthest - nearest) >> s.shift >= (int64_t)1 << CODE_BITS) s.shift++;
    return s;
}

MULTIVERSION_PART uint32_t position_of(const struct scale *s, double x)
{
    const double distance = s->sign * (x - s->near) + s->offset;
    int64_t bits;
    memcpy(&bits, &distance, sizeof bits);
    const int64_t position = s->sign > 0 ? bits - s->origin : s->origin - bits;
    return (uint32_t)((uint64_t)position >> s->shift) & INT32_MAX;
}

/* The buckets of one group, at least two. */
struct span {
    int first, n;
};

/* The lowest key of all has its group's first bucket to itself, the highest the last, as ties crowd
 * there; their codes are even, those between are odd. */
MULTIVERSION_PART int code_in(struct span own, const struct scale *s, double x, int shift)
{
    const uint64_t width = (uint64_t)(own.n - 2) << shift;
    const int inner = (int)(position_of(s, x) * width >> CODE_BITS) | 1;
    const int below = x > s->low ? inner + (1 << shift) : 0;
    return (own.first << shift) + (x < s->high ? below : (own.n - 1) << shift);
}

MULTIVERSION static void find_codes(const struct scale *scale, struct span all, int shift,
                                    const double *restrict key, int n, int *restrict code)
{
    const struct scale s = *scale;
    for (int i = 0; i < n; i++) code[i] = code_in(all, &s, key[i], shift);
}

MULTIVERSION static void find_codes_in_groups(const struct scale *scale,
                                              const struct span *restrict span, int shift,
                                              const struct grouped_keys *k, int *restrict code)
{
    const struct scale s = *scale;
    const double *restrict key = k->key;
    const int *restrict group = k->group;
    for (int i = 0; i < k->n; i++) code[i] = code_in(span[group[i]], &s, key[i], shift);
}

/* --- buckets ---------------------------------------------------------------------------------- */

/* 2^bits of them, code >> shift being the bucket. */
struct buckets {
    int bits, shift;
    int *code;  /* [keys] by bucket, with room for CROWDED before and behind */
    int *index; /* [keys] by bucket */
};

static struct buckets buckets_for(int n)
{
    int bits = 6;
    while (1 << bits < 2 * n) bits++;
    return (struct buckets){.bits = bits, .shift = CODE_BITS - bits};
}

/* Where each key's bucket is counted: LANES stretches of buckets lie side by side, so that sums run
 * along all of them at once. */
MULTIVERSION static void find_slots(const int *restrict code, struct buckets b, int *restrict slot,
                                    int n)
{
    const int along = b.bits - LANE_BITS, mask = (1 << along) - 1;
    for (int i = 0; i < n; i++) {
        const int bucket = code[i] >> b.shift;
        slot[i] = (bucket & mask) * LANES + (bucket >> along);
    }
}

/* Counts become the first place of each bucket. */
MULTIVERSION static void first_places(int *count, int n)
{
    lanes *at = (lanes *)count, sum = {0};
    for (int s = 0; s < n / LANES; s++) {
        const lanes here = at[s];
        at[s] = sum;
        sum += here;
    }
    for (int k = 0, before = 0; k < LANES; k++) {
        const int here = sum[k];
        sum[k] = before;
        before += here;
    }
    for (int s = 0; s < n / LANES; s++) at[s] += sum;
}

static void fill_buckets(struct buckets *b, const int *code, int n, struct scratch *w)
{
    const int n_buckets = 1 << b->bits;
    int *next = scratch_ints(w, n_buckets), *slot = scratch_ints(w, n);
    b->index = scratch_ints(w, n);
    b->code = scratch_ints(w, n + 2 * CROWDED) + CROWDED;
    memset(next, 0, (size_t)n_buckets * sizeof *next);
    find_slots(code, *b, slot, n);
    for (int i = 0; i < n; i++) next[slot[i]]++;
    first_places(next, n_buckets);
    for (int i = 0; i < n; i++) {
        const int place = next[slot[i]]++;
        b->code[place] = code[i];
        b->index[place] = i;
    }
    for (int k = 0; k < CROWDED; k++) {
        b->code[-1 - k] = INT_MIN;
        b->code[n + k] = INT_MAX;
    }
}

/* Whether a bucket, but for the ends, has more than CROWDED keys. */
MULTIVERSION static bool are_crowded(const struct buckets *b, int n)
{
    const int *restrict code = b->code;
    const int bucket = 1 << b->shift;
    int shared = 0;
    for (int i = 0; i < n; i++) shared |= (code[i + CROWDED] ^ code[i]) < bucket ? code[i] : 0;
    return shared & 1;
}

static bool all_equal(const int *x, int n)
{
    int different = 0;
    for (int i = 1; i < n; i++) different |= x[i] ^ x[0];
    return different == 0;
}

static void sort_crowded(struct buckets *b, const double *key, const int *code, int n,
                         struct scratch *w)
{
    for (int first = 0, end; first < n; first = end) {
        const int bucket = b->code[first] >> b->shift;
        for (end = first + 1; end < n && b->code[end] >> b->shift == bucket;) end++;
        if (end - first <= CROWDED || all_equal(b->code + first, end - first)) continue;
        merge_sort(b->index + first, end - first, key, w);
        for (int i = first; i < end; i++) b->code[i] = code[b->index[i]];
    }
}

MULTIVERSION static void count_up(int *place, int n)
{
    for (int i = 0; i < n; i++) place[i] = i;
}

enum { SHARED = 1, EQUAL = 2 };

/* place[i] += the smaller ones and minus the larger ones at a distance. Finds whether there are any
 * two in one bucket, and any two that are equal; but for the ends, whose codes are even. */
MULTIVERSION static int compare_at_distance(const struct buckets *b, int distance,
                                            int *restrict place, int n)
{
    const int *restrict code = b->code;
    const int bucket = 1 << b->shift;
    int shared = 0, equal = 0;
    for (int i = 0; i < n; i++) {
        const int before = code[i - distance], here = code[i], behind = code[i + distance];
        place[i] += (behind < here) - (before > here);
        shared |= (behind ^ here) < bucket ? here : 0;
        equal |= behind == here ? here : 0;
    }
    return (shared & 1) * SHARED | (equal & 1) * EQUAL;
}

/* Keys of one code, which bits left out of it may have put out of order. */
static void sort_equal_codes(int *index, const double *key, const int *code, int n,
                             struct scratch *w)
{
    int inverted = 0;
    for (int i = 1; i < n; i++)
        inverted |= (key[index[i]] < key[index[i - 1]]) & (code[index[i]] == code[index[i - 1]]);
    if (!inverted) return;
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && code[index[end]] == code[index[i]];) end++;
        merge_sort(index + i, end - i, key, w);
    }
}

/* starts[i]: whether the key or its group differs from that before. Different codes are different
 * keys; equal ones may be (`equal` of them where they are not at an end). */
static void find_starts(unsigned char *starts, const int *index, const double *key, const int *code,
                        int n)
{
    starts[0] = 1;
    for (int i = 1; i < n; i++)
        starts[i] = (key[index[i]] > key[index[i - 1]]) | (code[index[i]] != code[index[i - 1]]);
}

MULTIVERSION static void find_starts_by_code(unsigned char *restrict starts,
                                             const int *restrict sorted, int n)
{
    starts[0] = 1;
    for (int i = 1; i < n; i++) starts[i] = sorted[i] != sorted[i - 1];
}

/* starts: NULL where not wanted */
static void order_by_code(int *index, unsigned char *starts, const double *key, const int *code,
                          int n, struct scratch *w)
{
    struct buckets b = buckets_for(n);
    int *place = scratch_ints(w, n), found = SHARED;
    fill_buckets(&b, code, n, w);
    if (are_crowded(&b, n)) sort_crowded(&b, key, code, n, w);
    count_up(place, n);
    for (int by = 1; found & SHARED && by < CROWDED; by++)
        found = (found & EQUAL) | compare_at_distance(&b, by, place, n);
    for (int i = 0; i < n; i++) index[place[i]] = b.index[i];
    if (found & EQUAL) sort_equal_codes(index, key, code, n, w);
    if (starts == NULL) return;
    if (found & EQUAL) {
        find_starts(starts, index, key, code, n);
    } else {
        int *sorted = scratch_ints(w, n);
        for (int i = 0; i < n; i++) sorted[place[i]] = b.code[i];
        find_starts_by_code(starts, sorted, n);
    }
}

void order_in_groups(int *index, unsigned char *starts, const struct grouped_keys *k,
                     struct scratch *w)
{
    if (k->n < 1) return;
    const struct scratch_mark mark = scratch_save(w);
    int *code = scratch_ints(w, k->n);
    const int shift = buckets_for(k->n).shift;
    const struct scale s = scale_make(k->key, k->n);
    struct span *span = scratch_take(w, (size_t)k->n_groups, sizeof *span);
    for (int g = 0, first = 0; g < k->n_groups; first += span[g++].n)
        span[g] = (struct span){first, 2 * k->size[g]};
    find_codes_in_groups(&s, span, shift, k, code);
    order_by_code(index, starts, k->key, code, k->n, w);
    scratch_restore(w, mark);
}

/* Each of a few keys is placed behind the smaller ones and the equal ones before it. */
MULTIVERSION static void order_few(int *restrict index, const double *restrict key, int n)
{
    for (int i = 0; i < n; i++) {
        int place = 0;
        for (int j = 0; j < n; j++) place += (key[j] < key[i]) | ((key[j] <= key[i]) & (j < i));
        index[place] = i;
    }
}

void order_ascending(int *index, const double *key, int n, struct scratch *w)
{
    if (n <= FEW) {
        order_few(index, key, n);
        return;
    }
    const struct scratch_mark mark = scratch_save(w);
    int *code = scratch_ints(w, n);
    const struct buckets b = buckets_for(n);
    const struct scale s = scale_make(key, n);
    find_codes(&s, (struct span){0, 1 << b.bits}, b.shift, key, n, code);
    order_by_code(index, NULL, key, code, n, w);
    scratch_restore(w, mark);
}
