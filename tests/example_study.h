/* example_study.h - a small study with everything a result file may hold, for tests.
 * SPDX-License-Identifier: MIT
 *
 * Three points on two swept paths (one of numbers, one of words); a ratio tested two-sided, a
 * difference tested one-sided, a share that is not tested and has no truth. Rows are a function of
 * their place. */
#ifndef TESTS_EXAMPLE_STUDY_H
#define TESTS_EXAMPLE_STUDY_H

#include "engine/study.h"

#include <math.h>

enum { EXAMPLE_POINTS = 3, EXAMPLE_ANSWERS = 3 };

/* A number in (-1, 1) from its place: splitmix64's finaliser (Steele et al. 2014, OOPSLA 453). */
static inline double example_noise(uint64_t x)
{
    x = (x + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-52 - 1;
}

static inline struct result example_row(int point, int answer, int64_t replicate)
{
    const uint64_t place = ((uint64_t)replicate * 64 + (uint64_t)point) * 64 + (uint64_t)answer;
    const double noise = example_noise(place), se = 0.2 + 0.01 * example_noise(place ^ 1);
    if (replicate % 17 == 3 && answer == 0)
        return (struct result){NAN, NAN, NAN, NAN, NAN, NAN, 20, 0, UNDEFINED_NO_EVENTS};
    const double x = 0.5 * noise - 0.1 * point;
    const double z = x / se, p = erfc(fabs(z) / sqrt(2));
    if (answer == 0)
        return (struct result){exp(x), se,  exp(x - 1.96 * se), exp(x + 1.96 * se), z, p,
                               424,    180, UNDEFINED_NO};
    return (struct result){
        x, answer == 2 ? NAN : se, x - 1.96 * se, x + 1.96 * se, z, p, 400, 0, UNDEFINED_NO};
}

static inline enum status example_read(void *handle, int point, int answer, int64_t first,
                                       int64_t count, struct result *rows, struct errors *e)
{
    (void)handle;
    (void)e;
    for (int64_t i = 0; i < count; i++) rows[i] = example_row(point, answer, first + i);
    return STATUS_OK;
}

static inline struct result_source example_rows(void)
{
    return (struct result_source){.read = example_read};
}

static inline struct study example_study(int64_t replicates)
{
    static const char *path[] = {"arms.treated.effects.mortality.hazard_ratio", "trial.design"};
    static const char *setting[] = {"0.75", "fixed", "0.9", "event, \"driven\"", "1", "späť"};
    static const char *pairing[] = {"", "", "shares covariates, not arms, with point 1"};
    static struct answer answer[] = {
        {"primary", "cox", SCALE_LOG, 1, 0.05, 2, -1},
        {"days", "mean_difference", SCALE_IDENTITY, 0, 0.025, 1, -1},
        {"roc.sensitivity", "roc", SCALE_IDENTITY, NAN, 0.05, 2, 1},
    };
    static double truth[] = {-0.1, 0.05, NAN, -0.2, 0.02, NAN, 0, 0, NAN};
    static double truth_se[] = {0.001, 0.002, NAN, 0.001, 0.002, NAN, 0.001, 0.002, NAN};
    static struct published published[] = {
        {"death_28d",
         "treated",
         "sofa < 10",
         "percent",
         {34.9, 1, false},
         "calibrate",
         "",
         "",
         "JAMA 2019;321:654",
         "",
         false,
         {35.1, 28.5, 41.75, 0.475, -0.06, 0, true, NAN, 4.5, 0.9}},
        {"primary",
         "",
         "",
         "ci_high",
         {1.02, 2, true},
         "info",
         "hr28",
         "",
         "JAMA 2019;321:654",
         "a \"reason\"",
         true,
         {NAN, NAN, NAN, NAN, NAN, 0, false, NAN, NAN, NAN}},
    };
    return (struct study){
        .name = "example <study> | \"quoted\"",
        .scenario = "name: example # as given, ≥ 1 line\n",
        .resolved = "name: example\n",
        .seed = UINT64_C(18446744073709551557), /* does not fit a double */
        .replicates = replicates,
        .n_paths = 2,
        .path = path,
        .n_points = EXAMPLE_POINTS,
        .setting = setting,
        .n_answers = EXAMPLE_ANSWERS,
        .answer = answer,
        .truth = truth,
        .truth_se = truth_se,
        .n_published = 2,
        .published = published,
        .pairing = pairing,
        .keep_replicates = true,
    };
}

#endif
