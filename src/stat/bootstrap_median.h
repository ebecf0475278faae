/* bootstrap_median.h - the exact bootstrap distribution of a sample median.
 * SPDX-License-Identifier: MIT */
#ifndef STAT_BOOTSTRAP_MEDIAN_H
#define STAT_BOOTSTRAP_MEDIAN_H

#include "stat/discrete.h"

/* The distribution of the median of n draws with replacement from the ordered values x[0..n),
 * n >= 1; the median of an even number is the mean of the two middle ones. Points whose weights
 * together are below 1e-12 are left out. Lives in w. */
struct discrete bootstrap_median(const double *x, int n, struct scratch *w);

#endif
