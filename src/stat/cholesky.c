/* cholesky.c - see cholesky.h.  SPDX-License-Identifier: MIT */
#include "stat/cholesky.h"

#include <math.h>

/* Column by column, each taken off what is right of it: L_ij = A_ij / L_jj, then A_ik -= L_ij L_kj
 * (outer product form: Golub & Van Loan, Matrix Computations, 4th ed., 4.2.5). Cost p^3/3, of which
 * only the pivots wait for each other. */
double cholesky_factor(double *a, int p, int stride, const double *scale)
{
    double least = INFINITY;
    for (int j = 0; j < p; j++) {
        double *pivot = a + j * stride + j;
        const double ratio = *pivot / scale[j];
        if (!(ratio > 0)) return 0;
        least = ratio < least ? ratio : least;
        *pivot = sqrt(*pivot);
        const double inverse = 1 / *pivot;
        for (int i = j + 1; i < p; i++) {
            double *l = a + i * stride;
            l[j] *= inverse;
            for (int k = j + 1; k <= i; k++) l[k] -= l[j] * a[k * stride + j];
        }
    }
    return least;
}

void cholesky_forward(const double *l, int p, int stride, double *b)
{
    for (int i = 0; i < p; i++) {
        double t = b[i];
        for (int k = 0; k < i; k++) t -= l[i * stride + k] * b[k];
        b[i] = t / l[i * stride + i];
    }
}

void cholesky_backward(const double *l, int p, int stride, double *b)
{
    for (int i = p - 1; i >= 0; i--) {
        double t = b[i];
        for (int k = i + 1; k < p; k++) t -= l[k * stride + i] * b[k];
        b[i] = t / l[i * stride + i];
    }
}
