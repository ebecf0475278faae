/* needs.h - what of the patients and their courses a point's answers rest on.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_NEEDS_H
#define ENGINE_NEEDS_H

#include "engine/plan.h"

/* Completes point->needs, which endpoints have marked: what these parts of the course wait for, and
 * the covariates that anything reads. The rest is not drawn. */
void needs_close(struct reader *r, struct point *point);

#endif
