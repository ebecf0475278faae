/* test_summary.c - operating characteristics: hand examples, R's numbers, properties.
 * SPDX-License-Identifier: MIT */
#include "engine/quantile.h"
#include "engine/study.h"
#include "engine/tally.h"
#include "example_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    double estimate, se, low, high, p;
};

struct summary_case {
    const char *name;
    struct answer answer;
    double truth, truth_se;
    int n;
    const struct row *row;
    int n_measures;
    const struct measure *measure;
};

#include "oracle/summary.h"

static enum status read_case(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    (void)point;
    (void)answer;
    (void)e;
    const struct row *from = handle;
    for (int64_t i = 0; i < count; i++) {
        const struct row *r = &from[first + i];
        rows[i] =
            (struct result){r->estimate, r->se, r->low,
                            r->high,     NAN,   r->p,
                            100,         50,    isnan(r->p) ? UNDEFINED_SEPARATION : UNDEFINED_NO};
    }
    return STATUS_OK;
}

/* The study of one point and one answer, summarised. Its arrays belong to the caller. */
static struct study summarise(const struct row *row, int n, struct answer *answer, double *truth,
                              double *truth_se)
{
    static const char *pairing[] = {""};
    struct study s = {.name = "test",
                      .replicates = n,
                      .n_points = 1,
                      .n_answers = 1,
                      .answer = answer,
                      .truth = truth,
                      .truth_se = truth_se,
                      .pairing = pairing};
    struct row rows[128];
    memcpy(rows, row, (size_t)n * sizeof *row);
    struct errors e = {0};
    const struct result_source from = {.read = read_case, .handle = rows};
    assert_int_equal(study_summarise(&s, &from, NULL, &e), STATUS_OK);
    return s;
}

static const struct measure *find(const struct study *s, const char *name)
{
    for (int64_t i = 0; i < s->n_measures; i++)
        if (strcmp(s->measure[i].name, name) == 0) return &s->measure[i];
    return NULL;
}

static void check_number(const char *name, const char *what, double got, double want,
                         double tolerance)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= tolerance * (1 + fabs(want))) return;
    fail_msg("%s: %s is %.17g, not %.17g", name, what, got, want);
}

static void check_measure(const char *name, const struct measure *got, const struct measure *want)
{
    assert_string_equal(got->name, want->name);
    check_number(name, want->name, got->value, want->value, 1e-12);
    check_number(name, "mcse", got->mcse, want->mcse, 1e-12);
    check_number(name, "low", got->low, want->low, 1e-12);
    check_number(name, "high", got->high, want->high, 1e-12);
    assert_int_equal(got->n, want->n);
}

static void agrees_with_r(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof summary_cases / sizeof summary_cases[0]; i++) {
        const struct summary_case *c = &summary_cases[i];
        struct answer answer = c->answer;
        double truth = c->truth, truth_se = c->truth_se;
        struct study s = summarise(c->row, c->n, &answer, &truth, &truth_se);
        assert_int_equal(s.n_measures, c->n_measures);
        for (int k = 0; k < c->n_measures; k++)
            check_measure(c->name, &s.measure[k], &c->measure[k]);
        study_free(&s);
    }
}

/* Five trials of a difference, larger being better, truth 2 known exactly; by hand:
 * estimates 1, 2, 3, -4 (one undefined): mean 0.5, sum of squares about it 29, sd sqrt(29/3);
 * rejections: 3 (benefit) and -4 (harm); errors 1, 0, 1, 36: mse 9.5; intervals hold 2 except that
 * of -4; type S 1/2; type M (3/2 + 4/2)/2 = 1.75. */
