/* variance.h - the variance of a random effect, where a score changes its sign.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_VARIANCE_H
#define ANALYSIS_VARIANCE_H

/* The variance at which excess(context, variance) falls through 0: positive where the variance
 * should be larger, NaN where it cannot be told, which may be so of large ones. Searched from
 * `start` > 0. 0 when it is negative down to 1e-12; infinity when positive up to 1e6; NaN when no
 * change of sign is found where it can be told. Relative error below 1e-8. */
double variance_solve(double (*excess)(void *context, double variance), void *context,
                      double start);

#endif
