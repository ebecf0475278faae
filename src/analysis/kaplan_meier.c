/* kaplan_meier.c - survival of two arms at one day.  SPDX-License-Identifier: MIT */
#include "analysis/life_table.h"

#include <math.h>

struct kaplan_meier {
    double day;
    int ci;
};
enum { CI_PLAIN, CI_LOG_LOG };

static const struct param kaplan_meier_params[] = {
    {PARAM_AT(struct kaplan_meier, day), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 0, .max = 1e5, .flags = PARAM_OPEN_MIN,
     .help = "survival is compared at this time; absent: the longest follow-up both arms have"},
    {PARAM_AT(struct kaplan_meier, ci), .type = PARAM_CHOICE, .choices = "plain|log_log",
     .help = "limits of each arm's survival; those of the difference are plain"},
    {0},
};

struct survival {
    double share, greenwood; /* variance = share^2 greenwood */
};

/* S = prod (1 - d/n); Greenwood's sum of d / (n (n - d)) over the times up to the day. */
static struct survival survival_at(const struct life_table *table, int arm, double day)
{
    struct survival s = {1, 0};
    for (int i = 0; i < table->n && table->at[i].time <= day; i++) {
        const double d = table->at[i].events[arm], n = table->at[i].at_risk[arm];
        if (!(d > 0)) continue;
        s.share *= (n - d) / n;
        s.greenwood += n > d ? d / (n * (n - d)) : 0;
    }
    return s;
}

/* Plain limits end at 0 and 1. On the scale of log(-log S) the standard error is
 * sqrt(greenwood) / |log S|, and the limits are S^exp(-+ z se); there are none when S is 0 or 1. */
static struct result one_arm(struct survival s, int ci, double z)
{
    const double se = s.share * sqrt(s.greenwood),
                 power = exp(z * sqrt(s.greenwood) / log(s.share));
    const bool inside = s.share > 0 && s.share < 1;
    struct result r = {.estimate = s.share,
                       .se = se,
                       .ci_low = NAN,
                       .ci_high = NAN,
                       .statistic = NAN,
                       .p_value = NAN};
    if (ci == CI_PLAIN) {
        r.ci_low = fmax(0, s.share - z * se);
        r.ci_high = fmin(1, s.share + z * se);
    } else if (inside) {
        r.ci_low = pow(s.share, 1 / power);
        r.ci_high = pow(s.share, power);
    }
    return r;
}

enum { DIFFERENCE, CONTROL, TREATED, KAPLAN_MEIER_OUTPUTS };

static void kaplan_meier_run(const void *params, const struct inference *in, const struct sample *s,
                             struct scratch *w, struct result *out)
{
    const struct kaplan_meier *method = params;
    const struct scratch_mark mark = scratch_save(w);
    const struct life_table table = life_table_build(s, s->event, 1, -1, w);
    const double day = isnan(method->day) ? life_table_common(&table) : method->day;
    const int events = table.events[0] + table.events[1];
    const enum undefined why = life_table_why_not(&table, day);
    for (int k = 0; k < KAPLAN_MEIER_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        out[CONTROL] = one_arm(survival_at(&table, 0, day), method->ci, in->z);
        out[TREATED] = one_arm(survival_at(&table, 1, day), method->ci, in->z);
        const double se = hypot(out[CONTROL].se, out[TREATED].se);
        out[DIFFERENCE].why = events == 0 ? UNDEFINED_NO_EVENTS : UNDEFINED_NO_VARIATION;
        if (se > 0) {
            result_wald(&out[DIFFERENCE], in, SCALE_IDENTITY,
                        out[TREATED].estimate - out[CONTROL].estimate, se);
        }
    }
    for (int k = 0; k < KAPLAN_MEIER_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = events;
    }
    scratch_restore(w, mark);
}

static const struct output kaplan_meier_outputs[KAPLAN_MEIER_OUTPUTS] = {
    [DIFFERENCE] = {NULL, "difference of survival at the day", SCALE_IDENTITY, 0, BENEFIT_OPPOSITE},
    [CONTROL] = {"control", "survival of the control arm", SCALE_IDENTITY, NAN, BENEFIT_OPPOSITE},
    [TREATED] = {"treated", "survival of the treated arm", SCALE_IDENTITY, NAN, BENEFIT_OPPOSITE},
};

const struct analysis analysis_kaplan_meier = {
    .name = "kaplan_meier",
    .brief = "survival at a day: difference, and each arm",
    .formula = "S = prod (1 - d/n) up to the day, treated - control; Greenwood's variances added "
               "(0 where\n"
               "nobody or everybody died). Limits of an arm: S -+ z se within [0, 1], or\n"
               "S^exp(-+ z se / (S log S)). Higher survival is benefit where the event\n"
               "is harm, lower where it is good (`better: higher`). Undefined where an arm's\n"
               "follow-up ends, with survivors, before the day.",
    .reference =
        "Kaplan & Meier 1958, J Am Stat Assoc 53:457; Greenwood 1926; limits: Kalbfleisch & "
        "Prentice 2002, The Statistical Analysis of Failure Time Data, 1.4.1",
    .outcome = OUTCOME_TIME,
    .params = kaplan_meier_params,
    .params_size = sizeof(struct kaplan_meier),
    .n_outputs = KAPLAN_MEIER_OUTPUTS,
    .outputs = kaplan_meier_outputs,
    .example = "{method: kaplan_meier, endpoint: death, day: 28}",
    .se_power = -0.5,
    .run = kaplan_meier_run,
};
