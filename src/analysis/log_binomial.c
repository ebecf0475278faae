/* log_binomial.c - adjusted relative risk by binomial regression with a log link.
 * SPDX-License-Identifier: MIT
 *
 * The log-likelihood is concave where every fitted risk is below 1 and minus infinity elsewhere, so
 * that Newton's method halves the steps that leave. Where the maximum is on the boundary it comes
 * to no end there, rightly: the usual standard errors do not hold. */
#include "analysis/binary_likelihood.h"
#include "analysis/two_by_two.h"

#include <math.h>

/* Why there is no maximum inside. The likelihood rises for ever along a direction that leaves the
 * risks of patients with the event and raises none: there the Poisson likelihood does so too, and
 * it has no boundary. */
static enum undefined no_maximum(const struct binary_model *m, struct scratch *w)
{
    struct binary_model free = binary_model_make(LINK_POISSON, m->z, m->y, m->origin, w);
    const enum undefined why = binary_maximise(&free, w);
    return why == UNDEFINED_NO ? UNDEFINED_BOUNDARY : why;
}

/* The inverse of the expected information, sum mu / (1 - mu) z z'. */
static double expected_se(struct binary_model *m, struct scratch *w)
{
    const int last = m->z->p - 1, stride = m->z->blocks * LANES;
    for (int i = 0; i < m->z->n; i++) m->weight[i] = m->mu[i] / (1 - m->mu[i]);
    if (!binary_factor(m, m->weight, w)) return NAN;
    return 1 / (m->factor[last * stride + last] * m->z->unit);
}

static struct result regression(const struct inference *in, const struct sample *s, int events,
                                struct scratch *w)
{
    const struct rows rows = {.n = s->n, .n_groups = 1, .start = (const int[]){0, s->n}};
    struct columns z;
    if (!columns_build(&z, s, &rows, true, w)) return result_undefined(UNDEFINED_SINGULAR, 0, 0);
    const double start = log((double)events / s->n);
    struct binary_model m = binary_model_make(LINK_LOG, &z, s->value, start, w);
    const enum undefined why = binary_maximise(&m, w);
    if (why != UNDEFINED_NO) return result_undefined(no_maximum(&m, w), 0, 0);
    const double se = expected_se(&m, w);
    if (!(se > 0)) return result_undefined(UNDEFINED_NOT_CONVERGED, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_LOG, binary_coefficient(&m), se);
    return r;
}

static void log_binomial_run(const void *params, const struct inference *in, const struct sample *s,
                             struct scratch *w, struct result *out)
{
    (void)params;
    const struct two_by_two t = two_by_two_count(s);
    const int events = two_by_two_events(&t);
    enum undefined why = two_by_two_why_not(&t);
    if (why == UNDEFINED_NO && (t.events[0] < 1 || t.events[1] < 1))
        why = UNDEFINED_NO_EVENTS_IN_ARM;
    else if (why == UNDEFINED_NO && (t.events[0] >= t.n[0] || t.events[1] >= t.n[1]))
        why = UNDEFINED_ALL_EVENTS_IN_ARM;
    const struct scratch_mark mark = scratch_save(w);
    *out = why == UNDEFINED_NO ? regression(in, s, events, w) : result_undefined(why, 0, 0);
    out->n = s->n;
    out->events = events;
    scratch_restore(w, mark);
}

static const struct output log_binomial_outputs[] = {
    {.brief = "relative risk", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_log_binomial = {
    .name = "log_binomial",
    .brief = "adjusted relative risk by log-binomial regression",
    .formula =
        "maximum of sum y log(r) + (1 - y) log(1 - r), log r = b0 + b'x, every fitted risk r < 1;\n"
        "se from the expected information, Wald p and limits. Undefined where the maximum is on\n"
        "the boundary r = 1",
    .reference = "Wacholder 1986, Am J Epidemiol 123:174; R glm(family = binomial(log))",
    .outcome = OUTCOME_BINARY,
    .uses = USES_ADJUST,
    .n_outputs = 1,
    .outputs = log_binomial_outputs,
    .example = "{method: log_binomial, endpoint: dead, adjust: [age]}",
    .se_power = -0.5,
    .run = log_binomial_run,
};
