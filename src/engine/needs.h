/* needs.h - what of the patients and their courses a point's answers rest on.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_NEEDS_H
#define ENGINE_NEEDS_H

#include "engine/plan.h"

/* Completes point->needs, which endpoints have marked: what these parts of the course wait for, and
 * the covariates that anything reads, the plan's descriptions of patients too. The rest is not
 * drawn. */
void needs_close(struct reader *r, const struct plan *plan, struct point *point);

#endif
