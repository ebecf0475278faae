/* tally.c - see tally.h.  SPDX-License-Identifier: MIT */
#include "engine/tally.h"
#include "engine/quantile.h"

#include "base/dispatch.h"

#include <float.h>
#include <math.h>

static const double normal_97_5 = 1.959963984540054; /* Phi^-1(0.975) */

/* Sums over the finite x of x - about and of its square, in fixed lanes. */
enum { LANES = 8 };
struct sums {
    double n, first, second;
};
MULTIVERSION static struct sums sums_about(const double *x, int n, double about)
{
    double count[LANES] = {0}, first[LANES] = {0}, second[LANES] = {0};
    for (int at = 0; at < n; at += LANES) {
        double d[LANES] = {0}, one[LANES] = {0};
        for (int j = 0; j < LANES && at + j < n; j++) {
            const bool finite = fabs(x[at + j]) <= DBL_MAX;
            d[j] = finite ? x[at + j] - about : 0;
            one[j] = finite ? 1 : 0;
        }
        for (int j = 0; j < LANES; j++) {
            count[j] += one[j];
            first[j] += d[j];
            second[j] += d[j] * d[j];
        }
    }
    struct sums s = {0};
    for (int j = 0; j < LANES; j++) {
        s.n += count[j];
        s.first += first[j];
        s.second += second[j];
    }
    return s;
}

/* A number near the mean, of equal numbers the mean itself. */
static double guess_mean(const struct moments *m, const double *x, int n)
{
    if (m->n > 0) return m->mean;
    for (int i = 0; i < n; i++)
        if (isfinite(x[i])) return x[i];
    return 0;
}

/* The mean and the squares about it in two passes, the second corrected for the rounding of the
 * mean, joined with what was there (Chan, Golub & LeVeque 1983, Am Stat 37:242, eq. 1.7 and 1.5).
 */
void moments_add_all(struct moments *m, const double *x, int n)
{
    const double guess = guess_mean(m, x, n);
    const struct sums about_guess = sums_about(x, n, guess);
    if (!(about_guess.n > 0)) return;
    const double mean = guess + about_guess.first / about_guess.n;
    const struct sums s = sums_about(x, n, mean);
    const double before = (double)m->n, all = before + s.n, apart = mean - m->mean;
    m->n += (int64_t)s.n;
    m->mean = before > 0 ? m->mean + apart * (s.n / all) : mean;
    m->squares += s.second - s.first * s.first / s.n;
    if (before > 0) m->squares += apart * apart * (before * s.n / all);
}

double moments_variance(const struct moments *m)
{
    return m->n < 2 ? NAN : m->squares / (double)(m->n - 1);
}

struct spread moments_spread(const struct moments *m)
{
    return (struct spread){m->n, m->mean, m->n > 1 ? moments_variance(m) : 0};
}

struct measure measure_value(const char *name, double value, double mcse, int64_t n)
{
    return (struct measure){.name = name,
                            .value = value,
                            .mcse = mcse,
                            .low = value - 1.96 * mcse,
                            .high = value + 1.96 * mcse,
                            .n = n};
}

/* With z = Phi^-1(0.975): (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). The limits at no
 * and at all successes are 0 and 1 exactly, which rounding would miss. */
struct measure measure_share(const char *name, int64_t yes, int64_t n)
{
    if (n == 0) return measure_value(name, NAN, NAN, 0);
    const double count = (double)n, p = (double)yes / count;
    const double z = normal_97_5, shrink = 1 + z * z / count;
    const double variance = p * (1 - p) / count;
    const double centre = (p + z * z / (2 * count)) / shrink;
    const double half = z * sqrt(variance + z * z / (4 * count * count)) / shrink;
    struct measure m = measure_value(name, p, sqrt(variance), n);
    m.low = yes == 0 ? 0 : centre - half;
    m.high = yes == n ? 1 : centre + half;
    return m;
}

struct measure measure_mean(const char *name, const struct moments *m)
{
    const double mean = m->n > 0 ? m->mean : NAN;
    return measure_value(name, mean, sqrt(moments_variance(m) / (double)m->n), m->n);
}

/* The order statistics at n_ranks <= 3 rising ranks from 1 to n, which may lie between two. */
static void at_ranks(const double *x, int64_t n, const double *rank, int n_ranks, double *value,
                     double *room)
{
    int64_t place[6];
    double neighbour[6];
    for (int k = 0; k < n_ranks; k++) {
        const int64_t below = (int64_t)rank[k];
        place[2 * k] = below - 1;
        place[2 * k + 1] = below < n ? below : n - 1;
    }
    quantile_find(x, n, place, 2 * n_ranks, neighbour, room);
    for (int k = 0; k < n_ranks; k++) {
        const double low = neighbour[2 * k], high = neighbour[2 * k + 1];
        const double share = rank[k] - floor(rank[k]);
        value[k] = share > 0 && place[2 * k] + 1 < n ? low + share * (high - low) : low;
    }
}

/* The number of observations below the true median is binomial(n, 1/2), with standard deviation
 * sqrt(n)/2: the order statistics of rank (n+1)/2 -+ 1.96 sqrt(n)/2 bound it with 95 % confidence
 * (David & Nagaraja 2003, Order Statistics, 7.1), and their distance over 2 x 1.96 is a standard
 * error that needs no density. Below six observations there are no such ranks. */
struct measure measure_median(const char *name, const double *x, int64_t n, double *room)
{
    if (n == 0) return measure_value(name, NAN, NAN, 0);
    const double middle = ((double)n + 1) / 2, reach = 1.96 * sqrt((double)n) / 2;
    const double rank[3] = {middle - reach, middle, middle + reach};
    double at[3] = {NAN, NAN, NAN};
    if (rank[0] >= 1)
        at_ranks(x, n, rank, 3, at, room);
    else
        at_ranks(x, n, &middle, 1, &at[1], room);
    return measure_value(name, at[1], (at[2] - at[0]) / (2 * 1.96), n);
}
