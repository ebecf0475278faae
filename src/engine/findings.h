/* findings.h - from results to a study: what a finished run says.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_FINDINGS_H
#define ENGINE_FINDINGS_H

#include "engine/plan.h"

/* A study of the plan without numbers: texts, points, answers. truth and truth_se are NaN. */
void study_of_plan(const struct plan *plan, struct study *s);
/* Fills the fit of every published row from the first point's results. */
enum status study_compare(struct study *s, const struct plan *plan,
                          const struct result_source *rows, struct errors *e);
/* The same, and study_summarise. */
enum status study_find(struct study *s, const struct plan *plan, const struct result_source *rows,
                       struct errors *e);

/* The statistic of that name of an analysis's answer, or of a descriptive. */
double published_statistic(const char *name, const struct result *r);
void published_statistics(const char *name, const struct result *r, int64_t n, double *x);
/* Ratios and their limits are averaged as logarithms. */
bool published_is_ratio(const struct answer *a, const char *statistic);

#endif
