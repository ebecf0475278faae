/* scenario.h - scenarios written in tests: their plans, the mistakes they make, and judging
 * samples. SPDX-License-Identifier: MIT
 *
 * A sample is judged by 4 standard errors, which a correct program misses in 6e-5 of seeds,
 * two-sided (more where the standard error is estimated from few batches; the tests say so). Seeds
 * are fixed. */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include "engine/replicate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a scenario must have besides the sections a test is about. */
#define ANY_ENDPOINT "endpoints: {dead: {kind: death, by: 28}}\n"
#define ANY_ANALYSIS "analyses: {risk: {method: risk_difference, endpoint: dead}}\n"
/* Correlated covariates of every kind, one latent. A cohort of one replicate is judged by binomial
 * errors, so its centres must be alike; centres that differ need many replicates. */
#define POPULATION_WITH(centres)                                                                   \
    "simulation: {seed: 5}\n"                                                                      \
    "population:\n"                                                                                \
    "  centres: {number: 250" centres "}\n"                                                        \
    "  covariates:\n"                                                                              \
    "    sofa: {distribution: normal, mean: 9.7, sd: 3.6, within: [0, 24], integer: true}\n"       \
    "    lactate: {distribution: lognormal, median: 3.9, sd_log: 0.55, within: [2, 25]}\n"         \
    "    source: {distribution: categorical, levels: {lung: 0.4, abdominal: 0.35, other: 0.25}}\n" \
    "    severity: {distribution: normal, mean: 0, sd: 1, latent: true}\n"                         \
    "  correlation: [[sofa, lactate, 0.3], [sofa, severity, 0.4], [lactate, source, 0.2]]\n"
#define TWO_ARMS "arms: {control: {}, treated: {}}\n"

/* --- plans ------------------------------------------------------------------------------------ */

static inline enum status scenario_plan(const char *text, struct plan *plan, struct errors *e)
{
    char path[] = "/tmp/shocksim-test-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    const size_t length = strlen(text);
    assert_int_equal(write(file, text, length), (ssize_t)length);
    assert_int_equal(close(file), 0);
    const enum status status = plan_make(path, NULL, 0, plan, e);
    assert_int_equal(unlink(path), 0);
    return status;
}

static inline struct plan plan_of(const char *text)
{
    struct plan plan;
    struct errors e = {0};
    const enum status status = scenario_plan(text, &plan, &e);
    for (int k = 0; k < e.n; k++) print_error("%s\n", e.text[k]);
    assert_int_equal(status, STATUS_OK);
    errors_free(&e);
    return plan;
}

/* The scenario is refused with a message that contains `says`. */
static inline void assert_refused(const char *text, const char *says)
{
    struct plan plan;
    struct errors e = {0};
    bool said = false;
    assert_int_equal(scenario_plan(text, &plan, &e), STATUS_USAGE);
    for (int k = 0; k < e.n; k++) said = said || strstr(e.text[k], says) != NULL;
    for (int k = 0; k < e.n && !said; k++) print_error("%s\n", e.text[k]);
    assert_true(said);
    errors_free(&e);
}

/* Everything a course has, whatever the endpoints need. */
static inline struct course_needs needs_of_course(const struct point *point, int sofa_day)
{
    const struct course_spec *c = &point->scenario.course;
    struct course_needs needs = {
        .death = true, .adverse_event = c->has_adverse, .sofa_day = c->has_sofa ? sofa_day : 0};
    memcpy(needs.support, c->has_support, sizeof needs.support);
    memcpy(needs.stay, c->has_stay, sizeof needs.stay);
    needs.marker = calloc((size_t)c->markers.n + 1, sizeof *needs.marker);
    assert_non_null(needs.marker);
    for (int k = 0; k < c->markers.n; k++) needs.marker[k] = true;
    return needs;
}

static inline const double *covariate_of(const struct point *point, const struct patients *p,
                                         const char *name)
{
    const int k = population_covariate(&point->scenario.population, name);
    assert_true(k >= 0);
    return p->covariate[k];
}

/* --- pieces of scenarios ---------------------------------------------------------------------- */

struct reading {
    struct arena memory;
    struct errors e;
    struct reader r;
};

static inline void reading_free(struct reading *g)
{
    arena_free(&g->memory);
    errors_free(&g->e);
}

static inline const struct node *read_text(struct reading *g, const char *text)
{
    g->r = (struct reader){&g->memory, &g->e};
    return tree_read_text(text, strlen(text), "test", &g->memory, &g->e);
}

static inline void assert_no_errors(const struct reading *g)
{
    for (int k = 0; k < g->e.n; k++) print_error("%s\n", g->e.text[k]);
    assert_int_equal(g->e.n, 0);
}

/* --- judging ---------------------------------------------------------------------------------- */

static inline void close_at(double x, double expected, double bound, const char *what,
                            const char *file, int line)
{
    if (fabs(x - expected) <= bound) return;
    print_error("%s is %.10g, expected %.10g within %.3g\n", what, x, expected, bound);
    _fail(file, line);
}
#define assert_close(x, expected, bound) close_at(x, expected, bound, #x, __FILE__, __LINE__)
#define assert_share(hits, n, share)                                                               \
    close_at((double)(hits) / (double)(n), share, 4 * sqrt((share) * (1 - (share)) / (double)(n)), \
             #hits, __FILE__, __LINE__)

struct moments {
    int n;
    double mean, sd, mean_se, sd_se;
};

/* Of the numbers that are not missing. sd_se: delta method, sqrt((m4 - sd^4) / n) / (2 sd). */
static inline struct moments moments_of(const double *x, int n)
{
    struct moments m = {0};
    double sum = 0, second = 0, fourth = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        sum += x[i];
        m.n++;
    }
    m.mean = sum / m.n;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        const double d2 = (x[i] - m.mean) * (x[i] - m.mean);
        second += d2;
        fourth += d2 * d2;
    }
    m.sd = sqrt(second / (m.n - 1));
    m.mean_se = m.sd / sqrt(m.n);
    m.sd_se = sqrt(fourth / m.n - m.sd * m.sd * m.sd * m.sd) / (2 * m.sd * sqrt(m.n));
    return m;
}
#define assert_mean(m, expected) assert_close((m).mean, expected, 4 * (m).mean_se)
#define assert_sd(m, expected)   assert_close((m).sd, expected, 4 * (m).sd_se)

static inline double correlation_of(const double *x, const double *y, int n)
{
    const struct moments a = moments_of(x, n), b = moments_of(y, n);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (x[i] - a.mean) * (y[i] - b.mean);
    return sum / (n - 1) / (a.sd * b.sd);
}
/* Fisher's transformation: atanh(r) has standard error 1 / sqrt(n - 3) when scores are normal. */
#define assert_correlation(r, n, expected)                                                         \
    assert_close(atanh(r), atanh(expected), 4 / sqrt((n)-3.0))

static inline int count_below(const double *x, int n, double limit)
{
    int count = 0;
    for (int i = 0; i < n; i++) count += x[i] < limit;
    return count;
}

#endif
