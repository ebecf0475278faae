/* order.h - the order of numbers.  SPDX-License-Identifier: MIT */
#ifndef STAT_ORDER_H
#define STAT_ORDER_H

#include "base/memory.h"

/* index[0..n) becomes the permutation that sorts key[0..n) upwards; exact, and stable: equal keys
 * keep their order. Keys may be infinite, never NaN. Expected time proportional to n when the keys
 * are spread, evenly or with a long tail, n log n at worst. */
void order_ascending(int *index, const double *key, int n, struct scratch *w);

/* Keys in groups 0 … n_groups - 1, of size[g] keys each. */
struct grouped_keys {
    int n, n_groups;
    const double *key; /* [n] */
    const int *group;  /* [n] */
    const int *size;   /* [n_groups] */
};
/* The same by group, and by key within. starts[i] of starts[n]: whether the i-th in that order
 * differs in group or key from the one before. */
void order_in_groups(int *index, unsigned char *starts, const struct grouped_keys *k,
                     struct scratch *w);

#endif
