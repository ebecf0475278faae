/* plan.c - see plan.h.  SPDX-License-Identifier: MIT */
#include "engine/plan.h"
#include "base/checksum.h"
#include "base/text.h"
#include "base/version.h"
#include "engine/needs.h"
#include "engine/point.h"
#include "engine/published.h"
#include "engine/recording.h"
#include "engine/replicate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_WITH_MISTAKES = 1000 }; /* looked at, once there is a mistake */

/* --- answers -------------------------------------------------------------------------------------
 */

static void make_answers(struct plan *plan)
{
    const struct point *point = &plan->point[0];
    plan->n_answers = point->n_answers;
    plan->answer =
        arena_alloc(&plan->memory, (size_t)(plan->n_answers + point->scenario.published.n),
                    sizeof *plan->answer);
    struct answer *a = plan->answer;
    for (int k = 0; k < point->scenario.analyses.n; k++) {
        const struct bound_analysis *b = &point->analysis[k];
        for (int j = 0; j < b->n_outputs; j++, a++) {
            const struct output *o = &b->method->outputs[j];
            *a = (struct answer){b->spec->name,       b->method->name,    o->scale,
                                 b->inference.null,   b->inference.alpha, b->inference.sides,
                                 b->inference.benefit};
            if (j == 0) continue;
            a->name = arena_printf(&plan->memory, "%s.%s", b->spec->name, o->suffix);
            a->null = o->null;
            a->benefit = output_benefit(o, b->term >= 0 ? 0 : b->outcome.better);
        }
    }
}

/* --- points --------------------------------------------------------------------------------------
 */

/* Solving a course takes a second; points that only move arms or the trial share it. */
struct solved {
    const char *key;
    struct baseline baseline;
    struct solved *next;
};

static const struct baseline *bind_baseline(struct reader *r, const struct scenario *s,
                                            struct solved **known)
{
    struct buffer key = {0};
    population_echo(&key, &s->population, 0);
    course_echo(&key, &s->course, 0);
    for (struct solved *k = *known; k != NULL; k = k->next)
        if (strcmp(k->key, buffer_text(&key)) == 0) {
            buffer_free(&key);
            return &k->baseline;
        }
    struct solved *fresh = arena_alloc(r->memory, 1, sizeof *fresh);
    fresh->key = arena_text(r->memory, buffer_text(&key));
    buffer_free(&key);
    baseline_bind(r, &s->population, &s->course, &fresh->baseline);
    fresh->next = *known;
    *known = fresh;
    return &fresh->baseline;
}

static bool same_text(const void *a, const void *b, const struct param *table)
{
    struct buffer x = {0}, y = {0};
    params_echo(&x, table, a, 0);
    params_echo(&y, table, b, 0);
    const bool same = strcmp(buffer_text(&x), buffer_text(&y)) == 0;
    buffer_free(&x);
    buffer_free(&y);
    return same;
}

static const char *pairing_with(const struct point *first, const struct point *point)
{
    if (!point->scenario.simulation.common_random_numbers) return "shares no patients with point 1";
    struct trial_spec a = first->scenario.trial, b = point->scenario.trial;
    a.patients = b.patients; /* a smaller trial is the first patients of a larger one */
    a.follow_up = b.follow_up;
    a.lost = b.lost;
    a.excluded = b.excluded;
    a.receives = b.receives;
    a.design = b.design;
    const struct centres *c = &first->scenario.population.centres,
                         *d = &point->scenario.population.centres;
    const bool same_centres =
        c->number == d->number && memcmp(&c->size_shape, &d->size_shape, sizeof c->size_shape) == 0;
    const bool same_strata =
        point->trial.n_stratifiers == 0 ||
        same_text(&first->scenario.population, &point->scenario.population, population_params);
    if (!same_text(&a, &b, trial_params) || !same_centres || !same_strata)
        return "shares covariates with point 1, but not arms";
    const bool timed = !isnan(a.recruitment.duration);
    return timed && first->scenario.trial.patients != b.patients
               ? "shares covariates and arms with point 1, but patients arrive at other times"
               : "";
}

