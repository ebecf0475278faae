/* test_course.c - organ support, stays, SOFA, adverse events and markers are drawn as a scenario
 * states them.  SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <gsl/gsl_cdf.h>

#define REST ANY_ENDPOINT ANY_ANALYSIS

/* --- supports and stays ----------------------------------------------------------------------- */

struct cohort {
    struct plan plan;
    struct course_needs needs;
    struct scratch w;
    struct patients p;
    struct course c;
    double *work;
};

static struct cohort cohort_of(const char *text, int sofa_day)
{
    struct cohort k = {.plan = plan_of(text)};
    const struct point *point = &k.plan.point[0];
    k.needs = needs_of_course(point, sofa_day);
    trial_draw(&point->trial, point->seed, 0, true, &k.needs, &k.w, &k.p, &k.c);
    k.work = calloc((size_t)k.p.n, sizeof *k.work);
    assert_non_null(k.work);
    return k;
}

static void cohort_receive(struct cohort *k, int arm)
{
    const struct point *point = &k->plan.point[0];
    trial_redraw(&point->trial, point->seed, 0, arm, &k->needs, &k->w, &k->p, &k->c);
}

static void cohort_free(struct cohort *k)
{
    free(k->needs.marker);
    free(k->work);
    scratch_free(&k->w);
    plan_free(&k->plan);
}

/* Log durations of those ever on a support; NaN for the others. */
static const double *log_durations(struct cohort *k, enum support s)
{
    for (int i = 0; i < k->p.n; i++) {
        const double days = k->c.support_end[s][i] - k->c.support_start[s][i];
        k->work[i] = days > 0 ? log(days) : NAN;
    }
    return k->work;
}

static int ever_on(const struct cohort *k, enum support s)
{
    int count = 0;
    for (int i = 0; i < k->p.n; i++) count += k->c.support_end[s][i] > k->c.support_start[s][i];
    return count;
}

static const char DURATIONS[] = POPULATION_WITH(
    "") "course:\n"
        "  mortality: {cumulative: {28: 1e-9}}\n"
        "  vasopressor: {median: 1.9, sd_log: 0.9, log_time: {severity: 0.4, lactate: 0.1}}\n"
        "  ventilation: {needed: 0.6, log_odds: {severity: 1.2, source: {lung: 1}}, start: 2, "
        "median: "
        "6,\n"
        "                sd_log: 1, log_time: {severity: 0.6, source: {lung: 0.5}}}\n"
        "  icu_stay: {after: [vasopressor, ventilation], median: 2, sd_log: 0.8, log_time: "
        "{severity: "
        "0.3}}\n"
        "  hospital_stay: {after: [icu_stay], median: 6, sd_log: 1.1}\n"
        "arms:\n"
        "  control: {}\n"
        "  treated: {effects: {vasopressor: {time_ratio: 0.8}, icu_stay: {time_ratio: 1.5}}}\n"
        "  varied: {effects: {vasopressor: {by: {severity: 0.3}, centre_sd: 0.2}}}\n"
        "trial: {patients: 300000, follow_up: 28}\n" REST;

static void check_stay(struct cohort *k, double median)
{
    for (int i = 0; i < k->p.n; i++) {
        const double free = fmax(k->c.support_end[SUPPORT_VASOPRESSOR][i],
                                 k->c.support_end[SUPPORT_VENTILATION][i]);
        k->work[i] = log(k->c.stay_end[STAY_ICU][i] - free);
    }
    assert_share(count_below(k->work, k->p.n, log(median)), k->p.n, 0.5);
    assert_sd(moments_of(k->work, k->p.n), 0.8);
}

