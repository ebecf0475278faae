/* test_missing.c - patients without an outcome: R's numbers for fills, draws and Rubin's rules;
 * limits of many imputations; bias and coverage; who is filled in.  SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "base/stream.h"
#include "model/missing.h"
#include "stat/distribution.h"
#include "stat/imputation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fill_case {
    const char *name;
    int n, n_x;
    double origin;                               /* about which numbers are compared */
    const double *y, *arm, *x, *u, *mean, *draw; /* mean and draw: of the missing, in order */
    double lowest, highest;
    double by_regression[5], by_arm[5]; /* estimate, se, limits, p of t.test */
    double constant[4][5];              /* worst, best, worst_best, best_worst */
    double rank_p[4];
};
struct pool_case {
    const char *name;
    double from[5]; /* m, mean, mean variance, variance of estimates, degrees of freedom */
    double to[10];  /* estimate, se, limits, t, p, df, within, between, missing information */
};

#include "oracle/missing.h"

enum { N_MAX = 1000, X_MAX = 3 };
#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static void close_to(const char *name, const char *what, double found, double expected,
                     double tolerance)
{
    if (fabs(found - expected) <= tolerance * fmax(1, fabs(expected))) return;
    fail_msg("%s: %s is %.17g, should be %.17g", name, what, found, expected);
}

/* --- stat: predictions, draws, pooling ----------------------------------------------------------
 */

struct regression {
    const double *x[X_MAX + 1];
    int n_missing, missing[N_MAX];
};

static struct regression regression_of(const struct fill_case *c)
{
    struct regression d = {.x = {c->arm}};
    for (int j = 0; j < c->n_x; j++) d.x[1 + j] = c->x + j * c->n;
    for (int i = 0; i < c->n; i++)
        if (isnan(c->y[i])) d.missing[d.n_missing++] = i;
    return d;
}

static void test_predictions_and_draws_as_r(void **state)
{
    (void)state;
    struct scratch w = {0};
    for (int k = 0; k < COUNT(fill_cases); k++) {
        const struct fill_case *c = &fill_cases[k];
        const struct regression d = regression_of(c);
        const struct imputation m = imputation_fit(c->y, d.x, 1 + c->n_x, c->n, &w);
        assert_int_equal(m.rank, 2 + c->n_x);
        assert_int_equal(m.n_known, c->n - d.n_missing);
        const int n = imputation_draws(&m, d.n_missing);
        double *u = scratch_doubles(&w, n + 8), *y = scratch_doubles(&w, c->n);
        memset(u, 0, (size_t)(n + 8) * sizeof *u); /* padding lanes are computed too */
        memcpy(u, c->u, (size_t)n * sizeof *u);
        imputation_draw(&m, u, d.missing, d.n_missing, y);
        for (int i = 0; i < d.n_missing; i++) {
            const int row = d.missing[i];
            close_to(c->name, "mean", imputation_mean(&m, row) - c->origin, c->mean[i], 1e-8);
            close_to(c->name, "draw", y[row] - c->origin, c->draw[i], 1e-8);
        }
    }
    scratch_free(&w);
}

/* A column that is a sum of others, or does not vary where the response is known, adds nothing. */
static void test_collinear_columns_are_left_out(void **state)
{
    (void)state;
    const double y[] = {1, 3, 2, 5, NAN, 4}, a[] = {0, 1, 0, 1, 1, 0}, b[] = {1, 2, 4, 3, 7, 5};
    const double sum[] = {1, 3, 4, 4, 8, 5}, late[] = {0, 0, 0, 0, 1, 0}, none[6] = {0};
    const double *const two[] = {a, b}, *const five[] = {a, b, sum, late, none};
    struct scratch w = {0};
    const struct imputation m = imputation_fit(y, two, 2, 6, &w),
                            n = imputation_fit(y, five, 5, 6, &w);
    assert_int_equal(m.rank, 3);
    assert_int_equal(n.rank, 3);
    close_to("collinear", "mean", imputation_mean(&n, 4), imputation_mean(&m, 4), 1e-14);
    scratch_free(&w);
}

