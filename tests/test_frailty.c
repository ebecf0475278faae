/* test_frailty.c - Cox regression with a frailty, with clusters, with Firth's penalty, and the test
 * of proportional hazards.  SPDX-License-Identifier: MIT */
#include "analysis/cox_model.h"
#include "analysis/firth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *event;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
    int n_clusters;
    const int *cluster;
    int n_strata;
    const int *stratum;
};

struct oracle {
    const char *name;
    const struct data *data;
    int n_x, term;
    bool strata;
    enum ties ties;
    double expected[5];
};

#include "oracle/frailty.h"

extern const struct analysis analysis_cox, analysis_cox_frailty, analysis_cox_robust,
    analysis_proportional_hazards;

/* The parameters as the plug-ins hold them: the first is that of all. */
struct parameters {
    int ties, test, penalty;
};

enum { COLUMNS_MAX = 8, N_MAX = 400 };
#define CASES(list) sizeof(list) / sizeof *(list)

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
                       .n_strata = strata ? d->n_strata : 1,
                       .cluster = d->cluster,
                       .n_clusters = d->n_clusters};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static void run(const struct analysis *a, const struct sample *s, struct parameters p, double null,
                struct result *r)
{
    const struct inference in = question(null);
    struct scratch w = {0};
    a->run(&p, &in, s, &w, r);
    assert_null(w.current);
    scratch_free(&w);
}

static void run_case(const struct analysis *a, const struct oracle *c, struct parameters p,
                     double null, struct result *r)
{
    const double *x[COLUMNS_MAX];
    struct sample s = sample_of(c->data, c->n_x, c->strata, x);
    s.term = c->term;
    run(a, &s, p, null, r);
    if (r->why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r->why));
    assert_int_equal(r->n, c->data->n);
}

static void close_to(const char *name, const char *what, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("%s, %s: %.17g instead of %.17g (relative %.2g)", name, what, got, expected,
                 fabs(got / expected - 1));
    }
}

/* Expected: coefficient, se and variance at the root of coxph's REML equation; coefficient and se
 * as coxph's own search for that root reports them. */
static void test_frailty_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES(frailty_cases); k++) {
        const struct oracle *c = &frailty_cases[k];
        struct result r[2];
        run_case(&analysis_cox_frailty, c, (struct parameters){(int)c->ties, 0, 0}, 1, r);
        const bool bound = c->expected[2] < 1e-8;
        close_to(c->name, "coefficient", log(r[0].estimate), c->expected[0], 1e-6);
        close_to(c->name, "se", r[0].se, c->expected[1], 1e-6);
        close_to(c->name, "variance", r[1].estimate, c->expected[2], 1e-5);
        close_to(c->name, "coxph", log(r[0].estimate), c->expected[3], bound ? 2e-3 : 1e-4);
        close_to(c->name, "coxph's se", r[0].se, c->expected[4], bound ? 2e-3 : 1e-4);
        close_to(c->name, "statistic", r[0].statistic, log(r[0].estimate) / r[0].se, 1e-12);
        assert_true(isnan(r[1].se) && isnan(r[1].p_value));
    }
}

static void test_robust_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES(robust_cases); k++) {
        const struct oracle *c = &robust_cases[k];
        struct result r;
        run_case(&analysis_cox_robust, c, (struct parameters){(int)c->ties, 0, 0}, 1, &r);
        close_to(c->name, "coefficient", log(r.estimate), c->expected[0], 1e-8);
        close_to(c->name, "se", r.se, c->expected[1], 1e-8);
    }
}

static void test_proportional_hazards_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES(zph_cases); k++) {
        const struct oracle *c = &zph_cases[k];
        struct result r;
        run_case(&analysis_proportional_hazards, c, (struct parameters){(int)c->ties, 0, 0}, 0, &r);
        close_to(c->name, "slope", r.estimate, c->expected[0], 1e-8);
        close_to(c->name, "se", r.se, c->expected[1], 1e-8);
        close_to(c->name, "chi-squared", r.statistic, c->expected[2], 1e-8);
        close_to(c->name, "p", r.p_value, c->expected[3], 1e-8);
    }
}

