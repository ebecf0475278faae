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
    double *death;   /* [rows] 1 for a death, else 0 */
    lanes *observed; /* [blocks] sum of the deaths' rows, */
    bool orthogonal; /* of the columns made orthogonal or not */
    int n_terms;
    int *last;            /* [n_terms] last row of the term's risk set */
    int *closing;         /* [rows] terms whose risk set the row is the last of */
    int *first_term;      /* [strata] */
    double *multiplicity; /* [n_terms] deaths the term stands for */
    double *fraction;     /* [n_terms] share of the tied deaths that has left the risk set */
    int n_tied;
    struct tied_deaths *tied;
    const double *offset; /* [rows] added to linear predictors, or NULL */

    /* At the coefficients evaluated last: */
    double *eta, *weight; /* [rows] linear predictor and its exponential */
    double *v;            /* [rows] expected deaths */
    double *increment;    /* [n_terms] of the cumulative hazard */
    lanes *reduced;       /* [n_terms][blocks] S1 - f T1 */
    double *denominator;  /* [n_terms] S0 - f T0, then its logarithm */
    double *inverse;      /* [n_terms] 1 / (S0 - f T0) */
    double *minus;        /* [n_terms] -m / (S0 - f T0)^2 */
    double *hazard;       /* [rows] work */
    lanes *expected;      /* [blocks] work: sum of v times row */
};

void partial_likelihood_init(struct partial_likelihood *f, const struct columns *z,
                             const struct risk_sets *sets, enum ties ties, struct scratch *w);

/* gradient[4 blocks] := that at beta, at less cost than all derivatives */
void partial_likelihood_gradient(struct partial_likelihood *f, const double *beta,
                                 double *gradient);

/* v[i] := weight[i] times the sum of increment[n_terms] over the terms that have row i at risk,
 * each less its fraction where i is among the tied deaths. */
void partial_likelihood_expected(struct partial_likelihood *f, const double *increment, double *v);

/* mean[t] := mean of x[rows] over the risk set of term t */
void partial_likelihood_mean(struct partial_likelihood *f, const double *x, double *mean);

/* As struct likelihood wants it; model is a struct partial_likelihood. */
double partial_likelihood_evaluate(void *model, const double *beta, struct derivatives *d);

#endif
