/* wilcoxon.c - the rank sum test, and van Elteren's over several strata.
 * SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/rank.h"

#include <math.h>
#include <string.h>

struct wilcoxon {
    bool correct;
};

static const struct param wilcoxon_params[] = {
    {PARAM_AT(struct wilcoxon, correct), .type = PARAM_FLAG,
     .help = "continuity correction of 1/2 pair; none with strata"},
    {0},
};

/* What the correction takes off u - its null: towards 0, or against benefit when one-sided. */
static double correction(const struct inference *in, double excess)
{
    if (in->sides == 1) return in->benefit > 0 ? 0.5 : -0.5;
    return fabs(excess) > 0 ? copysign(0.5, excess) : 0;
}

/* Weighted sums over the strata: of U, of pairs, and of the variance of U. */
struct rank_sums {
    double u, pairs, variance;
};

static void add_stratum(struct rank_sums *sum, const double *value, const unsigned char *arm, int n,
                        double weight, struct scratch *w)
{
    int treated = 0;
    for (int i = 0; i < n; i++) treated += arm[i];
    if (treated == 0 || treated == n) return;
    const struct scratch_mark mark = scratch_save(w);
    const struct tally t = tally_make(value, arm, n, w);
    const struct mann_whitney m = mann_whitney(&t);
    scratch_restore(w, mark);
    sum->u += weight * m.u;
    sum->pairs += weight * treated * (n - treated);
    sum->variance += weight * weight * (m.sd * m.sd);
}

/* Van Elteren 1960, Bull Int Stat Inst 37:351: strata are weighted by 1/(n + 1), n their patients,
 * which is the locally most powerful choice when the shift is the same in all. A stratum with one
 * arm only has no pairs and adds nothing. */
static struct rank_sums sum_over_strata(const struct sample *s, struct scratch *w)
{
    struct rank_sums sum = {0};
    if (s->n_strata == 1) {
        add_stratum(&sum, s->value, s->arm, s->n, 1, w);
        return sum;
    }
    const struct scratch_mark mark = scratch_save(w);
    int *start = scratch_ints(w, s->n_strata + 1);
    double *value = scratch_doubles(w, s->n);
    unsigned char *arm = scratch_take(w, (size_t)s->n, 1);
    memset(start, 0, ((size_t)s->n_strata + 1) * sizeof *start);
    for (int i = 0; i < s->n; i++) start[s->stratum[i]]++;
    for (int k = 1; k <= s->n_strata; k++) start[k] += start[k - 1];
    for (int i = s->n - 1; i >= 0; i--) {
        const int to = --start[s->stratum[i]];
        value[to] = s->value[i];
        arm[to] = s->arm[i];
    }
    for (int k = 0; k < s->n_strata; k++) {
        const int n = start[k + 1] - start[k];
        add_stratum(&sum, value + start[k], arm + start[k], n, 1.0 / (n + 1), w);
    }
    scratch_restore(w, mark);
    return sum;
}

static void wilcoxon_run(const void *params, const struct inference *in, const struct sample *s,
                         struct scratch *w, struct result *out)
{
    const struct wilcoxon *method = params;
    if (s->n_arm[0] == 0 || s->n_arm[1] == 0) {
        *out = result_undefined(s->n == 0 ? UNDEFINED_NO_PATIENTS : UNDEFINED_EMPTY_ARM, s->n, 0);
        return;
    }
    const struct rank_sums sum = sum_over_strata(s, w);
    if (!(sum.variance > 0)) {
        const bool no_pairs = !(sum.pairs > 0);
        *out = result_undefined(no_pairs ? UNDEFINED_NO_STRATUM : UNDEFINED_NO_VARIATION, s->n, 0);
        return;
    }
    const double sd = sqrt(sum.variance), excess = sum.u - in->null * sum.pairs;
    const double z = (excess - (method->correct ? correction(in, excess) : 0)) / sd;
    const double estimate = sum.u / sum.pairs, se = sd / sum.pairs;
    *out = (struct result){.estimate = estimate,
                           .se = se,
                           .ci_low = fmax(0, estimate - in->z * se),
                           .ci_high = fmin(1, estimate + in->z * se),
                           .statistic = z,
                           .p_value = p_normal(in, z),
                           .n = s->n};
}

static const char *wilcoxon_conflict(const void *params, bool adjusted, bool stratified)
{
    (void)adjusted;
    const struct wilcoxon *method = params;
    return stratified && method->correct ? "correct: true has no form with strata" : NULL;
}

static const struct output wilcoxon_outputs[] = {
    {.brief = "probability that a treated patient's value exceeds a control's, ties half",
     .scale = SCALE_IDENTITY,
     .null = 0.5},
};

const struct analysis analysis_wilcoxon = {
    .name = "wilcoxon",
    .brief = "rank sum test of Wilcoxon, Mann and Whitney; van Elteren's with strata",
    .formula =
        "U/(n1 n0), U the pairs with treated > control plus half the ties; se of U when the arms "
        "do\n"
        "not differ sqrt(n1 n0 / 12 (N + 1 - sum(t^3 - t) / (N (N - 1)))), t the sizes of ties;\n"
        "normal p; limits estimate -+ z se, within 0 and 1. With strata U, n1 n0 and the variance "
        "are\n"
        "sums of each stratum's with weights 1/(N + 1) (squared for the variance)",
    .reference = "Lehmann 1975, Nonparametrics, section 1.4; R wilcox.test(exact = FALSE); van "
                 "Elteren 1960, Bull Int Stat Inst 37:351",
    .outcome = OUTCOME_VALUE,
    .uses = USES_STRATA,
    .params = wilcoxon_params,
    .params_size = sizeof(struct wilcoxon),
    .n_outputs = 1,
    .outputs = wilcoxon_outputs,
    .example = "{method: wilcoxon, endpoint: days}",
    .conflict = wilcoxon_conflict,
    .run = wilcoxon_run,
};
