/* registry.h - data on which any registered analysis can be run, in tests. SPDX-License-Identifier:
 * MIT */
#ifndef TESTS_REGISTRY_H
#define TESTS_REGISTRY_H

#include "base/stream.h"
#include "model/analysis_spec.h"
#include "model/registry.h"

#include <math.h>
#include <string.h>

enum {
    ROWS_MAX = 1024,
    COLUMN_AGE = 0,
    COLUMN_LACTATE,
    COLUMN_SITE,
    COLUMN_DEATH,
    COLUMN_DEATH_TIME,
    COLUMN_DEATH_EVENT,
    COLUMN_DEAD,
    COLUMN_DAYS,
    COLUMNS
};

/* Endpoints death (time and yes/no), dead (yes/no), days (a number); covariates age, lactate, site.
 */
struct table {
    int n;
    unsigned char arm[ROWS_MAX];
    double value[COLUMNS][ROWS_MAX];
    const double *column[COLUMNS];
};

static const char *const registry_sites[] = {"abdominal", "lung", "urinary"};
static const struct column registry_columns[COLUMNS] = {
    {.name = "age"},   {.name = "lactate"},    {"site", COLUMN_CATEGORY, 3, registry_sites},
    {.name = "death"}, {.name = "death_time"}, {.name = "death_event"},
    {.name = "dead"},  {.name = "days"}};
static const struct endpoint_columns registry_endpoints[] = {{.name = "death",
                                                              .value = COLUMN_DEATH,
                                                              .time = COLUMN_DEATH_TIME,
                                                              .event = COLUMN_DEATH_EVENT,
                                                              .binary = true,
                                                              .better = -1,
                                                              .eligible = -1,
                                                              .baseline = -1,
                                                              .bounds = {0, 1}},
                                                             {.name = "dead",
                                                              .value = COLUMN_DEAD,
                                                              .time = -1,
                                                              .event = -1,
                                                              .binary = true,
                                                              .better = -1,
                                                              .eligible = -1,
                                                              .baseline = -1,
                                                              .bounds = {0, 1}},
                                                             {.name = "days",
                                                              .value = COLUMN_DAYS,
                                                              .time = -1,
                                                              .event = -1,
                                                              .better = 1,
                                                              .eligible = -1,
                                                              .baseline = -1,
                                                              .bounds = {0, 28}}};
static const char *const registry_arms[] = {"control", "treated"};

static inline struct dataset table_dataset(struct table *t, const struct schema *schema)
{
    for (int k = 0; k < COLUMNS; k++) t->column[k] = t->value[k];
    return (struct dataset){
        .schema = schema, .n = t->n, .n_arms = 2, .arm = t->arm, .value = t->column};
}

/* n patients with ties, both arms, events and non-events in each (for n of 40 and more). */
static inline void table_fill(struct table *t, int n, uint64_t seed)
{
    struct stream s = stream_for(seed, 0, stream_variable("table"));
    t->n = n;
    for (int i = 0; i < n; i++) {
        const double age = 40 + floor(40 * stream_uniform(&s)), risk = 0.2 + 0.006 * (age - 40);
        const double time = ceil(28 * stream_uniform(&s));
        t->arm[i] = stream_uniform(&s) < 0.45;
        t->value[COLUMN_AGE][i] = age;
        t->value[COLUMN_LACTATE][i] = exp(1 + 0.5 * (stream_uniform(&s) + stream_uniform(&s) - 1));
        t->value[COLUMN_SITE][i] = floor(3 * stream_uniform(&s));
        const double dead = stream_uniform(&s) < risk - 0.1 * t->arm[i];
        t->value[COLUMN_DEATH][i] = t->value[COLUMN_DEAD][i] = t->value[COLUMN_DEATH_EVENT][i] =
            dead;
        t->value[COLUMN_DEATH_TIME][i] = dead > 0 ? time : 28;
        t->value[COLUMN_DAYS][i] = dead > 0 ? 0 : floor(10 * stream_uniform(&s) + 12 + t->arm[i]);
    }
}

static inline void table_copy_row(struct table *to, int row, const struct table *from, int i)
{
    to->arm[row] = from->arm[i];
    for (int k = 0; k < COLUMNS; k++) to->value[k][row] = from->value[k][i];
}

/* Every outcome of row i: an event (at `time`, with `days`) or none. */
static inline void table_set_outcome(struct table *t, int i, bool event, double time, double days)
{
    t->value[COLUMN_DEATH][i] = t->value[COLUMN_DEAD][i] = t->value[COLUMN_DEATH_EVENT][i] = event;
    t->value[COLUMN_DEATH_TIME][i] = time;
    t->value[COLUMN_DAYS][i] = days;
}

#endif
