/* binary_likelihood.h - regressions of a yes/no outcome by maximum likelihood, whole fits.
 * SPDX-License-Identifier: MIT
 *
 * For methods that need more of a fit than one coefficient and its standard error: fitted risks,
 * every coefficient, a variance other than the inverse information. */
#ifndef ANALYSIS_BINARY_LIKELIHOOD_H
#define ANALYSIS_BINARY_LIKELIHOOD_H

#include "analysis/columns.h"

enum binary_link {
    LINK_LOGIT,   /* logistic regression */
    LINK_POISSON, /* log link, Poisson likelihood */
    LINK_LOG,     /* log link, binomial likelihood: the linear predictor stays below 0 */
};

/* At a maximum, everything below `beta` belongs to it. */
struct binary_model {
    enum binary_link link;
    struct columns *z;
    const double *y;  /* [n] 0 or 1 */
    double origin;    /* linear predictor at beta = 0 */
    double *beta;     /* [p] of the columns */
    double *eta;      /* [n] linear predictor */
    double *mu;       /* [n] fitted risk; with a log link only */
    double *residual; /* [n] derivative of the log-likelihood by eta */
    double *weight;   /* [n] minus its second derivative */
    double *factor;   /* [4 blocks][4 blocks] Cholesky factor of sum weight z z' */
    double *room[2];  /* [n] working memory */
};

/* With room in w for all arrays. */
struct binary_model binary_model_make(enum binary_link link, struct columns *z, const double *y,
                                      double origin, struct scratch *w);

/* The maximum over all coefficients, from beta = 0. */
enum undefined binary_maximise(struct binary_model *m, struct scratch *w);

/* factor := Cholesky factor of sum weight z z'; false when that is singular. */
bool binary_factor(struct binary_model *m, const double *weight, struct scratch *w);

/* The coefficient of the question's column in the patients' units. */
double binary_coefficient(const struct binary_model *m);

#endif
