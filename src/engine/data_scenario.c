/* data_scenario.c - a scenario as a plan for data, see data_plan.h.  SPDX-License-Identifier: MIT
 */
#include "base/text.h"
#include "engine/data_reading.h"
#include "engine/point.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first point of the sweep, where settings have the last word. */
static const struct node *first_point(struct reader *r, const struct node *root,
                                      const struct setting *settings, int n_settings)
{
    struct sweep all;
    sweep_read(r, root, &all);
    if (r->errors->n > 0) return NULL;
    struct sweep left = {.n_points = 1};
    left.path = arena_alloc(r->memory, (size_t)all.n_paths, sizeof *left.path);
    left.value = arena_alloc(r->memory, (size_t)all.n_paths, sizeof *left.value);
    for (int k = 0; k < all.n_paths; k++) {
        bool is_set = false;
        for (int i = 0; i < n_settings; i++)
            is_set = is_set || strcmp(settings[i].path, all.path[k]) == 0;
        if (is_set) continue;
        left.path[left.n_paths] = all.path[k];
        left.value[left.n_paths++] = all.value[k];
    }
    return sweep_point(r, root, &left, 0);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Real centres have names of their own: the levels are the scenario's and those of the data. */
static void widen_centres(struct reader *r, const struct text_table *t, struct schema *s)
{
    struct column *c = &s->column[schema_find(s, "centre")];
    const int from = text_table_find(t, c->name);
    if (from < 0) return;
    int n_found;
    const char **found = text_table_levels(t, from, &n_found, r->memory);
    const char **level = arena_alloc(r->memory, (size_t)(c->n_levels + n_found), sizeof *level);
    int n = 0;
    for (int k = 0; k < c->n_levels; k++) level[n++] = c->levels[k];
    for (int k = 0; k < n_found; k++) level[n++] = found[k];
    qsort(level, (size_t)n, sizeof *level, compare_texts);
    c->n_levels = 0;
    for (int k = 0; k < n; k++)
        if (k == 0 || strcmp(level[k], level[c->n_levels - 1]) != 0)
            level[c->n_levels++] = level[k];
    c->levels = level;
}

static void fill_columns(struct data_plan *p)
{
    const size_t n = (size_t)p->schema.n, rows = (size_t)p->table->n;
    p->source = arena_alloc(&p->memory, n, sizeof *p->source);
    p->value = arena_alloc(&p->memory, n, sizeof *p->value);
    double *absent = arena_alloc(&p->memory, rows, sizeof *absent);
    for (size_t i = 0; i < rows; i++) absent[i] = NAN;
    for (int k = 0; k < p->schema.n; k++) {
        const struct column *c = &p->schema.column[k];
        const int from = text_table_find(p->table, c->name);
        p->source[k] = (struct data_source){from, -1};
        p->value[k] = absent;
        if (from < 0) continue;
        double *value = arena_alloc(&p->memory, rows, sizeof *value);
        const int bad = c->kind == COLUMN_NUMBER
                            ? text_table_numbers(p->table, from, value)
                            : text_table_codes(p->table, from, c->n_levels, c->levels, value);
        p->source[k].bad_row = bad;
        if (bad < 0) p->value[k] = value;
    }
}

static void read_arms(struct reader *r, const struct arms *arms, struct data_plan *p)
{
    const struct text_table *t = p->table;
    const int column = text_table_find(t, "arm");
    if (arms->n < 2) return;
    const char *expected = "an arm of the scenario", *what = "arms";
    if (column < 0) {
        data_no_column(r, arms->arm[0].at, what, t, "arm");
        return;
    }
    p->n_arms = arms->n;
    p->arm = arena_alloc(r->memory, (size_t)arms->n, sizeof *p->arm);
    for (int k = 0; k < arms->n; k++) p->arm[k] = arms->arm[k].name;
    p->arm_of = arena_alloc(r->memory, (size_t)t->n, sizeof *p->arm_of);
    for (int i = 0; i < t->n; i++) {
        const char *text = t->cell[column][i];
        const int arm = text ? arms_find(arms, text) : arms->n;
        if (arm < 0) {
            data_bad_cell(r, arms->arm[0].at, what, t, column, i, expected);
            return;
        }
        p->arm_of[i] = (unsigned char)arm;
    }
}

void data_read_scenario(struct reader *r, const struct node *root, const struct setting *settings,
                        int n_settings, struct data_plan *plan)
{
    const struct node *at = first_point(r, root, settings, n_settings);
    if (at == NULL) return;
    struct point *point = arena_alloc(r->memory, 1, sizeof *point);
    scenario_read(r, at, &point->scenario);
    if (r->errors->n > 0) return;
    point_check_endpoints(r, point);
    point_make_schema(r, point);
    widen_centres(r, plan->table, &point->schema);
    point_bind_analyses(r, point);
    plan->schema = point->schema;
    plan->n_endpoints = point->scenario.endpoints.n;
    plan->endpoint = point->columns;
    plan->analyses = point->scenario.analyses;
    plan->analysis = point->analysis;
    fill_columns(plan);
    read_arms(r, &point->scenario.arms, plan);
}
