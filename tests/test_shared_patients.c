/* test_shared_patients.c - common random numbers: which patients two simulated trials share.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#define REST ANY_ENDPOINT ANY_ANALYSIS
#define POPULATION                                                                                 \
    "population:\n"                                                                                \
    "  centres: {number: 6, log_hazard_sd: 0.3, size_shape: 2}\n"                                  \
    "  covariates:\n"                                                                              \
    "    sofa: {distribution: normal, mean: 9.7, sd: 3.6, within: [0, 24], integer: true}\n"       \
    "    source: {distribution: categorical, levels: {lung: 0.4, abdominal: 0.35, other: 0.25}}\n" \
    "    severity: {distribution: normal, mean: 0, sd: 1, latent: true}\n"
#define COURSE                                                                                     \
    "course:\n"                                                                                    \
    "  mortality: {cumulative: {7: 0.25, 28: 0.4}, log_hazard: {sofa: 0.1, severity: 0.4}}\n"      \
    "  vasopressor: {median: 2, sd_log: 0.9, log_time: {severity: 0.4}, until_death: 0.6}\n"       \
    "  sofa: {mean: {1: 9, 3: 7}, sd: {1: 4, 3: 4.5}, load: {severity: 0.5}}\n"                    \
    "  adverse_event: {probability: 0.1}\n"

static const struct course_needs DEATH = {.death = true};

static const struct course_needs EVERYTHING = {
    .death = true, .support = {[SUPPORT_VASOPRESSOR] = true}, .adverse_event = true, .sofa_day = 3};

static void assert_same(const double *a, const double *b, int n)
{
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

static void assert_same_patients(const struct plan *plan, const struct patients *p,
                                 const struct patients *q, int n)
{
    for (int k = 0; k < plan->point[0].scenario.population.n_covariates; k++)
        assert_same(p->covariate[k], q->covariate[k], n);
    assert_memory_equal(p->centre, q->centre, (size_t)n * sizeof *p->centre);
    assert_same(p->arrival, q->arrival, n);
    assert_same(p->lost, q->lost, n);
    assert_same(p->excluded, q->excluded, n);
    assert_same(p->arm, q->arm, n);
    assert_memory_equal(p->received, q->received, (size_t)n * sizeof *p->received);
}

static void assert_same_course(const struct course *a, const struct course *b, int n)
{
    assert_same(a->death, b->death, n);
    assert_same(a->support_end[SUPPORT_VASOPRESSOR], b->support_end[SUPPORT_VASOPRESSOR], n);
    assert_same(a->adverse_event, b->adverse_event, n);
    for (int d = 0; d <= 3; d++) assert_same(a->sofa[d], b->sofa[d], n);
}

#define SHARED_TRIAL                                                                               \
    "follow_up: 28, randomisation: {size: 4, strata: [centre, source]},\n"                         \
    "        lost: {probability: 0.05, by: 28}, excluded: {treated: 0.02}, receives: {control: "   \
    "{treated: 0.1}}}\n"

static void test_a_smaller_trial_is_the_first_patients_of_a_larger_one(void **state)
{
    (void)state;
    struct plan plan =
        plan_of(POPULATION COURSE "arms: {control: {}, treated: {effects: {mortality: "
                                  "{hazard_ratio: 0.7, centre_sd: 0.2}}}}\n"
                                  "trial: {patients: 2000, " SHARED_TRIAL REST
                                  "sweep: {trial.patients: [2000, 1, 7, 137, 1999]}\n");
    struct scratch large = {0}, small = {0};
    for (uint64_t r = 0; r < 20; r++) {
        struct patients p, q;
        struct course a, b;
        scratch_reset(&large);
        trial_draw(&plan.point[0].trial, plan.seed, r, false, &EVERYTHING, &large, &p, &a);
        for (int k = 1; k < plan.n_points; k++) {
            scratch_reset(&small);
            trial_draw(&plan.point[k].trial, plan.point[k].seed, r, false, &EVERYTHING, &small, &q,
                       &b);
            assert_same_patients(&plan, &p, &q, q.n);
            assert_same_course(&a, &b, q.n);
            assert_string_equal(plan.point[k].pairing, "");
        }
    }
    scratch_free(&large);
    scratch_free(&small);
    plan_free(&plan);
}

#define SWEPT(simulation)                                                                          \
    "simulation: {" simulation "}\n" POPULATION COURSE                                             \
    "arms: {control: {}, treated: {effects: {mortality: {hazard_ratio: 0.7}}}}\n"                  \
    "trial: {patients: 400, " SHARED_TRIAL REST                                                    \
    "sweep: {arms.treated.effects.mortality.hazard_ratio: [0.7, 1]}\n"

static void test_an_effect_moves_only_those_who_receive_it(void **state)
{
    (void)state;
    struct plan plan = plan_of(SWEPT("seed: 4"));
    struct scratch w = {0};
    struct patients p, q;
    struct course a, b;
    trial_draw(&plan.point[0].trial, plan.point[0].seed, 3, false, &EVERYTHING, &w, &p, &a);
    trial_draw(&plan.point[1].trial, plan.point[1].seed, 3, false, &EVERYTHING, &w, &q, &b);
    assert_same_patients(&plan, &p, &q, p.n);
    int moved = 0;
    for (int i = 0; i < p.n; i++) {
        if (p.received[i] == 0) {
            assert_memory_equal(&a.death[i], &b.death[i], sizeof(double));
            assert_memory_equal(&a.support_end[0][i], &b.support_end[0][i], sizeof(double));
        } else
            moved += a.death[i] > b.death[i]; /* a lower hazard, the same random number */
        assert_memory_equal(&a.sofa[3][i], &b.sofa[3][i], sizeof(double));
        assert_memory_equal(&a.adverse_event[i], &b.adverse_event[i], sizeof(double));
    }
    int treated = 0;
    for (int i = 0; i < p.n; i++) treated += p.received[i] == 1;
    assert_int_equal(moved, treated);
    scratch_free(&w);
    plan_free(&plan);
}

