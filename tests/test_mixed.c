/* test_mixed.c - logistic regression with a random intercept, and its quadrature.
 * SPDX-License-Identifier: MIT */
#include "analysis/random_intercept.h"
#include "stat/gauss_hermite.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct data {
    int n;
    const double *value;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    int n_clusters;
    const int *cluster;
};

struct oracle {
    const char *name;
    const struct data *data;
    int n_x, term, points;
    double expected[6];
};

#include "oracle/mixed.h"

extern const struct analysis analysis_mixed_logistic, analysis_logistic;

/* The parameters as the plug-ins hold them: test_tables. */
struct parameters {
    int64_t points;
};

enum { COLUMNS_MAX = 8, N_MAX = 400 };

static struct sample sample_of(const struct data *d, int n_x, const double **x)
{
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .value = d->value,
                       .n_x = n_x,
                       .x = x,
                       .term = -1,
                       .n_strata = 1,
                       .cluster = d->cluster,
                       .n_clusters = d->n_clusters};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static void run(const struct sample *s, int points, struct result r[2])
{
    const struct parameters p = {points};
    const struct inference in = {0.05, 2, 1, -1, 1.9599639845400545}; /* qnorm(0.975) */
    struct scratch w = {0};
    analysis_mixed_logistic.run(&p, &in, s, &w, r);
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

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

static double normal(uint64_t *state)
{
    return sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
}

static void test_tables(void **state)
{
    (void)state;
    assert_int_equal(analysis_mixed_logistic.params_size, sizeof(struct parameters));
    assert_int_equal(analysis_mixed_logistic.params[0].offset, 0);
    assert_int_equal((int)analysis_mixed_logistic.params[0].fallback, 9);
}

/* Three points by hand: 0, +-sqrt(3/2), weights 2/3 and 1/6 of sqrt(pi). With n points monomials
 * below degree 2n are exact, and that of degree 2n is not: integral of x^2k exp(-x^2) is
 * Gamma(k + 1/2). */
static void test_quadrature(void **state)
{
    (void)state;
    double x[25], w[25];
    gauss_hermite(x, w, 3);
    close_to("three points", "node", x[2], sqrt(1.5), 1e-15);
    close_to("three points", "weight", w[1], 2 * tgamma(0.5) / 3, 1e-14);
    close_to("three points", "weight", w[0], tgamma(0.5) / 6, 1e-14);
    for (int n = 1; n <= 25; n++) {
        gauss_hermite(x, w, n);
        for (int k = 0; k <= n; k++) {
            double sum = 0;
            for (int i = 0; i < n; i++) sum += w[i] * pow(x[i], 2 * k);
            const double error = fabs(sum / tgamma(k + 0.5) - 1);
            assert_true(k < n ? error < 1e-12 : error > 1e-8);
        }
    }
}

/* Expected: coefficient, se and variance at the maximum of glmer's deviance, se from its second
 * derivatives; then as glmer reports them. */
static void test_as_lme4(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof mixed_cases / sizeof *mixed_cases; k++) {
        const struct oracle *c = &mixed_cases[k];
        const double *x[COLUMNS_MAX];
        struct sample s = sample_of(c->data, c->n_x, x);
        s.term = c->term;
        struct result r[2];
        run(&s, c->points, r);
        if (r[0].why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r[0].why));
        close_to(c->name, "coefficient", log(r[0].estimate), c->expected[0], 1e-6);
        close_to(c->name, "se", r[0].se, c->expected[1], 1e-6);
        close_to(c->name, "variance", r[1].estimate, c->expected[2], 1e-6);
        close_to(c->name, "glmer's coefficient", log(r[0].estimate), c->expected[3], 1e-4);
        close_to(c->name, "glmer's se", r[0].se, c->expected[4], 1e-4);
        close_to(c->name, "glmer's variance", r[1].estimate, c->expected[5], 1e-3);
        close_to(c->name, "statistic", r[0].statistic, log(r[0].estimate) / r[0].se, 1e-12);
        assert_int_equal(r[0].n, c->data->n);
        assert_true(isnan(r[1].se) && isnan(r[1].p_value));
    }
}

/* A likelihood of 12 rows in 3 clusters, for looking inside. */
struct small {
    double y[16];
    int first[4];
    struct columns z;
    struct random_intercept m;
    _Alignas(64) double gradient[8];
    _Alignas(64) double information[16];
    _Alignas(64) double scale[8];
    struct scratch w;
};

static void small_init(struct small *t, int points)
{
    static const double y[12] = {1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0};
    static const unsigned char arm[12] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    static const double x[12] = {0.3, -1, 2, 0.5, 0.1, 1.1, -0.7, 0.9, -2, 0.2, 0.4, -0.3};
    const double *const columns[] = {x};
    const struct sample s = {
        .n = 12, .n_arm = {6, 6}, .arm = arm, .value = y, .n_x = 1, .x = columns, .term = -1};
    memset(t, 0, sizeof *t);
    memcpy(t->y, y, sizeof y);
    memcpy(t->first, (const int[]){0, 3, 7, 12}, sizeof t->first);
    const struct rows rows = {12, NULL, 1, (const int[]){0, 12}};
    assert_true(columns_build(&t->z, &s, &rows, true, &t->w));
    random_intercept_init(&t->m, &t->z, t->y, 3, t->first, points, &t->w);
}

