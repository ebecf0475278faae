/* cholesky.h - small symmetric positive definite systems.  SPDX-License-Identifier: MIT
 *
 * Matrices are a[p][stride], lower triangle only. */
#ifndef STAT_CHOLESKY_H
#define STAT_CHOLESKY_H

/* A = L L' in place. Returns the smallest ratio of a pivot (the variance left to a column by the
 * columns before it) to scale[j]; when that is not positive the factor is not complete. */
double cholesky_factor(double *a, int p, int stride, const double *scale);
void cholesky_forward(const double *l, int p, int stride, double *b);  /* b := L^-1 b */
void cholesky_backward(const double *l, int p, int stride, double *b); /* b := L'^-1 b */

#endif
