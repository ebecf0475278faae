/* findings.h - from results to a study: what a finished run says.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_FINDINGS_H
#define ENGINE_FINDINGS_H

#include "engine/plan.h"

/* A study of the plan without numbers: texts, points, answers. truth and truth_se are NaN. */
void study_of_plan(const struct plan *plan, struct study *s);
/* Fills simulated, low and high of every published row. */
enum status study_compare(struct study *s, const struct plan *plan,
                          const struct result_source *rows, struct errors *e);

#endif
