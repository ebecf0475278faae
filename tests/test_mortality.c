/* test_mortality.c - deaths are drawn as a scenario states them, marginally and by arm.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "model/registry.h"

#define REST ANY_ENDPOINT ANY_ANALYSIS

enum { REPLICATES = 400, PER_REPLICATE = 2500, ARMS = 7, LAST_DAY = 7 };
static const double knot[LAST_DAY] = {1, 3, 7, 14, 28, 90, 120};
static const double table[LAST_DAY - 1] = {0.07, 0.16, 0.285, 0.37, 0.434, 0.468};

static const char MORTALITY[] = POPULATION_WITH(
    ", log_hazard_sd: 0.4, size_shape: 2") "course:\n"
                                           "  mortality:\n"
                                           "    cumulative: {1: 0.07, 3: 0.16, 7: 0.285, 14: 0.37, "
                                           "28: 0.434, 90: 0.468}\n"
                                           "    log_hazard: {sofa: 0.1, lactate: 0.06, severity: "
                                           "0.6, source: {lung: 0.3}}\n"
                                           "arms:\n"
                                           "  control: {}\n"
                                           "  risk: {effects: {mortality: {risk: {28: 0.3}}}}\n"
                                           "  difference: {effects: {mortality: {risk_difference: "
                                           "{28: -0.085}}}}\n"
                                           "  relative: {effects: {mortality: {relative_risk: {14: "
                                           "1.2}}}}\n"
                                           "  marginal: {effects: {mortality: "
                                           "{marginal_hazard_ratio: 0.75}}}\n"
                                           "  varied: {effects: {mortality: {risk: {28: 0.35}, by: "
                                           "{sofa: 0.08, source: {lung: -0.5}},\n"
                                           "                                 centre_sd: 0.5}}}\n"
                                           "  cox_varied: {effects: {mortality: "
                                           "{marginal_hazard_ratio: 1.3, by: {severity: 0.4}}}}\n"
                                           "trial: {patients: 2500, follow_up: 120}\n" REST;

struct mortality_tally {
    struct plan plan;
    double *dead; /* [ARMS][LAST_DAY][REPLICATES] share dead */
    double *time; /* [ARMS][patients] */
};

/* A million patients in 400 trials of fresh centres, each patient in every arm. */
static int draw_mortality(void **state)
{
    static struct mortality_tally t;
    t.plan = plan_of(MORTALITY);
    const struct point *point = &t.plan.point[0];
    const size_t n = (size_t)REPLICATES * PER_REPLICATE;
    t.dead = calloc((size_t)ARMS * LAST_DAY * REPLICATES, sizeof *t.dead);
    t.time = calloc(ARMS * n, sizeof *t.time);
    assert_non_null(t.dead);
    assert_non_null(t.time);
    const struct course_needs needs = {.death = true};
    struct scratch w = {0};
    for (int r = 0; r < REPLICATES; r++) {
        struct patients p;
        struct course c;
        scratch_reset(&w);
        trial_draw(&point->trial, point->seed, (uint64_t)r, true, &needs, &w, &p, &c);
        for (int a = 0; a < ARMS; a++) {
            const struct scratch_mark mark = scratch_save(&w);
            trial_redraw(&point->trial, point->seed, (uint64_t)r, a, &needs, &w, &p, &c);
            for (int i = 0; i < p.n; i++)
                for (int k = 0; k < LAST_DAY; k++)
                    t.dead[(a * LAST_DAY + k) * REPLICATES + r] +=
                        (c.death[i] <= knot[k]) / (double)PER_REPLICATE;
            memcpy(t.time + (size_t)a * n + (size_t)r * PER_REPLICATE, c.death,
                   PER_REPLICATE * sizeof *t.time);
            scratch_restore(&w, mark);
        }
    }
    scratch_free(&w);
    *state = &t;
    return 0;
}

static int free_mortality(void **state)
{
    struct mortality_tally *t = *state;
    free(t->dead);
    free(t->time);
    plan_free(&t->plan);
    return 0;
}

