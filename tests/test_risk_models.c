/* test_risk_models.c - modified Poisson, log-binomial and standardised risks: R's numbers, hand
 * algebra, properties, what is undefined.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct risk_case {
    const char *name;
    int n;
    const double *y;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    /* log relative risk and se; NaN: the maximum is on the boundary */
    double modified_poisson[2], log_binomial[2];
    double standardised[4]; /* difference, se, log ratio, se */
};

#include "oracle/risk_models.h"

extern const struct analysis analysis_relative_risk, analysis_log_binomial, analysis_standardised;

enum { N_CASES = sizeof risk_cases / sizeof *risk_cases, COLUMNS_MAX = 8 };

#define Z 1.9599639845400545 /* qnorm(0.975) of R */

static const int wald = 0; /* the place of a word among the choices of relative_risk's ci */

struct patients {
    struct sample sample;
    const double *x[COLUMNS_MAX];
};

static void patients_of(struct patients *p, const double *y, const unsigned char *arm, int n,
                        int n_x, const double *x)
{
    p->sample = (struct sample){
        .n = n, .arm = arm, .value = y, .n_x = n_x, .x = p->x, .term = -1, .n_strata = 1};
    for (int i = 0; i < n; i++) p->sample.n_arm[arm[i]]++;
    for (int j = 0; j < n_x; j++) p->x[j] = x + (ptrdiff_t)j * n;
}

static void run(const struct analysis *a, double null, const struct sample *s, struct result *out)
{
    const struct inference in = {0.05, 2, null, -1, Z};
    struct scratch w = {0};
    a->run(&wald, &in, s, &w, out);
    assert_null(w.current); /* everything taken is given back */
    scratch_free(&w);
    for (int k = 0; k < a->n_outputs; k++) assert_int_equal(out[k].n, s->n);
}

static void near(const char *name, const char *what, double found, double expected,
                 double tolerance)
{
    if (fabs(found - expected) <= tolerance * fabs(expected) + 1e-15) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

/* The estimate on the scale of inference and all that Wald's method makes of it. */
static void as_wald(const char *name, const struct result *r, bool ratio, double null, double b,
                    double se)
{
    if (r->why != UNDEFINED_NO) fail_msg("%s: %s", name, undefined_text(r->why));
    near(name, "estimate", ratio ? log(r->estimate) : r->estimate, b, 1e-7);
    near(name, "se", r->se, se, 1e-7);
    const double low = b - Z * se, high = b + Z * se, z = (b - (ratio ? log(null) : null)) / se;
    near(name, "ci_low", r->ci_low, ratio ? exp(low) : low, 1e-6);
    near(name, "ci_high", r->ci_high, ratio ? exp(high) : high, 1e-6);
    near(name, "z", r->statistic, z, 1e-6);
    near(name, "p", r->p_value, erfc(fabs(z) / sqrt(2)), 1e-5);
}

static void undefined(const char *name, const struct analysis *a, const struct result *r)
{
    for (int k = 0; k < a->n_outputs; k++) {
        if (r[k].why == UNDEFINED_NO) fail_msg("%s: %s has an answer", name, a->name);
        assert_true(isnan(r[k].estimate) && isnan(r[k].se) && isnan(r[k].ci_low) &&
                    isnan(r[k].p_value));
    }
}

static void risk_models_agree_with_r(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct risk_case *c = &risk_cases[k];
        struct patients p;
        struct result r[2];
        patients_of(&p, c->y, c->arm, c->n, c->n_x, c->x);
        run(&analysis_relative_risk, 1, &p.sample, r);
        as_wald(c->name, r, true, 1, c->modified_poisson[0], c->modified_poisson[1]);
        run(&analysis_relative_risk, 1.25, &p.sample, r);
        as_wald(c->name, r, true, 1.25, c->modified_poisson[0], c->modified_poisson[1]);
        run(&analysis_log_binomial, 1, &p.sample, r);
        if (isnan(c->log_binomial[0]))
            undefined(c->name, &analysis_log_binomial, r);
        else
            as_wald(c->name, r, true, 1, c->log_binomial[0], c->log_binomial[1]);
        run(&analysis_standardised, 0.1, &p.sample, r);
        if (isnan(c->standardised[0])) {
            undefined(c->name, &analysis_standardised, r);
        } else {
            as_wald(c->name, &r[0], false, 0.1, c->standardised[0], c->standardised[1]);
            as_wald(c->name, &r[1], true, 1, c->standardised[2], c->standardised[3]);
        }
    }
}

/* Without covariates all three are the fourfold table's: log(a n0 / (c n1)) with variance
 * 1/a - 1/n1 + 1/c - 1/n0, and the difference with p1 q1 / n1 + p0 q0 / n0. */
static void a_fourfold_table_is_its_own_model(void **state)
{
    (void)state;
    enum { A = 31, N1 = 90, C = 44, N0 = 95, N = N1 + N0 };
    double y[N], constant[N];
    unsigned char arm[N];
    for (int i = 0; i < N; i++) {
        arm[i] = i < N1;
        y[i] = i < N1 ? i < A : i - N1 < C;
        constant[i] = (i * 7) % 5;
    }
    struct patients p;
    struct result r[2];
    const double p1 = (double)A / N1, p0 = (double)C / N0;
    const double se_log = sqrt(1. / A - 1. / N1 + 1. / C - 1. / N0);
    const double se = sqrt(p1 * (1 - p1) / N1 + p0 * (1 - p0) / N0);
    patients_of(&p, y, arm, N, 0, constant);
    run(&analysis_relative_risk, 1, &p.sample, r);
    as_wald("relative_risk", r, true, 1, log(p1 / p0), se_log);
    run(&analysis_log_binomial, 1, &p.sample, r);
    as_wald("log_binomial", r, true, 1, log(p1 / p0), se_log);
    run(&analysis_standardised, 0, &p.sample, r);
    as_wald("standardised", &r[0], false, 0, p1 - p0, se);
    as_wald("standardised.ratio", &r[1], true, 1, log(p1 / p0), se_log);
}

