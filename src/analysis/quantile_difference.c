/* quantile_difference.c - see quantile_difference.h.  SPDX-License-Identifier: MIT */
#include "analysis/quantile_difference.h"

#include "analysis/columns.h"
#include "stat/cholesky.h"
#include "stat/distribution.h"
#include "stat/quantile_profile.h"

#include <math.h>
#include <string.h>

/* Variance left to a column given those before it, as a share, below which columns are made
 * orthogonal first; and the same with each patient weighted with the density of the outcome. */
#define ILL        1e-6
#define NO_DENSITY 1e-12
#define EXACT      1e-13 /* residual that is only rounding error, as a share of the outcome */
#define NO_GAP     1e-8  /* between two quantiles that are one, in units of the largest residual */

struct regression {
    struct columns z;
    const double **x; /* [p] its columns */
    double *y;        /* [n] less the first value: differences do not see it, and digits are kept */
    double *factor;   /* [4 blocks][4 blocks] Cholesky factor of Z'Z */
    struct quantile_simplex simplex;
};

/* The covariates, then an indicator for every stratum but the first. */
static const double **with_strata(const struct sample *s, struct scratch *w)
{
    const double **x = scratch_take(w, (size_t)(s->n_x + s->n_strata), sizeof *x);
    for (int j = 0; j < s->n_x; j++) x[j] = s->x[j];
    for (int k = 1; k < s->n_strata; k++) {
        double *indicator = scratch_doubles(w, s->n);
        for (int i = 0; i < s->n; i++) indicator[i] = s->stratum[i] == k;
        x[s->n_x + k - 1] = indicator;
    }
    return x;
}

/* factor := L of LL' = sum weight z z' (no weights: Z'Z); returns what share of its variance is
 * left to the most dependent column. */
static double weighted_factor(const struct columns *z, const double *weight, double *factor,
                              struct scratch *w)
{
    const int stride = z->blocks * LANES;
    const struct scratch_mark mark = scratch_save(w);
    double *scale = scratch_doubles(w, stride), *one = scratch_doubles(w, z->n);
    for (int i = 0; i < z->n; i++) one[i] = 1;
    memset(factor, 0, (size_t)stride * (size_t)stride * sizeof *factor);
    rows_add_products(factor, NULL, z->row, z->n, z->blocks, weight != NULL ? weight : one);
    for (int j = 0; j < z->p; j++) scale[j] = factor[j * stride + j];
    const double share = cholesky_factor(factor, z->p, stride, scale);
    scratch_restore(w, mark);
    return share;
}

/* Is nothing but rounding error left of the outcome? */
static bool is_exact(const struct regression *g, const double *b, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *fitted = scratch_doubles(w, g->z.room), left = 0, largest = 0;
    columns_predict(&g->z, b, fitted);
    for (int i = 0; i < g->z.n; i++) {
        left = fmax(left, fabs(g->y[i] - fitted[i]));
        largest = fmax(largest, fabs(g->y[i]));
    }
    scratch_restore(w, mark);
    return left <= EXACT * largest;
}

/* Ready to be minimised from the least-squares plane. */
static enum undefined prepare(struct regression *g, const struct sample *s, struct scratch *w)
{
    const struct rows rows = {.n = s->n, .n_groups = 1, .start = (const int[]){0, s->n}};
    struct sample all = *s;
    all.x = with_strata(s, w);
    all.n_x += s->n_strata - 1;
    if (s->n <= all.n_x + 2) return UNDEFINED_TOO_FEW;
    g->y = scratch_doubles(w, s->n);
    bool varies = false;
    for (int i = 0; i < s->n; i++) {
        g->y[i] = s->value[i] - s->value[0];
        varies |= fabs(g->y[i]) > 0;
    }
    if (!varies) return UNDEFINED_NO_VARIATION;
    if (!columns_build(&g->z, &all, &rows, true, w)) return UNDEFINED_SINGULAR;
    const int p = g->z.p, stride = g->z.blocks * LANES;
    g->factor = scratch_doubles(w, stride * stride);
    if (!(weighted_factor(&g->z, NULL, g->factor, w) > ILL)) {
        if (!columns_orthogonalise(&g->z)) return UNDEFINED_SINGULAR;
        (void)weighted_factor(&g->z, NULL, g->factor, w);
    }
    double *start = scratch_doubles(w, stride);
    g->x = scratch_take(w, (size_t)p, sizeof *g->x);
    for (int j = 0; j < p; j++) {
        g->x[j] = g->z.column + (size_t)j * (size_t)g->z.room;
        start[j] = lanes_dot(g->x[j], g->y, s->n);
    }
    cholesky_forward(g->factor, p, stride, start);
    cholesky_backward(g->factor, p, stride, start);
    if (is_exact(g, start, w)) return UNDEFINED_EXACT_FIT;
    g->simplex = quantile_simplex_make(s->n, p, g->x, g->y, start, w);
    return quantile_minimise(&g->simplex, 0.5, w) ? UNDEFINED_NO : UNDEFINED_NOT_CONVERGED;
}

