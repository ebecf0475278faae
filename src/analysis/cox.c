/* cox.c - proportional hazards regression.  SPDX-License-Identifier: MIT */
#include "analysis/cox_two_arms.h"
#include "analysis/firth.h"

struct cox {
    int ties, test, penalty;
};

enum penalty { PENALTY_NONE, PENALTY_FIRTH };

static const struct param cox_params[] = {
    {PARAM_AT(struct cox, ties), .type = PARAM_CHOICE, .choices = "efron|breslow",
     .help = "approximation of the likelihood at tied death times"},
    {PARAM_AT(struct cox, test), .type = PARAM_CHOICE, .choices = "wald|score|likelihood_ratio",
     .help = "statistic and p-value; limits are Wald's"},
    {PARAM_AT(struct cox, penalty), .type = PARAM_CHOICE, .choices = "none|firth",
     .help = "Firth's, an answer also where one arm has no events"},
    {0},
};

/* The answer of a built model, or why there is none. */
static struct result answer(enum undefined why, const struct likelihood *f, const struct cox *c,
                            const struct inference *in, struct scratch *w)
{
    if (why != UNDEFINED_NO) return result_undefined(why, 0, 0);
    return likelihood_result(f, (enum coefficient_test)c->test, in, w);
}

static struct result adjusted(const struct cox *c, const struct inference *in,
                              const struct sample *s, struct scratch *w)
{
    const bool firth = c->penalty == PENALTY_FIRTH;
    struct cox_model m;
    cox_model_build(&m, s, (enum ties)c->ties, firth, w);
    struct likelihood f = cox_model_likelihood(&m);
    struct firth penalised;
    if (m.why == UNDEFINED_NO && firth) {
        firth_init(&penalised, &m.partial, w);
        f = (struct likelihood){.z = &m.z, .evaluate = firth_evaluate, .model = &penalised};
    }
    struct result r = answer(m.why, &f, c, in, w);
    /* a penalised likelihood has a maximum */
    if (firth && r.why == UNDEFINED_SEPARATION) r.why = UNDEFINED_NOT_CONVERGED;
    r.events = m.events;
    return r;
}

static struct result unadjusted(const struct cox *c, const struct inference *in,
                                const struct sample *s, struct scratch *w)
{
    struct two_arms m;
    two_arms_build(&m, s, (enum ties)c->ties, w);
    const struct likelihood f = two_arms_likelihood(&m);
    struct result r = answer(m.why, &f, c, in, w);
    if (r.why == UNDEFINED_SINGULAR && !sample_compares_arms(s, w)) r.why = UNDEFINED_NO_STRATUM;
    r.events = m.events;
    return r;
}

static void cox_run(const void *params, const struct inference *in, const struct sample *s,
                    struct scratch *w, struct result *out)
{
    const struct cox *c = params;
    const struct scratch_mark mark = scratch_save(w);
    const bool two_arms = s->n_x == 0 && c->penalty == PENALTY_NONE;
    *out = two_arms ? unadjusted(c, in, s, w) : adjusted(c, in, s, w);
    out->n = s->n;
    scratch_restore(w, mark);
}

static const struct output cox_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio", .scale = SCALE_LOG, .null = 1},
};

extern const struct analysis analysis_cox_robust, analysis_cox_frailty;

const struct analysis analysis_cox = {
    .name = "cox",
    .brief = "hazard ratio by proportional hazards regression",
    .formula =
        "maximum of the partial likelihood prod exp(b'x_i) / sum over the risk set of exp(b'x_j),\n"
        "with Efron's or Breslow's form at ties, within strata; se from the observed information.\n"
        "penalty firth adds log|information|/2 and keeps Wald's limits from the information.\n"
        "cluster: robust se from sums of score residuals; frailty: a normal random effect of each\n"
        "level, its variance by REML, reported as NAME.variance; both have Wald tests only",
    .reference =
        "Cox 1972, J R Stat Soc B 34:187; Efron 1977, J Am Stat Assoc 72:557, section 3;\n"
        "Heinze & Schemper 2001, Biometrics 57:114; Lin & Wei 1989, J Am Stat Assoc 84:1074;\n"
        "Ripatti & Palmgren 2000, Biometrics 56:1016",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST | USES_STRATA | USES_TERM,
    .params = cox_params,
    .params_size = sizeof(struct cox),
    .n_outputs = 1,
    .outputs = cox_outputs,
    .example = "{method: cox, endpoint: death, adjust: [age]}",
    .run = cox_run,
    .with_cluster = &analysis_cox_robust,
    .with_frailty = &analysis_cox_frailty,
};
