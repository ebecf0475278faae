/* random_intercept.h - likelihood of a logistic regression whose clusters differ by a normal
 * intercept.  SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_RANDOM_INTERCEPT_H
#define ANALYSIS_RANDOM_INTERCEPT_H

#include "analysis/bernoulli.h"
#include "analysis/newton.h"

/* Rows of a cluster are consecutive. */
struct random_intercept {
    const struct columns *z;
    const double *y; /* [rows] 0 or 1 */
    int n_clusters;
    const int *first; /* [n_clusters + 1] its first row, then rows */
    int points;       /* of the quadrature */
    double *node, *weight;
    double sd; /* of the intercepts: set before evaluating */

    double slope; /* derivative of the log-likelihood by sd, at the point evaluated last */

    struct cluster *cluster; /* [n_clusters] of the integral */
    double *fixed, *eta;     /* [rows] linear predictor without and with the intercept */
    struct bernoulli at;     /* [rows] */
    double *v, *third;       /* [rows] p (1 - p) and p (1 - p) (1 - 2p) at the modes */
    double *score;           /* [rows] derivative of the log-likelihood by eta */
    lanes *vx;               /* [n_clusters][blocks] */
    double *penalty;         /* [n_clusters] */
};

/* z and y in an order that keeps clusters together. */
void random_intercept_init(struct random_intercept *m, const struct columns *z, const double *y,
                           int n_clusters, const int *first, int points, struct scratch *w);

/* As struct likelihood wants it; model is a struct random_intercept. The gradient is that of the
 * quadrature, nodes moving with the coefficients. The information is that of the linear model which
 * the likelihood resembles at the modes: positive definite, exact where sd is 0, near elsewhere. */
double random_intercept_evaluate(void *model, const double *beta, struct derivatives *d);

/* A score test of sd 0, at the coefficients evaluated last with sd 0: sum over clusters of squared
 * sums of residuals less their expectation, and of squared expectations. */
struct overdispersion {
    double surplus, squares;
};
struct overdispersion random_intercept_overdispersion(const struct random_intercept *m);

#endif
