/* pairs_steps.h - pairs of patients in different classes of an order.  SPDX-License-Identifier: MIT
 */
#ifndef ANALYSIS_PAIRS_STEPS_H
#define ANALYSIS_PAIRS_STEPS_H

#include "analysis/pairs.h"

/* Classes from the worst to the best: controls[k] and treated[k] are patients before class k, with
 * [n] all of them. */
struct steps {
    int n, *controls, *treated;
};

/* Room for n classes; lives in w. */
struct steps steps_make(int n, struct scratch *w);

/* The steps are n, all written: needed before they are counted. */
void steps_end(struct steps *s, int n);

/* Patients whom the tiers so far leave tied, and the classes a tier splits them into: those after
 * the group before, up to `end`. */
struct group {
    int size, stratum, end;
    int in_front[2]; /* controls and treated of the stratum who are worse */
};

/* Of whom squares are added: of those whose class no later tier can split, each once. */
enum settled { NOBODY, ALONE, EVERYBODY };

/* Adds to p, by stratum, the pairs that a tier decides within groups, and the squares of those who
 * are settled. Groups are in the order of strata. Sums are of whole numbers, exact below 2^53. */
void steps_count(const struct steps *s, const struct group *groups, int n_groups, int tier,
                 enum settled settled, struct pairs *p);

#endif