/* Every patient three times: the same estimate, se / sqrt(3). Arms swapped: the other way round.
 * A covariate in other units: nothing. */
static void risk_models_have_their_symmetries(void **state)
{
    (void)state;
    const struct analysis *all[] = {&analysis_relative_risk, &analysis_log_binomial,
                                    &analysis_standardised};
    for (int k = 0; k < N_CASES; k++) {
        const struct risk_case *c = &risk_cases[k];
        const int n = 3 * c->n;
        double *y = calloc((size_t)n, sizeof *y);
        double *x = calloc((size_t)n * (size_t)(c->n_x + 1), sizeof *x);
        unsigned char *arm = calloc((size_t)n, 1);
        for (int i = 0; i < n; i++) {
            const int from = (i * 5 + 2) % c->n; /* each three times where 5 does not divide n */
            y[i] = c->y[c->n % 5 ? from : i % c->n];
            arm[i] = 1 - c->arm[c->n % 5 ? from : i % c->n];
            for (int j = 0; j < c->n_x; j++)
                x[j * n + i] = 4 * c->x[j * c->n + (c->n % 5 ? from : i % c->n)];
        }
        struct patients p, q;
        patients_of(&p, c->y, c->arm, c->n, c->n_x, c->x);
        patients_of(&q, y, arm, n, c->n_x, x);
        for (size_t m = 0; m < sizeof all / sizeof *all; m++) {
            struct result r[2], s[2];
            const double null = all[m]->outputs[0].null;
            run(all[m], null, &p.sample, r);
            run(all[m], null, &q.sample, s);
            for (int o = 0; o < all[m]->n_outputs; o++) {
                assert_int_equal(r[o].why != UNDEFINED_NO, s[o].why != UNDEFINED_NO);
                if (r[o].why != UNDEFINED_NO) continue;
                const bool ratio = all[m]->outputs[o].scale == SCALE_LOG;
                near(c->name, "swapped", s[o].estimate, ratio ? 1 / r[o].estimate : -r[o].estimate,
                     1e-7);
                near(c->name, "swapped se", s[o].se, r[o].se / sqrt(3), 1e-7);
            }
        }
        free(y);
        free(x);
        free(arm);
    }
}

struct reasons {
    enum undefined poisson, log_binomial, standardised;
};

static void expect_why(const double *y, const unsigned char *arm, int n, int n_x, const double *x,
                       struct reasons expected)
{
    struct patients p;
    struct result r[2];
    patients_of(&p, y, arm, n, n_x, x);
    run(&analysis_relative_risk, 1, &p.sample, r);
    assert_int_equal(r[0].why, expected.poisson);
    run(&analysis_log_binomial, 1, &p.sample, r);
    assert_int_equal(r[0].why, expected.log_binomial);
    run(&analysis_standardised, 0, &p.sample, r);
    assert_int_equal(r[0].why, expected.standardised);
    assert_int_equal(r[1].why, expected.standardised);
}

static struct reasons all_because(enum undefined why)
{
    return (struct reasons){why, why, why};
}

static void undefined_says_why(void **state)
{
    (void)state;
    const unsigned char arm[12] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, one[12] = {0};
    const double none[12] = {0}, x[24] = {1, 2, 3, 4, 5,  6,  7,  8,  9,  1, 2, 3,
                                          2, 4, 6, 8, 10, 12, 14, 16, 18, 2, 4, 6};
    const double everyone[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const double controls[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    const double not_controls[12] = {0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1};
    const double some[12] = {1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0};
    const double level[12] = {0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}; /* no event where it is 1 */
    const struct reasons in_arm = {UNDEFINED_NO, UNDEFINED_ALL_EVENTS_IN_ARM,
                                   UNDEFINED_ALL_EVENTS_IN_ARM};
    expect_why(some, arm, 0, 1, x, all_because(UNDEFINED_NO_PATIENTS));
    expect_why(some, one, 12, 1, x, all_because(UNDEFINED_EMPTY_ARM));
    expect_why(none, arm, 12, 1, x, all_because(UNDEFINED_NO_EVENTS));
    expect_why(everyone, arm, 12, 1, x, all_because(UNDEFINED_ALL_EVENTS));
    expect_why(controls, arm, 12, 1, x, all_because(UNDEFINED_NO_EVENTS_IN_ARM));
    expect_why(not_controls, arm, 12, 1, x, in_arm);
    expect_why(some, arm, 12, 2, x, all_because(UNDEFINED_SINGULAR));
    expect_why(some, arm, 12, 1, everyone, all_because(UNDEFINED_SINGULAR));
    expect_why(some, arm, 12, 1, level, all_because(UNDEFINED_SEPARATION));
    const double mild[12] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
    expect_why(some, arm, 12, 1, mild, all_because(UNDEFINED_NO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(risk_models_agree_with_r),
        cmocka_unit_test(a_fourfold_table_is_its_own_model),
        cmocka_unit_test(risk_models_have_their_symmetries),
        cmocka_unit_test(undefined_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
