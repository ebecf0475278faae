/* test_regression.c - logistic regression and ROC curves: R's numbers, hand algebra, properties.
 * SPDX-License-Identifier: MIT */
#include "model/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct data {
    int n;
    const double *y;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    const double *marker;
};

struct logistic_case {
    const char *name;
    const struct data *data;
    int n_x, term;
    double null;
    /* odds ratio, se, limits; statistics by Wald and likelihood ratio test; their p-values */
    double expected[8];
    int events;
};

struct roc_case {
    const char *name;
    const struct data *data;
    double cutoff;
    double area[6]; /* AUC, se, limits, z, p */
    double threshold;
    double sensitivity[4], specificity[4]; /* share, se, limits */
    double left_out[2];                    /* both, each patient judged by the others' cutoff */
};
struct versus_case {
    const char *name;
    const struct data *marker, *versus;
    double expected[6]; /* difference of areas, se, z, p; the areas */
};

#include "oracle/regression.h"

extern const struct analysis analysis_logistic, analysis_roc;

/* The parameters as the plug-ins hold them: checked against their tables in test_tables. */
struct logistic_parameters {
    int test;
};
struct roc_parameters {
    double cutoff;
};

enum { ROC_OUTPUTS = 7 };
enum { WALD, LIKELIHOOD_RATIO, COLUMNS_MAX = 16 };

static struct sample sample_of(const struct data *d, int n_x, const double **x)
{
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .value = d->y,
                       .n_x = n_x,
                       .x = x,
                       .term = -1,
                       .n_strata = 1,
                       .marker = d->marker};
    for (int i = 0; i < d->n && d->arm; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static struct result run_logistic(const struct sample *s, int test, double null)
{
    const struct logistic_parameters p = {test};
    const struct inference in = {0.05, 2, null, -1, 1.9599639845400545}; /* qnorm(0.975) */
    struct scratch w = {0};
    struct result r;
    analysis_logistic.run(&p, &in, s, &w, &r);
    assert_null(w.current);
    scratch_free(&w);
    return r;
}

static void run_roc(const struct sample *s, double cutoff, struct result *out)
{
    const struct roc_parameters p = {cutoff};
    const struct inference in = {0.05, 2, 0.5, 1, 1.9599639845400545};
    struct scratch w = {0};
    analysis_roc.run(&p, &in, s, &w, out);
    assert_null(w.current);
    scratch_free(&w);
}

static void close_to(const char *name, const char *what, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("%s, %s: %.17g instead of %.17g (relative %.2g)", name, what, got, expected,
                 fabs(got / expected - 1));
    }
}

static void test_logistic_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof logistic_cases / sizeof *logistic_cases; k++) {
        const struct logistic_case *c = &logistic_cases[k];
        const double *x[COLUMNS_MAX];
        struct sample s = sample_of(c->data, c->n_x, x);
        s.term = c->term;
        for (int test = WALD; test <= LIKELIHOOD_RATIO; test++) {
            const struct result r = run_logistic(&s, test, c->null);
            if (r.why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r.why));
            close_to(c->name, "estimate", r.estimate, c->expected[0], 1e-9);
            close_to(c->name, "se", r.se, c->expected[1], 1e-8);
            close_to(c->name, "ci_low", r.ci_low, c->expected[2], 2e-7);
            close_to(c->name, "ci_high", r.ci_high, c->expected[3], 2e-7);
            close_to(c->name, "statistic", r.statistic, c->expected[4 + test], 1e-8);
            close_to(c->name, "p", r.p_value, c->expected[6 + test], 1e-6);
            assert_int_equal(r.n, c->data->n);
            assert_int_equal(r.events, c->events);
        }
    }
}

