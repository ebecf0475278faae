/* relative_risk.c - ratio of two risks: crude, within strata, or adjusted by modified Poisson.
 * SPDX-License-Identifier: MIT */
#include "analysis/binary_likelihood.h"
#include "analysis/mantel_haenszel.h"
#include "analysis/two_by_two.h"
#include "stat/cholesky.h"
#include "stat/root.h"

#include <math.h>
#include <string.h>

struct relative_risk {
    int ci;
};
enum { CI_WALD, CI_SCORE };

static const struct param relative_risk_params[] = {
    {PARAM_AT(struct relative_risk, ci), .type = PARAM_CHOICE, .choices = "wald|score",
     .help = "limits; the p-value is Wald's on the log scale in either case; score without "
             "adjust and strata"},
    {0},
};

/* z(r) = (p1 - r p0) / sqrt(q1 (1 - q1) / n1 + r^2 q0 (1 - q0) / n0), q1 = r q0 the shares of
 * largest likelihood under the ratio r; its square is the chi-squared of Koopman 1984, Biometrics
 * 40:513. q0 is the smaller root of N r q^2 - (r (n1 + x0) + n0 + x1) q + (x0 + x1) = 0, in the
 * form that does not cancel. */
static double score(const struct two_by_two *t, double log_ratio)
{
    const double r = exp(log_ratio), n = t->n[0] + t->n[1];
    const double a = n * r, c = t->events[0] + t->events[1];
    const double b = r * (t->n[1] + t->events[0]) + t->n[0] + t->events[1];
    const double q0 = 2 * c / (b + sqrt(fmax(0, b * b - 4 * a * c))), q1 = r * q0;
    const double v = fmax(0, q1 * (1 - q1) / t->n[1] + r * r * q0 * (1 - q0) / t->n[0]);
    return (t->events[1] / t->n[1] - r * t->events[0] / t->n[0]) / sqrt(v);
}

struct crossing {
    const struct two_by_two *table;
    double z;
};

static double score_less(const void *context, double log_ratio)
{
    const struct crossing *c = context;
    return score(c->table, log_ratio) - c->z;
}

/* The log ratio at which the score statistic is z, searched from the estimate outwards. */
static double score_limit(const struct two_by_two *t, double estimate, double z)
{
    const struct crossing c = {t, z};
    const double direction = z > 0 ? -1 : 1;
    double step = 0.5;
    while (step < 700 && (score_less(&c, estimate + direction * step) > 0) == (z < 0)) step *= 2;
    const double end = estimate + direction * step;
    return root_between(score_less, &c, fmin(end, estimate), fmax(end, estimate));
}

/* a = A^-1 e, e picking the question's column and A = sum mu z z': what each patient's residual
 * adds to the coefficient is z'a. Their squares sum to the sandwich variance, uncorrected. */
static double sandwich_se(const struct binary_model *m, struct scratch *w)
{
    const struct columns *z = m->z;
    const int p = z->p, stride = z->blocks * LANES;
    double *a = scratch_doubles(w, stride), *share = scratch_doubles(w, z->n);
    memset(a, 0, (size_t)stride * sizeof *a);
    a[p - 1] = 1 / m->factor[(p - 1) * stride + p - 1];
    cholesky_backward(m->factor, p, stride, a);
    columns_predict(z, a, share);
    for (int i = 0; i < z->n; i++) share[i] *= m->residual[i];
    return sqrt(lanes_dot(share, share, z->n)) / z->unit;
}

/* Zou 2004, Am J Epidemiol 159:702: log-linear risks by the Poisson likelihood, whose variance is
 * wrong for a yes/no outcome and replaced by the sandwich (HC0). */
