/* replicate.h - one simulated trial: patients, endpoints, dataset, results.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_REPLICATE_H
#define ENGINE_REPLICATE_H

#include "engine/plan.h"

/* Draws replicate `replicate` of a point and its endpoint columns, in w. `complete`: nobody lost,
 * excluded or unrecorded. */
struct dataset replicate_dataset(const struct point *point, uint64_t replicate, bool complete,
                                 struct scratch *w, struct patients *p, struct course *c);
/* The endpoint columns of patients already drawn. */
struct dataset endpoint_dataset(const struct point *point, const struct patients *p,
                                const struct course *c, uint64_t replicate, bool complete,
                                struct scratch *w);
/* out[plan->n_answers] */
void replicate_run(const struct plan *plan, const struct point *point, uint64_t replicate,
                   struct scratch *w, struct result *out);

/* out[plan->n_descriptives]: results whose estimates are the statistics. */
void describe(const struct plan *plan, const struct dataset *data, struct scratch *w,
              struct result *out);
enum { DESCRIBE_COUNT = 9 };
extern const char *const describe_names[DESCRIBE_COUNT];

/* Replicates of these numbers are not those of any run: used for truths, for solving and for
 * calibrating. */
enum { DOMAIN_TRUTH = 1, DOMAIN_RECORDING = 2, DOMAIN_CALIBRATION = 3 };
uint64_t replicate_in_domain(int domain, uint64_t replicate);

#endif
