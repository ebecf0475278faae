/* test_fit.c - printed numbers among simulated ones, facts and verdicts, against hand calculation
 * and closed forms.  SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/stream.h"
#include "engine/study.h"
#include "stat/vector.h"

static double room[1024]; /* fit_place works in it */

static void near(double x, double want)
{
    if (!(fabs(x - want) <= 1e-12 * fmax(1, fabs(want)))) fail_msg("%.17g, not %.17g", x, want);
}

/* Mean 2.5, variance 5/3; two of four are smaller than 3 and one is 3. */
static void among_whole_numbers(void **state)
{
    (void)state;
    double x[] = {4, 1, 3, 2};
    struct fit f = fit_unknown();
    fit_place(&f, &(struct printed){3, 0, false}, x, 4, room);
    near(f.percentile, 2.5 / 4);
    near(f.simulated, 2.5);
    near(f.z, 0.5 / sqrt(5.0 / 3 + 1.0 / 12));
    near(f.low, 1);
    near(f.high, 4);
}

/* Printed with no, one and -1 decimals: 2.49 is 2, 2.5 and 0; halves go away from zero. */
static void rounded_as_printed(void **state)
{
    (void)state;
    const double given[] = {2.49, 2.5, -2.5, 0.4};
    double x[4];
    struct fit f = fit_unknown();
    memcpy(x, given, sizeof x);
    fit_place(&f, &(struct printed){2, 0, false}, x, 4, room);
    near(f.percentile, (2 + 0.5) / 4); /* 2 3 -3 0 */
    memcpy(x, given, sizeof x);
    fit_place(&f, &(struct printed){2.5, 1, false}, x, 4, room);
    near(f.percentile, (2 + 1.0) / 4); /* 2.5 2.5 -2.5 0.4 */
    memcpy(x, given, sizeof x);
    fit_place(&f, &(struct printed){10, -1, false}, x, 4, room);
    near(f.percentile, 1); /* all 0 */
    assert_true(f.z > 0);
    near(printed_digits(&(struct printed){0, 0, false}, -2.5), -3);
}

/* Logarithms of 0.5 and 2 have mean 0 and variance 2 (ln 2)²; 2.0 is printed to 0.05 of itself. */
static void ratios_on_the_logarithm(void **state)
{
    (void)state;
    double x[] = {0.5, 2};
    struct fit f = fit_unknown();
    fit_place(&f, &(struct printed){2.0, 1, true}, x, 2, room);
    near(f.simulated, 1);
    near(f.z, log(2) / sqrt(2 * log(2) * log(2) + 0.05 * 0.05 / 12));
    near(f.percentile, 0.75);
}

/* Of 1, 2 … 1001 the places 26 and 976 bound 95 %. An infinite value has a place, but no part in
 * the mean. */
static void range_of_trials(void **state)
{
    (void)state;
    double x[1001];
    for (int i = 0; i < 1001; i++) x[i] = 1001 - i;
    x[0] = INFINITY;
    struct fit f = fit_unknown();
    fit_place(&f, &(struct printed){501, 0, false}, x, 1001, room);
    near(f.low, 26);
    near(f.high, 976);
    near(f.percentile, 0.5);
    near(f.simulated, 500.5);
}

static void no_trial_has_one(void **state)
{
    (void)state;
    struct fit f = fit_unknown();
    fit_place(&f, &(struct printed){1, 0, false}, NULL, 0, NULL);
    assert_true(isnan(f.percentile) && isnan(f.z) && isnan(f.simulated));
    assert_int_equal(fit_judge(&f), FAR_OUTSIDE);
}

/* All trials print the same: a number that is the same is in the middle, another is not. */
static void no_spread(void **state)
{
    (void)state;
    double x[] = {0, 0, 0};
    struct fit f = fit_unknown();
    fit_place(&f, &(struct printed){0, 0, false}, x, 3, room);
    near(f.percentile, 0.5);
    near(f.z, 0);
    fit_place(&f, &(struct printed){1, 0, false}, x, 3, room);
    near(f.percentile, 1);
    near(f.z, sqrt(12));
}

static void far_off(void **state)
{
    (void)state;
    const struct printed stay = {9.1, 1, false}, ratio = {0.75, 2, true}, one = {1, 0, false};
    assert_true(fit_is_far(&stay, 18.7, 9.1));
    assert_false(fit_is_far(&stay, 13.6, 9.1));
    assert_false(fit_is_far(&stay, 18.7, NAN));
    assert_false(fit_is_far(&stay, NAN, 9.1));
    assert_true(fit_is_far(&ratio, 1.05, log(1.02 / 0.55))); /* ln 1.4 = 0.336 > 0.309 */
    assert_false(fit_is_far(&ratio, 1.0, log(1.02 / 0.55))); /* ln 4/3 = 0.288 */
    assert_false(fit_is_far(&one, 2.9, 1));                  /* within two units of the digit */
    assert_true(fit_is_far(&one, 3.1, 1));
}