static void test_firth_by_definition(void **state)
{
    (void)state;
    for (size_t k = 0; k < CASES(firth_cases); k++) {
        const struct oracle *c = &firth_cases[k];
        struct result r;
        run_case(&analysis_cox, c, (struct parameters){(int)c->ties, TEST_WALD, 1}, 1, &r);
        close_to(c->name, "coefficient", log(r.estimate), c->expected[0], 1e-7);
        close_to(c->name, "se", r.se, c->expected[1], 1e-7);
        run_case(&analysis_cox, c, (struct parameters){(int)c->ties, TEST_LIKELIHOOD_RATIO, 1}, 1,
                 &r);
        close_to(c->name, "likelihood ratio", r.statistic, c->expected[2], 1e-6);
    }
}

static void test_tables(void **state)
{
    (void)state;
    const struct analysis *const tables[] = {&analysis_cox, &analysis_cox_frailty,
                                             &analysis_cox_robust};
    for (int k = 0; k < 3; k++) {
        const struct param *p = tables[k]->params;
        assert_int_equal(tables[k]->params_size, sizeof(struct parameters));
        assert_int_equal(p[0].offset, offsetof(struct parameters, ties));
        assert_int_equal(p[1].offset, offsetof(struct parameters, test));
        assert_int_equal(p[2].offset, offsetof(struct parameters, penalty));
        assert_null(p[3].name);
        assert_string_equal(tables[k]->name, "cox");
    }
    assert_ptr_equal(analysis_cox.with_frailty, &analysis_cox_frailty);
    assert_ptr_equal(analysis_cox.with_cluster, &analysis_cox_robust);
    assert_int_equal(analysis_proportional_hazards.params[0].offset, 0);
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

/* Random trials kept where tests can change them. */
struct trial {
    struct data d;
    double time[N_MAX], event[N_MAX], x[2][N_MAX];
    unsigned char arm[N_MAX];
    int cluster[N_MAX], stratum[N_MAX];
};

static void draw(struct trial *t, int n, int q, double sd, double effect, uint64_t *seed)
{
    double b[N_MAX];
    for (int k = 0; k < q; k++) b[k] = sd * normal(seed);
    for (int i = 0; i < n; i++) {
        t->cluster[i] = i < q ? i : (int)(q * uniform(seed));
        t->stratum[i] = i % 2;
        t->arm[i] = uniform(seed) < 0.5;
        t->x[0][i] = 10 * uniform(seed);
        t->x[1][i] = uniform(seed) < 0.4;
        const double eta = effect * t->arm[i] + 0.1 * (t->x[0][i] - 5) + b[t->cluster[i]];
        const double death = -30 * log(uniform(seed)) * exp(-eta);
        t->event[i] = death < 28;
        t->time[i] = fmin(death, 28);
    }
    t->d = (struct data){n, t->time, t->event, t->arm, 0, NULL, q, t->cluster, 2, t->stratum};
}

static struct sample random_sample(const struct trial *t, const double **x)
{
    struct sample s = sample_of(&t->d, 0, false, x);
    s.n_x = 2;
    for (int j = 0; j < 2; j++) x[j] = t->x[j];
    return s;
}

/* At variance 0 the frailty model is the model without, to what ends both searches (newton.c). */
static void test_variance_zero(void **state)
{
    (void)state;
    uint64_t seed = 11;
    int zero = 0;
    for (int k = 0; k < 40; k++) {
        struct trial t;
        const double *x[2];
        draw(&t, 120, 10, 0, -0.4, &seed);
        const struct sample s = random_sample(&t, x);
        struct result r[2], plain;
        run(&analysis_cox_frailty, &s, (struct parameters){0}, 1, r);
        if (r[1].estimate > 0) continue;
        run(&analysis_cox, &s, (struct parameters){0}, 1, &plain);
        close_to("variance 0", "hazard ratio", r[0].estimate, plain.estimate, 1e-12);
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
    draw(&t, 200, 15, 1, -0.4, &seed);
    u = t;
    for (int i = 0; i < 200; i++) {
        const int j = (i * 77 + 13) % 200;
        u.cluster[i] = (t.cluster[j] * 4 + 3) % 15;
        u.arm[i] = t.arm[j];
        u.time[i] = t.time[j];
        u.event[i] = t.event[j];
        for (int c = 0; c < 2; c++) u.x[c][i] = t.x[c][j];
    }
    u.d.time = u.time;
    const struct sample s = random_sample(&t, x);
    struct sample v = random_sample(&u, y);
    v.time = u.time;
    v.event = u.event;
    v.arm = u.arm;
    v.cluster = u.cluster;
    const struct analysis *const methods[] = {&analysis_cox_frailty, &analysis_cox_robust};
    for (int k = 0; k < 2; k++) {
        struct result r[2] = {0}, q[2] = {0};
        run(methods[k], &s, (struct parameters){0}, 1, r);
        run(methods[k], &v, (struct parameters){0}, 1, q);
        close_to("permuted", "hazard ratio", q[0].estimate, r[0].estimate, 1e-9);
        close_to("permuted", "se", q[0].se, r[0].se, 1e-8);
        close_to("permuted", "variance", q[1].estimate, r[1].estimate, 1e-7);
    }
}

/* Entering each patient twice into the same cluster adds nothing: with Breslow's ties the robust
 * standard error stays, where that from the information shrinks by sqrt(2). */
static void test_copies_add_nothing(void **state)
{
    (void)state;
    uint64_t seed = 8;
    struct trial t;
    const double *x[2];
    draw(&t, 200, 12, 0.5, -0.4, &seed);
    for (int i = 0; i < 100; i++) {
        t.time[100 + i] = t.time[i];
        t.event[100 + i] = t.event[i];
        t.arm[100 + i] = t.arm[i];
        t.cluster[100 + i] = t.cluster[i];
        for (int c = 0; c < 2; c++) t.x[c][100 + i] = t.x[c][i];
    }
    const struct sample twice = random_sample(&t, x);
    struct sample once = twice;
    once.n = 100;
    const struct parameters breslow = {TIES_BRESLOW, 0, 0};
    struct result r, q;
    run(&analysis_cox_robust, &once, breslow, 1, &r);
    run(&analysis_cox_robust, &twice, breslow, 1, &q);
    close_to("copies", "hazard ratio", q.estimate, r.estimate, 1e-10);
    close_to("copies", "robust se", q.se, r.se, 1e-9);
    run(&analysis_cox, &once, breslow, 1, &r);
    run(&analysis_cox, &twice, breslow, 1, &q);
    close_to("copies", "se", q.se, r.se / sqrt(2), 1e-9);
}

/* A treated patient dies before a control is censored. With p = h/(h + 1) the penalised likelihood
 * is p sqrt(p (1 - p)), greatest at p = 3/4: h = 3, information 3/16. */
static void test_firth_by_hand(void **state)
{
    (void)state;
    const double time[] = {1, 2}, event[] = {1, 0};
    const unsigned char arm[] = {1, 0};
    const struct sample s = {.n = 2,
                             .n_arm = {1, 1},
                             .arm = arm,
                             .time = time,
                             .event = event,
                             .term = -1,
                             .n_strata = 1};
    struct result r;
    run(&analysis_cox, &s, (struct parameters){0}, 1, &r);
    assert_int_equal(r.why, UNDEFINED_NO_EVENTS_IN_ARM);
    run(&analysis_cox, &s, (struct parameters){0, TEST_WALD, 1}, 1, &r);
    assert_int_equal(r.why, UNDEFINED_NO);
    close_to("two patients", "hazard ratio", r.estimate, 3, 1e-7);
    close_to("two patients", "se", r.se, sqrt(16.0 / 3), 1e-7);
}

static enum undefined why_of(const struct analysis *a, const struct sample *s)
{
    struct result r[2] = {0};
    run(a, s, (struct parameters){0}, 1, r);
    assert_true(isnan(r[0].estimate) && isnan(r[0].se));
    assert_int_equal(r[0].n, s->n);
    for (int k = 1; k < a->n_outputs; k++) assert_int_equal(r[k].why, r[0].why);
    return r[0].why;
}

static void test_without_an_answer(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct trial t;
    const double *x[2];
    draw(&t, 100, 8, 0.5, -0.4, &seed);
    const struct sample whole = random_sample(&t, x);
    const struct analysis *const methods[] = {&analysis_cox_frailty, &analysis_cox_robust,
                                              &analysis_proportional_hazards};
    for (int k = 0; k < 3; k++) {
        struct sample s = whole;
        s.n = 0;
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_NO_PATIENTS);
        s = whole;
        s.n_arm[1] = 0;
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_EMPTY_ARM);
        x[1] = x[0];
        s = whole;
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_SINGULAR);
        x[1] = t.x[1];
        const int one[N_MAX] = {0};
        s.cluster = one;
        s.n_clusters = 1;
        if (k < 2) assert_int_equal(why_of(methods[k], &s), UNDEFINED_TOO_FEW_CLUSTERS);
        double none[N_MAX] = {0}, ordered[N_MAX];
        s = whole;
        s.event = none;
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_NO_EVENTS);
        for (int i = 0; i < 100; i++) none[i] = 1 - t.arm[i];
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_NO_EVENTS_IN_ARM);
        for (int i = 0; i < 100; i++) ordered[i] = 20 - t.x[0][i];
        for (int i = 0; i < 100; i++) none[i] = 1;
        s.time = ordered;
        assert_int_equal(why_of(methods[k], &s), UNDEFINED_SEPARATION);
    }
    struct sample s = whole;
    s.stratum = t.cluster;
    s.n_strata = 8;
    assert_int_equal(why_of(&analysis_cox_frailty, &s), UNDEFINED_SINGULAR);
    s = whole;
    double once[N_MAX] = {0};
    for (int i = 0; i < 100; i++) once[i] = t.time[i] < 28 ? 5 : 28;
    s.time = once;
    s.n_x = 0;
    assert_int_equal(why_of(&analysis_proportional_hazards, &s), UNDEFINED_TOO_FEW);
}

