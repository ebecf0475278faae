/* test_stratified.c - comparisons within strata: Mantel-Haenszel, van Elteren: R's numbers,
 * properties, what is undefined.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct table_case {
    const char *name;
    int n_strata;
    const int *count;               /* [n_strata][4]: x0, n0, x1, n1 */
    double ratio[4], difference[4]; /* estimate on the scale of inference, se, z, p */
};

struct elteren_case {
    const char *name;
    int n;
    const double *y;
    const unsigned char *arm;
    const int *stratum;
    int n_strata;
    double expected[4]; /* estimate, se, z, p */
};

#include "oracle/stratified.h"

extern const struct analysis analysis_relative_risk, analysis_risk_difference, analysis_wilcoxon;

/* Parameters as the plug-ins hold them: the place of a word among the choices, or a flag. */
static const int wald = 0, score = 1;
static const bool no = false, yes = true;

#define Z 1.9599639845400545 /* qnorm(0.975) of R */

struct patients {
    struct sample sample;
    double *value;
    unsigned char *arm;
    int *stratum;
};

static struct patients patients_new(int n, int n_strata)
{
    struct patients p = {.value = calloc((size_t)n + 1, sizeof(double)),
                         .arm = calloc((size_t)n + 1, 1),
                         .stratum = calloc((size_t)n + 1, sizeof(int))};
    p.sample = (struct sample){.n = n,
                               .arm = p.arm,
                               .value = p.value,
                               .term = -1,
                               .stratum = n_strata > 1 ? p.stratum : NULL,
                               .n_strata = n_strata};
    return p;
}

static void patients_free(struct patients *p)
{
    free(p->value);
    free(p->arm);
    free(p->stratum);
}

static void add(struct patients *p, int *i, int arm, double value, int stratum)
{
    p->arm[*i] = (unsigned char)arm;
    p->value[*i] = value;
    p->stratum[(*i)++] = stratum;
    p->sample.n_arm[arm]++;
}

static struct patients patients_of_tables(const int *count, int n_strata)
{
    int n = 0, i = 0;
    for (int k = 0; k < n_strata; k++) n += count[4 * k + 1] + count[4 * k + 3];
    struct patients p = patients_new(n, n_strata);
    for (int k = 0; k < n_strata; k++) {
        for (int arm = 0; arm < 2; arm++) {
            const int events = count[4 * k + 2 * arm], size = count[4 * k + 2 * arm + 1];
            for (int j = 0; j < size; j++) add(&p, &i, arm, j < events, k);
        }
    }
    return p;
}

/* The case's patients `copies` times, from back to front when `backwards`, arms swapped on wish. */
static struct patients patients_of_case(const struct elteren_case *c, int copies, bool backwards,
                                        bool swapped)
{
    struct patients p = patients_new(copies * c->n, c->n_strata);
    for (int k = 0, at = 0; k < copies * c->n; k++) {
        const int i = backwards ? c->n - 1 - k % c->n : k % c->n;
        add(&p, &at, swapped ? 1 - c->arm[i] : c->arm[i], c->y[i], c->stratum[i]);
    }
    return p;
}

static struct result run(const struct analysis *a, const void *params, double null,
                         const struct patients *p)
{
    const struct inference in = {0.05, 2, null, -1, Z};
    struct scratch w = {0};
    struct result r;
    a->run(params, &in, &p->sample, &w, &r);
    assert_null(w.current); /* everything taken is given back */
    scratch_free(&w);
    assert_int_equal(r.n, p->sample.n);
    return r;
}

static void near(const char *name, const char *what, double found, double expected,
                 double tolerance)
{
    if (fabs(found - expected) <= tolerance * fabs(expected) + 1e-14) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

static void mantel_haenszel_agrees_with_metafor(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof table_cases / sizeof *table_cases; k++) {
        const struct table_case *c = &table_cases[k];
        struct patients p = patients_of_tables(c->count, c->n_strata);
        const struct result rr = run(&analysis_relative_risk, &wald, 1, &p);
        if (isnan(c->ratio[0])) {
            assert_int_equal(rr.why, UNDEFINED_NO_EVENTS_IN_ARM);
            assert_true(isnan(rr.estimate) && isnan(rr.se) && isnan(rr.p_value));
        } else {
            near(c->name, "relative risk", log(rr.estimate), c->ratio[0], 1e-11);
            near(c->name, "its se", rr.se, c->ratio[1], 1e-12);
            near(c->name, "its z", rr.statistic, c->ratio[2], 1e-11);
            near(c->name, "its p", rr.p_value, c->ratio[3], 1e-8);
            near(c->name, "its ci_low", log(rr.ci_low), c->ratio[0] - Z * c->ratio[1], 1e-11);
            near(c->name, "its ci_high", log(rr.ci_high), c->ratio[0] + Z * c->ratio[1], 1e-11);
        }
        const struct result rd = run(&analysis_risk_difference, &wald, 0, &p);
        near(c->name, "risk difference", rd.estimate, c->difference[0], 1e-12);
        near(c->name, "its se", rd.se, c->difference[1], 1e-11);
        near(c->name, "its z", rd.statistic, c->difference[2], 1e-11);
        near(c->name, "its p", rd.p_value, c->difference[3], 1e-8);
        near(c->name, "its ci_high", rd.ci_high, c->difference[0] + Z * c->difference[1], 1e-11);
        patients_free(&p);
    }
}