static double small_loglik(struct small *t, const double *point)
{
    struct derivatives d = {t->gradient, t->information, t->scale};
    t->m.sd = point[0];
    return random_intercept_evaluate(&t->m, point + 1, &d);
}

/* The gradient against differences of the log-likelihood, as the quadrature has it: also with few
 * points, where it is far from the integral's. */
static void test_gradient(void **state)
{
    (void)state;
    for (int points = 1; points <= 9; points += 2) {
        struct small t;
        small_init(&t, points);
        double point[4] = {1.7, 0.2, -0.5, 0.4};
        for (int j = 0; j < 4; j++) {
            const double at = point[j], h = 1e-4;
            point[j] = at + h;
            const double up = small_loglik(&t, point);
            point[j] = at - h;
            const double down = small_loglik(&t, point);
            point[j] = at;
            (void)small_loglik(&t, point);
            const double got = j == 0 ? t.m.slope : t.gradient[j - 1];
            close_to("gradient", "by differences", got, (up - down) / (2 * h), 1e-6);
        }
        scratch_free(&t.w);
    }
}

/* The log-likelihood by its definition: Simpson's rule over [-12, 12]. */
static double direct_loglik(const struct small *t, const double *point)
{
    enum { STEPS = 4000 };
    double loglik = 0;
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int j = 0; j <= STEPS; j++) {
            const double u = -12 + 24.0 * j / STEPS;
            double term = exp(-u * u / 2) * (j == 0 || j == STEPS ? 1 : j % 2 == 1 ? 4 : 2);
            for (int i = t->first[k]; i < t->first[k + 1]; i++) {
                double eta = point[0] * u;
                for (int c = 0; c < t->z.p; c++) {
                    eta += point[1 + c] * t->z.column[(ptrdiff_t)c * t->z.room + i];
                }
                term /= 1 + exp(t->y[i] > 0 ? -eta : eta);
            }
            sum += term;
        }
        loglik += log(sum * 24.0 / STEPS / 3 / sqrt(6.283185307179586));
    }
    return loglik;
}

static void test_integral(void **state)
{
    (void)state;
    const double points[][4] = {{0.5, 0.2, -0.5, 0.4}, {1.5, -1, 0.3, 0.8}, {4, 0.1, 2, -1}};
    const double error[][3] = {{1e-2, 1e-6, 1e-9}, {0.1, 1e-4, 1e-6}, {0.3, 2e-3, 2e-4}};
    const int nodes[] = {1, 9, 25};
    for (int j = 0; j < 3; j++) {
        struct small t;
        small_init(&t, nodes[j]);
        for (int k = 0; k < 3; k++) {
            const double got = small_loglik(&t, points[k]), right = direct_loglik(&t, points[k]);
            if (!(fabs(got - right) <= error[k][j])) {
                fail_msg("sd %g, %d nodes: %.12g instead of %.12g", points[k][0], nodes[j], got,
                         right);
            }
        }
        scratch_free(&t.w);
    }
}

/* Random trials kept where tests can change them. */
struct trial {
    struct data d;
    double value[N_MAX], x[2][N_MAX];
    unsigned char arm[N_MAX];
    int cluster[N_MAX];
};

static void draw(struct trial *t, int n, int q, double sd, double effect, uint64_t *seed)
{
    double b[N_MAX];
    for (int k = 0; k < q; k++) b[k] = sd * normal(seed);
    for (int i = 0; i < n; i++) {
        t->cluster[i] = i < q ? i : (int)(q * uniform(seed));
        t->arm[i] = uniform(seed) < 0.5;
        t->x[0][i] = 10 * uniform(seed);
        t->x[1][i] = uniform(seed) < 0.4;
        const double eta = effect * t->arm[i] + 0.2 * (t->x[0][i] - 5) + b[t->cluster[i]];
        t->value[i] = uniform(seed) < 1 / (1 + exp(-eta));
    }
    t->d = (struct data){n, t->value, t->arm, 0, NULL, q, t->cluster};
}

static struct sample random_sample(const struct trial *t, const double **x)
{
    struct sample s = sample_of(&t->d, 0, x);
    s.n_x = 2;
    for (int j = 0; j < 2; j++) x[j] = t->x[j];
    return s;
}

/* Variance 0 gives what `logistic` gives. */
static void test_variance_zero(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int zero = 0;
    for (int k = 0; k < 40; k++) {
        struct trial t;
        const double *x[2];
        draw(&t, 120, 10, 0, 0.5, &seed);
        const struct sample s = random_sample(&t, x);
        struct result r[2], plain;
        run(&s, 9, r);
        if (r[1].estimate > 0) continue;
        const struct inference in = {0.05, 2, 1, -1, 1.9599639845400545};
        struct scratch w = {0};
        analysis_logistic.run(&(int){0}, &in, &s, &w, &plain);
        scratch_free(&w);
        close_to("variance 0", "odds ratio", r[0].estimate, plain.estimate, 1e-9);
        close_to("variance 0", "se", r[0].se, plain.se, 1e-8);
        zero++;
    }
    assert_in_range(zero, 10, 35);
}

