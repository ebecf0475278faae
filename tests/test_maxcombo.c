/* test_maxcombo.c - the MaxCombo test and the law of the largest of correlated normals: R's
 * numbers, closed forms, samples without an answer.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/distribution.h"
#include "stat/normal_maximum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *event;
    const unsigned char *arm;
    int n_strata;
    const int *stratum;
};

struct maxcombo_case {
    const char *name;
    const struct data *data;
    /* hazard ratio, se; statistic and p two-sided, towards fewer events (z turned), towards more */
    double expected[8];
};

struct maximum_case {
    int n;
    double direction[4][3];
    double z;
    bool absolute;
    double expected;
};

#include "oracle/maxcombo.h"

extern const struct analysis analysis_maxcombo, analysis_logrank;

static struct result run(const struct analysis *method, const struct data *d, int sides,
                         int benefit)
{
    max_align_t defaults[16];
    assert_true(method->params_size <= sizeof defaults);
    if (method->params != NULL) params_default(method->params, defaults);
    /* qnorm(0.975) and qnorm(0.95) */
    const struct inference in = {0.05, sides, 1, benefit,
                                 sides == 2 ? 1.9599639845400545 : 1.6448536269514722};
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .time = d->time,
                       .event = d->event,
                       .term = -1,
                       .stratum = d->stratum,
                       .n_strata = d->n_strata};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    struct scratch w = {0};
    struct result r;
    method->run(defaults, &in, &s, &w, &r);
    assert_null(w.current);
    scratch_free(&w);
    assert_int_equal(r.n, d->n);
    return r;
}

static void close_to(const char *name, const char *what, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("%s, %s: %.17g instead of %.17g (relative %.2g)", name, what, got, expected,
                 fabs(got / expected - 1));
    }
}

static void test_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof maxcombo_cases / sizeof *maxcombo_cases; k++) {
        const struct maxcombo_case *c = &maxcombo_cases[k];
        const struct result two = run(&analysis_maxcombo, c->data, 2, -1);
        const struct result fewer = run(&analysis_maxcombo, c->data, 1, -1);
        const struct result more = run(&analysis_maxcombo, c->data, 1, 1);
        if (two.why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(two.why));
        close_to(c->name, "hazard ratio", two.estimate, c->expected[0], 1e-10);
        close_to(c->name, "se", two.se, c->expected[1], 1e-10);
        close_to(c->name, "statistic", two.statistic, c->expected[2], 1e-9);
        close_to(c->name, "p", two.p_value, c->expected[3], 1e-6);
        close_to(c->name, "statistic, fewer", -fewer.statistic, c->expected[4], 1e-9);
        close_to(c->name, "p, fewer", fewer.p_value, c->expected[5], 1e-6);
        close_to(c->name, "statistic, more", more.statistic, c->expected[6], 1e-9);
        close_to(c->name, "p, more", more.p_value, c->expected[7], 1e-6);
    }
}

/* The estimate and its limits are the log-rank test's. */
static void test_estimate_is_logrank(void **state)
{
    (void)state;
    const struct data *data[] = {&lung_data, &veteran_strata, &heavy_ties};
    for (size_t k = 0; k < sizeof data / sizeof *data; k++) {
        const struct result r = run(&analysis_maxcombo, data[k], 2, -1);
        const struct result q = run(&analysis_logrank, data[k], 2, -1);
        close_to("log-rank", "estimate", r.estimate, q.estimate, 1e-12);
        close_to("log-rank", "ci_low", r.ci_low, q.ci_low, 1e-12);
        close_to("log-rank", "ci_high", r.ci_high, q.ci_high, 1e-12);
        assert_true(fabs(r.statistic) >= fabs(q.statistic) * (1 - 1e-12));
        assert_true(r.p_value >= 2 * normal_upper(fabs(r.statistic)) * (1 - 1e-12));
        assert_int_equal(r.events, q.events);
    }
}

