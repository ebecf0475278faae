/* range.h - the least and the largest of a column.  SPDX-License-Identifier: MIT */
#ifndef STAT_RANGE_H
#define STAT_RANGE_H

struct range {
    double low, high;
};
/* Of x[0..n), n > 0, no NaN. */
struct range range_of(const double *x, int n);

/* The same with the mean, which rounds in another order at another vector width: for where to look,
 * not for results. */
struct extent {
    double low, high, mean;
};
struct extent extent_of(const double *x, int n);

#endif
