/* scenario.h - one scenario file with everything it extends and overrides, and the typed scenario
 * of one point of its sweep.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_SCENARIO_H
#define ENGINE_SCENARIO_H

#include "cohort/trial.h"
#include "engine/calibrate_spec.h"
#include "model/analysis_spec.h"
#include "model/endpoint.h"

/* --- the file --------------------------------------------------------------------------------- */

struct setting {
    const char *path, *value; /* from --set PATH=VALUE and other options */
};
/* Reads the file, what it extends (relative to its folder; cycles are refused), then the settings.
 * NULL after mistakes. text: the file as given. */
struct node *scenario_load(const char *path, const struct setting *settings, int n_settings,
                           struct arena *memory, const char **text, struct errors *e);

/* The grid of a sweep: the full product of `sweep` in file order, the last key fastest; then `zip`,
 * whose lists move together. */
struct sweep {
    int n_paths, n_points;
    const char **path;
    struct node **value;  /* [n_points][n_paths] */
    const char **setting; /* [n_points][n_paths] as text */
};
void sweep_read(struct reader *r, const struct node *root, struct sweep *s);
/* The tree of one point: without sweep and zip. NULL after mistakes. */
struct node *sweep_point(struct reader *r, const struct node *root, const struct sweep *s,
                         int point);

/* The sections sweep and zip as text, for the resolved scenario. */
void sweep_echo(struct buffer *out, const struct node *root);
void path_echo(struct buffer *out, const char *path); /* as a key */

/* --- one point, typed ---------------------------------------------------------------------------
 */

struct simulation {
    int64_t seed, replicates;
    bool common_random_numbers;
};

/* Keys every endpoint shares. */
struct observed {
    struct shares probability;
    struct terms log_odds; /* covariates or endpoints */
};
struct endpoint_common {
    struct named_text kind;
    struct observed observed;
    int better; /* 0: the kind's own, 1 lower, 2 higher */
};
struct endpoint_spec {
    const char *name;
    struct place at;
    const struct endpoint *kind;
    void *params;
    struct endpoint_common common;
};
struct endpoint_specs {
    int n;
    struct endpoint_spec *item;
};

/* A published figure. */
struct published_spec {
    struct named_text endpoint, covariate, level, analysis, arm, where;
    struct named_text statistic, use, group, alternative, source, reason;
    double value, decimals, n;
    bool shares_events;
    struct place at;
};
struct published_specs {
    int n;
    struct published_spec *item;
};

struct scenario {
    struct named_text name, description;
    struct simulation simulation;
    struct population population;
    struct course_spec course;
    struct arms arms;
    struct trial_spec trial;
    struct endpoint_specs endpoints;
    struct analysis_specs analyses;
    struct published_specs published;
    struct calibrate_spec calibrate;
};
extern const struct param simulation_params[], endpoint_common_params[], published_params[];
/* Reads every section; all mistakes are reported. */
void scenario_read(struct reader *r, const struct node *root, struct scenario *s);
/* Every value, defaults included, as a scenario file that runs. */
void scenario_echo(struct buffer *out, const struct scenario *s);
/* Only the section `analyses`, `endpoints` … of a plan or scenario. */
void endpoints_read(struct reader *r, const struct node *n, struct endpoint_specs *a);
void published_read(struct reader *r, const struct node *n, struct published_specs *p);
void published_echo(struct buffer *out, const struct published_specs *p, int indent);

#endif
