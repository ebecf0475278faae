/* roc.c - how well a marker tells events from the rest.  SPDX-License-Identifier: MIT */
#include "analysis/roc_curve.h"

#include <math.h>

struct roc {
    double cutoff; /* NaN: where Youden's index is largest */
};

static const struct param roc_params[] = {
    {PARAM_AT(struct roc, cutoff), .type = PARAM_NUMBER, .fallback = NAN, .choices = "youden",
     .help = "positive is a marker above it; youden: where sensitivity + specificity is largest"},
    {0},
};

/* Cases above and controls at or below a threshold. */
struct table {
    int true_positive, true_negative;
};

static struct table table_at(const struct levels *l, double threshold)
{
    struct table t = {l->n_cases, 0};
    for (int k = 0; k < l->n && !(l->level[k].marker > threshold); k++) {
        t.true_positive -= l->level[k].cases;
        t.true_negative += l->level[k].controls;
    }
    return t;
}

/* Wilson 1927, J Am Stat Assoc 22:209. */
static struct result wilson(int successes, int n, double z)
{
    const double p = (double)successes / n, z2 = z * z;
    const double centre = (p + z2 / (2.0 * n)) / (1 + z2 / n);
    const double half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4.0 * n * n));
    struct result r = result_undefined(UNDEFINED_NO, 0, 0);
    r.estimate = p;
    r.se = sqrt(p * (1 - p) / n);
    r.ci_low = successes == 0 ? 0 : centre - half;
    r.ci_high = successes == n ? 1 : centre + half;
    return r;
}

/* Threshold t lies half-way between levels t - 1 and t. Sensitivity + specificity at it, times the
 * numbers of cases and controls: integers, so that equal is equal. */
struct youden {
    long long *score;  /* [levels] */
    int *up_to, *from; /* [levels] the lowest best threshold in [1, t], in [t, levels) */
};

static struct youden youden_scores(const struct levels *l, int cases, int controls,
                                   struct scratch *w)
{
    struct youden r = {scratch_take(w, (size_t)l->n, sizeof *r.score), scratch_ints(w, l->n),
                       scratch_ints(w, l->n)};
    for (int t = 1; t < l->n; t++) {
        const long long positive = l->n_cases - l->level[t].cases_below;
        r.score[t] = positive * controls + (long long)l->level[t].controls_below * cases;
        r.up_to[t] = t == 1 || r.score[t] > r.score[r.up_to[t - 1]] ? t : r.up_to[t - 1];
    }
    for (int t = l->n - 1; t >= 1; t--)
        r.from[t] = t == l->n - 1 || r.score[t] >= r.score[r.from[t + 1]] ? t : r.from[t + 1];
    return r;
}

static double youden_cutoff(const struct levels *l, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int best = youden_scores(l, l->n_cases, l->n_controls, w).up_to[l->n - 1];
    scratch_restore(w, mark);
    return l->level[best - 1].marker / 2 + l->level[best].marker / 2;
}

/* Whether a patient of level k is called positive by the cutoff of the others. Without a case of
 * that level, and one case fewer in `others`, the score of thresholds up to k falls by `low`, the
 * number of controls; without a control, that of thresholds beyond k by `high`, the number of
 * cases. So the best is the best up to k or the best beyond. A level of one patient goes with the
 * patient: the two thresholds around it become one, half-way between its neighbours; at an end
 * there is none. */
static bool positive_by_others(const struct levels *l, const struct youden *others, int k,
                               long long low, long long high)
{
    const bool alone = l->level[k].cases + l->level[k].controls == 1;
    const int last = k == l->n - 1 && alone ? k - 1 : k, first = k == 0 && alone ? 2 : k + 1;
    const int below = last >= 1 ? others->up_to[last] : 0,
              above = first < l->n ? others->from[first] : 0;
    if (below == 0 && above == 0) return false; /* one level is left: everybody is alike */
    const bool is_below =
        above == 0 || (below != 0 && others->score[below] - low >= others->score[above] - high);
    const int best = is_below ? below : above;
    if (!alone || (best != k && best != k + 1)) return is_below;
    return l->level[k].marker > l->level[k - 1].marker / 2 + l->level[k + 1].marker / 2;
}

static struct table leave_one_out(const struct levels *l, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n1 = l->n_cases, n0 = l->n_controls;
    const struct youden no_case = youden_scores(l, n1 - 1, n0, w),
                        no_control = youden_scores(l, n1, n0 - 1, w);
    struct table t = {0, 0};
    for (int k = 0; k < l->n; k++) {
        if (l->level[k].cases > 0 && positive_by_others(l, &no_case, k, n0, 0))
            t.true_positive += l->level[k].cases;
        if (l->level[k].controls > 0 && !positive_by_others(l, &no_control, k, 0, n1))
            t.true_negative += l->level[k].controls;
    }
    scratch_restore(w, mark);
    return t;
}