static void test_rubins_rules_as_mice(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT(pool_cases); k++) {
        const struct pool_case *c = &pool_cases[k];
        const struct imputations of = {(int)c->from[0], c->from[1], c->from[2], c->from[3],
                                       c->from[4]};
        struct result r[POOLED_OUTPUTS];
        missing_pool(&of, &(struct inference){0.05, 2, 0, -1, 1.96}, r);
        const double found[] = {r[POOLED].estimate,         r[POOLED].se,
                                r[POOLED].ci_low,           r[POOLED].ci_high,
                                r[POOLED].statistic,        r[POOLED].p_value,
                                r[POOLED_DF].estimate,      r[POOLED_WITHIN].estimate,
                                r[POOLED_BETWEEN].estimate, r[POOLED_INFORMATION].estimate};
        for (int i = 0; i < 10; i++) close_to(c->name, "pooled", found[i], c->to[i], 1e-11);
    }
}

/* --- analyses -----------------------------------------------------------------------------------
 */

enum { Y, ELIGIBLE, X, COLUMNS = X + X_MAX };
static const char *const names[] = {"y", "y_eligible", "x1", "x2", "x3"};
static const char *const arms[] = {"control", "treated"};

struct data {
    int n;
    unsigned char arm[N_MAX];
    double value[COLUMNS][N_MAX];
};

struct question {
    struct reading g;
    struct column column[COLUMNS];
    struct schema schema;
    struct endpoint_columns endpoint;
    struct analysis_specs specs;
    struct bound_analysis bound;
};

static void question_read(struct question *q, const char *line, struct bounds bounds, int eligible)
{
    char text[512];
    *q = (struct question){.schema = {COLUMNS, NULL},
                           .endpoint = {.name = "y",
                                        .value = Y,
                                        .time = -1,
                                        .event = -1,
                                        .eligible = eligible,
                                        .baseline = -1,
                                        .binary = true,
                                        .better = -1,
                                        .bounds = bounds}};
    for (int k = 0; k < COLUMNS; k++) q->column[k] = (struct column){.name = names[k]};
    q->schema.column = q->column;
    (void)snprintf(text, sizeof text, "a: {endpoint: y, %s}", line);
    analyses_read(&q->g.r, read_text(&q->g, text), &q->specs);
    const struct binding to = {&q->schema, 1, &q->endpoint, 2, arms, 0, NULL};
    assert_no_errors(&q->g);
    q->bound = analysis_bind(&q->g.r, &q->specs.item[0], &to);
    assert_no_errors(&q->g);
}

static void ask(const struct question *q, const struct data *d, struct scratch *w,
                struct result *out)
{
    const double *value[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) value[k] = d->value[k];
    const struct dataset set = {&q->schema, d->n, 2, d->arm, value};
    analysis_run(&q->bound, &set, w, out);
}

/* One question to one set of data. */
static void answer(const char *line, struct bounds bounds, int eligible, const struct data *d,
                   struct result *out)
{
    struct question q;
    struct scratch w = {0};
    question_read(&q, line, bounds, eligible);
    ask(&q, d, &w, out);
    scratch_free(&w);
    reading_free(&q.g);
}

static struct data *data_of(const struct fill_case *c)
{
    struct data *d = calloc(1, sizeof *d);
    d->n = c->n;
    for (int i = 0; i < c->n; i++) d->arm[i] = c->arm[i] > 0;
    memcpy(d->value[Y], c->y, (size_t)c->n * sizeof *c->y);
    for (int j = 0; j < c->n_x; j++)
        memcpy(d->value[X + j], c->x + j * c->n, (size_t)c->n * sizeof *c->x);
    for (int i = 0; i < c->n; i++) d->value[ELIGIBLE][i] = 1;
    return d;
}

