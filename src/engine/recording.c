/* recording.c - see recording.h.  SPDX-License-Identifier: MIT */
#include "engine/recording.h"
#include "base/text.h"
#include "engine/replicate.h"
#include "stat/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COHORT = 1 << 17 };

static int endpoint_named_in(const struct endpoint_specs *e, const char *name)
{
    for (int k = 0; k < e->n; k++)
        if (strcmp(e->item[k].name, name) == 0) return k;
    return -1;
}

/* Terms that name endpoints act through their values; the others are covariates. */
static void bind_terms(struct reader *r, const struct point *point, const struct endpoint_spec *e,
                       struct recording *rec)
{
    const struct terms *all = &e->common.observed.log_odds;
    struct terms covariates = {.item = arena_alloc(r->memory, (size_t)all->n, sizeof(struct term))};
    rec->outcome = arena_alloc(r->memory, (size_t)all->n, sizeof *rec->outcome);
    rec->slope = arena_alloc(r->memory, (size_t)all->n, sizeof *rec->slope);
    for (int k = 0; k < all->n; k++) {
        const int j = endpoint_named_in(&point->scenario.endpoints, all->item[k].name);
        if (j < 0)
            covariates.item[covariates.n++] = all->item[k];
        else if (point->columns[j].value < 0 || all->item[k].level != NULL)
            error_at(r->errors, all->item[k].at,
                     "endpoint '%s': observed.log_odds of '%s' needs one value", e->name,
                     all->item[k].name);
        else {
            rec->outcome[rec->n_outcomes] = j;
            rec->slope[rec->n_outcomes++] = all->item[k].value;
        }
    }
    rec->covariates =
        predictor_bind(point->baseline->population, &covariates, r,
                       arena_printf(r->memory, "endpoint '%s': observed.log_odds", e->name));
}

struct share {
    const double *log_odds;
    int n;
    double probability;
};

static double recorded_minus_target(const void *context, double intercept)
{
    const struct share *s = context;
    double total = 0;
    for (int i = 0; i < s->n; i++) total += 1 / (1 + exp(-intercept - s->log_odds[i]));
    return total / s->n - s->probability;
}

/* Log odds, without the intercept, of patients of one arm who have a value. */
static int collect(const struct point *point, int endpoint, int arm, const struct recording *rec,
                   double *log_odds)
{
    struct scratch w = {0};
    int n = 0;
    for (uint64_t k = 0; n < COHORT && k < COHORT; k++) {
        scratch_reset(&w);
        struct patients p;
        struct course c;
        const struct dataset d =
            replicate_dataset(point, replicate_in_domain(DOMAIN_RECORDING, k), true, &w, &p, &c);
        double *y = scratch_doubles(&w, p.n);
        memset(y, 0, (size_t)p.n * sizeof *y);
        predictor_add(&rec->covariates, (const double *const *)p.covariate, y, p.n);
        const struct endpoint_columns *own = &point->columns[endpoint];
        const double *value = d.value[own->value >= 0 ? own->value : own->time];
        for (int i = 0; i < p.n && n < COHORT; i++) {
            if ((int)p.arm[i] != arm || isnan(value[i])) continue;
            for (int j = 0; j < rec->n_outcomes; j++) {
                const double x = d.value[point->columns[rec->outcome[j]].value][i];
                y[i] += isnan(x) ? 0 : rec->slope[j] * x;
            }
            log_odds[n++] = y[i];
        }
    }
    scratch_free(&w);
    return n;
}

static void solve_one(struct reader *r, const struct point *point, int endpoint,
                      const double *probability, struct recording *rec)
{
    double *log_odds = xcalloc(COHORT, sizeof *log_odds);
    const bool depends = rec->covariates.n > 0 || rec->n_outcomes > 0;
    for (int a = 0; a < point->trial.n_arms; a++) {
        const double p = probability[a];
        rec->intercept[a] = p < 1 ? log(p / (1 - p)) : 700;
        if (!depends || !(p < 1)) continue;
        const struct share s = {log_odds, collect(point, endpoint, a, rec, log_odds), p};
        if (s.n == 0 ||
            !solve_between(recorded_minus_target, &s, -60, 60, 1e-10, &rec->intercept[a]))
            error_at(r->errors, point->scenario.endpoints.item[endpoint].at,
                     "endpoint '%s': observed probability %g cannot be reached",
                     point->scenario.endpoints.item[endpoint].name, p);
    }
    for (int a = 0; a < point->trial.n_arms; a++) rec->odds_against[a] = exp(-rec->intercept[a]);
    free(log_odds);
}

/* The stated share of an arm. */
static double stated_share(const struct shares *stated, const char *arm)
{
    double p = 1;
    for (int j = 0; j < stated->n; j++)
        if (stated->name[j] == NULL || strcmp(stated->name[j], arm) == 0) p = stated->value[j];
    return p;
}

static void check_arms(struct reader *r, const struct arms *arms, const struct endpoint_spec *e)
{
    const struct shares *stated = &e->common.observed.probability;
    const char **names = arena_alloc(r->memory, (size_t)arms->n, sizeof *names);
    for (int a = 0; a < arms->n; a++) names[a] = arms->arm[a].name;
    for (int j = 0; j < stated->n; j++) {
        if (stated->name[j] == NULL || arms_find(arms, stated->name[j]) >= 0) continue;
        const char *near = text_nearest(stated->name[j], names, arms->n);
        error_at(r->errors, stated->at[j], "endpoint '%s': observed: unknown arm '%s'%s", e->name,
                 stated->name[j], did_you_mean(near).text);
    }
}

void recording_bind(struct reader *r, struct point *point)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    const struct arms *arms = &point->scenario.arms;
    point->recording = arena_alloc(r->memory, (size_t)specs->n, sizeof *point->recording);
    for (int k = 0; k < specs->n; k++) {
        const struct endpoint_spec *e = &specs->item[k];
        struct recording *rec = &point->recording[k];
        rec->always = true;
        rec->intercept = arena_alloc(r->memory, (size_t)arms->n, sizeof *rec->intercept);
        rec->odds_against = arena_alloc(r->memory, (size_t)arms->n, sizeof *rec->odds_against);
        rec->variable = stream_variable(arena_printf(r->memory, "observed %s", e->name));
        check_arms(r, arms, e);
        if (e->common.observed.log_odds.n > 0 && e->common.observed.probability.n == 0)
            error_at(r->errors, e->at, "endpoint '%s': observed.log_odds needs a probability",
                     e->name);
        bind_terms(r, point, e, rec);
    }
}

void recording_solve(struct reader *r, struct point *point)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    const struct arms *arms = &point->scenario.arms;
    double *probability = arena_alloc(r->memory, (size_t)arms->n, sizeof *probability);
    for (int k = 0; k < specs->n; k++) {
        bool always = true;
        for (int a = 0; a < arms->n; a++) {
            probability[a] =
                stated_share(&specs->item[k].common.observed.probability, arms->arm[a].name);
            always = always && !(probability[a] < 1);
        }
        solve_one(r, point, k, probability, &point->recording[k]);
        point->recording[k].always = always;
    }
}
