/* proportional_odds.c - ordinal regression on the distinct values of an outcome.
 * SPDX-License-Identifier: MIT
 *
 * With levels 0 … k of the outcome, logit P(Y >= j) = alpha_j + b'x, alpha decreasing, j = 1 … k. A
 * patient at level j has, with u = alpha_j + b'x and v = alpha_{j+1} + b'x (absent at the ends),
 *     P(Y = j) = F(u) - F(v) = F(u) F(-v) (1 - exp(v - u)),    F(u) = 1 / (1 + exp(-u)),
 * and v - u is free of b: the log-likelihood is that of logistic regressions, one a threshold, and
 * n_j log(1 - exp(alpha_{j+1} - alpha_j)) for every inner level. So the information of alpha is
 * tridiagonal, and thousands of levels cost no more than thousands of patients.
 *
 * Newton's method for b runs on the likelihood maximised over alpha (concave: Pratt 1981, J Am Stat
 * Assoc 76:103), whose information is B - C'M^-1 C from the blocks of the joint one. */
#include "analysis/newton.h"
#include "base/dispatch.h"
#include "stat/order.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

struct proportional_odds {
    int test;
};

static const struct param proportional_odds_params[] = {
    {PARAM_AT(struct proportional_odds, test), .type = PARAM_CHOICE,
     .choices = "wald|score|likelihood_ratio", .help = "statistic and p-value; limits are Wald's"},
    {0},
};

/* The outcome as levels: rows by ascending value. */
struct levels {
    int k;        /* thresholds: one less than levels */
    int *patient; /* [n] */
    int *start;   /* [k + 2] first row of each level, then n */
};

static struct levels levels_build(const struct sample *s, struct scratch *w)
{
    struct levels l = {.patient = scratch_ints(w, s->n), .start = scratch_ints(w, s->n + 1)};
    order_ascending(l.patient, s->value, s->n, w);
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        if (i == 0 || s->value[l.patient[i]] > s->value[l.patient[i - 1]]) l.start[n++] = i;
    }
    l.start[n] = s->n;
    l.k = n - 1;
    return l;
}

/* Each row has two terms log F(x): x = u behind the row's own number, x = -v behind `room` and it.
 * A term that is absent has an x at which it is 0. */
struct model {
    const struct columns *z;
    const struct levels *levels;
    int room;                       /* from a row's upper term to its lower one */
    double *eta, *v;                /* [n] v: a row's weight, then its residual */
    double *x, *u, *weight, *slope; /* [2 room] */
    double *alpha, *trial;          /* [k] */
    double *gradient, *step;        /* [k] */
    double *own, *link, *pivot;     /* [k] of the information of alpha; link[j]: of j and j + 1 */
    double *cross;                  /* [k][stride] C, then L^-1 C where M = L diag(pivot) L' */
    double *slant, *last_beta;      /* [k][stride] M^-1 C, and the beta at which alpha was found */
};

#define ABSENT 800

static void model_init(struct model *m, const struct columns *z, const struct levels *l,
                       struct scratch *w)
{
    const int n = z->n, k = l->k, stride = z->blocks * LANES, room = (n + 7) / 8 * 8;
    *m = (struct model){.z = z, .levels = l, .room = room};
    double **per_row[] = {&m->eta, &m->v};
    for (int i = 0; i < 2; i++) *per_row[i] = scratch_doubles(w, n);
    double **per_term[] = {&m->x, &m->u, &m->weight, &m->slope};
    for (int i = 0; i < 4; i++) *per_term[i] = scratch_doubles(w, 2 * room);
    double **per_threshold[] = {&m->alpha, &m->trial, &m->gradient, &m->step,
                                &m->own,   &m->link,  &m->pivot};
    for (int i = 0; i < 7; i++) *per_threshold[i] = scratch_doubles(w, k);
    m->cross = scratch_take(w, (size_t)k * (size_t)stride, sizeof *m->cross);
    m->slant = scratch_take(w, (size_t)k * (size_t)stride, sizeof *m->slant);
    memset(m->slant, 0, (size_t)k * (size_t)stride * sizeof *m->slant);
    m->last_beta = scratch_doubles(w, stride);
    memset(m->last_beta, 0, (size_t)stride * sizeof *m->last_beta);
    for (int j = 0; j < k; j++) {
        const double below = l->start[j + 1];
        m->alpha[j] = log((n - below) / below);
    }
}

