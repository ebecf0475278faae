/* test_population.c - covariates are delivered as stated: marginals, limits, correlation, centres.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "stat/distribution.h"
#include "stat/vector.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

enum { PATIENTS = 1000000 };

#define REST "course: {mortality: {cumulative: {28: 0.4}}}\n" TWO_ARMS ANY_ENDPOINT ANY_ANALYSIS

static const char SCENARIO[] =
    "simulation: {seed: 11}\n"
    "population:\n"
    "  covariates:\n"
    "    plain: {distribution: normal, mean: -3, sd: 2}\n"
    "    other: {distribution: normal, mean: 100, sd: 15}\n"
    "    third: {distribution: normal, mean: 0, sd: 1, latent: true}\n"
    "    age: {distribution: normal, mean: 63, sd: 16, within: [18, 100]}\n"
    "    sofa: {distribution: normal, mean: 9.7, sd: 3.6, within: [0, 24], integer: true}\n"
    "    low: {distribution: normal, mean: 1.6, sd: 1.3, within: [0, 10], integer: true}\n"
    "    lactate: {distribution: lognormal, median: 3.9, sd_log: 0.55, within: [2, 25]}\n"
    "    urea: {distribution: lognormal, mean: 12, sd: 6, within: [1, 60]}\n"
    "    crp: {distribution: lognormal, mean: 150, sd: 120}\n"
    "    delay: {distribution: uniform, within: [-1, 5]}\n"
    "    female: {distribution: binary, probability: 0.42}\n"
    "    source: {distribution: categorical, levels: {urinary: 0.2, abdominal: 0.5, lung: 0.3}}\n"
    "    alone: {distribution: categorical, levels: {b: 0.1, a: 0.7, c: 0.2}}\n"
    "  correlation: [[plain, other, 0.6], [other, third, -0.4], [plain, female, 0.5],\n"
    "                [plain, source, -0.3], [plain, third, 0.1]]\n"
    "trial: {patients: 1000000, follow_up: 28}\n" REST;

struct cohort {
    struct plan plan;
    struct scratch w;
    struct patients p;
    struct course c;
};

static int draw(void **state)
{
    static struct cohort k; /* one for the group, freed by release() */
    k.plan = plan_of(SCENARIO);
    const struct course_needs nothing = {0};
    const struct point *point = &k.plan.point[0];
    trial_draw(&point->trial, point->seed, 0, true, &nothing, &k.w, &k.p, &k.c);
    *state = &k;
    return 0;
}

static int release(void **state)
{
    struct cohort *k = *state;
    scratch_free(&k->w);
    plan_free(&k->plan);
    return 0;
}

static const double *column(const struct cohort *k, const char *name)
{
    return covariate_of(&k->plan.point[0], &k->p, name);
}

static void test_delivered_moments_are_those_stated(void **state)
{
    static const struct {
        const char *name;
        double mean, sd;
    } stated[] = {{"plain", -3, 2},  {"other", 100, 15},
                  {"age", 63, 16},   {"sofa", 9.7, 3.6},
                  {"low", 1.6, 1.3}, {"urea", 12, 6},
                  {"crp", 150, 120}, {"delay", 2, 1.7320508075688772 /* 6 / sqrt(12) */}};
    for (size_t k = 0; k < sizeof stated / sizeof *stated; k++) {
        const struct moments m = moments_of(column(*state, stated[k].name), PATIENTS);
        assert_mean(m, stated[k].mean);
        assert_sd(m, stated[k].sd);
    }
    const double *lactate = column(*state, "lactate");
    assert_share(count_below(lactate, PATIENTS, 3.9), PATIENTS, 0.5);
    double *logarithm = malloc(PATIENTS * sizeof *logarithm);
    assert_non_null(logarithm);
    for (int i = 0; i < PATIENTS; i++) logarithm[i] = log(lactate[i]);
    assert_sd(moments_of(logarithm, PATIENTS), 0.55);
    free(logarithm);
}

