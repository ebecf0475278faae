/* test_tables.c - relative risk, risk difference, chi-squared and Fisher's test: R's numbers,
 * printed ones, sizes by enumeration, properties.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct table_case {
    const char *name;
    int events[2], n[2]; /* control, treated */
    double expected[33];
};

/* Places in `expected`. */
enum {
    RD,
    RD_SE,
    WALD_LOW,
    WALD_HIGH,
    YATES_LOW,
    YATES_HIGH,
    NEWCOMBE_LOW,
    NEWCOMBE_HIGH,
    SCORE_LOW,
    SCORE_HIGH,
    SCORE_Z,
    SCORE_Z_ABOVE,
    SCORE_Z_BELOW,
    CHI,
    CHI_YATES,
    P_CHI,
    P_CHI_YATES,
    P_PROP_TEST_YATES,
    WALD_Z_ABOVE,
    RR,
    RR_SE,
    RR_LOW,
    RR_HIGH,
    RR_P,
    RR_SCORE_LOW,
    RR_SCORE_HIGH,
    OR,
    OR_LOW,
    OR_HIGH,
    FISHER_P,
    FISHER_LESS,
    FISHER_GREATER,
    FISHER_P_2
};

#include "oracle/tables.h"

extern const struct analysis analysis_relative_risk, analysis_risk_difference, analysis_chi_squared,
    analysis_fisher;

/* Parameters as the plug-ins hold them: the place of a word among the choices, or a flag. */
static const int first = 0, second = 1, third = 2, fourth = 3;
static const bool no = false, yes = true;

enum { N_CASES = sizeof table_cases / sizeof *table_cases };

/* The patients of a table: arms in turn, in each the events first. */
struct patients {
    struct sample sample;
    double *value;
    unsigned char *arm;
};

static struct patients patients_of(const int events[2], const int n[2])
{
    const int all = n[0] + n[1];
    struct patients p = {.value = calloc((size_t)all + 1, sizeof(double)),
                         .arm = calloc((size_t)all + 1, 1)};
    int seen[2] = {0, 0};
    for (int i = 0; i < all; i++) {
        const int a = seen[1] >= n[1] || (i % 2 == 0 && seen[0] < n[0]) ? 0 : 1;
        p.arm[i] = (unsigned char)a;
        p.value[i] = seen[a]++ < events[a];
    }
    p.sample = (struct sample){
        .n = all, .n_arm = {n[0], n[1]}, .arm = p.arm, .value = p.value, .term = -1, .n_strata = 1};
    return p;
}

static void patients_free(struct patients *p)
{
    free(p->value);
    free(p->arm);
}

/* qnorm(0.975) of R */
static struct inference question(double null)
{
    return (struct inference){0.05, 2, null, -1, 1.9599639845400545};
}

static struct result run(const struct analysis *a, const void *params, const struct inference *in,
                         const int events[2], const int n[2])
{
    struct patients p = patients_of(events, n);
    struct scratch w = {0};
    struct result r;
    a->run(params, in, &p.sample, &w, &r);
    assert_null(w.current); /* everything taken is given back */
    scratch_free(&w);
    patients_free(&p);
    assert_int_equal(r.n, n[0] + n[1]);
    assert_int_equal(r.events, events[0] + events[1]);
    return r;
}

