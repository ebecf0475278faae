/* test_truth.c - what estimators converge to, and which values are recorded.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "engine/truth.h"

#define COURSE                                                                                     \
    "course:\n"                                                                                    \
    "  mortality: {cumulative: {7: 0.25, 28: 0.4, 90: 0.45}, log_hazard: {sofa: 0.1, severity: "   \
    "0.6}}\n"                                                                                      \
    "  vasopressor: {median: 2, sd_log: 0.9, log_time: {severity: 0.4}, until_death: 0.6}\n"       \
    "  adverse_event: {probability: 0.1, log_odds: {severity: 0.5}}\n"
#define POPULATION POPULATION_WITH(", log_hazard_sd: 0.3, size_shape: 2") COURSE
#define ENDPOINTS                                                                                  \
    "endpoints:\n"                                                                                 \
    "  dead: {kind: death, by: 28, observed: {probability: 0.8, log_odds: {severity: -1}}}\n"      \
    "  free: {kind: days_free, of: [vasopressor], within: 28}\n"

enum { ANSWERS_MAX = 32 };
struct truths {
    double value[ANSWERS_MAX], error[ANSWERS_MAX];
};

static struct truths find(const struct plan *plan, int threads)
{
    struct truths t;
    assert_in_range(plan->n_answers, 1, ANSWERS_MAX);
    truth_find(plan, &plan->point[0], threads, t.value, t.error);
    return t;
}

/* With the same courses in both arms every two-arm estimate is its null to the last digits. */
static void test_no_effect_gives_exactly_the_null(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        POPULATION TWO_ARMS "trial: {patients: 200, follow_up: 90, lost: {probability: {control: "
                            "0.3, treated: 0.1}, by: 28}}\n" ENDPOINTS "analyses:\n"
                            "  cox: {method: cox, endpoint: dead}\n"
                            "  adjusted: {method: cox, endpoint: dead, adjust: [sofa]}\n"
                            "  logrank: {method: logrank, endpoint: dead}\n"
                            "  ratio: {method: relative_risk, endpoint: dead}\n"
                            "  difference: {method: risk_difference, endpoint: dead}\n"
                            "  odds: {method: logistic, endpoint: dead, adjust: [sofa]}\n"
                            "  fisher: {method: fisher, endpoint: dead}\n"
                            "  days: {method: mean_difference, endpoint: free}\n"
                            "  ancova: {method: mean_difference, endpoint: free, adjust: [sofa]}\n"
                            "  median: {method: median_difference, endpoint: free}\n");
    const struct truths t = find(&plan, 1);
    for (int k = 0; k < plan.n_answers; k++) {
        const struct answer *a = &plan.answer[k];
        print_message("# %s: %.3g, error %.3g\n", a->name, t.value[k], t.error[k]);
        assert_close(t.value[k], a->scale == SCALE_LOG ? log(a->null) : a->null, 1e-9);
        assert_close(t.error[k], 0, 1e-9);
    }
    plan_free(&plan);
}

#define EFFECTIVE(trial)                                                                           \
    POPULATION                                                                                     \
    "arms: {control: {}, treated: {effects: {mortality: {risk_difference: {28: -0.1}}}}}\n"        \
    "trial: {patients: 200, follow_up: 90" trial "}\n" ENDPOINTS "analyses:\n"                     \
    "  difference: {method: risk_difference, endpoint: dead}\n"                                    \
    "  ratio: {method: relative_risk, endpoint: dead}\n"                                           \
    "  cox: {method: cox, endpoint: dead}\n"

/* 32 batches: t with 31 df exceeds 4 in 3.7e-4 of seeds. */
static void test_truth_of_a_risk_difference_is_the_solved_one(void **state)
{
    (void)state;
    struct plan plan = plan_of(EFFECTIVE(""));
    const struct truths t = find(&plan, 1);
    assert_close(t.value[0], -0.1, 4 * t.error[0]);
    assert_close(t.value[1], log(0.3 / 0.4), 4 * t.error[1]);
    assert_true(t.error[0] > 0 && t.error[0] < 0.002);
    /* The marginal hazard ratio is nearer to 1 than the one given covariates. */
    assert_true(exp(t.value[2]) > plan.point[0].course.arm[1].hazard_ratio + 0.02);
    const struct truths again = find(&plan, 3);
    assert_memory_equal(t.value, again.value, 3 * sizeof(double));
    assert_memory_equal(t.error, again.error, 3 * sizeof(double));
    plan_free(&plan);
}

