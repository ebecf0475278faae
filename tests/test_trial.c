/* test_trial.c - allocation, arrivals, loss, exclusion, treatment received and closing by events.
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
#define ONLY_MORTALITY "course: {mortality: {cumulative: {28: 0.4}}}\n"

static const struct course_needs DEATH = {.death = true};

static struct patients draw(const struct plan *plan, uint64_t replicate, struct scratch *w,
                            struct course *c)
{
    struct patients p;
    const struct point *point = &plan->point[0];
    scratch_reset(w);
    trial_draw(&point->trial, point->seed, replicate, false, &DEATH, w, &p, c);
    return p;
}

static int count_arm(const struct patients *p, int arm)
{
    int n = 0;
    for (int i = 0; i < p->n; i++) n += (int)p->arm[i] == arm;
    return n;
}

/* --- allocation ------------------------------------------------------------------------------- */

/* Stratum by stratum, in order of arrival; each of the 15 orders of four and two comes as often. */
static void test_every_complete_block_is_exact(void **state)
{
    (void)state;
    enum { BLOCK = 6, STRATA = 6 * 3, REPLICATES = 300 };
    struct plan plan = plan_of(
        POPULATION COURSE TWO_ARMS
        "trial: {patients: 500, follow_up: 28, allocation: [2, 1],\n"
        "        randomisation: {method: blocks, size: 6, strata: [centre, source]}}\n" REST);
    int orders[1 << BLOCK] = {0}, blocks = 0, kinds = 0;
    struct scratch w = {0};
    struct course c;
    for (int r = 0; r < REPLICATES; r++) {
        const struct patients p = draw(&plan, (uint64_t)r, &w, &c);
        const double *source = covariate_of(&plan.point[0], &p, "source");
        int position[STRATA] = {0}, order[STRATA] = {0};
        for (int i = 0; i < p.n; i++) {
            const int s = p.centre[i] * 3 + (int)source[i];
            order[s] = 2 * order[s] + (p.arm[i] > 0);
            if (++position[s] % BLOCK != 0) continue;
            assert_int_equal(__builtin_popcount((unsigned)order[s]), 2);
            orders[order[s]]++;
            blocks++;
            order[s] = 0;
        }
    }
    assert_true(blocks > 15000);
    for (int k = 0; k < 1 << BLOCK; k++) {
        if (orders[k] == 0) continue;
        assert_share(orders[k], blocks, 1 / 15.0);
        kinds++;
    }
    assert_int_equal(kinds, 15);
    scratch_free(&w);
    plan_free(&plan);
}

static void test_default_blocks_are_twice_the_allocation(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        ONLY_MORTALITY "arms: {a: {}, b: {}, c: {}}\n"
                       "trial: {patients: 60, follow_up: 28, allocation: [3, 1, 1]}\n" REST);
    struct scratch w = {0};
    struct course c;
    for (int r = 0; r < 50; r++) {
        const struct patients p = draw(&plan, (uint64_t)r, &w, &c);
        for (int b = 0; b < 6; b++) {
            int n[3] = {0};
            for (int i = 10 * b; i < 10 * (b + 1); i++) n[(int)p.arm[i]]++;
            assert_int_equal(n[0], 6);
            assert_int_equal(n[1], 2);
            assert_int_equal(n[2], 2);
        }
    }
    scratch_free(&w);
    plan_free(&plan);
}

static void test_simple_randomisation_is_independent(void **state)
{
    (void)state;
    struct plan plan =
        plan_of(ONLY_MORTALITY "arms: {a: {}, b: {}, c: {}}\n"
                               "trial: {patients: 300000, follow_up: 28, allocation: [1, 2, 1],\n"
                               "        randomisation: {method: simple}}\n" REST);
    struct scratch w = {0};
    struct course c;
    const struct patients p = draw(&plan, 0, &w, &c);
    int repeats = 0;
    for (int i = 1; i < p.n; i++) repeats += (int)p.arm[i] == (int)p.arm[i - 1];
    assert_share(count_arm(&p, 0), p.n, 0.25);
    assert_share(count_arm(&p, 1), p.n, 0.5);
    assert_share(count_arm(&p, 2), p.n, 0.25);
    /* Sum of squared shares 3/8; overlapping pairs: variance 3/8 x 5/8 + 2 (5/32 - (3/8)^2). */
    assert_close((double)repeats / p.n, 0.375, 4 * sqrt(0.265625 / p.n));
    scratch_free(&w);
    plan_free(&plan);
}

