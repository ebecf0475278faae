/* test_quantile.c - regression of the median: quantreg's numbers, brute force over all vertices,
 * properties, what is undefined.  SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/quantile_profile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MINIMUM, MINIMUM_30, LOW, HIGH, SE, RANK_LOW, RANK_HIGH, RANK_T, RANK_P, NUMBERS };

struct quantile_case {
    const char *name;
    int n;
    const double *y;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    const int *stratum;
    int n_strata, p; /* columns of the design */
    double null;
    /* least objectives at tau 0.5 and 0.3; least and largest coefficient of the arm among the best
     * planes; its sandwich se; limits, t and p by rank inversion (NaN: quantreg's are not unique)
     */
    double expected[NUMBERS];
};

#include "oracle/quantile.h"

extern const struct analysis analysis_median_difference;

enum { N_CASES = sizeof quantile_cases / sizeof *quantile_cases, COLUMNS_MAX = 24 };

/* Parameters as the plug-in holds them: places of words among the choices. */
static const int sandwich[2] = {2, 0}, rank_inversion[2] = {2, 3}, medians[2] = {1, 0};

struct patients {
    struct sample sample;
    const double *x[COLUMNS_MAX];
};

static void patients_of(struct patients *p, const struct quantile_case *c)
{
    p->sample = (struct sample){.n = c->n,
                                .arm = c->arm,
                                .value = c->y,
                                .n_x = c->n_x,
                                .x = p->x,
                                .term = -1,
                                .stratum = c->stratum,
                                .n_strata = c->n_strata};
    for (int i = 0; i < c->n; i++) p->sample.n_arm[c->arm[i]]++;
    for (int j = 0; j < c->n_x; j++) p->x[j] = c->x + (ptrdiff_t)j * c->n;
}

static struct result run(const int *params, double null, const struct sample *s)
{
    const struct inference in = {0.05, 2, null, 1, 1.9599639845400545};
    struct scratch w = {0};
    struct result r;
    analysis_median_difference.run(params, &in, s, &w, &r);
    assert_null(w.current); /* everything taken is given back */
    scratch_free(&w);
    assert_int_equal(r.n, s->n);
    return r;
}

static void near(const char *name, const char *what, double found, double expected,
                 double tolerance)
{
    if (isinf(expected) && isinf(found) && found * expected > 0) return;
    if (fabs(found - expected) <= tolerance * fabs(expected) + 1e-12) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

static void estimates_agree_with_quantreg(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        const double *e = c->expected, middle = (e[LOW] + e[HIGH]) / 2;
        /* ends of an interval were found by extrapolation, a single best value is exact */
        const double tolerance =
            e[HIGH] > e[LOW] ? 1e-9 * (1 + fabs(e[LOW])) : 1e-11 * fabs(middle);
        struct patients p;
        patients_of(&p, c);
        for (int m = 0; m < 2; m++) {
            const struct result r = run(m ? rank_inversion : sandwich, c->null, &p.sample);
            if (r.why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r.why));
            if (!(fabs(r.estimate - middle) <= tolerance + 1e-12))
                fail_msg("%s: %.17g, should be %.17g", c->name, r.estimate, middle);
            assert_true(r.ci_low <= r.estimate && r.estimate <= r.ci_high);
        }
    }
}

static void sandwich_agrees_with_quantreg(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        struct patients p;
        patients_of(&p, c);
        const struct result r = run(sandwich, c->null, &p.sample);
        near(c->name, "se", r.se, c->expected[SE], 1e-7);
        near(c->name, "z", r.statistic, (r.estimate - c->null) / r.se, 1e-12);
        near(c->name, "limits", r.ci_low + r.ci_high, 2 * r.estimate, 1e-12);
    }
    for (int k = 0; k < N_CASES; k++) {
        if (quantile_cases[k].n_x < 7) continue;
        struct patients p;
        patients_of(&p, &quantile_cases[k]);
        const struct result r = run(sandwich, 0, &p.sample);
        near("424 stays", "half the width", (r.ci_high - r.ci_low) / 2 / r.se, T_415, 1e-10);
        near("424 stays", "p", r.p_value, P_424_STAYS, 1e-6);
    }
}

