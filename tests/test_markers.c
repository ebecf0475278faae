/* test_markers.c - markers are delivered as stated, arms move them, what is received dilutes them,
 * and subgroups by them are analysed.  SPDX-License-Identifier: MIT
 *
 * Judged by 4 standard errors: a correct program fails one of the 34 bounds in 0.2 % of seeds. */
#include "scenario.h"

struct cohort {
    struct plan plan;
    struct course_needs needs;
    struct scratch w;
    struct patients p;
    struct course c;
};

static struct cohort cohort_of(const char *text)
{
    struct cohort k = {.plan = plan_of(text)};
    const struct point *point = &k.plan.point[0];
    k.needs = needs_of_course(point, 0);
    trial_draw(&point->trial, point->seed, 0, true, &k.needs, &k.w, &k.p, &k.c);
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
    scratch_free(&k->w);
    plan_free(&k->plan);
}

static const double *marker(const struct cohort *k, const char *name)
{
    const struct markers *m = &k->plan.point[0].scenario.course.markers;
    for (int j = 0; j < m->n; j++)
        if (strcmp(m->item[j].name, name) == 0) return k->c.marker[j];
    fail();
    return NULL;
}

static double *copy_of(const double *x, int n)
{
    double *y = calloc((size_t)n, sizeof *y);
    assert_non_null(y);
    memcpy(y, x, (size_t)n * sizeof *y);
    return y;
}

static double *logs_of(const double *x, int n)
{
    double *y = copy_of(x, n);
    for (int i = 0; i < n; i++) y[i] = log(y[i]);
    return y;
}

static void assert_yes(const double *x, int n, double share)
{
    int yes = 0, known = 0;
    for (int i = 0; i < n; i++) {
        assert_true(isnan(x[i]) || !(fabs(x[i] * (1 - x[i])) > 0));
        yes += x[i] > 0.5;
        known += !isnan(x[i]);
    }
    assert_share(yes, known, share);
}

#define COURSE                                                                                     \
    "course:\n"                                                                                    \
    "  mortality: {cumulative: {1: 0.07, 3: 0.16, 28: 0.434}, log_hazard: {sofa: 0.1, severity: "  \
    "0.8}}\n"                                                                                      \
    "  markers:\n"
#define REST "trial: {patients: 400000, follow_up: 28}\n" ANY_ENDPOINT ANY_ANALYSIS

/* --- what is stated --------------------------------------------------------------------------- */

static const char STATED[] = POPULATION_WITH("") COURSE
    "    plain: {mean: 65, sd: 8, taken: 3}\n"
    "    balance: {mean: 1601, sd: 3069, taken: 3, load: {severity: 0.6, lactate: 0.3}}\n"
    "    fluids: {distribution: lognormal, mean: 2767, sd: 1660, taken: 3, load: {severity: 0.7}}\n"
    "    boluses: {distribution: lognormal, median: 1000, sd_log: 1.03, taken: 3, load: {severity: "
    "-0.7}}\n"
    "    refill: {distribution: yes_no, probability: 0.58, taken: 3, log_odds: {severity: -1, "
    "source: {lung: 0.6}}}\n"
    "    gap: {mean: 0.5, sd: 0.4, death_shift: 0.3, load: {severity: 0.5}}\n"
    "    clot: {distribution: yes_no, probability: 0.2, death_shift: 0.9, taken: 0}\n"
    "    enzyme: {distribution: lognormal, median: 50, sd_log: 0.8, death_shift: 0.4, within: "
    "3}\n" TWO_ARMS REST;

/* Deaths by day 3 are severe: without the weights of the living every figure would be off by more
 * than ten standard errors. */
