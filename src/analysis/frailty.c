/* frailty.c - see frailty.h.  SPDX-License-Identifier: MIT
 *
 * Penalised partial likelihood l(beta, b) - sum b^2 / (2 variance), and for the variance REML:
 *     variance = (sum b^2 + tr (H^-1)_bb) / q,  H the penalised information
 * (McGilchrist 1993, Biometrics 49:221; Ripatti & Palmgren 2000, Biometrics 56:1016).
 *
 * Steps are Newton's, solved by conjugate gradients (Golub & Van Loan, 4th ed., 11.5): the product
 * of the information H with a vector takes one pass over rows and terms, however many levels there
 * are. Their preconditioner is H without the information between two levels, which is small against
 * the diagonal. Among more than five levels that also serves for the trace and for standard errors,
 * as in R's coxph; up to five it is H. */
#include "analysis/frailty.h"

#include "stat/cholesky.h"

#include <math.h>
#include <string.h>

enum { DENSE_LEVELS_MAX = 5, ITERATIONS_MAX = 100, PRODUCTS_MAX = 200 };

#define CONVERGED    1e-17 /* squared step in standard errors */
#define LOGLIK_SLACK 1e-11 /* relative fall of the log-likelihood that is rounding error */

void frailty_init(struct frailty *f, struct cox_model *m, const struct sample *s,
                  const double *beta, struct scratch *w)
{
    const int n = m->z.n, p = m->z.p, stride = m->z.blocks * LANES, q = s->n_clusters;
    const int block = q <= DENSE_LEVELS_MAX ? q : 1;
    int *level = scratch_ints(w, n);
    for (int i = 0; i < n; i++) level[i] = s->cluster[m->sets.patient[i]];
    double *offset = scratch_doubles(w, n);
    m->partial.offset = offset;
    *f = (struct frailty){
        .m = m,
        .p = p,
        .q = q,
        .block = block,
        .level = level,
        .offset = offset,
        .point = scratch_doubles(w, p + q),
        .trial = scratch_doubles(w, p + q),
        .gradient = scratch_doubles(w, p + q),
        .d = {.gradient = scratch_doubles(w, stride),
              .information = scratch_doubles(w, stride * stride),
              .scale = scratch_doubles(w, stride)},
        .levels = scratch_doubles(w, q * block),
        .cross = scratch_take(w, (size_t)p * (size_t)q, sizeof *f->cross),
        .step = scratch_doubles(w, p + q),
        .residual = scratch_doubles(w, p + q),
        .direction = scratch_doubles(w, p + q),
        .image = scratch_doubles(w, stride > p + q ? stride : p + q),
        .ready = scratch_doubles(w, p + q),
        .row = scratch_doubles(w, n),
        .x = scratch_doubles(w, n),
        .increment = scratch_doubles(w, m->partial.n_terms),
        .at_risk = scratch_doubles(w, q),
        .tied = scratch_doubles(w, q),
        .column = scratch_doubles(w, p > block ? p : block),
    };
    memcpy(f->point, beta, (size_t)p * sizeof *beta);
    memset(f->point + p, 0, (size_t)q * sizeof *f->point);
}

/* The penalised log-likelihood at the trial point, and its gradient. */
static double evaluate(struct frailty *f)
{
    struct partial_likelihood *l = &f->m->partial;
    const double *b = f->trial + f->p;
    double *gradient = f->gradient + f->p;
    for (int i = 0; i < l->z->n; i++) f->offset[i] = b[f->level[i]];
    const double loglik = partial_likelihood_evaluate(l, f->trial, &f->d);
    memcpy(f->gradient, f->d.gradient, (size_t)f->p * sizeof *f->gradient);
    for (int k = 0; k < f->q; k++) gradient[k] = -f->precision * b[k];
    for (int i = 0; i < l->z->n; i++) gradient[f->level[i]] += l->death[i] - l->v[i];
    return loglik - 0.5 * f->precision * lanes_dot(b, b, f->q);
}

/* Solves with the factor of the levels' information. */
static void solve_levels(const struct frailty *f, void (*solve)(const double *, int, int, double *),
                         double *x)
{
    for (int k = 0; k < f->q; k += f->block) {
        solve(f->levels + (ptrdiff_t)k * f->block, f->block, f->block, x + k);
    }
}