/* Swapping arms turns the ratio over and the difference's sign; tables of equal strata, entered
 * k times, give se / sqrt(k). A margin moves z by margin / se. */
static void mantel_haenszel_has_its_symmetries(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof table_cases / sizeof *table_cases; k++) {
        const struct table_case *c = &table_cases[k];
        if (isnan(c->ratio[0]) || c->count[1] > 1000) continue;
        int swapped[4 * 32], tripled[4 * 32];
        for (int i = 0; i < 4 * c->n_strata; i++) {
            swapped[i] = c->count[i ^ 2];
            tripled[i] = 3 * c->count[i];
        }
        struct patients p = patients_of_tables(c->count, c->n_strata);
        struct patients q = patients_of_tables(swapped, c->n_strata);
        struct patients t = patients_of_tables(tripled, c->n_strata);
        const struct analysis *both[] = {&analysis_relative_risk, &analysis_risk_difference};
        for (int a = 0; a < 2; a++) {
            const double null = a == 0;
            const struct result r = run(both[a], &wald, null, &p),
                                s = run(both[a], &wald, null, &q);
            near(c->name, "swapped", s.estimate, a == 0 ? 1 / r.estimate : -r.estimate, 1e-12);
            near(c->name, "swapped se", s.se, r.se, 1e-12);
            const struct result u = run(both[a], &wald, null, &t);
            near(c->name, "tripled", u.estimate, r.estimate, 1e-12);
            near(c->name, "tripled se", u.se, r.se / sqrt(3), 1e-12);
        }
        const struct result m = run(&analysis_risk_difference, &wald, 0.1, &p);
        near(c->name, "margin", m.statistic, (c->difference[0] - 0.1) / c->difference[1], 1e-10);
        patients_free(&p);
        patients_free(&q);
        patients_free(&t);
    }
}

static void expect_why(const int *count, int n_strata, enum undefined ratio,
                       enum undefined difference)
{
    struct patients p = patients_of_tables(count, n_strata);
    const struct result r[] = {run(&analysis_relative_risk, &wald, 1, &p),
                               run(&analysis_risk_difference, &wald, 0, &p)};
    assert_int_equal(r[0].why, ratio);
    assert_int_equal(r[1].why, difference);
    for (int k = 0; k < 2; k++) assert_true(isnan(r[k].p_value) == (r[k].why != UNDEFINED_NO));
    patients_free(&p);
}

static void mantel_haenszel_says_why_not(void **state)
{
    (void)state;
    const int apart[] = {2, 5, 0, 0, 0, 0, 3, 7};     /* each arm in a stratum of its own */
    const int elsewhere[] = {2, 5, 0, 0, 0, 4, 3, 7}; /* controls' events have no partners */
    const int all_or_none[] = {0, 5, 0, 6, 4, 4, 3, 3};
    const int none[] = {0, 5, 0, 6, 0, 4, 0, 3};
    const int everyone[] = {5, 5, 6, 6, 4, 4, 3, 3};
    const int complete[] = {0, 5, 5, 5, 0, 4, 4, 4}; /* difference 1, without variance */
    expect_why(apart, 2, UNDEFINED_NO_STRATUM, UNDEFINED_NO_STRATUM);
    expect_why(elsewhere, 2, UNDEFINED_NO_EVENTS_IN_ARM, UNDEFINED_NO);
    expect_why(all_or_none, 2, UNDEFINED_NO_VARIATION, UNDEFINED_NO_VARIATION);
    expect_why(none, 2, UNDEFINED_NO_EVENTS, UNDEFINED_NO_EVENTS);
    expect_why(everyone, 2, UNDEFINED_ALL_EVENTS, UNDEFINED_ALL_EVENTS);
    expect_why(complete, 2, UNDEFINED_NO_EVENTS_IN_ARM, UNDEFINED_NO_VARIATION);
}

static void van_elteren_agrees_with_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof elteren_cases / sizeof *elteren_cases; k++) {
        const struct elteren_case *c = &elteren_cases[k];
        struct patients p = patients_of_case(c, 1, false, false);
        const struct result r = run(&analysis_wilcoxon, &no, 0.5, &p);
        near(c->name, "estimate", r.estimate, c->expected[0], 1e-13);
        near(c->name, "se", r.se, c->expected[1], 1e-12);
        near(c->name, "z", r.statistic, c->expected[2], 1e-11);
        near(c->name, "p", r.p_value, c->expected[3], 1e-10);
        near(c->name, "ci_low", r.ci_low, fmax(0, r.estimate - Z * r.se), 1e-14);
        near(c->name, "ci_high", r.ci_high, fmin(1, r.estimate + Z * r.se), 1e-14);
        patients_free(&p);
    }
}