static void hand_example(void **state)
{
    (void)state;
    static const struct row row[] = {{1, 1, 0, 2, 0.3},
                                     {2, 1, 1, 3, 0.06},
                                     {NAN, NAN, NAN, NAN, NAN},
                                     {3, 2, 1, 5, 0.05},
                                     {-4, 2, -6, -2, 0.01}};
    struct answer answer = {"a", "m", SCALE_IDENTITY, 0, 0.05, 2, 1};
    double truth = 2, truth_se = 0;
    struct study s = summarise(row, 5, &answer, &truth, &truth_se);
    const struct {
        const char *name;
        double value, mcse;
        int n;
    } want[] = {
        {"power", 0.2, sqrt(0.2 * 0.8 / 5), 5},
        {"reject", 0.4, sqrt(0.4 * 0.6 / 5), 5},
        {"reject_harm", 0.2, sqrt(0.2 * 0.8 / 5), 5},
        {"undefined", 0.2, sqrt(0.2 * 0.8 / 5), 5},
        {"estimate_mean", 0.5, sqrt(29.0 / 12), 4},
        {"estimate_median", 1.5, NAN, 4},
        {"truth", 2, 0, 0},
        {"bias", -1.5, sqrt(29.0 / 12), 4},
        {"relative_bias", -0.75, sqrt(29.0 / 12) / 2, 4},
        {"empirical_se", sqrt(29.0 / 3), sqrt(29.0 / 18), 4},
        {"model_se", sqrt(2.5), sqrt(3.0 / 4) / (2 * sqrt(2.5)), 4},
        {"mse", 9.5, sqrt((8.5 * 8.5 * 2 + 9.5 * 9.5 + 26.5 * 26.5) / 12), 4},
        {"coverage", 0.75, sqrt(0.75 * 0.25 / 4), 4},
        {"ci_width", 3, sqrt(4.0 / 12), 4},
        {"type_s", 0.5, sqrt(0.125), 2},
        {"type_m", 1.75, 0.25, 2},
    };
    assert_int_equal(s.n_measures, sizeof want / sizeof want[0]);
    for (int i = 0; i < s.n_measures; i++) {
        assert_string_equal(s.measure[i].name, want[i].name);
        check_number("hand", want[i].name, s.measure[i].value, want[i].value, 1e-14);
        check_number("hand", "mcse", s.measure[i].mcse, want[i].mcse, 1e-14);
        assert_int_equal(s.measure[i].n, want[i].n);
    }
    study_free(&s);
}

static void wilson_limits(void **state)
{
    (void)state;
    /* Newcombe 1998 (Stat Med 17:857), Table I, method 3: 81/263, 15/148, 0/20, 1/29. */
    const struct {
        int yes, n;
        double low, high;
    } want[] = {{81, 263, 0.2553, 0.3662},
                {15, 148, 0.0624, 0.1605},
                {0, 20, 0.0000, 0.1611},
                {1, 29, 0.0061, 0.1718}};
    for (int i = 0; i < 4; i++) {
        const struct measure m = measure_share("x", want[i].yes, want[i].n);
        assert_true(fabs(m.low - want[i].low) < 5.1e-5 && fabs(m.high - want[i].high) < 5.1e-5);
    }
    assert_true(measure_share("x", 0, 7).low >= 0 && measure_share("x", 0, 7).low <= 0);
    assert_true(measure_share("x", 7, 7).high >= 1 && measure_share("x", 7, 7).high <= 1);
    assert_true(isnan(measure_share("x", 0, 0).value));
}

static void one_sided_rejections_are_power(void **state)
{
    (void)state;
    const struct answer a = {"a", "m", SCALE_LOG, 1.25, 0.025, 1, -1};
    const struct result inside = {.estimate = 1.1, .p_value = 0.025, .why = UNDEFINED_NO};
    const struct result undefined = {.estimate = NAN, .p_value = NAN, .why = UNDEFINED_NO_EVENTS};
    assert_true(result_rejects(&a, &inside));
    assert_true(result_favours_benefit(&a, &inside));
    assert_false(result_rejects(&a, &undefined));
    assert_false(result_favours_benefit(&a, &undefined));
}

static void nothing_defined(void **state)
{
    (void)state;
    static const struct row row[] = {{NAN, NAN, NAN, NAN, NAN}, {NAN, NAN, NAN, NAN, NAN}};
    struct answer answer = {"a", "m", SCALE_LOG, 1, 0.05, 2, -1};
    double truth = -0.3, truth_se = 0.01;
    struct study s = summarise(row, 2, &answer, &truth, &truth_se);
    check_number("none", "power", find(&s, "power")->value, 0, 0);
    assert_int_equal(find(&s, "power")->n, 2);
    check_number("none", "undefined", find(&s, "undefined")->value, 1, 0);
    const char *empty[] = {
        "estimate_mean", "estimate_median", "bias",     "empirical_se", "model_se",
        "mse",           "coverage",        "ci_width", "type_s",       "type_m"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        assert_true(isnan(find(&s, empty[i])->value));
        assert_int_equal(find(&s, empty[i])->n, 0);
    }
    study_free(&s);
}