static void check_t(const char *name, const struct result *r, const double expected[5], int n)
{
    close_to(name, "estimate", r->estimate, expected[0], 1e-9);
    close_to(name, "se", r->se, expected[1], 1e-9);
    close_to(name, "ci_low", r->ci_low, expected[2], 1e-8);
    close_to(name, "ci_high", r->ci_high, expected[3], 1e-8);
    close_to(name, "p", r->p_value, expected[4], 1e-8);
    assert_int_equal(r->n, n);
}

static void test_fills_as_r(void **state)
{
    (void)state;
    static const char *const with[] = {"", "x1", "x1, x2", "x1, x2, x3"};
    static const char *const word[] = {"worst", "best", "worst_best", "best_worst"};
    char line[128];
    for (int k = 0; k < COUNT(fill_cases); k++) {
        const struct fill_case *c = &fill_cases[k];
        const struct bounds bounds = {c->lowest, c->highest};
        struct data *d = data_of(c);
        struct result r[OUTPUTS_MAX];
        (void)snprintf(line, sizeof line,
                       "method: mean_difference, missing: single, impute_with: [%s]", with[c->n_x]);
        answer(line, bounds, -1, d, r);
        check_t(c->name, r, c->by_regression, c->n);
        answer("method: mean_difference, missing: single", bounds, -1, d, r);
        check_t(c->name, r, c->by_arm, c->n);
        for (int i = 0; i < 4; i++) {
            (void)snprintf(line, sizeof line, "method: mean_difference, missing: %s", word[i]);
            answer(line, bounds, -1, d, r);
            check_t(c->name, r, c->constant[i], c->n);
            (void)snprintf(line, sizeof line, "method: wilcoxon, missing: %s", word[i]);
            answer(line, bounds, -1, d, r);
            close_to(c->name, "p of ranks", r->p_value, c->rank_p[i], 1e-9);
        }
        free(d);
    }
}

/* Yes or no: control 1 of 3 known and one missing, treated 2 of 3 known and two missing. */
static void test_yes_or_no(void **state)
{
    (void)state;
    static const struct data d = {
        .n = 9, .arm = {0, 0, 0, 0, 1, 1, 1, 1, 1}, .value = {{1, 0, 0, NAN, 1, 1, 0, NAN, NAN}}};
    const struct {
        const char *word;
        double control, treated;
    } cases[] = {{"complete", 1 / 3.0, 2 / 3.0},
                 {"worst", 2 / 4.0, 4 / 5.0},
                 {"best", 1 / 4.0, 2 / 5.0},
                 {"worst_best", 1 / 4.0, 4 / 5.0},
                 {"best_worst", 2 / 4.0, 2 / 5.0}};
    const struct bounds unknown = {NAN, NAN};
    for (int k = 0; k < COUNT(cases); k++) {
        char line[128];
        struct result r[OUTPUTS_MAX];
        (void)snprintf(line, sizeof line, "method: risk_difference, missing: %s", cases[k].word);
        answer(line, unknown, -1, &d, r);
        close_to(cases[k].word, "difference", r->estimate, cases[k].treated - cases[k].control,
                 1e-14);
        assert_int_equal(r->n, k == 0 ? 6 : 9);
        (void)snprintf(line, sizeof line, "method: relative_risk, missing: %s", cases[k].word);
        answer(line, unknown, -1, &d, r);
        close_to(cases[k].word, "ratio", r->estimate, cases[k].treated / cases[k].control, 1e-14);
    }
}

/* Who is not eligible is left out whatever the method; so is who lacks a covariate it reads, and
 * who is outside the subgroup, which sees the outcome as it was. Who lacks one that only predicts
 * is not filled in. */