static void near(const char *name, const char *what, double found, double expected,
                 double tolerance)
{
    if (isnan(expected)) {
        if (isnan(found)) return;
    } else if (isinf(expected)) {
        if (isinf(found) && found * expected > 0) return;
    } else if (fabs(found - expected) <= tolerance * fabs(expected) + 1e-14) {
        return;
    }
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

/* p-values agree to 1e-10 where they are not tiny, to 1e-5 down to 1e-12 */
static void near_p(const char *name, const char *what, double found, double expected)
{
    const double e = fabs(expected);
    if (fabs(found - e) <= (e > 1e-6 ? 1e-10 : 1e-5) * e + 1e-17) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

static void risk_difference_agrees_with_r(void **state)
{
    (void)state;
    const struct inference in = question(0);
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const double *e = c->expected;
        const struct result w = run(&analysis_risk_difference, &first, &in, c->events, c->n);
        near(c->name, "difference", w.estimate, e[RD], 1e-12);
        near(c->name, "se", w.se, e[RD_SE], 1e-12);
        near(c->name, "Wald low", w.ci_low, e[WALD_LOW], 1e-12);
        near(c->name, "Wald high", w.ci_high, e[WALD_HIGH], 1e-12);
        near(c->name, "chi", w.statistic, e[CHI], 1e-10);
        near_p(c->name, "Wald p", w.p_value, e[P_CHI]);
        const struct result y = run(&analysis_risk_difference, &second, &in, c->events, c->n);
        near(c->name, "corrected low", y.ci_low, e[YATES_LOW], 1e-12);
        near(c->name, "corrected high", y.ci_high, e[YATES_HIGH], 1e-12);
        near_p(c->name, "corrected p", y.p_value, e[P_PROP_TEST_YATES]);
        const struct result n = run(&analysis_risk_difference, &third, &in, c->events, c->n);
        near(c->name, "Newcombe low", n.ci_low, e[NEWCOMBE_LOW], 1e-10);
        near(c->name, "Newcombe high", n.ci_high, e[NEWCOMBE_HIGH], 1e-10);
        near_p(c->name, "Newcombe p", n.p_value, e[P_CHI]);
        const struct result s = run(&analysis_risk_difference, &fourth, &in, c->events, c->n);
        near(c->name, "score low", s.ci_low, e[SCORE_LOW], 1e-9);
        near(c->name, "score high", s.ci_high, e[SCORE_HIGH], 1e-9);
        near(c->name, "score z", s.statistic, e[SCORE_Z], 1e-9);
        near_p(c->name, "score p", s.p_value, erfc(fabs(e[SCORE_Z]) / sqrt(2)));
    }
}

static void risk_difference_meets_margins(void **state)
{
    (void)state;
    const struct inference above = question(0.1), below = question(-0.05);
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const double *e = c->expected;
        struct result r = run(&analysis_risk_difference, &fourth, &above, c->events, c->n);
        near(c->name, "score z at 0.1", r.statistic, e[SCORE_Z_ABOVE], 1e-9);
        r = run(&analysis_risk_difference, &fourth, &below, c->events, c->n);
        near(c->name, "score z at -0.05", r.statistic, e[SCORE_Z_BELOW], 1e-9);
        r = run(&analysis_risk_difference, &first, &above, c->events, c->n);
        if (e[RD_SE] > 0)
            near(c->name, "Wald z at 0.1", r.statistic, e[WALD_Z_ABOVE], 1e-10);
        else
            assert_int_equal(r.why, UNDEFINED_NO_VARIATION);
    }
}

static void chi_squared_agrees_with_r(void **state)
{
    (void)state;
    const struct inference in = question(0);
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const struct result r = run(&analysis_chi_squared, &no, &in, c->events, c->n);
        near(c->name, "chi", r.statistic, c->expected[CHI], 1e-10);
        near_p(c->name, "p", r.p_value, c->expected[P_CHI]);
        near(c->name, "difference", r.estimate, c->expected[RD], 1e-12);
        const struct result y = run(&analysis_chi_squared, &yes, &in, c->events, c->n);
        near(c->name, "Yates", y.statistic, c->expected[CHI_YATES], 1e-10);
        near_p(c->name, "p, Yates", y.p_value, c->expected[P_CHI_YATES]);
    }
}

static void relative_risk_agrees_with_r(void **state)
{
    (void)state;
    const struct inference in = question(1);
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const double *e = c->expected;
        const struct result r = run(&analysis_relative_risk, &first, &in, c->events, c->n);
        assert_int_equal(r.why, isnan(e[RR]) ? UNDEFINED_NO_EVENTS_IN_ARM : UNDEFINED_NO);
        near(c->name, "ratio", r.estimate, e[RR], 1e-12);
        near(c->name, "se", r.se, e[RR_SE], 1e-12);
        near(c->name, "low", r.ci_low, e[RR_LOW], 1e-11);
        near(c->name, "high", r.ci_high, e[RR_HIGH], 1e-11);
        near_p(c->name, "p", isnan(e[RR]) ? 1 : r.p_value, isnan(e[RR]) ? 1 : e[RR_P]);
        const struct result s = run(&analysis_relative_risk, &second, &in, c->events, c->n);
        near(c->name, "score low", s.ci_low, e[RR_SCORE_LOW], 1e-9);
        near(c->name, "score high", s.ci_high, e[RR_SCORE_HIGH], 1e-9);
    }
}

