/* relative_risk.c - ratio of two risks.  SPDX-License-Identifier: MIT */
#include "analysis/two_by_two.h"
#include "stat/root.h"

#include <math.h>

struct relative_risk {
    int ci;
};
enum { CI_WALD, CI_SCORE };

static const struct param relative_risk_params[] = {
    {PARAM_AT(struct relative_risk, ci), .type = PARAM_CHOICE, .choices = "wald|score",
     .help = "limits; the p-value is Wald's on the log scale in either case"},
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

static void relative_risk_run(const void *params, const struct inference *in,
                              const struct sample *s, struct scratch *w, struct result *out)
{
    (void)w;
    const struct relative_risk *method = params;
    const struct two_by_two t = two_by_two_count(s);
    const int events = two_by_two_events(&t);
    enum undefined why = two_by_two_why_not(&t);
    if (why == UNDEFINED_NO && (t.events[0] < 1 || t.events[1] < 1)) {
        why = UNDEFINED_NO_EVENTS_IN_ARM;
    }
    if (why != UNDEFINED_NO) {
        *out = result_undefined(why, s->n, events);
        return;
    }
    const double p0 = t.events[0] / t.n[0], p1 = t.events[1] / t.n[1];
    const double estimate = log(p1 / p0);
    *out = (struct result){.n = s->n, .events = events};
    result_wald(out, in, SCALE_LOG, estimate,
                sqrt((1 - p1) / t.events[1] + (1 - p0) / t.events[0]));
    if (method->ci == CI_SCORE) {
        out->ci_low = exp(score_limit(&t, estimate, in->z));
        out->ci_high = exp(score_limit(&t, estimate, -in->z));
    }
}

static const struct output relative_risk_outputs[] = {
    {.brief = "relative risk", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_relative_risk = {
    .name = "relative_risk",
    .brief = "ratio of the risks of two arms",
    .formula = "(x1/n1) / (x0/n0); se of its logarithm sqrt(1/x1 - 1/n1 + 1/x0 - 1/n0); Wald p and "
               "limits\n"
               "on the log scale, or the ratios that Koopman's score test does not reject",
    .reference = "Katz et al. 1978, Biometrics 34:469; score: Koopman 1984, Biometrics 40:513",
    .outcome = OUTCOME_BINARY,
    .params = relative_risk_params,
    .params_size = sizeof(struct relative_risk),
    .n_outputs = 1,
    .outputs = relative_risk_outputs,
    .example = "{method: relative_risk, endpoint: death}",
    .se_power = -0.5,
    .run = relative_risk_run,
};