/* Of terms log F(x): weight F(x) F(-x), slope F(-x); then x and 1 + u, u = exp(-|x|) before, give
 * log F(x) = min(x, 0) - log(1 + u). */
MULTIVERSION static void logistic_terms(double *restrict x, double *restrict u,
                                        double *restrict weight, double *restrict slope, int n)
{
    for (int i = 0; i < n; i++) {
        const double whole = 1 + u[i], large = 1 / whole, small = u[i] * large;
        weight[i] = small * large;
        slope[i] = x[i] > 0 ? small : large;
        x[i] = x[i] < 0 ? x[i] : 0;
        u[i] = whole;
    }
}

/* Sets weight and slope of every term and returns the log-likelihood: -INFINITY where alpha does
 * not decrease. */
static double evaluate_terms(struct model *m, const double *alpha)
{
    const int *start = m->levels->start, k = m->levels->k, n_terms = 2 * m->room;
    double inner = 0, *upper = m->x, *lower = m->x + m->room;
    for (int j = 1; j < k; j++) {
        const double gap = alpha[j] - alpha[j - 1];
        if (!(gap < 0)) return -INFINITY;
        inner += (start[j + 1] - start[j]) * log(-expm1(gap));
    }
    for (int i = 0; i < n_terms; i++) m->x[i] = ABSENT;
    for (int j = 0; j < k; j++) {
        for (int i = start[j]; i < start[j + 1]; i++) lower[i] = -m->eta[i] - alpha[j];
        for (int i = start[j + 1]; i < start[j + 2]; i++) upper[i] = m->eta[i] + alpha[j];
    }
    for (int i = 0; i < n_terms; i++) m->u[i] = -fabs(m->x[i]);
    vector_exp(m->u, m->u, n_terms);
    logistic_terms(m->x, m->u, m->weight, m->slope, n_terms);
    vector_log(m->u, m->u, n_terms);
    return inner + lanes_sum(m->x, n_terms) - lanes_sum(m->u, n_terms);
}

/* Gradient of alpha, and its information M_jj = own_j + link_j + link_{j-1}, M_j,j+1 = -link_j. */
static void alpha_derivatives(struct model *m)
{
    const int *start = m->levels->start, k = m->levels->k, room = m->room;
    for (int j = 0; j < k; j++) {
        const int first = start[j], middle = start[j + 1], n = start[j + 2] - middle;
        m->gradient[j] =
            lanes_sum(m->slope + middle, n) - lanes_sum(m->slope + room + first, middle - first);
        m->own[j] =
            lanes_sum(m->weight + middle, n) + lanes_sum(m->weight + room + first, middle - first);
        m->link[j] = 0;
    }
    for (int j = 0; j + 1 < k; j++) {
        const double odds = 1 / expm1(m->alpha[j] - m->alpha[j + 1]);
        const double n = start[j + 2] - start[j + 1];
        m->gradient[j] += n * odds;
        m->gradient[j + 1] -= n * odds;
        m->link[j] = n * odds * (1 + odds);
    }
}

/* step = M^-1 gradient; returns gradient' M^-1 gradient. Pivots come without a subtraction:
 * pivot_j = rest_j + link_j, rest_{j+1} = own_{j+1} + link_j rest_j / pivot_j. */
static double alpha_step(struct model *m)
{
    const int k = m->levels->k;
    double rest = m->own[0], decrement = 0;
    m->pivot[0] = rest + m->link[0];
    m->step[0] = m->gradient[0];
    for (int j = 1; j < k; j++) {
        const double share = m->link[j - 1] / m->pivot[j - 1];
        rest = m->own[j] + share * rest;
        m->pivot[j] = rest + m->link[j];
        m->step[j] = m->gradient[j] + share * m->step[j - 1];
    }
    for (int j = 0; j < k; j++) decrement += m->step[j] * m->step[j] / m->pivot[j];
    m->step[k - 1] /= m->pivot[k - 1];
    for (int j = k - 2; j >= 0; j--) {
        m->step[j] = (m->step[j] + m->link[j] * m->step[j + 1]) / m->pivot[j];
    }
    return decrement;
}