static void test_roc_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof roc_cases / sizeof *roc_cases; k++) {
        const struct roc_case *c = &roc_cases[k];
        const struct sample s = sample_of(c->data, 0, NULL);
        struct result r[ROC_OUTPUTS];
        run_roc(&s, c->cutoff, r);
        for (int i = 0; i < ROC_OUTPUTS; i++) assert_int_equal(r[i].why, UNDEFINED_NO);
        close_to(c->name, "area", r[0].estimate, c->area[0], 1e-12);
        close_to(c->name, "se", r[0].se, c->area[1], 1e-12);
        close_to(c->name, "ci_low", r[0].ci_low, c->area[2], 1e-11);
        close_to(c->name, "ci_high", r[0].ci_high, c->area[3], 1e-11);
        close_to(c->name, "z", r[0].statistic, c->area[4], 1e-11);
        close_to(c->name, "p", r[0].p_value, c->area[5], 1e-9);
        close_to(c->name, "threshold", r[1].estimate, c->threshold, 1e-15);
        assert_true(isnan(r[1].se) && isnan(r[1].p_value) && isnan(r[1].ci_low));
        for (int i = 2; i < 4; i++) {
            const double *expected = i == 2 ? c->sensitivity : c->specificity;
            close_to(c->name, "share", r[i].estimate, expected[0], 1e-14);
            close_to(c->name, "share's se", r[i].se, expected[1], 1e-12);
            close_to(c->name, "share's ci_low", r[i].ci_low, expected[2], 1e-11);
            close_to(c->name, "share's ci_high", r[i].ci_high, expected[3], 1e-11);
            assert_true(isnan(r[i].statistic) && isnan(r[i].p_value));
        }
        close_to(c->name, "sensitivity_cv", r[4].estimate, c->left_out[0], 1e-14);
        close_to(c->name, "specificity_cv", r[5].estimate, c->left_out[1], 1e-14);
        assert_true(fabs(r[6].estimate - c->sensitivity[0] - c->specificity[0] + c->left_out[0] +
                         c->left_out[1]) < 1e-14);
        assert_true(isnan(r[4].se) && isnan(r[6].p_value));
    }
}

static void test_two_markers_as_r(void **state)
{
    (void)state;
    const struct inference in = {0.05, 2, 0, 1, 1.9599639845400545};
    struct scratch w = {0};
    for (size_t k = 0; k < sizeof versus_cases / sizeof *versus_cases; k++) {
        const struct versus_case *c = &versus_cases[k];
        struct sample s = sample_of(c->marker, 0, NULL);
        struct result r[3];
        s.versus = c->versus->marker;
        analysis_roc.with_versus->run(NULL, &in, &s, &w, r);
        close_to(c->name, "difference", r[0].estimate, c->expected[0], 1e-12);
        close_to(c->name, "se", r[0].se, c->expected[1], 1e-11);
        close_to(c->name, "z", r[0].statistic, c->expected[2], 1e-11);
        close_to(c->name, "p", r[0].p_value, c->expected[3], 1e-9);
        close_to(c->name, "limits", r[0].ci_high - r[0].ci_low, 2 * in.z * c->expected[1], 1e-11);
        close_to(c->name, "area", r[1].estimate, c->expected[4], 1e-12);
        close_to(c->name, "other area", r[2].estimate, c->expected[5], 1e-12);
        assert_true(isfinite(r[1].p_value) && r[2].events == r[0].events);
        s.versus = s.marker; /* a marker ranks patients as itself does */
        analysis_roc.with_versus->run(NULL, &in, &s, &w, r);
        assert_int_equal(r[0].why, UNDEFINED_MARKERS_ALIKE);
        assert_int_equal(r[1].why, UNDEFINED_NO);
    }
    scratch_free(&w);
}

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

enum { N_MAX = 64 };
struct trial {
    int n;
    double y[N_MAX], x[N_MAX];
    unsigned char arm[N_MAX];
};

static void draw(struct trial *t, int n, int distinct, uint64_t *seed)
{
    t->n = n;
    for (int i = 0; i < n; i++) {
        t->arm[i] = uniform(seed) < 0.5;
        t->x[i] = floor(distinct * uniform(seed));
        t->y[i] = uniform(seed) < 0.25 + 0.5 * t->x[i] / distinct;
    }
}

static struct sample sample_of_trial(const struct trial *t, int n_x, const double **x)
{
    const struct data d = {t->n, t->y, t->arm, 0, NULL, t->x};
    struct sample s = sample_of(&d, 0, NULL);
    s.n_x = n_x;
    s.x = x;
    *x = t->x;
    return s;
}

