/* incidence.h - cumulative incidence with competing events, and Gray's test.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_INCIDENCE_H
#define ANALYSIS_INCIDENCE_H

#include "analysis/life_table.h"

struct incidence {
    double share, variance;
};

/* Of the event in one arm, by that time. */
struct incidence incidence_at(const struct life_table *t, int arm, double time);

/* The score of the treated arm (positive: more events than under equal incidence) and its variance.
 */
struct gray_test {
    double score, variance;
};
struct gray_test gray_test(const struct life_table *t, struct scratch *w);

#endif