static void test_the_living_deliver_what_is_stated(void **state)
{
    (void)state;
    struct cohort k = cohort_of(STATED);
    cohort_receive(&k, 0);
    const int n = k.p.n;
    int late = 0;
    for (int i = 0; i < n; i++) {
        late += k.c.death[i] > 3;
        assert_int_equal(isnan(marker(&k, "plain")[i]), k.c.death[i] <= 3);
        assert_int_equal(isnan(marker(&k, "refill")[i]), k.c.death[i] <= 3);
        assert_true(!isnan(marker(&k, "clot")[i]));
    }
    assert_mean(moments_of(marker(&k, "plain"), n), 65);
    assert_sd(moments_of(marker(&k, "plain"), n), 8);
    assert_mean(moments_of(marker(&k, "balance"), n), 1601);
    assert_sd(moments_of(marker(&k, "balance"), n), 3069);
    assert_mean(moments_of(marker(&k, "fluids"), n), 2767);
    assert_sd(moments_of(marker(&k, "fluids"), n), 1660);
    assert_yes(marker(&k, "refill"), n, 0.58);
    double *boluses = logs_of(marker(&k, "boluses"), n);
    assert_share(count_below(boluses, n, log(1000)), late, 0.5);
    assert_sd(moments_of(boluses, n), 1.03);
    free(boluses);
    cohort_free(&k);
}

/* What is stated is the survivors'; the dead have the same spread about another place. */
static void test_the_dead_are_shifted(void **state)
{
    (void)state;
    struct cohort k = cohort_of(STATED);
    cohort_receive(&k, 0);
    const int n = k.p.n;
    double *gap = copy_of(marker(&k, "gap"), n), *clot = copy_of(marker(&k, "clot"), n);
    double *enzyme = logs_of(marker(&k, "enzyme"), n), *dead = copy_of(clot, n);
    double *late = copy_of(enzyme, n);
    for (int i = 0; i < n; i++) {
        const bool survives = k.c.death[i] > 28;
        gap[i] = survives ? gap[i] : NAN;
        dead[i] = survives ? NAN : clot[i];
        clot[i] = survives ? clot[i] : NAN;
        late[i] = k.c.death[i] > 3 ? NAN : enzyme[i];
        enzyme[i] = k.c.death[i] > 3 ? enzyme[i] : NAN;
    }
    assert_mean(moments_of(gap, n), 0.5);
    assert_sd(moments_of(gap, n), 0.4);
    assert_yes(clot, n, 0.2);
    assert_yes(dead, n, 1 / (1 + 4 * exp(-0.9))); /* odds 1/4 times e^0.9 */
    assert_mean(moments_of(enzyme, n), log(50));
    assert_sd(moments_of(enzyme, n), 0.8);
    assert_mean(moments_of(late, n), log(50) + 0.4);
    assert_sd(moments_of(late, n), 0.8);
    free(gap);
    free(clot);
    free(enzyme);
    free(dead);
    free(late);
    cohort_free(&k);
}

static const char LOADED[] = POPULATION_WITH("") COURSE
    "    balance: {mean: 1601, sd: 3069, taken: 0, load: {severity: 0.6}}\n"
    "    fluids: {distribution: lognormal, mean: 2767, sd: 1660, taken: 0, load: {severity: "
    "-0.4}}\n"
    "    refill: {distribution: yes_no, probability: 0.58, taken: 0, log_odds: {source: {lung: "
    "0.6}}}\n"
    "    other: {distribution: yes_no, probability: 0.3, taken: 0}\n" TWO_ARMS REST;

/* Of a population without selection a load on one normal covariate is the correlation with it, a
 * log odds ratio the logarithm of the cross-product; markers loaded on nothing are independent. */
static void test_loads(void **state)
{
    (void)state;
    struct cohort k = cohort_of(LOADED);
    const struct point *point = &k.plan.point[0];
    const int n = k.p.n;
    const double *severity = covariate_of(point, &k.p, "severity");
    const double *source = covariate_of(point, &k.p, "source");
    double *fluids = logs_of(marker(&k, "fluids"), n);
    assert_correlation(correlation_of(marker(&k, "balance"), severity, n), n, 0.6);
    assert_correlation(correlation_of(fluids, severity, n), n, -0.4);
    assert_correlation(correlation_of(fluids, marker(&k, "balance"), n), n, -0.24);
    const struct column *levels =
        &point->scenario.population.schema
             .column[population_covariate(&point->scenario.population, "source")];
    assert_string_equal(levels->levels[1], "lung");
    double count[2][2] = {{0}}; /* [lung][yes] */
    double both = 0;
    for (int i = 0; i < n; i++) {
        const bool lung = (int)source[i] == 1, yes = marker(&k, "refill")[i] > 0;
        count[lung][yes]++;
        both += yes && marker(&k, "other")[i] > 0;
    }
    double variance = 0;
    for (int j = 0; j < 4; j++) variance += 1 / count[j / 2][j % 2];
    assert_close(log(count[1][1] * count[0][0] / (count[1][0] * count[0][1])), 0.6,
                 4 * sqrt(variance));
    assert_share(both, n, 0.58 * 0.3);
    free(fluids);
    cohort_free(&k);
}

