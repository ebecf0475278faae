/* test_competing_risks.c - Fine-Gray regression, cumulative incidence, Gray's test: R's numbers,
 * identities, samples without an answer.  SPDX-License-Identifier: MIT */
#include "analysis/incidence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct data {
    int n;
    const double *time, *cause;
    const unsigned char *arm;
    int n_x;
    const double *x; /* [n_x][n] */
};

struct competing_case {
    const char *name;
    const struct data *data;
    int n_x, cause;
    double horizon;
    double hazard_ratio[6]; /* estimate, se, limits, statistic, p */
    double difference[5];   /* estimate, se, limits, p */
    double gray[2];         /* chi-squared, p */
    int events;
};

#include "oracle/competing_risks.h"

extern const struct analysis analysis_competing_risks, analysis_cox;

/* The parameters as the plug-in holds them. */
struct parameters {
    int64_t cause;
    double horizon;
};

enum { HAZARD_RATIO, DIFFERENCE, GRAY, OUTPUTS, COLUMNS_MAX = 8 };

static struct sample sample_of(const struct data *d, int n_x, const double **x)
{
    struct sample s = {.n = d->n,
                       .arm = d->arm,
                       .time = d->time,
                       .cause = d->cause,
                       .n_x = n_x,
                       .x = x,
                       .term = -1,
                       .n_strata = 1};
    for (int i = 0; i < d->n; i++) s.n_arm[d->arm[i]]++;
    for (int j = 0; j < n_x; j++) x[j] = d->x + (ptrdiff_t)j * d->n;
    return s;
}

static void run_sample(const struct sample *s, int cause, double horizon, int sides,
                       struct result out[OUTPUTS])
{
    /* qnorm(0.975) and qnorm(0.95) */
    const struct inference in = {0.05, sides, 1, 1,
                                 sides == 2 ? 1.9599639845400545 : 1.6448536269514722};
    const struct parameters p = {cause, horizon};
    struct scratch w = {0};
    analysis_competing_risks.run(&p, &in, s, &w, out);
    assert_null(w.current);
    scratch_free(&w);
    for (int k = 0; k < OUTPUTS; k++) assert_int_equal(out[k].n, s->n);
}

static void run(const struct data *d, int n_x, int cause, double horizon,
                struct result out[OUTPUTS])
{
    const double *x[COLUMNS_MAX];
    const struct sample s = sample_of(d, n_x, x);
    run_sample(&s, cause, horizon, 2, out);
}

static void close_to(const char *name, const char *what, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fmax(fabs(expected), 1e-3))) {
        fail_msg("%s, %s: %.17g instead of %.17g (relative %.2g)", name, what, got, expected,
                 fabs(got / expected - 1));
    }
}

static void test_as_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof competing_cases / sizeof *competing_cases; k++) {
        const struct competing_case *c = &competing_cases[k];
        struct result r[OUTPUTS];
        run(c->data, c->n_x, c->cause, c->horizon, r);
        for (int j = 0; j < OUTPUTS; j++) {
            if (r[j].why != UNDEFINED_NO) fail_msg("%s: %s", c->name, undefined_text(r[j].why));
            assert_int_equal(r[j].events, c->events);
        }
        const struct result *h = &r[HAZARD_RATIO], *d = &r[DIFFERENCE], *g = &r[GRAY];
        const double hazard_ratio[] = {h->estimate, h->se,        h->ci_low,
                                       h->ci_high,  h->statistic, h->p_value};
        const double difference[] = {d->estimate, d->se, d->ci_low, d->ci_high, d->p_value};
        static const char *const what[] = {"estimate", "se", "ci_low", "ci_high", "statistic", "p"};
        for (int j = 0; j < 6; j++)
            close_to(c->name, what[j], hazard_ratio[j], c->hazard_ratio[j], j == 5 ? 1e-6 : 1e-7);
        for (int j = 0; j < 5; j++)
            close_to(c->name, j == 4 ? "p of difference" : what[j], difference[j], c->difference[j],
                     1e-9);
        close_to(c->name, "Gray's chi-squared", g->statistic * g->statistic, c->gray[0], 1e-9);
        close_to(c->name, "Gray's p", g->p_value, c->gray[1], 1e-8);
        close_to(c->name, "Gray's score", log(g->estimate) / g->se, g->statistic, 1e-12);
    }
}

/* Without competing events the subdistribution is the distribution: Breslow's Cox estimate, and the
 * incidence is one minus the Kaplan-Meier curve. */
static void test_without_competing_events(void **state)
{
    (void)state;
    const double *x[COLUMNS_MAX];
    struct sample s = sample_of(&one_cause, 2, x);
    struct result r[OUTPUTS], cox;
    run(&one_cause, 2, 1, NAN, r);
    const struct inference in = {0.05, 2, 1, 1, 1.9599639845400545};
    struct scratch w = {0};
    s.event = s.cause;
    void *breslow = scratch_take(&w, analysis_cox.params_size, 1);
    params_default(analysis_cox.params, breslow);
    for (const struct param *row = analysis_cox.params; row->name != NULL; row++)
        if (strcmp(row->name, "ties") == 0) *(int *)((char *)breslow + row->offset) = 1;
    analysis_cox.run(breslow, &in, &s, &w, &cox);
    close_to("one cause", "hazard ratio", r[HAZARD_RATIO].estimate, cox.estimate, 1e-9);
    const struct life_table table = life_table_build(&s, s.cause, 1, -1, &w);
    double survival = 1;
    for (int i = 0; i < table.n && table.at[i].time <= 2; i++)
        survival *= 1 - (double)table.at[i].events[0] / table.at[i].at_risk[0];
    close_to("one cause", "incidence", incidence_at(&table, 0, 2).share, 1 - survival, 1e-12);
    scratch_free(&w);
}

