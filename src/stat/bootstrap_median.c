/* bootstrap_median.c - see bootstrap_median.h.  SPDX-License-Identifier: MIT
 *
 * Efron 1979, Ann Stat 7:1; Hutson & Ernst 2000, J R Stat Soc B 62:89. With X_r the r-th smallest
 * of n draws from x_1 <= … <= x_n: P(X_r <= x_i) = P(Bin(n, i/n) >= r), and for i < j, when r draws
 * are <= i, one of them i, and the other n - r are >= j, one of them j, P(X_r = x_i, X_{r+1} = x_j)
 *         = C(n, r) [(i/n)^r - ((i-1)/n)^r] [((n-j+1)/n)^(n-r) - ((n-j)/n)^(n-r)].
 * What X_r = x_i has beyond the sum over j > i belongs to i = j. Of n = 2r - 1 the middle one is r,
 * of n = 2r the middle two are r and r + 1; either way C(n, r) / 2^n = C(2r, r) / 4^r. i has
 * standard deviation sqrt(n) / 2, and the weight falls like exp(i - j): 7.4 sqrt(n) values of i and
 * some 30 of j for each are all that matter. */
#include "stat/bootstrap_median.h"

#include <math.h>

enum { GAP_MAX = 64 }; /* beyond it weights are below 1e-13 of their row's */

/* log(C(2r, r) / 4^r), for large r by Stirling's series; the first term left out is below 5e-17. */
static double central_binomial_log(int r)
{
    if (r < 32) {
        double c = 1;
        for (int k = 1; k <= r; k++) c *= (2 * k - 1) / (2.0 * k);
        return log(c);
    }
    const double pi = acos(-1.0), s = 1.0 / r, q = s * s;
    const double series = -1.0 / 8 + q * (1.0 / 192 + q * (-1.0 / 640 + q * (17.0 / 14336)));
    return s * series - 0.5 * log(pi * r);
}

/* P(Bin(n, i/n) >= from) for 2i <= n; the terms fall from the r-th on, and from is r or r + 1. */
static double upper_tail(int n, int r, int from, int i)
{
    if (i == 0) return 0;
    const double p = (double)i / n, q = (double)(n - i) / n, odds = p / q;
    double term = exp(central_binomial_log(r) + r * log(2 * p) + (n - r) * log(2 * q));
    double sum = 0;
    for (int k = r; k <= n; k++) {
        if (k >= from) sum += term;
        term *= odds * (n - k) / (k + 1);
        if (term < 1e-18 * sum) break;
    }
    return sum;
}

static double order_statistic_cdf(int n, int r, int i)
{
    return 2 * i <= n ? upper_tail(n, r, r, i) : 1 - upper_tail(n, r, n - r + 1, n - i);
}

/* log((2i/n)^r - (2(i-1)/n)^r) */
static double log_power_step(int n, int r, int i)
{
    return r * log(2.0 * i / n) + log(-expm1(r * log1p(-1.0 / i)));
}

/* Points of the middle two of n = 2r: the row X_r = x_i. step[k] belongs to the (first + k)-th, so
 * that the other factor of x_j is step[last - j]. */
struct middle_two {
    const double *x, *step;
    int n, r, first, last;
    double log_choose, negligible;
};

static int add_row(const struct middle_two *m, int i, double marginal, struct weighted *to)
{
    const double *x = m->x - 1; /* x_1 … x_n */
    const double row = m->log_choose + m->step[i - m->first];
    const double at_i = marginal - exp(row + m->r * log(2.0 * (m->n - i) / m->n));
    int n = 0;
    if (at_i > m->negligible) to[n++] = (struct weighted){x[i], at_i};
    for (int j = i + 1; j <= m->last && j - i <= GAP_MAX; j++) {
        const double weight = exp(row + m->step[m->last - j]);
        if (weight < m->negligible) break;
        to[n++] = (struct weighted){x[i] + (x[j] - x[i]) / 2, weight};
    }
    return n;
}

struct discrete bootstrap_median(const double *x, int n, struct scratch *w)
{
    const int r = (n + 1) / 2, reach = (int)(3.7 * sqrt(n)) + 2;
    const int first = r > reach ? r - reach : 1, last = n + 1 - first, rows = last - first + 1;
    const int per_row = n % 2 == 0 ? 1 + (rows < GAP_MAX ? rows : GAP_MAX) : 1;
    struct weighted *points = scratch_take(w, (size_t)rows * (size_t)per_row, sizeof *points);
    double *step = scratch_doubles(w, rows);
    if (n % 2 == 0) {
        for (int i = first; i <= last; i++) step[i - first] = log_power_step(n, r, i);
    }
    const struct middle_two middle = {x,           step, n, r, first, last, central_binomial_log(r),
                                      5e-13 / rows};
    double below = order_statistic_cdf(n, r, first - 1);
    int n_points = 0;
    for (int i = first; i <= last; i++) {
        const double cdf = order_statistic_cdf(n, r, i);
        if (n % 2 == 0) {
            n_points += add_row(&middle, i, cdf - below, points + n_points);
        } else if (cdf > below) {
            points[n_points++] = (struct weighted){x[i - 1], cdf - below};
        }
        below = cdf;
    }
    return discrete_from(points, n_points, w);
}
