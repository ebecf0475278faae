/* test_two_sample.c - means, Hodges-Lehmann, medians, rank sums: R's numbers, brute force,
 * properties. SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/bootstrap_median.h"
#include "stat/difference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct two_sample_case {
    const char *name;
    int n;
    const double *y;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    double expected[34];
};

/* Places in `expected`. */
enum {
    SHIFT,
    MEAN,
    WELCH_SE,
    WELCH_LOW,
    WELCH_HIGH,
    WELCH_T,
    WELCH_P,
    EQUAL_SE,
    EQUAL_LOW,
    EQUAL_HIGH,
    EQUAL_T,
    EQUAL_P,
    WELCH_P_SHIFT,
    WELCH_P_LESS,
    LM,
    LM_SE,
    LM_LOW,
    LM_HIGH,
    LM_T,
    LM_P,
    HL,
    HL_LOW,
    HL_HIGH,
    INDEX,
    INDEX_SE,
    RANK_P,
    RANK_P_CORRECT,
    RANK_P_CORRECT_LESS,
    RANK_P_SHIFT,
    MEDIANS,
    MEDIANS_SE,
    MEDIANS_LOW,
    MEDIANS_HIGH,
    MEDIANS_P
};

#include "oracle/two_sample.h"

extern const struct analysis analysis_mean_difference, analysis_median_difference,
    analysis_wilcoxon;

enum { N_CASES = sizeof two_sample_cases / sizeof *two_sample_cases, COLUMNS_MAX = 8 };

/* Parameters as the plug-ins hold them: places of words among the choices, or a flag. */
static const int unequal = 0, equal = 1;
static const int hodges_lehmann[2] = {0, 0}, medians[2] = {1, 0};
static const bool no = false, yes = true;

static struct sample sample_of(const double *y, const unsigned char *arm, int n)
{
    struct sample s = {.n = n, .arm = arm, .value = y, .term = -1, .n_strata = 1};
    for (int i = 0; i < n; i++) s.n_arm[arm[i]]++;
    return s;
}

static struct sample sample_case(const struct two_sample_case *c)
{
    return sample_of(c->y, c->arm, c->n);
}

/* qnorm(0.975) of R */
static struct inference question(double null)
{
    return (struct inference){0.05, 2, null, 1, 1.9599639845400545};
}

static struct result run_with(const struct analysis *a, const void *params,
                              const struct inference *in, const struct sample *s)
{
    struct scratch w = {0};
    struct result r;
    a->run(params, in, s, &w, &r);
    assert_null(w.current); /* everything taken is given back */
    scratch_free(&w);
    assert_int_equal(r.n, s->n);
    assert_int_equal(r.events, 0);
    return r;
}

static struct result run(const struct analysis *a, const void *params, double null,
                         const struct sample *s)
{
    const struct inference in = question(null);
    return run_with(a, params, &in, s);
}