static void test_who_is_filled_in(void **state)
{
    (void)state;
    struct data d = {.n = 10,
                     .arm = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1},
                     .value = {[Y] = {3, 5, NAN, NAN, 4, 6, 8, NAN, 7, NAN},
                               [ELIGIBLE] = {1, 1, 1, 0, 1, 1, 1, 1, 1, 0},
                               [X] = {1, 2, 3, 4, 5, 1, 2, NAN, 4, 5}}};
    const struct bounds bounds = {0, 24};
    struct result r[OUTPUTS_MAX];
    answer("method: mean_difference, missing: worst", bounds, ELIGIBLE, &d, r);
    close_to("eligible", "worst", r->estimate, (6 + 8 + 24 + 7) / 4.0 - (3 + 5 + 24 + 4) / 4.0,
             1e-14);
    assert_int_equal(r->n, 8);
    answer("method: mean_difference, missing: worst", bounds, -1, &d, r);
    assert_int_equal(r->n, 10);
    answer("method: mean_difference, missing: worst, adjust: [x1]", bounds, ELIGIBLE, &d, r);
    assert_int_equal(r->n, 7);
    answer("method: mean_difference, missing: single, impute_with: [x1]", bounds, ELIGIBLE, &d, r);
    assert_int_equal(r->n, 7);
    answer("method: mean_difference, missing: worst, where: \"x1 < 4\"", bounds, ELIGIBLE, &d, r);
    close_to("where", "worst", r->estimate, (6 + 8) / 2.0 - (3 + 5 + 24) / 3.0, 1e-14);
    answer("method: mean_difference, missing: worst, where: \"y > 3\"", bounds, ELIGIBLE, &d, r);
    assert_int_equal(r->n, 5); /* an unknown outcome is in no subgroup of outcomes */
    d.value[ELIGIBLE][0] = 0;
    answer("method: mean_difference, missing: best", bounds, ELIGIBLE, &d, r);
    close_to("not eligible, but known", "best", r->estimate,
             (6 + 8 + 0 + 7) / 4.0 - (5 + 0 + 4) / 3.0, 1e-14);
}

static void test_nothing_missing(void **state)
{
    (void)state;
    const struct data d = {.n = 6, .arm = {0, 1, 0, 1, 0, 1}, .value = {{1, 4, 2, 8, 4, 5}}};
    struct result whole[OUTPUTS_MAX], r[OUTPUTS_MAX];
    answer("method: mean_difference", (struct bounds){0, 24}, -1, &d, whole);
    answer("method: mean_difference, missing: multiple", (struct bounds){NAN, NAN}, -1, &d, r);
    assert_memory_equal(&whole[0], &r[0], offsetof(struct result, why));
    close_to("nothing missing", "within", r[POOLED_WITHIN].estimate, whole[0].se, 0);
    close_to("nothing missing", "between", r[POOLED_BETWEEN].estimate, 0, 0);
}

static void test_without_an_answer(void **state)
{
    (void)state;
    const struct data nobody = {.n = 4, .arm = {0, 1, 0, 1}, .value = {{NAN, NAN, NAN, NAN}}},
                      one_arm = {.n = 4, .arm = {0, 1, 0, 1}, .value = {{1, NAN, 2, NAN}}},
                      two = {.n = 4, .arm = {0, 1, 0, 1}, .value = {{1, 3, NAN, NAN}}},
                      alike = {
                          .n = 6, .arm = {0, 1, 0, 1, 0, 1}, .value = {{1, 3, 1, 3, NAN, NAN}}};
    const struct {
        const struct data *data;
        enum undefined single, multiple;
    } cases[] = {{&nobody, UNDEFINED_NO_PATIENTS, UNDEFINED_NO_PATIENTS},
                 {&one_arm, UNDEFINED_EMPTY_ARM, UNDEFINED_EMPTY_ARM},
                 {&two, UNDEFINED_NO_VARIATION, UNDEFINED_TOO_FEW},
                 {&alike, UNDEFINED_NO_VARIATION, UNDEFINED_NO_VARIATION}};
    const struct bounds unknown = {NAN, NAN};
    for (int k = 0; k < COUNT(cases); k++) {
        struct result r[OUTPUTS_MAX];
        answer("method: mean_difference, missing: single", unknown, -1, cases[k].data, r);
        assert_int_equal(r[0].why, cases[k].single);
        answer("method: mean_difference, missing: multiple", unknown, -1, cases[k].data, r);
        for (int i = 0; i < POOLED_OUTPUTS; i++) {
            assert_int_equal(r[i].why, cases[k].multiple);
            assert_true(isnan(r[i].estimate));
        }
    }
}

