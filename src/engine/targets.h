/* targets.h - the published figures a scenario is calibrated to, as the scenario gives them at any
 * setting of its free parameters.  SPDX-License-Identifier: MIT
 *
 * Every setting is simulated with the same patients (common random numbers), in replicates that no
 * run uses, so that a calibrated scenario is judged by other patients than it was fitted with. */
#ifndef ENGINE_TARGETS_H
#define ENGINE_TARGETS_H

#include "base/error.h"
#include "base/memory.h"
#include "engine/fit.h"
#include "engine/scenario.h"

/* One row `use: calibrate`. Ratios are on the logarithmic scale. */
struct target {
    const char *name; /* "death_28d, crt_targeted, CONDITION: percent" */
    struct place at;
    struct printed printed;
    double value;    /* on the scale of comparison */
    double rounding; /* variance that rounding to the printed digits adds */
    bool ratio;
    const char *statistic;
    int source; /* answer of the plan */
};

struct targets {
    const struct node *root; /* the scenario, without what no target needs */
    struct calibrate_spec spec;
    const double *start;    /* [spec.free.n] values in the scenario */
    const char **text;      /* [spec.free.n] the same as they are written */
    struct place *text_at;  /* [spec.free.n] where */
    const char *file_text;  /* the scenario file */
    int n, trials, threads; /* targets; simulated trials an evaluation */
    struct target *item;
    struct arena memory;
};

/* Reads the scenario and checks everything a calibration needs of it. trials 0: as stated there. */
enum status targets_make(const char *path, const struct setting *settings, int n_settings,
                         int trials, int threads, struct targets *t, struct errors *e);
void targets_free(struct targets *t);

/* The targets at one setting of the free parameters. */
struct simulated {
    const char *why;   /* there is no such scenario, or a target without a value; NULL: there is */
    double *mean, *sd; /* [n] over trials, on the scale of comparison */
    double *trial;     /* [n][trials] single trials, NaN where undefined; NULL: not wanted */
};
struct simulated simulated_new(const struct targets *t, bool with_trials, struct arena *memory);
/* Simulates `count` settings value[count][spec.free.n]. Texts in `why` belong to memory. */
void targets_simulate(const struct targets *t, int count, const double *value,
                      struct simulated *out, struct arena *memory);

#endif
