/* order.h - the order of numbers.  SPDX-License-Identifier: MIT */
#ifndef STAT_ORDER_H
#define STAT_ORDER_H

#include "base/memory.h"

/* index[0..n) becomes the permutation that sorts key[0..n) upwards; exact, and stable: equal keys
 * keep their order. Keys may be infinite, never NaN. Expected time proportional to n when the keys
 * are spread, n log n at worst. */
void order_ascending(int *index, const double *key, int n, struct scratch *w);

#endif
