/* mixed_logistic.c - logistic regression with a normal random intercept of clusters.
 * SPDX-License-Identifier: MIT */
#include "analysis/random_intercept.h"
#include "analysis/variance.h"
#include "stat/cholesky.h"

#include <math.h>
#include <string.h>

/* Where variances are looked for that clusters do not show at first sight. */
#define GRID_LEAST    0.015625
#define GRID_GREATEST 4.0

struct mixed_logistic {
    int64_t points;
};

static const struct param mixed_logistic_params[] = {
    {PARAM_AT(struct mixed_logistic, points), .type = PARAM_INTEGER, .fallback = 9, .min = 1,
     .max = 25, .help = "of the adaptive Gauss-Hermite quadrature; 1: Laplace's approximation"},
    {0},
};

struct fit {
    struct columns z;
    struct random_intercept model;
    double *beta;         /* [p] */
    struct derivatives d; /* work */
    struct maximum maximum;
    struct scratch *w;
};

/* The patients cluster by cluster, in order of arrival within; first[n_clusters + 1]. */
static void sort_by_cluster(int *patient, int *first, const struct sample *s)
{
    memset(first, 0, ((size_t)s->n_clusters + 2) * sizeof *first);
    for (int i = 0; i < s->n; i++) first[s->cluster[i] + 2]++;
    for (int k = 0; k < s->n_clusters; k++) first[k + 2] += first[k + 1];
    for (int i = 0; i < s->n; i++) patient[first[s->cluster[i] + 1]++] = i;
}

static bool fit_init(struct fit *f, const struct sample *s, int points, struct scratch *w)
{
    int *patient = scratch_ints(w, s->n), *first = scratch_ints(w, s->n_clusters + 2);
    sort_by_cluster(patient, first, s);
    const struct rows rows = {s->n, patient, 1, (const int[]){0, s->n}};
    if (!columns_build(&f->z, s, &rows, true, w)) return false;
    double *y = scratch_doubles(w, s->n);
    for (int i = 0; i < s->n; i++) y[i] = s->value[patient[i]];
    random_intercept_init(&f->model, &f->z, y, s->n_clusters, first, points, w);
    const int stride = f->z.blocks * LANES;
    f->beta = scratch_doubles(w, f->z.p);
    memset(f->beta, 0, (size_t)f->z.p * sizeof *f->beta);
    f->d = (struct derivatives){scratch_doubles(w, stride), scratch_doubles(w, stride * stride),
                                scratch_doubles(w, stride)};
    f->w = w;
    return true;
}

static void maximise(struct fit *f, double sd)
{
    const struct likelihood likelihood = {
        .z = &f->z, .evaluate = random_intercept_evaluate, .model = &f->model};
    f->model.sd = sd;
    f->maximum = likelihood_maximise_from(&likelihood, f->beta, f->w);
}

/* Derivative of the profile log-likelihood by the variance. */
static double excess(void *context, double variance)
{
    struct fit *f = context;
    maximise(f, sqrt(variance));
    if (f->maximum.why != UNDEFINED_NO) return NAN;
    (void)random_intercept_evaluate(&f->model, f->beta, &f->d);
    return f->model.slope / (2 * f->model.sd);
}

/* A variance above 0 that would explain how sums of residuals of clusters differ, from the fit
 * without intercepts; not positive when they differ by no more than chance, and then the likelihood
 * falls at variance 0: its derivative there is sum over clusters of (residual^2 - v) / 2. */
static double first_variance(struct fit *f)
{
    (void)random_intercept_evaluate(&f->model, f->beta, &f->d);
    const struct overdispersion o = random_intercept_overdispersion(&f->model);
    return o.surplus / o.squares;
}

/* The gradient by sd and the coefficients, at a point of both. */
static void gradient_at(struct fit *f, const double *point, double *gradient)
{
    f->model.sd = point[0];
    (void)random_intercept_evaluate(&f->model, point + 1, &f->d);
    gradient[0] = f->model.slope;
    memcpy(gradient + 1, f->d.gradient, (size_t)f->z.p * sizeof *gradient);
}

/* Standard error of the last coefficient from the information on sd and coefficients together, by
 * central differences of the gradient over 3e-4 standard errors; NaN where that is not positive
 * definite. */
static double numerical_se(struct fit *f)
{
    const struct scratch_mark mark = scratch_save(f->w);
    const int p = f->z.p, size = p + 1, stride = f->z.blocks * LANES;
    double *point = scratch_doubles(f->w, size), *length = scratch_doubles(f->w, size);
    double *up = scratch_doubles(f->w, size), *down = scratch_doubles(f->w, size);
    double *information = scratch_doubles(f->w, size * size), *scale = scratch_doubles(f->w, size);
    point[0] = f->model.sd;
    memcpy(point + 1, f->beta, (size_t)p * sizeof *point);
    gradient_at(f, point, up);
    length[0] = 1e-4 * point[0];
    for (int j = 0; j < p; j++) length[j + 1] = 3e-4 / sqrt(f->d.information[j * stride + j]);
    for (int j = 0; j < size; j++) {
        const double at = point[j];
        point[j] = at + length[j];
        gradient_at(f, point, up);
        point[j] = at - length[j];
        gradient_at(f, point, down);
        point[j] = at;
        for (int k = 0; k < size; k++) {
            information[j * size + k] = (down[k] - up[k]) / (2 * length[j]);
        }
    }
    for (int j = 0; j < size; j++) {
        scale[j] = fabs(information[j * size + j]);
        for (int k = 0; k < j; k++) {
            information[j * size + k] += information[k * size + j];
            information[j * size + k] /= 2;
        }
    }
    const bool definite = cholesky_factor(information, size, size, scale) > 1e-10;
    const double se = definite ? 1 / (information[size * size - 1] * f->z.unit) : NAN;
    scratch_restore(f->w, mark);
    return se;
}

