/* cox_start.h - coefficients near the maximum of a partial likelihood, at less cost.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_COX_START_H
#define ANALYSIS_COX_START_H

#include "analysis/partial_likelihood.h"

/* As struct likelihood wants it; model is a struct partial_likelihood. */
bool cox_start(void *model, double *beta, struct newton_step *last, struct scratch *w);

#endif
