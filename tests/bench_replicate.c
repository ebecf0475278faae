/* bench_replicate.c - whole replicates in memory, one thread: trials a second, and where the time
 * goes.  SPDX-License-Identifier: MIT
 *
 * With arguments: those scenarios instead. A stage's time is what a replicate that ends after it
 * takes longer than one that ends before it; each is the fastest of several repeats. It is also
 * given in columns, the time in which one column of as many normal numbers is drawn in the same
 * run, so that runs on different or busy machines can be compared, and as a multiple of its floor.
 * Floors are in columns too: what hand-written prototypes of these trials took, which had no ties,
 * strata, losses or missing values, on a machine where a column took them as long. */
#include "engine/replicate.h"
#include "engine/simulate.h"
#include "stat/vector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCKS = 4, TRIALS = BLOCKS * BLOCK_REPLICATES, REPEATS = 24 };

/* Microseconds. One thread is timed by its own clock, which stands still while others run. */
static double now(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* How far a replicate is taken. */
enum stage { COHORT, ENDPOINTS, ANALYSES, WHOLE, STAGES };
static const char *const stage_name[STAGES] = {"cohort", "endpoints", "analyses", "descriptives"};

/* Columns; 0 where there was no prototype. */
struct floor {
    const char *scenario;
    double columns[STAGES];
};
static const struct floor floors[] = {
    {"tests/bench/logrank.yaml", {[COHORT] = 0.8, [ANALYSES] = 1.9}},
    {"tests/bench/adjusted-cox.yaml", {[COHORT] = 10.5, [ANALYSES] = 11}},
    {"scenarios/andromeda-shock.yaml", {[COHORT] = 23, [ANALYSES] = 27}},
};
enum { USUAL = sizeof floors / sizeof *floors };

static double floor_of(const char *path, int stage)
{
    for (int k = 0; k < USUAL; k++)
        if (strcmp(floors[k].scenario, path) == 0) return floors[k].columns[stage];
    return 0;
}

static void run_until(enum stage last, const struct plan *plan, uint64_t replicate,
                      struct scratch *w, struct result *out)
{
    const struct point *point = &plan->point[0];
    struct patients p;
    struct course c;
    if (last == WHOLE) {
        replicate_run(plan, point, replicate, w, out);
        return;
    }
    scratch_reset(w);
    trial_draw(&point->trial, point->seed, replicate, false, &point->needs, w, &p, &c);
    if (last == COHORT) return;
    const struct dataset data = endpoint_dataset(point, &p, &c, replicate, false, w);
    for (int k = 0; k < point->scenario.analyses.n && last == ANALYSES; k++) {
        analysis_run(&point->analysis[k], &data, w, out);
        out += point->analysis[k].n_outputs;
    }
}

/* Microseconds a trial. */
static double stage_time(enum stage last, const struct plan *plan, struct result *rows)
{
    struct scratch w = {0};
    double best = INFINITY;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = now(CLOCK_THREAD_CPUTIME_ID);
        for (int k = 0; k < TRIALS; k++)
            run_until(last, plan, (uint64_t)(repeat * TRIALS + k), &w, rows + k * plan->n_answers);
        best = fmin(best, (now(CLOCK_THREAD_CPUTIME_ID) - start) / TRIALS);
    }
    scratch_free(&w);
    return best;
}

static double column_time(int n)
{
    struct scratch w = {0};
    double best = INFINITY, *z = scratch_doubles(&w, n);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = now(CLOCK_THREAD_CPUTIME_ID);
        for (int k = 0; k < TRIALS; k++) {
            const struct stream s = stream_for(1, (uint64_t)k, 2);
            stream_fill(&s, z, n);
            vector_normal_quantile(z, z, n);
        }
        best = fmin(best, (now(CLOCK_THREAD_CPUTIME_ID) - start) / TRIALS);
    }
    scratch_free(&w);
    return best;
}

static double simulated_time(const struct plan *plan, int threads, struct result *rows)
{
    const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    struct simulator s = simulator_new(plan, threads);
    double best = INFINITY;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        struct task task[BLOCKS];
        for (int b = 0; b < BLOCKS; b++)
            task[b] = (struct task){0, (repeat * BLOCKS + b) * BLOCK_REPLICATES, BLOCK_REPLICATES};
        const double start = now(clock);
        simulate(&s, task, BLOCKS, rows);
        best = fmin(best, (now(clock) - start) / TRIALS);
    }
    simulator_free(&s);
    return best;
}

static int bench(const char *path)
{
    struct plan plan;
    struct errors e = {0};
    if (plan_make(path, NULL, 0, &plan, &e) != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s\n", path, e.n > 0 ? e.text[0] : "no plan");
        errors_free(&e);
        return EXIT_FAILURE;
    }
    struct result *rows = calloc((size_t)TRIALS * (size_t)plan.n_answers, sizeof *rows);
    if (rows == NULL) return EXIT_FAILURE;
    const double one = simulated_time(&plan, 1, rows), two = simulated_time(&plan, 2, rows);
    const int n = plan.point[0].trial.n;
    const double column = column_time(n);
    printf("%-22s %8.0f trials/s   %8.2f us   (two threads: x %.2f)   %6.1f columns\n", plan.name,
           1e6 / one, one, one / two, one / column);
    double before = 0;
    for (int k = 0; k < STAGES; k++) {
        const double until = stage_time((enum stage)k, &plan, rows);
        const double took = until - before, least = floor_of(path, k);
        printf("  %-20s %8.2f us   %8.2f ns a patient   %6.1f columns", stage_name[k], took,
               1e3 * took / n, took / column);
        if (least > 0) printf("   x %.1f of its floor", took / column / least);
        printf("\n");
        before = until;
    }
    free(rows);
    plan_free(&plan);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const int n = argc > 1 ? argc - 1 : USUAL;
    int status = EXIT_SUCCESS;
    for (int k = 0; k < n; k++)
        if (bench(argc > 1 ? argv[k + 1] : floors[k].scenario) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    return status;
}