/* Incidences of both causes and survival add up to 1; without censoring an incidence is a share,
 * and its variance nearly p (1 - p) / n. */
static void test_shares(void **state)
{
    (void)state;
    const double *x[COLUMNS_MAX];
    const struct sample s = sample_of(&all_events, 0, x);
    struct scratch w = {0};
    const struct life_table one = life_table_build(&s, s.cause, 1, -1, &w);
    const struct life_table two = life_table_build(&s, s.cause, 2, -1, &w);
    for (int arm = 0; arm < 2; arm++) {
        int count[3] = {0};
        for (int i = 0; i < s.n; i++)
            if (s.arm[i] == arm) count[s.time[i] <= 2 ? (int)s.cause[i] : 0]++;
        const double n = s.n_arm[arm], p = count[1] / n;
        const struct incidence f1 = incidence_at(&one, arm, 2), f2 = incidence_at(&two, arm, 2);
        close_to("shares", "first", f1.share, p, 1e-12);
        close_to("shares", "sum", f1.share + f2.share, 1 - count[0] / n, 1e-12);
        close_to("shares", "variance", f1.variance, p * (1 - p) / n, 0.02);
    }
    scratch_free(&w);
}

/* Swapped arms turn every answer round; a one-sided p-value is half of the two-sided one. */
static void test_symmetries(void **state)
{
    (void)state;
    const double *x[COLUMNS_MAX];
    struct sample s = sample_of(&heavy_ties, 2, x), t = s;
    unsigned char arm[1000];
    for (int i = 0; i < s.n; i++) arm[i] = !s.arm[i];
    t.arm = arm;
    t.n_arm[0] = s.n_arm[1];
    t.n_arm[1] = s.n_arm[0];
    struct result r[OUTPUTS], swapped[OUTPUTS], one[OUTPUTS];
    run_sample(&s, 1, 4, 2, r);
    run_sample(&t, 1, 4, 2, swapped);
    run_sample(&s, 1, 4, 1, one);
    close_to("swapped", "hazard ratio", swapped[HAZARD_RATIO].estimate,
             1 / r[HAZARD_RATIO].estimate, 1e-9);
    close_to("swapped", "se", swapped[HAZARD_RATIO].se, r[HAZARD_RATIO].se, 1e-9);
    close_to("swapped", "difference", swapped[DIFFERENCE].estimate, -r[DIFFERENCE].estimate, 1e-12);
    close_to("swapped", "Gray", swapped[GRAY].statistic, -r[GRAY].statistic, 1e-9);
    assert_true(r[GRAY].statistic > 0); /* benefit is up */
    for (int k = 0; k < OUTPUTS; k++)
        close_to("one-sided", "p", one[k].p_value, r[k].p_value / 2, 1e-9);
}

static void test_without_answer(void **state)
{
    (void)state;
    const double time[] = {3, 9, 5, 20, 8, 20, 2, 7}, none[8] = {0},
                 other[8] = {2, 2, 0, 2, 0, 2, 2, 2};
    const double control_only[] = {1, 2, 1, 0, 0, 2, 1, 0}, both[] = {1, 2, 0, 0, 1, 2, 1, 0};
    const unsigned char arm[] = {0, 0, 0, 1, 1, 1, 0, 1}, alone[8] = {0};
    const double constant[8] = {4, 4, 4, 4, 4, 4, 4, 4};
    struct result r[OUTPUTS];
    run(&(struct data){0, time, both, arm, 0, NULL}, 0, 1, NAN, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO_PATIENTS);
    run(&(struct data){8, time, both, alone, 0, NULL}, 0, 1, NAN, r);
    assert_int_equal(r[GRAY].why, UNDEFINED_EMPTY_ARM);
    run(&(struct data){8, time, none, arm, 0, NULL}, 0, 1, NAN, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO_EVENTS);
    run(&(struct data){8, time, other, arm, 0, NULL}, 0, 1, NAN, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO_EVENTS);
    assert_int_equal(r[DIFFERENCE].why, UNDEFINED_NO_EVENTS);
    run(&(struct data){8, time, control_only, arm, 0, NULL}, 0, 1, NAN, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO_EVENTS_IN_ARM);
    assert_int_equal(r[DIFFERENCE].why, UNDEFINED_NO);
    assert_int_equal(r[GRAY].why, UNDEFINED_NO);
    run(&(struct data){8, time, both, arm, 0, NULL}, 0, 1, 15, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO);
    assert_int_equal(r[DIFFERENCE].why, UNDEFINED_NO); /* the control arm has nobody left at risk */
    run(&(struct data){8, time, both, arm, 0, NULL}, 0, 1, 21, r);
    assert_int_equal(r[DIFFERENCE].why, UNDEFINED_BEYOND_FOLLOW_UP);
    const double unfinished[] = {1, 0, 0, 0, 1, 0, 1, 0};
    run(&(struct data){8, time, unfinished, arm, 0, NULL}, 0, 1, 15, r);
    assert_int_equal(r[DIFFERENCE].why, UNDEFINED_BEYOND_FOLLOW_UP);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_NO);
    run(&(struct data){8, time, both, arm, 1, constant}, 1, 1, NAN, r);
    assert_int_equal(r[HAZARD_RATIO].why, UNDEFINED_SINGULAR);
    assert_true(isnan(r[HAZARD_RATIO].estimate) && isnan(r[HAZARD_RATIO].p_value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_r),           cmocka_unit_test(test_without_competing_events),
        cmocka_unit_test(test_shares),         cmocka_unit_test(test_symmetries),
        cmocka_unit_test(test_without_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
