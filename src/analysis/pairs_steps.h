/* pairs_steps.h - pairs of patients in different classes of an order.  SPDX-License-Identifier: MIT
 */
#ifndef ANALYSIS_PAIRS_STEPS_H
#define ANALYSIS_PAIRS_STEPS_H

#include "analysis/pairs.h"

/* Classes from the worst to the best, strata one after the other: controls[k] and treated[k] are
 * patients before class k, with [n] all of them. */
struct steps {
    int n, *controls, *treated;
};

/* Room for n classes; lives in w. */
struct steps steps_make(int n, struct scratch *w);

/* p[n_strata], whose n is set: wins[tier] and losses[tier] become the pairs of different classes,
 * and the sums of squares those of these. Sums are of whole numbers, exact below 2^53. */
void steps_count(const struct steps *s, int tier, int n_strata, struct pairs *p);

#endif
