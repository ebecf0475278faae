/* normal_posterior.c - a Bayesian reading of a hazard, odds or risk ratio.
 * SPDX-License-Identifier: MIT */
#include "analysis/normal_posterior.h"
#include "model/analysis.h"
#include "stat/distribution.h"

#include <math.h>

extern const struct analysis analysis_cox, analysis_logistic, analysis_relative_risk;
static const struct analysis *const methods[] = {&analysis_cox, &analysis_logistic,
                                                 &analysis_relative_risk};

struct normal_posterior {
    int of, prior;
    double expected, prior_mean, prior_sd, margin;
};
enum { OF_HAZARD_RATIO };
enum { PRIOR_CUSTOM = PRIOR_ENTHUSIASTIC + 1 };

static const struct param normal_posterior_params[] = {
    {PARAM_AT(struct normal_posterior, of), .type = PARAM_CHOICE,
     .choices = "hazard_ratio|odds_ratio|risk_ratio",
     .help = "by cox, of a time to event; by logistic or relative_risk, of a yes/no value"},
    {PARAM_AT(struct normal_posterior, prior), .type = PARAM_CHOICE,
     .choices = "flat|sceptical|neutral|enthusiastic|custom",
     .help = "of the log ratio; see the formula"},
    {PARAM_AT(struct normal_posterior, expected), .type = PARAM_NUMBER, .fallback = NAN, .min = 0,
     .max = 100, .flags = PARAM_OPEN_MIN,
     .help = "ratio the trial hopes for (sceptical, enthusiastic); absent: 0.5, or 2 where higher "
             "is better"},
    {PARAM_AT(struct normal_posterior, prior_mean), .type = PARAM_NUMBER, .min = -10, .max = 10,
     .help = "of the log ratio, for custom"},
    {PARAM_AT(struct normal_posterior, prior_sd), .type = PARAM_NUMBER, .fallback = 0.355, .min = 0,
     .max = 100, .flags = PARAM_OPEN_MIN, .help = "of the log ratio, for custom"},
    {PARAM_AT(struct normal_posterior, margin), .type = PARAM_NUMBER, .fallback = 1, .min = 0,
     .max = 100, .flags = PARAM_OPEN_MIN,
     .help = "ratio; the probability of one beyond it, towards benefit, is reported"},
    {0},
};

/* Spiegelhalter, Freedman & Parmar 1994, J R Stat Soc A 157:357, section 4: the sceptic gives the
 * expected ratio or a better one 5 %, the enthusiast expects it and gives no benefit 5 %. The
 * neutral prior has 95 % between the ratios 1/2 and 2 (Zampieri et al. 2021, Am J Respir Crit Care
 * Med 203:543). */
struct belief belief_before(enum prior kind, double expected)
{
    const double sd = fabs(log(expected)) / normal_upper_quantile(0.05);
    switch (kind) {
    case PRIOR_SCEPTICAL: return (struct belief){0, sd};
    case PRIOR_NEUTRAL: return (struct belief){0, log(2) / normal_upper_quantile(0.025)};
    case PRIOR_ENTHUSIASTIC: return (struct belief){log(expected), sd};
    default: return (struct belief){0, INFINITY};
    }
}

struct belief belief_after(struct belief before, double estimate, double se)
{
    const double data = 1 / (se * se), prior = 1 / (before.sd * before.sd);
    return (struct belief){(prior * before.mean + data * estimate) / (prior + data),
                           1 / sqrt(prior + data)};
}

/* The ratio and its standard error as the analysis of that name finds them. */
static struct result estimate_by(const struct analysis *method, const struct inference *in,
                                 const struct sample *s, struct scratch *w)
{
    struct result r;
    void *params = scratch_take(w, method->params_size + 1, 1);
    if (method->params != NULL) params_default(method->params, params);
    method->run(params, in, s, w, &r);
    return r;
}