/* --- multiple imputation ------------------------------------------------------------------------
 */

static double normal_of(struct stream *s)
{
    return normal_quantile(stream_uniform(s));
}

/* Outcomes that depend on x1 and the arm; missing more often where x1 is large, in treated only: at
 * random given arm and x1, but the known of the arms differ in x1. */
static void draw_trial(struct data *d, int n, uint64_t replicate)
{
    struct stream s = stream_for(20190217, replicate, stream_variable("trial"));
    d->n = n;
    for (int i = 0; i < n; i++) {
        const double x = normal_of(&s), e = normal_of(&s), u = stream_uniform(&s);
        d->arm[i] = i % 2 == 1;
        d->value[X][i] = x;
        d->value[Y][i] = 2 + x + 0.5 * d->arm[i] + e;
        if (d->arm[i] > 0 && u < 1 / (1 + exp(-1.5 * x))) d->value[Y][i] = NAN;
    }
}

static void test_order_changes_nothing(void **state)
{
    (void)state;
    struct data *d = calloc(1, sizeof *d), *other = calloc(1, sizeof *other);
    struct result a[OUTPUTS_MAX], b[OUTPUTS_MAX];
    const char *line = "method: mean_difference, missing: multiple, impute_with: [x1]";
    draw_trial(d, 200, 0);
    for (int i = 0; i < 40; i++) d->value[X][i] = i % 4; /* patients that are alike */
    other->n = d->n;
    for (int i = 0; i < d->n; i++) {
        const int from = (i * 77 + 13) % d->n;
        other->arm[i] = d->arm[from];
        for (int k = 0; k < COLUMNS; k++) other->value[k][i] = d->value[k][from];
    }
    answer(line, (struct bounds){NAN, NAN}, -1, d, a);
    answer(line, (struct bounds){NAN, NAN}, -1, other, b);
    for (int k = 0; k < POOLED_OUTPUTS; k++)
        close_to("order", "output", b[k].estimate, a[k].estimate, 1e-11);
    close_to("order", "p", b[0].p_value, a[0].p_value, 1e-11);
    other->value[Y][0] += isnan(other->value[Y][0]) ? 0 : 1e-9; /* other data, other draws */
    other->value[X][0] += 1e-9;
    answer(line, (struct bounds){NAN, NAN}, -1, other, b);
    assert_true(fabs(a[POOLED_BETWEEN].estimate - b[POOLED_BETWEEN].estimate) > 1e-6);
    free(d);
    free(other);
}

/* Without covariates, as imputations go on: the estimate tends to the difference of known means;
 * the variance between imputations to the sum over arms of (m/n)^2 RSS / (df - 2) (1/(n - m) +
 * 1/m), m of n missing, for E sigma^2 = RSS / (df - 2). 1,000 imputations; limits of 4.9 standard
 * errors, false alarm 1e-6 each: sqrt(B/1000), and B sqrt(2/999), enlarged by 1.2 as sigma^2
 * varies. */
