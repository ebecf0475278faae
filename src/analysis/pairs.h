/* pairs.h - every treated patient against every control of the stratum, down a hierarchy.
 * SPDX-License-Identifier: MIT
 *
 * The treated patient i and the control j are compared on the first tier; where that leaves them
 * tied, on the next. With x the tier's values, reversed where lower is better, and m its margin,
 * i wins when x_i - x_j > m. Of times where the event is harm, i wins when j had the event and
 * t_i - t_j > m; where it is benefit, when i had it and t_j - t_i > m: no time beyond the shorter
 * follow-up of the pair decides. `tie_if_both` ends the comparison of two patients with the event.
 * Counts are exact. */
#ifndef ANALYSIS_PAIRS_H
#define ANALYSIS_PAIRS_H

#include "model/analysis.h"

#include <stdint.h>

/* The pairs of one stratum. Sums over an arm's patients, w and l of a patient the pairs with him
 * that the treated one wins and loses. */
struct pairs {
    int n[2];                                   /* patients in control and treated */
    int64_t wins[TIERS_MAX], losses[TIERS_MAX]; /* of the treated, by the tier that decides */
    double win_squares[2], loss_squares[2], products[2]; /* sums of w^2, l^2 and w l */
};

/* out[n_strata]. By sorting, n log n, where the tiers are an order (margins are 0, and times, if
 * any, censored after the last event); else over all pairs, a word of bits a time. */
void pairs_count(const struct sample *s, struct scratch *w, struct pairs *out);

/* The two ways; `ordered` returns false, and nothing in out, where the tiers are no order. */
bool pairs_count_ordered(const struct sample *s, struct scratch *w, struct pairs *out);
void pairs_count_all(const struct sample *s, struct scratch *w, struct pairs *out);

#endif
