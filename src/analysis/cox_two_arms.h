/* cox_two_arms.h - the hazard ratio of two arms without covariates.  SPDX-License-Identifier: MIT
 */
#ifndef ANALYSIS_COX_TWO_ARMS_H
#define ANALYSIS_COX_TWO_ARMS_H

#include "analysis/cox_model.h"

struct two_arms {
    enum undefined why; /* what follows is ready only when this is UNDEFINED_NO */
    int events, events_treated;
    struct columns z; /* one, in its own units; it has no values */
    int n_terms;
    double *control, *treated; /* [n_terms] patients at risk, less f of the tied deaths */
    double *multiplicity;      /* [n_terms] deaths the term stands for */
    double *log_sum, *share;   /* [n_terms] work */
};

/* Of a sample with arms and no covariates. Memory comes from w and is the caller's to give back;
 * the struct must not move. */
void two_arms_build(struct two_arms *m, const struct sample *s, enum ties ties, struct scratch *w);

struct likelihood two_arms_likelihood(struct two_arms *m);

#endif
