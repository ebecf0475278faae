/* chi_squared.c - Pearson's chi-squared test of two risks.  SPDX-License-Identifier: MIT */
#include "analysis/two_by_two.h"

#include <math.h>

struct chi_squared {
    bool correct;
};

static const struct param chi_squared_params[] = {
    {PARAM_AT(struct chi_squared, correct), .type = PARAM_FLAG, .help = "Yates' correction"},
    {0},
};

static void chi_squared_run(const void *params, const struct inference *in, const struct sample *s,
                            struct scratch *w, struct result *out)
{
    (void)w;
    const struct chi_squared *method = params;
    const struct two_by_two t = two_by_two_count(s);
    const int events = two_by_two_events(&t);
    const double se = two_by_two_difference_se(&t);
    const bool margin = fabs(in->null) > 0;
    enum undefined why = two_by_two_why_not(&t);
    if (why == UNDEFINED_NO && margin && !(se > 0)) why = UNDEFINED_NO_VARIATION;
    if (why != UNDEFINED_NO) {
        *out = result_undefined(why, s->n, events);
        return;
    }
    const double d = two_by_two_difference(&t);
    const double correction = method->correct ? two_by_two_yates(&t) : 0;
    const double chi =
        margin ? two_by_two_margin_z(&t, in->null, correction) : two_by_two_chi(&t, correction);
    *out = (struct result){.estimate = d,
                           .se = NAN,
                           .ci_low = NAN,
                           .ci_high = NAN,
                           .statistic = chi,
                           .p_value = p_normal(in, chi),
                           .n = s->n,
                           .events = events};
}

static const struct output chi_squared_outputs[] = {
    {.brief = "risk difference", .scale = SCALE_IDENTITY},
};

const struct analysis analysis_chi_squared = {
    .name = "chi_squared",
    .brief = "Pearson's chi-squared test of equal risks",
    .formula =
        "estimate x1/n1 - x0/n0; statistic the root of chi-squared (1 degree of freedom) with the\n"
        "sign of the difference, each |observed - expected| less min(1/2, itself) with `correct`;\n"
        "no limits. At another null than equality the statistic is (d - null) / unpooled se, its "
        "gap"
        " less the same correction of the risks.",
    .reference =
        "Pearson 1900, Phil Mag 50:157; Yates 1934, J R Stat Soc Suppl 1:217; R chisq.test",
    .outcome = OUTCOME_BINARY,
    .params = chi_squared_params,
    .params_size = sizeof(struct chi_squared),
    .n_outputs = 1,
    .outputs = chi_squared_outputs,
    .example = "{method: chi_squared, endpoint: death, correct: true}",
    .run = chi_squared_run,
};
