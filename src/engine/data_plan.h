/* data_plan.h - the analyses of a plan or scenario, bound to data that were read from a file.
 * SPDX-License-Identifier: MIT
 *
 * A plan names columns of the data:
 *
 *     data: {arm: trt, control: "0"}      # without `arm`, a study without arms
 *     endpoints: {death: {time: futime, event: fustat}, days: {value: vfd}}
 *     analyses: {hr: {method: cox, endpoint: death, adjust: [age]}}
 *
 * Arms are told apart by their texts; `control` (default: the first text in byte order) comes
 * first, the others follow in byte order. A column is a number when each of its values is one, else
 * a category. `event` is 0 or 1, `cause` 0 (censored), 1 or 2 (competing). Lower is better, except
 * for the time to a cause, unless `better` says so. Without `endpoints` the data are taken to be in
 * the form that `shocksim patients` prints: `arm` names the arm, NAME_time with NAME_event or
 * NAME_cause is the time to event of NAME, and every column is an endpoint of its own name.
 *
 * A scenario is a plan as well: its columns are those that it simulates, its arms, endpoints and
 * levels mean what they mean in a run, and its course is not solved. Of a sweep, the first point
 * counts, but for paths that a setting names. */
#ifndef ENGINE_DATA_PLAN_H
#define ENGINE_DATA_PLAN_H

#include "engine/scenario.h"
#include "model/text_table.h"

/* Where the values of a column of the schema come from. */
struct data_source {
    int column;  /* of the table; -1: the data have none, and every value is missing */
    int bad_row; /* the first row whose text does not fit the column's kind, or -1 */
};

struct data_plan {
    const struct text_table *table; /* borrowed */
    struct schema schema;
    struct data_source *source; /* [schema.n] */
    const double **value;       /* [schema.n][table->n] */
    int n_endpoints;
    struct endpoint_columns *endpoint;
    int n_arms; /* 0: a study without arms */
    const char **arm;
    unsigned char *arm_of; /* [table->n] n_arms where missing */
    struct analysis_specs analyses;
    struct bound_analysis *analysis; /* [analyses.n] */
    int n_answers;                   /* outputs of all analyses */
    struct dataset data;
    struct arena memory;
};

/* Reads and checks the plan at `path` for the data of t. All mistakes are reported, with file, line
 * and column of the plan; the plan is usable when STATUS_OK is returned, and freed in any case. */
enum status data_plan_make(const char *path, const struct setting *settings, int n_settings,
                           const struct text_table *t, struct data_plan *plan, struct errors *e);
void data_plan_free(struct data_plan *plan);

/* out[n_answers], in the order of the analyses and their outputs. */
void data_plan_run(const struct data_plan *plan, struct scratch *w, struct result *out);

#endif