/* --- arms ------------------------------------------------------------------------------------- */

static const char MOVED[] = POPULATION_WITH("") COURSE
    "    balance: {mean: 1224, sd: 3336, taken: 0, load: {severity: 0.6}}\n"
    "    fluids: {distribution: lognormal, mean: 2767, sd: 1660, taken: 0, load: {severity: 0.3}}\n"
    "    refill: {distribution: yes_no, probability: 0.58, taken: 0}\n"
    "    still: {mean: 1, sd: 1, taken: 0}\n"
    "arms:\n"
    "  control: {}\n"
    "  treated: {effects: {markers: {balance: {shift: -232, sd_ratio: 0.5426}, fluids: {ratio: "
    "0.853}, refill: {odds_ratio: 0.642}}}}\n"
    "  varied: {effects: {markers: {balance: {by: {severity: 100}}, fluids: {ratio: 0.9, "
    "centre_sd: "
    "0.2}}}}\n" REST;

/* The same patient in either arm: ratios, shifts and spreads hold patient by patient. */
static void test_effects_on_each_patient(void **state)
{
    (void)state;
    struct cohort k = cohort_of(MOVED);
    const int n = k.p.n;
    const double *severity = covariate_of(&k.plan.point[0], &k.p, "severity");
    cohort_receive(&k, 0);
    double *balance = copy_of(marker(&k, "balance"), n), *fluids = copy_of(marker(&k, "fluids"), n);
    double *refill = copy_of(marker(&k, "refill"), n), *still = copy_of(marker(&k, "still"), n);
    cohort_receive(&k, 1);
    for (int i = 0; i < n; i++) {
        assert_close(marker(&k, "balance")[i], 1224 - 232 + 0.5426 * (balance[i] - 1224), 1e-8);
        assert_close(marker(&k, "fluids")[i] / fluids[i], 0.853, 1e-12);
        assert_true(marker(&k, "refill")[i] <= refill[i]);
    }
    assert_memory_equal(marker(&k, "still"), still, (size_t)n * sizeof *still);
    assert_mean(moments_of(marker(&k, "balance"), n), 992);
    assert_sd(moments_of(marker(&k, "balance"), n), 0.5426 * 3336);
    assert_sd(moments_of(marker(&k, "fluids"), n), 0.853 * 1660);
    const double odds = 0.642 * 0.58 / 0.42;
    assert_yes(marker(&k, "refill"), n, odds / (1 + odds));
    cohort_receive(&k, 2);
    double centre[250];
    for (int c = 0; c < 250; c++) centre[c] = NAN;
    for (int i = 0; i < n; i++) {
        assert_close(marker(&k, "balance")[i] - balance[i], 100 * severity[i], 1e-8);
        double *own = &centre[k.p.centre[i]];
        const double log_ratio = log(marker(&k, "fluids")[i] / fluids[i]);
        if (!isnan(*own)) assert_close(log_ratio, *own, 1e-12);
        *own = log_ratio;
    }
    const struct moments m = moments_of(centre, 250);
    assert_mean(m, log(0.9));
    assert_sd(m, 0.2);
    free(balance);
    free(fluids);
    free(refill);
    free(still);
    cohort_free(&k);
}

/* Whatever else a scenario has: draws belong to the marker's name. */
static void test_a_marker_keeps_its_random_numbers(void **state)
{
    (void)state;
#define SMALL(more)                                                                                \
    POPULATION_WITH("")                                                                            \
    COURSE more "    refill: {distribution: yes_no, probability: 0.58}\n"                          \
                "    fluids: {distribution: lognormal, mean: 2767, sd: 1660}\n" TWO_ARMS           \
                "trial: {patients: 500, follow_up: 28}\n" ANY_ENDPOINT ANY_ANALYSIS
    struct cohort a = cohort_of(SMALL("")), b = cohort_of(SMALL("    first: {mean: 0, sd: 1}\n"));
#undef SMALL
    const size_t size = 500 * sizeof(double);
    assert_memory_equal(marker(&a, "refill"), marker(&b, "refill"), size);
    assert_memory_equal(marker(&a, "fluids"), marker(&b, "fluids"), size);
    b.needs.marker[0] = false; /* nobody asks for it */
    cohort_receive(&b, 0);
    assert_null(marker(&b, "first"));
    cohort_free(&a);
    cohort_free(&b);
}

