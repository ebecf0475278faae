/* cox.c - proportional hazards regression.  SPDX-License-Identifier: MIT */
#include "analysis/partial_likelihood.h"

#include <assert.h>
#include <math.h>

struct cox {
    int ties, test;
};

static const struct param cox_params[] = {
    {PARAM_AT(struct cox, ties), .type = PARAM_CHOICE, .choices = "efron|breslow",
     .help = "approximation of the likelihood at tied death times"},
    {PARAM_AT(struct cox, test), .type = PARAM_CHOICE, .choices = "wald|score|likelihood_ratio",
     .help = "statistic and p-value; limits are Wald's"},
    {0},
};

struct events {
    int total, in_arm[2];
};

static struct events count_events(const struct sample *s)
{
    struct events e = {0};
    for (int i = 0; i < s->n; i++) {
        const int died = s->event[i] > 0;
        e.total += died;
        if (s->arm != NULL) e.in_arm[s->arm[i]] += died;
    }
    return e;
}

static enum undefined cox_why_not(const struct sample *s, struct events events)
{
    if (s->n == 0) return UNDEFINED_NO_PATIENTS;
    if (s->arm != NULL && (s->n_arm[0] == 0 || s->n_arm[1] == 0)) return UNDEFINED_EMPTY_ARM;
    if (events.total == 0) return UNDEFINED_NO_EVENTS;
    if (s->term < 0 && (events.in_arm[0] == 0 || events.in_arm[1] == 0)) {
        return UNDEFINED_NO_EVENTS_IN_ARM;
    }
    return UNDEFINED_NO;
}

static void cox_run(const void *params, const struct inference *in, const struct sample *s,
                    struct scratch *w, struct result *out)
{
    const struct cox *c = params;
    const struct events events = count_events(s);
    const enum undefined why = cox_why_not(s, events);
    if (why != UNDEFINED_NO) {
        *out = result_undefined(why, s->n, events.total);
        return;
    }
    const struct scratch_mark mark = scratch_save(w);
    struct risk_sets sets;
    risk_sets_build(&sets, s, w);
    const struct rows rows = {sets.n, sets.patient, sets.n_strata, sets.start};
    struct columns z;
    if (columns_build(&z, s, &rows, false, w)) {
        struct partial_likelihood partial;
        partial_likelihood_init(&partial, &z, &sets, (enum ties)c->ties, w);
        const struct likelihood f = {&z, partial_likelihood_evaluate, &partial};
        *out = likelihood_result(&f, (enum coefficient_test)c->test, in, w);
    } else {
        *out = result_undefined(UNDEFINED_SINGULAR, 0, 0);
    }
    out->n = s->n;
    out->events = events.total;
    scratch_restore(w, mark);
}

static const struct output cox_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_cox = {
    .name = "cox",
    .brief = "hazard ratio by proportional hazards regression",
    .formula =
        "maximum of the partial likelihood prod exp(b'x_i) / sum over the risk set of exp(b'x_j),\n"
        "with Efron's or Breslow's form at ties, within strata; se from the observed information",
    .reference = "Cox 1972, J R Stat Soc B 34:187; Efron 1977, J Am Stat Assoc 72:557, section 3",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST | USES_STRATA | USES_TERM,
    .params = cox_params,
    .params_size = sizeof(struct cox),
    .n_outputs = 1,
    .outputs = cox_outputs,
    .example = "{method: cox, endpoint: death, adjust: [age]}",
    .run = cox_run,
};