static void near(const char *name, const char *what, double found, double expected,
                 double tolerance)
{
    if (fabs(found - expected) <= tolerance * fabs(expected) + 1e-14) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

static void near_p(const char *name, const char *what, double found, double expected)
{
    if (fabs(found - expected) <= (expected > 1e-6 ? 1e-8 : 1e-5) * expected + 1e-17) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

/* Where the values stand far from 0, their spacing limits what any method can return. */
static double grain(const struct two_sample_case *c)
{
    return fabs(c->y[0]) > 1e7 ? 1e-7 : 0;
}

static void means_agree_with_r(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        const double *e = c->expected;
        const struct sample s = sample_case(c);
        const struct result w = run(&analysis_mean_difference, &unequal, 0, &s);
        near(c->name, "mean difference", w.estimate, e[MEAN], 1e-11);
        near(c->name, "Welch se", w.se, e[WELCH_SE], 1e-11);
        near(c->name, "Welch low", w.ci_low, e[WELCH_LOW], 1e-9);
        near(c->name, "Welch high", w.ci_high, e[WELCH_HIGH], 1e-9);
        near(c->name, "Welch t", w.statistic, e[WELCH_T], 1e-10);
        near_p(c->name, "Welch p", w.p_value, e[WELCH_P]);
        near_p(c->name, "Welch p at a margin",
               run(&analysis_mean_difference, &unequal, e[SHIFT], &s).p_value, e[WELCH_P_SHIFT]);
        const struct inference less = {0.025, 1, 0, -1, 1.9599639845400545};
        const struct result one = run_with(&analysis_mean_difference, &unequal, &less, &s);
        near_p(c->name, "Welch p less", one.p_value, e[WELCH_P_LESS]);
        near(c->name, "one-sided low", one.ci_low, e[WELCH_LOW], 1e-9);
        const struct result q = run(&analysis_mean_difference, &equal, 0, &s);
        near(c->name, "Student se", q.se, e[EQUAL_SE], 1e-11);
        near(c->name, "Student low", q.ci_low, e[EQUAL_LOW], 1e-9);
        near(c->name, "Student high", q.ci_high, e[EQUAL_HIGH], 1e-9);
        near(c->name, "Student t", q.statistic, e[EQUAL_T], 1e-10);
        near_p(c->name, "Student p", q.p_value, e[EQUAL_P]);
    }
}

static void covariance_agrees_with_r(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        const double *e = c->expected, *x[COLUMNS_MAX];
        if (c->n_x == 0) continue;
        struct sample s = sample_case(c);
        for (int j = 0; j < c->n_x; j++) x[j] = c->x + (ptrdiff_t)j * c->n;
        s.x = x;
        s.n_x = c->n_x;
        s.adjusted = true;
        const struct result r = run(&analysis_mean_difference, &unequal, 0, &s);
        near(c->name, "coefficient", r.estimate, e[LM], 1e-9);
        near(c->name, "se", r.se, e[LM_SE], 1e-9);
        near(c->name, "low", r.ci_low, e[LM_LOW], 1e-8);
        near(c->name, "high", r.ci_high, e[LM_HIGH], 1e-8);
        near(c->name, "t", r.statistic, e[LM_T], 1e-9);
        near_p(c->name, "p", r.p_value, e[LM_P]);
        n++;
    }
    assert_true(n >= 10);
}

static void hodges_lehmann_agrees_with_r(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        const double *e = c->expected, unit = grain(c) + 1e-14;
        const struct sample s = sample_case(c);
        const struct result r = run(&analysis_median_difference, hodges_lehmann, 0, &s);
        assert_true(fabs(r.estimate - e[HL]) <= unit);
        assert_true(fabs(r.ci_low - e[HL_LOW]) <= unit);
        assert_true(fabs(r.ci_high - e[HL_HIGH]) <= unit);
        near_p(c->name, "p", r.p_value, e[RANK_P]);
        near_p(c->name, "p at a margin",
               run(&analysis_median_difference, hodges_lehmann, e[SHIFT], &s).p_value,
               e[RANK_P_SHIFT]);
    }
}

static void wilcoxon_agrees_with_r(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        const double *e = c->expected;
        const struct sample s = sample_case(c);
        const struct result r = run(&analysis_wilcoxon, &no, 0.5, &s);
        near(c->name, "index", r.estimate, e[INDEX], 1e-12);
        near(c->name, "se", r.se, e[INDEX_SE], 1e-12);
        near_p(c->name, "p", r.p_value, e[RANK_P]);
        assert_true((r.ci_low > 0.5 || r.ci_high < 0.5) == (r.p_value < 0.05));
        near_p(c->name, "corrected p", run(&analysis_wilcoxon, &yes, 0.5, &s).p_value,
               e[RANK_P_CORRECT]);
        const struct inference less = {0.025, 1, 0.5, -1, 1.9599639845400545};
        near_p(c->name, "corrected p less", run_with(&analysis_wilcoxon, &yes, &less, &s).p_value,
               e[RANK_P_CORRECT_LESS]);
    }
}