/* --- delivery --------------------------------------------------------------------------------- */

/* 30 % of the control arm receive the treatment and 10 % of the treated do not: of every effect on
 * the mean, or on a share, 60 % is left; on death as on delivery. */
static void test_what_is_received_dilutes_delivery_and_death_alike(void **state)
{
    (void)state;
    struct cohort k = cohort_of(
        POPULATION_WITH("") COURSE
        "    balance: {mean: 1874, sd: 1756, taken: 0}\n"
        "    refill: {distribution: yes_no, probability: 0.58, taken: 0}\n"
        "arms:\n"
        "  control: {}\n"
        "  treated: {effects: {mortality: {risk: {28: 0.35}}, markers: {balance: {shift: -500}, "
        "refill: {odds_ratio: 0.4}}}}\n"
        "trial: {patients: 400000, follow_up: 28, receives: {control: {treated: 0.3}, treated: "
        "{control: 0.1}}}\n" ANY_ENDPOINT ANY_ANALYSIS);
    const double treated = 0.4 * 0.58 / (0.42 + 0.4 * 0.58), share[2] = {0.3, 0.9};
    double *own = calloc((size_t)k.p.n, sizeof *own);
    assert_non_null(own);
    for (int arm = 0; arm < 2; arm++) {
        int n = 0, dead = 0, yes = 0;
        for (int i = 0; i < k.p.n; i++) {
            if ((int)k.p.arm[i] != arm) continue;
            own[n++] = marker(&k, "balance")[i];
            dead += k.c.death[i] <= 28;
            yes += marker(&k, "refill")[i] > 0;
        }
        assert_int_equal(n, k.p.n / 2);
        assert_mean(moments_of(own, n), 1874 - share[arm] * 500);
        assert_share(yes, n, 0.58 + share[arm] * (treated - 0.58));
        assert_share(dead, n, 0.434 + share[arm] * (0.35 - 0.434));
    }
    free(own);
    cohort_free(&k);
}

/* --- endpoints and subgroups ------------------------------------------------------------------ */

#define SUBGROUPS                                                                                  \
    POPULATION_WITH("")                                                                            \
    COURSE "    refill: {distribution: yes_no, probability: 0.58, log_odds: {severity: -0.5}}\n"   \
           "    fluids: {distribution: lognormal, mean: 2767, sd: 1660}\n"                         \
           "arms:\n"                                                                               \
           "  control: {}\n"                                                                       \
           "  treated: {effects: {markers: {refill: {odds_ratio: 0.642}}}}\n"                      \
           "trial: {patients: 600, follow_up: 28}\n"                                               \
           "endpoints:\n"                                                                          \
           "  dead: {kind: death, by: 28}\n"                                                       \
           "  normal: {kind: marker, of: refill, better: higher, observed: {probability: 0.9}}\n"  \
           "  volume: {kind: marker, of: fluids}\n"

/* By hand from the columns: relative risks are ratios of shares. */
static void test_shares_and_subgroups_of_a_marker(void **state)
{
    (void)state;
    struct plan plan = plan_of(
        SUBGROUPS "analyses:\n"
                  "  delivered: {method: relative_risk, endpoint: normal}\n"
                  "  responders: {method: relative_risk, endpoint: dead, where: 'normal == 1'}\n"
                  "  others: {method: relative_risk, endpoint: dead, where: 'not (normal == 1) and "
                  "volume < 3000'}\n");
    const struct point *point = &plan.point[0];
    assert_true(point->columns[1].binary);
    assert_false(point->columns[2].binary);
    struct scratch w = {0};
    struct patients p;
    struct course c;
    const struct dataset d = replicate_dataset(point, 4, false, &w, &p, &c);
    const double *dead = d.value[point->columns[0].value];
    const double *normal = d.value[point->columns[1].value];
    const double *volume = d.value[point->columns[2].value];
    double n[3][2] = {{0}}, count[3][2] = {{0}};
    int unknown = 0;
    for (int i = 0; i < d.n; i++) {
        const int arm = (int)d.arm[i];
        unknown += isnan(normal[i]);
        if (isnan(normal[i])) continue;
        n[0][arm]++;
        count[0][arm] += normal[i];
        const int group = normal[i] > 0 ? 1 : 2;
        if (group == 2 && !(volume[i] < 3000)) continue;
        n[group][arm]++;
        count[group][arm] += dead[i];
    }
    assert_in_range(unknown, 30, 120); /* 60 are not recorded, 13 die before it is taken */
    struct result *out = calloc((size_t)plan.n_answers, sizeof *out);
    assert_non_null(out);
    replicate_run(&plan, point, 4, &w, out);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(out[k].n, n[k][0] + n[k][1]);
        assert_close(out[k].estimate, count[k][1] / n[k][1] / (count[k][0] / n[k][0]), 1e-12);
    }
    assert_int_equal(plan.answer[0].benefit, 1);
    free(out);
    scratch_free(&w);
    plan_free(&plan);
}

