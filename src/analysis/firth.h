/* firth.h - Cox's partial likelihood with Jeffreys' prior as a penalty.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_FIRTH_H
#define ANALYSIS_FIRTH_H

#include "analysis/partial_likelihood.h"

struct firth {
    struct partial_likelihood *partial;
    double *factor;                  /* [p][p] of the information, lower triangle */
    double *y;                       /* [rows][p] rows in units in which the information is I */
    double *at_risk, *deaths, *sums; /* moments over a risk set, over deaths of one time, work */
    double *gradient;                /* [p] */
};

void firth_init(struct firth *f, struct partial_likelihood *partial, struct scratch *w);

/* As struct likelihood wants it; model is a struct firth. The information is that of the partial
 * likelihood. */
double firth_evaluate(void *model, const double *beta, struct derivatives *d);

#endif
