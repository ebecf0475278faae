/* select.h - order statistics without sorting.  SPDX-License-Identifier: MIT */
#ifndef STAT_SELECT_H
#define STAT_SELECT_H

#include "base/memory.h"

/* The k-th smallest (from 0) of x[0..n), which is reordered: what is smaller comes before place k,
 * what is larger behind. Expected cost n. No NaN. */
double select_smallest(double *x, int n, int k);
/* The same of x that is left as it is, faster where values are spread; they may be INFINITY. */
double select_spread(const double *x, int n, int k, struct scratch *w);

#endif