/* --- covariates that nothing but a marker reads ------------------------------------------------
 */

#define HIDDEN                                                                                     \
    "simulation: {seed: 5}\n"                                                                      \
    "population:\n"                                                                                \
    "  covariates:\n"                                                                              \
    "    loaded: {distribution: normal, mean: 5, sd: 2}\n"                                         \
    "    asked: {distribution: normal, mean: 60, sd: 10}\n"                                        \
    "    moved: {distribution: normal, mean: 1, sd: 1}\n"                                          \
    "course:\n"                                                                                    \
    "  mortality: {cumulative: {28: 0.4}}\n"                                                       \
    "  markers:\n"                                                                                 \
    "    fluids: {mean: 10, sd: 3, load: {loaded: 0.6}}\n"                                         \
    "    refill: {distribution: yes_no, probability: 0.4, log_odds: {asked: 0.1}}\n"               \
    "arms:\n"                                                                                      \
    "  control: {}\n"                                                                              \
    "  treated: {effects: {markers: {fluids: {shift: 1, by: {moved: 0.5}}}}}\n"                    \
    "trial: {patients: 200, follow_up: 28}\n"                                                      \
    "endpoints:\n"                                                                                 \
    "  volume: {kind: marker, of: fluids}\n"                                                       \
    "  normal: {kind: marker, of: refill, better: higher}\n"                                       \
    "analyses:\n"                                                                                  \
    "  difference: {method: mean_difference, endpoint: volume}\n"                                  \
    "  ratio: {method: relative_risk, endpoint: normal}\n"

/* They are drawn, and no other values come of it than where an analysis reads them too. */
static void test_what_only_a_marker_reads_is_drawn(void **state)
{
    (void)state;
    struct plan hidden = plan_of(HIDDEN);
    struct plan seen = plan_of(HIDDEN "  adjusted: {method: mean_difference, endpoint: volume, "
                                      "adjust: [loaded, asked, moved]}\n");
    struct scratch w = {0};
    struct result a[2], b[3];
    replicate_run(&hidden, &hidden.point[0], 0, &w, a);
    replicate_run(&seen, &seen.point[0], 0, &w, b);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(a[k].why, UNDEFINED_NO);
        assert_memory_equal(&a[k].estimate, &b[k].estimate, sizeof a[k].estimate);
        assert_memory_equal(&a[k].se, &b[k].se, sizeof a[k].se);
    }
    scratch_free(&w);
    plan_free(&hidden);
    plan_free(&seen);
}

static void test_only_a_yes_no_marker_has_shares(void **state)
{
    (void)state;
    assert_refused(SUBGROUPS "analyses: {x: {method: relative_risk, endpoint: volume}}\n",
                   "relative_risk needs a yes/no value, which endpoint 'volume' does not have");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_living_deliver_what_is_stated),
        cmocka_unit_test(test_the_dead_are_shifted),
        cmocka_unit_test(test_loads),
        cmocka_unit_test(test_effects_on_each_patient),
        cmocka_unit_test(test_a_marker_keeps_its_random_numbers),
        cmocka_unit_test(test_what_is_received_dilutes_delivery_and_death_alike),
        cmocka_unit_test(test_shares_and_subgroups_of_a_marker),
        cmocka_unit_test(test_what_only_a_marker_reads_is_drawn),
        cmocka_unit_test(test_only_a_yes_no_marker_has_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