static void medians_agree_with_r(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        const double *e = c->expected,
                     unit = grain(c) + 2e-10; /* R's values are rounded to 1e-10 */
        if (isnan(e[MEDIANS])) continue;
        const struct sample s = sample_case(c);
        const struct result r = run(&analysis_median_difference, medians, 0, &s);
        assert_true(fabs(r.estimate - e[MEDIANS]) <= unit);
        assert_true(fabs(r.ci_low - e[MEDIANS_LOW]) <= unit);
        assert_true(fabs(r.ci_high - e[MEDIANS_HIGH]) <= unit);
        /* weights below 1e-12 are left out: it shows where the variance is as small */
        near(c->name, "variance", r.se * r.se + 1e-3, e[MEDIANS_SE] * e[MEDIANS_SE] + 1e-3,
             1e-9 + grain(c));
        near(c->name, "p + 1", r.p_value + 1, e[MEDIANS_P] + 1, 1e-11);
        n++;
    }
    assert_true(n >= 10);
}

/* A reproducible stream for made-up data (Numerical Recipes' constants). */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static int by_value(const void *a, const void *b)
{
    const struct weighted *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Every resample of x[0..n), n <= 7: its median and its probability. Returns how many. */
static int enumerate_medians(const double *x, int n, struct weighted *to)
{
    int draw[8] = {0}, count = 0;
    while (draw[n] == 0) {
        int times[8] = {0}, rank[2] = {-1, -1};
        for (int k = 0; k < n; k++) times[draw[k]]++;
        for (int k = 0, seen = 0; k < n; k++) { /* x is sorted */
            seen += times[k];
            if (rank[0] < 0 && seen > (n - 1) / 2) rank[0] = k;
            if (rank[1] < 0 && seen > n / 2) rank[1] = k;
        }
        to[count++] = (struct weighted){(x[rank[0]] + x[rank[1]]) / 2, pow(n, -n)};
        for (int k = 0; k <= n && ++draw[k] == n && k < n; k++) draw[k] = 0;
    }
    return count;
}

/* Adds up what has the same value; the input is sorted. */
static int coalesce(struct weighted *a, int n)
{
    int m = 0;
    qsort(a, (size_t)n, sizeof *a, by_value);
    for (int i = 0; i < n; i++) {
        if (m > 0 && !(a[i].value > a[m - 1].value))
            a[m - 1].weight += a[i].weight;
        else
            a[m++] = a[i];
    }
    return m;
}

static double quantile(const struct weighted *a, int n, double share)
{
    double below = 0;
    for (int i = 0; i < n; i++) {
        below += a[i].weight;
        if (below >= share - 1e-11) return a[i].value;
    }
    return NAN;
}

static void check_enumeration(const double *x, int m, const double *y, int n)
{
    enum { ALL = 823543, DISTINCT = 28 }; /* 7^7; pairs of 7 */
    struct weighted *a = calloc(ALL, sizeof *a), *b = calloc(ALL, sizeof *b);
    struct weighted d[DISTINCT * DISTINCT];
    const int n_a = coalesce(a, enumerate_medians(x, m, a));
    const int n_b = coalesce(b, enumerate_medians(y, n, b));
    int n_d = 0;
    for (int i = 0; i < n_a; i++) {
        for (int j = 0; j < n_b; j++) {
            d[n_d++] = (struct weighted){b[j].value - a[i].value, a[i].weight * b[j].weight};
        }
    }
    n_d = coalesce(d, n_d);
    double mean = 0, square = 0, below = 0, above = 0;
    for (int i = 0; i < n_d; i++) mean += d[i].weight * d[i].value;
    for (int i = 0; i < n_d; i++) {
        square += d[i].weight * (d[i].value - mean) * (d[i].value - mean);
        below += d[i].value <= 0 ? d[i].weight : 0;
        above += d[i].value >= 0 ? d[i].weight : 0;
    }
    double value[14];
    unsigned char arm[14] = {0};
    memcpy(value, x, (size_t)m * sizeof *x);
    memcpy(value + m, y, (size_t)n * sizeof *y);
    for (int i = m; i < m + n; i++) arm[i] = 1;
    const struct sample s = sample_of(value, arm, m + n);
    const struct result r = run(&analysis_median_difference, medians, 0, &s);
    assert_true(fabs(r.se - sqrt(square)) <= 1e-10 * sqrt(square));
    assert_true(fabs(r.ci_low - quantile(d, n_d, 0.025)) <= 1e-10);
    assert_true(fabs(r.ci_high - quantile(d, n_d, 0.975)) <= 1e-10);
    assert_true(fabs(r.p_value - fmin(1, 2 * fmin(below, above))) <= 1e-10);
    free(a);
    free(b);
}

/* 5 against 4: the level 0.025 is met exactly, by 20,000 of the 5^5 4^4 resamples. */
static void bootstrap_is_the_enumeration(void **state)
{
    (void)state;
    const double x[7] = {1, 2, 4, 8, 16, 32, 64}, y[7] = {3, 6, 9.5, 13, 20, 41, 50};
    const double tied[7] = {0, 1, 1, 1, 1, 5, 5}, other[7] = {0, 2, 2, 2, 2, 5, 28};
    const int size[][2] = {{1, 2}, {2, 2}, {2, 3}, {3, 5}, {4, 4}, {5, 4}, {6, 5}, {7, 6}, {7, 7}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        check_enumeration(x, size[i][0], y, size[i][1]);
        check_enumeration(y, size[i][0], tied, size[i][1]);
        check_enumeration(tied, size[i][0], other, size[i][1]);
    }
}

/* For values i/n the median has standard deviation sqrt(1/4 / n) in the limit; weights add up to 1.
 */
static void bootstrap_of_many_is_normal(void **state)
{
    (void)state;
    const int sizes[] = {10000, 10001, 100000, 100001};
    for (int k = 0; k < 4; k++) {
        const int n = sizes[k];
        double *x = calloc((size_t)n, sizeof *x);
        for (int i = 0; i < n; i++) x[i] = (i + 0.5) / n;
        struct scratch w = {0};
        const struct discrete d = bootstrap_median(x, n, &w);
        assert_true(fabs(d.below[d.n] - 1) < 2e-12);
        assert_true(fabs(discrete_sd(&d) * 2 * sqrt(n) - 1) < 2.0 / n);
        assert_true(d.n < 40 * 8 * sqrt(n));
        scratch_free(&w);
        free(x);
    }
}

static struct discrete made_up(int n, int kind, uint64_t *random, struct scratch *w)
{
    struct weighted *a = scratch_take(w, (size_t)n, sizeof *a);
    for (int i = 0; i < n; i++) {
        const double u = uniform(random), heavy = tan(3.14 * (u - 0.5)),
                     spread = exp(40 * (u - 0.5));
        a[i].value = kind == 0 ? u : kind == 1 ? floor(12 * u) : kind == 2 ? heavy : spread;
        a[i].weight = kind == 2 ? 0.1 + u : 1;
    }
    return discrete_from(a, n, w);
}

static void difference_quantiles_are_those_of_all_pairs(void **state)
{
    (void)state;
    enum { MANY = 400 };
    uint64_t random = 7;
    struct scratch w = {0};
    const int sizes[][2] = {{1, 1}, {1, 9}, {17, 2}, {40, 60}, {150, 120}};
    for (int round = 0; round < 20; round++) {
        const int kind = round % 4, *size = sizes[round / 4];
        const struct discrete x = made_up(size[0], kind, &random, &w);
        const struct discrete y = made_up(size[1], kind == 3 ? 0 : kind, &random, &w);
        struct weighted *d = scratch_take(&w, (size_t)x.n * (size_t)y.n, sizeof *d);
        int n = 0;
        for (int i = 0; i < x.n; i++) {
            for (int j = 0; j < y.n; j++) {
                d[n++] =
                    (struct weighted){y.value[j] - x.value[i], (x.below[i + 1] - x.below[i]) *
                                                                   (y.below[j + 1] - y.below[j])};
            }
        }
        n = coalesce(d, n);
        double below = 0, weight[MANY], expected[MANY], found[MANY], alone;
        int n_asked = 0;
        for (int k = 0; k < n; k++) {
            const double half = below + d[k].weight / 2;
            below += d[k].weight;
            if (k % 50 != 0 && k + 3 < n) continue;
            assert_true(fabs(difference_weight(&y, &x, d[k].value, &w) - below) <= 1e-10 * below);
            const double above = difference_above(&y, &x, d[k].value, &w);
            assert_true(k + 1 < n ? fabs(above - d[k + 1].value) <= 0 : isinf(above));
            difference_quantiles(&y, &x, 1, &half, &alone, &w);
            assert_true(!(alone < d[k].value) && !(alone > d[k].value));
            weight[n_asked] = half;
            expected[n_asked++] = d[k].value;
        }
        difference_quantiles(&y, &x, n_asked, weight, found, &w); /* more than it keeps cuts */
        for (int k = 0; k < n_asked; k++)
            assert_true(!(found[k] < expected[k]) && !(found[k] > expected[k]));
        scratch_reset(&w);
    }
    scratch_free(&w);
}

/* Histogram and sorting give the same: adding 1/2 turns integers into other numbers. Wide ranges
 * take the way through pairs also for integers. */
static void adding_a_constant_changes_nothing(void **state)
{
    (void)state;
    enum { N = 600 };
    const int ranges[] = {1, 2, 29, 120, 900, 5000};
    double y[N], z[N];
    unsigned char arm[N];
    uint64_t random = 3;
    for (int k = 0; k < 6; k++) {
        const int n = k == 0 ? 11 : k == 1 ? 25 : N - k;
        for (int i = 0; i < n; i++) {
            arm[i] = i > 1 && uniform(&random) < (k == 3 ? 0.5 : 0.3);
            y[i] = floor(ranges[k] * (uniform(&random) + 0.2 * arm[i])) - 7;
            z[i] = y[i] + 0.5;
        }
        arm[0] = 1;
        y[0] = 3, z[0] = 3.5;
        const struct sample a = sample_of(y, arm, n), b = sample_of(z, arm, n);
        for (int estimator = 0; estimator < 2; estimator++) {
            const int params[2] = {estimator, 0};
            const struct result p = run(&analysis_median_difference, params, 1, &a);
            const struct result q = run(&analysis_median_difference, params, 1, &b);
            near("constant", "estimate", q.estimate, p.estimate, 1e-15);
            near("constant", "low", q.ci_low, p.ci_low, 1e-15);
            near("constant", "high", q.ci_high, p.ci_high, 1e-15);
            near("constant", "p", q.p_value, p.p_value, 1e-12);
        }
        near("constant", "z", run(&analysis_wilcoxon, &no, 0.5, &b).statistic,
             run(&analysis_wilcoxon, &no, 0.5, &a).statistic, 1e-12);
        near("constant", "t", run(&analysis_mean_difference, &unequal, 0, &b).statistic,
             run(&analysis_mean_difference, &unequal, 0, &a).statistic, 1e-11);
    }
}

/* The variance of 0 … m-1 is m (m + 1) / 12. Whichever patient comes first, an arm may be far away.
 */
static void arms_far_apart_keep_their_digits(void **state)
{
    (void)state;
    enum { M = 20 };
    double y[2 * M];
    unsigned char arm[2 * M];
    const double expected = sqrt(2 * (M * (M + 1) / 12.0) / M);
    for (double apart = 10; apart < 1e10; apart *= 10) {
        for (int first = 0; first < 2; first++) {
            for (int i = 0; i < 2 * M; i++) {
                arm[i] = (unsigned char)((i + first) % 2);
                y[i] = i / 2 + (arm[i] == 1 ? apart : 0);
            }
            const struct sample s = sample_of(y, arm, 2 * M);
            const struct result r = run(&analysis_mean_difference, &unequal, 0, &s);
            near("far apart", "mean difference", r.estimate, apart, 0);
            near("far apart", "se", r.se, expected, 2e-14);
        }
    }
}

/* Powers of two change no digit, and no P value. */
static void units_do_not_matter(void **state)
{
    (void)state;
    enum { N = 31 };
    double y[N];
    unsigned char arm[N];
    for (int k = -300; k <= 300; k += 50) {
        struct result r[2];
        for (int scaled = 0; scaled < 2; scaled++) {
            for (int i = 0; i < N; i++) {
                arm[i] = (unsigned char)(i % 2);
                y[i] = ldexp(sin(i) + 0.3 * arm[i], scaled ? k : 0);
            }
            const struct sample s = sample_of(y, arm, N);
            r[scaled] = run(&analysis_mean_difference, &unequal, 0, &s);
            assert_int_equal(r[scaled].why, UNDEFINED_NO);
        }
        near("scaled", "estimate", r[1].estimate, ldexp(r[0].estimate, k), 0);
        near("scaled", "lower limit", ldexp(r[1].ci_low, -k), r[0].ci_low, 0);
        near("scaled", "upper limit", ldexp(r[1].ci_high, -k), r[0].ci_high, 0);
        near("scaled", "p", r[1].p_value, r[0].p_value, 0);
    }
}

static void order_does_not_matter_and_arms_can_be_exchanged(void **state)
{
    (void)state;
    static const struct {
        const struct analysis *analysis;
        const void *params;
        double null, sum; /* estimate + estimate with arms exchanged */
    } t[] = {{&analysis_mean_difference, &unequal, 0, 0},
             {&analysis_mean_difference, &equal, 0, 0},
             {&analysis_median_difference, hodges_lehmann, 0, 0},
             {&analysis_median_difference, medians, 0, 0},
             {&analysis_wilcoxon, &no, 0.5, 1},
             {&analysis_wilcoxon, &yes, 0.5, 1}};
    for (int i = 0; i < N_CASES; i++) {
        const struct two_sample_case *c = two_sample_cases + i;
        double *y = calloc((size_t)c->n, sizeof *y);
        unsigned char *arm = calloc((size_t)c->n, 1), *other = calloc((size_t)c->n, 1);
        for (int k = 0; k < c->n; k++) {
            y[k] = c->y[c->n - 1 - k];
            arm[k] = c->arm[c->n - 1 - k];
            other[k] = !arm[k];
        }
        const struct sample s = sample_case(c), r = sample_of(y, arm, c->n);
        const struct sample x = sample_of(y, other, c->n);
        for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
            const struct result a = run(t[k].analysis, t[k].params, t[k].null, &s);
            const struct result b = run(t[k].analysis, t[k].params, t[k].null, &r);
            const struct result e = run(t[k].analysis, t[k].params, t[k].null, &x);
            near(c->name, "estimate reversed", b.estimate, a.estimate, 1e-12);
            near(c->name, "high reversed", b.ci_high, a.ci_high, 1e-12);
            near(c->name, "p reversed", b.p_value, a.p_value, 1e-10);
            near(c->name, "estimate exchanged", e.estimate, t[k].sum - a.estimate, 1e-12);
            near(c->name, "p exchanged", e.p_value, a.p_value, 1e-10);
            if (t[k].params != medians) { /* quantiles of a discrete law have a side */
                near(c->name, "low exchanged", e.ci_low, t[k].sum - a.ci_high, 1e-10);
            }
        }
        free(y);
        free(arm);
        free(other);
    }
}

