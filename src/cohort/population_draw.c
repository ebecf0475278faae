/* population_draw.c - draws covariates and centres, and adds predictors up.
 * SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "cohort/population.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

MULTIVERSION static void add_scaled(double slope, double offset, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] += __builtin_fma(slope, x[i], offset);
}

MULTIVERSION static void set_scaled(double slope, double offset, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(slope, x[i], offset);
}

MULTIVERSION static void divide_column(double by, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] /= by;
}

MULTIVERSION static void scale_column(double a, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = a * x[i];
}

MULTIVERSION static void add_multiple(double a, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(a, x[i], y[i]);
}

/* Whether the score of covariate k acts on any covariate that is read. */
static bool score_counts(const struct population *p, const bool *read, int k)
{
    for (int i = k; i < p->n_covariates; i++)
        if ((read == NULL || read[i]) && fabs(p->cholesky[i * p->n_covariates + k]) > 0)
            return true;
    return false;
}

/* Classes that go with no other covariate are decided by the uniform itself. */
static bool needs_score(const struct population *p, int k)
{
    if (p->marginal[k].n_levels == 0) return true;
    for (int j = 0; j < p->n_covariates; j++) {
        const int row = j > k ? j : k, column = j > k ? k : j;
        if (row != column && fabs(p->cholesky[row * p->n_covariates + column]) > 0) return true;
    }
    return false;
}

/* x[k] becomes correlated with the covariates before it, whose scores are still independent. */
static void correlate(const struct population *p, double *const *x, int k, int n)
{
    const double *row = p->cholesky + k * p->n_covariates;
    if (row[k] < 1) scale_column(row[k], x[k], n);
    for (int j = 0; j < k; j++)
        if (fabs(row[j]) > 0) add_multiple(row[j], x[j], x[k], n);
}

double *const *population_draw(const struct population *p, struct streams streams, const bool *read,
                               int n, struct scratch *w)
{
    double **x = scratch_take(w, (size_t)p->n_covariates, sizeof *x);
    for (int k = 0; k < p->n_covariates; k++) {
        x[k] = NULL;
        if (!score_counts(p, read, k)) continue;
        x[k] = scratch_doubles(w, n);
        const struct stream s = stream_of(streams, p->variable[k]);
        stream_fill(&s, x[k], n);
        if (needs_score(p, k)) vector_normal_quantile(x[k], x[k], n);
    }
    for (int k = p->n_covariates - 1; k >= 0; k--) {
        if (read != NULL && !read[k]) continue;
        if (!needs_score(p, k)) {
            marginal_classify(&p->marginal[k], x[k], n);
            continue;
        }
        correlate(p, x, k, n);
        marginal_apply(&p->marginal[k], x[k], x[k], n);
    }
    for (int k = 0; k < p->n_covariates && read != NULL; k++)
        if (!read[k]) x[k] = NULL;
    return x;
}

void population_deliver(const struct population *p, double *const *x, int n)
{
    for (int k = p->n_covariates - 1; k >= 0; k--) {
        correlate(p, x, k, n);
        marginal_apply(&p->marginal[k], x[k], x[k], n);
    }
}

static void add_term(const struct predictor_term *t, const double *x, double *y, int n)
{
    if (t->level == NULL)
        add_scaled(t->slope, -t->slope * t->centre, x, y, n);
    else
        for (int i = 0; i < n; i++) y[i] += t->level[(int)x[i]];
}

static void set_term(const struct predictor_term *t, const double *x, double *y, int n)
{
    if (t->level == NULL)
        set_scaled(t->slope, -t->slope * t->centre, x, y, n);
    else
        for (int i = 0; i < n; i++) y[i] = t->level[(int)x[i]];
}

void predictor_set(const struct predictor *q, const double *const *x, double *y, int n)
{
    if (q->n == 0) memset(y, 0, (size_t)n * sizeof *y);
    for (int k = 0; k < q->n; k++)
        (k == 0 ? set_term : add_term)(&q->term[k], x[q->term[k].covariate], y, n);
}

void predictor_add(const struct predictor *q, const double *const *x, double *y, int n)
{
    for (int k = 0; k < q->n; k++) add_term(&q->term[k], x[q->term[k].covariate], y, n);
}

/* Normal scores of the centres. */
static double *centre_scores(const struct population *p, struct streams streams, const char *name,
                             struct scratch *w)
{
    const int n = (int)p->centres.number;
    double *score = scratch_doubles(w, n);
    const struct stream s = stream_of(streams, stream_variable(name));
    stream_fill(&s, score, n);
    vector_normal_quantile(score, score, n);
    return score;
}

static double *equal_shares(int n, struct scratch *w)
{
    double *cumulative = scratch_doubles(w, n);
    for (int c = 0; c < n; c++) cumulative[c] = (c + 1.0) / n;
    return cumulative;
}

double *centres_shares(const struct population *p, struct streams streams, struct scratch *w)
{
    const int n = (int)p->centres.number;
    if (isnan(p->centres.size_shape)) return equal_shares(n, w);
    double *cumulative = centre_scores(p, streams, "centre size", w);
    marginal_apply(&p->centre_size, cumulative, cumulative, n);
    for (int c = 1; c < n; c++) cumulative[c] += cumulative[c - 1];
    divide_column(cumulative[n - 1], cumulative, n);
    cumulative[n - 1] = 1;
    return cumulative;
}

double *centres_effects(const struct population *p, struct streams streams, struct scratch *w)
{
    const int n = (int)p->centres.number;
    double *effect = centre_scores(p, streams, "centre effect", w);
    scale_column(p->centres.log_hazard_sd, effect, n);
    return effect;
}
