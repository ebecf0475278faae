/* tally.c - see tally.h.  SPDX-License-Identifier: MIT */
#include "engine/tally.h"
#include "engine/quantile.h"

#include <math.h>

static const double normal_97_5 = 1.959963984540054; /* Phi^-1(0.975) */

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
