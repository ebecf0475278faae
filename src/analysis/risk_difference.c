/* risk_difference.c - difference of two risks, crude or within strata.  SPDX-License-Identifier:
 * MIT */
#include "analysis/mantel_haenszel.h"
#include "analysis/two_by_two.h"
#include "stat/root.h"

#include <math.h>

struct risk_difference {
    int ci;
};
enum { CI_WALD, CI_WALD_CORRECTED, CI_NEWCOMBE, CI_SCORE };

static const struct param risk_difference_params[] = {
    {PARAM_AT(struct risk_difference, ci), .type = PARAM_CHOICE,
     .choices = "wald|wald_corrected|newcombe|score",
     .help = "limits and the p-value that goes with them; with strata always Sato's Wald"},
    {0},
};

struct limits {
    double low, high;
};

static struct limits limits_wald(const struct two_by_two *t, double z, double correction)
{
    const double d = two_by_two_difference(t);
    const double width = z * two_by_two_difference_se(t) + correction;
    return (struct limits){fmax(d - width, -1), fmin(d + width, 1)};
}

/* Wilson's limits of one share: (2 n p + z^2 -+ z sqrt(z^2 + 4 n p (1 - p))) / (2 (n + z^2)). */
static struct limits limits_wilson(double x, double n, double z)
{
    const double root = z * sqrt(z * z + 4 * x * (1 - x / n)), middle = 2 * x + z * z;
    return (struct limits){fmax(0, (middle - root) / (2 * (n + z * z))),
                           fmin(1, (middle + root) / (2 * (n + z * z)))};
}

/* Newcombe 1998, Stat Med 17:873, method 10: squares of the distances to Wilson's limits added. */
static struct limits limits_newcombe(const struct two_by_two *t, double z)
{
    const struct limits c = limits_wilson(t->events[0], t->n[0], z);
    const struct limits e = limits_wilson(t->events[1], t->n[1], z);
    const double p0 = t->events[0] / t->n[0], p1 = t->events[1] / t->n[1];
    return (struct limits){p1 - p0 - hypot(p1 - e.low, c.high - p0),
                           p1 - p0 + hypot(e.high - p1, p0 - c.low)};
}

/* The control share of largest likelihood when the difference is d: the root within bounds of
 * L3 q^3 + L2 q^2 + L1 q + L0 (Miettinen & Nurminen 1985, Stat Med 4:213, appendix I), by cosines
 * and, where two roots are close and the arc cosine loses digits, one Newton step. */
static double constrained_share(const struct two_by_two *t, double d)
{
    const double n0 = t->n[0], n1 = t->n[1], x0 = t->events[0], x1 = t->events[1], n = n0 + n1;
    const double l3 = n, l2 = (n1 + 2 * n0) * d - n - x0 - x1;
    const double l1 = (n0 * d - n - 2 * x0) * d + x0 + x1, l0 = x0 * d * (1 - d);
    const double third = l2 / (3 * l3);
    const double v = third * third * third - l1 * l2 / (6 * l3 * l3) + l0 / (2 * l3);
    const double u = copysign(sqrt(fmax(0, third * third - l1 / (3 * l3))), v);
    const double angle = acos(fmin(1, fmax(-1, v / (u * u * u))));
    const double pi = acos(-1.0);
    double q = fabs(u) > 0 ? 2 * u * cos((pi + angle) / 3) - third : -third;
    const double slope = (3 * l3 * q + 2 * l2) * q + l1;
    const double step = (((l3 * q + l2) * q + l1) * q + l0) / slope;
    if (fabs(step) < 1e-6) q -= step;
    return fmin(fmax(q, fmax(0, -d)), fmin(1, 1 - d));
}

/* (p1 - p0 - d) over its standard error at the shares of largest likelihood under d, with the
 * factor N / (N - 1) (ibid., equations 8 and 9). */
static double score(const struct two_by_two *t, double d)
{
    const double n = t->n[0] + t->n[1];
    const double q0 = constrained_share(t, d), q1 = fmin(1, fmax(0, q0 + d));
    const double v = (q0 * (1 - q0) / t->n[0] + q1 * (1 - q1) / t->n[1]) * n / (n - 1);
    const double gap = two_by_two_difference(t) - d;
    return fabs(gap) > 0 ? gap / sqrt(v) : 0;
}

struct crossing {
    const struct two_by_two *table;
    double z;
};

static double score_less(const void *context, double d)
{
    const struct crossing *c = context;
    return score(c->table, d) - c->z;
}

static struct limits limits_score(const struct two_by_two *t, double z)
{
    const double d = two_by_two_difference(t);
    const struct crossing low = {t, z}, high = {t, -z};
    return (struct limits){d > -1 ? root_between(score_less, &low, -1, d) : -1,
                           d < 1 ? root_between(score_less, &high, d, 1) : 1};
}