static struct belief prior_of(const struct normal_posterior *p, int side)
{
    if (p->prior == PRIOR_CUSTOM) return (struct belief){p->prior_mean, p->prior_sd};
    const double expected = !isnan(p->expected) ? p->expected : side > 0 ? 2 : 0.5;
    return belief_before((enum prior)p->prior, expected);
}

/* How likely a ratio on the side of benefit of that one is. */
static struct result chance(struct belief b, double ratio, int side)
{
    struct result r = result_undefined(UNDEFINED_NO, 0, 0);
    r.estimate = normal_upper(side * (log(ratio) - b.mean) / b.sd);
    return r;
}

static enum outcome_kind outcome_of(const void *params)
{
    return methods[((const struct normal_posterior *)params)->of]->outcome;
}

enum { POSTERIOR, BENEFIT, MARGIN, NORMAL_POSTERIOR_OUTPUTS };

static void normal_posterior_run(const void *params, const struct inference *in,
                                 const struct sample *s, struct scratch *w, struct result *out)
{
    const struct normal_posterior *p = params;
    const int side = in->benefit >= 0 ? 1 : -1;
    const struct scratch_mark mark = scratch_save(w);
    const struct result found = estimate_by(methods[p->of], in, s, w);
    for (int k = 0; k < NORMAL_POSTERIOR_OUTPUTS; k++) out[k] = result_undefined(found.why, 0, 0);
    if (found.why == UNDEFINED_NO) {
        const struct belief b = belief_after(prior_of(p, side), log(found.estimate), found.se);
        result_wald(&out[POSTERIOR], in, SCALE_LOG, b.mean, b.sd);
        out[BENEFIT] = chance(b, 1, side);
        out[MARGIN] = chance(b, p->margin, side);
    }
    for (int k = 0; k < NORMAL_POSTERIOR_OUTPUTS; k++) {
        out[k].n = found.n;
        out[k].events = found.events;
    }
    scratch_restore(w, mark);
}

static const struct output normal_posterior_outputs[NORMAL_POSTERIOR_OUTPUTS] = {
    [POSTERIOR] = {NULL, "posterior median of the ratio", SCALE_LOG, 1, BENEFIT_OF_ENDPOINT},
    [BENEFIT] = {"benefit", "probability of benefit", SCALE_IDENTITY, NAN, BENEFIT_HIGH},
    [MARGIN] = {"margin", "probability of benefit beyond the margin", SCALE_IDENTITY, NAN,
                BENEFIT_HIGH},
};

const struct analysis analysis_normal_posterior = {
    .name = "normal_posterior",
    .brief = "Bayesian posterior of a hazard, odds or risk ratio, normal on the log scale",
    .formula =
        "estimate and se of the log ratio by cox, logistic or relative_risk at their defaults, a\n"
        "normal likelihood; posterior precision 1/se^2 + 1/sd^2. Priors of the log ratio: flat;\n"
        "sceptical: mean 0, 5 % beyond `expected`; neutral: mean 0, 95 % from 1/2 to 2 (sd "
        "0.354);\n"
        "enthusiastic: mean log expected, 5 % for no benefit; custom. Limits: central posterior\n"
        "interval. p: one-sided 1 - P(benefit), two-sided twice the smaller of P(benefit) and "
        "that.",
    .reference =
        "Spiegelhalter, Freedman & Parmar 1994, J R Stat Soc A 157:357; Zampieri et al. 2021, "
        "Am J Respir Crit Care Med 203:543",
    .outcome = OUTCOME_TIME,
    .outcome_of = outcome_of,
    .uses = USES_ADJUST,
    .params = normal_posterior_params,
    .params_size = sizeof(struct normal_posterior),
    .n_outputs = NORMAL_POSTERIOR_OUTPUTS,
    .outputs = normal_posterior_outputs,
    .example = "{method: normal_posterior, endpoint: death, prior: sceptical, adjust: [age]}",
    .run = normal_posterior_run,
};
