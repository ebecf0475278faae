/* recording.h - which values of an endpoint are recorded.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_RECORDING_H
#define ENGINE_RECORDING_H

#include "engine/plan.h"

/* Binds what point->recording depends on: cheap, and finds every mistake in names. */
void recording_bind(struct reader *r, struct point *point);
/* Solves what was bound without a mistake: the stated probability is the share of known values
 * recorded in each arm; where it depends on covariates or outcomes its intercept is solved on a
 * simulated cohort of at least 2^17 patients with a value in the arm. */
void recording_solve(struct reader *r, struct point *point);

#endif
