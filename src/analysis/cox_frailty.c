/* cox_frailty.c - proportional hazards regression with a normal random effect of a column's levels.
 * SPDX-License-Identifier: MIT */
#include "analysis/frailty.h"
#include "analysis/variance.h"

#include <math.h>
#include <string.h>

struct cox_frailty {
    int ties, test, penalty;
};

static const struct param cox_frailty_params[] = {
    {PARAM_AT(struct cox_frailty, ties), .type = PARAM_CHOICE, .choices = "efron|breslow",
     .help = "approximation of the likelihood at tied death times"},
    {PARAM_AT(struct cox_frailty, test), .type = PARAM_CHOICE, .choices = "wald",
     .help = "statistic and p-value"},
    {PARAM_AT(struct cox_frailty, penalty), .type = PARAM_CHOICE, .choices = "none",
     .help = "not with a frailty"},
    {0},
};

static double excess(void *context, double variance)
{
    struct frailty *f = context;
    return frailty_fit(f, variance) == UNDEFINED_NO ? frailty_excess(f) : NAN;
}

/* Results are the hazard ratio and the variance. */
static void estimate(struct cox_model *m, const struct inference *in, const struct sample *s,
                     struct scratch *w, struct result *out)
{
    double *beta = scratch_doubles(w, m->z.p);
    memset(beta, 0, (size_t)m->z.p * sizeof *beta);
    const struct likelihood f = cox_model_likelihood(m);
    const struct maximum plain = likelihood_maximise_from(&f, beta, w);
    enum undefined why = plain.why;
    if (s->n_clusters < 2) why = UNDEFINED_TOO_FEW_CLUSTERS;
    struct frailty frailty;
    double variance = 0, coefficient = plain.coefficient, se = plain.se;
    if (why == UNDEFINED_NO) {
        frailty_init(&frailty, m, s, beta, w);
        const struct heterogeneity h = frailty_heterogeneity(&frailty);
        if (!h.told_apart)
            why = UNDEFINED_SINGULAR;
        else if (h.excess > 0)
            variance = variance_solve(excess, &frailty, h.start);
    }
    if (isnan(variance)) why = UNDEFINED_NOT_CONVERGED;
    if (isinf(variance)) why = UNDEFINED_NO_VARIANCE;
    if (why == UNDEFINED_NO && variance > 0) {
        why = frailty_fit(&frailty, variance);
        coefficient = frailty_coefficient(&frailty);
        se = frailty_se(&frailty);
    }
    out[0] = out[1] = result_undefined(why, 0, 0);
    if (why != UNDEFINED_NO) return;
    result_wald(&out[0], in, SCALE_LOG, coefficient, se);
    out[1].estimate = variance;
}

static void cox_frailty_run(const void *params, const struct inference *in, const struct sample *s,
                            struct scratch *w, struct result *out)
{
    const struct cox_frailty *c = params;
    const struct scratch_mark mark = scratch_save(w);
    struct cox_model m;
    cox_model_build(&m, s, (enum ties)c->ties, false, w);
    if (m.why == UNDEFINED_NO) {
        estimate(&m, in, s, w, out);
    } else {
        out[0] = out[1] = result_undefined(m.why, 0, 0);
    }
    for (int k = 0; k < 2; k++) {
        out[k].n = s->n;
        out[k].events = m.events;
    }
    scratch_restore(w, mark);
}

static const struct output cox_frailty_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio", .scale = SCALE_LOG, .null = 1},
    {.suffix = "variance",
     .brief = "variance of the random effect",
     .scale = SCALE_IDENTITY,
     .null = NAN},
};

const struct analysis analysis_cox_frailty = {
    .name = "cox",
    .brief = "hazard ratio by proportional hazards regression with a normal frailty",
    .formula = "maximum of the partial likelihood - sum b^2 / (2 variance); variance by REML,\n"
               "(sum b^2 + tr (H^-1)_bb) / levels; at variance 0 the answer of cox",
    .reference = "Ripatti & Palmgren 2000, Biometrics 56:1016",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST | USES_STRATA | USES_TERM | USES_FRAILTY,
    .params = cox_frailty_params,
    .params_size = sizeof(struct cox_frailty),
    .n_outputs = 2,
    .outputs = cox_frailty_outputs,
    .example = "{method: cox, endpoint: death, adjust: [age], frailty: site}",
    .run = cox_frailty_run,
};
