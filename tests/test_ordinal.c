/* test_ordinal.c - proportional odds: R's numbers, closed forms, samples without an answer.
 * SPDX-License-Identifier: MIT */
#include "analysis/newton.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct data {
    int n;
    const double *y;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
};

struct ordinal_case {
    const char *name;
    const struct data *data;
    int n_x, term;
    double null;
    /* odds ratio, se, limits; statistic and p by Wald, score and likelihood ratio test */
    double expected[10];
};

#include "oracle/ordinal.h"

extern const struct analysis analysis_proportional_odds, analysis_logistic;

enum { COLUMNS_MAX = 8 };

static struct sample sample_of(const struct data *d, int n_x, const double **x)
{
    struct sample s = {
        .n = d->n, .arm = d->arm, .value = d->y, .n_x = n_x, .x = x, .term = -1, .n_strata = 1};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static struct result run(const struct analysis *method, const void *params, const struct sample *s,
                         double null)
{
    const struct inference in = {0.05, 2, null, 1, 1.9599639845400545}; /* qnorm(0.975) */
    struct scratch w = {0};
    struct result r;
    method->run(params, &in, s, &w, &r);
    assert_null(w.current);
    scratch_free(&w);
    return r;
}

static struct result run_odds(const struct sample *s, enum coefficient_test test, double null)
{
    const int choice = (int)test;
    return run(&analysis_proportional_odds, &choice, s, null);
}

static void close_to(const char *name, const char *what, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("%s, %s: %.17g instead of %.17g (relative %.2g)", name, what, got, expected,
                 fabs(got / expected - 1));
    }
}

/* Near 0 a statistic has only absolute digits: its terms are of the order of 1. */
static void statistic_close_to(const char *name, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-8 * fmax(fabs(expected), 0.01))) {
        fail_msg("%s: statistic %.17g instead of %.17g", name, got, expected);
    }
}

static void test_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof ordinal_cases / sizeof *ordinal_cases; k++) {
        const struct ordinal_case *c = &ordinal_cases[k];
        const double *x[COLUMNS_MAX];
        struct sample s = sample_of(c->data, c->n_x, x);
        s.term = c->term;
        for (int test = TEST_WALD; test <= TEST_LIKELIHOOD_RATIO; test++) {
            const struct result r = run_odds(&s, (enum coefficient_test)test, c->null);
            if (r.why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r.why));
            close_to(c->name, "estimate", r.estimate, c->expected[0], 1e-8);
            close_to(c->name, "se", r.se, c->expected[1], 1e-7);
            close_to(c->name, "ci_low", r.ci_low, c->expected[2], 1e-7);
            close_to(c->name, "ci_high", r.ci_high, c->expected[3], 1e-7);
            statistic_close_to(c->name, r.statistic, c->expected[4 + test]);
            close_to(c->name, "p", r.p_value, c->expected[7 + test], 1e-6);
            assert_int_equal(r.n, c->data->n);
        }
    }
}

/* Two levels: logistic regression. */
static void test_two_levels_are_logistic(void **state)
{
    (void)state;
    const double *x[COLUMNS_MAX];
    const struct sample s = sample_of(&two_levels, 2, x);
    const struct result ordinal = run_odds(&s, TEST_WALD, 1);
    max_align_t defaults[16];
    assert_true(analysis_logistic.params_size <= sizeof defaults);
    params_default(analysis_logistic.params, defaults);
    const struct result logistic = run(&analysis_logistic, defaults, &s, 1);
    close_to("two levels", "estimate", ordinal.estimate, logistic.estimate, 1e-10);
    close_to("two levels", "se", ordinal.se, logistic.se, 1e-9);
}

/* The score test without covariates is Wilcoxon's rank sum test with ties, of divisor N instead of
 * N - 1 (McCullagh 1980, section 6.1), when the information is the expected one; the observed one
 * is within 1 % of it here. */
static void test_score_is_wilcoxon(void **state)
{
    (void)state;
    const double *x[1];
    const struct sample s = sample_of(&days_free, 0, x);
    double ranks = 0, square = 0;
    for (int i = 0; i < s.n; i++) {
        double rank = 0.5;
        for (int j = 0; j < s.n; j++) {
            rank += s.value[j] < s.value[i] ? 1 : s.value[j] > s.value[i] ? 0 : 0.5;
        }
        const double centred = rank - (s.n + 1) / 2.0;
        ranks += s.arm[i] * centred;
        square += centred * centred;
    }
    const double z = ranks / sqrt(square / s.n * s.n_arm[0] * s.n_arm[1] / s.n);
    close_to("days free", "score", run_odds(&s, TEST_SCORE, 1).statistic, z, 0.01);
}

static void swap_arms(const struct data *d, unsigned char *arm)
{
    for (int i = 0; i < d->n; i++) arm[i] = !d->arm[i];
}

/* Any increasing transformation of the outcome leaves the answer as it is; a reversed outcome, or
 * swapped arms, turns the ratio over. */