static void test_properties_of_logistic(void **state)
{
    (void)state;
    uint64_t seed = 1;
    int compared = 0;
    for (int k = 0; k < 60; k++) {
        struct trial t, u;
        const double *x, *v;
        draw(&t, 60, k % 2 ? 4 : 1000, &seed);
        u = t;
        for (int i = 0; i < t.n; i++) {
            const int j = (7 * i + k) % t.n;
            u.arm[i] = t.arm[j] ^ 1;
            u.x[i] = t.x[j];
            u.y[i] = t.y[j];
        }
        const struct sample s = sample_of_trial(&t, k % 3 > 0, &x);
        const struct sample r = sample_of_trial(&u, k % 3 > 0, &v);
        const struct result a = run_logistic(&s, k % 2, 1), b = run_logistic(&r, k % 2, 1);
        assert_int_equal(a.why, b.why);
        if (a.why != UNDEFINED_NO) continue;
        compared++;
        close_to("relabelled and permuted", "estimate", b.estimate, 1 / a.estimate, 1e-9);
        close_to("relabelled and permuted", "se", b.se, a.se, 1e-9);
        assert_true(fabs(a.statistic + b.statistic) < 1e-7);
    }
    assert_true(compared > 50);
}

/* The closed form of the fourfold table is what the regression converges to: the likelihood ratio
 * path fits by Newton's method. */
static void test_fourfold_table(void **state)
{
    (void)state;
    uint64_t seed = 2;
    struct trial t;
    const double *x;
    draw(&t, 60, 3, &seed);
    const struct sample s = sample_of_trial(&t, 0, &x);
    const struct result a = run_logistic(&s, WALD, 1), b = run_logistic(&s, LIKELIHOOD_RATIO, 1);
    assert_int_equal(a.why, UNDEFINED_NO);
    close_to("fourfold", "estimate", b.estimate, a.estimate, 1e-12);
    close_to("fourfold", "se", b.se, a.se, 1e-9);
}

/* One direction separates: within every arm events have the larger x (ties allowed). An arm whose
 * outcomes are all equal separates by itself. Nothing else does. */
static enum undefined separation_oracle(const struct trial *t, double sign)
{
    bool separated = true;
    for (int arm = 0; arm < 2; arm++) {
        double largest_without = -INFINITY, smallest_with = INFINITY;
        for (int i = 0; i < t->n; i++) {
            if (t->arm[i] != arm) continue;
            if (t->y[i] > 0)
                smallest_with = fmin(smallest_with, sign * t->x[i]);
            else
                largest_without = fmax(largest_without, sign * t->x[i]);
        }
        if (isinf(largest_without) || isinf(smallest_with)) return UNDEFINED_SEPARATION;
        separated &= largest_without <= smallest_with;
    }
    return separated ? UNDEFINED_SEPARATION : UNDEFINED_NO;
}

static void test_separation_is_exactly_that(void **state)
{
    (void)state;
    uint64_t seed = 3;
    int seen[UNDEFINED_COUNT] = {0};
    for (int k = 0; k < 4000; k++) {
        struct trial t;
        const double *x;
        draw(&t, 6 + k % 6, k % 3 ? 4 : 1000000, &seed);
        struct sample s = sample_of_trial(&t, 1, &x);
        s.term = 0;
        if (s.n_arm[0] == 0 || s.n_arm[1] == 0) continue;
        const struct result got = run_logistic(&s, WALD, 1);
        seen[got.why]++;
        if (got.events == 0) {
            assert_int_equal(got.why, UNDEFINED_NO_EVENTS);
        } else if (got.events == t.n) {
            assert_int_equal(got.why, UNDEFINED_ALL_EVENTS);
        } else if (got.why != UNDEFINED_SINGULAR) {
            enum undefined expected = separation_oracle(&t, 1);
            if (expected == UNDEFINED_NO) expected = separation_oracle(&t, -1);
            if (got.why != expected) {
                fail_msg("trial %d: '%s' instead of '%s'", k, undefined_text(got.why),
                         undefined_text(expected));
            }
        }
    }
    assert_true(seen[UNDEFINED_NO] > 500 && seen[UNDEFINED_SEPARATION] > 500);
    assert_true(seen[UNDEFINED_NO_EVENTS] > 5 && seen[UNDEFINED_ALL_EVENTS] > 5);
}

