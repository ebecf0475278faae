/* cholesky.c - see cholesky.h.  SPDX-License-Identifier: MIT */
#include "stat/cholesky.h"

#include "base/dispatch.h"

#include <math.h>

/* The size of many a fit: with it known, loops are unrolled. */
enum { USUAL = 8 };

/* Column by column, each taken off what is right of it: A_ik -= A_ij A_kj / A_jj, then L_ij = A_ij
 * / sqrt A_jj (outer product form: Golub & Van Loan, Matrix Computations, 4th ed., 4.2.5). Cost
 * p^3/3, of which only the pivots wait for each other. */
MULTIVERSION_PART double factor(double *a, int p, int stride, const double *scale)
{
    double least = INFINITY;
    for (int j = 0; j < p; j++) {
        const double pivot = a[j * stride + j], ratio = pivot / scale[j];
        if (!(ratio > 0)) return 0;
        least = ratio < least ? ratio : least;
        const double inverse = 1 / pivot, root = sqrt(pivot), over_root = inverse * root;
        for (int i = j + 1; i < p; i++) {
            double *row = a + i * stride;
            const double share = row[j] * inverse;
            for (int k = j + 1; k <= i; k++) row[k] -= share * a[k * stride + j];
        }
        a[j * stride + j] = root;
        for (int i = j + 1; i < p; i++) a[i * stride + j] *= over_root;
    }
    return least;
}

MULTIVERSION_PART void forward(const double *l, int p, int stride, double *b)
{
    for (int i = 0; i < p; i++) {
        const double inverse = 1 / l[i * stride + i]; /* waits for nothing */
        double t = b[i];
        for (int k = 0; k < i; k++) t -= l[i * stride + k] * b[k];
        b[i] = t * inverse;
    }
}

MULTIVERSION_PART void backward(const double *l, int p, int stride, double *b)
{
    for (int i = p - 1; i >= 0; i--) {
        const double inverse = 1 / l[i * stride + i];
        double t = b[i];
        for (int k = i + 1; k < p; k++) t -= l[k * stride + i] * b[k];
        b[i] = t * inverse;
    }
}

double cholesky_factor(double *a, int p, int stride, const double *scale)
{
    return p == USUAL && stride == USUAL ? factor(a, USUAL, USUAL, scale)
                                         : factor(a, p, stride, scale);
}

void cholesky_forward(const double *l, int p, int stride, double *b)
{
    if (p == USUAL && stride == USUAL)
        forward(l, USUAL, USUAL, b);
    else
        forward(l, p, stride, b);
}

void cholesky_backward(const double *l, int p, int stride, double *b)
{
    if (p == USUAL && stride == USUAL)
        backward(l, USUAL, USUAL, b);
    else
        backward(l, p, stride, b);
}