enum {
    AREA,
    CUTOFF,
    SENSITIVITY,
    SPECIFICITY,
    SENSITIVITY_CV,
    SPECIFICITY_CV,
    OPTIMISM,
    ROC_OUTPUTS
};

static struct result share(int successes, int n)
{
    struct result r = result_undefined(UNDEFINED_NO, 0, 0);
    r.estimate = (double)successes / n;
    return r;
}

/* A cutoff that was stated has no optimism. */
static void cross_validate(const struct levels *l, bool stated, const struct table *own,
                           struct scratch *w, struct result *out)
{
    if (l->n_cases < 2 || l->n_controls < 2) {
        for (int k = SENSITIVITY_CV; k <= OPTIMISM; k++)
            out[k] = result_undefined(UNDEFINED_TOO_FEW, 0, 0);
        return;
    }
    const struct table t = stated ? *own : leave_one_out(l, w);
    out[SENSITIVITY_CV] = share(t.true_positive, l->n_cases);
    out[SPECIFICITY_CV] = share(t.true_negative, l->n_controls);
    out[OPTIMISM].estimate = out[SENSITIVITY].estimate - out[SENSITIVITY_CV].estimate +
                             out[SPECIFICITY].estimate - out[SPECIFICITY_CV].estimate;
}

static void roc_run(const void *params, const struct inference *in, const struct sample *s,
                    struct scratch *w, struct result *out)
{
    const struct roc *p = params;
    const struct scratch_mark mark = scratch_save(w);
    const struct levels l = roc_levels(s, s->marker, w);
    enum undefined why = UNDEFINED_NO;
    if (s->n == 0)
        why = UNDEFINED_NO_PATIENTS;
    else if (l.n_cases == 0 || l.n_controls == 0)
        why = UNDEFINED_NO_CASES;
    else if (l.n < 2)
        why = UNDEFINED_CONSTANT_MARKER;
    for (int k = 0; k < ROC_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        const double cutoff = isnan(p->cutoff) ? youden_cutoff(&l, w) : p->cutoff;
        const struct table t = table_at(&l, cutoff);
        out[AREA] = roc_area(&l, in);
        out[CUTOFF].estimate = cutoff;
        out[SENSITIVITY] = wilson(t.true_positive, l.n_cases, in->z);
        out[SPECIFICITY] = wilson(t.true_negative, l.n_controls, in->z);
        cross_validate(&l, !isnan(p->cutoff), &t, w, out);
    }
    for (int k = 0; k < ROC_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = l.n_cases;
    }
    scratch_restore(w, mark);
}

static const struct output roc_outputs[ROC_OUTPUTS] = {
    [AREA] = {NULL, "area under the curve", SCALE_IDENTITY, 0.5, BENEFIT_HIGH},
    [CUTOFF] = {"cutoff", "threshold: positive is a marker above it", SCALE_IDENTITY, NAN,
                BENEFIT_HIGH},
    [SENSITIVITY] = {"sensitivity", "share of events above the cutoff", SCALE_IDENTITY, NAN,
                     BENEFIT_HIGH},
    [SPECIFICITY] = {"specificity", "share of the rest not above it", SCALE_IDENTITY, NAN,
                     BENEFIT_HIGH},
    [SENSITIVITY_CV] = {"sensitivity_cv", "sensitivity, each patient judged by the others' cutoff",
                        SCALE_IDENTITY, NAN, BENEFIT_HIGH},
    [SPECIFICITY_CV] = {"specificity_cv", "specificity, each patient judged by the others' cutoff",
                        SCALE_IDENTITY, NAN, BENEFIT_HIGH},
    [OPTIMISM] = {"optimism", "Youden's index at the cutoff less that of cross-validation",
                  SCALE_IDENTITY, NAN, BENEFIT_OF_ENDPOINT},
};

const struct analysis analysis_roc = {
    .name = "roc",
    .brief = "ROC curve of a marker: area, cutoff, sensitivity, specificity",
    .formula =
        "AUC = P(marker of an event > marker of a non-event) + half the ties; DeLong variance;\n"
        "Youden's cutoff among midpoints of neighbouring values, the lowest where several are "
        "best; Wilson limits for shares. sensitivity_cv and specificity_cv: leave-one-out, every "
        "patient\n"
        "called positive or not by the cutoff that the others give; optimism is what Youden's "
        "index\n"
        "loses by that (0 where the cutoff is stated). With `versus` the areas of two markers of "
        "the\n"
        "same patients are compared: difference (marker - versus), z and p, and each area.",
    .reference =
        "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837; Youden 1950, Cancer 3:32; "
        "Wilson 1927, J Am Stat Assoc 22:209",
    .outcome = OUTCOME_BINARY,
    .uses = USES_MARKER | NEEDS_NO_ARM,
    .params = roc_params,
    .params_size = sizeof(struct roc),
    .n_outputs = ROC_OUTPUTS,
    .outputs = roc_outputs,
    .example = "{method: roc, endpoint: dead, marker: lactate}",
    .run = roc_run,
    .with_versus = &roc_comparison,
};