static enum undefined why_logistic(const struct trial *t)
{
    const double *x;
    const struct sample s = sample_of_trial(t, 1, &x);
    const struct result got = run_logistic(&s, WALD, 1);
    if (got.why != UNDEFINED_NO) {
        assert_true(isnan(got.estimate) && isnan(got.se) && isnan(got.ci_low));
        assert_true(isnan(got.ci_high) && isnan(got.statistic) && isnan(got.p_value));
    }
    assert_int_equal(got.n, t->n);
    return got.why;
}

static void test_logistic_without_an_answer(void **state)
{
    (void)state;
    uint64_t seed = 4;
    struct trial good, t;
    draw(&good, 60, 5, &seed);
    assert_int_equal(why_logistic(&good), UNDEFINED_NO);
    t = good;
    for (int i = 0; i < t.n; i++) t.y[i] = 0;
    assert_int_equal(why_logistic(&t), UNDEFINED_NO_EVENTS);
    for (int i = 0; i < t.n; i++) t.y[i] = 1;
    assert_int_equal(why_logistic(&t), UNDEFINED_ALL_EVENTS);
    for (int i = 0; i < t.n; i++) t.y[i] = good.y[i] * t.arm[i];
    assert_int_equal(why_logistic(&t), UNDEFINED_NO_EVENTS_IN_ARM);
    for (int i = 0; i < t.n; i++) t.y[i] = fmax(good.y[i], t.arm[i]);
    assert_int_equal(why_logistic(&t), UNDEFINED_ALL_EVENTS_IN_ARM);
    t = good;
    for (int i = 0; i < t.n; i++) t.x[i] = 5 - 3.0 * t.arm[i];
    assert_int_equal(why_logistic(&t), UNDEFINED_SINGULAR);
    for (int i = 0; i < t.n; i++) t.x[i] = 0.3;
    assert_int_equal(why_logistic(&t), UNDEFINED_SINGULAR);
    memset(t.arm, 0, sizeof t.arm);
    assert_int_equal(why_logistic(&t), UNDEFINED_EMPTY_ARM);
    t.n = 0;
    assert_int_equal(why_logistic(&t), UNDEFINED_NO_PATIENTS);
}

/* Sensitivity and specificity when each patient is called by the cutoff found without them. */
static void leave_one_out(const struct trial *t, double shares[2])
{
    double called[2] = {0, 0}, n[2] = {0, 0};
    for (int left = 0; left < t->n; left++) {
        struct trial others = *t;
        const double *x;
        others.n = 0;
        for (int i = 0; i < t->n; i++) {
            if (i == left) continue;
            others.x[others.n] = t->x[i];
            others.y[others.n++] = t->y[i];
        }
        const struct sample s = sample_of_trial(&others, 0, &x);
        struct result r[ROC_OUTPUTS];
        run_roc(&s, NAN, r);
        const int is_case = t->y[left] > 0;
        n[is_case]++;
        called[is_case] += r[1].why == UNDEFINED_NO && t->x[left] > r[1].estimate;
    }
    shares[0] = called[1] / n[1];
    shares[1] = 1 - called[0] / n[0];
}

/* AUC and DeLong's variance by their definition: all pairs, psi = 1 above, 1/2 tied, 0 below; the
 * best cutoff by trying each midpoint. */
