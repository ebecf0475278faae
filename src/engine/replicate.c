/* replicate.c - see replicate.h.  SPDX-License-Identifier: MIT */
#include "engine/replicate.h"

#include <math.h>
#include <string.h>

uint64_t replicate_in_domain(int domain, uint64_t replicate)
{
    return replicate | (uint64_t)domain << 60;
}

/* --- what is recorded ------------------------------------------------------------------------- */

/* Clears the columns of an endpoint where its value is not recorded. keep: uniforms in, kept. */
static void apply_recording(const struct recording *r, const struct point *point,
                            const struct patients *p, const double *const *value, const double *u,
                            struct outcome *out, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *odds = scratch_doubles(w, p->n);
    for (int i = 0; i < p->n; i++) odds[i] = r->intercept[(int)p->arm[i]];
    predictor_add(&r->covariates, (const double *const *)p->covariate, odds, p->n);
    for (int k = 0; k < r->n_outcomes; k++) {
        const double *x = value[point->columns[r->outcome[k]].value];
        for (int i = 0; i < p->n; i++) odds[i] += isnan(x[i]) ? 0 : r->slope[k] * x[i];
    }
    for (int i = 0; i < p->n; i++) {
        if ((u[i] + 0.5) * (1 + exp(-odds[i])) < 1) continue;
        if (out->value) out->value[i] = NAN;
        if (out->time) out->time[i] = out->event[i] = NAN;
    }
    scratch_restore(w, mark);
}

static void record(const struct point *point, const struct patients *p, uint64_t replicate,
                   const double **value, struct outcome *outcome, struct scratch *w)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    const double **whole = scratch_take(w, (size_t)point->schema.n, sizeof *whole);
    memcpy(whole, value, (size_t)point->schema.n * sizeof *whole);
    for (int k = 0; k < specs->n;
         k++) { /* what acts on recording is the value before any is removed */
        const int column = point->columns[k].value;
        if (column < 0 || point->recording[k].always) continue;
        double *copy = scratch_doubles(w, p->n);
        memcpy(copy, value[column], (size_t)p->n * sizeof *copy);
        whole[column] = copy;
    }
    double *u = scratch_doubles(w, p->n);
    for (int k = 0; k < specs->n; k++) {
        if (point->recording[k].always) continue;
        const struct stream s = stream_for(point->seed, replicate, point->recording[k].variable);
        stream_fill(&s, u, p->n);
        apply_recording(&point->recording[k], point, p, whole, u, &outcome[k], w);
    }
}

/* --- dataset ---------------------------------------------------------------------------------- */

struct dataset endpoint_dataset(const struct point *point, const struct patients *p,
                                const struct course *c, uint64_t replicate, bool complete,
                                struct scratch *w)
{
    const struct endpoint_specs *specs = &point->scenario.endpoints;
    const double **value = scratch_take(w, (size_t)point->schema.n, sizeof *value);
    struct outcome *outcome = scratch_take(w, (size_t)specs->n, sizeof *outcome);
    for (int k = 0; k < point->n_visible; k++) value[k] = p->covariate[point->visible[k]];
    double *centre = scratch_doubles(w, p->n);
    for (int i = 0; i < p->n; i++) centre[i] = p->centre[i];
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
        all_recorded = all_recorded && point->recording[k].always;
    }
    if (!complete && !all_recorded) record(point, p, replicate, value, outcome, w);
    return (struct dataset){.schema = &point->schema,
                            .n = p->n,
                            .n_arms = point->trial.n_arms > 1 ? point->trial.n_arms : 0,
                            .arm = point->trial.n_arms > 1 ? p->arm : NULL,
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
    for (int k = 0; k < plan->n_descriptives; k++)
        *out++ = describe(&plan->descriptive[k], point, &data, w);
}
