/* rank.h - two samples counted by value, and rank statistics of them.  SPDX-License-Identifier: MIT
 */
#ifndef STAT_RANK_H
#define STAT_RANK_H

#include "base/memory.h"
#include "stat/discrete.h"

#include <stdbool.h>

/* How many patients of each arm have each value, values increasing. `consecutive`: they are
 * value[0], value[0] + 1, …, and counts may be zero. */
struct tally {
    int n;
    bool consecutive;
    double *value;    /* [n] */
    double *count[2]; /* [n] control, treated */
};

/* By a histogram where the values are integers within a small range, by sorting elsewhere. Lives in
 * w. */
struct tally tally_make(const double *value, const unsigned char *arm, int n, struct scratch *w);

/* One arm's values that occur. */
struct discrete tally_arm(const struct tally *t, int arm, struct scratch *w);

struct mann_whitney {
    double u;  /* pairs with treated > control, ties counted half */
    double sd; /* of u when the arms do not differ, given the ties; 0 when all values are equal */
};
struct mann_whitney mann_whitney(const struct tally *t);

/* The middle and the limits of the differences treated - control of all pairs: the median (mean of
 * the two middle ones when their number is even), the c-th smallest and the c-th largest. */
struct shift {
    double median, low, high;
};
struct shift shift_between(const struct tally *t, double c, struct scratch *w);

#endif
