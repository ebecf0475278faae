/* bench_cox.c - microseconds of one Cox fit, log-rank test and logistic fit on fresh trials.
 * SPDX-License-Identifier: MIT */
#include "analysis/cox_model.h"
#include "analysis/cox_start.h"
#include "stat/order.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct analysis analysis_cox, analysis_logrank, analysis_logistic;

enum { PATIENTS = 424, COLUMNS = 7, TRIALS = 64, REPEATS = 50 };

struct trial {
    unsigned char arm[PATIENTS];
    double time[PATIENTS], event[PATIENTS], x[COLUMNS][PATIENTS];
};

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

static double normal(uint64_t *state)
{
    return sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
}

/* Hazard ratio 0.75 for the arm; about 40 % die within 28 days, some are lost before. */
static void fill(struct trial *t, uint64_t *state)
{
    for (int i = 0; i < PATIENTS; i++) {
        t->arm[i] = (unsigned char)(i % 2);
        double eta = t->arm[i] ? log(0.75) : 0;
        for (int j = 0; j < COLUMNS; j++) {
            t->x[j][i] = 10 * j + (j + 1) * normal(state);
            eta += 0.2 * (t->x[j][i] - 10 * j) / (j + 1);
        }
        if (t->x[COLUMNS - 1][i] > 10.0 * COLUMNS) t->x[COLUMNS - 1][i] = 1;
        const double death = -50 * log(uniform(state)) * exp(-eta);
        const double loss = uniform(state) < 0.02 ? 28 * uniform(state) : 28;
        t->event[i] = death <= loss;
        t->time[i] = fmin(death, loss);
    }
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static struct sample sample_of(const struct trial *t, const double **x)
{
    for (int j = 0; j < COLUMNS; j++) x[j] = t->x[j];
    return (struct sample){.n = PATIENTS,
                           .n_arm = {PATIENTS / 2, PATIENTS / 2},
                           .arm = t->arm,
                           .value = t->event,
                           .time = t->time,
                           .event = t->event,
                           .n_x = COLUMNS,
                           .x = x,
                           .term = -1,
                           .n_strata = 1};
}

static void bench(const struct analysis *a, const char *what, const struct trial *trials)
{
    const struct inference in = {0.05, 2, 1, -1, 1.959963984540054};
    void *params = calloc(1, a->params_size);
    struct scratch w = {0};
    const double *x[COLUMNS];
    double least = INFINITY, events = 0, answered = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        events = answered = 0;
        const double start = now();
        for (int k = 0; k < TRIALS; k++) {
            const struct sample s = sample_of(&trials[k], x);
            struct result r;
            a->run(params, &in, &s, &w, &r);
            scratch_reset(&w);
            events += r.events;
            answered += r.why == UNDEFINED_NO;
        }
        least = fmin(least, (now() - start) / TRIALS);
    }
    printf("%-10s %-44s %8.2f us  (%.0f events, %.0f%% answered)\n", a->name, what, least,
           events / TRIALS, 100 * answered / TRIALS);
    scratch_free(&w);
    free(params);
}

/* --- stages of a Cox fit ---------------------------------------------------------------------- */

struct stage {
    const struct sample *s;
    struct scratch *w;
    struct cox_model m;
    double beta[COLUMNS + 1];
    struct derivatives d;
    int evaluations;
};

static double evaluate_counted(void *model, const double *beta, struct derivatives *d)
{
    struct stage *at = model;
    at->evaluations++;
    return partial_likelihood_evaluate(&at->m.partial, beta, d);
}

static bool approach(void *model, double *beta, struct newton_step *last, struct scratch *w)
{
    struct stage *at = model;
    return cox_start(&at->m.partial, beta, last, w);
}

static void stage_order(struct stage *at)
{
    order_ascending(scratch_ints(at->w, PATIENTS), at->s->time, PATIENTS, at->w);
}

static void stage_risk_sets(struct stage *at)
{
    struct risk_sets sets;
    risk_sets_build(&sets, at->s, at->w);
}

static void stage_model(struct stage *at)
{
    struct cox_model m;
    cox_model_build(&m, at->s, TIES_EFRON, false, at->w);
}

static void stage_evaluate(struct stage *at)
{
    for (int k = 0; k < 4; k++) {
        (void)partial_likelihood_evaluate(&at->m.partial, at->beta, &at->d);
    }
}

static void stage_maximise(struct stage *at)
{
    const struct likelihood f = {&at->m.z, evaluate_counted, at, approach};
    (void)likelihood_maximise(&f, NAN, at->w);
}

/* Prepares every trial once, then times one stage of all of them. */
static void bench_stage(const char *what, void (*stage)(struct stage *at),
                        const struct trial *trials)
{
    struct scratch w = {0};
    struct stage *at = calloc(TRIALS, sizeof *at);
    struct sample *s = calloc(TRIALS, sizeof *s);
    const double *x[TRIALS][COLUMNS];
    for (int k = 0; k < TRIALS && at && s; k++) {
        s[k] = sample_of(&trials[k], x[k]);
        at[k] = (struct stage){
            .s = &s[k],
            .w = &w,
            .beta = {0.1, -0.2, 0.1, 0.3},
            .d = {scratch_doubles(&w, 8), scratch_doubles(&w, 64), scratch_doubles(&w, 8)}};
        cox_model_build(&at[k].m, at[k].s, TIES_EFRON, false, &w);
    }
    double least = INFINITY, evaluations = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = now();
        for (int k = 0; k < TRIALS; k++) {
            const struct scratch_mark mark = scratch_save(&w);
            stage(&at[k]);
            scratch_restore(&w, mark);
        }
        least = fmin(least, (now() - start) / TRIALS);
    }
    for (int k = 0; k < TRIALS; k++) evaluations += at[k].evaluations;
    printf("  %-53s %8.2f us", what, least);
    if (evaluations > 0) printf("  (%.2f evaluations)", evaluations / TRIALS / REPEATS);
    printf("\n");
    scratch_free(&w);
    free(at);
    free(s);
}

int main(void)
{
    struct trial *trials = calloc(TRIALS, sizeof *trials);
    if (trials == NULL) return 1;
    uint64_t state = 20190217;
    for (int k = 0; k < TRIALS; k++) fill(&trials[k], &state);
    bench(&analysis_cox, "424 patients, 8 columns", trials);
    bench_stage("order of 424 times, 60 % at the horizon", stage_order, trials);
    bench_stage("risk sets, order included", stage_risk_sets, trials);
    bench_stage("model built, risk sets included", stage_model, trials);
    bench_stage("four evaluations", stage_evaluate, trials);
    bench_stage("maximum from a built model", stage_maximise, trials);
    bench(&analysis_logistic, "424 patients, 8 columns", trials);
    bench(&analysis_logrank, "424 patients", trials);
    free(trials);
    return 0;
}
