/* difference.h - differences of all pairs of two samples.  SPDX-License-Identifier: MIT
 *
 * Differences y - x are those of double arithmetic. */
#ifndef STAT_DIFFERENCE_H
#define STAT_DIFFERENCE_H

#include "stat/discrete.h"

/* The weight of the pairs (x, y) with y - x <= at. */
double difference_weight(const struct discrete *y, const struct discrete *x, double at,
                         struct scratch *w);

/* The smallest difference y - x > at; INFINITY when there is none. */
double difference_above(const struct discrete *y, const struct discrete *x, double at,
                        struct scratch *w);

/* value[k] := the smallest difference y - x at which that weight reaches weight[k], for k < n.
 * Expected time (m + n) log(m n) for m and n values, never their product. */
void difference_quantiles(const struct discrete *y, const struct discrete *x, int n,
                          const double *weight, double *value, struct scratch *w);

#endif
