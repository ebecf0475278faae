/* firth.c - see firth.h.  SPDX-License-Identifier: MIT
 *
 * Log-likelihood l(beta) + log|I(beta)|/2, whose maximum is finite also where that of l is not
 * (Firth 1993, Biometrika 80:27; Heinze & Schemper 2001, Biometrics 57:114, equation 2).
 *
 * The information is the sum over terms of m V, V the variance of x over a risk set with weights
 * w (see partial_likelihood.c), so that the penalty adds to the gradient half the sum of
 *     m tr(I^-1 dV/dbeta) = m E[q (x - mean)],   q = (x - mean)' I^-1 (x - mean).
 * With I = L L', y = L^-1 x, h = y'y and mu the mean of y this is L times
 *     m (E[h y] - E[h] mu - 2 (E[y y'] mu - mu mu'mu)),
 * which running sums of w, wh, wy, why and wyy' give in rows and terms times p^2. */
#include "analysis/firth.h"

#include "stat/cholesky.h"

#include <math.h>
#include <string.h>

void firth_init(struct firth *f, struct partial_likelihood *partial, struct scratch *w)
{
    const int p = partial->z->p, moments = 2 + 2 * p + p * p;
    *f = (struct firth){.partial = partial,
                        .factor = scratch_doubles(w, p * p),
                        .y = scratch_take(w, (size_t)partial->z->n * (size_t)p, sizeof(double)),
                        .at_risk = scratch_doubles(w, moments),
                        .deaths = scratch_doubles(w, moments),
                        .sums = scratch_doubles(w, moments),
                        .gradient = scratch_doubles(w, p)};
}

/* Moments lie as w, wh, wy[p], why[p], wyy'[p][p]. */
static void add_row(double *to, double weight, const double *y, int p)
{
    double h = 0;
    for (int j = 0; j < p; j++) h += y[j] * y[j];
    double *wy = to + 2, *why = wy + p, *wyy = why + p;
    to[0] += weight;
    to[1] += weight * h;
    for (int j = 0; j < p; j++) {
        const double t = weight * y[j];
        wy[j] += t;
        why[j] += h * t;
        for (int k = 0; k < p; k++) wyy[j * p + k] += t * y[k];
    }
}

/* Adds to the gradient in units of y what a term with these sums contributes. */
static void add_term(double *gradient, const double *sums, double multiplicity, int p)
{
    const double *wy = sums + 2, *why = wy + p, *wyy = why + p;
    const double mean_h = sums[1] / sums[0];
    double mu_mu = 0;
    for (int j = 0; j < p; j++) mu_mu += wy[j] * wy[j];
    mu_mu /= sums[0] * sums[0];
    for (int j = 0; j < p; j++) {
        double yy_mu = 0;
        for (int k = 0; k < p; k++) yy_mu += wyy[j * p + k] * wy[k];
        const double mu = wy[j] / sums[0];
        gradient[j] += multiplicity * (why[j] / sums[0] - mean_h * mu -
                                       2 * (yy_mu / (sums[0] * sums[0]) - mu * mu_mu));
    }
}

static void standardise_rows(struct firth *f)
{
    const struct columns *z = f->partial->z;
    const double *x = (const double *)z->row;
    for (int i = 0; i < z->n; i++) {
        double *y = f->y + (ptrdiff_t)i * z->p;
        memcpy(y, x + (ptrdiff_t)i * z->blocks * LANES, (size_t)z->p * sizeof *y);
        cholesky_forward(f->factor, z->p, z->p, y);
    }
}

/* Rows enter in order; at each time the censored before the deaths. */
static void penalty_gradient(struct firth *f)
{
    const struct partial_likelihood *l = f->partial;
    const int p = l->z->p, moments = 2 + 2 * p + p * p;
    int row = 0, term = 0;
    memset(f->gradient, 0, (size_t)p * sizeof *f->gradient);
    for (int k = 0; k < l->sets->n_times; k++) {
        const struct death_time *time = &l->sets->time[k];
        if (row == time->first) memset(f->at_risk, 0, (size_t)moments * sizeof(double));
        memset(f->deaths, 0, (size_t)moments * sizeof(double));
        for (; row < time->end; row++) {
            const double *y = f->y + (ptrdiff_t)row * p;
            add_row(f->at_risk, l->weight[row], y, p);
            if (l->death[row] > 0) add_row(f->deaths, l->weight[row], y, p);
        }
        for (; term < l->n_terms && l->last[term] < row; term++) {
            for (int j = 0; j < moments; j++) {
                f->sums[j] = f->at_risk[j] - l->fraction[term] * f->deaths[j];
            }
            add_term(f->gradient, f->sums, l->multiplicity[term], p);
        }
    }
}

double firth_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct firth *f = model;
    const int p = f->partial->z->p, stride = f->partial->z->blocks * LANES;
    const double loglik = partial_likelihood_evaluate(f->partial, beta, d);
    for (int j = 0; j < p; j++) {
        memcpy(f->factor + j * p, d->information + j * stride, (size_t)p * sizeof(double));
    }
    if (!(cholesky_factor(f->factor, p, p, d->scale) > 0)) return -INFINITY;
    double half_log_det = 0;
    for (int j = 0; j < p; j++) half_log_det += log(f->factor[j * p + j]);
    standardise_rows(f);
    penalty_gradient(f);
    for (int j = 0; j < p; j++) {
        double back = 0;
        for (int k = 0; k <= j; k++) back += f->factor[j * p + k] * f->gradient[k];
        d->gradient[j] += back / 2;
    }
    return loglik + half_log_det;
}
