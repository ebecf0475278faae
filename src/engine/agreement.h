/* agreement.h - how far two analyses of the same simulated trials agree.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_AGREEMENT_H
#define ENGINE_AGREEMENT_H

#include "engine/study.h"

/* Sets s->agreement from the rows: every pair of tested answers at every point, as in agreement.c.
 * The measures are there already. */
enum status agreement_find(struct study *s, const struct result_source *rows, struct errors *e);

#endif
