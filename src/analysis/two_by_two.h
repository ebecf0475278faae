/* two_by_two.h - yes/no outcomes of two arms as a table of counts.  SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_TWO_BY_TWO_H
#define ANALYSIS_TWO_BY_TWO_H

#include "model/analysis.h"

#include <stdbool.h>

struct two_by_two {
    double n[2], events[2]; /* whole numbers; control, treated */
};

struct two_by_two two_by_two_count(const struct sample *s);

int two_by_two_events(const struct two_by_two *t); /* in both arms */

/* UNDEFINED_NO, or why Pearson's chi-squared has no value: no patients, an empty arm, an outcome
 * that nobody or everybody has. */
enum undefined two_by_two_why_not(const struct two_by_two *t);

/* Treated share minus control share, and its standard error without pooling. */
double two_by_two_difference(const struct two_by_two *t);
double two_by_two_difference_se(const struct two_by_two *t);

/* How much Yates' correction takes off |difference|: min(1/2, |d| / (1/n0 + 1/n1)) (1/n0 + 1/n1),
 * as prop.test and chisq.test of R have it. */
double two_by_two_yates(const struct two_by_two *t);

/* The root of Pearson's chi-squared with the sign of the difference; less `correction` in |d|. */
double two_by_two_chi(const struct two_by_two *t, double correction);

/* Wald's z of a margin: the gap between the difference and `null`, less the correction that widens
 * the limits (so that test and interval agree), over the unpooled standard error. */
double two_by_two_margin_z(const struct two_by_two *t, double null, double correction);

#endif
