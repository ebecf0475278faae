/* test_bayes.c - normal and beta posteriors: R's numbers, published reanalyses, closed forms,
 * samples without an answer.  SPDX-License-Identifier: MIT */
#include "analysis/normal_posterior.h"
#include "model/analysis.h"
#include "stat/beta_difference.h"
#include "stat/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *event, *value;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
};

struct normal_case {
    const struct data *data;
    int of, prior;
    double expected, prior_mean, prior_sd, margin;
    int benefit;
    double null;
    int n_x;
    double answer[7]; /* median, sd, limits, p one-sided, P(benefit), P(beyond the margin) */
};

struct beta_case {
    int treated_events, treated, control_events, control;
    double prior_a, prior_b, margin;
    int benefit;
    double null;
    double answer[7]; /* mean, sd, limits, p one-sided, P(benefit), P(beyond the margin) */
};

#include "oracle/bayes.h"

extern const struct analysis analysis_normal_posterior, analysis_beta_binomial;
extern const struct analysis analysis_cox, analysis_logistic, analysis_relative_risk;

/* The parameters as the plug-ins hold them. */
struct normal_parameters {
    int of, prior;
    double expected, prior_mean, prior_sd, margin;
};
struct beta_parameters {
    double prior_a, prior_b, margin;
};

enum { OUTPUTS = 3, COLUMNS_MAX = 4, PATIENTS_MAX = 20000, ROWS_MAX = 512 };

/* Limits of 95 %, both ways of asking: the two-sided p is twice the smaller tail. */
static void run(const struct analysis *method, const void *params, const struct sample *s,
                double null, int benefit, struct result r[OUTPUTS])
{
    const double z = 1.9599639845400545; /* qnorm(0.975) */
    const struct inference one = {0.025, 1, null, benefit, z}, two = {0.05, 2, null, benefit, z};
    struct scratch w = {0};
    method->run(params, &two, s, &w, r);
    const double p = r[0].p_value, low = r[0].ci_low;
    method->run(params, &one, s, &w, r);
    assert_null(w.current);
    scratch_free(&w);
    if (r[0].why != UNDEFINED_NO) return;
    assert_true(fabs(p - 2 * fmin(r[0].p_value, 1 - r[0].p_value)) <= 1e-8);
    assert_true(fabs(r[0].ci_low - low) <= 1e-12);
}

/* The patients whose yes/no value is known, as odds and risk ratios read them. */
struct known {
    double value[ROWS_MAX], x[COLUMNS_MAX][ROWS_MAX];
    unsigned char arm[ROWS_MAX];
    const double *column[COLUMNS_MAX];
};

static struct sample known_of(const struct data *d, int n_x, struct known *k)
{
    struct sample s = {
        .arm = k->arm, .value = k->value, .n_x = n_x, .x = k->column, .term = -1, .n_strata = 1};
    for (int i = 0; i < d->n; i++) {
        if (isnan(d->value[i])) continue;
        k->value[s.n] = d->value[i];
        k->arm[s.n] = d->arm[i];
        for (int j = 0; j < n_x; j++) k->x[j][s.n] = d->x[j * d->n + i];
        s.n_arm[d->arm[i]]++;
        s.n++;
    }
    for (int j = 0; j < n_x; j++) k->column[j] = k->x[j];
    return s;
}

static struct sample sample_of(const struct data *d, int n_x, const double **x)
{
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .time = d->time,
                       .event = d->event,
                       .value = d->value,
                       .n_x = n_x,
                       .x = x,
                       .term = -1,
                       .n_strata = 1};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static void answer_as_r(const struct result r[OUTPUTS], const double expected[7], int number,
                        double relative)
{
    const double got[7] = {r[0].estimate, r[0].se,       r[0].ci_low,  r[0].ci_high,
                           r[0].p_value,  r[1].estimate, r[2].estimate};
    for (int k = 0; k < 7; k++) {
        if (!(fabs(got[k] - expected[k]) <= relative * fmax(fabs(expected[k]), 1e-12))) {
            fail_msg("case %d, number %d: %.17g instead of %.17g (relative %.2g)", number, k,
                     got[k], expected[k], fabs(got[k] / expected[k] - 1));
        }
    }
    assert_true(isnan(r[1].p_value) && isnan(r[2].se));
}

