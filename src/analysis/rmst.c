/* rmst.c - restricted mean survival times of two arms.  SPDX-License-Identifier: MIT */
#include "analysis/life_table.h"

#include <math.h>

struct rmst {
    double horizon;
};

static const struct param rmst_params[] = {
    {PARAM_AT(struct rmst, horizon), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 0, .max = 1e5, .flags = PARAM_OPEN_MIN,
     .help = "days lived are counted up to here; absent: the longest follow-up both arms have"},
    {0},
};

struct restricted_mean {
    double mean, variance;
};

/* mean = area under the Kaplan-Meier curve S up to the horizon;
 * variance = sum over times of events of A(t)^2 d / (n (n - d)), A(t) the area from t to the
 * horizon (Greenwood's terms; Klein & Moeschberger 2003, Survival Analysis, 4.5.2). Where all at
 * risk die nothing is left to vary. survival[table->n] is working memory. */
static struct restricted_mean restricted_mean(const struct life_table *table, int arm,
                                              double horizon, double *survival)
{
    int n = 0;
    double s = 1;
    for (; n < table->n && table->at[n].time < horizon; n++) {
        const struct life_time *at = &table->at[n];
        if (at->at_risk[arm] > 0) s *= 1 - (double)at->events[arm] / at->at_risk[arm];
        survival[n] = s;
    }
    double area = 0, variance = 0, end = horizon;
    for (int i = n - 1; i >= 0; i--) {
        const struct life_time *at = &table->at[i];
        const double d = at->events[arm], r = at->at_risk[arm];
        area += survival[i] * (end - at->time);
        end = at->time;
        if (r > d) variance += area * area * d / (r * (r - d));
    }
    return (struct restricted_mean){area + end, variance};
}

static struct result one_arm(struct restricted_mean m, const struct inference *in)
{
    const double se = sqrt(m.variance);
    return (struct result){.estimate = m.mean,
                           .se = se,
                           .ci_low = m.mean - in->z * se,
                           .ci_high = m.mean + in->z * se,
                           .statistic = NAN,
                           .p_value = NAN};
}

enum { DIFFERENCE, RATIO, CONTROL, TREATED, RMST_OUTPUTS };

static void compare(struct restricted_mean control, struct restricted_mean treated,
                    const struct inference *in, struct result *out)
{
    const struct inference in_ratio = {in->alpha, in->sides, 1, in->benefit, in->z};
    const double m0 = control.mean, m1 = treated.mean;
    result_wald(&out[DIFFERENCE], in, SCALE_IDENTITY, m1 - m0,
                sqrt(control.variance + treated.variance));
    result_wald(&out[RATIO], &in_ratio, SCALE_LOG, log(m1) - log(m0),
                sqrt(control.variance / (m0 * m0) + treated.variance / (m1 * m1)));
    out[CONTROL] = one_arm(control, in);
    out[TREATED] = one_arm(treated, in);
}

static void rmst_run(const void *params, const struct inference *in, const struct sample *s,
                     struct scratch *w, struct result *out)
{
    const struct rmst *method = params;
    const struct scratch_mark mark = scratch_save(w);
    const struct life_table table = life_table_build(s, s->event, 1, -1, w);
    const int events = table.events[0] + table.events[1];
    const double horizon = isnan(method->horizon) ? life_table_common(&table) : method->horizon;
    enum undefined why = life_table_why_not(&table, horizon);
    if (why == UNDEFINED_NO && events == 0) why = UNDEFINED_NO_EVENTS;
    struct restricted_mean mean[2] = {{0}};
    if (why == UNDEFINED_NO) {
        double *survival = scratch_doubles(w, table.n);
        for (int k = 0; k < 2; k++) mean[k] = restricted_mean(&table, k, horizon, survival);
        if (!(mean[0].variance + mean[1].variance > 0)) why = UNDEFINED_NO_VARIATION;
    }
    for (int k = 0; k < RMST_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) compare(mean[0], mean[1], in, out);
    for (int k = 0; k < RMST_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = events;
    }
    scratch_restore(w, mark);
}

static const struct output rmst_outputs[RMST_OUTPUTS] = {
    [DIFFERENCE] = {NULL, "difference of restricted means, days", SCALE_IDENTITY, 0,
                    BENEFIT_OPPOSITE},
    [RATIO] = {"ratio", "ratio of restricted means", SCALE_LOG, 1, BENEFIT_OPPOSITE},
    [CONTROL] = {"control", "restricted mean of the control arm", SCALE_IDENTITY, NAN,
                 BENEFIT_OPPOSITE},
    [TREATED] = {"treated", "restricted mean of the treated arm", SCALE_IDENTITY, NAN,
                 BENEFIT_OPPOSITE},
};

const struct analysis analysis_rmst = {
    .name = "rmst",
    .brief = "restricted mean survival time: difference, ratio, each arm",
    .formula =
        "area under the Kaplan-Meier curve up to the horizon; variance sum A(t)^2 d/(n(n-d)), "
        "A(t)\n"
        "the area from t on; normal limits, of the ratio on the log scale. Longer is benefit\n"
        "where the event is harm, shorter where it is good (`better: higher`: a discharge).\n"
        "Undefined where an arm's follow-up ends, with survivors, before the horizon.",
    .reference =
        "Royston & Parmar 2013, BMC Med Res Methodol 13:152; Uno et al. 2014, J Clin Oncol 32:2380",
    .outcome = OUTCOME_TIME,
    .params = rmst_params,
    .params_size = sizeof(struct rmst),
    .n_outputs = RMST_OUTPUTS,
    .outputs = rmst_outputs,
    .example = "{method: rmst, endpoint: death, horizon: 28}",
    .se_power = -0.5,
    .run = rmst_run,
};