static void resolve_text(struct plan *plan, const struct node *root)
{
    struct buffer b = {0};
    scenario_echo(&b, &plan->point[0].scenario);
    sweep_echo(&b, root);
    plan->resolved = arena_text(&plan->memory, buffer_text(&b));
    buffer_free(&b);
}

/* Answers are judged by one method, null and level at all points. */
static void check_answers(struct reader *r, const struct plan *plan, const struct point *point,
                          struct place at)
{
    const struct point *first = &plan->point[0];
    const int n = first->scenario.analyses.n;
    bool same = point->scenario.analyses.n == n;
    for (int k = 0; k < n && same; k++) {
        const struct bound_analysis *a = &first->analysis[k], *b = &point->analysis[k];
        const struct inference *x = &a->inference, *y = &b->inference;
        same = a->method == b->method && strcmp(a->spec->name, b->spec->name) == 0 &&
               x->sides == y->sides && x->benefit == y->benefit &&
               !(fabs(x->alpha - y->alpha) > 0) && !(fabs(x->null - y->null) > 0);
    }
    if (!same)
        error_at(r->errors, at,
                 "a sweep cannot change an analysis's method, null, alpha or sides, nor which way "
                 "is better: write one analysis for each");
}

/* Everything that is cheap, and that finds mistakes. */
static void bind_point(struct reader *r, const struct node *root, int index, struct plan *plan)
{
    const struct node *sweep = node_get(root, "sweep"), *at = sweep;
    struct point *point = &plan->point[index];
    const struct node *own = sweep_point(r, root, &plan->sweep, index);
    if (own == NULL) return;
    scenario_read(r, own, &point->scenario);
    if (r->errors->n > 0) return;
    if (index == 0) {
        calibrate_check(r, root, &point->scenario.calibrate, false);
        resolve_text(plan, root);
    }
    const struct scenario *s = &point->scenario;
    point_check_endpoints(r, point);
    point_make_schema(r, point);
    point_bind_analyses(r, point);
    if (index == 0) {
        make_answers(plan);
        published_bind(r, plan);
    } else if (plan->answer != NULL) {
        if (at == NULL) at = node_get(root, "zip");
        check_answers(r, plan, point, at->at);
    }
    point->baseline = bind_baseline(r, s, &plan->solved);
    course_bind(r, point->baseline, &s->arms, &point->course);
    trial_solve(r, &s->trial, &point->course, &s->arms, &point->trial);
    recording_bind(r, point);
}

static void solve_point(struct reader *r, int index, struct plan *plan)
{
    struct point *point = &plan->point[index];
    const struct scenario *s = &point->scenario;
    course_solve(r, &s->arms, s->trial.follow_up, &s->trial.allocation, &point->course);
    if (r->errors->n > 0) return;
    needs_close(r, plan, point);
    const uint64_t seed = (uint64_t)s->simulation.seed;
    point->seed =
        s->simulation.common_random_numbers ? seed : stream_indexed(seed, (uint64_t)index + 1);
    point->pairing = pairing_with(&plan->point[0], point);
    recording_solve(r, point);
}

void plan_read(struct reader *r, const struct node *root, struct plan *plan)
{
    const struct errors *e = r->errors;
    sweep_read(r, root, &plan->sweep);
    if (e->n > 0) return;
    plan->n_points = plan->sweep.n_points;
    plan->point = arena_alloc(r->memory, (size_t)plan->n_points, sizeof *plan->point);
    for (int k = 0; k < plan->n_points && (e->n == 0 || k < POINTS_WITH_MISTAKES); k++) {
        struct errors own = {0}; /* a mistake of several points is one mistake, but one of each */
        bind_point(&(struct reader){r->memory, &own}, root, k, plan);
        for (int i = 0; i < own.n; i++) error_add(r->errors, own.status, "%s", own.text[i]);
        errors_free(&own);
    }
    if (e->n > 0) return;
    const struct scenario *s = &plan->point[0].scenario;
    plan->name = s->name.text ? s->name.text : "";
    plan->seed = (uint64_t)s->simulation.seed;
    plan->replicates = s->simulation.replicates;
}

