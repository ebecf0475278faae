/* fit.h - how well one printed number agrees with simulated trials, and what many of them say
 * together: arithmetic only.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_FIT_H
#define ENGINE_FIT_H

#include <stdbool.h>
#include <stdint.h>

/* A number as a paper prints it; its unit is that of the last digit. */
struct printed {
    double value;
    int decimals; /* 1 for 41.0, 0 for 41, -2 for 1500 known to hundreds */
    bool ratio;   /* compared as a logarithm */
};
double printed_unit(const struct printed *p);
/* x in units of the last printed digit, rounded as papers do: halves away from zero. */
double printed_digits(const struct printed *p, double x);

/* A printed number among simulated ones. NaN: not known. */
struct fit {
    double simulated, low, high; /* mean (geometric for ratios), 95 % range of single trials */
    double percentile;           /* share of trials that print less, and half of those as much */
    double z;                    /* distance from the mean, rounding included */
    double unanswered;           /* share of trials that have no such number */
    bool far;                    /* the mean is far off, however wide the range */
    /* Of an estimate with both limits: the share of trials that print exactly the three. */
    double exact;
    /* Of a mean with its SD: distance of the pair given the arm's deaths (chi-squared, 2 df), and
     * the share of trials whose pair is nearer. */
    double conditional, conditional_percentile;
};
struct fit fit_unknown(void);

/* Fills simulated, low, high, percentile and z from x[0..n), one value a trial that has one; room:
 * [n].
 *
 *     percentile = (#{x < v} + #{x = v}/2) / n        both rounded as printed: the mid-P value
 *                                                     (Lancaster 1961, JASA 56:223)
 *     z = (v - mean) / sqrt(sd² + u²/12)              u the unit; u/v for ratios, on logarithms:
 *                                                     rounding adds a uniform error of width u */
void fit_place(struct fit *f, const struct printed *p, const double *x, int n, double *room);
/* The same when the mean and the variance of the finite x, or of their logarithms for a ratio, are
 * known; variance 0 of one. */
struct spread {
    int64_t n;
    double mean, variance;
};
void fit_place_about(struct fit *f, const struct printed *p, const double *x, int n,
                     const struct spread *known, double *room);

/* A mean is far off beyond half of `reach`, and by more than two units of the last digit. reach is
 * a distance in the printed number's own scale (its logarithm for ratios): the number itself, or
 * the width of the interval printed with it; NaN: cannot be said. */
bool fit_is_far(const struct printed *p, double simulated, double reach);

/* The share of trials in which x[k][i] prints as p[k] for all three k; NaN counts as other. */
double fit_exact(const struct printed p[3], double *const x[3], int n);

/* The pair (mean, SD) of an endpoint that death cuts short, given the number of deaths in the arm.
 * Across simulated trials both are regressed on the deaths as printed; with r the printed pair
 * minus the regression at the printed deaths and S the residual covariance plus u²/12 on its
 * diagonal,
 *
 *     chi² = r' S⁻¹ r     2 degrees of freedom where residuals are normal
 *
 * Stays have heavy tails, so the percentile is that of chi² among the simulated trials' own.
 * p and x: mean, SD, deaths. Trials with a NaN or infinity are left out; below four nothing is
 * known. */
void fit_given_deaths(struct fit *f, const struct printed p[3], double *const x[3], int n);

enum judgement {
    NOT_COUNTED,
    WITHIN, /* 2.5-97.5 % */
    OUTSIDE,
    FAR_OUTSIDE, /* outside 0.1-99.9 %, or fewer than half of the trials have such a number */
};
enum judgement fit_judge(const struct fit *f); /* never NOT_COUNTED */

/* --- what rows say together --------------------------------------------------------------------
 */

struct published;

/* As the fit, or NOT_COUNTED: `use: info`, and readings other than the one the scenario takes. */
enum judgement published_judge(const struct published *p);

/* Rows of one group are one fact, judged by its worst counted row; a row without a group is a fact
 * of its own. It is calibrated when any counted row is. */
struct fact {
    int first, worst; /* rows */
    enum judgement judgement;
    bool calibrated, shares_events;
    bool far_off; /* a row is flagged: for the reader, no part of the judgement */
};
/* Fills fact[0..n) from the rows and returns how many there are; without a counted row, none. */
int facts_find(const struct published *row, int n, struct fact *fact);
/* Whether two rows belong to one fact. */
bool same_fact(const struct published *a, const struct published *b);

/* fits: at least 90 % of the facts are WITHIN, and FAR_OUTSIDE are no calibrated and at most one
 * predicted fact. */
struct verdict {
    int facts, within, far_off;
    int calibrated, calibrated_far;
    int predicted, predicted_far;
    int sharing; /* predicted facts that share events with a calibrated one */
    bool fits;
};
struct verdict verdict_of(const struct fact *fact, int n);

#endif
