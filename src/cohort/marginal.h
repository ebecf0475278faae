/* marginal.h - the distribution of one covariate, as a monotone map of a normal score.
 * SPDX-License-Identifier: MIT
 *
 * What a scenario states (mean, sd, median, sd_log, shares) is what is delivered, after truncation
 * to `within` and rounding: the parent distribution is solved for it. Because every covariate is a
 * map of a standard normal score, correlation lives in the scores alone (Gaussian copula) and each
 * patient costs one random number a covariate whatever the distribution. */
#ifndef COHORT_MARGINAL_H
#define COHORT_MARGINAL_H

#include "model/dataset.h"
#include "model/param.h"

enum distribution {
    DISTRIBUTION_NORMAL,
    DISTRIBUTION_LOGNORMAL,
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_BINARY,
    DISTRIBUTION_CATEGORICAL,
};

/* A covariate as the scenario states it. */
struct covariate {
    const char *name;
    struct place at;
    int distribution;
    double mean, sd, median, sd_log, probability;
    struct numbers within;
    struct shares levels;
    bool integer, latent;
    bool misread; /* a mistake in it is reported */
};
extern const struct param covariate_params[];

enum { MARGINAL_STEPS_PER_UNIT = 32, MARGINAL_REACH = 9, MARGINAL_NODES = 2 * 9 * 32 + 1 };

/* A quintic between two nodes, t from 0 to 1: coefficients of 1, t^2, t^4 and of t, t^3, t^5; four
 * of each, the last 0, make a vector. */
struct piece {
    double even[4], odd[4];
};

/* The solved map. */
struct marginal {
    enum distribution distribution;
    double location, scale; /* of the parent normal (of the logarithm for log-normal) */
    double low, high;       /* limits of the delivered values */
    bool truncated, integer;
    struct piece *piece; /* [MARGINAL_NODES - 1] truncated: the parent's values between nodes */
    int n_levels;
    double *threshold; /* [n_levels - 1] of the score */
    double *limit;     /* [n_levels - 1] of the centred uniform */
    double *code;      /* [n_levels] value delivered: 0/1, or the level's rank in byte order */
    double mean, sd;   /* delivered, of the values (of the codes' indicator: see predictor) */
};

/* Checks a covariate and solves its map; mistakes are reported at its place. */
struct marginal marginal_solve(const struct covariate *c, struct reader *r);
/* x[i] = map(z[i]); in place allowed. Columns as in stat/vector.h. */
void marginal_apply(const struct marginal *m, double *x, const double *z, int n);
/* x[i]: a centred uniform in, the value of a binary or categorical covariate out. */
void marginal_classify(const struct marginal *m, double *x, int n);
/* The quintics that have these values and first and second derivatives by the score at the nodes.
 */
struct piece *marginal_pieces(const double *node, const double *slope, const double *bend,
                              struct arena *memory);
/* Share of the population at level `code` (binary, categorical). */
double marginal_share(const struct marginal *m, int code);

#endif
