/* frailty.h - proportional hazards with a normal random effect of the levels of a column.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_FRAILTY_H
#define ANALYSIS_FRAILTY_H

#include "analysis/cox_model.h"

/* Points and gradients are [p + q]: coefficients of the columns, then b of the levels. */
struct frailty {
    struct cox_model *m;
    int p, q;         /* columns, levels */
    int block;        /* levels whose joint information is kept: all, or one at a time */
    const int *level; /* [rows] */
    double *offset;   /* [rows] b of the row's level */
    double precision; /* 1 / variance */
    double *point;

    double *trial, *gradient; /* the point evaluated last */
    struct derivatives d;     /* of beta; the information becomes its Schur complement's factor */
    double *levels;           /* [q][block] information of the levels, then its factor */
    double *cross;            /* [p][q] information across, then solved with that factor */
    double *step, *residual, *direction, *image, *ready;   /* work of newton_step */
    double *row, *x, *increment, *at_risk, *tied, *column; /* work: [rows] twice, [terms], [q], … */
};

/* Starts at the maximum without random effects, beta[p]. */
void frailty_init(struct frailty *f, struct cox_model *m, const struct sample *s,
                  const double *beta, struct scratch *w);

/* A test of variance 0 from the scores of the levels without random effects. */
struct heterogeneity {
    bool told_apart; /* false: strata or columns leave nothing of the levels */
    double excess;   /* of squared scores over their expectation; not positive: REML gives 0 */
    double start;    /* a variance that would explain it */
};
struct heterogeneity frailty_heterogeneity(struct frailty *f);

/* Maximises the penalised likelihood at a variance, from where it stands. */
enum undefined frailty_fit(struct frailty *f, double variance);

/* After a fit: (sum b^2 + trace) / (q variance) - 1, 0 at the REML estimate. */
double frailty_excess(struct frailty *f);

/* levels and cross at the point evaluated last */
void frailty_information(struct frailty *f);

/* After a fit: of the last column, in the patients' units. */
double frailty_coefficient(const struct frailty *f);
double frailty_se(const struct frailty *f);

#endif
