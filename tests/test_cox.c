/* test_cox.c - Cox regression and log-rank tests on random trials: definitions, symmetries,
 * separation. SPDX-License-Identifier: MIT */
#include "analysis/partial_likelihood.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

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

extern const struct analysis analysis_cox, analysis_logrank;

/* The parameters as the plug-ins hold them; test_survival checks them. */
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

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

/* Random trials with ties and strata, kept where tests can change them. */
enum { N_MAX = 64 };
struct trial {
    struct data d;
    double time[N_MAX], event[N_MAX], x[2][N_MAX];
    unsigned char arm[N_MAX];
    int stratum[N_MAX];
};

static void draw(struct trial *r, int n, int n_strata, int distinct_times, uint64_t *seed)
{
    for (int i = 0; i < n; i++) {
        r->time[i] = ceil(distinct_times * uniform(seed));
        r->event[i] = uniform(seed) < 0.6;
        r->arm[i] = uniform(seed) < 0.5;
        r->stratum[i] = i % n_strata;
        r->x[0][i] = 10 * uniform(seed) - 3;
        r->x[1][i] = uniform(seed) < 0.4;
    }
    r->d = (struct data){n, r->time, r->event, r->arm, 2, &r->x[0][0], n_strata, r->stratum};
}

static struct sample random_sample(const struct trial *r, const double **x)
{
    struct sample s = sample_of(&r->d, 2, r->d.n_strata > 1, x);
    for (int j = 0; j < 2; j++) x[j] = r->x[j];
    return s;
}

/* Cox's log partial likelihood by its definition, death by death in O(n^2), at coefficients of arm,
 * x0 and x1. */
static double naive_loglik(const struct trial *r, const double *beta, enum ties ties)
{
    double loglik = 0;
    for (int i = 0; i < r->d.n; i++) {
        if (r->event[i] < 0.5) continue;
        double at_risk = 0, tied = 0, before = 0, deaths = 0, own = 0;
        for (int j = 0; j < r->d.n; j++) {
            if (r->stratum[j] != r->stratum[i] || r->time[j] < r->time[i]) continue;
            const double eta = beta[0] * r->arm[j] + beta[1] * r->x[0][j] + beta[2] * r->x[1][j];
            if (j == i) own = eta;
            at_risk += exp(eta);
            if (r->time[j] > r->time[i] || r->event[j] < 0.5) continue;
            tied += exp(eta);
            deaths++;
            before += j < i;
        }
        loglik += own - log(at_risk - (ties == TIES_EFRON ? before / deaths : 0) * tied);
    }
    return loglik;
}

/* Its maximum, with or without a coefficient for the arm, by search along the coordinates: no
 * derivative is used. */
static double naive_maximum(const struct trial *r, enum ties ties, bool arm_free)
{
    double beta[3] = {0}, best = naive_loglik(r, beta, ties);
    for (double step = 0.5; step > 1e-9;) {
        bool improved = false;
        for (int j = arm_free ? 0 : 1; j < 3; j++) {
            for (int side = -1; side <= 1; side += 2) {
                beta[j] += side * step;
                const double value = naive_loglik(r, beta, ties);
                if (value > best) {
                    best = value;
                    improved = true;
                } else {
                    beta[j] -= side * step;
                }
            }
        }
        if (!improved) step /= 2;
    }
    return best;
}

static void test_against_definition(void **state)
{
    (void)state;
    uint64_t seed = 1;
    int compared = 0;
    for (int k = 0; k < 30; k++) {
        struct trial r;
        const double *x[2];
        draw(&r, 30, 1 + k % 3, k % 2 ? 6 : 1000, &seed);
        const struct sample s = random_sample(&r, x);
        const enum ties ties = k % 4 < 2 ? TIES_EFRON : TIES_BRESLOW;
        const struct result got = run_cox(&s, ties, TEST_LIKELIHOOD_RATIO, 1);
        if (got.why != UNDEFINED_NO) continue;
        const double chi = 2 * (naive_maximum(&r, ties, true) - naive_maximum(&r, ties, false));
        assert_true(fabs(got.statistic * got.statistic - chi) < 1e-8);
        compared++;
    }
    assert_true(compared >= 25);
}

