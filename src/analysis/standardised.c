/* standardised.c - risks of the whole sample in either arm, from a logistic regression.
 * SPDX-License-Identifier: MIT */
#include "analysis/binary_likelihood.h"
#include "analysis/two_by_two.h"
#include "stat/cholesky.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* A mean fitted risk had everybody been in one arm, and its derivatives by the coefficients. */
struct standard_risk {
    double risk;
    double *gradient; /* [4 blocks] */
};

/* Patients of the other arm move by one unit of the question's column. The derivative of a fitted
 * risk p is p (1 - p) times the patient's row, as it is in that arm. */
static struct standard_risk standardise(const struct binary_model *m, const struct sample *s,
                                        int arm, struct scratch *w)
{
    const struct columns *z = m->z;
    const int n = z->n, last = z->p - 1;
    const double effect = binary_coefficient(m);
    struct standard_risk r = {.gradient = scratch_doubles(w, z->blocks * LANES)};
    const struct scratch_mark mark = scratch_save(w);
    double *p = scratch_doubles(w, n), *eta = scratch_doubles(w, n);
    for (int i = 0; i < n; i++) {
        eta[i] = m->eta[i] + effect * (arm - s->arm[i]);
        p[i] = -fabs(eta[i]);
    }
    vector_exp(p, p, n);
    for (int i = 0; i < n; i++) p[i] = (eta[i] > 0 ? 1 : p[i]) / (1 + p[i]);
    r.risk = lanes_sum(p, n) / n;
    double moved = 0;
    for (int i = 0; i < n; i++) {
        p[i] = p[i] * (1 - p[i]) / n;
        moved += p[i] * (arm - s->arm[i]);
    }
    memset(r.gradient, 0, (size_t)(z->blocks * LANES) * sizeof *r.gradient);
    rows_add((lanes *)r.gradient, z->row, n, z->blocks, p);
    r.gradient[last] += moved / z->unit;
    scratch_restore(w, mark);
    return r;
}

/* sqrt(g' V g), V the inverse of the information LL', of g = a1 gradient1 - a0 gradient0. */
static double delta_se(const struct binary_model *m, const struct standard_risk r[2],
                       const double a[2], struct scratch *w)
{
    const int p = m->z->p, stride = m->z->blocks * LANES;
    const struct scratch_mark mark = scratch_save(w);
    double *g = scratch_doubles(w, stride), sum = 0;
    for (int j = 0; j < p; j++) g[j] = a[1] * r[1].gradient[j] - a[0] * r[0].gradient[j];
    cholesky_forward(m->factor, p, stride, g);
    for (int j = 0; j < p; j++) sum += g[j] * g[j];
    scratch_restore(w, mark);
    return sqrt(sum);
}

enum { DIFFERENCE, RATIO, STANDARDISED_OUTPUTS };

static enum undefined compare(const struct inference *in, const struct sample *s, struct scratch *w,
                              struct result *out)
{
    const struct rows rows = {.n = s->n, .n_groups = 1, .start = (const int[]){0, s->n}};
    struct columns z;
    if (!columns_build(&z, s, &rows, true, w)) return UNDEFINED_SINGULAR;
    struct binary_model m = binary_model_make(LINK_LOGIT, &z, s->value, 0, w);
    const enum undefined why = binary_maximise(&m, w);
    if (why != UNDEFINED_NO) return why;
    const struct standard_risk r[2] = {standardise(&m, s, 0, w), standardise(&m, s, 1, w)};
    result_wald(&out[DIFFERENCE], in, SCALE_IDENTITY, r[1].risk - r[0].risk,
                delta_se(&m, r, (const double[]){1, 1}, w));
    struct inference ratio = *in;
    ratio.null = 1;
    result_wald(&out[RATIO], &ratio, SCALE_LOG, log(r[1].risk / r[0].risk),
                delta_se(&m, r, (const double[]){1 / r[0].risk, 1 / r[1].risk}, w));
    return UNDEFINED_NO;
}

static enum undefined why_not(const struct two_by_two *t)
{
    const enum undefined why = two_by_two_why_not(t);
    if (why != UNDEFINED_NO) return why;
    if (t->events[0] < 1 || t->events[1] < 1) return UNDEFINED_NO_EVENTS_IN_ARM;
    if (t->events[0] >= t->n[0] || t->events[1] >= t->n[1]) return UNDEFINED_ALL_EVENTS_IN_ARM;
    return UNDEFINED_NO;
}

static void standardised_run(const void *params, const struct inference *in, const struct sample *s,
                             struct scratch *w, struct result *out)
{
    (void)params;
    const struct two_by_two t = two_by_two_count(s);
    enum undefined why = why_not(&t);
    const struct scratch_mark mark = scratch_save(w);
    if (why == UNDEFINED_NO) why = compare(in, s, w, out);
    scratch_restore(w, mark);
    for (int k = 0; k < STANDARDISED_OUTPUTS; k++) {
        if (why != UNDEFINED_NO) out[k] = result_undefined(why, 0, 0);
        out[k].n = s->n;
        out[k].events = two_by_two_events(&t);
    }
}

static const struct output standardised_outputs[STANDARDISED_OUTPUTS] = {
    [DIFFERENCE] = {.brief = "standardised risk difference", .scale = SCALE_IDENTITY},
    [RATIO] = {.suffix = "ratio",
               .brief = "standardised relative risk",
               .scale = SCALE_LOG,
               .null = 1},
};

const struct analysis analysis_standardised = {
    .name = "standardised",
    .brief = "risk difference and relative risk, standardised over a logistic regression",
    .formula =
        "R_a = mean over all patients of the risk fitted by logit = b0 + b'x + arm, were their "
        "arm\n"
        "a; R_1 - R_0 and R_1 / R_0; se by the delta method, g'V g with V the inverse information\n"
        "and g the derivatives by the coefficients: given the patients' covariates. Wald p and "
        "limits",
    .reference = "Lane & Nelder 1982, Biometrics 38:613; Flanders & Rhodes 1987, J Chronic Dis "
                 "40:697; R marginaleffects avg_comparisons",
    .outcome = OUTCOME_BINARY,
    .uses = USES_ADJUST,
    .n_outputs = STANDARDISED_OUTPUTS,
    .outputs = standardised_outputs,
    .example = "{method: standardised, endpoint: dead, adjust: [age]}",
    .se_power = -0.5,
    .run = standardised_run,
};