static void fisher_agrees_with_r(void **state)
{
    (void)state;
    struct inference in = question(1);
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const double *e = c->expected;
        if (isnan(e[FISHER_P])) continue;
        const struct result r = run(&analysis_fisher, NULL, &in, c->events, c->n);
        near(c->name, "odds ratio", r.estimate, e[OR], 1e-9);
        near(c->name, "low", r.ci_low, e[OR_LOW], 1e-9);
        near(c->name, "high", r.ci_high, e[OR_HIGH], 1e-9);
        near_p(c->name, "p", r.p_value, e[FISHER_P]);
        const struct inference two = question(2);
        near_p(c->name, "p at 2", run(&analysis_fisher, NULL, &two, c->events, c->n).p_value,
               e[FISHER_P_2]);
        struct inference one = {0.025, 1, 1, -1, 1.9599639845400545};
        const struct result less = run(&analysis_fisher, NULL, &one, c->events, c->n);
        near_p(c->name, "p less", less.p_value, e[FISHER_LESS]);
        near(c->name, "one-sided low", less.ci_low, e[OR_LOW], 1e-9);
        one.benefit = 1;
        near_p(c->name, "p greater", run(&analysis_fisher, NULL, &one, c->events, c->n).p_value,
               e[FISHER_GREATER]);
    }
}

static void rounded(double found, double printed, double unit)
{
    if (fabs(found - printed) > 0.5 * unit + 1e-9) fail_msg("%.7g, printed %g", found, printed);
}

/* Hernandez et al. 2019, JAMA 321:654: differences with limits in percent; relative risk and
 * chi-squared computed from its counts (epitools, chisq.test). */
static void andromeda_shock_is_as_printed(void **state)
{
    (void)state;
    const struct inference rd = question(0), rr = question(1);
    const int n[2] = {212, 212}, day28[2] = {92, 74}, day90[2] = {99, 87};
    const struct result a = run(&analysis_risk_difference, &second, &rd, day28, n);
    rounded(100 * a.estimate, -8.49, 0.01);
    rounded(100 * a.ci_low, -18.22, 0.01);
    rounded(100 * a.ci_high, 1.24, 0.01);
    const struct result b = run(&analysis_risk_difference, &second, &rd, day90, n);
    rounded(100 * b.estimate, -5.66, 0.01);
    rounded(100 * b.ci_low, -15.56, 0.01);
    rounded(100 * b.ci_high, 4.24, 0.01);
    const struct result c = run(&analysis_relative_risk, &first, &rr, day28, n);
    rounded(c.estimate, 0.804, 0.001);
    rounded(c.ci_low, 0.633, 0.001);
    rounded(c.ci_high, 1.022, 0.001);
    rounded(run(&analysis_chi_squared, &no, &rd, day28, n).p_value, 0.0733, 0.0001);
}

/* Newcombe 1998, Stat Med 17:873, table II, methods 6 and 10, first, second and fourth contrast. */
static void newcombe_is_as_printed(void **state)
{
    (void)state;
    const struct inference in = question(0);
    const int events[3][2] = {{48, 56}, {3, 9}, {0, 5}}, n[3][2] = {{80, 70}, {10, 10}, {29, 56}};
    const double score[3][2] = {{0.0528, 0.3382}, {0.1700, 0.8406}, {-0.0326, 0.1933}};
    const double wilson[3][2] = {{0.0524, 0.3339}, {0.1705, 0.8090}, {-0.0381, 0.1926}};
    for (int i = 0; i < 3; i++) {
        const struct result s = run(&analysis_risk_difference, &fourth, &in, events[i], n[i]);
        rounded(s.ci_low, score[i][0], 0.0001);
        rounded(s.ci_high, score[i][1], 0.0001);
        const struct result w = run(&analysis_risk_difference, &third, &in, events[i], n[i]);
        rounded(w.ci_low, wilson[i][0], 0.0001);
        rounded(w.ci_high, wilson[i][1], 0.0001);
    }
}

static double binomial(int n, int x, double p)
{
    return exp(lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0) + x * log(p) +
               (n - x) * log(1 - p));
}

