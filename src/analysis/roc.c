/* roc.c - how well a marker tells events from the rest.  SPDX-License-Identifier: MIT */
#include "stat/order.h"

#include "model/analysis.h"

#include <math.h>

struct roc {
    double cutoff; /* NaN: where Youden's index is largest */
};

static const struct param roc_params[] = {
    {PARAM_AT(struct roc, cutoff), .type = PARAM_NUMBER, .fallback = NAN, .choices = "youden",
     .help = "positive is a marker above it; youden: where sensitivity + specificity is largest"},
    {0},
};

/* Patients with one marker value, and those below. */
struct level {
    double marker;
    int cases, controls, cases_below, controls_below;
};

struct levels {
    int n, n_cases, n_controls;
    struct level *level; /* [n] by ascending marker */
};

static struct levels count_levels(const struct sample *s, struct scratch *w)
{
    struct levels l = {.level = scratch_take(w, (size_t)s->n, sizeof *l.level)};
    int *index = scratch_ints(w, s->n);
    order_ascending(index, s->marker, s->n, w);
    for (int i = 0; i < s->n; i++) {
        const double marker = s->marker[index[i]];
        if (i == 0 || marker > l.level[l.n - 1].marker) {
            l.level[l.n++] = (struct level){marker, 0, 0, l.n_cases, l.n_controls};
        }
        const int is_case = s->value[index[i]] > 0;
        l.level[l.n - 1].cases += is_case;
        l.level[l.n - 1].controls += !is_case;
        l.n_cases += is_case;
        l.n_controls += !is_case;
    }
    return l;
}

/* Share of controls below a case of this level, and of cases above a control; ties count half. */
static double case_placement(const struct levels *l, const struct level *k)
{
    return (k->controls_below + 0.5 * k->controls) / l->n_controls;
}

static double control_placement(const struct levels *l, const struct level *k)
{
    return (l->n_cases - k->cases_below - 0.5 * k->cases) / l->n_cases;
}

/* AUC is the mean placement; its variance is var(case placements) / cases plus var(control
 * placements) / controls, with divisors m-1 (DeLong, DeLong & Clarke-Pearson 1988, Biometrics
 * 44:837, in the form of Sun & Xu 2014, IEEE Signal Process Lett 21:1389). Limits are cut to [0,
 * 1]. */
static struct result area(const struct levels *l, const struct inference *in)
{
    if (l->n_cases < 2 || l->n_controls < 2) return result_undefined(UNDEFINED_TOO_FEW, 0, 0);
    const double n1 = l->n_cases, n0 = l->n_controls;
    double auc = 0, of_cases = 0, of_controls = 0;
    for (int k = 0; k < l->n; k++) auc += l->level[k].cases * case_placement(l, &l->level[k]);
    auc /= n1;
    for (int k = 0; k < l->n; k++) {
        const double a = case_placement(l, &l->level[k]) - auc;
        const double b = control_placement(l, &l->level[k]) - auc;
        of_cases += l->level[k].cases * a * a;
        of_controls += l->level[k].controls * b * b;
    }
    const double se = sqrt(of_cases / (n1 - 1) / n1 + of_controls / (n0 - 1) / n0);
    struct result r = {0};
    result_wald(&r, in, SCALE_IDENTITY, auc, se);
    r.ci_low = fmax(r.ci_low, 0);
    r.ci_high = fmin(r.ci_high, 1);
    if (!(se > 0)) r.statistic = r.p_value = NAN;
    return r;
}

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

/* The lowest midpoint between neighbouring values at which sensitivity + specificity is largest;
 * compared as integers, so that equal is equal. */
static double youden_threshold(const struct levels *l)
{
    int best = 1;
    long long largest = -1;
    for (int k = 1; k < l->n; k++) {
        const long long positive = l->n_cases - l->level[k].cases_below;
        const long long sum =
            positive * l->n_controls + (long long)l->level[k].controls_below * l->n_cases;
        if (sum > largest) {
            largest = sum;
            best = k;
        }
    }
    return l->level[best - 1].marker / 2 + l->level[best].marker / 2;
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

enum { AREA, CUTOFF, SENSITIVITY, SPECIFICITY, ROC_OUTPUTS };

static void roc_run(const void *params, const struct inference *in, const struct sample *s,
                    struct scratch *w, struct result *out)
{
    const struct roc *p = params;
    const struct scratch_mark mark = scratch_save(w);
    const struct levels l = count_levels(s, w);
    enum undefined why = UNDEFINED_NO;
    if (s->n == 0)
        why = UNDEFINED_NO_PATIENTS;
    else if (l.n_cases == 0 || l.n_controls == 0)
        why = UNDEFINED_NO_CASES;
    else if (l.n < 2)
        why = UNDEFINED_NO_VARIATION;
    for (int k = 0; k < ROC_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        const double cutoff = isnan(p->cutoff) ? youden_threshold(&l) : p->cutoff;
        const struct table t = table_at(&l, cutoff);
        out[AREA] = area(&l, in);
        out[CUTOFF].estimate = cutoff;
        out[SENSITIVITY] = wilson(t.true_positive, l.n_cases, in->z);
        out[SPECIFICITY] = wilson(t.true_negative, l.n_controls, in->z);
    }
    for (int k = 0; k < ROC_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = l.n_cases;
    }
    scratch_restore(w, mark);
}

static const struct output roc_outputs[ROC_OUTPUTS] = {
    [AREA] = {NULL, "area under the curve", SCALE_IDENTITY, 0.5, true},
    [CUTOFF] = {"cutoff", "threshold: positive is a marker above it", SCALE_IDENTITY, NAN, true},
    [SENSITIVITY] = {"sensitivity", "share of events above the cutoff", SCALE_IDENTITY, NAN, true},
    [SPECIFICITY] = {"specificity", "share of the rest not above it", SCALE_IDENTITY, NAN, true},
};

const struct analysis analysis_roc = {
    .name = "roc",
    .brief = "ROC curve of a marker: area, cutoff, sensitivity, specificity",
    .formula =
        "AUC = P(marker of an event > marker of a non-event) + half the ties; DeLong variance;\n"
        "Youden's cutoff among midpoints of neighbouring values, the lowest where several are "
        "best; Wilson limits for shares",
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
};