static void test_normal_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof normal_cases / sizeof *normal_cases; k++) {
        const struct normal_case *c = &normal_cases[k];
        const struct normal_parameters p = {c->of,         c->prior,    c->expected,
                                            c->prior_mean, c->prior_sd, c->margin};
        const double *x[COLUMNS_MAX];
        struct known known;
        const struct sample s =
            c->of == 0 ? sample_of(c->data, c->n_x, x) : known_of(c->data, c->n_x, &known);
        struct result r[OUTPUTS];
        run(&analysis_normal_posterior, &p, &s, c->null, c->benefit, r);
        if (r[0].why != UNDEFINED_NO) fail_msg("case %d: %s", (int)k, undefined_text(r[0].why));
        answer_as_r(r, c->answer, (int)k, 1e-7);
    }
}

/* With a flat prior the posterior is the estimate, adjusted too. */
static void test_flat_prior_adds_nothing(void **state)
{
    (void)state;
    const struct analysis *const methods[] = {&analysis_cox, &analysis_logistic,
                                              &analysis_relative_risk};
    for (int of = 0; of < 3; of++) {
        const struct normal_parameters p = {of, PRIOR_FLAT, NAN, 0, 1, 1};
        const struct inference in = {0.05, 2, 1, -1, 1.9599639845400545};
        const double *x[COLUMNS_MAX];
        const struct sample s = sample_of(&pbc_data, 2, x);
        struct result r[OUTPUTS], own;
        run(&analysis_normal_posterior, &p, &s, 1, -1, r);
        struct scratch w = {0};
        void *params = scratch_take(&w, methods[of]->params_size, 1);
        params_default(methods[of]->params, params);
        methods[of]->run(params, &in, &s, &w, &own);
        scratch_free(&w);
        assert_int_equal(own.why, UNDEFINED_NO);
        assert_true(fabs(r[0].estimate / own.estimate - 1) < 1e-14);
        assert_true(fabs(r[0].se / own.se - 1) < 1e-14);
        assert_true(fabs(r[0].ci_high / own.ci_high - 1) < 1e-12);
    }
}

/* ANDROMEDA-SHOCK, hazard ratio 0.75 with upper limit 1.02: a sceptic who gives the odds ratio of
 * 30 % against 45 % in 420 patients (each cell plus 1/2) 5 % comes to 0.78 (0.59-1.04), P = 0.95
 * (D Lane, discourse.datamethods.org, thread 1349; 0.955 by the rule given there); a flat prior to
 * 0.97 (Spiegelhalter, ibid.). */
static void test_andromeda_shock(void **state)
{
    (void)state;
    const double expected = 126.5 * 231.5 / (189.5 * 294.5);
    const double se = (log(1.02) - log(0.75)) / 1.9599639845400545;
    const struct belief b = belief_after(belief_before(PRIOR_SCEPTICAL, expected), log(0.75), se);
    assert_true(fabs(exp(b.mean) - 0.78) < 0.005);
    assert_true(fabs(exp(b.mean - 1.96 * b.sd) - 0.59) < 0.005);
    assert_true(fabs(exp(b.mean + 1.96 * b.sd) - 1.04) < 0.005);
    assert_true(fabs(normal_cdf(-b.mean / b.sd) - 0.95) < 0.006);
    const struct belief flat = belief_after(belief_before(PRIOR_FLAT, expected), log(0.75), se);
    assert_true(fabs(normal_cdf(-flat.mean / flat.sd) - 0.97) < 0.005);
}

static struct sample table(const struct beta_case *c, double *value, unsigned char *arm)
{
    const int n = c->treated + c->control;
    assert_true(n <= PATIENTS_MAX);
    for (int i = 0; i < n; i++) {
        arm[i] = i < c->treated;
        value[i] = arm[i] ? i < c->treated_events : i - c->treated < c->control_events;
    }
    return (struct sample){.n = n,
                           .n_arm = {c->control, c->treated},
                           .arm = arm,
                           .value = value,
                           .term = -1,
                           .n_strata = 1};
}