/* Evaluates at alpha + step, halving the step while the log-likelihood falls; what is found becomes
 * alpha, or alpha stays and the old log-likelihood is returned. */
static double alpha_advance(struct model *m, double loglik)
{
    const int k = m->levels->k;
    for (double share = 1; share > 1e-9; share /= 2) {
        for (int j = 0; j < k; j++) m->trial[j] = m->alpha[j] + share * m->step[j];
        const double found = evaluate_terms(m, m->trial);
        if (found >= loglik - 1e-12 * fabs(loglik)) {
            memcpy(m->alpha, m->trial, (size_t)k * sizeof *m->alpha);
            return found;
        }
    }
    return evaluate_terms(m, m->alpha);
}

enum { ALPHA_ITERATIONS_MAX = 100 };

/* The decrement that ends the iteration: thresholds within 3e-8 standard errors of the maximum. */
#define ALPHA_NEAR 1e-15

/* Maximises over alpha from `trial`, eta given, and returns the log-likelihood at the maximum.
 * Terms and information are left where `step` still leads there. */
static double maximise_alpha(struct model *m)
{
    double loglik = evaluate_terms(m, m->trial);
    if (isfinite(loglik))
        memcpy(m->alpha, m->trial, (size_t)m->levels->k * sizeof *m->alpha);
    else
        loglik = evaluate_terms(m, m->alpha);
    for (int i = 0;; i++) {
        alpha_derivatives(m);
        const double decrement = alpha_step(m);
        if (!(decrement > ALPHA_NEAR) || i == ALPHA_ITERATIONS_MAX) return loglik + decrement / 2;
        loglik = alpha_advance(m, loglik);
    }
}

/* Where alpha goes with beta, to first order, from where both were last. */
static void predict_alpha(struct model *m, const double *beta)
{
    const int k = m->levels->k, p = m->z->p, stride = m->z->blocks * LANES;
    for (int j = 0; j < k; j++) {
        const double *slant = m->slant + (ptrdiff_t)j * stride;
        double change = 0;
        for (int q = 0; q < p; q++) change += slant[q] * (beta[q] - m->last_beta[q]);
        m->trial[j] = m->alpha[j] - change;
    }
    memcpy(m->last_beta, beta, (size_t)p * sizeof *beta);
}

/* C: the information that thresholds and columns share. */
static void cross_information(struct model *m)
{
    const int *start = m->levels->start, k = m->levels->k, blocks = m->z->blocks;
    const lanes *row = m->z->row;
    memset(m->cross, 0, (size_t)k * (size_t)blocks * sizeof(lanes));
    for (int j = 0; j < k; j++) {
        const int first = start[j], middle = start[j + 1];
        lanes *to = (lanes *)m->cross + (ptrdiff_t)j * blocks;
        rows_add(to, row + (ptrdiff_t)first * blocks, middle - first, blocks,
                 m->weight + m->room + first);
        rows_add(to, row + (ptrdiff_t)middle * blocks, start[j + 2] - middle, blocks,
                 m->weight + middle);
    }
}

/* cross := L^-1 C, slant := M^-1 C, information -= C' M^-1 C. */
static void eliminate_alpha(struct model *m, double *information)
{
    const int k = m->levels->k, stride = m->z->blocks * LANES;
    for (int j = 0; j < k; j++) {
        double *c = m->cross + (ptrdiff_t)j * stride;
        const double share = j > 0 ? m->link[j - 1] / m->pivot[j - 1] : 0;
        for (int q = 0; q < stride && j > 0; q++) c[q] += share * c[q - stride];
        for (int q = 0; q < stride; q++) {
            const double part = c[q] / m->pivot[j];
            for (int r = 0; r <= q; r++) information[q * stride + r] -= part * c[r];
        }
    }
    for (int j = k - 1; j >= 0; j--) {
        const double *c = m->cross + (ptrdiff_t)j * stride;
        double *x = m->slant + (ptrdiff_t)j * stride;
        for (int q = 0; q < stride; q++) {
            const double next = j + 1 < k ? m->link[j] * x[q + stride] : 0;
            x[q] = (c[q] + next) / m->pivot[j];
        }
    }
}