/* Hall & Sheather 1988, J R Stat Soc B 50:381, for the median and 95 % limits, as quantreg has it:
 * n^(-1/3) z^(2/3) (1.5 phi^2)^(1/3), phi = 1/sqrt(2 pi) the normal density at 0. */
static double bandwidth(int n)
{
    const double z = normal_upper_quantile(0.025), density = normal_density(0);
    double h = cbrt(z * z * 1.5 * density * density / n);
    while (h >= 0.5) h /= 2;
    return h;
}

/* f_i = 2h / (difference of the fitted quantiles 1/2 + h and 1/2 - h): the density at the median of
 * a patient's outcome (Hendricks & Koenker 1992, J Am Stat Assoc 87:58). Where the quantiles do not
 * part there is none, and the patient does not count. */
static bool densities(struct regression *g, double *f, struct scratch *w)
{
    const struct columns *z = &g->z;
    const double h = bandwidth(z->n), none = NO_GAP * g->simplex.scale;
    const struct scratch_mark mark = scratch_save(w);
    double *b = scratch_doubles(w, z->p), *low = scratch_doubles(w, z->p);
    bool found = quantile_minimise(&g->simplex, 0.5 + h, w);
    (void)quantile_plane(&g->simplex, b, w);
    found = found && quantile_minimise(&g->simplex, 0.5 - h, w);
    (void)quantile_plane(&g->simplex, low, w);
    for (int j = 0; j < z->p; j++) b[j] -= low[j];
    columns_predict(z, b, f);
    for (int i = 0; i < z->n; i++) f[i] = f[i] > none ? 2 * h / f[i] : 0;
    scratch_restore(w, mark);
    return found;
}

/* sqrt(1/4 a' Z'Z a), a = (Z'FZ)^-1 e, e picking the arm: Huber's sandwich. */
static enum undefined sandwich_se(struct regression *g, double *se, struct scratch *w)
{
    const struct columns *z = &g->z;
    const int p = z->p, stride = z->blocks * LANES;
    double *f = scratch_doubles(w, z->n), *factor = scratch_doubles(w, stride * stride);
    double *a = scratch_doubles(w, stride);
    if (!densities(g, f, w)) return UNDEFINED_NOT_CONVERGED;
    if (!(weighted_factor(z, f, factor, w) > NO_DENSITY)) return UNDEFINED_NO_DENSITY;
    memset(a, 0, (size_t)stride * sizeof *a);
    a[p - 1] = 1 / factor[(p - 1) * stride + p - 1];
    cholesky_backward(factor, p, stride, a);
    columns_predict(z, a, f);
    *se = 0.5 * sqrt(lanes_dot(f, f, z->n)) / z->unit;
    return UNDEFINED_NO;
}

/* Where several planes are best, the middle of their coefficients of the arm: without covariates
 * that is the difference of the sample medians. */
struct result quantile_difference(const struct sample *s, const struct inference *in,
                                  bool rank_inversion, struct scratch *w)
{
    struct regression g;
    enum undefined why = prepare(&g, s, w);
    if (why != UNDEFINED_NO) return result_undefined(why, s->n, 0);
    const int p = g.z.p, last = p - 1, stride = g.z.blocks * LANES;
    const double unit = g.z.unit, df = s->n - p;
    const double t = student_upper_quantile(in->alpha / in->sides, df);
    /* standard deviation of the profile's slope at the true coefficient */
    const double sd = 0.5 * g.factor[last * stride + last];
    struct profile_question ask = {last, 1, rank_inversion ? t * sd : 0,
                                   rank_inversion ? in->null * unit : NAN};
    const struct profile_side up = quantile_profile(&g.simplex, ask, w);
    ask.way = -1;
    const struct profile_side down = quantile_profile(&g.simplex, ask, w);
    struct result r = {.estimate = (down.flat + up.flat) / 2 / unit, .n = s->n};
    if (rank_inversion) {
        r.ci_low = down.crossing / unit;
        r.ci_high = up.crossing / unit;
        const double width = r.ci_high - r.ci_low;
        r.se = isfinite(width) ? width / (2 * t) : NAN;
        r.statistic = down.slope > 0 ? down.slope / sd : up.slope > 0 ? -up.slope / sd : 0;
    } else {
        why = sandwich_se(&g, &r.se, w);
        if (why != UNDEFINED_NO) return result_undefined(why, s->n, 0);
        r.ci_low = r.estimate - t * r.se;
        r.ci_high = r.estimate + t * r.se;
        r.statistic = (r.estimate - in->null) / r.se;
    }
    r.p_value = p_student(in, r.statistic, df);
    return r;
}