static void test_roc_against_definition(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int k = 0; k < 40; k++) {
        struct trial t;
        const double *x;
        draw(&t, 50, k % 2 ? 6 : 1000, &seed);
        double n1 = 0, pairs = 0, v10 = 0, v01 = 0;
        for (int i = 0; i < t.n; i++) n1 += t.y[i];
        const double n0 = t.n - n1;
        double placement[N_MAX] = {0};
        for (int i = 0; i < t.n; i++) {
            for (int j = 0; j < t.n; j++) {
                if (t.y[i] < 0.5 || t.y[j] > 0.5) continue;
                const double psi = t.x[i] > t.x[j] ? 1 : t.x[i] < t.x[j] ? 0 : 0.5;
                pairs += psi;
                placement[i] += psi / n0;
                placement[j] += psi / n1;
            }
        }
        const double auc = pairs / (n1 * n0);
        for (int i = 0; i < t.n; i++) {
            const double d = placement[i] - auc;
            *(t.y[i] > 0 ? &v10 : &v01) += d * d;
        }
        const struct sample s = sample_of_trial(&t, 0, &x);
        struct result r[ROC_OUTPUTS];
        run_roc(&s, NAN, r);
        close_to("definition", "auc", r[0].estimate, auc, 1e-13);
        close_to("definition", "se", r[0].se, sqrt(v10 / n1 / (n1 - 1) + v01 / n0 / (n0 - 1)),
                 1e-12);
        for (int i = 0; i < t.n; i++) {
            struct result at[ROC_OUTPUTS];
            run_roc(&s, t.x[i], at);
            if (at[2].estimate > 0) {
                assert_true(at[2].estimate + at[3].estimate <=
                            r[2].estimate + r[3].estimate + 1e-12);
            }
        }
        double shares[2];
        leave_one_out(&t, shares);
        close_to("definition", "sensitivity_cv", r[4].estimate, shares[0], 1e-14);
        close_to("definition", "specificity_cv", r[5].estimate, shares[1], 1e-14);
        for (int i = 0; i < t.n; i++) t.x[i] = -t.x[i];
        struct result mirrored[ROC_OUTPUTS];
        run_roc(&s, NAN, mirrored);
        close_to("mirrored", "auc", mirrored[0].estimate, 1 - auc, 1e-12);
    }
}

static void test_roc_without_an_answer(void **state)
{
    (void)state;
    const double y[] = {0, 1, 0, 1, 1}, none[5] = {0}, one[] = {0, 0, 1, 0, 0};
    const double marker[] = {1, 5, 2, 6, 4}, flat[] = {3, 3, 3, 3, 3};
    struct data d = {5, y, NULL, 0, NULL, marker};
    struct sample s = sample_of(&d, 0, NULL);
    struct result r[ROC_OUTPUTS];
    run_roc(&s, NAN, r); /* perfect: no variance to test with */
    assert_int_equal(r[0].why, UNDEFINED_NO);
    close_to("perfect", "area", r[0].estimate, 1, 0);
    close_to("perfect", "ci_low", r[0].ci_low, 1, 0);
    assert_true(isnan(r[0].p_value));
    close_to("perfect", "cutoff", r[1].estimate, 3, 0);
    s.value = none;
    run_roc(&s, NAN, r);
    for (int i = 0; i < 4; i++) assert_int_equal(r[i].why, UNDEFINED_NO_CASES);
    s.value = one;
    run_roc(&s, 1.5, r);
    assert_int_equal(r[0].why, UNDEFINED_TOO_FEW);
    close_to("one case", "sensitivity", r[2].estimate, 1, 0);
    close_to("one case", "specificity", r[3].estimate, 0.25, 0);
    s.value = y;
    s.marker = flat;
    run_roc(&s, NAN, r);
    for (int i = 0; i < 4; i++) assert_int_equal(r[i].why, UNDEFINED_CONSTANT_MARKER);
    s.n = 0;
    run_roc(&s, NAN, r);
    for (int i = 0; i < 4; i++) assert_int_equal(r[i].why, UNDEFINED_NO_PATIENTS);
}

static void test_tables(void **state)
{
    (void)state;
    assert_int_equal(analysis_logistic.params_size, sizeof(struct logistic_parameters));
    assert_string_equal(analysis_logistic.params[0].choices, "wald|likelihood_ratio");
    assert_int_equal(analysis_roc.params_size, sizeof(struct roc_parameters));
    assert_string_equal(analysis_roc.params[0].name, "cutoff");
    assert_true(isnan(analysis_roc.params[0].fallback));
    assert_int_equal(analysis_roc.n_outputs, ROC_OUTPUTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_logistic_as_r),
        cmocka_unit_test(test_roc_as_r),
        cmocka_unit_test(test_two_markers_as_r),
        cmocka_unit_test(test_properties_of_logistic),
        cmocka_unit_test(test_fourfold_table),
        cmocka_unit_test(test_separation_is_exactly_that),
        cmocka_unit_test(test_logistic_without_an_answer),
        cmocka_unit_test(test_roc_against_definition),
        cmocka_unit_test(test_roc_without_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
