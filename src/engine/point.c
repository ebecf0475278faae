/* point.c - see point.h.  SPDX-License-Identifier: MIT */
#include "engine/point.h"

#include <math.h>
#include <string.h>

/* Whether an analysis asks which patients without a value ought to have one. */
static bool wants_eligible(const struct analysis_specs *a, const char *endpoint)
{
    for (int k = 0; k < a->n; k++)
        if (a->item[k].missing != MISSING_COMPLETE && a->item[k].endpoint.text != NULL &&
            strcmp(a->item[k].endpoint.text, endpoint) == 0)
            return true;
    return false;
}

/* Names do not collide, but what is added to them may: death_time. */
static void check_column(struct reader *r, const struct schema *s, int column,
                         const struct endpoint_spec *e)
{
    if (column >= 0 && schema_find(s, s->column[column].name) != column)
        error_at(r->errors, e->at, "endpoint '%s' makes a column '%s', which is there already",
                 e->name, s->column[column].name);
}

void point_make_schema(struct reader *r, struct point *point)
{
    const struct population *p = &point->scenario.population;
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    struct schema *s = &point->schema;
    s->column =
        arena_alloc(r->memory, (size_t)(p->n_covariates + 1 + 4 * specs->n), sizeof *s->column);
    point->visible = arena_alloc(r->memory, (size_t)p->n_covariates, sizeof *point->visible);
    for (int k = 0; k < p->n_covariates; k++) {
        if (p->covariate[k].latent) continue;
        point->visible[point->n_visible++] = k;
        s->column[s->n++] = p->schema.column[k];
    }
    const int n_centres = (int)p->centres.number;
    const char **centre = arena_alloc(r->memory, (size_t)n_centres, sizeof *centre);
    int digits = 1;
    for (int k = n_centres; k >= 10; k /= 10) digits++;
    for (int k = 0; k < n_centres; k++) centre[k] = arena_printf(r->memory, "c%0*d", digits, k + 1);
    s->column[s->n++] = (struct column){"centre", COLUMN_CATEGORY, n_centres, centre};
    point->columns = arena_alloc(r->memory, (size_t)specs->n, sizeof *point->columns);
    for (int k = 0; k < specs->n; k++) {
        const struct endpoint_spec *e = &specs->item[k];
        struct endpoint_columns *c = &point->columns[k];
        *c = (struct endpoint_columns){
            .name = e->name, .value = -1, .time = -1, .event = -1, .eligible = -1, .baseline = -1};
        c->better = e->common.better == 0 ? e->kind->better : e->common.better == 1 ? -1 : 1;
        c->binary = e->kind->outcome == OUTCOME_BINARY ||
                    (e->kind->is_yes_no && e->kind->is_yes_no(e->params)) ||
                    (e->kind->outcome == OUTCOME_TIME && e->kind->has_value);
        if (e->kind->has_value) {
            c->value = s->n;
            s->column[s->n++] = (struct column){.name = e->name};
        }
        c->bounds = e->kind->bounds ? e->kind->bounds(e->params)
                    : c->binary     ? (struct bounds){0, 1}
                                    : (struct bounds){NAN, NAN};
        if (e->kind->change_from != NULL) {
            c->baseline = schema_find(s, e->kind->change_from);
            if (c->baseline < 0) c->bounds = (struct bounds){NAN, NAN}; /* latent */
        }
        if (c->value >= 0 && wants_eligible(&point->scenario.analyses, e->name)) {
            c->eligible = s->n;
            s->column[s->n++] =
                (struct column){.name = arena_printf(r->memory, "%s" ELIGIBLE_SUFFIX, e->name)};
        }
        if (e->kind->outcome != OUTCOME_TIME) continue;
        c->time = s->n;
        s->column[s->n++] = (struct column){.name = arena_printf(r->memory, "%s_time", e->name)};
        c->event = s->n;
        s->column[s->n++] = (struct column){
            .name = arena_printf(r->memory, "%s_%s", e->name, e->kind->event_suffix)};
        c->event_is_cause = strcmp(e->kind->event_suffix, "cause") == 0;
    }
    for (int k = 0; k < specs->n; k++) {
        check_column(r, s, point->columns[k].value, &specs->item[k]);
        check_column(r, s, point->columns[k].time, &specs->item[k]);
        check_column(r, s, point->columns[k].event, &specs->item[k]);
        check_column(r, s, point->columns[k].eligible, &specs->item[k]);
    }
}

void point_check_endpoints(struct reader *r, struct point *point)
{
    const struct scenario *s = &point->scenario;
    const struct course_spec *course = &s->course;
    struct course_needs available = {.death = true,
                                     .adverse_event = course->has_adverse,
                                     .sofa_day = course->has_sofa ? SOFA_DAYS_MAX : 0};
    memcpy(available.support, course->has_support, sizeof available.support);
    memcpy(available.stay, course->has_stay, sizeof available.stay);
    const char **marker = arena_alloc(r->memory, (size_t)course->markers.n, sizeof *marker);
    bool *yes_no = arena_alloc(r->memory, (size_t)course->markers.n, sizeof *yes_no);
    for (int k = 0; k < course->markers.n; k++) {
        marker[k] = course->markers.item[k].name;
        yes_no[k] = course->markers.item[k].distribution == MARKER_YES_NO;
    }
    const struct endpoint_context context = {&available,
                                             course->markers.n,
                                             marker,
                                             yes_no,
                                             population_covariate(&s->population, "sofa") >= 0,
                                             s->trial.follow_up};
    point->needs.marker = arena_alloc(r->memory, (size_t)course->markers.n, sizeof(bool));
    for (int k = 0; k < s->endpoints.n; k++) {
        struct endpoint_spec *e = &s->endpoints.item[k];
        const struct endpoint_question q = {&context, e->name, e->at, r};
        if (e->kind->check) e->kind->check(e->params, &q, &point->needs);
        if (e->kind->horizon(e->params) > s->trial.follow_up)
            error_at(r->errors, e->at,
                     "endpoint '%s' is known by day %g, later than follow_up (%g)", e->name,
                     e->kind->horizon(e->params), s->trial.follow_up);
    }
}

void point_bind_analyses(struct reader *r, struct point *point)
{
    const struct scenario *s = &point->scenario;
    const char **arm = arena_alloc(r->memory, (size_t)s->arms.n, sizeof *arm);
    for (int k = 0; k < s->arms.n; k++) arm[k] = s->arms.arm[k].name;
    const char **hidden =
        arena_alloc(r->memory, (size_t)s->population.n_covariates, sizeof *hidden);
    struct binding to = {&point->schema, s->endpoints.n, point->columns, s->arms.n, arm, 0, hidden};
    for (int k = 0; k < s->population.n_covariates; k++)
        if (s->population.covariate[k].latent)
            hidden[to.n_hidden++] = s->population.covariate[k].name;
    point->analysis = arena_alloc(r->memory, (size_t)s->analyses.n, sizeof *point->analysis);
    for (int k = 0; k < s->analyses.n; k++) {
        point->analysis[k] = analysis_bind(r, &s->analyses.item[k], &to);
        point->n_answers += point->analysis[k].n_outputs;
    }
}