static void test_relabelled_arms_invert(void **state)
{
    (void)state;
    uint64_t seed = 2;
    int compared = 0;
    for (int k = 0; k < 50; k++) {
        struct trial r;
        const double *x[2];
        draw(&r, 40, 1 + k % 3, k % 2 ? 5 : 500, &seed);
        const struct sample s = random_sample(&r, x);
        const struct result a = run_cox(&s, TIES_EFRON, TEST_SCORE, 1), b = run_logrank(&s, 0, 0);
        for (int i = 0; i < r.d.n; i++) r.arm[i] ^= 1;
        const struct sample swapped = random_sample(&r, x);
        const struct result c = run_cox(&swapped, TIES_EFRON, TEST_SCORE, 1);
        const struct result d = run_logrank(&swapped, 0, 0);
        assert_int_equal(a.why, c.why);
        if (a.why != UNDEFINED_NO) continue;
        compared++;
        close_to("relabelled", "cox", c.estimate, 1 / a.estimate, 1e-9);
        close_to("relabelled", "cox se", c.se, a.se, 1e-9);
        close_to("relabelled", "cox p", c.p_value, a.p_value, 1e-9);
        close_to("relabelled", "logrank", d.estimate, 1 / b.estimate, 1e-9);
        close_to("relabelled", "logrank p", d.p_value, b.p_value, 1e-9);
    }
    assert_true(compared >= 45);
}

static void test_order_of_patients_is_nothing(void **state)
{
    (void)state;
    uint64_t seed = 3;
    int compared = 0;
    for (int k = 0; k < 50; k++) {
        struct trial r, p;
        const double *x[2], *y[2];
        draw(&r, 50, 1 + k % 3, k % 2 ? 5 : 500, &seed);
        p = r;
        for (int i = 0; i < r.d.n; i++) {
            const int j = (i * 7 + k) % r.d.n;
            p.time[i] = r.time[j];
            p.event[i] = r.event[j];
            p.arm[i] = r.arm[j];
            p.stratum[i] = r.stratum[j];
            for (int m = 0; m < 2; m++) p.x[m][i] = r.x[m][j];
        }
        p.d = (struct data){r.d.n, p.time, p.event, p.arm, 2, &p.x[0][0], r.d.n_strata, p.stratum};
        const struct sample s = random_sample(&r, x), t = random_sample(&p, y);
        const struct result a = run_cox(&s, TIES_EFRON, TEST_WALD, 1);
        const struct result b = run_cox(&t, TIES_EFRON, TEST_WALD, 1);
        assert_int_equal(a.why, b.why);
        close_to("permuted", "logrank", run_logrank(&t, 1, 0).estimate,
                 run_logrank(&s, 1, 0).estimate, 1e-9);
        if (a.why != UNDEFINED_NO) continue;
        compared++;
        close_to("permuted", "cox", b.estimate, a.estimate, 1e-9);
        close_to("permuted", "cox se", b.se, a.se, 1e-9);
    }
    assert_true(compared >= 45);
}

/* With one column, the likelihood is monotone exactly when every death has the largest value of its
 * risk set, or every death the smallest; there is nothing to learn when all are equal. */
static enum undefined one_column_oracle(const struct trial *r)
{
    bool largest = true, smallest = true;
    for (int i = 0; i < r->d.n; i++) {
        if (r->event[i] < 0.5) continue;
        for (int j = 0; j < r->d.n; j++) {
            if (r->time[j] < r->time[i] || r->stratum[j] != r->stratum[i]) continue;
            if (r->x[1][j] > r->x[1][i]) largest = false;
            if (r->x[1][j] < r->x[1][i]) smallest = false;
        }
    }
    if (largest && smallest) return UNDEFINED_SINGULAR;
    return largest || smallest ? UNDEFINED_SEPARATION : UNDEFINED_NO;
}