/* The map itself on 2^20 equally likely scores: no sampling error, 1e-5 sd for the grid's steps. */
static void test_maps_deliver_what_is_stated_without_sampling_error(void **state)
{
    enum { GRID = 1 << 20 };
    const struct cohort *c = *state;
    const struct population *pop = &c->plan.point[0].scenario.population;
    double *z = malloc(GRID * sizeof *z), *x = malloc(GRID * sizeof *x);
    assert_non_null(z);
    assert_non_null(x);
    for (int i = 0; i < GRID; i++) z[i] = gsl_cdf_ugaussian_Pinv((i + 0.5) / GRID);
    for (int k = 0; k < pop->n_covariates; k++) {
        const struct marginal *m = &pop->marginal[k];
        const struct covariate *stated = &pop->covariate[k];
        if (stated->distribution >= DISTRIBUTION_BINARY) continue;
        marginal_apply(m, x, z, GRID);
        const struct moments got = moments_of(x, GRID);
        assert_close(got.mean, m->mean, 1e-5 * m->sd);
        if (!stated->integer && m->truncated) assert_close(got.sd, m->sd, 1e-5 * m->sd);
        if (!isnan(stated->median)) {
            assert_close((x[GRID / 2 - 1] + x[GRID / 2]) / 2, stated->median, 1e-6);
            for (int i = 0; i < GRID; i++) x[i] = log(x[i]);
            assert_close(moments_of(x, GRID).sd, stated->sd_log, 1e-5);
        }
        if (isnan(stated->mean)) continue;
        assert_close(m->mean, stated->mean, 1e-9 * stated->sd);
        assert_close(m->sd, stated->sd, 1e-9 * stated->sd);
    }
    free(x);
    free(z);
}

static void test_nothing_piles_up_at_limits(void **state)
{
    const struct cohort *c = *state;
    static const char *const names[] = {"age", "lactate", "urea", "delay"};
    for (size_t k = 0; k < 4; k++) {
        const double *x = column(c, names[k]);
        const struct population *pop = &c->plan.point[0].scenario.population;
        const struct marginal *m = &pop->marginal[population_covariate(pop, names[k])];
        int at_limit = 0, near = 0;
        const double step = 0.01 * m->sd;
        for (int i = 0; i < PATIENTS; i++) {
            assert_true(x[i] >= m->low && x[i] <= m->high);
            at_limit += !(x[i] > m->low) || !(x[i] < m->high);
            near += x[i] < m->low + step;
        }
        assert_true(at_limit <= 1); /* scores are 53 bits: one in 9e15 may round to a limit */
        /* The share next to the limit is the truncated parent's. */
        const bool logarithm = m->distribution == DISTRIBUTION_LOGNORMAL;
        double share = 0.01 * m->sd / (m->high - m->low);
        if (m->distribution != DISTRIBUTION_UNIFORM) {
            const double a = logarithm ? log(m->low) : m->low,
                         b = logarithm ? log(m->high) : m->high;
            const double to = logarithm ? log(m->low + step) : m->low + step;
            const double below = gsl_cdf_gaussian_P(a - m->location, m->scale);
            share = (gsl_cdf_gaussian_P(to - m->location, m->scale) - below) /
                    (gsl_cdf_gaussian_P(b - m->location, m->scale) - below);
        }
        assert_share(near, PATIENTS, share);
    }
    /* Whole numbers: each has the parent's mass between its halves, the limits too. */
    const struct population *pop = &c->plan.point[0].scenario.population;
    const struct marginal *m = &pop->marginal[population_covariate(pop, "low")];
    const double *x = column(c, "low");
    const double below = gsl_cdf_gaussian_P(-0.5 - m->location, m->scale);
    const double mass = gsl_cdf_gaussian_P(10.5 - m->location, m->scale) - below;
    for (int value = 0; value <= 4; value++) {
        const double share = (gsl_cdf_gaussian_P(value + 0.5 - m->location, m->scale) -
                              gsl_cdf_gaussian_P(value - 0.5 - m->location, m->scale)) /
                             mass;
        int count = 0;
        for (int i = 0; i < PATIENTS; i++) count += (int)x[i] == value;
        assert_share(count, PATIENTS, share);
    }
    for (int i = 0; i < PATIENTS; i++) assert_true(x[i] <= rint(x[i]) && x[i] >= rint(x[i]));
}

