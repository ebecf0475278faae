/* test_kaplan_meier.c - restricted means and survival at a day: R's numbers, identities, samples
 * without an answer.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *event;
    const unsigned char *arm;
};

struct rmst_case {
    const struct data *data;
    double horizon;
    double difference[5], ratio[5]; /* estimate, se, limits, p */
    double control[2], treated[2];  /* mean, se */
};

struct survival_case {
    const struct data *data;
    double day;
    double difference[5];          /* estimate, se, limits, p */
    double control[6], treated[6]; /* survival, se, plain limits, log-log limits */
};

#include "oracle/kaplan_meier.h"

extern const struct analysis analysis_rmst, analysis_kaplan_meier;

/* The parameters as the plug-in holds them. */
struct kaplan_meier_parameters {
    double day;
    int ci;
};

enum { RMST_OUTPUTS = 4, SURVIVAL_OUTPUTS = 3 };

static struct sample sample_of(const struct data *d)
{
    struct sample s = {
        .n = d->n, .arm = d->arm, .time = d->time, .event = d->event, .term = -1, .n_strata = 1};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    return s;
}

static void run(const struct analysis *method, const void *params, const struct data *d, int sides,
                struct result *out)
{
    /* qnorm(0.975) and qnorm(0.95) */
    const struct inference in = {0.05, sides, 0, 1,
                                 sides == 2 ? 1.9599639845400545 : 1.6448536269514722};
    const struct sample s = sample_of(d);
    struct scratch w = {0};
    method->run(params, &in, &s, &w, out);
    assert_null(w.current);
    scratch_free(&w);
    for (int k = 0; k < method->n_outputs; k++) assert_int_equal(out[k].n, d->n);
}

static void run_rmst(const struct data *d, double horizon, struct result out[RMST_OUTPUTS])
{
    run(&analysis_rmst, &horizon, d, 2, out);
}

static void run_survival(const struct data *d, double day, int ci,
                         struct result out[SURVIVAL_OUTPUTS])
{
    const struct kaplan_meier_parameters p = {day, ci};
    run(&analysis_kaplan_meier, &p, d, 2, out);
}

static void close_to(const char *what, int number, double got, double expected)
{
    if (isnan(expected) && isnan(got)) return;
    if (!(fabs(got - expected) <= 1e-10 * fmax(fabs(expected), 1e-3))) {
        fail_msg("case %d, %s: %.17g instead of %.17g", number, what, got, expected);
    }
}

static void compared_as_r(const struct result *r, const double expected[5], int number)
{
    assert_int_equal(r->why, UNDEFINED_NO);
    close_to("estimate", number, r->estimate, expected[0]);
    close_to("se", number, r->se, expected[1]);
    close_to("ci_low", number, r->ci_low, expected[2]);
    close_to("ci_high", number, r->ci_high, expected[3]);
    close_to("p", number, r->p_value, expected[4]);
}

static void arm_as_r(const struct result *r, const double *expected, int number)
{
    assert_int_equal(r->why, UNDEFINED_NO);
    close_to("arm's estimate", number, r->estimate, expected[0]);
    close_to("arm's se", number, r->se, expected[1]);
    assert_true(isnan(r->statistic) && isnan(r->p_value));
}

static void test_rmst_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof rmst_cases / sizeof *rmst_cases; k++) {
        const struct rmst_case *c = &rmst_cases[k];
        struct result r[RMST_OUTPUTS];
        run_rmst(c->data, c->horizon, r);
        compared_as_r(&r[0], c->difference, (int)k);
        compared_as_r(&r[1], c->ratio, (int)k);
        arm_as_r(&r[2], c->control, (int)k);
        arm_as_r(&r[3], c->treated, (int)k);
        close_to("arm's ci_low", (int)k, r[2].ci_low, c->control[0] - 1.9599639845400545 * r[2].se);
    }
}

static void test_survival_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof survival_cases / sizeof *survival_cases; k++) {
        const struct survival_case *c = &survival_cases[k];
        for (int ci = 0; ci < 2; ci++) {
            struct result r[SURVIVAL_OUTPUTS];
            run_survival(c->data, c->day, ci, r);
            compared_as_r(&r[0], c->difference, (int)k);
            for (int arm = 0; arm < 2; arm++) {
                const double *expected = arm == 0 ? c->control : c->treated;
                arm_as_r(&r[1 + arm], expected, (int)k);
                close_to("arm's ci_low", (int)k, r[1 + arm].ci_low, expected[2 + 2 * ci]);
                close_to("arm's ci_high", (int)k, r[1 + arm].ci_high, expected[3 + 2 * ci]);
            }
        }
    }
}

