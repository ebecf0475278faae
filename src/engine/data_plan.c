/* data_plan.c - see data_plan.h.  SPDX-License-Identifier: MIT */
#include "engine/data_plan.h"

#include "base/text.h"
#include "engine/data_reading.h"
#include "model/missing.h"

#include <math.h>

/* --- mistakes --------------------------------------------------------------------------------- */

void data_no_column(struct reader *r, struct place at, const char *what, const struct text_table *t,
                    const char *name)
{
    const char *near = text_nearest(name, t->name, t->n_columns);
    error_at(r->errors, at, "%s: %s has no column '%s'%s", what, t->source,
             text_shown(name, r->memory), did_you_mean(near).text);
}

void data_bad_cell(struct reader *r, struct place at, const char *what, const struct text_table *t,
                   int column, int row, const char *expected)
{
    error_at(r->errors, at, "%s: line %d of %s has '%s' in column '%s', where %s is expected", what,
             t->line[row], t->source, text_shown(t->cell[column][row], r->memory), t->name[column],
             expected);
}

/* --- what the analyses read ------------------------------------------------------------------- */

/* One analysis's look at the data. */
struct use {
    struct reader *r;
    const struct data_plan *plan;
    const char *what; /* "analysis 'primary'" */
    struct place at;
};

static const char *expected_of(const struct use *u, const struct column *c)
{
    if (c->kind == COLUMN_NUMBER) return "a number";
    const char *text = "one of";
    for (int k = 0; k < c->n_levels; k++)
        text = arena_printf(u->r->memory, "%s%s %s", text, k > 0 ? "," : "", c->levels[k]);
    return text;
}

static bool column_is_there(const struct use *u, int k)
{
    const struct data_plan *p = u->plan;
    const struct data_source *from = &p->source[k];
    if (from->column < 0)
        data_no_column(u->r, u->at, u->what, p->table, p->schema.column[k].name);
    else if (from->bad_row >= 0)
        data_bad_cell(u->r, u->at, u->what, p->table, from->column, from->bad_row,
                      expected_of(u, &p->schema.column[k]));
    return from->column >= 0 && from->bad_row < 0;
}

static void visit_column(int column, void *to)
{
    const struct use *u = to;
    (void)column_is_there(u, column);
}

/* An outcome's column: numbers, and none but 0 … largest unless that is negative. */
static void check_outcome(const struct use *u, int k, int largest)
{
    const struct data_plan *p = u->plan;
    static const char *const whole[] = {"", "0 or 1", "0, 1 or 2"};
    if (!column_is_there(u, k)) return;
    const int column = p->source[k].column;
    if (p->schema.column[k].kind == COLUMN_CATEGORY) {
        double *value = arena_alloc(u->r->memory, (size_t)p->table->n, sizeof *value);
        const int row = text_table_numbers(p->table, column, value);
        data_bad_cell(u->r, u->at, u->what, p->table, column, row, "a number");
        return;
    }
    for (int i = 0; i < p->table->n && largest > 0; i++) {
        const double x = p->value[k][i];
        if (isnan(x) || (x >= 0 && x <= largest && !(fabs(x - rint(x)) > 0))) continue;
        data_bad_cell(u->r, u->at, u->what, p->table, column, i, whole[largest]);
        return;
    }
}

static void check_times(const struct use *u, const struct endpoint_columns *e)
{
    check_outcome(u, e->time, -1);
    check_outcome(u, e->event, e->event_is_cause ? 2 : 1);
}

static void check_tiers(struct use u, const struct bound_analysis *b)
{
    for (int k = 0; k < b->n_tiers; k++) {
        const struct bound_tier *t = &b->tier[k];
        u.at = b->spec->hierarchy.tier[k].endpoint.at;
        if (t->by_time)
            check_times(&u, &t->outcome);
        else
            check_outcome(&u, t->outcome.value, t->tie_if_both ? 1 : -1);
    }
}

static void check_analysis(struct reader *r, const struct data_plan *plan,
                           const struct bound_analysis *b)
{
    const char *what = arena_printf(r->memory, "analysis '%s'", b->spec->name);
    struct use u = {r, plan, what, b->spec->endpoint.at};
    if (b->n_tiers > 0)
        check_tiers(u, b);
    else if (b->outcome_kind == OUTCOME_TIME)
        check_times(&u, &b->outcome);
    else
        check_outcome(&u, b->outcome.value, b->outcome_kind == OUTCOME_BINARY ? 1 : -1);
    if (b->missing != MISSING_COMPLETE && b->outcome.eligible >= 0)
        check_outcome(&u, b->outcome.eligible, 1);
    if (missing_reads_baseline(b)) check_outcome(&u, b->outcome.baseline, -1);
    for (int k = 0; k < b->n_adjust + b->n_impute; k++) {
        u.at = k < b->n_adjust ? b->spec->adjust.item[k].at
                               : b->spec->impute_with.item[k - b->n_adjust].at;
        visit_column(b->adjust[k].column, &u);
    }
    for (int k = 0; k < b->n_strata; k++) {
        u.at = b->spec->strata.item[k].at;
        visit_column(b->stratum[k], &u);
    }
    u.at = b->spec->cluster.text ? b->spec->cluster.at : b->spec->frailty.at;
    if (b->cluster >= 0) visit_column(b->cluster, &u);
    u.at = b->spec->marker.at;
    if (b->marker >= 0) visit_column(b->marker, &u);
    u.at = b->spec->versus.at;
    if (b->versus >= 0) visit_column(b->versus, &u);
    u.at = b->spec->where.at;
    if (b->where != NULL) expression_columns(b->where, visit_column, &u);
}

/* --- plans ------------------------------------------------------------------------------------ */

/* A plan that names columns has none of the sections that say how patients come about. */
static bool is_scenario(const struct node *root)
{
    static const char *const section[] = {"course", "population", "arms", "trial"};
    for (size_t k = 0; k < sizeof section / sizeof *section; k++)
        if (node_get(root, section[k]) != NULL) return true;
    return false;
}

enum status data_plan_make(const char *path, const struct setting *settings, int n_settings,
                           const struct text_table *t, struct data_plan *plan, struct errors *e)
{
    *plan = (struct data_plan){.table = t};
    struct reader r = {&plan->memory, e};
    const struct node *root = scenario_load(path, settings, n_settings, &plan->memory, NULL, e);
    if (root == NULL) return STATUS_USAGE;
    if (is_scenario(root))
        data_read_scenario(&r, root, settings, n_settings, plan);
    else
        data_read_columns(&r, root, plan);
    for (int k = 0; k < plan->analyses.n && e->n == 0; k++)
        plan->n_answers += plan->analysis[k].n_outputs;
    const int before = e->n;
    for (int k = 0; k < plan->analyses.n && before == 0; k++)
        check_analysis(&r, plan, &plan->analysis[k]);
    const bool arms = plan->n_arms > 1;
    plan->data = (struct dataset){.schema = &plan->schema,
                                  .n = t->n,
                                  .n_arms = arms ? plan->n_arms : 0,
                                  .arm = arms ? plan->arm_of : NULL,
                                  .value = plan->value};
    return e->n > 0 ? STATUS_USAGE : STATUS_OK;
}

void data_plan_free(struct data_plan *plan)
{
    arena_free(&plan->memory);
    *plan = (struct data_plan){0};
}

void data_plan_run(const struct data_plan *plan, struct scratch *w, struct result *out)
{
    for (int k = 0; k < plan->analyses.n; k++) {
        analysis_run(&plan->analysis[k], &plan->data, w, out);
        out += plan->analysis[k].n_outputs;
    }
}
