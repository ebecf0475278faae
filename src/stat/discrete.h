/* discrete.h - weighted points in order: tied samples and distributions on few values.
 * SPDX-License-Identifier: MIT */
#ifndef STAT_DISCRETE_H
#define STAT_DISCRETE_H

#include "base/memory.h"

struct weighted {
    double value, weight;
};

/* Values strictly increasing; below[k] is the weight of the first k, below[n] the total. */
struct discrete {
    int n;
    double *value; /* [n] */
    double *below; /* [n + 1] */
};

/* By value, upwards; stable. */
void weighted_sort(struct weighted *a, int n, struct scratch *w);

/* From points in any order, which are sorted; equal values become one. Lives in w. */
struct discrete discrete_from(struct weighted *points, int n, struct scratch *w);

double discrete_sd(const struct discrete *d);

#endif