static void test_correlation_is_of_normal_scores(void **state)
{
    const double *plain = column(*state, "plain"), *other = column(*state, "other");
    const double *third = column(*state, "third"), *age = column(*state, "age");
    assert_correlation(correlation_of(plain, other, PATIENTS), PATIENTS, 0.6);
    assert_correlation(correlation_of(other, third, PATIENTS), PATIENTS, -0.4);
    assert_correlation(correlation_of(plain, third, PATIENTS), PATIENTS, 0.1);
    assert_close(correlation_of(plain, age, PATIENTS), 0, 4 / sqrt(PATIENTS));
}

/* E(z | a < score < b) = r (phi(a) - phi(b)) / P(a < score < b). */
static void check_level(const double *z, const double *code, double level, double r, double from,
                        double to)
{
    const double a = gsl_cdf_ugaussian_Pinv(from), b = gsl_cdf_ugaussian_Pinv(to);
    double *within = malloc(PATIENTS * sizeof *within);
    assert_non_null(within);
    int n = 0;
    for (int i = 0; i < PATIENTS; i++)
        if (fabs(code[i] - level) < 0.5) within[n++] = (z[i] + 3) / 2; /* standardised */
    assert_share(n, PATIENTS, to - from);
    const double expected =
        r * ((from > 0 ? gsl_ran_ugaussian_pdf(a) : 0) - (to < 1 ? gsl_ran_ugaussian_pdf(b) : 0)) /
        (to - from);
    assert_mean(moments_of(within, n), expected);
    free(within);
}

/* Levels lie along the score in the order of the file; their codes are ranks in byte order. */
static void test_categories_have_their_shares_and_correlate(void **state)
{
    const double *plain = column(*state, "plain");
    check_level(plain, column(*state, "female"), 1, 0.5, 0.58, 1);
    check_level(plain, column(*state, "source"), 2, -0.3, 0, 0.2);   /* urinary */
    check_level(plain, column(*state, "source"), 0, -0.3, 0.2, 0.7); /* abdominal */
    check_level(plain, column(*state, "source"), 1, -0.3, 0.7, 1);   /* lung */
    check_level(plain, column(*state, "alone"), 1, 0, 0, 0.1);       /* b */
    check_level(plain, column(*state, "alone"), 0, 0, 0.1, 0.8);     /* a */
    check_level(plain, column(*state, "alone"), 2, 0, 0.8, 1);       /* c */
}

static double direct(const struct marginal *m, double z)
{
    const bool logarithm = m->distribution == DISTRIBUTION_LOGNORMAL;
    const double margin = m->integer ? 0.5 : 0;
    const double a = ((logarithm ? log(m->low) : m->low - margin) - m->location) / m->scale;
    const double b = ((logarithm ? log(m->high) : m->high + margin) - m->location) / m->scale;
    const double mass = a > 0 ? gsl_cdf_ugaussian_Q(a) - gsl_cdf_ugaussian_Q(b)
                              : gsl_cdf_ugaussian_P(b) - gsl_cdf_ugaussian_P(a);
    double y;
    if (z < 0 && a > 0)
        y = gsl_cdf_ugaussian_Qinv(gsl_cdf_ugaussian_Q(a) - gsl_cdf_ugaussian_P(z) * mass);
    else if (z < 0)
        y = gsl_cdf_ugaussian_Pinv(gsl_cdf_ugaussian_P(a) + gsl_cdf_ugaussian_P(z) * mass);
    else if (b < 0)
        y = gsl_cdf_ugaussian_Pinv(gsl_cdf_ugaussian_P(b) - gsl_cdf_ugaussian_Q(z) * mass);
    else
        y = gsl_cdf_ugaussian_Qinv(gsl_cdf_ugaussian_Q(b) + gsl_cdf_ugaussian_Q(z) * mass);
    return m->location + m->scale * y;
}