static double proportional_odds_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct model *m = model;
    const struct columns *z = m->z;
    const int n = z->n, k = m->levels->k, stride = z->blocks * LANES;
    columns_predict(z, beta, m->eta);
    predict_alpha(m, beta);
    const double loglik = maximise_alpha(m);
    memset(d->gradient, 0, (size_t)stride * sizeof(double));
    memset(d->information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    for (int i = 0; i < n; i++) m->v[i] = m->weight[i] + m->weight[m->room + i];
    rows_add_products(d->information, NULL, z->row, n, z->blocks, m->v);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    for (int i = 0; i < n; i++) m->v[i] = m->slope[i] - m->slope[m->room + i];
    rows_add((lanes *)d->gradient, z->row, n, z->blocks, m->v);
    cross_information(m);
    for (int j = 0; j < k; j++) { /* from here to the maximum over alpha */
        const double *c = m->cross + (ptrdiff_t)j * stride;
        for (int q = 0; q < stride; q++) d->gradient[q] -= c[q] * m->step[j];
    }
    eliminate_alpha(m, d->information);
    return loglik;
}

/* Without covariates: does one arm's highest value not exceed the other's lowest? Then the odds
 * ratio is 0 or infinite. */
static bool arms_apart(const struct sample *s)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < s->n; i++) {
        low[s->arm[i]] = fmin(low[s->arm[i]], s->value[i]);
        high[s->arm[i]] = fmax(high[s->arm[i]], s->value[i]);
    }
    return high[0] <= low[1] || high[1] <= low[0];
}

static struct result regression(const struct sample *s, const struct levels *l,
                                enum coefficient_test test, const struct inference *in,
                                struct scratch *w)
{
    const struct rows rows = {s->n, l->patient, 1, (const int[]){0, s->n}};
    struct columns z;
    if (!columns_build(&z, s, &rows, false, w)) return result_undefined(UNDEFINED_SINGULAR, 0, 0);
    struct model m;
    model_init(&m, &z, l, w);
    const struct likelihood f = {.z = &z, .evaluate = proportional_odds_evaluate, .model = &m};
    return likelihood_result(&f, test, in, w);
}

static void proportional_odds_run(const void *params, const struct inference *in,
                                  const struct sample *s, struct scratch *w, struct result *out)
{
    const struct proportional_odds *p = params;
    const struct scratch_mark mark = scratch_save(w);
    const struct levels l = levels_build(s, w);
    if (s->n == 0)
        *out = result_undefined(UNDEFINED_NO_PATIENTS, 0, 0);
    else if (s->arm != NULL && (s->n_arm[0] == 0 || s->n_arm[1] == 0))
        *out = result_undefined(UNDEFINED_EMPTY_ARM, 0, 0);
    else if (l.k == 0)
        *out = result_undefined(UNDEFINED_NO_VARIATION, 0, 0);
    else if (s->n_x == 0 && arms_apart(s))
        *out = result_undefined(UNDEFINED_SEPARATION, 0, 0);
    else
        *out = regression(s, &l, (enum coefficient_test)p->test, in, w);
    out->n = s->n;
    scratch_restore(w, mark);
}

static const struct output proportional_odds_outputs[] = {
    {.suffix = NULL, .brief = "odds ratio of higher values", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_proportional_odds = {
    .name = "proportional_odds",
    .brief = "odds ratio of higher values by the proportional odds model",
    .formula =
        "logit P(Y >= level) = alpha_level + b'x for every distinct value but the lowest; maximum\n"
        "likelihood, exp(b) above 1 means higher values; se from the observed information",
    .reference = "McCullagh 1980, J R Stat Soc B 42:109; Harrell 2015, Regression Modeling "
                 "Strategies, chapters 13 and 15",
    .outcome = OUTCOME_VALUE,
    .uses = USES_ADJUST | USES_TERM,
    .params = proportional_odds_params,
    .params_size = sizeof(struct proportional_odds),
    .n_outputs = 1,
    .outputs = proportional_odds_outputs,
    .example = "{method: proportional_odds, endpoint: days, adjust: [age]}",
    .se_power = -0.5,
    .run = proportional_odds_run,
};