static struct common_effect modified_poisson(const struct sample *s, int events, struct scratch *w)
{
    const struct rows rows = {.n = s->n, .n_groups = 1, .start = (const int[]){0, s->n}};
    struct columns z;
    if (!columns_build(&z, s, &rows, true, w))
        return (struct common_effect){.why = UNDEFINED_SINGULAR};
    struct binary_model m =
        binary_model_make(LINK_POISSON, &z, s->value, log((double)events / s->n), w);
    const enum undefined why = binary_maximise(&m, w);
    if (why != UNDEFINED_NO) return (struct common_effect){.why = why};
    return (struct common_effect){binary_coefficient(&m), sandwich_se(&m, w), UNDEFINED_NO};
}

static struct common_effect crude(const struct two_by_two *t)
{
    const double p0 = t->events[0] / t->n[0], p1 = t->events[1] / t->n[1];
    return (struct common_effect){
        log(p1 / p0), sqrt((1 - p1) / t->events[1] + (1 - p0) / t->events[0]), UNDEFINED_NO};
}

static void relative_risk_run(const void *params, const struct inference *in,
                              const struct sample *s, struct scratch *w, struct result *out)
{
    const struct relative_risk *method = params;
    const struct two_by_two t = two_by_two_count(s);
    const int events = two_by_two_events(&t);
    struct common_effect e = {.why = two_by_two_why_not(&t)};
    if (e.why == UNDEFINED_NO && (t.events[0] < 1 || t.events[1] < 1)) {
        e.why = UNDEFINED_NO_EVENTS_IN_ARM;
    }
    if (e.why == UNDEFINED_NO) {
        const struct scratch_mark mark = scratch_save(w);
        e = s->n_x > 0        ? modified_poisson(s, events, w)
            : s->n_strata > 1 ? mantel_haenszel_ratio(s, w)
                              : crude(&t);
        scratch_restore(w, mark);
    }
    if (e.why != UNDEFINED_NO) {
        *out = result_undefined(e.why, s->n, events);
        return;
    }
    *out = (struct result){.n = s->n, .events = events};
    result_wald(out, in, SCALE_LOG, e.estimate, e.se);
    if (method->ci == CI_SCORE) {
        out->ci_low = exp(score_limit(&t, e.estimate, in->z));
        out->ci_high = exp(score_limit(&t, e.estimate, -in->z));
    }
}

static const char *relative_risk_conflict(const void *params, bool adjusted, bool stratified)
{
    const struct relative_risk *method = params;
    if (adjusted && stratified) return "either adjust (modified Poisson) or strata, not both";
    if (method->ci == CI_SCORE && (adjusted || stratified))
        return "ci: score takes no adjust or strata";
    return NULL;
}

static const struct output relative_risk_outputs[] = {
    {.brief = "relative risk", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_relative_risk = {
    .name = "relative_risk",
    .brief = "ratio of the risks of two arms; within strata, or adjusted",
    .formula =
        "(x1/n1) / (x0/n0); se of its logarithm sqrt(1/x1 - 1/n1 + 1/x0 - 1/n0); Wald p and "
        "limits\n"
        "on the log scale, or the ratios that Koopman's score test does not reject.\n"
        "strata: sum(x1 n0/n) / sum(x0 n1/n), Greenland and Robins' variance; one stratum is "
        "none.\n"
        "adjust: exp of the arm's coefficient in log risk = b0 + b'x, the Poisson likelihood's\n"
        "maximum; sandwich variance (HC0)",
    .reference =
        "Katz et al. 1978, Biometrics 34:469; score: Koopman 1984, Biometrics 40:513; strata: "
        "Mantel & Haenszel 1959, J Natl Cancer Inst 22:719, Greenland & Robins 1985, "
        "Biometrics 41:55; adjust: Zou 2004, Am J Epidemiol 159:702",
    .outcome = OUTCOME_BINARY,
    .uses = USES_ADJUST | USES_STRATA,
    .params = relative_risk_params,
    .params_size = sizeof(struct relative_risk),
    .n_outputs = 1,
    .outputs = relative_risk_outputs,
    .example = "{method: relative_risk, endpoint: death}",
    .se_power = -0.5,
    .conflict = relative_risk_conflict,
    .run = relative_risk_run,
};