/* Without censoring before the day, survival is a share and its variance p (1 - p) / n; without any
 * death the restricted mean is the horizon. */
static void test_closed_forms(void **state)
{
    (void)state;
    const double time[] = {1, 2, 3, 9, 9, 9, 4, 4, 9, 9}, event[] = {1, 1, 1, 0, 0, 0, 1, 1, 0, 0};
    const unsigned char arm[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
    const struct data d = {10, time, event, arm};
    struct result r[RMST_OUTPUTS];
    run_survival(&d, 5, 0, r);
    close_to("share", 0, r[1].estimate, 0.5);
    close_to("se", 0, r[1].se, sqrt(0.25 / 6));
    close_to("se", 1, r[2].se, 0.25);
    run_rmst(&d, 3, r);
    close_to("mean", 0, r[2].estimate, (1 + 2 + 3 + 3 * 3) / 6.0);
    close_to("nobody dead yet", 1, r[3].estimate, 3);
    close_to("nobody dead yet", 1, r[3].se, 0);
    assert_int_equal(r[0].events, 5);
}

/* Longer lives are benefit: a one-sided test looks there. */
static void test_one_sided(void **state)
{
    (void)state;
    struct result one[RMST_OUTPUTS], two[RMST_OUTPUTS];
    const double horizon = NAN;
    run(&analysis_rmst, &horizon, &lung_data, 2, two);
    run(&analysis_rmst, &horizon, &lung_data, 1, one);
    assert_true(two[0].estimate > 0);
    close_to("p", 0, one[0].p_value, two[0].p_value / 2);
    close_to("p of the ratio", 0, one[1].p_value, two[1].p_value / 2);
    for (int k = 0; k < RMST_OUTPUTS; k++)
        assert_int_equal(output_benefit(&analysis_rmst.outputs[k], -1), 1);
}

static void test_without_answer(void **state)
{
    (void)state;
    const double time[] = {3, 9, 5, 20, 8, 20}, event[] = {1, 0, 1, 0, 1, 0}, none[6] = {0};
    const unsigned char arm[] = {0, 0, 0, 1, 1, 1}, alone[6] = {0};
    const struct data d = {6, time, event, arm}, empty = {0, time, event, arm},
                      one_arm = {6, time, event, alone}, nobody = {6, time, none, arm};
    struct result r[RMST_OUTPUTS], q[SURVIVAL_OUTPUTS];
    const struct {
        const struct data *data;
        double day;
        enum undefined rmst, survival;
    } cases[] = {
        {&d, 9, UNDEFINED_NO, UNDEFINED_NO},
        {&d, 9.1, UNDEFINED_BEYOND_FOLLOW_UP, UNDEFINED_BEYOND_FOLLOW_UP},
        {&d, 2, UNDEFINED_NO_VARIATION, UNDEFINED_NO_VARIATION},
        {&d, 3, UNDEFINED_NO_VARIATION, UNDEFINED_NO},
        {&empty, 9, UNDEFINED_NO_PATIENTS, UNDEFINED_NO_PATIENTS},
        {&empty, NAN, UNDEFINED_NO_PATIENTS, UNDEFINED_NO_PATIENTS},
        {&one_arm, 9, UNDEFINED_EMPTY_ARM, UNDEFINED_EMPTY_ARM},
        {&nobody, 9, UNDEFINED_NO_EVENTS, UNDEFINED_NO_EVENTS},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        run_rmst(cases[k].data, cases[k].day, r);
        run_survival(cases[k].data, cases[k].day, 0, q);
        assert_int_equal(r[0].why, cases[k].rmst);
        assert_int_equal(q[0].why, cases[k].survival);
        if (r[0].why != UNDEFINED_NO) assert_true(isnan(r[0].estimate) && isnan(r[1].p_value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rmst_as_r),      cmocka_unit_test(test_survival_as_r),
        cmocka_unit_test(test_closed_forms),   cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_without_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
