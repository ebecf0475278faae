/* quantile_difference.h - the arm's coefficient in a regression of the median.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_QUANTILE_DIFFERENCE_H
#define ANALYSIS_QUANTILE_DIFFERENCE_H

#include "model/analysis.h"

/* Adjusted for covariates, with an intercept of its own for every stratum; limits and p-value by
 * inversion of the rank score test, or from the sandwich variance. */
struct result quantile_difference(const struct sample *s, const struct inference *in,
                                  bool rank_inversion, struct scratch *w);

#endif