/* Every table of 212 against 212 whose probability is above 1e-13, both risks 0.434. */
static void sizes_are_exact(void **state)
{
    (void)state;
    enum { N = 212 };
    static const struct {
        const struct analysis *analysis;
        const void *params;
        double null;
        bool by_limits;
    } test[5] = {{&analysis_chi_squared, &no, 0, false},
                 {&analysis_risk_difference, &second, 0, false},
                 {&analysis_fisher, NULL, 1, false},
                 {&analysis_risk_difference, &first, 0, true},
                 {&analysis_relative_risk, &first, 1, false}};
    double size[5] = {0}, chance[N + 1];
    for (int x = 0; x <= N; x++) chance[x] = binomial(N, x, 0.434);
    const int n[2] = {N, N}, none[2] = {0, 0};
    struct patients p = patients_of(none, n);
    struct scratch w = {0};
    for (int a = 0; a <= N; a++) {
        for (int b = 0; b <= N; b++) {
            if (chance[a] * chance[b] < 1e-13) continue;
            int seen[2] = {0, 0};
            for (int i = 0; i < 2 * N; i++) p.value[i] = seen[p.arm[i]]++ < (p.arm[i] ? b : a);
            for (int t = 0; t < 5; t++) {
                const struct inference in = question(test[t].null);
                struct result r;
                test[t].analysis->run(test[t].params, &in, &p.sample, &w, &r);
                const bool reject =
                    test[t].by_limits ? r.ci_low > 0 || r.ci_high < 0 : r.p_value <= 0.05;
                if (reject) size[t] += chance[a] * chance[b];
            }
        }
    }
    for (int t = 0; t < 5; t++) near(test[t].analysis->name, "size", size[t], exact_sizes[t], 1e-7);
    scratch_free(&w);
    patients_free(&p);
}

/* Exchanging the arms inverts every answer and keeps its p-value. */
static void arms_can_be_exchanged(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        const int events[2] = {c->events[1], c->events[0]}, n[2] = {c->n[1], c->n[0]};
        const struct inference zero = question(0), one = question(1);
        for (int ci = 0; ci < 4; ci++) {
            const struct result a = run(&analysis_risk_difference, &ci, &zero, c->events, c->n);
            const struct result b = run(&analysis_risk_difference, &ci, &zero, events, n);
            near(c->name, "difference", b.estimate, -a.estimate, 1e-12);
            near(c->name, "low", b.ci_low, -a.ci_high, 1e-9);
            near(c->name, "high", b.ci_high, -a.ci_low, 1e-9);
            near(c->name, "z", b.statistic, -a.statistic, 1e-9);
        }
        for (int ci = 0; ci < 2; ci++) {
            const struct result a = run(&analysis_relative_risk, &ci, &one, c->events, c->n);
            const struct result b = run(&analysis_relative_risk, &ci, &one, events, n);
            near(c->name, "ratio", b.estimate, 1 / a.estimate, 1e-12);
            near(c->name, "low", b.ci_low, 1 / a.ci_high, 1e-9);
        }
        const struct result a = run(&analysis_fisher, NULL, &one, c->events, c->n);
        const struct result b = run(&analysis_fisher, NULL, &one, events, n);
        near(c->name, "odds ratio", b.estimate, 1 / a.estimate, 1e-9);
        near(c->name, "high", b.ci_high, 1 / a.ci_low, 1e-9);
        near_p(c->name, "p", b.p_value, a.p_value);
    }
}

/* A limit is where the one-sided test of that null reaches alpha / 2. */
static void limits_are_where_tests_turn(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const struct table_case *c = table_cases + i;
        struct inference in = question(0);
        struct result r = run(&analysis_risk_difference, &fourth, &in, c->events, c->n);
        for (int k = 0; k < 2; k++) {
            in = (struct inference){0.025, 1, k ? r.ci_high : r.ci_low, k ? -1 : 1, in.z};
            if (fabs(in.null) >= 1) continue;
            near(c->name, "score p at a limit",
                 run(&analysis_risk_difference, &fourth, &in, c->events, c->n).p_value, 0.025,
                 1e-6);
        }
        in = question(1);
        r = run(&analysis_fisher, NULL, &in, c->events, c->n);
        for (int k = 0; k < 2; k++) {
            in = (struct inference){0.025, 1, k ? r.ci_high : r.ci_low, k ? -1 : 1, in.z};
            if (!(in.null > 0) || isinf(in.null)) continue;
            near(c->name, "exact p at a limit",
                 run(&analysis_fisher, NULL, &in, c->events, c->n).p_value, 0.025, 1e-8);
        }
    }
}