static void test_separation_is_exactly_monotone(void **state)
{
    (void)state;
    uint64_t seed = 4;
    int seen[UNDEFINED_COUNT] = {0};
    for (int k = 0; k < 3000; k++) {
        struct trial r;
        draw(&r, 4 + k % 4, 1 + k % 2, k % 3 ? 5 : 500, &seed);
        if (k % 5 > 2) memcpy(r.x[1], r.x[0], sizeof r.x[1]);
        const double *x[1] = {r.x[1]};
        struct sample s = sample_of(&r.d, 0, r.d.n_strata > 1, NULL);
        s.n_x = 1;
        s.x = x;
        s.term = 0;
        s.arm = NULL;
        s.n_arm[0] = s.n_arm[1] = 0;
        const struct result got = run_cox(&s, k % 2 ? TIES_EFRON : TIES_BRESLOW, TEST_WALD, 1);
        if (got.events == 0) {
            assert_int_equal(got.why, UNDEFINED_NO_EVENTS);
            continue;
        }
        const enum undefined expected = one_column_oracle(&r);
        if (got.why != expected) {
            fail_msg("trial %d: '%s' instead of '%s'", k, undefined_text(got.why),
                     undefined_text(expected));
        }
        seen[got.why]++;
    }
    assert_true(seen[UNDEFINED_NO] > 500 && seen[UNDEFINED_SEPARATION] > 300 &&
                seen[UNDEFINED_SINGULAR] > 20);
}

/* With two columns of integers, exact: the likelihood is monotone when some direction d has
 * d(x_i - x_j) >= 0 for every death i and every j at risk, and > 0 for one. If there is such a
 * direction there is one at right angles to one of the differences. */
static enum undefined two_column_oracle(const struct trial *r)
{
    double difference[N_MAX * N_MAX][2];
    int n = 0;
    bool parallel = true;
    for (int i = 0; i < r->d.n; i++) {
        for (int j = 0; j < r->d.n; j++) {
            if (r->event[i] < 0.5 || r->time[j] < r->time[i]) continue;
            if (r->stratum[j] != r->stratum[i]) continue;
            const double a = r->x[0][i] - r->x[0][j], b = r->x[1][i] - r->x[1][j];
            if (fabs(a) + fabs(b) < 0.5) continue;
            difference[n][0] = a;
            difference[n++][1] = b;
            if (fabs(a * difference[0][1] - b * difference[0][0]) > 0.5) parallel = false;
        }
    }
    if (parallel) return UNDEFINED_SINGULAR;
    for (int k = 0; k < 2 * n; k++) {
        const double sign = k % 2 ? 1 : -1;
        const double d[2] = {-sign * difference[k / 2][1], sign * difference[k / 2][0]};
        bool never_below = true, once_above = false;
        for (int m = 0; m < n; m++) {
            const double along = d[0] * difference[m][0] + d[1] * difference[m][1];
            if (along < -0.5) never_below = false;
            if (along > 0.5) once_above = true;
        }
        if (never_below && once_above) return UNDEFINED_SEPARATION;
    }
    return UNDEFINED_NO;
}

static void test_separation_in_two_columns(void **state)
{
    (void)state;
    uint64_t seed = 9;
    int seen[UNDEFINED_COUNT] = {0};
    for (int k = 0; k < 3000; k++) {
        struct trial r;
        draw(&r, 5 + k % 8, 1 + k % 2, k % 3 ? 5 : 500, &seed);
        for (int i = 0; i < r.d.n; i++) r.x[0][i] = floor(r.x[0][i]);
        const double *x[2];
        struct sample s = random_sample(&r, x);
        s.arm = NULL;
        s.n_arm[0] = s.n_arm[1] = 0;
        s.term = k % 2;
        const struct result got = run_cox(&s, k % 4 < 2 ? TIES_EFRON : TIES_BRESLOW, TEST_WALD, 1);
        if (got.events == 0) continue;
        const enum undefined expected = two_column_oracle(&r);
        if (got.why != expected) {
            fail_msg("trial %d: '%s' instead of '%s'", k, undefined_text(got.why),
                     undefined_text(expected));
        }
        seen[got.why]++;
    }
    assert_true(seen[UNDEFINED_NO] > 500 && seen[UNDEFINED_SEPARATION] > 300 &&
                seen[UNDEFINED_SINGULAR] > 50);
}