/* A test without an estimate (a chi-squared test) has a rejection, but no direction and no mean. */
static void test_without_estimate(void **state)
{
    (void)state;
    static const struct row row[] = {{NAN, NAN, NAN, NAN, 0.01}, {NAN, NAN, NAN, NAN, 0.4}};
    struct answer answer = {"a", "m", SCALE_IDENTITY, 0, 0.05, 2, 1};
    double truth = NAN, truth_se = NAN;
    struct study s = summarise(row, 2, &answer, &truth, &truth_se);
    check_number("test", "reject", find(&s, "reject")->value, 0.5, 0);
    assert_true(isnan(find(&s, "power")->value));
    assert_true(isnan(find(&s, "estimate_mean")->value));
    assert_null(find(&s, "bias"));
    study_free(&s);
}

/* An odds ratio of 0 has no logarithm: it is rejected, covered and ranked, but not averaged. */
static void infinite_logarithm(void **state)
{
    (void)state;
    static const struct row row[] = {{0, NAN, 0, 0.9, 0.04}, {0.5, 0.3, 0.2, 1.1, 0.1}};
    struct answer answer = {"a", "m", SCALE_LOG, 1, 0.05, 2, -1};
    double truth = log(0.5), truth_se = 0;
    struct study s = summarise(row, 2, &answer, &truth, &truth_se);
    check_number("zero", "power", find(&s, "power")->value, 0.5, 0);
    check_number("zero", "estimate_mean", find(&s, "estimate_mean")->value, 0.5, 1e-15);
    assert_int_equal(find(&s, "estimate_mean")->n, 1);
    check_number("zero", "estimate_median", find(&s, "estimate_median")->value, 0.25, 1e-15);
    check_number("zero", "coverage", find(&s, "coverage")->value, 1, 0);
    check_number("zero", "type_s", find(&s, "type_s")->value, 0, 0);
    study_free(&s);
}

/* Of k, k+1, …, k+n-1 the mean is k + (n-1)/2 and the variance n(n+1)/12, however large k and
 * whatever the pieces; equal numbers have none. What is not finite is left out. */
static void moments_of_pieces(void **state)
{
    (void)state;
    enum { N = 9000 };
    double x[N + 3];
    for (int i = 0; i < N; i++) x[i] = 1e9 + i;
    x[N] = NAN, x[N + 1] = INFINITY, x[N + 2] = -INFINITY;
    for (int piece = 1; piece <= N; piece = piece * 3 + 1) {
        struct moments m = {0}, equal = {0};
        for (int at = 0; at < N; at += piece)
            moments_add_all(&m, x + at, N - at < piece ? N - at : piece);
        moments_add_all(&m, x + N, 3);
        assert_int_equal(m.n, N);
        check_number("pieces", "mean", m.mean, 1e9 + (N - 1) / 2.0, 1e-15);
        check_number("pieces", "variance", moments_variance(&m), N * (N + 1.0) / 12, 1e-12);
        for (int at = 0; at < N; at += piece) {
            const double same[3] = {0.1, 0.1, 0.1};
            moments_add_all(&equal, same, 3);
        }
        check_number("equal", "mean", equal.mean, 0.1, 0);
        check_number("equal", "squares", equal.squares, 0, 0);
    }
}

/* Points times answers in order, more rows than one block, and the measures a design added stay. */
static void whole_study(void **state)
{
    (void)state;
    struct study s = example_study(5000);
    struct measure before = {.name = "patients_mean", .value = 424, .n = 5000};
    struct errors e = {0};
    const struct result_source from = example_rows();
    s.measure = &before;
    s.n_measures = 1;
    assert_int_equal(study_summarise(&s, &from, NULL, &e), STATUS_OK);
    assert_string_equal(s.measure[0].name, "patients_mean");
    for (int64_t i = 2; i < s.n_measures; i++) {
        const struct measure *a = &s.measure[i - 1], *b = &s.measure[i];
        assert_true(a->point < b->point || (a->point == b->point && a->answer <= b->answer));
    }
    /* replicates 3, 20, 37, … of the first answer are undefined: 294 of 5,000 */
    for (int64_t i = 0; i < s.n_measures; i++)
        if (strcmp(s.measure[i].name, "undefined") == 0)
            check_number("study", "undefined", s.measure[i].value,
                         s.measure[i].answer == 0 ? 294.0 / 5000 : 0, 0);
    arena_free(&s.memory);
}

