/* replicate.c - see replicate.h.  SPDX-License-Identifier: MIT */
#include "engine/replicate.h"
#include "base/dispatch.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

uint64_t replicate_in_domain(int domain, uint64_t replicate)
{
    return replicate | (uint64_t)domain << 60;
}

/* --- what is recorded ------------------------------------------------------------------------- */

/* x becomes missing where the uniform u + 1/2 lies above the share 1 / (1 + odds), `odds` those of
 * not being recorded. */
MULTIVERSION static void clear_unrecorded(const double *restrict u, const double *restrict odds,
                                          double *restrict x, int n)
{
    for (int i = 0; i < n; i++) x[i] = (u[i] + 0.5) * (1 + odds[i]) < 1 ? x[i] : NAN;
}

/* odds[i] := that of the patient's arm */
MULTIVERSION static void set_by_arm(const double *restrict arm, const double *of_arm, int n_arms,
                                    double *restrict odds, int n)
{
    const double first = of_arm[0], second = of_arm[n_arms > 1];
    for (int i = 0; i < n; i++) odds[i] = arm[i] > 0.5 ? second : first;
    for (int a = 2; a < n_arms; a++) {
        const double least = a - 0.5, own = of_arm[a];
        for (int i = 0; i < n; i++) odds[i] = arm[i] > least ? own : odds[i];
    }
}

/* Log odds of being recorded besides the arm's own. */
static void add_terms(const struct recording *r, const struct point *point,
                      const struct patients *p, const double *const *value, double *odds)
{
    predictor_add(&r->covariates, (const double *const *)p->covariate, odds, p->n);
    for (int k = 0; k < r->n_outcomes; k++) {
        const double *x = value[point->columns[r->outcome[k]].value];
        for (int i = 0; i < p->n; i++) odds[i] += isnan(x[i]) ? 0 : r->slope[k] * x[i];
    }
}

/* Clears the columns of an endpoint where its value is not recorded. u: centred uniforms. */
static void apply_recording(const struct recording *r, const struct point *point,
                            const struct patients *p, const double *const *value, const double *u,
                            struct outcome *out, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *odds = scratch_doubles(w, p->n);
    const bool by_arm = r->covariates.n == 0 && r->n_outcomes == 0;
    set_by_arm(p->arm, by_arm ? r->odds_against : r->intercept, point->trial.n_arms, odds, p->n);
    if (!by_arm) {
        add_terms(r, point, p, value, odds);
        for (int i = 0; i < p->n; i++) odds[i] = -odds[i];
        vector_exp(odds, odds, p->n);
    }
    if (out->value) clear_unrecorded(u, odds, out->value, p->n);
    if (out->time) clear_unrecorded(u, odds, out->time, p->n);
    if (out->time) clear_unrecorded(u, odds, out->event, p->n);
    scratch_restore(w, mark);
}

/* The columns with copies of those that act on recording: values before any is removed. */
static const double **whole_values(const struct point *point, const double **value, int n,
                                   struct scratch *w)
{
    const double **whole = scratch_take(w, (size_t)point->schema.n, sizeof *whole);
    memcpy(whole, value, (size_t)point->schema.n * sizeof *whole);
    for (int k = 0; k < point->scenario.endpoints.n; k++) {
        const struct recording *r = &point->recording[k];
        for (int j = 0; j < r->n_outcomes && !r->always; j++) {
            const int column = point->columns[r->outcome[j]].value;
            if (whole[column] != value[column]) continue;
            double *copy = scratch_doubles(w, n);
            memcpy(copy, value[column], (size_t)n * sizeof *copy);
            whole[column] = copy;
        }
    }
    return whole;
}

static void record(const struct point *point, const struct patients *p, uint64_t replicate,
                   const double **value, struct outcome *outcome, struct scratch *w)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    const double **whole = whole_values(point, value, p->n, w);
    double *u = scratch_doubles(w, p->n);
    for (int k = 0; k < specs->n; k++) {
        if (point->recording[k].always) continue;
        const struct stream s = stream_for(point->seed, replicate, point->recording[k].variable);
        stream_fill(&s, u, p->n);
        apply_recording(&point->recording[k], point, p, whole, u, &outcome[k], w);
    }
}