static void test_impossible_allocations_are_refused(void **state)
{
    (void)state;
#define REFUSE(trial, says)                                                                        \
    assert_refused(                                                                                \
        POPULATION COURSE TWO_ARMS "trial: {patients: 8, follow_up: 28, " trial "}\n" REST, says)
    REFUSE("allocation: [2, 1], randomisation: {size: 8}", "multiple of 3");
    REFUSE("allocation: [1, 1, 1]", "3 numbers for 2 arms");
    REFUSE("allocation: [1.5, 1]", "whole numbers");
    REFUSE("randomisation: {strata: [sofa]}", "'sofa'");
    REFUSE("receives: {control: {treatd: 0.1}}", "did you mean 'treated'");
    REFUSE("recruitment: {per_month: 3, duration: 100}", "only one of");
#undef REFUSE
}

/* --- arrivals, loss, exclusion, treatment received -------------------------------------------- */

static void check_gaps(const char *recruitment, double mean, bool poisson)
{
    enum { N = 100000 };
    char text[2048];
    (void)snprintf(text, sizeof text,
                   POPULATION ONLY_MORTALITY TWO_ARMS
                   "trial: {patients: 100000, follow_up: 28, recruitment: {%s}}\n" REST,
                   recruitment);
    struct plan plan = plan_of(text);
    struct scratch w = {0};
    struct course c;
    const struct patients p = draw(&plan, 0, &w, &c);
    double *gap = malloc(N * sizeof *gap);
    assert_non_null(gap);
    for (int i = 1; i < N; i++) {
        gap[i - 1] = p.arrival[i] - p.arrival[i - 1];
        assert_true(gap[i - 1] > 0);
    }
    const struct moments m = moments_of(gap, N - 1);
    if (poisson) {
        assert_mean(m, mean);
        assert_sd(m, mean); /* exponential */
    } else {
        assert_close(m.mean, mean, 1e-9 * mean);
        assert_close(m.sd, 0, 1e-6 * mean);
    }
    free(gap);
    scratch_free(&w);
    plan_free(&plan);
}

static void test_arrivals_come_at_the_stated_rate(void **state)
{
    (void)state;
    check_gaps("per_centre_month: 1.2", 30.4375 / (6 * 1.2), true);
    check_gaps("per_month: 40", 30.4375 / 40, true);
    check_gaps("duration: 365", 365 / 1e5, true);
    check_gaps("per_month: 40, arrivals: even", 30.4375 / 40, false);
    check_gaps("", 30.4375 / 6, true); /* one a centre and month */
}

static void test_loss_exclusion_and_treatment_received(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        POPULATION ONLY_MORTALITY
        "arms: {control: {}, treated: {effects: {mortality: {hazard_ratio: 0.5}}}, third: {}}\n"
        "trial: {patients: 600000, follow_up: 90, lost: {probability: {control: 0.05, treated: "
        "0.2}, by: 60},\n"
        "        excluded: {treated: 0.03}, receives: {control: {treated: 0.3, third: 0.1}, third: "
        "{control: 1}}}\n" REST);
    struct scratch w = {0};
    struct course c;
    const struct patients p = draw(&plan, 0, &w, &c);
    int n[3] = {0}, lost[3] = {0}, half[3] = {0}, excluded[3] = {0}, received[3][3] = {{0}},
        dead[2] = {0};
    for (int i = 0; i < p.n; i++) {
        const int a = (int)p.arm[i];
        n[a]++;
        lost[a] += p.lost[i] <= 60;
        half[a] += p.lost[i] <= 30;
        excluded[a] += p.excluded[i] > 0;
        received[a][p.received[i]]++;
        dead[0] += a == 0 && c.death[i] <= 28 && p.received[i] != 1;
        dead[1] += a == 0 && c.death[i] <= 28 && p.received[i] == 1;
    }
    assert_share(lost[0], n[0], 0.05);
    assert_share(lost[1], n[1], 0.2);
    assert_share(half[1], n[1], 1 - sqrt(0.8)); /* constant rate */
    assert_int_equal(lost[2] + excluded[0] + excluded[2], 0);
    assert_share(excluded[1], n[1], 0.03);
    assert_share(received[0][1], n[0], 0.3);
    assert_share(received[0][2], n[0], 0.1);
    assert_int_equal(received[1][1], n[1]);
    assert_int_equal(received[2][0], n[2]);
    /* Whoever receives the other treatment has its lower risk: about 0.23 instead of 0.4. */
    assert_true((double)dead[1] / received[0][1] < (double)dead[0] / (n[0] - received[0][1]) - 0.1);
    scratch_free(&w);
    plan_free(&plan);
}

