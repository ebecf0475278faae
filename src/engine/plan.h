/* plan.h - everything a run needs, worked out and checked before the first patient is drawn.
 * SPDX-License-Identifier: MIT
 *
 * After a plan is made no user error can occur any more: only input and output can fail. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "engine/portion.h"
#include "engine/scenario.h"
#include "engine/study.h"

/* When an endpoint's values are recorded. */
struct recording {
    bool always;
    double *intercept;    /* [n_arms] log odds */
    double *odds_against; /* [n_arms] exp(-intercept) */
    struct predictor covariates;
    int n_outcomes, *outcome; /* endpoints whose values act */
    double *slope;
    uint64_t variable;
};

/* Some of the patients. */
struct group {
    int arm;                        /* -1: all */
    const struct expression *where; /* NULL: everybody in the arm */
};
/* A column of a group, of which statistics are compared with published ones. */
struct description {
    int column, level; /* of the schema, -1: the patients themselves; of a category, -1: its values
                        */
    int group;
    int partner;    /* another one of the same column, found in the same pass, or -1 */
    unsigned asked; /* bit k: statistic k */
};
struct descriptive {
    int description, statistic; /* enum in describe.c */
};

struct solved; /* populations and courses, shared between points */

struct point {
    struct scenario scenario;
    const struct baseline *baseline;
    struct course_plan course;
    struct trial_plan trial;
    struct course_needs needs;
    uint64_t seed;
    struct recording *recording;      /* [n endpoints] */
    struct schema schema;             /* visible covariates, centre, endpoint columns */
    int n_visible, *visible;          /* covariates in the schema */
    struct endpoint_columns *columns; /* [n endpoints] */
    struct bound_analysis *analysis;  /* [n analyses] */
    int n_answers;                    /* results a replicate, outputs of all analyses */
    const char *pairing;              /* how patients are shared with the first point: "" fully */
};

struct plan {
    const char *path, *text, *name; /* the scenario file */
    const char *resolved;
    uint64_t seed;
    int64_t replicates;
    struct sweep sweep;
    int n_points;
    struct point *point;
    struct solved *solved;
    int n_answers; /* a replicate: the analyses' outputs, then the descriptives */
    struct answer *answer;
    int n_descriptives; /* statistics that papers print; only without a sweep */
    struct descriptive *descriptive;
    int n_descriptions;
    struct description *description;
    int n_groups;
    struct group *group;
    int n_published;
    struct published *published;
    int *published_source; /* [n_published] answer */
    /* Facts called predicted that share endpoint and arm with a calibrated one, unmarked. */
    const char *unmarked; /* their names, "" for none */
    struct arena memory;
};

/* Reads, checks and solves a scenario file with its settings. All mistakes are reported; the plan
 * is usable, and to be freed, when STATUS_OK is returned. */
enum status plan_make(const char *path, const struct setting *settings, int n_settings,
                      struct plan *plan, struct errors *e);
/* The same of a tree that outlives the plan. */
enum status plan_make_tree(const struct node *root, struct plan *plan, struct errors *e);
/* The part of it that is cheap: reads and checks the tree of a file and reports every mistake that
 * can be told before anything is solved. r->memory is the plan's. */
void plan_read(struct reader *r, const struct node *root, struct plan *plan);
/* A plan of the resolved scenario of a finished run, for its findings: nothing is solved, so that
 * it cannot simulate. `name` stands for the file in messages. */
enum status plan_outline(const char *resolved, const char *name, struct plan *plan,
                         struct errors *e);
void plan_free(struct plan *plan);

/* What was solved, as comment lines for people: hazards, marginal mortality with its error, hazard
 * ratios behind marginal statements. */
void plan_describe(struct buffer *out, const struct plan *plan, int point);

/* A number that names the run, or a shard of it: equal for equal resolved scenarios, programs and
 * shards, whatever the number of replicates. */
void plan_identity(const struct plan *plan, struct portion portion, unsigned char identity[16]);

#endif
