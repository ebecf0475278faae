/* published.h - the figures of a paper as answers of every simulated trial.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_PUBLISHED_H
#define ENGINE_PUBLISHED_H

#include "engine/plan.h"

/* Binds the rows of the first point: to outputs of its analyses, or to descriptives, which are
 * added to the plan's answers. A sweep has no published figures: a paper is compared with one
 * setting. Reports every mistake. */
void published_bind(struct reader *r, struct plan *plan);

#endif
