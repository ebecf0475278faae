/* point.h - what analyses see of one point of a scenario: its columns, and the analyses bound to
 * them. The same for patients that are drawn and for patients read from a file.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_POINT_H
#define ENGINE_POINT_H

#include "engine/plan.h"

/* Each works on point->scenario and reports every mistake. */
void point_check_endpoints(struct reader *r, struct point *point); /* also sets point->needs */
void point_make_schema(struct reader *r, struct point *point);
void point_bind_analyses(struct reader *r, struct point *point); /* to point->schema */

#endif
