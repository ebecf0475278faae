/* truth.h - what an analysis's estimator converges to.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRUTH_H
#define ENGINE_TRUTH_H

#include "engine/plan.h"

/* The same analyses on a cohort of at least 1,024 trials' size (2^24 patients where a trial has
 * more than 16,384), closed as one large trial: same allocation, treatment received and
 * administrative follow-up, fresh centres, every patient in each arm (both courses of a patient
 * exist; for analyses with strata, in whose small strata the two would meet, the allocated arm
 * only), nobody lost, excluded or unrecorded. The cohort is taken in TRUTH_BATCHES equal parts of
 * at least 16,384 patients; the truth is their mean on the scale of inference, its error their
 * spread over sqrt(batches). truth, error: [n_answers], NaN where an answer has none. */
enum { TRUTH_BATCHES = 32 };
void truth_find(const struct plan *plan, const struct point *point, int threads, double *truth,
                double *error);

#endif