static void van_elteren_has_its_symmetries(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof elteren_cases / sizeof *elteren_cases; k++) {
        const struct elteren_case *c = &elteren_cases[k];
        struct patients p = patients_of_case(c, 1, false, false);
        struct patients q = patients_of_case(c, 1, true, true);
        const struct result r = run(&analysis_wilcoxon, &no, 0.5, &p);
        const struct result s = run(&analysis_wilcoxon, &no, 0.5, &q);
        near(c->name, "swapped estimate", s.estimate, 1 - r.estimate, 1e-12);
        near(c->name, "swapped z", s.statistic, -r.statistic, 1e-11);
        for (int i = 0; i < p.sample.n; i++) p.value[i] = cbrt(p.value[i]) - p.stratum[i];
        const struct result m = run(&analysis_wilcoxon, &no, 0.5, &p);
        near(c->name, "z after a monotone map in each stratum", m.statistic, r.statistic, 1e-11);
        patients_free(&p);
        patients_free(&q);
    }
}

/* Two strata of 5 and 3 by hand: U of 6 pairs 4 and of 2 pairs 1.5; weights 1/6 and 1/4. */
static void van_elteren_by_hand(void **state)
{
    (void)state;
    static const double y[] = {1, 2, 3, 4, 5, 7, 7, 6};
    static const unsigned char arm[] = {0, 1, 0, 1, 1, 0, 1, 0};
    static const int stratum[] = {0, 0, 0, 0, 0, 1, 1, 1};
    const struct elteren_case c = {"by hand", 8, y, arm, stratum, 2, {0}};
    struct patients p = patients_of_case(&c, 1, false, false);
    const struct result r = run(&analysis_wilcoxon, &no, 0.5, &p);
    /* U: 2 > 1; 4 > 1, 3; 5 > 1, 3: 5. Then 7 = 7, 7 > 6: 1.5. */
    const double u = 5. / 6 + 1.5 / 4, pairs = 6. / 6 + 2. / 4;
    const double v = 6. * 6 / 12 / 36 + 2. / 12 * (4 - 6. / 6) / 16;
    near("by hand", "estimate", r.estimate, u / pairs, 1e-14);
    near("by hand", "z", r.statistic, (u - pairs / 2) / sqrt(v), 1e-13);
    patients_free(&p);
    const int apart[] = {0, 0, 1, 1, 1, 2, 2, 2};
    const unsigned char own[] = {0, 0, 1, 1, 1, 0, 0, 0};
    const struct elteren_case none = {"apart", 8, y, own, apart, 3, {0}};
    p = patients_of_case(&none, 1, false, false);
    assert_int_equal(run(&analysis_wilcoxon, &no, 0.5, &p).why, UNDEFINED_NO_STRATUM);
    patients_free(&p);
    const double flat[] = {3, 3, 3, 3, 3, 4, 4, 4};
    const struct elteren_case same = {"flat", 8, flat, arm, stratum, 2, {0}};
    p = patients_of_case(&same, 1, false, false);
    assert_int_equal(run(&analysis_wilcoxon, &no, 0.5, &p).why, UNDEFINED_NO_VARIATION);
    patients_free(&p);
}

static void options_that_do_not_go_together_are_named(void **state)
{
    (void)state;
    assert_null(analysis_wilcoxon.conflict(&no, false, true));
    assert_null(analysis_wilcoxon.conflict(&yes, false, false));
    assert_non_null(analysis_wilcoxon.conflict(&yes, false, true));
    assert_null(analysis_relative_risk.conflict(&wald, true, false));
    assert_null(analysis_relative_risk.conflict(&wald, false, true));
    assert_null(analysis_relative_risk.conflict(&score, false, false));
    assert_non_null(analysis_relative_risk.conflict(&wald, true, true));
    assert_non_null(analysis_relative_risk.conflict(&score, true, false));
    assert_non_null(analysis_relative_risk.conflict(&score, false, true));
    assert_null(analysis_risk_difference.conflict(&wald, false, true));
    assert_null(analysis_risk_difference.conflict(&score, false, false));
    assert_non_null(analysis_risk_difference.conflict(&score, false, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mantel_haenszel_agrees_with_metafor),
        cmocka_unit_test(mantel_haenszel_has_its_symmetries),
        cmocka_unit_test(mantel_haenszel_says_why_not),
        cmocka_unit_test(van_elteren_agrees_with_r),
        cmocka_unit_test(van_elteren_has_its_symmetries),
        cmocka_unit_test(van_elteren_by_hand),
        cmocka_unit_test(options_that_do_not_go_together_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
