/* gauss_hermite.h - nodes and weights of Gauss-Hermite quadrature.  SPDX-License-Identifier: MIT */
#ifndef STAT_GAUSS_HERMITE_H
#define STAT_GAUSS_HERMITE_H

/* Ascending nodes x[n] and weights w[n] with sum w f(x) = integral of exp(-x^2) f(x) for
 * polynomials f of degree below 2n; 1 <= n <= 64. */
void gauss_hermite(double *x, double *w, int n);

#endif
