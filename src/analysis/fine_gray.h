/* fine_gray.h - regression of the hazard of a subdistribution.  SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_FINE_GRAY_H
#define ANALYSIS_FINE_GRAY_H

#include "analysis/newton.h"

/* The question's coefficient where s->cause is `of_interest`, other causes competing; se from the
 * sandwich. There must be an event. Memory comes from w, which is restored. */
struct maximum fine_gray_fit(const struct sample *s, int of_interest, struct scratch *w);

#endif