/* The likelihood may fall from variance 0 on and rise again, where clusters differ in size: the
 * first variance of a grid at which it rises; 0 when there is none. */
static double rising_variance(struct fit *f)
{
    for (double variance = GRID_LEAST; variance <= GRID_GREATEST; variance *= 2)
        if (excess(f, variance) > 0) return variance;
    return 0;
}

/* A variance above 0 where the likelihood has a maximum; 0: there is none. Where it falls at 0, the
 * maximum there stands beside one that is not found or not finite. */
static double local_variance(struct fit *f, bool *falls)
{
    double start = first_variance(f);
    *falls = !(start > 0);
    if (*falls) start = rising_variance(f);
    const double found = start > 0 ? variance_solve(excess, f, start) : 0;
    return *falls && !isfinite(found) ? 0 : found;
}

/* Results are the odds ratio and the variance. */
static void estimate(struct fit *f, const struct inference *in, struct result *out)
{
    maximise(f, 0);
    struct maximum best = f->maximum;
    double variance = 0;
    bool falls = false;
    if (best.why == UNDEFINED_NO) variance = local_variance(f, &falls);
    if (isfinite(variance) && variance > 0) {
        maximise(f, sqrt(variance));
        if (falls && f->maximum.why == UNDEFINED_NO && f->maximum.loglik < best.loglik) {
            variance = 0;
        } else {
            best = f->maximum;
            if (best.why == UNDEFINED_NO) best.se = numerical_se(f);
            if (isnan(best.se)) best.why = UNDEFINED_NOT_CONVERGED;
        }
    }
    if (isnan(variance)) best.why = UNDEFINED_NOT_CONVERGED;
    if (isinf(variance)) best.why = UNDEFINED_NO_VARIANCE;
    out[0] = out[1] = result_undefined(best.why, 0, 0);
    if (best.why != UNDEFINED_NO) return;
    result_wald(&out[0], in, SCALE_LOG, best.coefficient, best.se);
    out[1].estimate = variance;
}

static void mixed_logistic_run(const void *params, const struct inference *in,
                               const struct sample *s, struct scratch *w, struct result *out)
{
    const struct mixed_logistic *method = params;
    const struct bernoulli_events events = bernoulli_count(s);
    enum undefined why = bernoulli_why_not(s, events);
    if (why == UNDEFINED_NO && s->n_clusters < 2) why = UNDEFINED_TOO_FEW_CLUSTERS;
    if (why == UNDEFINED_NO && s->n_clusters == s->n) why = UNDEFINED_LONE_PATIENTS;
    const struct scratch_mark mark = scratch_save(w);
    struct fit f;
    if (why == UNDEFINED_NO && !fit_init(&f, s, (int)method->points, w)) why = UNDEFINED_SINGULAR;
    if (why == UNDEFINED_NO) {
        estimate(&f, in, out);
    } else {
        out[0] = out[1] = result_undefined(why, 0, 0);
    }
    for (int k = 0; k < 2; k++) {
        out[k].n = s->n;
        out[k].events = events.total;
    }
    scratch_restore(w, mark);
}

static const struct output mixed_logistic_outputs[] = {
    {.suffix = NULL, .brief = "odds ratio within a cluster", .scale = SCALE_LOG, .null = 1},
    {.suffix = "variance",
     .brief = "variance of the random intercept",
     .scale = SCALE_IDENTITY,
     .null = NAN},
};

const struct analysis analysis_mixed_logistic = {
    .name = "mixed_logistic",
    .brief = "odds ratio by logistic regression with a normal random intercept",
    .formula =
        "maximum of prod over clusters of the integral of prod p^y (1-p)^(1-y) over a normal\n"
        "intercept, by adaptive Gauss-Hermite quadrature; se from the observed information on\n"
        "coefficients and sd; at variance 0 the answer of logistic",
    .reference = "Pinheiro & Chao 2006, J Comput Graph Stat 15:58; R lme4 glmer",
    .outcome = OUTCOME_BINARY,
    .uses = USES_ADJUST | USES_TERM | USES_CLUSTER | NEEDS_CLUSTER | NEEDS_NO_ARM,
    .params = mixed_logistic_params,
    .params_size = sizeof(struct mixed_logistic),
    .n_outputs = 2,
    .outputs = mixed_logistic_outputs,
    .example = "{method: mixed_logistic, endpoint: dead, adjust: [age], cluster: site}",
    .run = mixed_logistic_run,
};
