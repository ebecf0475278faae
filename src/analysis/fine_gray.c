/* fine_gray.c - see fine_gray.h.  SPDX-License-Identifier: MIT
 *
 * Who has had a competing event stays at risk, with the weight that he would not be censored yet:
 *     w_j(t) = 1 for t <= X_j,  G(t-)/G(X_j-) afterwards if X_j is a competing event, else 0,
 * G the Kaplan-Meier curve of censoring. With S0 and S1 the weighted sums of exp(b'x) and x
 * exp(b'x) and m = S1/S0, the log-likelihood is the sum over events of b'x - log S0 (Breslow's at
 * ties). Fine & Gray 1999, J Am Stat Assoc 94:496. Every sum over risk sets is a running sum over
 * times: an evaluation costs n p^2 for the information and n p for the rest. */
#include "analysis/fine_gray.h"
#include "stat/cholesky.h"
#include "stat/order.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* One distinct time. */
struct moment {
    int first, end; /* its rows */
    int events, censored;
    double uncensored; /* G just before */
    double s0, hazard; /* hazard: events / S0 */
};

struct subdistribution {
    const struct columns *z;
    int n_moments;
    struct moment *moment;
    double *event, *competing;  /* [n] 1 or 0; 1/G just before for a competing event, else 0 */
    double *eta, *relative, *v; /* [n] relative: exp(eta) */
    double *weight;             /* [n_moments] minus the events */
    lanes *mean;                /* [n_moments][blocks] S1, then S1 / S0 */
};

static void add_moments(struct subdistribution *f, const struct sample *s, const int *patient,
                        int of_interest)
{
    const int n = s->n;
    double uncensored = 1;
    for (int i = 0; i < n;) {
        struct moment now = {.first = i, .uncensored = uncensored};
        const double t = s->time[patient[i]];
        for (; i < n && !(s->time[patient[i]] > t); i++) {
            const int cause = (int)s->cause[patient[i]];
            f->event[i] = cause == of_interest;
            f->competing[i] = cause > 0 && cause != of_interest ? 1 / uncensored : 0;
            now.events += cause == of_interest;
            now.censored += cause <= 0;
        }
        now.end = i;
        uncensored *= 1 - (double)now.censored / (n - now.first);
        f->weight[f->n_moments] = -now.events;
        f->moment[f->n_moments++] = now;
    }
}

static void subdistribution_init(struct subdistribution *f, const struct sample *s,
                                 const int *patient, const struct columns *z, int of_interest,
                                 struct scratch *w)
{
    *f = (struct subdistribution){.z = z};
    f->moment = scratch_take(w, (size_t)z->n, sizeof *f->moment);
    f->mean = scratch_take(w, (size_t)z->n * (size_t)z->blocks, sizeof *f->mean);
    double **per_row[] = {&f->event, &f->competing, &f->eta, &f->relative, &f->v, &f->weight};
    for (int i = 0; i < 6; i++) *per_row[i] = scratch_doubles(w, z->n);
    add_moments(f, s, patient, of_interest);
}

static void add_row(lanes *to, const struct subdistribution *f, int i, double weight)
{
    const int blocks = f->z->blocks;
    for (int b = 0; b < blocks; b++) to[b] += weight * f->z->row[(ptrdiff_t)i * blocks + b];
}

/* S0, the hazard's steps and S1/S0 at every time of an event: those still followed from the last
 * time backwards, then those after a competing event forwards. */
static void risk_sums(struct subdistribution *f, lanes *sum)
{
    const int blocks = f->z->blocks;
    double s0 = 0;
    memset(sum, 0, (size_t)blocks * sizeof *sum);
    for (int g = f->n_moments - 1; g >= 0; g--) {
        struct moment *at = &f->moment[g];
        for (int i = at->end - 1; i >= at->first; i--) {
            s0 += f->relative[i];
            add_row(sum, f, i, f->relative[i]);
        }
        at->s0 = s0;
        memcpy(f->mean + (ptrdiff_t)g * blocks, sum, (size_t)blocks * sizeof *sum);
    }
    double gone = 0;
    memset(sum, 0, (size_t)blocks * sizeof *sum);
    for (int g = 0; g < f->n_moments; g++) {
        struct moment *at = &f->moment[g];
        lanes *mean = f->mean + (ptrdiff_t)g * blocks;
        at->s0 += at->uncensored * gone;
        at->hazard = at->events / at->s0;
        for (int b = 0; b < blocks; b++) mean[b] = (mean[b] + at->uncensored * sum[b]) / at->s0;
        for (int i = at->first; i < at->end; i++) {
            if (!(f->competing[i] > 0)) continue;
            gone += f->competing[i] * f->relative[i];
            add_row(sum, f, i, f->competing[i] * f->relative[i]);
        }
    }
}

/* v: exp(eta) times the hazard that each patient was at risk of. */
static void exposures(struct subdistribution *f)
{
    double before = 0, after = 0; /* sums of the hazard, and of G times it */
    for (int g = 0; g < f->n_moments; g++) {
        before += f->moment[g].hazard;
        for (int i = f->moment[g].first; i < f->moment[g].end; i++) f->v[i] = before;
    }
    for (int g = f->n_moments - 1; g >= 0; g--) {
        const struct moment *at = &f->moment[g];
        for (int i = at->first; i < at->end; i++) {
            f->v[i] = f->relative[i] * (f->v[i] + f->competing[i] * after);
        }
        after += at->uncensored * at->hazard;
    }
}