static void test_many_imputations(void **state)
{
    (void)state;
    struct data *d = calloc(1, sizeof *d);
    struct result r[OUTPUTS_MAX], known[OUTPUTS_MAX];
    draw_trial(d, 120, 1);
    for (int i = 0; i < 20; i += 2) d->value[Y][i] = NAN;
    answer("method: mean_difference, variance: equal", (struct bounds){NAN, NAN}, -1, d, known);
    answer("method: mean_difference, missing: multiple, imputations: 1000",
           (struct bounds){NAN, NAN}, -1, d, r);
    double n[2] = {0, 0}, m[2] = {0, 0};
    for (int i = 0; i < d->n; i++) {
        n[d->arm[i]]++;
        m[d->arm[i]] += isnan(d->value[Y][i]);
    }
    const double k0 = n[0] - m[0], k1 = n[1] - m[1], df = k0 + k1 - 2;
    const double rss = df * known->se * known->se / (1 / k0 + 1 / k1);
    double between = 0;
    for (int a = 0; a < 2; a++)
        between += m[a] * m[a] / (n[a] * n[a]) * rss / (df - 2) * (1 / (n[a] - m[a]) + 1 / m[a]);
    close_to("limit", "estimate", r[POOLED].estimate, known->estimate, 4.9 * sqrt(between / 1000));
    const double found = r[POOLED_BETWEEN].estimate * r[POOLED_BETWEEN].estimate;
    close_to("limit", "between / expected", found / between, 1, 4.9 * 1.2 * sqrt(2 / 999.0));
    free(d);
}

/* 1,000 trials of 120: missing at random given arm and x1. Multiple imputation with x1 is unbiased
 * (within 4.5 standard errors: false alarm 7e-6) and its 95 % limits cover the truth in 0.95 of
 * trials (within 4.5 sqrt(.95 .05 / 1000) = 0.031, and no less on an absolute margin); complete
 * cases are biased by more than 20 standard errors: the twin that shows the check can fail. */
static void test_missing_at_random(void **state)
{
    (void)state;
    enum { TRIALS = 1000 };
    const char *const line[] = {
        "method: mean_difference, missing: multiple, impute_with: [x1], imputations: 10",
        "method: mean_difference"};
    double bias[2], error[2], coverage[2];
    struct data *d = calloc(1, sizeof *d);
    for (int k = 0; k < 2; k++) {
        struct question q;
        struct scratch w = {0};
        double sum = 0, squares = 0, covered = 0;
        question_read(&q, line[k], (struct bounds){NAN, NAN}, -1);
        for (int t = 0; t < TRIALS; t++) {
            struct result r[OUTPUTS_MAX];
            draw_trial(d, 120, (uint64_t)t);
            ask(&q, d, &w, r);
            assert_int_equal(r[0].why, UNDEFINED_NO);
            sum += r[0].estimate - 0.5;
            squares += (r[0].estimate - 0.5) * (r[0].estimate - 0.5);
            covered += r[0].ci_low <= 0.5 && 0.5 <= r[0].ci_high;
        }
        bias[k] = sum / TRIALS;
        error[k] = sqrt((squares / TRIALS - bias[k] * bias[k]) / TRIALS);
        coverage[k] = covered / TRIALS;
        scratch_free(&w);
        reading_free(&q.g);
    }
    print_message("bias %.4f (%.4f), coverage %.3f; complete cases %.4f (%.4f), %.3f\n", bias[0],
                  error[0], coverage[0], bias[1], error[1], coverage[1]);
    assert_true(fabs(bias[0]) < 4.5 * error[0]);
    assert_true(fabs(coverage[0] - 0.95) < 0.031);
    assert_true(fabs(bias[1]) > 20 * error[1]);
    assert_true(coverage[1] < 0.9);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictions_and_draws_as_r),
        cmocka_unit_test(test_collinear_columns_are_left_out),
        cmocka_unit_test(test_rubins_rules_as_mice),
        cmocka_unit_test(test_fills_as_r),
        cmocka_unit_test(test_yes_or_no),
        cmocka_unit_test(test_who_is_filled_in),
        cmocka_unit_test(test_nothing_missing),
        cmocka_unit_test(test_without_an_answer),
        cmocka_unit_test(test_order_changes_nothing),
        cmocka_unit_test(test_many_imputations),
        cmocka_unit_test(test_missing_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