static void rank_inversion_agrees_with_quantreg(void **state)
{
    (void)state;
    int compared = 0;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        if (isnan(c->expected[RANK_LOW])) continue;
        struct patients p;
        patients_of(&p, c);
        const struct result r = run(rank_inversion, c->null, &p.sample);
        near(c->name, "ci_low", r.ci_low, c->expected[RANK_LOW], 1e-8);
        near(c->name, "ci_high", r.ci_high, c->expected[RANK_HIGH], 1e-8);
        near(c->name, "t", r.statistic, c->expected[RANK_T], 1e-8);
        near(c->name, "p", r.p_value, c->expected[RANK_P], 1e-7);
        compared++;
    }
    assert_true(compared >= 8);
}

/* The design as the plug-in has it, but for scale: intercept, covariates less their first value,
 * indicators of strata, arm. Columns lie in `room`. */
static int design_of(const struct quantile_case *c, const double **x, double *room)
{
    int p = 0;
    for (int j = 0; j <= c->n_x + c->n_strata; j++, room += c->n) {
        const bool constant = j == 0, covariate = j > 0 && j <= c->n_x;
        const int k = j - c->n_x;
        double largest = 0;
        for (int i = 0; i < c->n; i++) {
            const double *from = covariate ? c->x + (ptrdiff_t)(j - 1) * c->n : NULL;
            room[i] = constant           ? 1
                      : covariate        ? from[i] - from[0]
                      : k == c->n_strata ? c->arm[i]
                                         : c->stratum[i] == k;
            largest = fmax(largest, fabs(room[i]));
        }
        for (int i = 0; i < c->n; i++) room[i] /= largest;
        x[p++] = room;
    }
    return p;
}

/* From the plane at height 0, for tau 0.5, then 0.3 from there, then back. */
static void objectives_are_least(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        const double *x[COLUMNS_MAX], zero[COLUMNS_MAX] = {0};
        double *room = calloc((size_t)c->n * COLUMNS_MAX, sizeof *room), b[COLUMNS_MAX];
        double *y = calloc((size_t)c->n, sizeof *y);
        for (int i = 0; i < c->n; i++) y[i] = c->y[i] - c->y[0];
        struct scratch w = {0};
        assert_int_equal(design_of(c, x, room), c->p);
        struct quantile_simplex s = quantile_simplex_make(c->n, c->p, x, y, zero, &w);
        static const double tau[] = {0.5, 0.3, 0.5};
        for (int m = 0; m < 3; m++) {
            if (!quantile_minimise(&s, tau[m], &w)) fail_msg("%s: no minimum", c->name);
            near(c->name, "objective", quantile_plane(&s, b, &w),
                 c->expected[m % 2 ? MINIMUM_30 : MINIMUM], 1e-11);
        }
        scratch_free(&w);
        free(room);
        free(y);
    }
}

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

enum { SMALL = 9 };

/* The least objective over all planes through three points of (1, x, arm), arms' coefficients
 * among the best planes: those planes are the corners of all best ones. */
struct best {
    double objective, low, high;
};

static struct best over_all_vertices(const double *x, const unsigned char *arm, const double *y,
                                     int n)
{
    struct best best = {INFINITY, 0, 0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++) {
                const double x1 = x[j] - x[i], x2 = x[k] - x[i];
                const double a1 = arm[j] - arm[i], a2 = arm[k] - arm[i];
                const double y1 = y[j] - y[i], y2 = y[k] - y[i], det = x1 * a2 - x2 * a1;
                if (!(fabs(det) > 1e-9)) continue;
                const double slope = (y1 * a2 - y2 * a1) / det, c = (x1 * y2 - x2 * y1) / det;
                double sum = 0;
                for (int m = 0; m < n; m++)
                    sum += fabs(y[m] - y[i] - slope * (x[m] - x[i]) - c * (arm[m] - arm[i])) / 2;
                if (sum < best.objective - 1e-9) best = (struct best){sum, c, c};
                if (sum > best.objective + 1e-9) continue;
                best.low = fmin(best.low, c);
                best.high = fmax(best.high, c);
            }
        }
    }
    return best;
}

