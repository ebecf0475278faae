/* gauss_hermite.c - see gauss_hermite.h.  SPDX-License-Identifier: MIT */
#include "stat/gauss_hermite.h"

#include "stat/root.h"

#include <math.h>

/* Value of the orthonormal polynomial of degree n for the weight exp(-x^2), and in *sum the sum of
 * squares of those below it (Abramowitz & Stegun 1964, 22.7.13, normalised):
 *     h_0 = pi^(-1/4),   h_k+1 = x sqrt(2/(k+1)) h_k - sqrt(k/(k+1)) h_k-1 */
static double hermite(double x, int n, double *sum)
{
    double h = 0.7511255444649425, before = 0;
    *sum = 0;
    for (int k = 0; k < n; k++) {
        *sum += h * h;
        const double next = x * sqrt(2.0 / (k + 1)) * h - sqrt((double)k / (k + 1)) * before;
        before = h;
        h = next;
    }
    return h;
}

static double value(const void *degree, double x)
{
    double sum;
    return hermite(x, *(const int *)degree, &sum);
}

/* The roots of one degree lie between those of the degree below, all within sqrt(2n + 1); the
 * weights are one over the sum of squares (Szego 1975, Orthogonal Polynomials, 3.3 and 3.4). */
void gauss_hermite(double *x, double *w, int n)
{
    for (int degree = 1; degree <= n; degree++) {
        const double bound = sqrt(2.0 * degree + 1);
        double below = -bound;
        for (int i = 0; i < degree; i++) {
            const double above = i < degree - 1 ? x[i] : bound;
            x[i] = root_between(value, &degree, below, above);
            below = above;
        }
    }
    for (int i = 0; i < n / 2; i++) {
        x[n - 1 - i] = (x[n - 1 - i] - x[i]) / 2;
        x[i] = -x[n - 1 - i];
    }
    if (n % 2 == 1) x[n / 2] = 0;
    for (int i = 0; i < n; i++) {
        double sum;
        (void)hermite(x[i], n, &sum);
        w[i] = 1 / sum;
    }
}