/* Factors the penalised information at the trial point: H_bb = R R', cross := R^-1 H_bx, and the
 * Schur complement H_xx - cross' cross = L L'. */
static bool factor(struct frailty *f)
{
    const int stride = f->m->z.blocks * LANES;
    const double ones[DENSE_LEVELS_MAX] = {1, 1, 1, 1, 1};
    frailty_information(f);
    double least = INFINITY;
    for (int k = 0; k < f->q; k += f->block) {
        least = fmin(
            least, cholesky_factor(f->levels + (ptrdiff_t)k * f->block, f->block, f->block, ones));
    }
    if (!(least > 0)) return false;
    for (int j = 0; j < f->p; j++) {
        double *cross = f->cross + (ptrdiff_t)j * f->q;
        solve_levels(f, cholesky_forward, cross);
        for (int k = 0; k <= j; k++) {
            f->d.information[j * stride + k] -=
                lanes_dot(cross, f->cross + (ptrdiff_t)k * f->q, f->q);
        }
    }
    return cholesky_factor(f->d.information, f->p, stride, f->d.scale) > 0;
}

/* x := M^-1 x with the factored preconditioner M */
static void precondition(const struct frailty *f, double *x)
{
    const int p = f->p, q = f->q, stride = f->m->z.blocks * LANES;
    double *b = x + p;
    solve_levels(f, cholesky_forward, b);
    for (int j = 0; j < p; j++) x[j] -= lanes_dot(f->cross + (ptrdiff_t)j * q, b, q);
    cholesky_forward(f->d.information, p, stride, x);
    cholesky_backward(f->d.information, p, stride, x);
    for (int j = 0; j < p; j++) {
        const double *cross = f->cross + (ptrdiff_t)j * q;
        for (int k = 0; k < q; k++) b[k] -= cross[k] * x[j];
    }
    solve_levels(f, cholesky_backward, b);
}

/* image := H u */
static void multiply(struct frailty *f, const double *u)
{
    struct partial_likelihood *l = &f->m->partial;
    const int n = l->z->n, p = f->p;
    columns_predict(l->z, u, f->x);
    for (int i = 0; i < n; i++) f->x[i] += u[p + f->level[i]];
    partial_likelihood_mean(l, f->x, f->increment);
    for (int t = 0; t < l->n_terms; t++) f->increment[t] *= l->increment[t];
    partial_likelihood_expected(l, f->increment, f->row);
    for (int i = 0; i < n; i++) f->row[i] = l->v[i] * f->x[i] - f->row[i];
    memset(f->image, 0, (size_t)l->z->blocks * sizeof(lanes));
    rows_add((lanes *)f->image, l->z->row, n, l->z->blocks, f->row);
    for (int k = 0; k < f->q; k++) f->image[p + k] = f->precision * u[p + k];
    for (int i = 0; i < n; i++) f->image[p + f->level[i]] += f->row[i];
}

/* Solves H step = gradient, the more closely the nearer the maximum is; returns the squared length
 * of the gradient in standard errors. */
static double newton_step(struct frailty *f)
{
    const int size = f->p + f->q;
    memset(f->step, 0, (size_t)size * sizeof *f->step);
    memcpy(f->residual, f->gradient, (size_t)size * sizeof *f->residual);
    memcpy(f->ready, f->gradient, (size_t)size * sizeof *f->ready);
    precondition(f, f->ready);
    memcpy(f->direction, f->ready, (size_t)size * sizeof *f->direction);
    const double first = lanes_dot(f->residual, f->ready, size);
    const double enough = first * fmin(1e-4, 1e-2 * first);
    double length = first;
    for (int i = 0; i < PRODUCTS_MAX && length > enough && first > CONVERGED; i++) {
        multiply(f, f->direction);
        const double share = length / lanes_dot(f->direction, f->image, size);
        for (int j = 0; j < size; j++) {
            f->step[j] += share * f->direction[j];
            f->residual[j] -= share * f->image[j];
        }
        memcpy(f->ready, f->residual, (size_t)size * sizeof *f->ready);
        precondition(f, f->ready);
        const double next = lanes_dot(f->residual, f->ready, size);
        for (int j = 0; j < size; j++) {
            f->direction[j] = f->ready[j] + next / length * f->direction[j];
        }
        length = next;
    }
    return first;
}

