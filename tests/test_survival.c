/* test_survival.c - Cox regression and log-rank tests: R's numbers, hand algebra, properties.
 * SPDX-License-Identifier: MIT */
#include "analysis/partial_likelihood.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *event;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    int n_strata;
    const int *stratum;
};

struct cox_case {
    const char *name;
    const struct data *data;
    int n_x, term;
    bool strata;
    enum ties ties;
    double null;
    /* hazard ratio, se, limits; statistic and p by Wald, score and likelihood ratio test */
    double expected[10];
    int events;
};

struct logrank_case {
    const char *name;
    const struct data *data;
    bool strata;
    double rho, gamma;
    double expected[4]; /* hazard ratio, se, z, p */
};

#include "oracle/survival.h"

extern const struct analysis analysis_cox, analysis_logrank;

/* The parameters as the plug-ins hold them: checked against their tables in test_tables. */
struct cox_parameters {
    int ties, test, penalty;
};
struct logrank_parameters {
    double rho, gamma;
};

enum { COLUMNS_MAX = 16 };

static struct inference question(double null)
{
    return (struct inference){0.05, 2, null, -1, 1.9599639845400545}; /* qnorm(0.975) */
}

static struct sample sample_of(const struct data *d, int n_x, bool strata, const double **x)
{
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .time = d->time,
                       .event = d->event,
                       .n_x = n_x,
                       .x = x,
                       .term = -1,
                       .stratum = strata ? d->stratum : NULL,
                       .n_strata = strata ? d->n_strata : 1};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static struct result run_cox(const struct sample *s, enum ties ties, enum coefficient_test test,
                             double null)
{
    const struct cox_parameters p = {(int)ties, (int)test, 0};
    const struct inference in = question(null);
    struct scratch w = {0};
    struct result r;
    analysis_cox.run(&p, &in, s, &w, &r);
    assert_null(w.current);
    scratch_free(&w);
    return r;
}

static struct result run_logrank(const struct sample *s, double rho, double gamma)
{
    const struct logrank_parameters p = {rho, gamma};
    const struct inference in = question(1);
    struct scratch w = {0};
    struct result r;
    analysis_logrank.run(&p, &in, s, &w, &r);
    assert_null(w.current);
    scratch_free(&w);
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

/* Near 0 a statistic has only absolute digits: its terms are of the order of 1. */
static void statistic_close_to(const char *name, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-8 * fmax(fabs(expected), 0.01))) {
        fail_msg("%s: statistic %.17g instead of %.17g", name, got, expected);
    }
}

static void test_cox_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cox_cases / sizeof *cox_cases; k++) {
        const struct cox_case *c = &cox_cases[k];
        const double *x[COLUMNS_MAX];
        struct sample s = sample_of(c->data, c->n_x, c->strata, x);
        s.term = c->term;
        for (int test = TEST_WALD; test <= TEST_LIKELIHOOD_RATIO; test++) {
            const struct result r = run_cox(&s, c->ties, (enum coefficient_test)test, c->null);
            if (r.why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r.why));
            close_to(c->name, "estimate", r.estimate, c->expected[0], 1e-9);
            close_to(c->name, "se", r.se, c->expected[1], 1e-8);
            close_to(c->name, "ci_low", r.ci_low, c->expected[2], 1e-8);
            close_to(c->name, "ci_high", r.ci_high, c->expected[3], 1e-8);
            statistic_close_to(c->name, r.statistic, c->expected[4 + test]);
            close_to(c->name, "p", r.p_value, c->expected[7 + test], 1e-7);
            assert_int_equal(r.n, c->data->n);
            assert_int_equal(r.events, c->events);
        }
    }
}

static void test_logrank_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof logrank_cases / sizeof *logrank_cases; k++) {
        const struct logrank_case *c = &logrank_cases[k];
        const struct sample s = sample_of(c->data, 0, c->strata, NULL);
        const struct result r = run_logrank(&s, c->rho, c->gamma);
        assert_int_equal(r.why, UNDEFINED_NO);
        close_to(c->name, "estimate", r.estimate, c->expected[0], 1e-10);
        close_to(c->name, "se", r.se, c->expected[1], 1e-10);
        close_to(c->name, "statistic", r.statistic, c->expected[2], 1e-9);
        close_to(c->name, "p", r.p_value, c->expected[3], 1e-9);
        close_to(c->name, "ci_low", r.ci_low,
                 exp(log(c->expected[0]) - 1.9599639845400545 * c->expected[1]), 1e-9);
    }
}

/* Three patients, no ties: treated dies at 1, control at 2, treated at 3. With h the hazard ratio
 * the likelihood is h/(2h+1) * 1/(h+1), whose maximum solves 2h^2 = 1: h = 1/sqrt(2). The
 * information is 2h/(2h+1)^2 + h/(h+1)^2. Log-rank: O-E = 1 - 2/3 + 0 - 1/2 + 1 - 1 = -1/6, V = 2/9
 * + 1/4. */
static void test_hand_algebra(void **state)
{
    (void)state;
    const double time[] = {1, 2, 3}, event[] = {1, 1, 1};
    const unsigned char arm[] = {1, 0, 1};
    const struct data d = {3, time, event, arm, 0, NULL, 1, NULL};
    const struct sample s = sample_of(&d, 0, false, NULL);
    const double h = sqrt(0.5);
    const double information = 2 * h / ((2 * h + 1) * (2 * h + 1)) + h / ((h + 1) * (h + 1));
    for (int ties = TIES_EFRON; ties <= TIES_BRESLOW; ties++) {
        const struct result r = run_cox(&s, (enum ties)ties, TEST_WALD, 1);
        close_to("three patients", "hazard ratio", r.estimate, h, 1e-12);
        close_to("three patients", "se", r.se, 1 / sqrt(information), 1e-10);
        const struct result score = run_cox(&s, (enum ties)ties, TEST_SCORE, 1);
        close_to("three patients", "score", score.statistic, -1.0 / 6 / sqrt(2.0 / 9 + 0.25),
                 1e-12);
    }
    const struct result r = run_logrank(&s, 0, 0);
    close_to("three patients", "log-rank", r.statistic, -1.0 / 6 / sqrt(2.0 / 9 + 0.25), 1e-12);
    close_to("three patients", "one step", log(r.estimate), -1.0 / 6 / (2.0 / 9 + 0.25), 1e-12);
}

static void test_tables(void **state)
{
    (void)state;
    assert_int_equal(analysis_cox.params_size, sizeof(struct cox_parameters));
    assert_int_equal(analysis_cox.params[0].offset, offsetof(struct cox_parameters, ties));
    assert_int_equal(analysis_cox.params[1].offset, offsetof(struct cox_parameters, test));
    assert_int_equal(analysis_cox.params[2].offset, offsetof(struct cox_parameters, penalty));
    assert_int_equal(analysis_logrank.params_size, sizeof(struct logrank_parameters));
    assert_int_equal(analysis_logrank.params[0].offset, 0);
    assert_string_equal(analysis_logrank.params[0].group[0].name, "rho");
    assert_int_equal(analysis_logrank.params[0].group[1].offset,
                     offsetof(struct logrank_parameters, gamma));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_hand_algebra),
        cmocka_unit_test(test_cox_as_r),
        cmocka_unit_test(test_logrank_as_r),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