static void printed_exactly_so(void **state)
{
    (void)state;
    const struct printed p[3] = {{0, 0, false}, {-1, 0, false}, {1.5, 1, false}};
    double estimate[] = {0.2, -0.4, 0.6, 0, NAN}, low[] = {-1.2, -0.6, -1, -1, -1};
    double high[] = {1.54, 1.46, 1.5, 1.6, 1.5};
    double *const x[3] = {estimate, low, high};
    near(fit_exact(p, x, 5), 2.0 / 5);
}

/* Deaths 0 0 2 2; the mean is 2 deaths + 1 with residuals -1 1 -1 1 (variance 4/2), the SD does
 * not depend on deaths, residuals 1 -1 -1 1. At 3 deaths 7 and 2 are expected; 8 and 4 are off by
 * (1, 2): chi² = (1 + 4) / (2 + 1/12) = 2.4, every trial's own 2 / (2 + 1/12). */
static void given_deaths(void **state)
{
    (void)state;
    struct printed p[3] = {{8, 0, false}, {4, 0, false}, {3, 0, false}};
    double mean[] = {0, 2, 4, 6}, sd[] = {3, 1, 1, 3}, deaths[] = {0, 0, 2, 2};
    double *const x[3] = {mean, sd, deaths};
    struct fit f = fit_unknown();
    fit_given_deaths(&f, p, x, 4);
    near(f.conditional, 2.4);
    near(f.conditional_percentile, 1);
    p[1].value = 3; /* (1, 1), as far as each trial */
    fit_given_deaths(&f, p, x, 4);
    near(f.conditional, 0.96);
    near(f.conditional_percentile, 0.5);
    f = fit_unknown();
    fit_given_deaths(&f, p, x, 3);
    assert_true(isnan(f.conditional));
}

/* Residuals of the SD -1 1 0 0: S = [25/12 1; 1 13/12], its inverse 144/181 [13/12 -1; -1 25/12];
 * for (1, 2) that gives 780/181. A trial with an infinite SD is left out. */
static void given_deaths_correlated(void **state)
{
    (void)state;
    const struct printed p[3] = {{8, 0, false}, {4, 0, false}, {3, 0, false}};
    double mean[] = {0, 2, 9, 4, 6}, sd[] = {1, 3, INFINITY, 2, 2}, deaths[] = {0, 0, 9, 2, 2};
    double *const x[3] = {mean, sd, deaths};
    struct fit f = fit_unknown();
    fit_given_deaths(&f, p, x, 5);
    near(f.conditional, 780.0 / 181);
}

static struct published row(const char *group, const char *use, double percentile)
{
    struct published p = {.subject = "x",
                          .arm = "",
                          .where = "",
                          .statistic = "mean",
                          .use = use,
                          .group = group,
                          .alternative = "",
                          .source = "",
                          .reason = "",
                          .fit = fit_unknown()};
    p.fit.percentile = percentile;
    return p;
}

static void judgements(void **state)
{
    (void)state;
    static const struct {
        double percentile, given_deaths;
        enum judgement judgement;
    } want[] = {
        {0.5, NAN, WITHIN},         {0.025, NAN, WITHIN},       {0.0249, NAN, OUTSIDE},
        {0.9749, NAN, WITHIN},      {0.9751, NAN, OUTSIDE},     {0.0011, NAN, OUTSIDE},
        {0.0009, NAN, FAR_OUTSIDE}, {0.9995, NAN, FAR_OUTSIDE}, {0.5, 0.949, WITHIN},
        {0.5, 0.951, OUTSIDE},      {0.5, 0.9985, FAR_OUTSIDE}, {0.0009, 0.5, FAR_OUTSIDE},
        {NAN, NAN, FAR_OUTSIDE},
    };
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        struct published p = row("", "predict", want[k].percentile);
        p.fit.conditional_percentile = want[k].given_deaths;
        assert_int_equal(fit_judge(&p.fit), want[k].judgement);
        assert_int_equal(published_judge(&p), want[k].judgement);
        p.alternative = "zero";
        assert_int_equal(published_judge(&p), NOT_COUNTED);
        p.alternative = "";
        p.use = "info";
        assert_int_equal(published_judge(&p), NOT_COUNTED);
    }
}

static void facts(void **state)
{
    (void)state;
    struct published p[] = {
        row("a", "predict", 0.4),  row("", "predict", 0.01),      row("a", "calibrate", 0.99),
        row("", "predict", 0.5),   row("only info", "info", 0.0), row("a", "info", 0.0),
        row("b", "predict", 0.97), row("b", "predict", 0.97),
    };
    p[7].shares_events = true;
    struct fact f[8];
    assert_int_equal(facts_find(p, 8, f), 4);
    assert_true(f[0].first == 0 && f[0].worst == 2 && f[0].calibrated && f[0].judgement == OUTSIDE);
    assert_true(f[1].first == 1 && f[1].judgement == OUTSIDE && !f[1].calibrated);
    assert_true(f[2].first == 3 && f[2].judgement == WITHIN);
    assert_true(f[3].first == 6 && f[3].judgement == WITHIN && f[3].shares_events);
}

