/* cox_robust.c - proportional hazards regression whose standard error allows for clusters.
 * SPDX-License-Identifier: MIT */
#include "analysis/cox_model.h"
#include "stat/cholesky.h"

#include <math.h>
#include <string.h>

struct cox_robust {
    int ties, test, penalty;
};

static const struct param cox_robust_params[] = {
    {PARAM_AT(struct cox_robust, ties), .type = PARAM_CHOICE, .choices = "efron|breslow",
     .help = "approximation of the likelihood at tied death times"},
    {PARAM_AT(struct cox_robust, test), .type = PARAM_CHOICE, .choices = "wald",
     .help = "statistic and p-value"},
    {PARAM_AT(struct cox_robust, penalty), .type = PARAM_CHOICE, .choices = "none",
     .help = "not with clusters"},
    {0},
};

/* s[i] := r_i'a, the projection of the score residual of row i,
 *     r_i = d_i (x_i - mean of m_t over its terms) - sum over terms of w_i (x_i - m_t) dH_t,
 * the sum over terms with i at risk (Lin & Wei 1989, J Am Stat Assoc 84:1074, (2.5); with Efron's
 * increments as Therneau & Grambsch 2000, 7.1). Linear in a: columns are never needed apart. */
static void project_residuals(struct partial_likelihood *l, const double *a, double *s,
                              struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = l->z->n;
    double *x = scratch_doubles(w, n), *mean = scratch_doubles(w, l->n_terms);
    double *increment = scratch_doubles(w, l->n_terms);
    columns_predict(l->z, a, x);
    partial_likelihood_mean(l, x, mean);
    for (int t = 0; t < l->n_terms; t++) increment[t] = l->increment[t] * mean[t];
    partial_likelihood_expected(l, increment, s);
    for (int i = 0; i < n; i++) s[i] += (l->death[i] - l->v[i]) * x[i];
    for (int k = 0, t = 0; k < l->sets->n_times; k++) {
        const struct death_time *time = &l->sets->time[k];
        double sum = 0;
        for (; t < l->n_terms && l->last[t] < time->end; t++) sum += l->multiplicity[t] * mean[t];
        for (int i = time->end - time->deaths; i < time->end; i++) s[i] -= sum / time->deaths;
    }
    scratch_restore(w, mark);
}

/* a := I^-1 e for the last column, from the information at beta */
static void last_influence(struct cox_model *m, const double *beta, double *a, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int p = m->z.p, stride = m->z.blocks * LANES;
    struct derivatives d = {scratch_doubles(w, stride), scratch_doubles(w, stride * stride),
                            scratch_doubles(w, stride)};
    partial_likelihood_evaluate(&m->partial, beta, &d);
    cholesky_factor(d.information, p, stride, d.scale);
    memset(a, 0, (size_t)p * sizeof *a);
    a[p - 1] = 1;
    cholesky_forward(d.information, p, stride, a);
    cholesky_backward(d.information, p, stride, a);
    scratch_restore(w, mark);
}

/* Root of the sum over clusters of squared sums of dfbeta: R's coxph(…, cluster). */
static double robust_se(struct cox_model *m, const struct sample *s, const double *beta,
                        struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *a = scratch_doubles(w, m->z.p), *influence = scratch_doubles(w, m->z.n);
    double *sum = scratch_doubles(w, s->n_clusters);
    last_influence(m, beta, a, w);
    project_residuals(&m->partial, a, influence, w);
    memset(sum, 0, (size_t)s->n_clusters * sizeof *sum);
    for (int i = 0; i < m->z.n; i++) sum[s->cluster[m->sets.patient[i]]] += influence[i];
    const double variance = lanes_dot(sum, sum, s->n_clusters);
    scratch_restore(w, mark);
    return sqrt(variance) / m->z.unit;
}

static struct result robust(struct cox_model *m, const struct inference *in, const struct sample *s,
                            struct scratch *w)
{
    if (s->n_clusters < 2) return result_undefined(UNDEFINED_TOO_FEW_CLUSTERS, 0, 0);
    double *beta = scratch_doubles(w, m->z.p);
    memset(beta, 0, (size_t)m->z.p * sizeof *beta);
    const struct likelihood f = cox_model_likelihood(m);
    const struct maximum maximum = likelihood_maximise_from(&f, beta, w);
    if (maximum.why != UNDEFINED_NO) return result_undefined(maximum.why, 0, 0);
    const double se = robust_se(m, s, beta, w);
    if (!(se > 1e-8 * maximum.se)) return result_undefined(UNDEFINED_TOO_FEW, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_LOG, maximum.coefficient, se);
    return r;
}

static void cox_robust_run(const void *params, const struct inference *in, const struct sample *s,
                           struct scratch *w, struct result *out)
{
    const struct cox_robust *c = params;
    *out = cox_model_ask((enum ties)c->ties, in, s, w, robust);
}

static const struct output cox_robust_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_cox_robust = {
    .name = "cox",
    .brief = "hazard ratio by proportional hazards regression, robust standard error",
    .formula = "estimate as cox; variance the sum over clusters of squared sums of dfbeta",
    .reference = "Lin & Wei 1989, J Am Stat Assoc 84:1074",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST | USES_STRATA | USES_TERM | USES_CLUSTER,
    .params = cox_robust_params,
    .params_size = sizeof(struct cox_robust),
    .n_outputs = 1,
    .outputs = cox_robust_outputs,
    .example = "{method: cox, endpoint: death, adjust: [age], cluster: site}",
    .run = cox_robust_run,
};