/* --- closing by events -------------------------------------------------------------------------
 */

static const char EVENT_DRIVEN[] = POPULATION ONLY_MORTALITY TWO_ARMS
    "trial: {design: {event_driven: {events: 120}}, patients: 800, follow_up: 90, lost: "
    "{probability: 0.1, by: 90},\n"
    "        excluded: {treated: 0.05}, recruitment: {per_month: 60}}\n" REST;

static void test_event_driven_trials_close_at_exactly_the_events(void **state)
{
    (void)state;
    struct plan plan = plan_of(EVENT_DRIVEN);
    const struct endpoint_columns *dead = &plan.point[0].columns[0];
    struct scratch w = {0};
    int unrecruited = 0;
    for (int r = 0; r < 300; r++) {
        struct patients p;
        struct course c;
        scratch_reset(&w);
        const struct dataset d = replicate_dataset(&plan.point[0], (uint64_t)r, false, &w, &p, &c);
        int deaths = 0, analysed = 0;
        double closed = 0;
        for (int i = 0; i < p.n; i++) {
            const bool seen = p.followed[i] >= 0 && c.death[i] <= p.followed[i];
            if (seen && !(p.excluded[i] > 0)) deaths++;
            if (seen) closed = fmax(closed, p.arrival[i] + c.death[i]);
            analysed += d.value[dead->event][i] > 0;
        }
        assert_int_equal(deaths, 120);
        assert_in_range(analysed, 1, 120); /* this endpoint stops at day 28 */
        for (int i = 0; i < p.n; i++) {
            const double last = fmin(90, p.lost[i]), left = closed - p.arrival[i];
            if (c.death[i] <= last && c.death[i] <= left - 1e-9) /* not lost by rounding either */
                assert_true(c.death[i] <= p.followed[i]);
            assert_close(p.followed[i], fmin(last, left), 1e-9);
            const bool recruited = p.arrival[i] <= closed;
            assert_int_equal(p.followed[i] >= 0, recruited || left > -1e-9);
            assert_int_equal(isnan(d.value[dead->time][i]), !recruited || p.excluded[i] > 0);
            unrecruited += !recruited;
        }
    }
    assert_true(unrecruited > 0);
    scratch_free(&w);
    plan_free(&plan);
}

/* With fewer deaths than wanted, everybody is followed to the end. */
static void test_event_driven_without_enough_events(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        ONLY_MORTALITY TWO_ARMS
        "trial: {design: {event_driven: {events: 60}}, patients: 60, follow_up: 40}\n" REST);
    struct scratch w = {0};
    struct course c;
    const struct patients p = draw(&plan, 0, &w, &c);
    for (int i = 0; i < p.n; i++) assert_close(p.followed[i], 40, 0);
    scratch_free(&w);
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_complete_block_is_exact),
        cmocka_unit_test(test_default_blocks_are_twice_the_allocation),
        cmocka_unit_test(test_simple_randomisation_is_independent),
        cmocka_unit_test(test_impossible_allocations_are_refused),
        cmocka_unit_test(test_arrivals_come_at_the_stated_rate),
        cmocka_unit_test(test_loss_exclusion_and_treatment_received),
        cmocka_unit_test(test_event_driven_trials_close_at_exactly_the_events),
        cmocka_unit_test(test_event_driven_without_enough_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
