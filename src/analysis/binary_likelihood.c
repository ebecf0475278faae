/* binary_likelihood.c - see binary_likelihood.h.  SPDX-License-Identifier: MIT */
#include "analysis/binary_likelihood.h"

#include "analysis/bernoulli.h"
#include "analysis/newton.h"
#include "stat/cholesky.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

#define ROUNDING 1e-14 /* information that is only rounding error, as a share of its terms */

struct binary_model binary_model_make(enum binary_link link, struct columns *z, const double *y,
                                      double origin, struct scratch *w)
{
    const int n = z->n, stride = z->blocks * LANES;
    struct binary_model m = {.link = link,
                             .z = z,
                             .y = y,
                             .origin = origin,
                             .beta = scratch_doubles(w, stride),
                             .eta = scratch_doubles(w, n),
                             .mu = scratch_doubles(w, n),
                             .residual = scratch_doubles(w, n),
                             .weight = scratch_doubles(w, n),
                             .factor = scratch_doubles(w, stride * stride),
                             .room = {scratch_doubles(w, n), scratch_doubles(w, n)}};
    memset(m.beta, 0, (size_t)stride * sizeof *m.beta);
    return m;
}

static double logit(const struct binary_model *m)
{
    const int n = m->z->n;
    double *loglik = m->room[0], *whole = m->room[1];
    const struct bernoulli to = {loglik, whole, m->weight, m->residual};
    bernoulli_evaluate(&to, m->eta, m->y, n);
    vector_log(whole, whole, n);
    return lanes_sum(loglik, n) - lanes_sum(whole, n);
}

/* y eta - mu, mu = exp(eta) */
static double poisson(const struct binary_model *m)
{
    const int n = m->z->n;
    vector_exp(m->mu, m->eta, n);
    for (int i = 0; i < n; i++) {
        m->residual[i] = m->y[i] - m->mu[i];
        m->weight[i] = m->mu[i];
    }
    return lanes_dot(m->y, m->eta, n) - lanes_sum(m->mu, n);
}

/* y eta + (1 - y) log(1 - mu), mu = exp(eta) < 1: concave. Outside, minus infinity. */
static double log_binomial(const struct binary_model *m)
{
    const int n = m->z->n;
    double *rest = m->room[0];
    vector_exp(m->mu, m->eta, n);
    for (int i = 0; i < n; i++) {
        if (!(m->eta[i] < 0 && m->mu[i] < 1)) return -INFINITY;
        const double y = m->y[i], odds = m->mu[i] / (1 - m->mu[i]);
        m->residual[i] = y - (1 - y) * odds;
        m->weight[i] = (1 - y) * odds * (1 + odds);
        rest[i] = y > 0 ? 1 : 1 - m->mu[i];
    }
    vector_log(rest, rest, n);
    return lanes_dot(m->y, m->eta, n) + lanes_sum(rest, n);
}

/* Everything but the derivatives by the coefficients; minus infinity where that is not defined. */
static double fit(const struct binary_model *m, const double *beta)
{
    const int n = m->z->n;
    columns_predict(m->z, beta, m->eta);
    for (int i = 0; i < n; i++) m->eta[i] += m->origin;
    switch (m->link) {
    case LINK_LOGIT: return logit(m);
    case LINK_POISSON: return poisson(m);
    default: return log_binomial(m);
    }
}

static double evaluate(void *model, const double *beta, struct derivatives *d)
{
    const struct binary_model *m = model;
    const struct columns *z = m->z;
    const int n = z->n, stride = z->blocks * LANES;
    const double loglik = fit(m, beta);
    if (!(loglik > -INFINITY)) return loglik;
    memset(d->gradient, 0, (size_t)stride * sizeof(double));
    memset(d->information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    rows_add((lanes *)d->gradient, z->row, n, z->blocks, m->residual);
    rows_add_products(d->information, NULL, z->row, n, z->blocks, m->weight);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    return loglik;
}

bool binary_factor(struct binary_model *m, const double *weight, struct scratch *w)
{
    const struct columns *z = m->z;
    const int stride = z->blocks * LANES;
    memset(m->factor, 0, (size_t)stride * (size_t)stride * sizeof *m->factor);
    rows_add_products(m->factor, NULL, z->row, z->n, z->blocks, weight);
    const struct scratch_mark mark = scratch_save(w);
    double *scale = scratch_doubles(w, stride);
    for (int j = 0; j < z->p; j++) scale[j] = m->factor[j * stride + j];
    const double share = cholesky_factor(m->factor, z->p, stride, scale);
    scratch_restore(w, mark);
    return share > ROUNDING;
}

/* The fitted values follow Newton's last step. */
enum undefined binary_maximise(struct binary_model *m, struct scratch *w)
{
    const struct likelihood f = {.z = m->z, .evaluate = evaluate, .model = m};
    const struct maximum found = likelihood_maximise_from(&f, m->beta, w);
    if (found.why != UNDEFINED_NO) return found.why;
    if (!(fit(m, m->beta) > -INFINITY)) return UNDEFINED_NOT_CONVERGED;
    return binary_factor(m, m->weight, w) ? UNDEFINED_NO : UNDEFINED_SEPARATION;
}

double binary_coefficient(const struct binary_model *m)
{
    return m->beta[m->z->p - 1] / m->z->unit;
}
