/* calibrate.h - fits free parameters to published figures and says how well that can be done.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_CALIBRATE_H
#define ENGINE_CALIBRATE_H

#include "engine/targets.h"
#include "stat/least_squares.h"

enum target_verdict {
    TARGET_FITS,
    TARGET_CONTRADICTED, /* it could be met, were it not for other targets */
    TARGET_UNREACHABLE,  /* nowhere in the ranges */
    TARGET_UNMOVED,      /* no free parameter moves it */
};
enum { OPPONENTS_MAX = 3 };

/* z = (printed - simulated mean) / sqrt(sd^2 + rounding), of logarithms for ratios. */
struct target_fit {
    double start, start_z, fitted, fitted_z; /* natural scale */
    double standardised;                     /* the residual in units of what a fit leaves */
    enum target_verdict verdict;
    double closest;                           /* where it is not reached: the closest it gets */
    int n_opponents, opponent[OPPONENTS_MAX]; /* targets that pull the other way, strongest first */
};

enum parameter_verdict {
    PARAMETER_FITTED,
    PARAMETER_AT_LOW, /* the targets pull it beyond its range */
    PARAMETER_AT_HIGH,
    PARAMETER_OPEN, /* not identified: with the others following, its whole range fits */
};

struct parameter_fit {
    double value;
    const char *text; /* as it is written: rounded, or what stood there when it has not moved */
    double se;        /* given the sampling error of the published trial; NaN: none */
    double fits[2];   /* range that fits: the sum of z^2 rises by less than 4 */
    bool fits_to_bound[2]; /* where the range given ends it */
    enum parameter_verdict verdict;
};

/* A direction in which the targets pin nothing down: parameters that can move together. */
struct loose_direction {
    int n, parameter[LEAST_SQUARES_MAX];
    bool rises[LEAST_SQUARES_MAX];
};

struct calibration {
    double start_chi_squared, chi_squared; /* sums of z^2 */
    double unfinished; /* further decrease of it that the last step promised; 0: none to speak of */
    int evaluations;   /* simulated settings */
    struct target_fit *target;       /* [targets] */
    struct parameter_fit *parameter; /* [free parameters] */
    int n_loose;
    struct loose_direction *loose;
    struct arena memory;
};

/* What a calibration tells while it works. */
struct calibration_watch {
    void (*tell)(void *context, const char *stage, int evaluations, double chi_squared);
    void *context;
};

enum status calibrate(const struct targets *t, const struct calibration_watch *watch,
                      struct calibration *c, struct errors *e);
void calibration_free(struct calibration *c);
/* Every target fits, no parameter is at a bound or open, and the fit came to its end. */
bool calibration_is_good(const struct targets *t, const struct calibration *c);

/* The scenario file with the fitted values in place of the old ones. */
enum status calibration_write(struct buffer *out, const struct targets *t,
                              const struct calibration *c, struct errors *e);

#endif
