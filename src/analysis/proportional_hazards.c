/* proportional_hazards.c - does a hazard ratio change over time?  SPDX-License-Identifier: MIT */
#include "analysis/cox_model.h"
#include "stat/cholesky.h"
#include "stat/order.h"

#include <math.h>
#include <string.h>

struct proportional_hazards {
    int ties;
};

static const struct param proportional_hazards_params[] = {
    {PARAM_AT(struct proportional_hazards, ties), .type = PARAM_CHOICE, .choices = "efron|breslow",
     .help = "approximation of the likelihood at tied death times"},
    {0},
};

/* The clock of the test: g(t) = 1 - S(t-), the Kaplan-Meier estimate of all patients together. */
static void kaplan_meier_clock(const struct sample *s, double *g, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    int *by_time = scratch_ints(w, s->n);
    order_ascending(by_time, s->time, s->n, w);
    double survival = 1;
    for (int i = 0, j; i < s->n; i = j) {
        int deaths = 0;
        for (j = i; j < s->n && !(s->time[by_time[j]] > s->time[by_time[i]]); j++) {
            deaths += s->event[by_time[j]] > 0;
            g[by_time[j]] = 1 - survival;
        }
        survival *= 1 - (double)deaths / (s->n - i);
    }
    scratch_restore(w, mark);
}

/* g of each term, less its mean over the deaths. */
static void clock_of_terms(const struct cox_model *m, const struct sample *s, double *g,
                           struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *clock = scratch_doubles(w, s->n);
    kaplan_meier_clock(s, clock, w);
    const struct partial_likelihood *l = &m->partial;
    for (int t = 0; t < l->n_terms; t++) g[t] = clock[m->sets.patient[l->last[t]]];
    const double mean = lanes_dot(g, l->multiplicity, l->n_terms) / m->events;
    for (int t = 0; t < l->n_terms; t++) g[t] -= mean;
    scratch_restore(w, mark);
}

/* The question's column as it was before columns were made orthogonal, and its means over the risk
 * sets of the terms. */
struct question {
    double *x, *mean, unit;
};

static struct question question_of(const struct cox_model *m, struct scratch *w)
{
    const struct columns *z = &m->z;
    struct question q = {scratch_doubles(w, z->n), scratch_doubles(w, m->partial.n_terms), z->unit};
    memcpy(q.x, z->column + (ptrdiff_t)(z->p - 1) * z->room, (size_t)z->n * sizeof *q.x);
    return q;
}

/* covariance[columns] := sum over terms of g V, V the covariance over the risk set of the columns
 * and the question; returns the same of the question with itself. */
static double weighted_information(struct partial_likelihood *l, const struct question *q,
                                   const double *g, double *covariance, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = l->z->n, stride = l->z->blocks * LANES;
    double *v = scratch_doubles(w, n), *weight = scratch_doubles(w, l->n_terms);
    for (int t = 0; t < l->n_terms; t++) weight[t] = g[t] * l->increment[t];
    partial_likelihood_expected(l, weight, v);
    double own = 0;
    for (int i = 0; i < n; i++) v[i] *= q->x[i];
    for (int t = 0; t < l->n_terms; t++) {
        weight[t] = -g[t] * l->increment[t] * q->mean[t];
        own -= g[t] * l->multiplicity[t] * q->mean[t] * q->mean[t];
    }
    own += lanes_dot(v, q->x, n);
    memset(covariance, 0, (size_t)stride * sizeof *covariance);
    rows_add((lanes *)covariance, l->z->row, n, l->z->blocks, v);
    rows_add((lanes *)covariance, l->reduced, l->n_terms, l->z->blocks, weight);
    scratch_restore(w, mark);
    return own;
}

/* sum over deaths of g times the question less its mean over the risk set */
static double weighted_score(const struct partial_likelihood *l, const struct question *q,
                             const double *g)
{
    double u = 0;
    for (int k = 0, t = 0; k < l->sets->n_times; k++) {
        const struct death_time *time = &l->sets->time[k];
        for (int i = time->end - time->deaths; i < time->end; i++) u += g[t] * q->x[i];
        for (; t < l->n_terms && l->last[t] < time->end; t++)
            u -= g[t] * l->multiplicity[t] * q->mean[t];
    }
    return u;
}

/* The score test of adding the column times g(t) to the model, at the fitted coefficients:
 *     U = sum g (x - mean),   V = I_gg - I_gb I^-1 I_bg
 * with I_gg and I_gb the information weighted by g^2 and by g. U/V is the slope after one Newton
 * step. Therneau & Grambsch 2000, 6.2; R's cox.zph from survival 3.0 on. */
static struct result slope_test(struct cox_model *m, const struct inference *in,
                                const struct sample *s, struct scratch *w)
{
    const int p = m->z.p, stride = m->z.blocks * LANES;
    const struct question q = question_of(m, w);
    double *beta = scratch_doubles(w, p);
    memset(beta, 0, (size_t)p * sizeof *beta);
    const struct likelihood f = cox_model_likelihood(m);
    const enum undefined why = likelihood_maximise_from(&f, beta, w).why;
    if (why != UNDEFINED_NO) return result_undefined(why, 0, 0);
    struct derivatives d = {scratch_doubles(w, stride), scratch_doubles(w, stride * stride),
                            scratch_doubles(w, stride)};
    partial_likelihood_evaluate(&m->partial, beta, &d);
    partial_likelihood_mean(&m->partial, q.x, q.mean);
    cholesky_factor(d.information, p, stride, d.scale);
    const int n_terms = m->partial.n_terms;
    double *g = scratch_doubles(w, n_terms), *covariance = scratch_doubles(w, stride);
    clock_of_terms(m, s, g, w);
    (void)weighted_information(&m->partial, &q, g, covariance, w);
    cholesky_forward(d.information, p, stride, covariance);
    const double explained = lanes_dot(covariance, covariance, p);
    const double u = weighted_score(&m->partial, &q, g);
    for (int t = 0; t < n_terms; t++) g[t] *= g[t];
    const double total = weighted_information(&m->partial, &q, g, covariance, w);
    const double variance = total - explained;
    if (!(variance > 1e-12 * total)) return result_undefined(UNDEFINED_TOO_FEW, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_IDENTITY, u / variance / q.unit, 1 / (sqrt(variance) * q.unit));
    r.statistic *= r.statistic;
    return r;
}

static void proportional_hazards_run(const void *params, const struct inference *in,
                                     const struct sample *s, struct scratch *w, struct result *out)
{
    const struct proportional_hazards *c = params;
    *out = cox_model_ask((enum ties)c->ties, in, s, w, slope_test);
}

static const struct output proportional_hazards_outputs[] = {
    {.suffix = NULL, .brief = "slope of the log hazard ratio", .scale = SCALE_IDENTITY, .null = 0},
};

const struct analysis analysis_proportional_hazards = {
    .name = "proportional_hazards",
    .brief = "does a hazard ratio change over time? score test on Schoenfeld residuals",
    .formula = "slope of the log hazard ratio on 1 - S(t-), S the Kaplan-Meier estimate of all\n"
               "patients, after one Newton step from 0; statistic chi-squared = (slope/se)^2",
    .reference = "Grambsch & Therneau 1994, Biometrika 81:515; R cox.zph (survival 3.0 and later)",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST | USES_STRATA | USES_TERM,
    .params = proportional_hazards_params,
    .params_size = sizeof(struct proportional_hazards),
    .n_outputs = 1,
    .outputs = proportional_hazards_outputs,
    .example = "{method: proportional_hazards, endpoint: death, adjust: [age]}",
    .run = proportional_hazards_run,
};
