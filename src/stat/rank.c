/* rank.c - see rank.h.  SPDX-License-Identifier: MIT */
#include "stat/rank.h"
#include "stat/difference.h"
#include "stat/order.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { RANGE_MAX = 4096, BANKS = 4 };

/* The values as integers, and their least and largest; false when one is none, or is huge. */
static bool integer_keys(const double *value, int n, int *key, int *least, int *largest)
{
    const double huge = 1 << 30;
    int other = 0;
    for (int i = 0; i < n; i++) other |= !(fabs(value[i]) <= huge);
    if (other) return false;
    int low = INT_MAX, high = INT_MIN;
    for (int i = 0; i < n; i++) {
        key[i] = (int)value[i];
        other |= fabs(value[i] - key[i]) > 0;
        low = key[i] < low ? key[i] : low;
        high = key[i] > high ? key[i] : high;
    }
    *least = low;
    *largest = high;
    return !other;
}

/* Counts in several banks in turn: many patients share a value (the dead have zero days), and
 * adding to one counter again and again waits for the last store. */
static struct tally tally_integers(const int *key, const unsigned char *arm, int n, int least,
                                   int range, struct scratch *w)
{
    struct tally t = {range,
                      true,
                      scratch_doubles(w, range),
                      {scratch_doubles(w, range), scratch_doubles(w, range)}};
    const struct scratch_mark mark = scratch_save(w);
    const size_t room = 2 * (size_t)range;
    int *bank = scratch_ints(w, (int)(BANKS * room));
    memset(bank, 0, BANKS * room * sizeof *bank);
    const int of_arm[2] = {-least, range - least};
    int i = 0;
    for (; i + BANKS <= n; i += BANKS) {
        for (int b = 0; b < BANKS; b++) {
            bank[(size_t)b * room + (size_t)(key[i + b] + of_arm[arm[i + b]])]++;
        }
    }
    for (; i < n; i++) bank[key[i] + of_arm[arm[i]]]++;
    for (int k = 0; k < range; k++) {
        t.value[k] = least + k;
        for (int a = 0; a < 2; a++) {
            const int *at = bank + a * range + k;
            t.count[a][k] = at[0] + at[room] + at[2 * room] + at[3 * room];
        }
    }
    scratch_restore(w, mark);
    return t;
}

/* Without a branch on whether a value is new. */
static struct tally tally_sorted(const double *value, const unsigned char *arm, int n,
                                 struct scratch *w)
{
    struct tally t = {
        0, false, scratch_doubles(w, n + 1), {scratch_doubles(w, n), scratch_doubles(w, n)}};
    const struct scratch_mark mark = scratch_save(w);
    int *order = scratch_ints(w, n), count[2] = {0, 0};
    double before = -INFINITY;
    order_ascending(order, value, n, w);
    for (int i = 0; i < n; i++) {
        const double x = value[order[i]];
        const int again = i > 0 && !(x > before), treated = arm[order[i]];
        t.n += !again;
        count[0] = (count[0] & -again) + 1 - treated;
        count[1] = (count[1] & -again) + treated;
        t.value[t.n - 1 + again] = x; /* if again, until the next value comes */
        t.count[0][t.n - 1] = count[0];
        t.count[1][t.n - 1] = count[1];
        before = x;
    }
    scratch_restore(w, mark);
    return t;
}

struct tally tally_make(const double *value, const unsigned char *arm, int n, struct scratch *w)
{
    int *key = scratch_ints(w, n), least, largest;
    if (n > 0 && integer_keys(value, n, key, &least, &largest)) {
        const int64_t range = (int64_t)largest - least + 1;
        if (range <= RANGE_MAX && range <= 64 + 4 * (int64_t)n) {
            return tally_integers(key, arm, n, least, (int)range, w);
        }
    }
    return tally_sorted(value, arm, n, w);
}

struct discrete tally_arm(const struct tally *t, int arm, struct scratch *w)
{
    struct discrete d = {0, scratch_doubles(w, t->n), scratch_doubles(w, t->n + 1)};
    double total = 0;
    for (int k = 0; k < t->n; k++) {
        d.value[d.n] = t->value[k];
        d.below[d.n] = total;
        d.n += t->count[arm][k] > 0;
        total += t->count[arm][k];
    }
    d.below[d.n] = total;
    return d;
}

/* Variance m n / 12 (N + 1 - sum(t^3 - t) / (N (N - 1))): Lehmann 1975, Nonparametrics, (1.35). */
struct mann_whitney mann_whitney(const struct tally *t)
{
    double below = 0, treated = 0, u = 0, tie = 0;
    for (int k = 0; k < t->n; k++) {
        const double c = t->count[0][k], e = t->count[1][k], both = c + e;
        u += e * (below + 0.5 * c);
        below += c;
        treated += e;
        tie += both * (both - 1) * (both + 1);
    }
    const double n = below + treated;
    const double v = below * treated / 12 * (n + 1 - tie / (n * (n - 1)));
    return (struct mann_whitney){u, sqrt(fmax(0, v))};
}

/* Values on a grid of steps of 1: the number of pairs at each difference is a convolution of the
 * two histograms, and every rank is read off it. */
static struct shift shift_by_convolution(const struct tally *t, const double rank[4],
                                         struct scratch *w)
{
    const int room = 2 * t->n - 1;
    double *pairs = scratch_doubles(w, room), at[4];
    for (int d = 0; d < room; d++) pairs[d] = 0;
    for (int i = 0; i < t->n; i++) {
        const double control = t->count[0][t->n - 1 - i];
        if (control < 1) continue;
        for (int j = 0; j < t->n; j++) pairs[i + j] += control * t->count[1][j];
    }
    double below = 0;
    int found = 0;
    for (int d = 0; d < room && found < 4; d++) {
        below += pairs[d];
        while (found < 4 && rank[found] <= below) at[found++] = d - (t->n - 1);
    }
    return (struct shift){(at[1] + at[2]) / 2, at[0], at[3]};
}

struct shift shift_between(const struct tally *t, double c, struct scratch *w)
{
    double n[2] = {0, 0};
    for (int k = 0; k < t->n; k++) {
        n[0] += t->count[0][k];
        n[1] += t->count[1][k];
    }
    const double pairs = n[0] * n[1];
    const double lower = floor((pairs + 1) / 2), upper = floor((pairs + 2) / 2);
    const double first = fmin(c, lower), last = pairs + 1 - first;
    const struct scratch_mark mark = scratch_save(w);
    struct shift s;
    if (t->consecutive && (double)t->n * t->n <= 64 * (n[0] + n[1])) {
        s = shift_by_convolution(t, (const double[4]){first, lower, upper, last}, w);
    } else {
        const struct discrete x = tally_arm(t, 0, w), y = tally_arm(t, 1, w);
        const double rank[3] = {lower, first, last};
        double at[3];
        difference_quantiles(&y, &x, 3, rank, at, w);
        const double next = difference_weight(&y, &x, at[0], w) >= upper
                                ? at[0]
                                : difference_above(&y, &x, at[0], w);
        s = (struct shift){(at[0] + next) / 2, at[1], at[2]};
    }
    scratch_restore(w, mark);
    return s;
}
