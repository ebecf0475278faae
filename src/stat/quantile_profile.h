/* quantile_profile.h - the minimum of a regression quantile as one coefficient moves.
 * SPDX-License-Identifier: MIT */
#ifndef STAT_QUANTILE_PROFILE_H
#define STAT_QUANTILE_PROFILE_H

#include "stat/quantile_simplex.h"

/* What is asked of one side of the minimum. */
struct profile_question {
    int column;    /* whose coefficient moves */
    double way;    /* 1: upwards, -1: downwards */
    double cutoff; /* slope of the profile that ends the walk */
    double at;     /* a value of the coefficient at which the slope is wanted, or NaN */
};

struct profile_side {
    double flat;     /* where the profile stops being at its minimum */
    double crossing; /* where its slope, joined by straight lines between the breaks at its values
                        behind each, reaches the cutoff; infinite where it never does */
    double slope; /* at `at`, absolute; at a break the mean of both sides; NaN: not on this side */
};

/* s stands at a minimum, which is left untouched. */
struct profile_side quantile_profile(const struct quantile_simplex *s, struct profile_question q,
                                     struct scratch *w);

#endif
