/* tally.c - see tally.h.  SPDX-License-Identifier: MIT */
#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>

static const double normal_97_5 = 1.959963984540054; /* Phi^-1(0.975) */

void moments_add(struct moments *m, double x)
{
    m->n++;
    const double d = x - m->mean;
    m->mean += d / (double)m->n;
    m->squares += d * (x - m->mean);
}

double moments_variance(const struct moments *m)
{
    return m->n < 2 ? NAN : m->squares / (double)(m->n - 1);
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

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The order statistic at a rank from 1 to n that may lie between two of them. */
static double at_rank(const double *sorted, int64_t n, double rank)
{
    const int64_t below = (int64_t)rank;
    const double share = rank - (double)below;
    const double low = sorted[below - 1];
    return share > 0 && below < n ? low + share * (sorted[below] - low) : low;
}

/* The number of observations below the true median is binomial(n, 1/2), with standard deviation
 * sqrt(n)/2: the order statistics of rank (n+1)/2 -+ 1.96 sqrt(n)/2 bound it with 95 % confidence
 * (David & Nagaraja 2003, Order Statistics, 7.1), and their distance over 2 x 1.96 is a standard
 * error that needs no density. Below six observations there are no such ranks. */
struct measure measure_median(const char *name, double *x, int64_t n)
{
    if (n == 0) return measure_value(name, NAN, NAN, 0);
    qsort(x, (size_t)n, sizeof *x, ascending);
    const double middle = ((double)n + 1) / 2, reach = 1.96 * sqrt((double)n) / 2;
    const double spread =
        middle - reach < 1 ? NAN : at_rank(x, n, middle + reach) - at_rank(x, n, middle - reach);
    return measure_value(name, at_rank(x, n, middle), spread / (2 * 1.96), n);
}