static enum status solve(const struct node *root, struct plan *plan, struct errors *e)
{
    struct reader r = {&plan->memory, e};
    plan_read(&r, root, plan);
    for (struct solved *k = plan->solved; k != NULL && e->n == 0; k = k->next)
        baseline_solve(&r, &k->baseline);
    for (int k = 0; k < plan->n_points && e->n == 0; k++) solve_point(&r, k, plan);
    return e->n > 0 ? STATUS_USAGE : STATUS_OK;
}

enum status plan_make(const char *path, const struct setting *settings, int n_settings,
                      struct plan *plan, struct errors *e)
{
    *plan = (struct plan){.path = path};
    const struct node *root =
        scenario_load(path, settings, n_settings, &plan->memory, &plan->text, e);
    const enum status status = root == NULL ? STATUS_USAGE : solve(root, plan, e);
    if (status != STATUS_OK) plan_free(plan);
    return status;
}

enum status plan_make_tree(const struct node *root, struct plan *plan, struct errors *e)
{
    *plan = (struct plan){.path = "", .text = ""};
    const enum status status = solve(root, plan, e);
    if (status != STATUS_OK) plan_free(plan);
    return status;
}

enum status plan_outline(const char *resolved, const char *name, struct plan *plan,
                         struct errors *e)
{
    *plan = (struct plan){.path = name, .text = resolved};
    struct reader r = {&plan->memory, e};
    const struct node *root = tree_read_text(resolved, strlen(resolved), name, &plan->memory, e);
    if (root != NULL) plan_read(&r, root, plan);
    if (e->n > 0) plan_free(plan);
    return e->n > 0 ? STATUS_USAGE : STATUS_OK;
}

void plan_free(struct plan *plan)
{
    arena_free(&plan->memory);
    *plan = (struct plan){0};
}

void plan_identity(const struct plan *plan, struct portion portion, unsigned char identity[16])
{
    struct buffer b = {0};
    struct scenario s = plan->point[0].scenario;
    s.simulation.replicates = 1; /* more replicates continue the same run */
    scenario_echo(&b, &s);
    for (int k = 0; k < plan->n_points * plan->sweep.n_paths; k++)
        buffer_printf(&b, "%s=%s\n", plan->sweep.path[k % plan->sweep.n_paths],
                      plan->sweep.setting[k]);
    buffer_printf(&b, "%s %s %d/%d\n", version_program(), version_revision(), portion.k, portion.n);
    const struct checksum128 c = checksum128(buffer_text(&b), b.length);
    memcpy(identity, &c, sizeof c);
    buffer_free(&b);
}

/* --- for people ----------------------------------------------------------------------------------
 */

void plan_describe(struct buffer *out, const struct plan *plan, int index)
{
    const struct point *point = &plan->point[index];
    const struct baseline *b = point->baseline;
    const struct knots *table = &point->scenario.course.mortality.cumulative;
    buffer_printf(out, "# Marginal mortality of '%s' as solved (2^20 quasi-random patients):\n",
                  point->scenario.arms.arm[0].name);
    for (int k = 0; k < table->n; k++)
        buffer_printf(out,
                      "#   day %g: %.6f, integration error %.1e, cumulative baseline hazard %.6g\n",
                      table->x[k], b->solved[k], b->error[k],
                      b->hazard.day[k + 1] > 0 ? hazard_at(&b->hazard, table->x[k]) : 0);
    for (int a = 0; a < point->course.n_arms; a++) {
        const struct arm_plan *arm = &point->course.arm[a];
        buffer_printf(out, "# Arm '%s': ", point->scenario.arms.arm[a].name);
        if (isnan(arm->hazard_ratio))
            buffer_puts(out, "hazard ratio in steps");
        else
            buffer_printf(out, "conditional hazard ratio %.6g", arm->hazard_ratio);
        buffer_puts(out, "; marginal mortality");
        for (int k = 0; k < table->n; k++)
            buffer_printf(out, "%s %.4f by day %g", k ? "," : "",
                          course_risk(&point->course, arm, table->x[k]), table->x[k]);
        buffer_puts(out, "\n");
    }
    if (plan->n_points > 1 && point->scenario.published.n > 0)
        buffer_puts(
            out, "# Published figures are compared without a sweep only: they are left out here\n");
}
