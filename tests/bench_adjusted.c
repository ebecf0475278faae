/* bench_adjusted.c - microseconds of crude, adjusted and stratified comparisons on fresh trials.
 * SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const struct analysis analysis_relative_risk, analysis_risk_difference,
    analysis_log_binomial, analysis_standardised, analysis_logistic, analysis_median_difference,
    analysis_wilcoxon, analysis_mean_difference;

enum { PATIENTS = 424, COVARIATES = 7, CENTRES = 28, TRIALS = 64, REPEATS = 20 };

struct trial {
    unsigned char arm[PATIENTS];
    int centre[PATIENTS];
    double dead[PATIENTS], stay[PATIENTS], days[PATIENTS], x[COVARIATES][PATIENTS];
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

/* 43 % dead; log-normal stays; whole days free, 0 for the dead. */
static void fill(struct trial *t, uint64_t *state)
{
    for (int i = 0; i < PATIENTS; i++) {
        t->arm[i] = (unsigned char)(i % 2);
        t->centre[i] = (int)(CENTRES * uniform(state));
        double eta = -0.3 - 0.3 * t->arm[i];
        for (int j = 0; j < COVARIATES; j++) {
            t->x[j][i] = j < 2 ? round(10 + 4 * normal(state)) : normal(state);
            eta += j < 2 ? 0.05 * (t->x[j][i] - 10) : 0.1 * t->x[j][i];
        }
        t->dead[i] = uniform(state) < 1 / (1 + exp(-eta));
        t->stay[i] = exp(2 + 0.3 * eta + normal(state));
        t->days[i] = t->dead[i] > 0 ? 0 : floor(28 * sqrt(uniform(state)));
    }
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

struct job {
    const char *name;
    const struct analysis *analysis;
    int params[2];
    enum { DEAD, STAY, DAYS } outcome;
    bool adjust, strata;
};

static void ask(const struct job *j, const struct trial *t, struct scratch *w)
{
    const double *x[COVARIATES];
    for (int k = 0; k < COVARIATES; k++) x[k] = t->x[k];
    const struct sample s = {.n = PATIENTS,
                             .n_arm = {PATIENTS / 2, PATIENTS / 2},
                             .arm = t->arm,
                             .value = j->outcome == DEAD   ? t->dead
                                      : j->outcome == STAY ? t->stay
                                                           : t->days,
                             .n_x = j->adjust ? COVARIATES : 0,
                             .adjusted = j->adjust,
                             .x = x,
                             .term = -1,
                             .stratum = j->strata ? t->centre : NULL,
                             .n_strata = j->strata ? CENTRES : 1};
    const struct inference in = {0.05, 2, j->analysis->outputs[0].null, 1, 1.9599639845400545};
    struct result out[OUTPUTS_MAX];
    j->analysis->run(j->params, &in, &s, w, out);
}

int main(void)
{
    static const struct job jobs[] = {
        {"relative risk", &analysis_relative_risk, {0, 0}, DEAD, false, false},
        {"risk difference", &analysis_risk_difference, {0, 0}, DEAD, false, false},
        {"risk difference, corrected", &analysis_risk_difference, {1, 0}, DEAD, false, false},
        {"Welch, days", &analysis_mean_difference, {0, 0}, DAYS, false, false},
        {"covariance, days, 8 columns", &analysis_mean_difference, {0, 0}, DAYS, true, false},
        {"Hodges-Lehmann, days", &analysis_median_difference, {0, 0}, DAYS, false, false},
        {"Hodges-Lehmann, stays", &analysis_median_difference, {0, 0}, STAY, false, false},
        {"Wilcoxon, days", &analysis_wilcoxon, {0, 0}, DAYS, false, false},
        {"logistic, 8 columns", &analysis_logistic, {0, 0}, DEAD, true, false},
        {"modified Poisson, 8 columns", &analysis_relative_risk, {0, 0}, DEAD, true, false},
        {"log-binomial, 8 columns", &analysis_log_binomial, {0, 0}, DEAD, true, false},
        {"standardised, 8 columns", &analysis_standardised, {0, 0}, DEAD, true, false},
        {"relative risk, 28 strata", &analysis_relative_risk, {0, 0}, DEAD, false, true},
        {"risk difference, 28 strata", &analysis_risk_difference, {0, 0}, DEAD, false, true},
        {"van Elteren, stays, 28 strata", &analysis_wilcoxon, {0, 0}, STAY, false, true},
        {"van Elteren, days, 28 strata", &analysis_wilcoxon, {0, 0}, DAYS, false, true},
        {"median regression, stays", &analysis_median_difference, {2, 0}, STAY, true, false},
        {"median regression, days", &analysis_median_difference, {2, 0}, DAYS, true, false},
        {"the same, 28 strata", &analysis_median_difference, {2, 0}, DAYS, true, true},
        {"the same, rank inversion, stays", &analysis_median_difference, {2, 3}, STAY, true, false},
        {"the same, rank inversion, days", &analysis_median_difference, {2, 3}, DAYS, true, false},
    };
    struct trial *trials = calloc(TRIALS, sizeof *trials);
    struct scratch w = {0};
    uint64_t state = 1;
    if (trials == NULL) return EXIT_FAILURE;
    for (int k = 0; k < TRIALS; k++) fill(&trials[k], &state);
    for (size_t j = 0; j < sizeof jobs / sizeof *jobs; j++) {
        double best = INFINITY;
        for (int r = 0; r < REPEATS; r++) {
            const double start = now();
            for (int k = 0; k < TRIALS; k++) ask(&jobs[j], &trials[k], &w);
            best = fmin(best, (now() - start) / TRIALS);
        }
        printf("%-32s %9.2f us\n", jobs[j].name, best);
    }
    scratch_free(&w);
    free(trials);
    return EXIT_SUCCESS;
}