/* --- dataset ---------------------------------------------------------------------------------- */

/* 1 where an endpoint ought to have a value, else 0. */
static const double *eligible_column(const struct endpoint_spec *e, const struct patients *p,
                                     const struct course *c, struct scratch *w)
{
    double *eligible = scratch_doubles(w, p->n);
    for (int i = 0; i < p->n; i++) eligible[i] = endpoint_eligible(e->kind, e->params, p, c, i);
    return eligible;
}

MULTIVERSION static void whole_to_double(const int *restrict k, double *restrict x, int n)
{
    for (int i = 0; i < n; i++) x[i] = k[i];
}

MULTIVERSION static void number_arms(const double *restrict arm, unsigned char *restrict number,
                                     int n)
{
    for (int i = 0; i < n; i++) number[i] = (unsigned char)(int)arm[i];
}

/* NULL in a study without arms. */
static const unsigned char *arms_of(const struct point *point, const struct patients *p,
                                    struct scratch *w)
{
    if (point->trial.n_arms < 2) return NULL;
    unsigned char *number = scratch_take(w, (size_t)p->n, sizeof *number);
    number_arms(p->arm, number, p->n);
    return number;
}

struct dataset endpoint_dataset(const struct point *point, const struct patients *drawn,
                                const struct course *c, uint64_t replicate, bool complete,
                                struct scratch *w)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    struct patients with_known = *drawn, *p = &with_known;
    p->known = scratch_doubles(w, p->n);
    endpoint_known(p, c->death, p->known);
    const double **value = scratch_take(w, (size_t)point->schema.n, sizeof *value);
    struct outcome *outcome = scratch_take(w, (size_t)specs->n, sizeof *outcome);
    for (int k = 0; k < point->n_visible; k++) value[k] = p->covariate[point->visible[k]];
    double *centre = scratch_doubles(w, p->n);
    whole_to_double(p->centre, centre, p->n);
    value[point->n_visible] = centre;
    bool all_recorded = true;
    for (int k = 0; k < specs->n; k++) {
        const struct endpoint_columns *at = &point->columns[k];
        outcome[k] = (struct outcome){.value = at->value >= 0 ? scratch_doubles(w, p->n) : NULL,
                                      .time = at->time >= 0 ? scratch_doubles(w, p->n) : NULL,
                                      .event = at->time >= 0 ? scratch_doubles(w, p->n) : NULL};
        specs->item[k].kind->compute(specs->item[k].params, p, c, &outcome[k]);
        if (at->value >= 0) value[at->value] = outcome[k].value;
        if (at->time >= 0) value[at->time] = outcome[k].time, value[at->event] = outcome[k].event;
        if (at->eligible >= 0) value[at->eligible] = eligible_column(&specs->item[k], p, c, w);
        all_recorded = all_recorded && point->recording[k].always;
    }
    if (!complete && !all_recorded) record(point, p, replicate, value, outcome, w);
    return (struct dataset){.schema = &point->schema,
                            .n = p->n,
                            .n_arms = point->trial.n_arms > 1 ? point->trial.n_arms : 0,
                            .arm = arms_of(point, p, w),
                            .value = value};
}

struct dataset replicate_dataset(const struct point *point, uint64_t replicate, bool complete,
                                 struct scratch *w, struct patients *p, struct course *c)
{
    trial_draw(&point->trial, point->seed, replicate, complete, &point->needs, w, p, c);
    return endpoint_dataset(point, p, c, replicate, complete, w);
}

void replicate_run(const struct plan *plan, const struct point *point, uint64_t replicate,
                   struct scratch *w, struct result *out)
{
    scratch_reset(w);
    struct patients p;
    struct course c;
    const struct dataset data = replicate_dataset(point, replicate, false, w, &p, &c);
    for (int k = 0; k < point->scenario.analyses.n; k++) {
        analysis_run(&point->analysis[k], &data, w, out);
        out += point->analysis[k].n_outputs;
    }
    describe(plan, &data, w, out);
}