/* 250 trials of 300 patients in 25 clusters, log hazard ratio -0.4, sd 0.6. Limits are 4.5 standard
 * errors of what is checked (mean, coverage, size), so that chance alone fails one in 1e5; the mean
 * variance is held within 15 %. Hazards are proportional within clusters: where these differ, not
 * overall, so that the test of that is judged in trials without. */
static void test_simulated_trials(void **state)
{
    (void)state;
    enum { TRIALS = 250 };
    uint64_t seed = 20190217;
    double sum = 0, squares = 0, variance = 0;
    int covered = 0, rejected = 0;
    for (int k = 0; k < TRIALS; k++) {
        struct trial t;
        const double *x[2];
        draw(&t, 300, 25, 0.6, -0.4, &seed);
        const struct sample s = random_sample(&t, x);
        struct result r[2];
        run(&analysis_cox_frailty, &s, (struct parameters){0}, 1, r);
        assert_int_equal(r[0].why, UNDEFINED_NO);
        const double beta = log(r[0].estimate);
        sum += beta;
        squares += beta * beta;
        variance += r[1].estimate;
        covered += r[0].ci_low < exp(-0.4) && r[0].ci_high > exp(-0.4);
        draw(&t, 300, 25, 0, -0.4, &seed);
        const struct sample even = random_sample(&t, x);
        run(&analysis_proportional_hazards, &even, (struct parameters){0}, 0, r);
        rejected += r[0].p_value < 0.05;
    }
    const double mean = sum / TRIALS, sd = sqrt(squares / TRIALS - mean * mean);
    const double limit = 4.5 * sqrt(0.95 * 0.05 / TRIALS);
    assert_true(fabs(mean + 0.4) < 4.5 * sd / sqrt(TRIALS));
    assert_true(fabs(covered / (double)TRIALS - 0.95) < limit);
    assert_true(fabs(rejected / (double)TRIALS - 0.05) < limit);
    assert_true(fabs(variance / TRIALS / 0.36 - 1) < 0.15);
}

