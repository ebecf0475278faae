/* least_squares.h - nonlinear least squares in a box, for functions that take a simulation to
 * evaluate.  SPDX-License-Identifier: MIT */
#ifndef STAT_LEAST_SQUARES_H
#define STAT_LEAST_SQUARES_H

#include <stdbool.h>

enum { LEAST_SQUARES_MAX = 32 }; /* unknowns */

/* Residuals and their standard errors at one point; not valid: the function has no value there. */
struct residuals {
    bool valid;
    double *value, *error; /* [m] */
};

/* Sum of (value/error)^2. */
double residuals_chi_squared(const struct residuals *at, const double *error, int m);

struct least_squares {
    int n, m; /* unknowns, each in [0, 1]; residuals */
    /* Evaluates `count` points x[count][n] at once. */
    void (*evaluate)(void *context, int count, const double *x, struct residuals *at);
    /* Called after each accepted step; may be NULL. */
    void (*progress)(void *context, int iteration, double chi_squared);
    void *context;
    double step;    /* of difference quotients */
    double enough;  /* a predicted decrease of the sum of squares not worth another step */
    int iterations; /* at most */
};

struct least_squares_end {
    int iterations;
    double remaining; /* decrease of the sum of squares that the last quadratic model predicts */
    int blocked;      /* unknown around which the function has no values, or -1 */
};

/* Minimises the sum of (value/error)^2 from x[n], which becomes the minimum. The errors are those
 * of the current point throughout a step, so that no step is taken for making the errors larger.
 * The start must be valid. */
struct least_squares_end least_squares_fit(const struct least_squares *p, double *x);

/* jacobian[m][n] of value/error at x, the errors held at those of `here`. central: by differences
 * to both sides. Returns the unknown around which there are no values, or -1. */
int least_squares_jacobian(const struct least_squares *p, const double *x,
                           const struct residuals *here, bool central, double *jacobian);

/* a := (J'J + ridge I)^-1 over the n unknowns with free[j]; rows and columns of others are 0. */
void least_squares_covariance(const double *jacobian, int m, int n, const bool *free, double ridge,
                              double *a /* [n][n] */);

/* Eigenvalues of a symmetric a[n][n], least first, and vectors[k][n] of length 1 whose largest
 * entry is positive. a is destroyed. */
void symmetric_eigen(double *a, int n, double *values, double *vectors);

#endif
