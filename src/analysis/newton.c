/* newton.c - see newton.h.  SPDX-License-Identifier: MIT
 *
 * Newton's method with step halving (as Therneau & Grambsch 2000, Modeling Survival Data, 3.1):
 * beta += I^-1 U, half the step while the log-likelihood falls. Columns are standardised, and the
 * question's is the last: with I = LL' its standard error is 1/L_pp, and with y = L^-1 U, y_p is
 * the signed root of the score statistic that drops it (efficient score over its standard
 * deviation).
 *
 * The decrement y'y is the squared step in units of standard errors. Near a maximum steps shrink
 * quadratically. Where the likelihood has none (separation), the decrement falls by a factor e an
 * iteration while the step itself does not shrink: both are watched.
 * Albert & Anderson 1984, Biometrika 71:1. */
#include "analysis/newton.h"

#include "stat/cholesky.h"

#include <math.h>
#include <string.h>

enum { ITERATIONS_MAX = 100 };

#define SETTLED    1e-8  /* error left after the last step, in standard errors */
#define SE_SETTLED 1e-10 /* relative change of the standard error still to come, as estimated */
#define SHORT_STEP 2e-8  /* in standard deviations of a column: the shortest step of interest */
#define CONVERGED  1e-18 /* decrement at which no step matters, however long */
#define FLAT       1e-12 /* decrement at which a step that does not shrink shows separation */
#define LONG_STEP  1e-4  /* in standard deviations of a column: none so long at a true maximum */
#define FAR        10    /* the same, of a coefficient: a ratio of e^10 for one of them */
/* Variance left to a column given those before it, as a share, below which columns are made
 * orthogonal first; and below which, of such columns, the information sees no difference. */
#define ILL          1e-6
#define COLLINEAR    1e-12
#define ROUNDING     1e-14 /* information that is only rounding error, as a share of its terms */
#define OVERSHOT     0.25  /* turn of the slope along a step, as a share, at which it is cut */
#define LOGLIK_SLACK 1e-11 /* relative fall of the log-likelihood that is rounding error */

struct newton {
    const struct likelihood *f;
    int p, n_free, stride;
    double fixed;
    const double *start;     /* NULL: 0 */
    struct newton_step last; /* that led there */
    struct derivatives d;
    double *beta, *trial, *step;
    double loglik;
};

static void newton_init(struct newton *t, const struct likelihood *f, double fixed,
                        struct scratch *w)
{
    const int stride = f->z->blocks * LANES;
    *t = (struct newton){.f = f,
                         .p = f->z->p,
                         .n_free = f->z->p - !isnan(fixed),
                         .stride = stride,
                         .fixed = fixed,
                         .last = NO_STEP,
                         .d = {.gradient = scratch_doubles(w, stride),
                               .information = scratch_doubles(w, stride * stride),
                               .scale = scratch_doubles(w, stride)},
                         .beta = scratch_doubles(w, stride),
                         .trial = scratch_doubles(w, stride),
                         .step = scratch_doubles(w, stride)};
}

static double evaluate(struct newton *t)
{
    return t->f->evaluate(t->f->model, t->trial, &t->d);
}

static double factor(struct newton *t)
{
    return cholesky_factor(t->d.information, t->p, t->stride, t->d.scale);
}

/* Evaluates and factors at the start, where a singular information means collinear columns; nearly
 * collinear ones are made orthogonal. */
static enum undefined start(struct newton *t)
{
    for (;;) {
        memset(t->trial, 0, (size_t)t->stride * sizeof *t->trial);
        if (t->start != NULL) memcpy(t->trial, t->start, (size_t)t->p * sizeof *t->trial);
        if (t->n_free < t->p) t->trial[t->p - 1] = t->fixed * t->f->z->unit;
        t->loglik = evaluate(t);
        const double share = factor(t);
        if (!isfinite(t->loglik)) return UNDEFINED_SINGULAR;
        if (share > ILL) return UNDEFINED_NO;
        if (t->f->z->orthogonal || t->start != NULL)
            return share > COLLINEAR ? UNDEFINED_NO : UNDEFINED_SINGULAR;
        if (!columns_orthogonalise(t->f->z)) return UNDEFINED_SINGULAR;
    }
}

/* Sets the step from the factored information and returns its squared length in units of standard
 * errors; gradient becomes y = L^-1 U. */
static double newton_step(struct newton *t, double *longest)
{
    cholesky_forward(t->d.information, t->p, t->stride, t->d.gradient);
    double decrement = 0;
    for (int j = 0; j < t->n_free; j++) {
        decrement += t->d.gradient[j] * t->d.gradient[j];
        t->step[j] = t->d.gradient[j];
    }
    cholesky_backward(t->d.information, t->n_free, t->stride, t->step);
    *longest = 0;
    for (int j = 0; j < t->n_free; j++) *longest = fmax(*longest, fabs(t->step[j]));
    return decrement;
}

/* Why no maximum was found: coefficients that ran away were after one at infinity. */
static enum undefined no_maximum(const struct newton *t)
{
    double farthest = 0;
    for (int j = 0; j < t->p; j++) farthest = fmax(farthest, fabs(t->beta[j]));
    return farthest > FAR ? UNDEFINED_SEPARATION : UNDEFINED_NOT_CONVERGED;
}