static const double *shares_dead(const struct mortality_tally *t, int arm, int k)
{
    return t->dead + (arm * LAST_DAY + k) * REPLICATES;
}

/* Variance between replicates counts the clustering in centres; t with 399 df: false alarms 8e-5.
 */
static void test_control_mortality_is_the_table(void **state)
{
    const struct mortality_tally *t = *state;
    const struct baseline *b = t->plan.point[0].baseline;
    for (int k = 0; k < LAST_DAY - 1; k++) {
        const struct moments m = moments_of(shares_dead(t, 0, k), REPLICATES);
        assert_true(b->error[k] < 5e-5);
        assert_true(m.mean_se < 8e-4);
        assert_close(m.mean, table[k], 4 * hypot(m.mean_se, b->error[k]));
        assert_close(b->solved[k], table[k], 1e-9);
    }
}

static void test_marginal_risks_are_those_stated(void **state)
{
    const struct mortality_tally *t = *state;
    enum { DAY_14 = 3, DAY_28 = 4 };
    assert_mean(moments_of(shares_dead(t, 1, DAY_28), REPLICATES), 0.3);
    assert_mean(moments_of(shares_dead(t, 2, DAY_28), REPLICATES), 0.434 - 0.085);
    assert_mean(moments_of(shares_dead(t, 3, DAY_14), REPLICATES), 0.37 * 1.2);
    assert_mean(moments_of(shares_dead(t, 5, DAY_28), REPLICATES), 0.35);
    /* Paired: the same patients in both arms. */
    double difference[REPLICATES];
    for (int r = 0; r < REPLICATES; r++)
        difference[r] = shares_dead(t, 2, DAY_28)[r] - shares_dead(t, 0, DAY_28)[r];
    assert_mean(moments_of(difference, REPLICATES), -0.085);
}

/* What `check` prints for every arm and day is what is drawn, beyond the last knot too. */
static void test_predicted_risks_are_drawn(void **state)
{
    const struct mortality_tally *t = *state;
    const struct course_plan *course = &t->plan.point[0].course;
    for (int a = 0; a < ARMS; a++)
        for (int k = 0; k < LAST_DAY; k++)
            assert_mean(moments_of(shares_dead(t, a, k), REPLICATES),
                        course_risk(course, &course->arm[a], knot[k]));
}

/* Unadjusted Cox over 120 days in 100 batches of 20,000, both courses of each patient: the error is
 * the spread of batches (t with 99 df: false alarms 1.3e-4 each). */
static double *unadjusted_cox(const struct mortality_tally *t, int arm, double *estimate)
{
    enum { BATCHES = 100, HALF = REPLICATES * PER_REPLICATE / BATCHES };
    struct scratch w = {0};
    struct arena memory = {0};
    const struct analysis *cox = analysis_named("cox");
    void *params = arena_alloc(&memory, cox->params_size + 1, 1);
    params_default(cox->params, params);
    const struct inference in = {0.05, 2, 1, -1, 1.959963984540054};
    for (int b = 0; b < BATCHES; b++) {
        scratch_reset(&w);
        double *time = scratch_doubles(&w, 2 * HALF), *event = scratch_doubles(&w, 2 * HALF);
        unsigned char *treated = scratch_take(&w, 2 * HALF + 16, 1);
        for (int i = 0; i < 2 * HALF; i++) {
            const size_t row = (size_t)b * HALF + (size_t)(i / 2);
            const double death =
                t->time[(size_t)(i % 2 ? arm : 0) * REPLICATES * PER_REPLICATE + row];
            treated[i] = i % 2 ? 1 : 0;
            time[i] = fmin(death, 120);
            event[i] = death <= 120;
        }
        const struct sample s = {.n = 2 * HALF,
                                 .n_arm = {HALF, HALF},
                                 .arm = treated,
                                 .time = time,
                                 .event = event,
                                 .term = -1,
                                 .n_strata = 1};
        struct result result;
        cox->run(params, &in, &s, &w, &result);
        assert_int_equal(result.why, UNDEFINED_NO);
        estimate[b] = log(result.estimate);
    }
    arena_free(&memory);
    scratch_free(&w);
    return estimate;
}

