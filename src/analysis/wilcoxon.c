/* wilcoxon.c - the rank sum test.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/rank.h"

#include <math.h>

struct wilcoxon {
    bool correct;
};

static const struct param wilcoxon_params[] = {
    {PARAM_AT(struct wilcoxon, correct), .type = PARAM_FLAG,
     .help = "continuity correction of 1/2 pair"},
    {0},
};

/* What the correction takes off u - its null: towards 0, or against benefit when one-sided. */
static double correction(const struct inference *in, double excess)
{
    if (in->sides == 1) return in->benefit > 0 ? 0.5 : -0.5;
    return fabs(excess) > 0 ? copysign(0.5, excess) : 0;
}

static void wilcoxon_run(const void *params, const struct inference *in, const struct sample *s,
                         struct scratch *w, struct result *out)
{
    const struct wilcoxon *method = params;
    const double pairs = (double)s->n_arm[0] * s->n_arm[1];
    if (!(pairs > 0)) {
        *out = result_undefined(s->n == 0 ? UNDEFINED_NO_PATIENTS : UNDEFINED_EMPTY_ARM, s->n, 0);
        return;
    }
    const struct scratch_mark mark = scratch_save(w);
    const struct tally t = tally_make(s->value, s->arm, s->n, w);
    const struct mann_whitney m = mann_whitney(&t);
    scratch_restore(w, mark);
    if (!(m.sd > 0)) {
        *out = result_undefined(UNDEFINED_NO_VARIATION, s->n, 0);
        return;
    }
    const double excess = m.u - in->null * pairs;
    const double z = (excess - (method->correct ? correction(in, excess) : 0)) / m.sd;
    const double estimate = m.u / pairs, se = m.sd / pairs;
    *out = (struct result){.estimate = estimate,
                           .se = se,
                           .ci_low = fmax(0, estimate - in->z * se),
                           .ci_high = fmin(1, estimate + in->z * se),
                           .statistic = z,
                           .p_value = p_normal(in, z),
                           .n = s->n};
}

static const struct output wilcoxon_outputs[] = {
    {.brief = "probability that a treated patient's value exceeds a control's, ties half",
     .scale = SCALE_IDENTITY,
     .null = 0.5},
};

const struct analysis analysis_wilcoxon = {
    .name = "wilcoxon",
    .brief = "rank sum test of Wilcoxon, Mann and Whitney",
    .formula =
        "U/(n1 n0), U the pairs with treated > control plus half the ties; se of U when the arms "
        "do\n"
        "not differ sqrt(n1 n0 / 12 (N + 1 - sum(t^3 - t) / (N (N - 1)))), t the sizes of ties;\n"
        "normal p; limits estimate -+ z se, within 0 and 1",
    .reference = "Lehmann 1975, Nonparametrics, section 1.4; R wilcox.test(exact = FALSE)",
    .outcome = OUTCOME_VALUE,
    .params = wilcoxon_params,
    .params_size = sizeof(struct wilcoxon),
    .n_outputs = 1,
    .outputs = wilcoxon_outputs,
    .example = "{method: wilcoxon, endpoint: days}",
    .run = wilcoxon_run,
};
