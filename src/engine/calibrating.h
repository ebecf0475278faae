/* calibrating.h - a calibration at work, shared by the files that implement calibrate.h.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_CALIBRATING_H
#define ENGINE_CALIBRATING_H

#include "engine/calibrate.h"
#include "stat/least_squares.h"

/* Parameters move on scales on which their effects are about even: the logarithm when positive, the
 * log odds when a share; mapped to [0, 1]. */
enum axis_scale { AXIS_LINEAR, AXIS_LOG, AXIS_LOG_ODDS };
struct axis {
    enum axis_scale scale;
    double low, high, start; /* natural */
    double start_at;         /* in [0, 1] */
};
struct axis axis_of(double low, double high, double start);
double axis_value(const struct axis *a, double x); /* exact at the ends and the start */
double axis_slope(const struct axis *a, double x); /* d value / d x */

struct calibrating {
    const struct targets *t;
    const struct calibration_watch *watch;
    struct calibration *c;
    struct axis *axis;            /* [free parameters] */
    struct least_squares problem; /* its residuals are printed minus simulated */
    double *x;                    /* the minimum, in the unit box */
    struct residuals here;        /* there */
    double *jacobian;             /* [targets][parameters] there, of residuals over errors */
    bool *free;                   /* [parameters] not pulled against a bound */
    struct simulated final;       /* at the rounded values, with single trials */
    const char *why;              /* why a setting has no values, the last */
    const char *stage;
};

/* Of target i: of one trial, rounding included; with `final`. */
double calibrating_error(const struct calibrating *k, int i);
/* The covariance of the targets over trials in units of these errors, [targets][targets]. */
void calibrating_correlation(const struct calibrating *k, double *correlation);
/* Each fills its part of the calibration; in this order. */
void calibrating_errors(struct calibrating *k);  /* se */
void calibrating_ranges(struct calibrating *k);  /* range that fits, open parameters */
void calibrating_targets(struct calibrating *k); /* verdicts of targets, opponents */
void calibrating_loose(struct calibrating *k);   /* directions */

#endif