static void expect_why(const double *y, const unsigned char *arm, int n, enum undefined mean,
                       enum undefined rank)
{
    const struct sample s = sample_of(y, arm, n);
    const struct result r[] = {run(&analysis_mean_difference, &unequal, 0, &s),
                               run(&analysis_median_difference, hodges_lehmann, 0, &s),
                               run(&analysis_wilcoxon, &no, 0.5, &s)};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(r[k].why, k == 0 ? mean : rank);
        assert_true(isnan(r[k].estimate) == (r[k].why != UNDEFINED_NO));
        assert_true(isnan(r[k].p_value) == (r[k].why != UNDEFINED_NO));
    }
}

static void undefined_says_why(void **state)
{
    (void)state;
    const double same[6] = {7, 7, 7, 7, 7, 7}, split[6] = {0, 1, 0, 1, 0, 1};
    const double tenth[6] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    const unsigned char arm[6] = {0, 1, 0, 1, 0, 1}, all[6] = {1, 1, 1, 1, 1, 1};
    expect_why(same, arm, 0, UNDEFINED_NO_PATIENTS, UNDEFINED_NO_PATIENTS);
    expect_why(split, all, 6, UNDEFINED_EMPTY_ARM, UNDEFINED_EMPTY_ARM);
    expect_why(same, arm, 6, UNDEFINED_NO_VARIATION, UNDEFINED_NO_VARIATION);
    expect_why(tenth, arm, 6, UNDEFINED_NO_VARIATION, UNDEFINED_NO_VARIATION);
    expect_why(split, arm, 6, UNDEFINED_NO_VARIATION, UNDEFINED_NO);
    expect_why(split, arm, 3, UNDEFINED_TOO_FEW, UNDEFINED_NO);
    struct sample s = sample_of(split, arm, 6);
    assert_int_equal(run(&analysis_median_difference, medians, 0, &s).why, UNDEFINED_NO_VARIATION);
    const double slope[6] = {1, 2, 3, 4, 5, 6}, twice[6] = {2, 4, 6, 8, 10, 12};
    const double y[6] = {1, 3, 2, 6, 4, 4}, *both[2] = {slope, twice}, *constant[1] = {tenth};
    const double *as_arm[1] = {split};
    s = sample_of(y, arm, 6);
    s.n_x = 2;
    s.adjusted = true;
    s.x = both;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_SINGULAR);
    s.n_x = 1;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_NO);
    s.x = constant;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_SINGULAR);
    s.x = as_arm;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_SINGULAR);
    s = sample_of(y, arm, 3);
    s.n_x = 1;
    s.x = both;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_TOO_FEW);
    s = sample_of(same, arm, 6);
    s.n_x = 1;
    s.x = both;
    assert_int_equal(run(&analysis_mean_difference, &unequal, 0, &s).why, UNDEFINED_NO_VARIATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_agree_with_r),
        cmocka_unit_test(covariance_agrees_with_r),
        cmocka_unit_test(hodges_lehmann_agrees_with_r),
        cmocka_unit_test(wilcoxon_agrees_with_r),
        cmocka_unit_test(medians_agree_with_r),
        cmocka_unit_test(bootstrap_is_the_enumeration),
        cmocka_unit_test(bootstrap_of_many_is_normal),
        cmocka_unit_test(difference_quantiles_are_those_of_all_pairs),
        cmocka_unit_test(adding_a_constant_changes_nothing),
        cmocka_unit_test(units_do_not_matter),
        cmocka_unit_test(arms_far_apart_keep_their_digits),
        cmocka_unit_test(order_does_not_matter_and_arms_can_be_exchanged),
        cmocka_unit_test(undefined_says_why),
    };
    return cmocka_run_group_tests_name("two_sample", tests, NULL, NULL);
}
