/* cholesky.c - see cholesky.h.  SPDX-License-Identifier: MIT */
#include "stat/cholesky.h"

#include <math.h>

/* Cholesky-Banachiewicz, row by row: L_ij = (A_ij - sum_k<j L_ik L_jk) / L_jj
 * (Golub & Van Loan, Matrix Computations, 4th ed., 4.2). Cost p^3/3. */
double cholesky_factor(double *a, int p, int stride, const double *scale)
{
    double least = INFINITY;
    for (int i = 0; i < p; i++) {
        double *l = a + i * stride;
        double pivot = l[i];
        for (int j = 0; j < i; j++) {
            const double *m = a + j * stride;
            double t = l[j];
            for (int k = 0; k < j; k++) t -= l[k] * m[k];
            l[j] = t / m[j];
            pivot -= l[j] * l[j];
        }
        const double ratio = pivot / scale[i];
        if (!(ratio > 0)) return 0;
        least = ratio < least ? ratio : least;
        l[i] = sqrt(pivot);
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