static void test_truth_ignores_loss_and_exclusion_but_not_treatment_received(void **state)
{
    (void)state;
    struct plan plain = plan_of(EFFECTIVE(""));
    struct plan lossy = plan_of(
        EFFECTIVE(", lost: {probability: {treated: 0.4}, by: 28}, excluded: {control: 0.2}"));
    struct plan crossed =
        plan_of(EFFECTIVE(", receives: {control: {treated: 0.3}, treated: {control: 0.2}}"));
    struct plan unequal = plan_of(EFFECTIVE(", allocation: [1, 3]"));
    const struct truths a = find(&plain, 1), b = find(&lossy, 1), c = find(&crossed, 1),
                        d = find(&unequal, 1);
    assert_memory_equal(a.value, b.value, 3 * sizeof(double));
    assert_close(c.value[0], -0.1 * (1 - 0.3 - 0.2), 4 * c.error[0]);
    assert_close(d.value[0], -0.1, 4 * d.error[0]);
    plan_free(&plain);
    plan_free(&lossy);
    plan_free(&crossed);
    plan_free(&unequal);
}

/* --- recording -------------------------------------------------------------------------------- */

/* Known values recorded, by arm and whether dead: the intercepts are solved on 2^17 patients of the
 * arm, whose own error adds to the sample's. */
static void test_values_are_recorded_with_the_stated_share(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        POPULATION_WITH("") COURSE
        "arms: {control: {}, treated: {effects: {mortality: {hazard_ratio: 0.6}}}}\n"
        "trial: {patients: 400000, follow_up: 90}\n"
        "endpoints:\n"
        "  dead: {kind: death, by: 28}\n"
        "  simple: {kind: adverse_event, observed: {probability: {control: 0.9, treated: 0.6}}}\n"
        "  by_covariate: {kind: adverse_event, observed: {probability: 0.7, log_odds: {severity: "
        "0.8}}}\n"
        "  by_outcome: {kind: adverse_event, observed: {probability: {control: 0.8, treated: 0.5}, "
        "log_odds: {dead: -1}}}\n"
        "  untouched: {kind: adverse_event}\n" ANY_ANALYSIS);
    const struct point *point = &plan.point[0];
    struct scratch w = {0};
    struct patients p;
    struct course c;
    const struct dataset d = replicate_dataset(point, 0, false, &w, &p, &c);
    static const double share[5][2] = {{1, 1}, {0.9, 0.6}, {0.7, 0.7}, {0.8, 0.5}, {1, 1}};
    const double *severity = covariate_of(point, &p, "severity");
    for (int a = 0; a < 2; a++) {
        for (int k = 1; k < 5; k++) {
            const double *value = d.value[point->columns[k].value];
            int n = 0, recorded = 0;
            for (int i = 0; i < p.n; i++) {
                n += (int)p.arm[i] == a;
                recorded += (int)p.arm[i] == a && !isnan(value[i]);
            }
            const double q = share[k][a],
                         error = 4 * sqrt(q * (1 - q) * (1.0 / n + (q < 1) / 131072.0));
            assert_close((double)recorded / n, q, error);
        }
        /* The odds ratio of being recorded, dead against alive, is exp(-1); Woolf's standard error.
         */
        double cell[2][2] = {{0}};
        const double *value = d.value[point->columns[3].value];
        for (int i = 0; i < p.n; i++)
            if ((int)p.arm[i] == a) cell[c.death[i] <= 28][!isnan(value[i])]++;
        const double log_odds_ratio = log(cell[1][1] * cell[0][0] / (cell[1][0] * cell[0][1]));
        assert_close(log_odds_ratio, -1,
                     4 * sqrt(1 / cell[0][0] + 1 / cell[0][1] + 1 / cell[1][0] + 1 / cell[1][1]));
    }
    double seen = 0, unseen = 0;
    int n_seen = 0;
    for (int i = 0; i < p.n; i++) {
        const bool recorded = !isnan(d.value[point->columns[2].value][i]);
        n_seen += recorded;
        if (recorded)
            seen += severity[i];
        else
            unseen += severity[i];
    }
    /* Logistic in severity (Stein): E(s; recorded) = 0.8 E(p (1 - p)), at most 0.8 / 4. */
    assert_close(seen / p.n, -unseen / p.n, 4 / sqrt(p.n));
    assert_in_range((int)(1000 * seen / p.n), 120, 170); /* 0.8 x 0.18 to 0.8 x 0.2 */
    (void)n_seen;
    scratch_free(&w);
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_effect_gives_exactly_the_null),
        cmocka_unit_test(test_truth_of_a_risk_difference_is_the_solved_one),
        cmocka_unit_test(test_truth_ignores_loss_and_exclusion_but_not_treatment_received),
        cmocka_unit_test(test_values_are_recorded_with_the_stated_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