static void test_maximum_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof maximum_cases / sizeof *maximum_cases; k++) {
        const struct maximum_case *c = &maximum_cases[k];
        const double p =
            normal_maximum_upper(c->n, (const double(*)[3])c->direction, c->z, c->absolute);
        close_to("maximum", "p", p, c->expected, 1e-6);
    }
}

/* Independent variables: 1 - (1 - q)^n; one variable in three disguises; the orthant of three,
 * 1/8 + sum of asin(correlation) / (4 pi) (Sheppard 1899; David 1953, Biometrika 40:458). */
static void test_maximum_closed_forms(void **state)
{
    (void)state;
    const double axes[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const double one[3][3] = {{0.6, 0.8, 0}, {0.6, 0.8, 0}, {-0.6, -0.8, 0}};
    for (double z = -4; z < 9; z += 0.37) {
        const double q = normal_upper(z);
        for (int n = 1; n <= 3; n++) {
            close_to("independent", "p", normal_maximum_upper(n, axes, z, false),
                     -expm1(n * log1p(-q)), 1e-12);
            if (z < 0) continue;
            close_to("independent", "|p|", normal_maximum_upper(n, axes, z, true),
                     -expm1(n * log1p(-2 * q)), 1e-12);
        }
        if (z < 0) continue;
        close_to("the same", "|p|", normal_maximum_upper(3, one, z, true), 2 * q, 1e-12);
        close_to("the same", "p", normal_maximum_upper(2, one, z, false), q, 1e-12);
        close_to("opposites", "p", normal_maximum_upper(3, one, z, false), 2 * q, 1e-12);
    }
    const double r = 0.3, s = -0.2, t = 0.5, l1 = sqrt(1 - r * r), l2 = (t - r * s) / l1;
    const double three[3][3] = {{1, 0, 0}, {r, l1, 0}, {s, l2, sqrt(1 - s * s - l2 * l2)}};
    const double orthant = 0.125 + (asin(r) + asin(s) + asin(t)) / (4 * acos(-1.0));
    close_to("orthant", "p", normal_maximum_upper(3, three, 0, false), 1 - orthant, 1e-8);
    close_to("orthant", "p", normal_maximum_upper(3, three, -1e-12, false), 1 - orthant, 1e-8);
}

static enum undefined why_not(int n, const double *time, const double *event,
                              const unsigned char *arm)
{
    const struct data d = {n, time, event, arm, 1, NULL};
    const struct result r = run(&analysis_maxcombo, &d, 2, -1);
    if (r.why != UNDEFINED_NO) assert_true(isnan(r.estimate) && isnan(r.p_value));
    return r.why;
}

static void test_without_answer(void **state)
{
    (void)state;
    const double time[] = {3, 9, 5, 20, 8, 20}, event[] = {1, 0, 1, 0, 1, 0}, none[6] = {0};
    const double last[] = {0, 0, 0, 1, 0, 1}, same[6] = {4, 4, 4, 4, 4, 4},
                 all[6] = {1, 1, 1, 1, 1, 1};
    const unsigned char arm[] = {0, 0, 0, 1, 1, 1}, alone[6] = {0};
    assert_int_equal(why_not(0, time, event, arm), UNDEFINED_NO_PATIENTS);
    assert_int_equal(why_not(6, time, event, alone), UNDEFINED_EMPTY_ARM);
    assert_int_equal(why_not(6, time, none, arm), UNDEFINED_NO_EVENTS);
    assert_int_equal(why_not(6, time, last, arm),
                     UNDEFINED_NO_VARIATION); /* one arm left by then */
    assert_int_equal(why_not(6, same, all, arm), UNDEFINED_NO_VARIATION);
    assert_int_equal(why_not(6, time, event, arm), UNDEFINED_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_r),           cmocka_unit_test(test_estimate_is_logrank),
        cmocka_unit_test(test_maximum_as_r),   cmocka_unit_test(test_maximum_closed_forms),
        cmocka_unit_test(test_without_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
