/* imputation.c - see imputation.h.  SPDX-License-Identifier: MIT */
#include "stat/imputation.h"
#include "stat/distribution.h"
#include "stat/vector.h"

#include <math.h>

/* The rows with a response. */
struct known {
    int n;
    const int *row;
};

static double dot(const double *a, const double *b, const struct known *k)
{
    double sum = 0;
    for (int i = 0; i < k->n; i++) sum += a[k->row[i]] * b[k->row[i]];
    return sum;
}

/* to = x less its mean over the known rows, measured from one of them: constants cost no digits. */
static double centre(double *to, const double *x, const struct known *k, int n)
{
    const double origin = x[k->row[0]];
    double mean = 0;
    for (int i = 0; i < k->n; i++) mean += x[k->row[i]] - origin;
    mean /= k->n;
    for (int i = 0; i < n; i++) to[i] = x[i] - origin - mean;
    return origin + mean;
}

/* y = b0 + Q b by Gram-Schmidt, done twice ("twice is enough": Giraud et al. 2005, Numer Math
 * 101:87) on columns centred over the known rows; rows without a response go through the same
 * steps, so that Q b is their prediction. A column of which less than 1e-9 is left says nothing
 * new. */
struct imputation imputation_fit(const double *y, const double *const *x, int n_x, int n,
                                 struct scratch *w)
{
    int *row = scratch_ints(w, n);
    struct known k = {0, row};
    for (int i = 0; i < n; i++)
        if (!isnan(y[i])) row[k.n++] = i;
    double **q = scratch_take(w, (size_t)n_x + 2, sizeof *q);
    double *coefficient = scratch_doubles(w, n_x + 1), *rest = scratch_doubles(w, n);
    struct imputation m = {.n = n, .n_known = k.n, .rank = 1};
    q[0] = scratch_doubles(w, n);
    for (int i = 0; i < n; i++) q[0][i] = 1 / sqrt(k.n);
    coefficient[0] = centre(rest, y, &k, n) * sqrt(k.n);
    for (int j = 0; j < n_x; j++) {
        double *v = q[m.rank] = scratch_doubles(w, n);
        (void)centre(v, x[j], &k, n);
        const double whole = dot(v, v, &k);
        for (int pass = 0; pass < 2; pass++)
            for (int l = 0; l < m.rank; l++) {
                const double along = dot(q[l], v, &k);
                for (int i = 0; i < n; i++) v[i] -= along * q[l][i];
            }
        const double left = dot(v, v, &k);
        if (!(left > 1e-18 * whole) || !(left > 0)) continue;
        for (int i = 0; i < n; i++) v[i] /= sqrt(left);
        coefficient[m.rank++] = dot(v, rest, &k);
    }
    for (int l = 1; l < m.rank; l++)
        for (int i = 0; i < k.n; i++) rest[row[i]] -= coefficient[l] * q[l][row[i]];
    m.residual_square = dot(rest, rest, &k);
    m.q = (const double *const *)q;
    m.coefficient = coefficient;
    return m;
}

static double predict(const struct imputation *m, const double *coefficient, int row)
{
    double y = 0;
    for (int l = 0; l < m->rank; l++) y += coefficient[l] * m->q[l][row];
    return y;
}

double imputation_mean(const struct imputation *m, int row)
{
    return predict(m, m->coefficient, row);
}

int imputation_draws(const struct imputation *m, int n_rows)
{
    return 1 + m->rank + n_rows;
}

/* Under the prior proportional to 1/sigma^2: sigma^2 = RSS / chi^2_(n-p); beta normal about the
 * least-squares coefficients with covariance sigma^2 (X'X)^-1, which in the orthonormal basis is
 * sigma^2 I; y normal about its mean (Rubin 1987, Multiple Imputation for Nonresponse in Surveys,
 * p. 167). All by inversion; the drawn coefficients take the place of their uniforms. */
void imputation_draw(const struct imputation *m, double *u, const int *row, int n_rows, double *y)
{
    const double half_df = 0.5 * (m->n_known - m->rank);
    const double sigma = sqrt(m->residual_square / gamma_quantile(u[0] + 0.5, half_df, 2));
    vector_normal_quantile(u, u, imputation_draws(m, n_rows));
    double *beta = u + 1, *z = beta + m->rank;
    for (int l = 0; l < m->rank; l++) beta[l] = m->coefficient[l] + sigma * beta[l];
    for (int i = 0; i < n_rows; i++) y[row[i]] = predict(m, beta, row[i]) + sigma * z[i];
}
