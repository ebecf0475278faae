/* roc_comparison.c - the areas under the ROC curves of two markers.  SPDX-License-Identifier: MIT
 */
#include "analysis/roc_curve.h"

#include <math.h>

enum { DIFFERENCE, MARKER, VERSUS, COMPARISON_OUTPUTS };

/* Each area is the mean placement of the cases, and of the controls. The variance of the difference
 * is that of the patients' differences of placements: var over cases / cases + var over controls /
 * controls, which is DeLong's S10, S01 with the contrast (1, -1). */
static struct result difference(const struct levels *a, const struct levels *b,
                                const struct sample *s, const struct inference *in)
{
    const double n[2] = {a->n_controls, a->n_cases};
    double mean[2] = {0, 0}, square[2] = {0, 0};
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < s->n; i++) {
            const int c = s->value[i] > 0, k = a->of[i], l = b->of[i];
            const double d = c ? roc_case_placement(a, k) - roc_case_placement(b, l)
                               : roc_control_placement(a, k) - roc_control_placement(b, l);
            if (pass == 0)
                mean[c] += d / n[c];
            else
                square[c] += (d - mean[c]) * (d - mean[c]);
        }
    const double se = sqrt(square[0] / (n[0] - 1) / n[0] + square[1] / (n[1] - 1) / n[1]);
    if (!(se > 1e-14)) return result_undefined(UNDEFINED_MARKERS_ALIKE, 0, 0);
    struct result r = {0};
    result_wald(&r, in, SCALE_IDENTITY, mean[1], se);
    return r;
}

static void comparison_run(const void *params, const struct inference *in, const struct sample *s,
                           struct scratch *w, struct result *out)
{
    (void)params;
    const struct scratch_mark mark = scratch_save(w);
    const struct levels a = roc_levels(s, s->marker, w), b = roc_levels(s, s->versus, w);
    enum undefined why = UNDEFINED_NO;
    if (s->n == 0)
        why = UNDEFINED_NO_PATIENTS;
    else if (a.n_cases == 0 || a.n_controls == 0)
        why = UNDEFINED_NO_CASES;
    else if (a.n_cases < 2 || a.n_controls < 2)
        why = UNDEFINED_TOO_FEW;
    for (int k = 0; k < COMPARISON_OUTPUTS; k++) out[k] = result_undefined(why, 0, 0);
    if (why == UNDEFINED_NO) {
        const struct inference single = {in->alpha, in->sides, 0.5, in->benefit, in->z};
        out[MARKER] = roc_area(&a, &single);
        out[VERSUS] = roc_area(&b, &single);
        const bool both_vary = a.n > 1 && b.n > 1;
        out[DIFFERENCE] = both_vary ? difference(&a, &b, s, in)
                                    : result_undefined(UNDEFINED_CONSTANT_MARKER, 0, 0);
    }
    for (int k = 0; k < COMPARISON_OUTPUTS; k++) {
        out[k].n = s->n;
        out[k].events = a.n_cases;
    }
    scratch_restore(w, mark);
}

static const struct output comparison_outputs[COMPARISON_OUTPUTS] = {
    [DIFFERENCE] = {NULL, "difference of areas, marker - versus", SCALE_IDENTITY, 0, BENEFIT_HIGH},
    [MARKER] = {"marker", "area of the marker", SCALE_IDENTITY, 0.5, BENEFIT_HIGH},
    [VERSUS] = {"versus", "area of the other", SCALE_IDENTITY, 0.5, BENEFIT_HIGH},
};

const struct analysis roc_comparison = {
    .name = "roc",
    .outcome = OUTCOME_BINARY,
    .uses = USES_MARKER | USES_VERSUS | NEEDS_NO_ARM,
    .n_outputs = COMPARISON_OUTPUTS,
    .outputs = comparison_outputs,
    .run = comparison_run,
};