static void test_symmetries(void **state)
{
    (void)state;
    const double *x[COLUMNS_MAX];
    const struct sample s = sample_of(&continuous, 1, x);
    const struct result r = run_odds(&s, TEST_WALD, 1);
    double y[1000];
    unsigned char arm[1000];
    struct sample other = s;
    other.value = y;
    for (int i = 0; i < s.n; i++) y[i] = exp(s.value[i]) - 3;
    close_to("exponential", "estimate", run_odds(&other, TEST_WALD, 1).estimate, r.estimate, 1e-12);
    for (int i = 0; i < s.n; i++) y[i] = -s.value[i];
    close_to("reversed", "estimate", run_odds(&other, TEST_WALD, 1).estimate, 1 / r.estimate, 1e-9);
    swap_arms(&continuous, arm);
    other.value = s.value;
    other.arm = arm;
    other.n_arm[0] = s.n_arm[1];
    other.n_arm[1] = s.n_arm[0];
    close_to("swapped", "estimate", run_odds(&other, TEST_WALD, 1).estimate, 1 / r.estimate, 1e-9);
    close_to("swapped", "se", run_odds(&other, TEST_WALD, 1).se, r.se, 1e-9);
}

static enum undefined why_not(int n, const double *y, const unsigned char *arm, const double *x)
{
    const struct data d = {n, y, arm, x != NULL, x};
    const double *column[1];
    const struct sample s = sample_of(&d, d.n_x, column);
    const struct result r = run_odds(&s, TEST_WALD, 1);
    assert_int_equal(r.n, n);
    if (r.why != UNDEFINED_NO) assert_true(isnan(r.estimate) && isnan(r.se) && isnan(r.p_value));
    return r.why;
}

static void test_without_answer(void **state)
{
    (void)state;
    const unsigned char arm[] = {0, 0, 0, 0, 1, 1, 1, 1}, alone[8] = {0};
    const double flat[8] = {3, 3, 3, 3, 3, 3, 3, 3}, apart[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double touching[] = {1, 2, 3, 4, 4, 6, 7, 8}, below[] = {5, 6, 7, 5, 5, 3, 4, 1};
    const double mixed[] = {1, 2, 3, 5, 4, 6, 7, 8}, constant[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    const double same[] = {1, 2, 3, 5, 4, 6, 7, 8}, arm_again[] = {2, 2, 2, 2, 5, 5, 5, 5};
    assert_int_equal(why_not(0, flat, arm, NULL), UNDEFINED_NO_PATIENTS);
    assert_int_equal(why_not(8, mixed, alone, NULL), UNDEFINED_EMPTY_ARM);
    assert_int_equal(why_not(8, flat, arm, NULL), UNDEFINED_NO_VARIATION);
    assert_int_equal(why_not(8, apart, arm, NULL), UNDEFINED_SEPARATION);
    assert_int_equal(why_not(8, touching, arm, NULL), UNDEFINED_SEPARATION);
    assert_int_equal(why_not(8, below, arm, NULL), UNDEFINED_SEPARATION);
    assert_int_equal(why_not(8, mixed, arm, NULL), UNDEFINED_NO);
    assert_int_equal(why_not(8, mixed, arm, constant), UNDEFINED_SINGULAR);
    assert_int_equal(why_not(8, mixed, arm, arm_again), UNDEFINED_SINGULAR);
    assert_int_equal(why_not(8, mixed, arm, same), UNDEFINED_SEPARATION);
    const double flat_x[] = {0, 1, 0, 1, 0, 1, 0, 1};
    assert_int_equal(why_not(8, apart, arm, flat_x), UNDEFINED_SEPARATION);
}

/* Thousands of levels: the cost per level is that of a patient. Values 0 … n-1, arms alternating in
 * blocks; the ratio is checked against the same data with levels in tens, which it must approach.
 */
static void test_many_levels(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double y[N], tens[N];
    static unsigned char arm[N];
    for (int i = 0; i < N; i++) {
        y[i] = i;
        tens[i] = i / 10;
        arm[i] = (unsigned char)((unsigned)(i * 7919) % 20000U < 8000U + (unsigned)i / 5);
    }
    const struct data fine = {N, y, arm, 0, NULL}, coarse = {N, tens, arm, 0, NULL};
    const double *x[1];
    const struct sample a = sample_of(&fine, 0, x), b = sample_of(&coarse, 0, x);
    const struct result r = run_odds(&a, TEST_WALD, 1), q = run_odds(&b, TEST_WALD, 1);
    assert_int_equal(r.why, UNDEFINED_NO);
    assert_int_equal(q.why, UNDEFINED_NO);
    close_to("20,000 levels", "estimate", r.estimate, q.estimate, 1e-3);
    close_to("20,000 levels", "se", r.se, q.se, 1e-3);
    assert_true(r.estimate > 1.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_r),
        cmocka_unit_test(test_two_levels_are_logistic),
        cmocka_unit_test(test_score_is_wilcoxon),
        cmocka_unit_test(test_symmetries),
        cmocka_unit_test(test_without_answer),
        cmocka_unit_test(test_many_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
