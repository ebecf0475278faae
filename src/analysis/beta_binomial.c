/* beta_binomial.c - Bayesian posterior of the difference of two risks.
 * SPDX-License-Identifier: MIT */
#include "analysis/two_by_two.h"
#include "stat/beta_difference.h"

#include <math.h>

struct beta_binomial {
    double prior_a, prior_b, margin;
};

static const struct param beta_binomial_params[] = {
    {PARAM_AT(struct beta_binomial, prior_a), .type = PARAM_NUMBER, .fallback = 1, .min = 0.5,
     .max = 1e6, .help = "patients with the outcome that the prior is worth, in each arm"},
    {PARAM_AT(struct beta_binomial, prior_b), .type = PARAM_NUMBER, .fallback = 1, .min = 0.5,
     .max = 1e6, .help = "patients without it"},
    {PARAM_AT(struct beta_binomial, margin), .type = PARAM_NUMBER, .min = -1, .max = 1,
     .help = "difference, such as -0.05; the probability of one beyond it, towards benefit, is "
             "reported"},
    {0},
};

struct posterior {
    struct beta_law arm[2];
};

/* How likely a difference on that side of d is: above it (side 1) or below (-1). */
static double beyond(const struct posterior *p, double d, int side)
{
    return side > 0 ? beta_difference_upper(p->arm[1], p->arm[0], d)
                    : beta_difference_lower(p->arm[1], p->arm[0], d);
}

static double mean(struct beta_law l)
{
    return l.a / (l.a + l.b);
}

static double variance(struct beta_law l)
{
    return mean(l) * (1 - mean(l)) / (l.a + l.b + 1);
}

static struct result difference(const struct posterior *p, const struct inference *in, int side)
{
    const struct beta_law y = p->arm[1], x = p->arm[0];
    const double tail = in->alpha / in->sides, harm = beyond(p, in->null, -side);
    const double both = 2 * fmin(harm, beyond(p, in->null, side));
    return (struct result){.estimate = mean(y) - mean(x),
                           .se = sqrt(variance(y) + variance(x)),
                           .ci_low = beta_difference_quantile(y, x, tail),
                           .ci_high = -beta_difference_quantile(x, y, tail),
                           .statistic = NAN,
                           .p_value = fmin(1, in->sides == 1 ? harm : both)};
}

enum { DIFFERENCE, BENEFIT, MARGIN, BETA_BINOMIAL_OUTPUTS };

static void beta_binomial_run(const void *params, const struct inference *in,
                              const struct sample *s, struct scratch *w, struct result *out)
{
    (void)w;
    const struct beta_binomial *method = params;
    const struct two_by_two t = two_by_two_count(s);
    const int side = in->benefit >= 0 ? 1 : -1;
    enum undefined why = UNDEFINED_NO;
    if (s->n == 0)
        why = UNDEFINED_NO_PATIENTS;
    else if (s->n_arm[0] == 0 || s->n_arm[1] == 0)
        why = UNDEFINED_EMPTY_ARM;
    for (int k = 0; k < BETA_BINOMIAL_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        struct posterior p;
        for (int k = 0; k < 2; k++) {
            p.arm[k] = (struct beta_law){method->prior_a + t.events[k],
                                         method->prior_b + t.n[k] - t.events[k]};
        }
        out[DIFFERENCE] = difference(&p, in, side);
        out[BENEFIT].estimate = beyond(&p, 0, side);
        out[MARGIN].estimate = beyond(&p, method->margin, side);
    }
    for (int k = 0; k < BETA_BINOMIAL_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = two_by_two_events(&t);
    }
}

static const struct output beta_binomial_outputs[BETA_BINOMIAL_OUTPUTS] = {
    [DIFFERENCE] = {NULL, "posterior mean of the risk difference", SCALE_IDENTITY, 0,
                    BENEFIT_OF_ENDPOINT},
    [BENEFIT] = {"benefit", "probability of benefit", SCALE_IDENTITY, NAN, BENEFIT_HIGH},
    [MARGIN] = {"margin", "probability of benefit beyond the margin", SCALE_IDENTITY, NAN,
                BENEFIT_HIGH},
};

const struct analysis analysis_beta_binomial = {
    .name = "beta_binomial",
    .brief = "Bayesian posterior of a risk difference, beta priors",
    .formula =
        "risk of an arm ~ Beta(prior_a + events, prior_b + others); difference treated - control:\n"
        "mean, sd and central interval of its posterior, by quadrature. p: one-sided 1 - "
        "P(benefit),\n"
        "two-sided twice the smaller of P(benefit) and that, benefit beyond `null`.",
    .reference = "Spiegelhalter, Abrams & Myles 2004, Bayesian Approaches to Clinical Trials and "
                 "Health-Care Evaluation, 3.6",
    .outcome = OUTCOME_BINARY,
    .params = beta_binomial_params,
    .params_size = sizeof(struct beta_binomial),
    .n_outputs = BETA_BINOMIAL_OUTPUTS,
    .outputs = beta_binomial_outputs,
    .example = "{method: beta_binomial, endpoint: dead, margin: -0.05}",
    .run = beta_binomial_run,
};