static enum status read_pair(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    (void)point;
    (void)e;
    const struct row(*row)[10] = handle;
    for (int64_t i = 0; i < count; i++) {
        const struct row *r = &row[answer][first + i];
        rows[i] = (struct result){.estimate = r->estimate,
                                  .se = r->se,
                                  .ci_low = r->low,
                                  .ci_high = r->high,
                                  .p_value = r->p,
                                  .why = isnan(r->p) ? UNDEFINED_SEPARATION : UNDEFINED_NO};
    }
    return STATUS_OK;
}

static void check_pair(const struct agreement *g, const char *measure, int a, int b,
                       const double *want)
{
    assert_string_equal(g->measure, measure);
    assert_int_equal(g->a, a);
    assert_int_equal(g->b, b);
    check_number(measure, "both", g->both, want[0], 1e-15);
    check_number(measure, "only a", g->only_a, want[1], 1e-15);
    check_number(measure, "only b", g->only_b, want[2], 1e-15);
    check_number(measure, "neither", g->neither, want[3], 1e-15);
    check_number(measure, "difference", g->difference, want[4], 1e-15);
    check_number(measure, "mcse", g->mcse, want[5], 1e-15);
    check_number(measure, "low", g->low, want[4] - 1.96 * want[5], 1e-15);
    assert_int_equal(g->n, 10);
}

/* Ten trials, + rejects for benefit, - for harm, . not, u no answer, counted by hand:
 *   a  + + + . - - u . + .      b  + . - . - . + + + .      c (no direction)  x x . . . x . . . .
 * a and b, power: both 2, only a 2, only b 2, neither 4; reject: both 4, a 2, b 2, 2.
 * d_i = +1, 0 or -1: mcse² = (mean d² - (mean d)²)/10. c has no power: compared by reject alone,
 * a and c: both 3, a 3, c 0, 4; b and c: both 1, b 5, c 2, 2. A descriptive and an untested answer
 * are no analyses. */
static void agreement_by_hand(void **state)
{
    (void)state;
    enum { A, B, UNTESTED, C, DESCRIBED, ANSWERS };
    static const char *const shown[ANSWERS] = {"+++.--u.+.", "+.-.-.+++.", "++++++++++",
                                               "xx...x....", "++++++++++"};
    struct row row[ANSWERS][10];
    for (int k = 0; k < ANSWERS; k++)
        for (int i = 0; i < 10; i++) {
            const char c = shown[k][i];
            const double x = k == C || c == 'u' ? NAN : c == '-' ? -1 : 1;
            row[k][i] = (struct row){x, 1, x - 2, x + 2, c == 'u' ? NAN : c == '.' ? 0.5 : 0.01};
        }
    struct answer answer[] = {{"a", "m", SCALE_IDENTITY, 0, 0.05, 2, 1},
                              {"b", "m", SCALE_IDENTITY, 0, 0.05, 2, 1},
                              {"b.share", "m", SCALE_IDENTITY, NAN, 0.05, 2, 1},
                              {"c", "m", SCALE_IDENTITY, 0, 0.05, 2, 1},
                              {"d", DESCRIBE_METHOD, SCALE_IDENTITY, 0, 0.05, 2, 1}};
    double truth[ANSWERS], truth_se[ANSWERS];
    for (int k = 0; k < ANSWERS; k++) truth[k] = truth_se[k] = NAN;
    struct study s = {.replicates = 10,
                      .n_points = 1,
                      .n_answers = ANSWERS,
                      .answer = answer,
                      .truth = truth,
                      .truth_se = truth_se};
    struct errors e = {0};
    const struct result_source from = {.read = read_pair, .handle = row};
    assert_int_equal(study_summarise(&s, &from, NULL, &e), STATUS_OK);
    assert_int_equal(s.n_agreements, 4);
    check_pair(&s.agreement[0], "power", A, B, (double[]){0.2, 0.2, 0.2, 0.4, 0, sqrt(0.4 / 10)});
    check_pair(&s.agreement[1], "reject", A, B, (double[]){0.4, 0.2, 0.2, 0.2, 0, sqrt(0.4 / 10)});
    check_pair(&s.agreement[2], "reject", A, C,
               (double[]){0.3, 0.3, 0, 0.4, 0.3, sqrt((0.3 - 0.09) / 10)});
    check_pair(&s.agreement[3], "reject", B, C,
               (double[]){0.1, 0.5, 0.2, 0.2, 0.3, sqrt((0.7 - 0.09) / 10)});
    study_free(&s);
}

