/* bernoulli.h - yes/no outcomes at linear predictors: what logistic regressions share.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_BERNOULLI_H
#define ANALYSIS_BERNOULLI_H

#include "model/analysis.h"

struct bernoulli_events {
    int total, in_arm[2];
};
struct bernoulli_events bernoulli_count(const struct sample *s);

/* Why no odds ratio of s->term can be finite, as far as counts show. */
enum undefined bernoulli_why_not(const struct sample *s, struct bernoulli_events e);

/* At eta, for outcomes y of 0 or 1: loglik, whose sum less that of log(whole) is the
 * log-likelihood; the variance v; the residual. Columns [n]; vector_log(whole) is left to the
 * caller, who may not need it. */
struct bernoulli {
    double *loglik, *whole, *v, *residual;
};
void bernoulli_evaluate(const struct bernoulli *to, const double *eta, const double *y, int n);

#endif
