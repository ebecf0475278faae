/* imputation.h - missing responses of a normal linear regression: predicted, or drawn.
 * SPDX-License-Identifier: MIT */
#ifndef STAT_IMPUTATION_H
#define STAT_IMPUTATION_H

#include "base/memory.h"

/* The regression of the responses that are known on a constant and columns. */
struct imputation {
    int n, n_known;
    int rank;                  /* columns of q: the constant and what the data tell apart */
    const double *const *q;    /* [rank][n] orthonormal over the rows with a response */
    const double *coefficient; /* [rank] of q */
    double residual_square;    /* sum of squares; n_known - rank degrees of freedom */
};

/* y[n] with NaN where missing, of which one at least is not; x[n_x][n] without missing values.
 * Columns that the rows with a response do not tell apart are left out. In w, which the caller
 * restores. */
struct imputation imputation_fit(const double *y, const double *const *x, int n_x, int n,
                                 struct scratch *w);

/* The expected response of a row. */
double imputation_mean(const struct imputation *m, int row);

/* Draws the responses of row[n_rows] into y, from the posterior predictive distribution: first the
 * variance and the coefficients, then each response, in the order of `row`. Needs n_known > rank.
 * u[imputation_draws()], with room for eight more, are uniforms less 1/2; they are used up. */
int imputation_draws(const struct imputation *m, int n_rows);
void imputation_draw(const struct imputation *m, double *u, const int *row, int n_rows, double *y);

#endif
