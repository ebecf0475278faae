/* partial_likelihood.h - Cox's partial likelihood and its derivatives.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_PARTIAL_LIKELIHOOD_H
#define ANALYSIS_PARTIAL_LIKELIHOOD_H

#include "analysis/newton.h"
#include "analysis/risk_set.h"

enum ties { TIES_EFRON, TIES_BRESLOW };

/* Efron's correction at one time with several deaths. */
struct tied_deaths {
    int first_term, n_terms;
    int first_row, end; /* rows of the deaths */
};

/* The likelihood is a product of terms: one a death (Efron), or one a time (Breslow). */
struct partial_likelihood {
    const struct columns *z;
    const struct risk_sets *sets;
    double *death; /* [rows] 1 for a death, else 0 */
    int n_terms;
    int *last;            /* [n_terms] last row of the term's risk set */
    double *multiplicity; /* [n_terms] deaths the term stands for */
    double *fraction;     /* [n_terms] share of the tied deaths that has left the risk set */
    int n_tied;
    struct tied_deaths *tied;
    double *eta, *weight, *s0, *hazard, *v; /* [rows] */
    double *denominator, *increment;        /* [n_terms] */
    lanes *s1, *mean;                       /* [rows][blocks], [n_terms][blocks] */
};

void partial_likelihood_init(struct partial_likelihood *f, const struct columns *z,
                             const struct risk_sets *sets, enum ties ties, struct scratch *w);

/* As struct likelihood wants it; model is a struct partial_likelihood. */
double partial_likelihood_evaluate(void *model, const double *beta, struct derivatives *d);

#endif