static void test_common_random_numbers_can_be_switched_off(void **state)
{
    (void)state;
    struct plan plan = plan_of(SWEPT("seed: 4, common_random_numbers: false"));
    struct scratch w = {0};
    struct patients p, q;
    struct course a, b;
    trial_draw(&plan.point[0].trial, plan.point[0].seed, 3, false, &DEATH, &w, &p, &a);
    trial_draw(&plan.point[1].trial, plan.point[1].seed, 3, false, &DEATH, &w, &q, &b);
    int equal = 0;
    for (int i = 0; i < p.n; i++) equal += !(fabs(a.death[i] - b.death[i]) > 0);
    assert_int_equal(equal, 0);
    assert_non_null(strstr(plan.point[1].pairing, "no patients"));
    scratch_free(&w);
    plan_free(&plan);
}

static void test_results_do_not_depend_on_what_else_is_asked(void **state)
{
    (void)state;
#define ASKED(endpoints, analyses)                                                                 \
    POPULATION COURSE TWO_ARMS "trial: {patients: 300, " SHARED_TRIAL "endpoints: {" endpoints     \
                               "dead: {kind: death, by: 28, observed: {probability: 0.9}}}\n"      \
                               "analyses: {" analyses                                              \
                               "risk: {method: risk_difference, endpoint: dead}}\n"
    struct plan few = plan_of(ASKED("", ""));
    struct plan many = plan_of(ASKED(
        "free: {kind: days_free, of: [vasopressor], within: 28}, score: {kind: sofa, day: 3,\n"
        "  observed: {probability: 0.7, log_odds: {sofa: 0.2}}}, harm: {kind: adverse_event}, ",
        "days: {method: mean_difference, endpoint: free}, score: {method: mean_difference, "
        "endpoint: score}, "));
#undef ASKED
    struct scratch w = {0};
    for (uint64_t r = 0; r < 20; r++) {
        struct result a[1], b[3];
        replicate_run(&few, &few.point[0], r, &w, a);
        replicate_run(&many, &many.point[0], r, &w, b);
        assert_int_equal(a[0].n, b[2].n);
        assert_memory_equal(&a[0], &b[2], 6 * sizeof(double));
    }
    scratch_free(&w);
    plan_free(&few);
    plan_free(&many);
}

static void test_pairing_is_said_where_arms_are_not_shared(void **state)
{
    (void)state;
    struct plan plan =
        plan_of(POPULATION COURSE TWO_ARMS
                "trial: {patients: 400, " SHARED_TRIAL REST
                "sweep: {trial.randomisation.size: [4, 8], trial.lost.probability: [0.05, 0.1]}\n");
    for (int k = 0; k < 2; k++) assert_string_equal(plan.point[k].pairing, "");
    for (int k = 2; k < 4; k++) assert_non_null(strstr(plan.point[k].pairing, "not arms"));
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_smaller_trial_is_the_first_patients_of_a_larger_one),
        cmocka_unit_test(test_an_effect_moves_only_those_who_receive_it),
        cmocka_unit_test(test_common_random_numbers_can_be_switched_off),
        cmocka_unit_test(test_results_do_not_depend_on_what_else_is_asked),
        cmocka_unit_test(test_pairing_is_said_where_arms_are_not_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