static void test_durations_have_the_stated_median_and_spread(void **state)
{
    (void)state;
    struct cohort k = cohort_of(DURATIONS, 0);
    cohort_receive(&k, 0);
    const int n = k.p.n;
    for (int i = 0; i < n; i++) assert_true(k.c.death[i] > 28); /* 3e-4 deaths expected */
    const double *log_time = log_durations(&k, SUPPORT_VASOPRESSOR);
    assert_int_equal(ever_on(&k, SUPPORT_VASOPRESSOR), n);
    assert_share(count_below(log_time, n, log(1.9)), n, 0.5);
    assert_sd(moments_of(log_time, n), 0.9);
    log_time = log_durations(&k, SUPPORT_VENTILATION); /* of those who need it */
    const int on = ever_on(&k, SUPPORT_VENTILATION);
    assert_share(on, n, 0.6);
    assert_share(count_below(log_time, n, log(6)), on, 0.5);
    assert_sd(moments_of(log_time, n), 1);
    for (int i = 0; i < n; i++)
        if (k.c.support_end[SUPPORT_VENTILATION][i] > 0)
            assert_close(k.c.support_start[SUPPORT_VENTILATION][i], 2, 0);
    check_stay(&k, 2);
    for (int i = 0; i < n; i++)
        k.work[i] = log(k.c.stay_end[STAY_HOSPITAL][i] - k.c.stay_end[STAY_ICU][i]);
    assert_share(count_below(k.work, n, log(6)), n, 0.5);
    assert_sd(moments_of(k.work, n), 1.1);
    cohort_free(&k);
}

static void test_time_ratios_multiply_each_duration(void **state)
{
    (void)state;
    struct cohort k = cohort_of(DURATIONS, 0);
    const int n = k.p.n;
    cohort_receive(&k, 0);
    double *before = calloc((size_t)n, sizeof *before);
    assert_non_null(before);
    memcpy(before, log_durations(&k, SUPPORT_VASOPRESSOR), (size_t)n * sizeof *before);
    cohort_receive(&k, 1);
    const double *after = log_durations(&k, SUPPORT_VASOPRESSOR);
    for (int i = 0; i < n; i++) assert_close(after[i] - before[i], log(0.8), 1e-10);
    check_stay(&k, 3); /* 2 x 1.5 */
    cohort_receive(&k, 2);
    after = log_durations(&k, SUPPORT_VASOPRESSOR);
    const double *severity = covariate_of(&k.plan.point[0], &k.p, "severity");
    double centre[250], sum = 0, squares = 0;
    for (int c = 0; c < 250; c++) centre[c] = NAN;
    for (int i = 0; i < n; i++) { /* log ratio: 0.3 per unit of severity plus one value a centre */
        const double rest = after[i] - before[i] - 0.3 * severity[i];
        double *own = &centre[k.p.centre[i]];
        if (isnan(*own)) *own = rest;
        assert_close(rest, *own, 1e-10);
    }
    for (int c = 0; c < 250; c++) sum += centre[c], squares += centre[c] * centre[c];
    assert_close(sum / 250, 0, 4 * 0.2 / sqrt(250));
    assert_close(sqrt(squares / 250), 0.2, 4 * 0.2 / sqrt(500));
    free(before);
    cohort_free(&k);
}

/* Natural ends come at once, so being on a support or in the ward at death is the stated
 * probability. */
static const char DYING[] = POPULATION_WITH(
    "") "course:\n"
        "  mortality: {cumulative: {7: 0.2, 28: 0.4, 90: 0.5}, log_hazard: {severity: 0.5}}\n"
        "  vasopressor: {median: 0.00001, sd_log: 0.1, until_death: 0.68}\n"
        "  ventilation: {needed: 0.76, median: 6, sd_log: 1, until_death: 0.8}\n"
        "  renal_replacement: {needed: 0.3, log_odds: {severity: 0.8}, median: 8, sd_log: 1,\n"
        "                      until_death: 0.33}\n"
        "  hyperlactataemia: {needed: 0.25, log_odds: {severity: 0.8}, median: 2, sd_log: 1}\n"
        "  icu_stay: {median: 0.00001, sd_log: 0.1, until_death: 0.7}\n"
        "  hospital_stay: {median: 0.00001, sd_log: 0.1, dies_in_hospital: 0.9, within: 90}\n"
        "arms:\n"
        "  control: {}\n"
        "  treated: {effects: {hyperlactataemia: {needed_odds_ratio: 0.5}}}\n"
        "trial: {patients: 300000, follow_up: 90}\n" REST;

