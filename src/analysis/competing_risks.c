/* competing_risks.c - an event that another kind of event can forestall.
 * SPDX-License-Identifier: MIT */
#include "analysis/fine_gray.h"
#include "analysis/incidence.h"

#include <math.h>

struct competing_risks {
    int64_t cause;
    double horizon;
};

static const struct param competing_risks_params[] = {
    {PARAM_AT(struct competing_risks, cause), .type = PARAM_INTEGER, .fallback = 1, .min = 1,
     .max = 2, .help = "the event asked about; the other cause competes"},
    {PARAM_AT(struct competing_risks, horizon), .type = PARAM_NUMBER, .unit = "days",
     .fallback = NAN, .min = 0, .max = 1e5, .flags = PARAM_OPEN_MIN,
     .help = "incidences are compared at this time; absent: at the last event while both arms are "
             "followed"},
    {0},
};

enum { HAZARD_RATIO, DIFFERENCE, GRAY, COMPETING_RISKS_OUTPUTS };

static double last_event(const struct life_table *t)
{
    for (int i = t->n - 1; i >= 0; i--) {
        if (t->at[i].events[0] + t->at[i].events[1] > 0) return t->at[i].time;
    }
    return 0;
}

static struct result hazard_ratio(const struct life_table *t, const struct sample *s, int cause,
                                  const struct inference *in, struct scratch *w)
{
    if (t->events[0] == 0 || t->events[1] == 0) {
        return result_undefined(UNDEFINED_NO_EVENTS_IN_ARM, 0, 0);
    }
    const struct maximum m = fine_gray_fit(s, cause, w);
    struct result r = result_undefined(m.why, 0, 0);
    if (m.why == UNDEFINED_NO) result_wald(&r, in, SCALE_LOG, m.coefficient, m.se);
    return r;
}

static struct result difference(const struct life_table *t, double horizon,
                                const struct inference *in)
{
    const struct inference in_difference = {in->alpha, in->sides, 0, in->benefit, in->z};
    const double at = isnan(horizon) ? fmin(last_event(t), life_table_common(t)) : horizon;
    const enum undefined why = life_table_why_not(t, at);
    if (why != UNDEFINED_NO) return result_undefined(why, 0, 0);
    const struct incidence f0 = incidence_at(t, 0, at), f1 = incidence_at(t, 1, at);
    const double se = sqrt(f0.variance + f1.variance);
    struct result r = result_undefined(UNDEFINED_NO_VARIATION, 0, 0);
    if (se > 0) result_wald(&r, &in_difference, SCALE_IDENTITY, f1.share - f0.share, se);
    return r;
}

/* With the estimate that takes one step from 1, as the log-rank test's does. */
static struct result gray(const struct life_table *t, const struct inference *in, struct scratch *w)
{
    const struct inference in_gray = {in->alpha, in->sides, 1, in->benefit, in->z};
    const struct gray_test test = gray_test(t, w);
    const double v = test.variance;
    struct result r = result_undefined(UNDEFINED_NO_VARIATION, 0, 0);
    if (v > 0) result_wald(&r, &in_gray, SCALE_LOG, test.score / v, 1 / sqrt(v));
    return r;
}

static void competing_risks_run(const void *params, const struct inference *in,
                                const struct sample *s, struct scratch *w, struct result *out)
{
    const struct competing_risks *method = params;
    const int cause = (int)method->cause;
    const struct scratch_mark mark = scratch_save(w);
    const struct life_table table = life_table_build(s, s->cause, cause, -1, w);
    const int events = table.events[0] + table.events[1];
    enum undefined why = life_table_why_not(&table, 0);
    if (why == UNDEFINED_NO && events == 0) why = UNDEFINED_NO_EVENTS;
    for (int k = 0; k < COMPETING_RISKS_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        out[HAZARD_RATIO] = hazard_ratio(&table, s, cause, in, w);
        out[DIFFERENCE] = difference(&table, method->horizon, in);
        out[GRAY] = gray(&table, in, w);
    }
    for (int k = 0; k < COMPETING_RISKS_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = events;
    }
    scratch_restore(w, mark);
}

static const struct output competing_risks_outputs[COMPETING_RISKS_OUTPUTS] = {
    [HAZARD_RATIO] = {NULL, "ratio of subdistribution hazards", SCALE_LOG, 1, BENEFIT_OF_ENDPOINT},
    [DIFFERENCE] = {"difference", "difference of cumulative incidence", SCALE_IDENTITY, 0,
                    BENEFIT_OF_ENDPOINT},
    [GRAY] = {"gray", "Gray's test; ratio of subdistribution hazards, one step from 1", SCALE_LOG,
              1, BENEFIT_OF_ENDPOINT},
};

const struct analysis analysis_competing_risks = {
    .name = "competing_risks",
    .brief = "Fine-Gray hazard ratio, cumulative incidence difference, Gray's test",
    .formula =
        "Fine-Gray: maximum of the partial likelihood in which patients with a competing event "
        "stay\n"
        "at risk with weight G(t-)/G(X-), G the Kaplan-Meier curve of censoring in both arms; se "
        "from\n"
        "the sandwich, G's estimation included. Difference: Aalen-Johansen incidence treated - "
        "control\n"
        "at the horizon. Gray's test takes no covariates; with U its observed less expected events "
        "of\n"
        "the treated arm and V their variance, z = U/sqrt(V), estimate exp(U/V), se 1/sqrt(V). "
        "Without causes in the data every event is cause 1.",
    .reference = "Fine & Gray 1999, J Am Stat Assoc 94:496; Gray 1988, Ann Stat 16:1141; R cmprsk",
    .outcome = OUTCOME_TIME,
    .uses = USES_ADJUST,
    .params = competing_risks_params,
    .params_size = sizeof(struct competing_risks),
    .n_outputs = COMPETING_RISKS_OUTPUTS,
    .outputs = competing_risks_outputs,
    .example = "{method: competing_risks, endpoint: death, horizon: 28, adjust: [age]}",
    .run = competing_risks_run,
};
