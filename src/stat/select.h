/* select.h - order statistics without sorting.  SPDX-License-Identifier: MIT */
#ifndef STAT_SELECT_H
#define STAT_SELECT_H

#include "base/memory.h"

/* The k-th smallest (from 0) of x[0..n), which is reordered: what is smaller comes before place k,
 * what is larger behind. Expected cost n. No NaN. */
double select_smallest(double *x, int n, int k);
/* value[j] := the k[j]-th smallest, k rising, of x that is left as it is; faster where values are
 * spread. They may be INFINITY. */
void select_several(const double *x, int n, const int *k, double *value, int n_k,
                    struct scratch *w);
double select_spread(const double *x, int n, int k, struct scratch *w); /* of one k */
/* The first, second and third quartile of x[0..n), n > 0, by linear interpolation of order
 * statistics (definition 7 of Hyndman & Fan 1996, Am Stat 50:361, the default of most packages). */
void quartiles(const double *x, int n, double quartile[3], struct scratch *w);

#endif