static double evaluate_point(struct frailty *f)
{
    memcpy(f->trial, f->point, (size_t)(f->p + f->q) * sizeof *f->trial);
    return evaluate(f);
}

/* Evaluates at the stated share of the step. */
static double try_step(struct frailty *f, double share)
{
    for (int j = 0; j < f->p + f->q; j++) f->trial[j] = f->point[j] + share * f->step[j];
    return evaluate(f);
}

enum undefined frailty_fit(struct frailty *f, double variance)
{
    f->precision = 1 / variance;
    double loglik = evaluate_point(f);
    for (int i = 0; i < ITERATIONS_MAX; i++) {
        memcpy(f->point, f->trial, (size_t)(f->p + f->q) * sizeof *f->point);
        if (!factor(f)) return UNDEFINED_NOT_CONVERGED;
        if (newton_step(f) <= CONVERGED) return UNDEFINED_NO;
        double share = 1, next = try_step(f, share);
        while (!(next >= loglik - LOGLIK_SLACK * (1 + fabs(loglik))) && share > 1e-10) {
            share /= 2;
            next = try_step(f, share);
        }
        loglik = next;
    }
    return UNDEFINED_NOT_CONVERGED;
}

/* tr (H^-1)_bb: with G = R'^-1 cross, (H^-1)_bb = (RR')^-1 + G (LL')^-1 G'. */
static double trace_of_levels(struct frailty *f)
{
    const int stride = f->m->z.blocks * LANES;
    double trace = 0;
    for (int k = 0; k < f->q; k++) {
        double *unit = f->column;
        memset(unit, 0, (size_t)f->block * sizeof *unit);
        unit[k % f->block] = 1;
        cholesky_forward(f->levels + (ptrdiff_t)(k - k % f->block) * f->block, f->block, f->block,
                         unit);
        trace += lanes_dot(unit, unit, f->block);
    }
    for (int j = 0; j < f->p; j++) {
        solve_levels(f, cholesky_backward, f->cross + (ptrdiff_t)j * f->q);
    }
    for (int k = 0; k < f->q; k++) {
        for (int j = 0; j < f->p; j++) f->column[j] = f->cross[(ptrdiff_t)j * f->q + k];
        cholesky_forward(f->d.information, f->p, stride, f->column);
        trace += lanes_dot(f->column, f->column, f->p);
    }
    return trace;
}

double frailty_excess(struct frailty *f)
{
    const double b_b = lanes_dot(f->point + f->p, f->point + f->p, f->q);
    return (b_b + trace_of_levels(f)) * f->precision / f->q - 1;
}

/* For a small variance v the excess is v/q times
 *     sum of squared scores - tr (A - C I^-1 C'),   A, C, I the blocks of the information. */
struct heterogeneity frailty_heterogeneity(struct frailty *f)
{
    const int stride = f->m->z.blocks * LANES;
    f->precision = 0;
    (void)evaluate_point(f);
    frailty_information(f);
    double expected = 0, squares = 0;
    for (int k = 0; k < f->q; k++) {
        const double a = f->levels[(ptrdiff_t)k * f->block + k % f->block];
        expected += a;
        squares += a * a;
    }
    cholesky_factor(f->d.information, f->p, stride, f->d.scale);
    for (int k = 0; k < f->q; k++) {
        for (int j = 0; j < f->p; j++) f->column[j] = f->cross[(ptrdiff_t)j * f->q + k];
        cholesky_forward(f->d.information, f->p, stride, f->column);
        expected -= lanes_dot(f->column, f->column, f->p);
    }
    const double scores = lanes_dot(f->gradient + f->p, f->gradient + f->p, f->q);
    const double deaths = lanes_sum(f->m->partial.v, f->m->z.n);
    return (struct heterogeneity){.told_apart = expected > 1e-9 * deaths,
                                  .excess = scores - expected,
                                  .start = (scores - expected) / squares};
}

double frailty_coefficient(const struct frailty *f)
{
    return f->point[f->p - 1] / f->m->z.unit;
}

double frailty_se(const struct frailty *f)
{
    const int last = f->p - 1, stride = f->m->z.blocks * LANES;
    return 1 / (f->d.information[last * stride + last] * f->m->z.unit);
}
