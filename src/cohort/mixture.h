/* mixture.h - averages over the population, by quasi-Monte Carlo.  SPDX-License-Identifier: MIT
 *
 * 2^20 patients in eight randomly shifted Sobol' sets of 2^17. The shifts are fixed, so that what
 * is solved does not depend on a scenario's seed; the spread between sets estimates the integration
 * error. */
#ifndef COHORT_MIXTURE_H
#define COHORT_MIXTURE_H

#include "cohort/population.h"

enum {
    MIXTURE_SETS = 8,
    MIXTURE_SET_SIZE = 1 << 17,
    MIXTURE_SIZE = MIXTURE_SETS * MIXTURE_SET_SIZE
};

/* What to compute for every sampled patient: a linear predictor plus a normal effect of the centre.
 */
struct mixture_column {
    const struct predictor *predictor; /* NULL: none */
    double centre_sd;                  /* of an effect of its own, 0: none */
};
/* value[j][0..MIXTURE_SIZE), set after set; free() each. */
void mixture_sample(const struct population *p, const struct mixture_column *column, int n_columns,
                    double **value);

/* A distribution held as weighted points: values in narrow bins, each bin at its centre of mass. */
struct mixture {
    int n;
    double *at, *weight; /* weights add up to 1 */
};
/* weight NULL: equal. A bin is 1/1024 of a standard deviation wide. */
struct mixture mixture_of(const double *value, const double *weight, int n, struct arena *memory);
/* Joins neighbouring points until at most `parts` are left. */
void mixture_coarsen(struct mixture *m, int parts);
double mixture_mean(const struct mixture *m);
double mixture_variance(const struct mixture *m);
/* The intercept at which the mean of 1 / (1 + exp(-intercept - x)) is `share`. */
bool mixture_intercept(const struct mixture *m, double share, double *intercept);
/* Share dead when the cumulative baseline hazard is h: mean of 1 - exp(-h e^x). */
double mixture_dead(const struct mixture *m, double h);

#endif
