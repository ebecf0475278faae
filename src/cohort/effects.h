/* effects.h - tables of the effects an arm can have.  SPDX-License-Identifier: MIT */
#ifndef COHORT_EFFECTS_H
#define COHORT_EFFECTS_H

#include "cohort/course.h"

extern const struct param mortality_effects[], support_effects[], stay_effects[], sofa_effects[],
    adverse_effects[];

/* The component of that name; an unknown one is reported ("in course") and NULL. */
const struct component *component_named(const char *name, struct reader *r, struct place at,
                                        const char *where);
/* Its effects are named one by one: effects.markers.NAME. */
bool component_is_markers(const struct component *c);
bool course_has(const struct course_spec *c, const struct component *k);

#endif