static void test_shares_on_support_and_until_death(void **state)
{
    (void)state;
    struct cohort k = cohort_of(DYING, 0);
    const int n = k.p.n;
    cohort_receive(&k, 0);
    assert_share(ever_on(&k, SUPPORT_VENTILATION), n, 0.76);
    assert_share(ever_on(&k, SUPPORT_RENAL_REPLACEMENT), n, 0.3);
    assert_share(ever_on(&k, SUPPORT_HYPERLACTATAEMIA), n, 0.25);
    int dead_28 = 0, dead_90 = 0, on = 0, icu = 0, hospital = 0, later = 0;
    for (int i = 0; i < n; i++) {
        const double death = k.c.death[i];
        const bool until = k.c.support_end[SUPPORT_VASOPRESSOR][i] >= death;
        for (int s = 0; s < SUPPORT_COUNT; s++) assert_true(k.c.support_end[s][i] <= death);
        dead_28 += death <= 28;
        dead_90 += death <= 90;
        on += death <= 28 && until;
        later += death > 28 && until;
        icu += death <= 28 && k.c.stay_end[STAY_ICU][i] >= death;
        hospital += death <= 90 && k.c.stay_end[STAY_HOSPITAL][i] >= death;
    }
    assert_share(on, dead_28, 0.68);
    assert_share(icu, dead_28, 0.7);
    assert_share(hospital, dead_90, 0.9);
    assert_int_equal(later, 0);
    cohort_free(&k);
}

/* Of those alive at its start, whether or not the odds depend on covariates. */
static void test_shares_on_supports_that_start_later(void **state)
{
    (void)state;
    struct cohort k = cohort_of(
        POPULATION_WITH(
            "") "course:\n"
                "  mortality: {cumulative: {3: 0.16, 28: 0.4}, log_hazard: {severity: 0.5}}\n"
                "  ventilation: {needed: 0.7, start: 2, median: 6, sd_log: 1, until_death: 0.8}\n"
                "  renal_replacement: {needed: 0.4, start: 3, log_odds: {severity: 0.8}, median: "
                "8, sd_log: 1,\n"
                "                      until_death: 0.5}\n" TWO_ARMS
                "trial: {patients: 300000, follow_up: 28}\n" REST,
        0);
    int alive_2 = 0, alive_3 = 0;
    for (int i = 0; i < k.p.n; i++) {
        alive_2 += k.c.death[i] > 2;
        alive_3 += k.c.death[i] > 3;
    }
    assert_share(ever_on(&k, SUPPORT_VENTILATION), alive_2, 0.7);
    assert_share(ever_on(&k, SUPPORT_RENAL_REPLACEMENT), alive_3, 0.4);
    cohort_free(&k);
}

/* Without covariates on the odds, the odds of ever being on it are halved. */
static void test_needed_odds_ratio(void **state)
{
    (void)state;
    struct cohort k = cohort_of(
        "course:\n  mortality: {cumulative: {28: 0.4}}\n"
        "  ventilation: {needed: 0.6, median: 6, sd_log: 1}\n"
        "  adverse_event: {probability: 0.07}\n"
        "arms:\n  control: {}\n  treated: {effects: {ventilation: {needed_odds_ratio: 0.5},\n"
        "                                      adverse_event: {odds_ratio: 2}}}\n"
        "trial: {patients: 400000, follow_up: 28}\n" REST,
        0);
    cohort_receive(&k, 1);
    assert_share(ever_on(&k, SUPPORT_VENTILATION), k.p.n, 0.75 / 1.75); /* odds 1.5 / 2 */
    int events = 0;
    for (int i = 0; i < k.p.n; i++) events += k.c.adverse_event[i] > 0;
    const double odds = 2 * 0.07 / 0.93;
    assert_share(events, k.p.n, odds / (1 + odds));
    cohort_free(&k);
}