/* Interpolated maps against direct inversion with GSL: within 1e-9 sd over all scores that occur.
 */
static void test_interpolation_error(void **state)
{
    (void)state;
    const struct covariate shapes[] = {
        {.name = "age", .mean = 63, .sd = 16, .within = {2, (double[]){18, 100}}},
        {.name = "apache", .mean = 22, .sd = 7, .within = {2, (double[]){0, 71}}},
        {.name = "flat", .mean = 50, .sd = 28.8, .within = {2, (double[]){0, 100}}},
        {.name = "edge", .mean = 2, .sd = 1.8, .within = {2, (double[]){0, 50}}},
        {.name = "narrow", .mean = 5, .sd = 0.1, .within = {2, (double[]){4.8, 5.2}}},
        {.name = "high", .mean = 88, .sd = 9, .within = {2, (double[]){18, 100}}},
    };
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        struct covariate c = shapes[k];
        struct arena memory = {0};
        struct errors e = {0};
        struct reader r = {&memory, &e};
        c.median = c.sd_log = c.probability = NAN;
        const struct marginal m = marginal_solve(&c, &r);
        assert_int_equal(e.n, 0);
        double worst = 0;
        for (int i = -8200; i <= 8200; i++) {
            const double z = (i + 0.37) / 1000;
            double x;
            marginal_apply(&m, &x, &z, 1);
            worst = fmax(worst, fabs(x - direct(&m, z)) / c.sd);
        }
        print_message("# %s: interpolation error %.2g sd\n", c.name, worst);
        assert_close(worst, 0, 1e-9);
        arena_free(&memory);
        errors_free(&e);
    }
}

static void refuse_covariates(const char *covariates, const char *says)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "population: {covariates: {%s\ntrial: {patients: 8, follow_up: 28}\n" REST,
                   covariates);
    assert_refused(text, says);
}

static void test_impossible_marginals_are_refused(void **state)
{
    (void)state;
    /* A truncated normal is at most as wide as the uniform: 100/sqrt(12) = 28.9. */
    refuse_covariates("x: {distribution: normal, mean: 50, sd: 29, within: [0, 100]}}}", "'x'");
    refuse_covariates("x: {distribution: normal, mean: 101, sd: 5, within: [0, 100]}}}", "'x'");
    refuse_covariates("x: {distribution: normal, mean: 2, sd: 2.1, within: [0, 50]}}}", "'x'");
    refuse_covariates("x: {distribution: lognormal, median: 30, sd_log: 0.5, within: [2, 25]}}}",
                      "'x'");
    refuse_covariates("x: {distribution: lognormal, mean: 10, sd: 8, within: [2, 18]}}}", "'x'");
    refuse_covariates(
        "x: {distribution: normal, mean: 0.5, sd: 0.1, within: [0, 24], integer: true}}}", "'x'");
    refuse_covariates("x: {distribution: categorical, levels: {a: 0.5, b: 0.4}}}}",
                      "add up to 0.9");
    refuse_covariates("x: {distribution: binary, probability: 1}}}", "probability");
    refuse_covariates("x: {distribution: uniform, mean: 1, sd: 1, within: [0, 2]}}}",
                      "does not belong");
    refuse_covariates("x: {distribution: normal, mean: 1}}}", "needs mean and sd");
    refuse_covariates(
        "a: {distribution: normal, mean: 0, sd: 1}, b: {distribution: normal, mean: 0, sd: 1},\n"
        " c: {distribution: normal, mean: 0, sd: 1}}, correlation: [[a, b, 0.9], [a, c, 0.9],\n"
        " [b, c, -0.9]]}",
        "-0.9 between 'b' and 'c'");
}

