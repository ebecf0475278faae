/* tally.h - running moments and shares, and the measures made of them.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_TALLY_H
#define ENGINE_TALLY_H

#include "engine/study.h"

/* Count, mean and sum of squared deviations of what was added, without cancellation: number by
 * number (Welford 1962, Technometrics 4:419) or piece by piece (Chan, Golub & LeVeque 1983, Am Stat
 * 37:242). A zeroed one is empty. */
struct moments {
    int64_t n;
    double mean, squares;
};
static inline void moments_add(struct moments *m, double x)
{
    m->n++;
    const double d = x - m->mean;
    m->mean += d / (double)m->n;
    m->squares += d * (x - m->mean);
}
/* Adds the finite ones among x[0..n). The bits depend on the pieces that x comes in: they are of
 * MOMENTS_BLOCK. */
enum { MOMENTS_BLOCK = 4096 };
void moments_add_all(struct moments *m, const double *x, int n);
double moments_variance(const struct moments *m); /* divisor n - 1; NaN below two */
struct spread moments_spread(const struct moments *m);

/* A measure with value +- 1.96 mcse as its interval; NaN where there is none. */
struct measure measure_value(const char *name, double value, double mcse, int64_t n);
/* yes of n, with the Wilson interval (Wilson 1927, JASA 22:209). */
struct measure measure_share(const char *name, int64_t yes, int64_t n);
/* The mean, with standard error sd/sqrt(n). */
struct measure measure_mean(const char *name, const struct moments *m);
/* The median of x[0..n); its standard error from the order statistics that bound it; room: [n]. */
struct measure measure_median(const char *name, const double *x, int64_t n, double *room);

#endif