/* n facts, of which the first `outside` and then `far` do not fit. */
static bool fits(int n, int outside, int far, bool far_calibrated)
{
    struct fact f[40] = {0};
    for (int k = 0; k < n; k++) {
        f[k].judgement = k < outside ? OUTSIDE : k < outside + far ? FAR_OUTSIDE : WITHIN;
        f[k].calibrated = f[k].judgement == FAR_OUTSIDE && far_calibrated;
    }
    return verdict_of(f, n).fits;
}

static void verdicts(void **state)
{
    (void)state;
    assert_true(fits(10, 0, 0, false));
    assert_true(fits(10, 1, 0, false));
    assert_false(fits(10, 2, 0, false));
    assert_false(fits(9, 1, 0, false)); /* 88.9 % */
    assert_true(fits(40, 4, 0, false));
    assert_true(fits(40, 3, 1, false));
    assert_false(fits(40, 2, 2, false));
    assert_false(fits(40, 0, 1, true));
    assert_false(fits(0, 0, 0, false));
}

/* --- numbers from the model itself ----------------------------------------------------------- */

enum { TRIALS = 400, ROOM = 416, PAPERS = 4000 };

static double normals(uint64_t paper, uint64_t variable, double *x)
{
    const struct stream s = stream_for(20190217, paper, variable);
    stream_fill(&s, x, TRIALS + 1);
    vector_normal_quantile(x, x, TRIALS + 1);
    return x[TRIALS];
}

/* The paper's trial is as one of the simulated: its rank among 400 others is uniform on 0 … 400, so
 * that 2 x 10 of 401 papers lie outside 2.5-97.5 %. Five standard deviations of 4000 papers: false
 * alarm 6e-7. */
static void papers_from_the_model(void **state)
{
    (void)state;
    const double want = 20.0 / 401;
    int outside = 0, far = 0;
    for (uint64_t k = 0; k < PAPERS; k++) {
        _Alignas(64) double x[ROOM];
        const struct printed p = {normals(k, 1, x), 6, false};
        struct fit f = fit_unknown();
        fit_place(&f, &p, x, TRIALS, room);
        outside += fit_judge(&f) != WITHIN;
        far += fit_judge(&f) == FAR_OUTSIDE;
    }
    assert_true(fabs((double)outside / PAPERS - want) < 5 * sqrt(want * (1 - want) / PAPERS));
    assert_true(far > 0 && far < PAPERS / 50); /* 2 of 401: 20 of 4000 */
}

/* The same of (mean, SD) given deaths, when both depend on deaths and the SD is skewed. The paper's
 * own trial has no part in the regression, which costs it about (1 + 2/400): a margin of 0.5 %
 * beside five standard deviations. Judged without regard to deaths it would be as often outside;
 * what is gained is power: a mean that belongs to other deaths is found. */
static void papers_given_deaths(void **state)
{
    (void)state;
    int outside = 0, found = 0, missed = 0;
    for (uint64_t k = 0; k < PAPERS; k++) {
        _Alignas(64) double a[ROOM], b[ROOM], deaths[ROOM];
        (void)normals(k, 1, a);
        (void)normals(k, 2, b);
        (void)normals(k, 3, deaths);
        for (int i = 0; i <= TRIALS; i++) {
            deaths[i] = round(80 + 7 * deaths[i]);
            b[i] = exp(0.3 * b[i]) + 0.02 * deaths[i];
            a[i] = 30 - 0.2 * deaths[i] + 0.3 * a[i];
        }
        double *const x[3] = {a, b, deaths};
        struct printed p[3] = {
            {a[TRIALS], 3, false}, {b[TRIALS], 3, false}, {deaths[TRIALS], 0, false}};
        struct fit f = fit_unknown();
        fit_given_deaths(&f, p, x, TRIALS);
        outside += f.conditional_percentile > 0.95;
        p[0].value += 1.5; /* five residual SDs, one marginal SD */
        fit_given_deaths(&f, p, x, TRIALS);
        found += f.conditional_percentile > 0.95;
        fit_place(&f, &p[0], a, TRIALS, room);
        missed += f.percentile > 0.025 && f.percentile < 0.975;
    }
    assert_true(fabs((double)outside / PAPERS - 0.05) < 0.005 + 5 * sqrt(0.05 * 0.95 / PAPERS));
    assert_true(found > PAPERS * 0.95);
    assert_true(missed > PAPERS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(among_whole_numbers),
        cmocka_unit_test(rounded_as_printed),
        cmocka_unit_test(ratios_on_the_logarithm),
        cmocka_unit_test(range_of_trials),
        cmocka_unit_test(no_trial_has_one),
        cmocka_unit_test(no_spread),
        cmocka_unit_test(far_off),
        cmocka_unit_test(printed_exactly_so),
        cmocka_unit_test(given_deaths),
        cmocka_unit_test(given_deaths_correlated),
        cmocka_unit_test(judgements),
        cmocka_unit_test(facts),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(papers_from_the_model),
        cmocka_unit_test(papers_given_deaths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