/* A hazard ratio that changes from 1/4 to 4 halfway is seen in most trials. */
static void test_crossing_hazards_are_seen(void **state)
{
    (void)state;
    uint64_t seed = 99;
    int rejected = 0;
    for (int k = 0; k < 50; k++) {
        struct trial t;
        const double *x[2];
        draw(&t, 300, 25, 0, 0, &seed);
        for (int i = 0; i < 300; i++) {
            const double hazard = t.arm[i] ? 0.02 : 0.08, e = -log(uniform(&seed));
            const double death =
                e < 14 * hazard ? e / hazard : 14 + (e - 14 * hazard) * (t.arm[i] ? 12.5 : 50);
            t.event[i] = death < 28;
            t.time[i] = fmin(death, 28);
        }
        const struct sample s = random_sample(&t, x);
        struct result r;
        run(&analysis_proportional_hazards, &s, (struct parameters){0}, 0, &r);
        assert_true(r.estimate > 0);
        rejected += r.p_value < 0.05;
    }
    assert_true(rejected >= 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_frailty_as_r),
        cmocka_unit_test(test_robust_as_r),
        cmocka_unit_test(test_proportional_hazards_as_r),
        cmocka_unit_test(test_firth_by_definition),
        cmocka_unit_test(test_firth_by_hand),
        cmocka_unit_test(test_variance_zero),
        cmocka_unit_test(test_order_is_nothing),
        cmocka_unit_test(test_copies_add_nothing),
        cmocka_unit_test(test_without_an_answer),
        cmocka_unit_test(test_simulated_trials),
        cmocka_unit_test(test_crossing_hazards_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