static struct limits limits_by(int ci, const struct two_by_two *t, double z)
{
    switch (ci) {
    case CI_WALD_CORRECTED: return limits_wald(t, z, two_by_two_yates(t));
    case CI_NEWCOMBE: return limits_newcombe(t, z);
    case CI_SCORE: return limits_score(t, z);
    default: return limits_wald(t, z, 0);
    }
}

static double statistic_by(int ci, const struct two_by_two *t, double null)
{
    if (ci == CI_SCORE) return score(t, null);
    const double correction = ci == CI_WALD_CORRECTED ? two_by_two_yates(t) : 0;
    return fabs(null) > 0 ? two_by_two_margin_z(t, null, correction)
                          : two_by_two_chi(t, correction);
}

static struct result crude(const struct risk_difference *method, const struct inference *in,
                           const struct two_by_two *t)
{
    const struct limits limits = limits_by(method->ci, t, in->z);
    const double statistic = statistic_by(method->ci, t, in->null);
    return (struct result){.estimate = two_by_two_difference(t),
                           .se = two_by_two_difference_se(t),
                           .ci_low = limits.low,
                           .ci_high = limits.high,
                           .statistic = statistic,
                           .p_value = p_normal(in, statistic)};
}

static struct result within_strata(const struct inference *in, const struct sample *s,
                                   struct scratch *w)
{
    const struct common_effect e = mantel_haenszel_difference(s, w);
    if (e.why != UNDEFINED_NO) return result_undefined(e.why, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_IDENTITY, e.estimate, e.se);
    r.ci_low = fmax(r.ci_low, -1);
    r.ci_high = fmin(r.ci_high, 1);
    return r;
}

/* A margin can be tested where nobody or everybody has the event, but only by the score test. */
static enum undefined crude_why_not(const struct risk_difference *method,
                                    const struct inference *in, const struct two_by_two *t)
{
    const enum undefined why = two_by_two_why_not(t);
    if (!(fabs(in->null) > 0)) return why;
    if (method->ci != CI_SCORE) {
        const bool varies = two_by_two_difference_se(t) > 0;
        return why == UNDEFINED_NO && !varies ? UNDEFINED_NO_VARIATION : why;
    }
    return why == UNDEFINED_NO_EVENTS || why == UNDEFINED_ALL_EVENTS ? UNDEFINED_NO : why;
}

static void risk_difference_run(const void *params, const struct inference *in,
                                const struct sample *s, struct scratch *w, struct result *out)
{
    const struct risk_difference *method = params;
    const struct two_by_two t = two_by_two_count(s);
    const bool stratified = s->n_strata > 1;
    const enum undefined why = stratified ? two_by_two_why_not(&t) : crude_why_not(method, in, &t);
    *out = why != UNDEFINED_NO ? result_undefined(why, 0, 0)
           : stratified        ? within_strata(in, s, w)
                               : crude(method, in, &t);
    out->n = s->n;
    out->events = two_by_two_events(&t);
}

static const char *risk_difference_conflict(const void *params, bool adjusted, bool stratified)
{
    (void)adjusted;
    const struct risk_difference *method = params;
    return stratified && method->ci != CI_WALD ? "strata go with ci: wald" : NULL;
}

static const struct output risk_difference_outputs[] = {
    {.brief = "risk difference", .scale = SCALE_IDENTITY},
};

const struct analysis analysis_risk_difference = {
    .name = "risk_difference",
    .brief = "difference of the risks of two arms, crude or within strata",
    .formula =
        "x1/n1 - x0/n0; se unpooled; p at null 0 by the pooled chi-squared (wald, newcombe), with\n"
        "Yates' correction (wald_corrected), by the score test (score); at another null (d - "
        "null)/se,\n"
        "or the score test. Undefined where nobody or everybody has the event, unless the score "
        "test\n"
        "meets a margin. Wald limits end at -1 and 1.\n"
        "strata: sum w (x1/n1 - x0/n0) / sum w, w = n1 n0/n; Sato's variance, Wald p and limits; "
        "one\n"
        "stratum is none",
    .reference =
        "Newcombe 1998, Stat Med 17:873 (methods 1, 2, 10); Miettinen & Nurminen 1985, Stat Med "
        "4:213; R prop.test; strata: Greenland & Robins 1985, Biometrics 41:55, Sato 1989, "
        "Biometrics 45:1323",
    .outcome = OUTCOME_BINARY,
    .uses = USES_STRATA,
    .params = risk_difference_params,
    .params_size = sizeof(struct risk_difference),
    .n_outputs = 1,
    .outputs = risk_difference_outputs,
    .example = "{method: risk_difference, endpoint: death, ci: newcombe}",
    .se_power = -0.5,
    .conflict = risk_difference_conflict,
    .run = risk_difference_run,
};
