/* roc_curve.h - a marker's values, with the patients at and below each.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_ROC_CURVE_H
#define ANALYSIS_ROC_CURVE_H

#include "model/analysis.h"

/* Patients with one marker value, and those below. */
struct level {
    double marker;
    int cases, controls, cases_below, controls_below;
};

struct levels {
    int n, n_cases, n_controls;
    struct level *level; /* [n] by ascending marker */
    int *of;             /* [patients] the patient's level */
};

/* Cases are the patients whose value is above 0. In w. */
struct levels roc_levels(const struct sample *s, const double *marker, struct scratch *w);

/* Share of controls below a case of level k, and of cases above a control; ties count half. */
double roc_case_placement(const struct levels *l, int k);
double roc_control_placement(const struct levels *l, int k);

/* AUC with DeLong's standard error and Wald limits, cut to [0, 1]. */
struct result roc_area(const struct levels *l, const struct inference *in);

/* roc with `versus`: the areas of two markers compared. */
extern const struct analysis roc_comparison;

#endif
