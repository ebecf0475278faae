/* bench_win_ratio.c - microseconds of one win ratio on fresh trials, and against all pairs.
 * SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct analysis analysis_win_ratio;

enum { PATIENTS = 1500, STRATA = 4, TRIALS = 32, REPEATS = 40, SLOW_REPEATS = 3 };

struct trial {
    unsigned char arm[PATIENTS];
    int stratum[PATIENTS];
    double dead[PATIENTS], time[PATIENTS], days[PATIENTS], stay[PATIENTS];
    double free_time[PATIENTS]; /* days as a fraction */
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

/* 43 and 36 % dead by day 28, 2 % of the rest lost; days free of support, log-normal stay. */
static void fill(struct trial *t, uint64_t *state)
{
    for (int i = 0; i < PATIENTS; i++) {
        t->arm[i] = (unsigned char)(i % 2);
        t->stratum[i] = (int)(STRATA * uniform(state));
        t->dead[i] = uniform(state) < (t->arm[i] ? 0.36 : 0.43);
        const double last = uniform(state) < 0.02 ? 28 * uniform(state) : 28;
        t->time[i] = t->dead[i] > 0 ? 28 * uniform(state) : last;
        t->free_time[i] = t->dead[i] > 0 ? 0 : 28 * uniform(state);
        t->days[i] = floor(t->free_time[i]);
        t->stay[i] = exp(2.5 + normal(state));
    }
}

enum kind { ORDERED, CONTINUOUS, STRATIFIED, MARGINS, TIMES, KINDS };
static const char *const kind_name[KINDS] = {
    "dead (tie if both), days, stay", "dead, days in hours, stay", "dead, days, stay; 4 strata",
    "dead, days by more than 1, stay by more than 2", "time of death with loss, days, stay"};

static struct sample sample_of(const struct trial *t, enum kind kind, struct tier tier[3])
{
    tier[0] = (struct tier){.value = t->dead, .better = -1};
    tier[1] = (struct tier){.value = t->days, .better = 1};
    tier[2] = (struct tier){.value = t->stay, .better = -1};
    if (kind == ORDERED) tier[0].event = t->dead, tier[0].tie_if_both = true;
    if (kind == CONTINUOUS) tier[1].value = t->free_time;
    if (kind == MARGINS) tier[1].margin = 1, tier[2].margin = 2;
    if (kind == TIMES) tier[0] = (struct tier){.time = t->time, .event = t->dead, .better = -1};
    return (struct sample){.n = PATIENTS,
                           .n_arm = {PATIENTS / 2, PATIENTS / 2},
                           .arm = t->arm,
                           .term = -1,
                           .stratum = kind == STRATIFIED ? t->stratum : NULL,
                           .n_strata = kind == STRATIFIED ? STRATA : 1,
                           .n_tiers = 3,
                           .tier = tier};
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* The win ratio of `dead, days, stay` by the plain double loop, without a variance. */
static double all_pairs(const struct trial *t)
{
    long wins = 0, losses = 0;
    for (int i = 0; i < PATIENTS; i++)
        for (int j = 0; j < PATIENTS && t->arm[i]; j++) {
            if (t->arm[j]) continue;
            double d = t->dead[j] - t->dead[i];
            if (!(fabs(d) > 0)) d = t->days[i] - t->days[j];
            if (!(fabs(d) > 0)) d = t->stay[j] - t->stay[i];
            wins += d > 0;
            losses += d < 0;
        }
    return (double)wins / (double)losses;
}

static double bench(const struct trial *trials, enum kind kind)
{
    const struct inference in = {0.05, 2, 1, 1, 1.959963984540054};
    struct scratch w = {0};
    double least = INFINITY;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = now();
        for (int k = 0; k < TRIALS; k++) {
            struct tier tier[3];
            const struct sample s = sample_of(&trials[k], kind, tier);
            struct result r[OUTPUTS_MAX];
            analysis_win_ratio.run(NULL, &in, &s, &w, r);
            scratch_reset(&w);
        }
        least = fmin(least, (now() - start) / TRIALS);
    }
    scratch_free(&w);
    return least;
}

int main(void)
{
    struct trial *trials = calloc(TRIALS, sizeof *trials);
    if (trials == NULL) return 1;
    uint64_t state = 20251018;
    for (int k = 0; k < TRIALS; k++) fill(&trials[k], &state);
    double slow = INFINITY, check = 0;
    for (int repeat = 0; repeat < SLOW_REPEATS; repeat++) {
        const double start = now();
        for (int k = 0; k < TRIALS; k++) check += all_pairs(&trials[k]);
        slow = fmin(slow, (now() - start) / TRIALS);
    }
    printf("win_ratio  %-48s %9.2f us  (mean win ratio %.3f)\n", "750 v 750, plain double loop",
           slow, check / (SLOW_REPEATS * TRIALS));
    for (enum kind kind = 0; kind < KINDS; kind++) {
        const double us = bench(trials, kind);
        printf("win_ratio  %-48s %9.2f us  (%.0f times faster)\n", kind_name[kind], us, slow / us);
    }
    free(trials);
    return 0;
}