/* Values on few levels, so that best planes are many and go through many points. */
static void ties_agree_with_brute_force(void **state)
{
    (void)state;
    uint64_t random = 20190217;
    int several = 0, answered = 0;
    for (int round = 0; round < 20000; round++) {
        double x[SMALL], y[SMALL];
        unsigned char arm[SMALL];
        const int n = 6 + round % 4, levels = 2 + round % 5;
        for (int i = 0; i < n; i++) {
            x[i] = floor(levels * uniform(&random));
            y[i] = floor((levels + 1) * uniform(&random));
            arm[i] = uniform(&random) < 0.5;
        }
        const double *column[1] = {x};
        struct sample s = {
            .n = n, .arm = arm, .value = y, .n_x = 1, .x = column, .term = -1, .n_strata = 1};
        for (int i = 0; i < n; i++) s.n_arm[arm[i]]++;
        const struct result r = run(rank_inversion, 0, &s);
        if (r.why != UNDEFINED_NO) {
            assert_true(r.why == UNDEFINED_EMPTY_ARM || r.why == UNDEFINED_SINGULAR ||
                        r.why == UNDEFINED_NO_VARIATION || r.why == UNDEFINED_EXACT_FIT);
            continue;
        }
        const struct best b = over_all_vertices(x, arm, y, n);
        near("brute force", "estimate", r.estimate, (b.low + b.high) / 2, 1e-9);
        several += b.high > b.low + 1e-9;
        answered++;
    }
    assert_true(answered > 15000 && several > 3000);
}

/* The same whatever the order of patients; arms swapped, the other way round; the outcome moved by
 * a constant and doubled, doubled; the arm's effect moved, moved. */
static void regressions_have_their_symmetries(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        const int n = c->n;
        double *y = calloc((size_t)n, sizeof *y);
        double *x = calloc((size_t)(n * (c->n_x + 1)), sizeof *x);
        unsigned char *arm = calloc((size_t)n, 1);
        int *stratum = calloc((size_t)n, sizeof *stratum);
        const double middle = fabs(c->y[0]) > 1e8 ? c->y[0] : 0; /* doubling it would lose digits */
        for (int i = 0; i < n; i++) {
            const int from = n - 1 - i;
            y[i] = middle + 2 * (c->y[from] - middle) + 3 + 2 * c->arm[from];
            arm[i] = 1 - c->arm[from];
            stratum[i] = c->stratum ? c->stratum[from] : 0;
            for (int j = 0; j < c->n_x; j++) x[j * n + i] = c->x[j * n + from];
        }
        struct quantile_case other = *c;
        other.y = y;
        other.arm = arm;
        other.x = x;
        other.stratum = c->stratum ? stratum : NULL;
        struct patients p, q;
        patients_of(&p, c);
        patients_of(&q, &other);
        for (int m = 0; m < 2; m++) {
            const int *params = m ? rank_inversion : sandwich;
            const struct result r = run(params, c->null, &p.sample);
            const struct result s = run(params, -2 * c->null - 2, &q.sample);
            near(c->name, "mirrored estimate", s.estimate, -2 * r.estimate - 2, 1e-9);
            near(c->name, "mirrored se", s.se, 2 * r.se, 1e-8);
            near(c->name, "mirrored ci_low", s.ci_low, -2 * r.ci_high - 2, 1e-8);
            near(c->name, "mirrored ci_high", s.ci_high, -2 * r.ci_low - 2, 1e-8);
            near(c->name, "mirrored t", s.statistic, -r.statistic, 1e-7);
            near(c->name, "mirrored p", s.p_value, r.p_value, 1e-6);
        }
        free(y);
        free(x);
        free(arm);
        free(stratum);
    }
}

/* Without covariates the difference of the sample medians, middles where there are two. */
static void the_arm_alone_gives_the_medians(void **state)
{
    (void)state;
    for (int k = 0; k < N_CASES; k++) {
        const struct quantile_case *c = &quantile_cases[k];
        struct patients p;
        patients_of(&p, c);
        p.sample.n_x = 0;
        p.sample.stratum = NULL;
        p.sample.n_strata = 1;
        near(c->name, "medians", run(sandwich, 0, &p.sample).estimate,
             run(medians, 0, &p.sample).estimate, 1e-12);
    }
}

static void expect_why(const struct sample *s, enum undefined why)
{
    const struct result r[] = {run(sandwich, 0, s), run(rank_inversion, 0, s)};
    for (int m = 0; m < 2; m++) {
        assert_int_equal(r[m].why, why);
        assert_true(isnan(r[m].estimate) && isnan(r[m].se) && isnan(r[m].p_value));
    }
}