/* Shares of gamma sizes are Dirichlet: the sum of squared shares has mean (k + 1) / (n k + 1), and
 * a centre's size has coefficient of variation 1 / sqrt(k). */
static void test_centre_sizes(void **state)
{
    (void)state;
    enum { REPLICATES = 4000, CENTRES = 50 };
    struct plan plan =
        plan_of("population: {centres: {number: 50, size_shape: 2, log_hazard_sd: 0.3}}\n"
                "trial: {patients: 8, follow_up: 28}\n" REST);
    const struct population *pop = &plan.point[0].scenario.population;
    double *squares = malloc(REPLICATES * sizeof *squares);
    double *effect = malloc(REPLICATES * CENTRES * sizeof *effect);
    assert_non_null(squares);
    assert_non_null(effect);
    struct scratch w = {0};
    for (int r = 0; r < REPLICATES; r++) {
        scratch_reset(&w);
        const struct streams streams = streams_of(3, (uint64_t)r);
        const double *shares = centres_shares(pop, streams, &w);
        const double *effects = centres_effects(pop, streams, &w);
        squares[r] = 0;
        for (int c = 0; c < CENTRES; c++) {
            const double share = shares[c] - (c ? shares[c - 1] : 0);
            squares[r] += share * share;
            effect[r * CENTRES + c] = effects[c];
        }
        assert_close(shares[CENTRES - 1], 1, 0);
    }
    assert_mean(moments_of(squares, REPLICATES), 3.0 / 101);
    assert_mean(moments_of(effect, REPLICATES * CENTRES), 0);
    assert_sd(moments_of(effect, REPLICATES * CENTRES), 0.3);
    scratch_free(&w);
    free(effect);
    free(squares);
    plan_free(&plan);
}

/* What decides a class is the uniform, or its score where scores are correlated: the same class. */
static void test_uniform_and_score_give_the_same_class(void **state)
{
    const struct cohort *c = *state;
    const struct population *pop = &c->plan.point[0].scenario.population;
    enum { DRAWS = 1 << 16 };
    struct scratch w = {0};
    double *q = scratch_doubles(&w, DRAWS), *z = scratch_doubles(&w, DRAWS);
    int classes = 0;
    for (int k = 0; k < pop->n_covariates; k++) {
        const struct marginal *m = &pop->marginal[k];
        if (m->n_levels == 0) continue;
        const struct stream s = stream_for(4, 0, (uint64_t)k);
        stream_fill(&s, q, DRAWS);
        vector_normal_quantile(z, q, DRAWS);
        marginal_apply(m, z, z, DRAWS);
        marginal_classify(m, q, DRAWS);
        assert_memory_equal(q, z, DRAWS * sizeof *q);
        classes++;
    }
    assert_int_equal(classes, 3);
    scratch_free(&w);
}

int main(void)
{
    const struct CMUnitTest drawn[] = {
        cmocka_unit_test(test_delivered_moments_are_those_stated),
        cmocka_unit_test(test_maps_deliver_what_is_stated_without_sampling_error),
        cmocka_unit_test(test_nothing_piles_up_at_limits),
        cmocka_unit_test(test_correlation_is_of_normal_scores),
        cmocka_unit_test(test_categories_have_their_shares_and_correlate),
        cmocka_unit_test(test_uniform_and_score_give_the_same_class),
        cmocka_unit_test(test_interpolation_error),
        cmocka_unit_test(test_impossible_marginals_are_refused),
        cmocka_unit_test(test_centre_sizes),
    };
    return cmocka_run_group_tests(drawn, draw, release);
}