static void test_beta_as_r(void **state)
{
    (void)state;
    static double value[PATIENTS_MAX];
    static unsigned char arm[PATIENTS_MAX];
    for (size_t k = 0; k < sizeof beta_cases / sizeof *beta_cases; k++) {
        const struct beta_case *c = &beta_cases[k];
        const struct beta_parameters p = {c->prior_a, c->prior_b, c->margin};
        const struct sample s = table(c, value, arm);
        struct result r[OUTPUTS];
        run(&analysis_beta_binomial, &p, &s, c->null, c->benefit, r);
        assert_int_equal(r[0].why, UNDEFINED_NO);
        answer_as_r(r, c->answer, (int)k, 1e-7);
        assert_int_equal(r[0].n, s.n);
        assert_int_equal(r[0].events, c->treated_events + c->control_events);
    }
}

/* Uniform variables: P(Y - X <= d) = (1 + d)^2 / 2 below 0; and both tails add up to 1. */
static void test_beta_closed_forms(void **state)
{
    (void)state;
    const struct beta_law uniform = {1, 1}, y = {3.5, 20}, x = {0.5, 7};
    for (double d = -0.95; d < 1; d += 0.1) {
        const double p = d < 0 ? (1 + d) * (1 + d) / 2 : 1 - (1 - d) * (1 - d) / 2;
        assert_true(fabs(beta_difference_lower(uniform, uniform, d) - p) < 1e-11);
        assert_true(fabs(beta_difference_quantile(uniform, uniform, p) - d) < 1e-9);
        const double whole = beta_difference_lower(y, x, d) + beta_difference_upper(y, x, d);
        assert_true(fabs(whole - 1) < 1e-9);
        assert_true(fabs(beta_difference_lower(y, x, d) - beta_difference_upper(x, y, -d)) < 1e-9);
    }
}

static void test_without_answer(void **state)
{
    (void)state;
    const double time[] = {3, 9, 5, 20}, event[] = {1, 0, 1, 0}, one_sided[] = {1, 1, 0, 0};
    const double unknown[] = {NAN, NAN, 1, 0};
    const unsigned char arm[] = {0, 0, 1, 1}, alone[4] = {0};
    const struct normal_parameters hazard = {0, 1, NAN, 0, 1, 1}, odds = {1, 1, NAN, 0, 1, 1};
    const struct beta_parameters beta = {1, 1, 0};
    const struct {
        const struct analysis *method;
        const void *params;
        struct data data;
        enum undefined why;
    } cases[] = {
        {&analysis_normal_posterior,
         &hazard,
         {0, time, event, event, arm, 0, NULL},
         UNDEFINED_NO_PATIENTS},
        {&analysis_normal_posterior,
         &hazard,
         {4, time, one_sided, event, arm, 0, NULL},
         UNDEFINED_NO_EVENTS_IN_ARM},
        {&analysis_normal_posterior,
         &odds,
         {4, time, event, unknown, arm, 0, NULL},
         UNDEFINED_EMPTY_ARM},
        {&analysis_normal_posterior,
         &odds,
         {4, time, event, one_sided, arm, 0, NULL},
         UNDEFINED_ALL_EVENTS_IN_ARM},
        {&analysis_normal_posterior, &odds, {4, time, event, event, arm, 0, NULL}, UNDEFINED_NO},
        {&analysis_beta_binomial,
         &beta,
         {0, time, event, event, arm, 0, NULL},
         UNDEFINED_NO_PATIENTS},
        {&analysis_beta_binomial,
         &beta,
         {4, time, event, event, alone, 0, NULL},
         UNDEFINED_EMPTY_ARM},
        {&analysis_beta_binomial, &beta, {4, time, event, one_sided, arm, 0, NULL}, UNDEFINED_NO},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double *columns[COLUMNS_MAX];
        struct known known;
        const struct sample s = cases[k].params == &odds
                                    ? known_of(&cases[k].data, 0, &known)
                                    : sample_of(&cases[k].data, cases[k].data.n_x, columns);
        struct result r[OUTPUTS];
        run(cases[k].method, cases[k].params, &s, cases[k].method->outputs[0].null, -1, r);
        for (int j = 0; j < OUTPUTS; j++) assert_int_equal(r[j].why, cases[k].why);
        if (r[0].why != UNDEFINED_NO) assert_true(isnan(r[0].estimate) && isnan(r[2].estimate));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_as_r),       cmocka_unit_test(test_flat_prior_adds_nothing),
        cmocka_unit_test(test_andromeda_shock),   cmocka_unit_test(test_beta_as_r),
        cmocka_unit_test(test_beta_closed_forms), cmocka_unit_test(test_without_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