/* More trials than one block and several points: the same as counting trial by trial. */
static void agreement_over_blocks(void **state)
{
    (void)state;
    enum { REPLICATES = 9001 };
    struct study s = example_study(REPLICATES);
    struct errors e = {0};
    const struct result_source from = example_rows();
    assert_int_equal(study_summarise(&s, &from, NULL, &e), STATUS_OK);
    assert_int_equal(s.n_agreements, EXAMPLE_POINTS * 2);
    for (int64_t i = 0; i < s.n_agreements; i++) {
        const struct agreement *g = &s.agreement[i];
        int both = 0, only_a = 0, only_b = 0;
        for (int r = 0; r < REPLICATES; r++) {
            const struct result x = example_row(g->point, 0, r), y = example_row(g->point, 1, r);
            const bool rejects = result_rejects(&s.answer[0], &x);
            const bool a = rejects && (strcmp(g->measure, "reject") == 0 || x.estimate < 1);
            const bool b = result_rejects(&s.answer[1], &y); /* one-sided */
            both += a && b;
            only_a += a && !b;
            only_b += b && !a;
        }
        assert_true(both > 0 && only_a > 0 && only_b > 0);
        const double n = REPLICATES, d = (only_a - only_b) / n;
        check_number("blocks", "both", g->both, both / n, 1e-15);
        check_number("blocks", "only a", g->only_a, only_a / n, 1e-15);
        check_number("blocks", "only b", g->only_b, only_b / n, 1e-15);
        check_number("blocks", "mcse", g->mcse, sqrt(((only_a + only_b) / n - d * d) / n), 1e-14);
    }
    arena_free(&s.memory);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every rank of values that are spread, equal, far apart, infinite, against sorting them. */
static void ranks_by_sorting(void **state)
{
    (void)state;
    enum { N = 2500, KINDS = 6 };
    double x[N], sorted[N], room[N], value[3];
    uint64_t bits = 1;
    for (int kind = 0; kind < KINDS; kind++)
        for (int n = 1; n <= N; n = 3 * n + 1) {
            for (int i = 0; i < n; i++) {
                bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                const double u = (double)(bits >> 11) * 0x1p-53;
                const double of[KINDS] = {u,
                                          floor(3 * u),
                                          7,
                                          exp(99 * u),
                                          u < 0.3   ? INFINITY
                                          : u < 0.5 ? -INFINITY
                                                    : u,
                                          (u - 0.5) * 1e308 * 3};
                x[i] = sorted[i] = of[kind];
            }
            qsort(sorted, (size_t)n, sizeof *sorted, ascending);
            for (int64_t k = 0; k < n; k++) {
                const int64_t rank[3] = {k / 2, k, k + (n - 1 - k) / 3};
                quantile_find(x, n, rank, 3, value, room);
                for (int j = 0; j < 3; j++)
                    if (memcmp(&value[j], &sorted[rank[j]], sizeof *value) != 0)
                        fail_msg("kind %d, %d values, rank %d: %g", kind, n, (int)rank[j],
                                 value[j]);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_by_sorting),
        cmocka_unit_test(agrees_with_r),
        cmocka_unit_test(hand_example),
        cmocka_unit_test(wilson_limits),
        cmocka_unit_test(one_sided_rejections_are_power),
        cmocka_unit_test(nothing_defined),
        cmocka_unit_test(test_without_estimate),
        cmocka_unit_test(infinite_logarithm),
        cmocka_unit_test(moments_of_pieces),
        cmocka_unit_test(whole_study),
        cmocka_unit_test(agreement_by_hand),
        cmocka_unit_test(agreement_over_blocks),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
