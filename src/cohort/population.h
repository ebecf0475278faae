/* population.h - who is enrolled: covariates on a Gaussian copula, centres, linear predictors.
 * SPDX-License-Identifier: MIT */
#ifndef COHORT_POPULATION_H
#define COHORT_POPULATION_H

#include "base/stream.h"
#include "cohort/marginal.h"

struct correlation {
    const char *first, *second;
    double value;
    struct place at;
};

struct centres {
    int64_t number;
    double log_hazard_sd; /* of the random effect on death */
    double size_shape;    /* of the gamma distribution of sizes; NaN: all equal */
};

struct population {
    int n_covariates;
    struct covariate *covariate;
    struct marginal *marginal;
    uint64_t *variable; /* [n_covariates] random streams */
    struct correlation *correlation;
    int n_correlations;
    double *cholesky; /* [n][n] lower triangle of the correlation of the scores */
    struct centres centres;
    struct marginal centre_size; /* gamma quantiles over the score, tabulated */
    struct schema schema;        /* the covariates as columns, latent ones included */
};

/* Reads and solves a population; mistakes are reported. A NULL node is an empty population. */
void population_read(struct reader *r, const struct node *n, struct population *p);
void population_echo(struct buffer *out, const struct population *p, int indent);
extern const struct param centres_params[], population_params[];
int population_covariate(const struct population *p, const char *name); /* -1 when absent */

/* The covariates of n patients, of those that are read (NULL: all are); the others are NULL. */
double *const *population_draw(const struct population *p, struct streams streams, const bool *read,
                               int n, struct scratch *w);
/* x[k][0..n): independent normals in, delivered covariates out. */
void population_deliver(const struct population *p, double *const *x, int n);

/* A linear predictor over covariates, centred at their population means, so that its mean is zero.
 */
struct predictor_term {
    int covariate;
    double slope, centre; /* numbers: slope (x - centre) */
    const double *level;  /* categories: value by code, centred; NULL for numbers */
};
struct predictor {
    int n;
    struct predictor_term *term;
};
/* Binds terms to covariates; unknown names and levels are reported (nearest valid name). */
struct predictor predictor_bind(const struct population *p, const struct terms *t, struct reader *r,
                                const char *what);
/* y[i] = the predictor at x, or y[i] += it. */
void predictor_set(const struct predictor *q, const double *const *x, double *y, int n);
void predictor_add(const struct predictor *q, const double *const *x, double *y, int n);
/* Slopes divided by the covariate's standard deviation: terms are per standard deviation. */
struct predictor predictor_standardised(const struct population *p, const struct terms *t,
                                        struct reader *r, const char *what);

/* The centres of one replicate: [number] shares of patients, added up, the last is 1; and effects
 * on the log hazard of death. */
double *centres_shares(const struct population *p, struct streams streams, struct scratch *w);
double *centres_effects(const struct population *p, struct streams streams, struct scratch *w);

#endif