/* Neither the order of patients nor the numbering of clusters matters. */
static void test_order_is_nothing(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct trial t, u;
    const double *x[2], *y[2];
    draw(&t, 200, 15, 1, 0.5, &seed);
    u = t;
    for (int i = 0; i < 200; i++) {
        const int j = (i * 77 + 13) % 200;
        u.cluster[i] = (t.cluster[j] * 4 + 3) % 15;
        u.arm[i] = t.arm[j];
        u.value[i] = t.value[j];
        for (int c = 0; c < 2; c++) u.x[c][i] = t.x[c][j];
    }
    u.d = (struct data){200, u.value, u.arm, 0, NULL, 15, u.cluster};
    const struct sample s = random_sample(&t, x), v = random_sample(&u, y);
    struct result r[2], q[2];
    run(&s, 9, r);
    run(&v, 9, q);
    close_to("permuted", "odds ratio", q[0].estimate, r[0].estimate, 1e-9);
    close_to("permuted", "se", q[0].se, r[0].se, 1e-7);
    close_to("permuted", "variance", q[1].estimate, r[1].estimate, 1e-7);
}

static enum undefined why_of(const struct sample *s)
{
    struct result r[2];
    run(s, 9, r);
    assert_int_equal(r[0].why, r[1].why);
    assert_true(isnan(r[0].estimate) && isnan(r[1].estimate));
    assert_int_equal(r[0].n, s->n);
    return r[0].why;
}

static void test_without_an_answer(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct trial t;
    const double *x[2];
    draw(&t, 100, 8, 0.5, 0.5, &seed);
    const struct sample whole = random_sample(&t, x);
    struct sample s = whole;
    s.n = 0;
    assert_int_equal(why_of(&s), UNDEFINED_NO_PATIENTS);
    s = whole;
    s.n_arm[0] = 0;
    assert_int_equal(why_of(&s), UNDEFINED_EMPTY_ARM);
    s = whole;
    const int one[N_MAX] = {0};
    s.cluster = one;
    s.n_clusters = 1;
    assert_int_equal(why_of(&s), UNDEFINED_TOO_FEW_CLUSTERS);
    s = whole;
    x[1] = x[0];
    assert_int_equal(why_of(&s), UNDEFINED_SINGULAR);
    x[1] = t.x[1];
    for (int i = 0; i < 100; i++) t.value[i] = t.x[0][i] > 5;
    assert_int_equal(why_of(&s), UNDEFINED_SEPARATION);
    for (int i = 0; i < 100; i++) t.value[i] = t.arm[i] ? 1 : t.value[i];
    assert_int_equal(why_of(&s), UNDEFINED_ALL_EVENTS_IN_ARM);
    for (int i = 0; i < 100; i++) t.value[i] = t.cluster[i] % 2;
    assert_int_equal(why_of(&s), UNDEFINED_NOT_CONVERGED); /* the variance has no bound */
    for (int i = 0; i < 100; i++) t.value[i] = 0;
    assert_int_equal(why_of(&s), UNDEFINED_NO_EVENTS);
}

/* 250 trials of 300 patients in 25 clusters, log odds ratio 0.6, sd 0.8. Limits are 4.5 standard
 * errors of what is checked (mean, coverage, share), so that chance alone fails one in 1e5; the
 * mean variance is held within 15 %, its small-sample bias included. */
static void test_simulated_trials(void **state)
{
    (void)state;
    enum { TRIALS = 250 };
    uint64_t seed = 20190217;
    double sum = 0, squares = 0, variance = 0;
    int covered = 0;
    for (int k = 0; k < TRIALS; k++) {
        struct trial t;
        const double *x[2];
        draw(&t, 300, 25, 0.8, 0.6, &seed);
        const struct sample s = random_sample(&t, x);
        struct result r[2];
        run(&s, 9, r);
        assert_int_equal(r[0].why, UNDEFINED_NO);
        const double beta = log(r[0].estimate);
        sum += beta;
        squares += beta * beta;
        variance += r[1].estimate;
        covered += r[0].ci_low < exp(0.6) && r[0].ci_high > exp(0.6);
    }
    const double mean = sum / TRIALS, sd = sqrt(squares / TRIALS - mean * mean);
    assert_true(fabs(mean - 0.6) < 4.5 * sd / sqrt(TRIALS));
    assert_true(fabs(covered / (double)TRIALS - 0.95) < 4.5 * sqrt(0.95 * 0.05 / TRIALS));
    assert_true(fabs(variance / TRIALS / 0.64 - 1) < 0.15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),           cmocka_unit_test(test_quadrature),
        cmocka_unit_test(test_as_lme4),          cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_integral),         cmocka_unit_test(test_variance_zero),
        cmocka_unit_test(test_order_is_nothing), cmocka_unit_test(test_without_an_answer),
        cmocka_unit_test(test_simulated_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