static enum undefined why_cox(const struct trial *r)
{
    const double *x[2];
    const struct sample s = random_sample(r, x);
    const struct result got = run_cox(&s, TIES_EFRON, TEST_WALD, 1);
    if (got.why != UNDEFINED_NO) {
        assert_true(isnan(got.estimate) && isnan(got.se) && isnan(got.ci_low));
        assert_true(isnan(got.ci_high) && isnan(got.statistic) && isnan(got.p_value));
    }
    assert_int_equal(got.n, r->d.n);
    return got.why;
}

static void test_without_an_answer(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct trial good, r;
    draw(&good, 60, 1, 20, &seed);
    assert_int_equal(why_cox(&good), UNDEFINED_NO);

    r = good, r.d = (struct data){60, r.time, r.event, r.arm, 2, &r.x[0][0], 1, r.stratum};
    for (int i = 0; i < 60; i++) r.event[i] = 0;
    assert_int_equal(why_cox(&r), UNDEFINED_NO_EVENTS);

    for (int i = 0; i < 60; i++) r.event[i] = good.event[i] * r.arm[i];
    assert_int_equal(why_cox(&r), UNDEFINED_NO_EVENTS_IN_ARM);
    memcpy(r.event, good.event, sizeof r.event);

    memset(r.arm, 1, sizeof r.arm);
    assert_int_equal(why_cox(&r), UNDEFINED_EMPTY_ARM);
    memcpy(r.arm, good.arm, sizeof r.arm);

    for (int i = 0; i < 60; i++) r.x[1][i] = 1e8 - 3 * r.x[0][i] + 2 * r.arm[i];
    assert_int_equal(why_cox(&r), UNDEFINED_SINGULAR);
    for (int i = 0; i < 60; i++) r.x[1][i] = 0.1;
    assert_int_equal(why_cox(&r), UNDEFINED_SINGULAR);
    for (int i = 0; i < 60; i++) r.x[1][i] = r.event[i] > 0; /* only such patients die */
    assert_int_equal(why_cox(&r), UNDEFINED_SEPARATION);
    for (int i = 0; i < 60; i++) r.x[1][i] = r.event[i] > 0 ? 3 : -1000.0 - i;
    assert_int_equal(why_cox(&r), UNDEFINED_SEPARATION);
    r.d.n = 0;
    assert_int_equal(why_cox(&r), UNDEFINED_NO_PATIENTS);
}

/* A column that differs only between patients censored before the first death says nothing. */
static void test_never_at_risk_is_no_information(void **state)
{
    (void)state;
    uint64_t seed = 6;
    struct trial r;
    draw(&r, 60, 1, 20, &seed);
    for (int i = 0; i < 60; i++) {
        r.x[1][i] = 7;
        if (i % 6 == 0) r.time[i] = 0.5, r.event[i] = 0, r.x[1][i] = i;
    }
    assert_int_equal(why_cox(&r), UNDEFINED_SINGULAR);
}

static void test_sides_and_margin(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct trial r;
    const double *x[2];
    draw(&r, 60, 1, 20, &seed);
    const struct sample s = random_sample(&r, x);
    const struct result two = run_cox(&s, TIES_EFRON, TEST_WALD, 1);
    const struct cox_parameters p = {0, TEST_WALD, 0};
    struct inference in = question(1);
    in.sides = 1;
    struct scratch w = {0};
    struct result low, high;
    analysis_cox.run(&p, &in, &s, &w, &low);
    in.benefit = 1;
    analysis_cox.run(&p, &in, &s, &w, &high);
    scratch_free(&w);
    close_to("one-sided", "sum of both sides", low.p_value + high.p_value, 1, 1e-12);
    close_to("one-sided", "two-sided p", 2 * fmin(low.p_value, high.p_value), two.p_value, 1e-12);
    assert_true((two.statistic < 0) == (low.p_value < 0.5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_definition),
        cmocka_unit_test(test_relabelled_arms_invert),
        cmocka_unit_test(test_order_of_patients_is_nothing),
        cmocka_unit_test(test_separation_is_exactly_monotone),
        cmocka_unit_test(test_separation_in_two_columns),
        cmocka_unit_test(test_without_an_answer),
        cmocka_unit_test(test_never_at_risk_is_no_information),
        cmocka_unit_test(test_sides_and_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