static void one_side_is_towards_benefit(void **state)
{
    (void)state;
    const int n[2] = {212, 212}, events[2] = {92, 74};
    const struct inference two = question(0);
    const double p = run(&analysis_chi_squared, &no, &two, events, n).p_value;
    struct inference one = {0.025, 1, 0, -1, two.z};
    near("fewer deaths", "p", run(&analysis_chi_squared, &no, &one, events, n).p_value, p / 2,
         1e-12);
    one.benefit = 1;
    near("more deaths", "p", run(&analysis_chi_squared, &no, &one, events, n).p_value, 1 - p / 2,
         1e-12);
}

static void undefined_says_why(void **state)
{
    (void)state;
    static const struct {
        int events[2], n[2];
        enum undefined difference, ratio;
    } t[] = {
        {{0, 0}, {0, 0}, UNDEFINED_NO_PATIENTS, UNDEFINED_NO_PATIENTS},
        {{0, 3}, {0, 9}, UNDEFINED_EMPTY_ARM, UNDEFINED_EMPTY_ARM},
        {{3, 0}, {9, 0}, UNDEFINED_EMPTY_ARM, UNDEFINED_EMPTY_ARM},
        {{0, 0}, {9, 8}, UNDEFINED_NO_EVENTS, UNDEFINED_NO_EVENTS},
        {{9, 8}, {9, 8}, UNDEFINED_ALL_EVENTS, UNDEFINED_ALL_EVENTS},
        {{0, 3}, {9, 8}, UNDEFINED_NO, UNDEFINED_NO_EVENTS_IN_ARM},
        {{3, 0}, {9, 8}, UNDEFINED_NO, UNDEFINED_NO_EVENTS_IN_ARM},
        {{9, 3}, {9, 8}, UNDEFINED_NO, UNDEFINED_NO},
    };
    const struct inference zero = question(0), one = question(1), margin = question(0.1);
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct result r[8];
        for (int ci = 0; ci < 4; ci++) {
            r[ci] = run(&analysis_risk_difference, &ci, &zero, t[i].events, t[i].n);
            assert_int_equal(r[ci].why, t[i].difference);
        }
        r[4] = run(&analysis_chi_squared, &no, &zero, t[i].events, t[i].n);
        r[5] = run(&analysis_fisher, NULL, &one, t[i].events, t[i].n);
        assert_int_equal(r[4].why, t[i].difference);
        assert_int_equal(r[5].why, t[i].difference);
        for (int ci = 0; ci < 2; ci++) {
            r[6 + ci] = run(&analysis_relative_risk, &ci, &one, t[i].events, t[i].n);
            assert_int_equal(r[6 + ci].why, t[i].ratio);
        }
        for (int k = 0; k < 8; k++) {
            assert_true(isnan(r[k].estimate) == (r[k].why != UNDEFINED_NO));
            assert_true(isnan(r[k].p_value) == (r[k].why != UNDEFINED_NO));
        }
    }
    const int none[2] = {0, 0}, n[2] = {9, 8};
    const struct result r = run(&analysis_risk_difference, &fourth, &margin, none, n);
    assert_int_equal(r.why, UNDEFINED_NO);
    assert_true(r.ci_low < 0 && r.ci_high > 0 && r.statistic < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(risk_difference_agrees_with_r),
        cmocka_unit_test(risk_difference_meets_margins),
        cmocka_unit_test(chi_squared_agrees_with_r),
        cmocka_unit_test(relative_risk_agrees_with_r),
        cmocka_unit_test(fisher_agrees_with_r),
        cmocka_unit_test(andromeda_shock_is_as_printed),
        cmocka_unit_test(newcombe_is_as_printed),
        cmocka_unit_test(sizes_are_exact),
        cmocka_unit_test(arms_can_be_exchanged),
        cmocka_unit_test(limits_are_where_tests_turn),
        cmocka_unit_test(one_side_is_towards_benefit),
        cmocka_unit_test(undefined_says_why),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