static void test_impossible_components_are_refused(void **state)
{
    (void)state;
#define REFUSE(component, says)                                                                    \
    assert_refused(POPULATION_WITH("") "course: {mortality: {cumulative: {28: 0.4}}, " component   \
                                       "}\n" TWO_ARMS                                              \
                                       "trial: {patients: 8, follow_up: 28}\n" REST,               \
                   says)
    REFUSE("ventilation: {needed: 0.3, median: 6, sd_log: 1, until_death: 0.8}",
           "until_death alone");
    REFUSE("ventilation: {median: 6, sd_log: 0.3, log_time: {severity: 0.4}}", "explains");
    REFUSE("icu_stay: {after: [ventilation], median: 2, sd_log: 1}", "'ventilation'");
    REFUSE("sofa: {mean: {1: 9}, sd: {1: 12.5}}", "no distribution on 0-24");
    REFUSE("sofa: {mean: {1: 9}, sd: {2: 4}}", "same days");
    REFUSE("sofa: {mean: {1: 9}, sd: {1: 4}, load: {sofa: 0.8, severity: 0.8}}", "explain all");
    REFUSE("sofa: {mean: {1: 9}, sd: {1: 4}, measured: in_icu}", "icu_stay");
#undef REFUSE
}

/* --- SOFA, adverse events, markers ------------------------------------------------------------ */

static const char SCORES[] = POPULATION_WITH(
    "") "course:\n"
        "  mortality: {cumulative: {1: 0.07, 3: 0.16, 7: 0.285, 28: 0.434}, log_hazard: {sofa: "
        "0.1, "
        "severity: 0.6}}\n"
        "  sofa: {mean: {1: 9, 3: 6.6, 7: 4.5}, sd: {1: 3.8, 3: 4.7, 7: 4.2}, correlation: 0.8,\n"
        "         load: {sofa: 0.4, severity: 0.4}}\n"
        "  adverse_event: {probability: 0.07, log_odds: {severity: 0.9, lactate: 0.2}}\n"
        "  markers: {gap: {mean: 5, sd: 2, death_shift: 1.5, within: 28, taken: 0.25}}\n"
        "arms: {control: {}, treated: {effects: {markers: {gap: {shift: 0.5}}}}}\n"
        "trial: {patients: 400000, follow_up: 28}\n" REST;

static void test_sofa_of_the_living_is_the_table(void **state)
{
    (void)state;
    static const struct {
        int day;
        double mean, sd;
    } stated[] = {{1, 9, 3.8}, {3, 6.6, 4.7}, {7, 4.5, 4.2}};
    struct cohort k = cohort_of(SCORES, 7);
    cohort_receive(&k, 0);
    for (size_t j = 0; j < 3; j++) {
        const double *score = k.c.sofa[stated[j].day];
        for (int i = 0; i < k.p.n; i++) {
            assert_true(score[i] >= 0 && score[i] <= 24 && !(fabs(score[i] - rint(score[i])) > 0));
            k.work[i] = k.c.death[i] > stated[j].day ? score[i] : NAN;
        }
        const struct moments m = moments_of(k.work, k.p.n);
        assert_mean(m, stated[j].mean);
        assert_sd(m, stated[j].sd);
    }
    assert_memory_equal(k.c.sofa[0], covariate_of(&k.plan.point[0], &k.p, "sofa"),
                        (size_t)k.p.n * sizeof(double));
    cohort_free(&k);
}

/* Far from 0 and 24 the score is normal plus rounding (variance 1/12), so a correlation of the
 * latent scores is attenuated by 1 - 1/(12 sd^2): loads 0.5 on two independent covariates. */