static void test_marginal_hazard_ratio_is_what_cox_finds(void **state)
{
    double estimate[100];
    assert_mean(moments_of(unadjusted_cox(*state, 4, estimate), 100), log(0.75));
    assert_mean(moments_of(unadjusted_cox(*state, 6, estimate), 100), log(1.3));
    /* The conditional ratio behind it lies further from 1, or the test would prove nothing. */
    const struct mortality_tally *t = *state;
    assert_true(t->plan.point[0].course.arm[4].hazard_ratio < 0.73);
}

/* Closed forms without covariates: H(t) linear between knots, the last slope goes on, each step
 * scales its slice: 1 - exp(-sum ratio x slice). */
static void test_hazard_ratio_in_steps_and_after_the_last_knot(void **state)
{
    (void)state;
    struct plan plan =
        plan_of("simulation: {seed: 9}\ncourse: {mortality: {cumulative: {7: 0.2, 28: 0.4}}}\n"
                "arms: {control: {}, steps: {effects: {mortality: {hazard_ratio: {from: {0: 1, 2: "
                "0.6, 35: 2}}}}}}\n"
                "trial: {patients: 500000, follow_up: 90}\n" REST);
    const struct point *point = &plan.point[0];
    const double h7 = -log(0.8), h28 = -log(0.6), early = h7 / 7, late = (h28 - h7) / 21;
    const double day[] = {1, 7, 10, 28, 40, 90};
    double control[6], steps[6];
    for (int k = 0; k < 6; k++) {
        const double t = day[k];
        control[k] = 1 - exp(-(fmin(t, 7) * early + fmax(0, t - 7) * late));
        steps[k] = 1 - exp(-(fmin(t, 2) * early + 0.6 * fmax(0, fmin(t, 7) - 2) * early +
                             0.6 * fmax(0, fmin(t, 35) - 7) * late + 2 * fmax(0, t - 35) * late));
    }
    const struct course_needs needs = {.death = true};
    struct scratch w = {0};
    struct patients p;
    struct course c;
    trial_draw(&point->trial, point->seed, 0, true, &needs, &w, &p, &c);
    for (int a = 0; a < 2; a++) {
        trial_redraw(&point->trial, point->seed, 0, a, &needs, &w, &p, &c);
        for (int k = 0; k < 6; k++) {
            const double expected = a ? steps[k] : control[k];
            assert_close(course_risk(&point->course, &point->course.arm[a], day[k]), expected,
                         1e-10);
            assert_share(count_below(c.death, p.n, day[k]), p.n, expected);
        }
    }
    assert_true(isnan(point->course.arm[1].hazard_ratio));
    scratch_free(&w);
    plan_free(&plan);
}

static void refuse_effect(const char *effect, const char *says)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "course: {mortality: {cumulative: {28: 0.4}}}\n"
                   "arms: {control: {}, treated: {effects: {mortality: {%s}}}}\n"
                   "trial: {patients: 8, follow_up: 28}\n" REST,
                   effect);
    assert_refused(text, says);
}

static void test_impossible_effects_are_refused(void **state)
{
    (void)state;
    refuse_effect("risk_difference: {28: -0.45}", "no hazard ratio gives");
    refuse_effect("relative_risk: {28: 2.6}", "no hazard ratio gives");
    refuse_effect("risk: {7: 0.1, 28: 0.3}", "one day");
    refuse_effect("risk: {28: 0.3}, hazard_ratio: 0.7", "only one of");
    refuse_effect("hazard_ratio: {from: {1: 0.7}}", "start at day 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_mortality_is_the_table),
        cmocka_unit_test(test_marginal_risks_are_those_stated),
        cmocka_unit_test(test_predicted_risks_are_drawn),
        cmocka_unit_test(test_marginal_hazard_ratio_is_what_cox_finds),
        cmocka_unit_test(test_hazard_ratio_in_steps_and_after_the_last_knot),
        cmocka_unit_test(test_impossible_effects_are_refused),
    };
    return cmocka_run_group_tests(tests, draw_mortality, free_mortality);
}