static double evaluate_at(struct newton *t, double share)
{
    memcpy(t->trial, t->beta, (size_t)t->p * sizeof *t->trial);
    for (int j = 0; j < t->n_free; j++) t->trial[j] += share * t->step[j];
    return evaluate(t);
}

/* Where the slope along a whole step, `decrement` at its start, would be 0 by a secant; 1 unless it
 * has turned by much. Then the information is not the whole curvature (firth.h). */
static double overshot(const struct newton *t, double decrement)
{
    double slope = 0;
    for (int j = 0; j < t->n_free; j++) slope += t->d.gradient[j] * t->step[j];
    return slope < -OVERSHOT * decrement ? decrement / (decrement - slope) : 1;
}

/* Evaluates at beta + step, halving the step while the log-likelihood falls. */
static enum undefined advance(struct newton *t, double decrement)
{
    for (double share = 1; share > 1e-12; share /= 2) {
        double loglik = evaluate_at(t, share);
        if (loglik >= t->loglik - LOGLIK_SLACK * (1 + fabs(t->loglik))) {
            const double cut = share < 1 ? 1 : overshot(t, decrement);
            if (cut < 1) loglik = evaluate_at(t, cut);
            t->loglik = loglik;
            return factor(t) > ROUNDING ? UNDEFINED_NO : UNDEFINED_SEPARATION;
        }
    }
    return no_maximum(t);
}

/* Whether a step leaves nothing behind, with r its length in steps before. Newton's steps square
 * the error, c e^2, so that r^2 of this one is left; steps that shrink by the same factor each time
 * (firth.h) leave about r of it and so must be shorter. The standard error, which is known before
 * the step, will change r times as much as it did, if the steps have one direction: in truth it is
 * within 1e-8 of itself. */
static bool settles(struct newton_step now, struct newton_step last)
{
    const double r = now.length / last.length;
    return now.longest <= LONG_STEP && now.length * r * r <= SETTLED &&
           fabs(now.pivot / last.pivot - 1) * r <= SE_SETTLED;
}

static enum undefined climb(struct newton *t)
{
    enum undefined why = start(t);
    const int last_column = t->p - 1;
    struct newton_step last = t->last;
    for (int i = 0; why == UNDEFINED_NO; i++) {
        memcpy(t->beta, t->trial, (size_t)t->p * sizeof *t->beta);
        double longest;
        const double decrement = newton_step(t, &longest);
        const struct newton_step now = {longest, sqrt(decrement),
                                        t->d.information[last_column * (t->stride + 1)]};
        if (!isfinite(decrement)) return no_maximum(t);
        const bool same_length = longest > 0.5 * last.longest && longest > LONG_STEP;
        if (decrement <= FLAT && same_length) return UNDEFINED_SEPARATION;
        if (settles(now, last) || longest <= SHORT_STEP || decrement <= CONVERGED) {
            for (int j = 0; j < t->n_free; j++) t->beta[j] += t->step[j];
            t->loglik += decrement / 2;
            return longest > LONG_STEP ? UNDEFINED_SEPARATION : UNDEFINED_NO;
        }
        if (i == ITERATIONS_MAX) return no_maximum(t);
        last = now;
        why = advance(t, decrement);
    }
    return why;
}

static struct maximum maximise(struct newton *t)
{
    const int last = t->p - 1;
    struct maximum m = {.why = climb(t)};
    if (m.why != UNDEFINED_NO) return m;
    m.loglik = t->loglik;
    m.coefficient = t->beta[last] / t->f->z->unit;
    m.se = 1 / (t->d.information[last * t->stride + last] * t->f->z->unit);
    m.score = t->d.gradient[last];
    return m;
}

struct maximum likelihood_maximise(const struct likelihood *f, double fixed, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct newton t;
    newton_init(&t, f, fixed, w);
    double *near = scratch_doubles(w, t.stride);
    struct newton_step last;
    if (isnan(fixed) && f->approach != NULL && f->approach(f->model, near, &last, w)) {
        t.start = near;
        t.last = last;
    }
    const struct maximum m = maximise(&t);
    scratch_restore(w, mark);
    return m;
}

struct maximum likelihood_maximise_from(const struct likelihood *f, double *beta, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct newton t;
    newton_init(&t, f, NAN, w);
    for (int j = 0; j < t.p; j++) {
        if (fabs(beta[j]) > 0) t.start = beta;
    }
    const struct maximum m = maximise(&t);
    if (m.why == UNDEFINED_NO) memcpy(beta, t.beta, (size_t)t.p * sizeof *beta);
    scratch_restore(w, mark);
    return m;
}

struct result likelihood_result(const struct likelihood *f, enum coefficient_test test,
                                const struct inference *in, struct scratch *w)
{
    const struct maximum m = likelihood_maximise(f, NAN, w);
    if (m.why != UNDEFINED_NO) return result_undefined(m.why, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_LOG, m.coefficient, m.se);
    if (test == TEST_WALD) return r;
    const double null = log(in->null);
    const struct maximum m0 = likelihood_maximise(f, null, w);
    if (m0.why != UNDEFINED_NO) return result_undefined(m0.why, 0, 0);
    const double ratio = sqrt(fmax(0, 2 * (m.loglik - m0.loglik)));
    r.statistic = test == TEST_SCORE ? m0.score : copysign(ratio, m.coefficient - null);
    r.p_value = p_normal(in, r.statistic);
    return r;
}