static void test_sofa_loads_correlation_and_shift(void **state)
{
    (void)state;
    struct cohort k = cohort_of(
        "population: {covariates: {a: {distribution: normal, mean: 5, sd: 3},\n"
        "                          b: {distribution: normal, mean: 0, sd: 1, latent: true}}}\n"
        "course:\n  mortality: {cumulative: {28: 1e-9}}\n"
        "  sofa: {mean: {1: 12, 4: 11}, sd: {1: 2, 4: 2}, correlation: 0.7, load: {a: 0.5, b: "
        "-0.3}}\n"
        "arms:\n  control: {}\n  treated: {effects: {sofa: {shift: {1: -1, 3: -2}}}}\n"
        "  varied: {effects: {sofa: {shift: 1, by: {b: 0.5}}}}\n"
        "trial: {patients: 400000, follow_up: 28}\n" REST,
        4);
    const int n = k.p.n;
    cohort_receive(&k, 0);
    const double keep = 1 - 1 / (12 * 2.0 * 2.0), unexplained = 1 - 0.25 - 0.09;
    const double *a = covariate_of(&k.plan.point[0], &k.p, "a"),
                 *b = covariate_of(&k.plan.point[0], &k.p, "b");
    const double *const *score = k.c.sofa;
    assert_correlation(correlation_of(score[1], a, n), n, 0.5 * sqrt(keep));
    assert_correlation(correlation_of(score[4], b, n), n, -0.3 * sqrt(keep));
    assert_correlation(correlation_of(score[1], score[2], n), n, (0.34 + unexplained * 0.7) * keep);
    assert_correlation(correlation_of(score[1], score[4], n), n,
                       (0.34 + unexplained * 0.343) * keep);
    const struct moments before[3] = {moments_of(score[1], n), moments_of(score[2], n),
                                      moments_of(score[4], n)};
    static const double shift[3] = {-1, -1.5, -2}; /* linear between days, then the last */
    cohort_receive(&k, 1);
    for (int j = 0; j < 3; j++) {
        const struct moments after = moments_of(k.c.sofa[j < 2 ? j + 1 : 4], n);
        assert_close(after.mean - before[j].mean, shift[j],
                     4 * 0.5 / sqrt(n)); /* paired: rounding only */
    }
    cohort_receive(&k, 2);
    const struct moments varied = moments_of(k.c.sofa[1], n);
    assert_close(varied.mean - before[0].mean, 1, 4 * 0.7 / sqrt(n));
    const double spread =
        sqrt(4 - 2 * 0.3 * 0.5 * 2 * sqrt(keep) + 0.25); /* b's own slope -0.6 + 0.5 */
    assert_close(varied.sd, spread, 4 * varied.sd_se);
    cohort_free(&k);
}

static void test_adverse_events_and_markers(void **state)
{
    (void)state;
    struct cohort k = cohort_of(SCORES, 0);
    const int n = k.p.n;
    cohort_receive(&k, 0);
    int events = 0, early = 0, missing = 0;
    double *dead = calloc((size_t)n, sizeof *dead), *alive = calloc((size_t)n, sizeof *alive);
    assert_non_null(dead);
    assert_non_null(alive);
    int n_dead = 0, n_alive = 0;
    for (int i = 0; i < n; i++) {
        events += k.c.adverse_event[i] > 0;
        early += k.c.death[i] <= 0.25;
        missing += isnan(k.c.marker[0][i]);
        if (isnan(k.c.marker[0][i])) continue;
        if (k.c.death[i] <= 28)
            dead[n_dead++] = k.c.marker[0][i];
        else
            alive[n_alive++] = k.c.marker[0][i];
    }
    assert_share(events, n, 0.07);
    assert_int_equal(missing, early);
    assert_true(early > 0);
    assert_mean(moments_of(alive, n_alive), 5);
    assert_sd(moments_of(alive, n_alive), 2);
    assert_mean(moments_of(dead, n_dead), 6.5);
    assert_sd(moments_of(dead, n_dead), 2);
    /* P(dead's > alive's) over independent pairs; binormal: Phi(shift / (sd sqrt 2)). */
    const int pairs = n_dead < n_alive ? n_dead : n_alive;
    int higher = 0;
    for (int i = 0; i < pairs; i++) higher += dead[i] > alive[i];
    assert_share(higher, pairs, gsl_cdf_ugaussian_P(1.5 / (2 * sqrt(2))));
    cohort_receive(&k, 1);
    n_alive = 0;
    for (int i = 0; i < n; i++)
        if (k.c.death[i] > 28) alive[n_alive++] = k.c.marker[0][i];
    assert_mean(moments_of(alive, n_alive), 5.5);
    free(dead);
    free(alive);
    cohort_free(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_have_the_stated_median_and_spread),
        cmocka_unit_test(test_time_ratios_multiply_each_duration),
        cmocka_unit_test(test_shares_on_support_and_until_death),
        cmocka_unit_test(test_shares_on_supports_that_start_later),
        cmocka_unit_test(test_needed_odds_ratio),
        cmocka_unit_test(test_impossible_components_are_refused),
        cmocka_unit_test(test_sofa_of_the_living_is_the_table),
        cmocka_unit_test(test_sofa_loads_correlation_and_shift),
        cmocka_unit_test(test_adverse_events_and_markers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
