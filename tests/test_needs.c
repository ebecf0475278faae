/* test_needs.c - what is left undrawn changes no result: each covariate here has one reader.
 * SPDX-License-Identifier: MIT
 *
 * Expected: the results of the same plan with every covariate drawn. A reader that the plan forgets
 * meets a column that is not there, and the program stops. */
#include "scenario.h"

static const char population[] =
    "simulation: {seed: 3}\n"
    "population:\n"
    "  centres: {number: 4}\n"
    "  covariates:\n"
    "    unread: {distribution: normal, mean: 0, sd: 1}\n"
    "    x: {distribution: normal, mean: 50, sd: 10}\n"
    "    g: {distribution: binary, probability: 0.5}\n"
    "    sofa: {distribution: normal, mean: 9, sd: 3, within: [0, 24], integer: true}\n"
    "  correlation: [[unread, x, 0.5]]\n";

/* The rest of each scenario: in it x, g or sofa is read once. */
#define COURSE(more) "course:\n  mortality: {cumulative: {28: 0.4}}\n" more
#define LOADED                                                                                     \
    COURSE("  markers: {m: {mean: 1, sd: 1, load: {x: 0.5}}, "                                     \
           "yes: {distribution: yes_no, probability: 0.5, log_odds: {x: 0.1}}}\n")
#define MARKERS                                                                                    \
    COURSE("  markers: {m: {mean: 1, sd: 1}, yes: {distribution: yes_no, probability: 0.5}}\n")
#define VENTILATION "  ventilation: {needed: 0.7, median: 5, sd_log: 1}\n"
#define ARMS        "arms: {control: {}, treated: {}}\n"
#define EFFECT(of)  "arms: {control: {}, treated: {effects: {" of "}}}\n"
#define TRIAL       "trial: {patients: 60, follow_up: 28}\n"
#define DEAD        "endpoints: {y: {kind: death, by: 28}}\n"
#define ENDPOINT(y) "endpoints: {y: {" y "}}\n"
#define RISK        "analyses: {a: {method: risk_difference, endpoint: y}}\n"
#define MEAN        "analyses: {a: {method: mean_difference, endpoint: y}}\n"
#define FREE        "kind: days_free, of: [ventilation]"

static const char *const readers[] = {
    COURSE("") ARMS TRIAL DEAD "analyses: {a: {method: logistic, endpoint: y, adjust: [x]}}\n",
    COURSE("") ARMS TRIAL DEAD "analyses: {a: {method: cox, endpoint: y, adjust: [log(x)]}}\n",
    COURSE("") ARMS TRIAL DEAD "analyses: {a: {method: logrank, endpoint: y, strata: [g]}}\n",
    COURSE("") ARMS TRIAL DEAD
    "analyses: {a: {method: risk_difference, endpoint: y, where: \"x < 55\"}}\n",
    COURSE("") ARMS TRIAL DEAD "analyses: {a: {method: roc, endpoint: y, marker: x}}\n",
    COURSE("") ARMS
    "trial: {patients: 60, follow_up: 28, randomisation: {strata: [g]}}\n" DEAD RISK,
    "course: {mortality: {cumulative: {28: 0.4}, log_hazard: {x: 0.05}}}\n" ARMS TRIAL DEAD RISK,
    COURSE("  ventilation: {needed: 0.7, median: 5, sd_log: 1, log_odds: {x: 0.1}}\n")
        ARMS TRIAL ENDPOINT(FREE) MEAN,
    COURSE("  ventilation: {needed: 0.7, median: 5, sd_log: 1, log_time: {x: 0.05}}\n")
        ARMS TRIAL ENDPOINT(FREE) MEAN,
    COURSE(VENTILATION "  icu_stay: {after: [ventilation], median: 2, sd_log: 1, log_time: {x: "
                       "0.05}}\n") ARMS TRIAL ENDPOINT("kind: stay, of: icu") MEAN,
    COURSE("  sofa: {mean: {1: 9}, sd: {1: 3}, correlation: 0.8, load: {x: 0.5}}\n")
        ARMS TRIAL ENDPOINT("kind: sofa, day: 2") MEAN,
    COURSE("  sofa: {mean: {1: 9}, sd: {1: 3}, correlation: 0.8}\n")
        ARMS TRIAL ENDPOINT("kind: sofa_change, day: 2") MEAN,
    COURSE("  adverse_event: {probability: 0.3, log_odds: {x: 0.1}}\n")
        ARMS TRIAL ENDPOINT("kind: adverse_event") RISK,
    LOADED ARMS TRIAL ENDPOINT("kind: marker, of: m") MEAN,
    LOADED ARMS TRIAL ENDPOINT("kind: marker, of: yes") RISK,
    MARKERS EFFECT("markers: {m: {by: {x: 0.1}}}") TRIAL ENDPOINT("kind: marker, of: m") MEAN,
    COURSE("") EFFECT("mortality: {by: {x: 0.1}}") TRIAL DEAD RISK,
    COURSE(VENTILATION) EFFECT("ventilation: {by: {x: 0.1}}") TRIAL ENDPOINT(FREE) MEAN,
    COURSE("  adverse_event: {probability: 0.3}\n") EFFECT("adverse_event: {by: {x: 0.1}}")
        TRIAL ENDPOINT("kind: adverse_event") RISK,
    COURSE("")
        ARMS TRIAL ENDPOINT("kind: death, by: 28, observed: {probability: 0.8, log_odds: {x: 0.1}}")
            RISK,
};

static void test_columns_that_are_left_out_change_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof readers / sizeof *readers; k++) {
        char text[4096];
        (void)snprintf(text, sizeof text, "%s%s", population, readers[k]);
        struct plan plan = plan_of(text);
        struct point whole = plan.point[0];
        assert_false(whole.needs.covariate[0]); /* unread */
        whole.needs.covariate = NULL;
        struct scratch w = {0};
        struct result a[OUTPUTS_MAX] = {0}, b[OUTPUTS_MAX] = {0};
        assert_true(plan.n_answers <= OUTPUTS_MAX);
        for (uint64_t r = 0; r < 5; r++) {
            replicate_run(&plan, &plan.point[0], r, &w, a);
            replicate_run(&plan, &whole, r, &w, b);
            for (int j = 0; j < plan.n_answers; j++) {
                assert_memory_equal(&a[j].estimate, &b[j].estimate, sizeof(double));
                assert_memory_equal(&a[j].se, &b[j].se, sizeof(double));
            }
        }
        scratch_free(&w);
        plan_free(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_that_are_left_out_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
