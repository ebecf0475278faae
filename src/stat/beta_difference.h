/* beta_difference.h - the difference of two independent beta variables.
 * SPDX-License-Identifier: MIT */
#ifndef STAT_BETA_DIFFERENCE_H
#define STAT_BETA_DIFFERENCE_H

/* Shapes, both at least 1/2. */
struct beta_law {
    double a, b;
};

/* P(Y - X <= d) and P(Y - X > d), relative error below 1e-9 where above 1e-13. */
double beta_difference_lower(struct beta_law y, struct beta_law x, double d);
double beta_difference_upper(struct beta_law y, struct beta_law x, double d);

/* The d with P(Y - X <= d) = p, 0 < p < 1. */
double beta_difference_quantile(struct beta_law y, struct beta_law x, double p);

#endif