static void undefined_says_why(void **state)
{
    (void)state;
    const double y[8] = {3, 1, 4, 1, 5, 9, 2, 6}, flat[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    const double x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, twice[8] = {2, 4, 6, 8, 10, 12, 14, 16};
    const unsigned char arm[8] = {0, 1, 0, 1, 0, 1, 0, 1}, one[8] = {0};
    const int same[8] = {0, 1, 0, 1, 0, 1, 0, 1}; /* strata that are the arms */
    const double *columns[] = {x, twice};
    struct sample s = {.arm = arm, .value = y, .x = columns, .term = -1, .n_strata = 1};
    expect_why(&s, UNDEFINED_NO_PATIENTS);
    s.n = 8;
    s.n_arm[0] = 8;
    s.arm = one;
    expect_why(&s, UNDEFINED_EMPTY_ARM);
    s.arm = arm;
    s.n_arm[0] = s.n_arm[1] = 4;
    s.n_x = 2;
    expect_why(&s, UNDEFINED_SINGULAR);
    s.n_x = 0;
    s.stratum = same;
    s.n_strata = 2;
    expect_why(&s, UNDEFINED_SINGULAR);
    s.n_strata = 1;
    s.value = flat;
    expect_why(&s, UNDEFINED_NO_VARIATION);
    s.value = y;
    s.n_x = 1;
    s.n = 3;
    s.n_arm[0] = 2;
    s.n_arm[1] = 1;
    expect_why(&s, UNDEFINED_TOO_FEW);
    /* four patients, three coefficients: a plane, but no slope reaches qt(0.975, 1) = 12.7 */
    s.n = 4;
    s.n_arm[1] = 2;
    const struct result r = run(rank_inversion, 0, &s);
    assert_int_equal(r.why, UNDEFINED_NO);
    assert_true(isinf(r.ci_low) && isinf(r.ci_high) && isnan(r.se) && r.p_value <= 1);
    /* all on one plane: no residuals to judge by */
    double plane[8];
    for (int i = 0; i < 8; i++) plane[i] = 1 + 2 * x[i] + 3 * arm[i];
    s = (struct sample){8, {4, 4}, arm, plane, .n_x = 1, .x = columns, .term = -1, .n_strata = 1};
    assert_int_equal(run(sandwich, 0, &s).why, UNDEFINED_EXACT_FIT);
    assert_int_equal(run(rank_inversion, 0, &s).why, UNDEFINED_EXACT_FIT);
    /* the treated all at one value: their quantiles do not part */
    const double tied[8] = {1, 2, 3, 2, 4, 2, 2, 2};
    s = (struct sample){8, {4, 4}, arm, tied, .n_strata = 1, .term = -1};
    assert_int_equal(run(sandwich, 0, &s).why, UNDEFINED_NO_DENSITY);
}

static void options_that_do_not_go_together_are_named(void **state)
{
    (void)state;
    enum { HODGES_LEHMANN, MEDIANS, REGRESSION, DEFAULT = 0, BOOTSTRAP, SANDWICH, RANK };
    static const struct {
        int params[2];
        bool adjusted, stratified, conflict;
    } rows[] = {
        {{HODGES_LEHMANN, DEFAULT}, false, false, false},
        {{HODGES_LEHMANN, DEFAULT}, true, false, true},
        {{HODGES_LEHMANN, BOOTSTRAP}, false, false, true},
        {{MEDIANS, DEFAULT}, false, false, false},
        {{MEDIANS, BOOTSTRAP}, false, false, false},
        {{MEDIANS, SANDWICH}, false, false, true},
        {{MEDIANS, RANK}, false, false, true},
        {{MEDIANS, BOOTSTRAP}, false, true, true},
        {{MEDIANS, BOOTSTRAP}, true, false, true},
        {{REGRESSION, DEFAULT}, true, true, false},
        {{REGRESSION, SANDWICH}, false, true, false},
        {{REGRESSION, RANK}, true, false, false},
        {{REGRESSION, BOOTSTRAP}, false, false, true},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const char *why = analysis_median_difference.conflict(rows[k].params, rows[k].adjusted,
                                                              rows[k].stratified);
        assert_true((why != NULL) == rows[k].conflict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_agree_with_quantreg),
        cmocka_unit_test(sandwich_agrees_with_quantreg),
        cmocka_unit_test(rank_inversion_agrees_with_quantreg),
        cmocka_unit_test(objectives_are_least),
        cmocka_unit_test(ties_agree_with_brute_force),
        cmocka_unit_test(regressions_have_their_symmetries),
        cmocka_unit_test(the_arm_alone_gives_the_medians),
        cmocka_unit_test(undefined_says_why),
        cmocka_unit_test(options_that_do_not_go_together_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
