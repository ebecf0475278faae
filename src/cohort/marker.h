/* marker.h - markers of the course: values taken once, of patients or of their care.
 * SPDX-License-Identifier: MIT */
#ifndef COHORT_MARKER_H
#define COHORT_MARKER_H

#include "cohort/course.h"

/* Tables of the names under `course.markers` and `effects.markers`, for help. */
extern const struct param markers_table[], marker_effects_table[];

void markers_read(struct reader *r, const struct node *n, struct markers *m);
void markers_echo(struct buffer *out, const struct markers *m, int indent);

/* No effect on any marker: what an arm has before its effects are read. */
void marker_effects_default(struct reader *r, const struct markers *m, struct marker_effects *e);
void marker_effects_read(struct reader *r, const struct node *n, const char *arm,
                         const struct markers *m, struct marker_effects *e);
/* Nothing is written where no marker has an effect. */
void marker_effects_echo(struct buffer *out, const struct marker_effects *e, int indent);

void marker_bind(struct reader *r, const struct population *p, const struct marker_course *m,
                 struct marker_plan *plan);
/* What the predictor and the log hazard of death are for every sampled patient, see mixture.h;
 * `predictor` is not read when the marker has no loads. */
void marker_solve(struct reader *r, const struct marker_course *m, const struct hazard *hazard,
                  const double *predictor, const double *log_hazard, struct marker_plan *plan);

#endif
