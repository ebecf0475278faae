/* quantile.h - order statistics of very many numbers.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_QUANTILE_H
#define ENGINE_QUANTILE_H

#include <stdint.h>

/* value[j] := the rank[j]-th smallest (from 0) of x[0..n), ranks not falling. x holds no NaN, but
 * may hold infinities; fewer than 2^31 values; room: [n]. */
void quantile_find(const double *x, int64_t n, const int64_t *rank, int n_ranks, double *value,
                   double *room);

#endif