static double subdistribution_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct subdistribution *f = model;
    const struct columns *z = f->z;
    const int n = z->n, stride = z->blocks * LANES;
    columns_predict(z, beta, f->eta);
    vector_exp(f->relative, f->eta, n);
    risk_sums(f, (lanes *)d->gradient);
    exposures(f);
    memset(d->gradient, 0, (size_t)stride * sizeof(double));
    memset(d->information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    rows_add_products(d->information, NULL, z->row, n, z->blocks, f->v);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    rows_add_products(d->information, NULL, f->mean, f->n_moments, z->blocks, f->weight);
    for (int i = 0; i < n; i++) f->v[i] = f->event[i] - f->v[i];
    rows_add((lanes *)d->gradient, z->row, n, z->blocks, f->v);
    double loglik = lanes_dot(f->event, f->eta, n);
    for (int g = 0; g < f->n_moments; g++) {
        if (f->moment[g].events > 0) loglik -= f->moment[g].events * log(f->moment[g].s0);
    }
    return loglik;
}

/* Running sums over times, of x = a'z: see influence(). */
struct running {
    double hazard, mean_hazard; /* up to now: dH, m dH */
    double later, mean_later;   /* after now: G dH, G m dH */
    double gone, x_gone;        /* competing events up to now: exp(b'z)/G, x exp(b'z)/G */
    double censoring;           /* q/r^2 at every censoring up to now */
};

/* The sum over patients of (a'(eta_i + psi_i))^2 (Fine & Gray 1999, equations 7 and 8), where with
 * x = a'z, m its weighted mean and H the sum of the hazard
 *     eta_i = x_i - m at an event - exp(b'z_i) sum of w_i(t) (x_i - m(t)) dH(t)
 *     psi_i = q/r at a censoring - sum over the censorings up to X_i of q/r^2
 *     q(u)  = sum over competing events before u of exp(b'z_j) sum over t >= u of w_j (x_j - m) dH,
 * r the number followed at u: psi is what the estimation of G adds. */
static double influence(const struct subdistribution *f, const double *x, const double *mean)
{
    const int n = f->z->n;
    struct running sum = {0};
    double square = 0;
    for (int g = 0; g < f->n_moments; g++) {
        sum.later += f->moment[g].uncensored * f->moment[g].hazard;
        sum.mean_later += f->moment[g].uncensored * f->moment[g].hazard * mean[g];
    }
    for (int g = 0; g < f->n_moments; g++) {
        const struct moment *at = &f->moment[g];
        const double r = n - at->first, q = sum.x_gone * sum.later - sum.gone * sum.mean_later;
        sum.censoring += at->censored * q / (r * r);
        sum.hazard += at->hazard;
        sum.mean_hazard += at->hazard * mean[g];
        sum.later -= at->uncensored * at->hazard;
        sum.mean_later -= at->uncensored * at->hazard * mean[g];
        for (int i = at->first; i < at->end; i++) {
            const bool censored = !(f->event[i] > 0) && !(f->competing[i] > 0);
            const double exposure = x[i] * sum.hazard - sum.mean_hazard +
                                    f->competing[i] * (x[i] * sum.later - sum.mean_later);
            const double own = f->event[i] * (x[i] - mean[g]) - f->relative[i] * exposure +
                               (censored ? q / r : 0) - sum.censoring;
            square += own * own;
            sum.gone += f->competing[i] * f->relative[i];
            sum.x_gone += f->competing[i] * f->relative[i] * x[i];
        }
    }
    return square;
}

/* The last coefficient's standard error: the column a of the inverse information at beta, and the
 * square sum of a'(score of a patient). */
static double sandwich(struct subdistribution *f, const double *beta, struct scratch *w)
{
    const struct columns *z = f->z;
    const int p = z->p, stride = z->blocks * LANES;
    struct derivatives d = {scratch_doubles(w, stride), scratch_doubles(w, stride * stride),
                            scratch_doubles(w, stride)};
    double *a = scratch_doubles(w, stride);
    double *x = scratch_doubles(w, z->n), *mean = scratch_doubles(w, z->n);
    (void)subdistribution_evaluate(f, beta, &d);
    (void)cholesky_factor(d.information, p, stride, d.scale);
    memset(a, 0, (size_t)stride * sizeof *a);
    a[p - 1] = 1;
    cholesky_forward(d.information, p, stride, a);
    cholesky_backward(d.information, p, stride, a);
    columns_predict(z, a, x);
    for (int g = 0; g < f->n_moments; g++) {
        const double *at = (const double *)(f->mean + (ptrdiff_t)g * z->blocks);
        mean[g] = 0;
        for (int j = 0; j < p; j++) mean[g] += a[j] * at[j];
    }
    return sqrt(influence(f, x, mean)) / z->unit;
}

struct maximum fine_gray_fit(const struct sample *s, int of_interest, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    int *patient = scratch_ints(w, s->n);
    order_ascending(patient, s->time, s->n, w);
    const struct rows rows = {s->n, patient, 1, (const int[]){0, s->n}};
    struct columns z;
    struct maximum m = {.why = UNDEFINED_SINGULAR};
    if (columns_build(&z, s, &rows, false, w)) {
        struct subdistribution f;
        subdistribution_init(&f, s, patient, &z, of_interest, w);
        const struct likelihood l = {.z = &z, .evaluate = subdistribution_evaluate, .model = &f};
        double *beta = scratch_doubles(w, z.p);
        memset(beta, 0, (size_t)z.p * sizeof *beta);
        m = likelihood_maximise_from(&l, beta, w);
        if (m.why == UNDEFINED_NO) m.se = sandwich(&f, beta, w);
    }
    scratch_restore(w, mark);
    return m;
}
