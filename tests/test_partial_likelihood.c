/* test_partial_likelihood.c - risk sets and the partial likelihood against their definitions,
 * patient by patient: ties between deaths and censoring, strata, one to four blocks of columns.
 * SPDX-License-Identifier: MIT */
#include "analysis/cox_two_arms.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENTS = 90, STRATA = 3, COVARIATES_MAX = 12, STRIDE = 16, TRIALS = 40 };

struct trial {
    unsigned char arm[PATIENTS];
    int stratum[PATIENTS];
    double time[PATIENTS], event[PATIENTS], x[COVARIATES_MAX][PATIENTS];
    const double *column[COVARIATES_MAX];
};

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

/* Whole days up to `days`, so that deaths tie with deaths and with censoring; half the patients are
 * followed to a horizon that some deaths share. */
static struct sample draw(struct trial *t, int n_x, bool strata, int days, uint64_t *state)
{
    int treated = 0;
    for (int i = 0; i < PATIENTS; i++) {
        t->arm[i] = uniform(state) < 0.5;
        treated += t->arm[i];
        t->stratum[i] = i < STRATA ? i : (int)(STRATA * uniform(state));
        const bool followed = uniform(state) < 0.5;
        t->time[i] = followed ? 0.8 * days : floor(days * uniform(state));
        t->event[i] = uniform(state) < (followed ? 0.1 : 0.7);
        for (int j = 0; j < n_x; j++) t->x[j][i] = 100 * j + (j + 1) * uniform(state);
    }
    for (int j = 0; j < n_x; j++) t->column[j] = t->x[j];
    return (struct sample){.n = PATIENTS,
                           .n_arm = {PATIENTS - treated, treated},
                           .arm = t->arm,
                           .time = t->time,
                           .event = t->event,
                           .n_x = n_x,
                           .x = t->column,
                           .term = -1,
                           .stratum = strata ? t->stratum : NULL,
                           .n_strata = strata ? STRATA : 1};
}

static int stratum_of(const struct sample *s, int i)
{
    return s->stratum ? s->stratum[i] : 0;
}

static bool is_death(const struct sample *s, int i, int stratum, double time)
{
    return s->event[i] > 0 && stratum_of(s, i) == stratum && !(s->time[i] < time) &&
           !(s->time[i] > time);
}

/* Rows first … end-1 are the patients of the stratum with no shorter time, and the last `deaths` of
 * them all who died then. */
static void check_death_time(const struct sample *s, const struct risk_sets *sets,
                             const struct death_time *at)
{
    const int one = sets->patient[at->end - 1];
    int n_at_risk = 0, n_deaths = 0;
    for (int i = 0; i < s->n; i++) {
        n_at_risk += stratum_of(s, i) == stratum_of(s, one) && s->time[i] >= s->time[one];
        n_deaths += is_death(s, i, stratum_of(s, one), s->time[one]);
    }
    assert_int_equal(at->end - at->first, n_at_risk);
    assert_int_equal(at->deaths, n_deaths);
    for (int row = at->first; row < at->end; row++) {
        const int i = sets->patient[row];
        assert_int_equal(stratum_of(s, i), stratum_of(s, one));
        assert_true(s->time[i] >= s->time[one]);
        if (row >= at->end - at->deaths)
            assert_true(is_death(s, i, stratum_of(s, one), s->time[one]));
    }
}

static void test_risk_sets(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct scratch w = {0};
    for (int k = 0; k < TRIALS; k++) {
        struct trial t;
        const struct sample s = draw(&t, 0, k % 2, 5 + 3 * k, &seed);
        struct risk_sets sets;
        risk_sets_build(&sets, &s, &w);
        bool seen[PATIENTS] = {false};
        int deaths = 0, expected = 0;
        for (int row = 0; row < sets.n; row++) {
            assert_false(seen[sets.patient[row]]);
            seen[sets.patient[row]] = true;
        }
        for (int i = 0; i < sets.n_times; i++) {
            check_death_time(&s, &sets, &sets.time[i]);
            deaths += sets.time[i].deaths;
        }
        for (int i = 0; i < s.n; i++) expected += s.event[i] > 0;
        assert_int_equal(deaths, expected);
        for (int g = 0; g < sets.n_strata; g++) {
            for (int row = sets.start[g]; row <= sets.lead[g]; row++)
                assert_int_equal(s.event[sets.patient[row]] > 0, row == sets.lead[g]);
        }
        scratch_reset(&w);
    }
    scratch_free(&w);
}

/* What the definition gives: sums over who is at risk, for each death or time. */
struct moments {
    long double s0, s1[STRIDE], s2[STRIDE][STRIDE];
};

static void add_patient(struct moments *m, const double *x, long double weight, int p)
{
    m->s0 += weight;
    for (int j = 0; j < p; j++) {
        m->s1[j] += weight * x[j];
        for (int k = 0; k <= j; k++) m->s2[j][k] += weight * x[j] * x[k];
    }
}

struct truth {
    long double loglik, gradient[STRIDE], information[STRIDE][STRIDE];
};

static void add_term(struct truth *t, const struct moments *all, const struct moments *tied,
                     long double fraction, long double multiplicity, int p)
{
    const long double s0 = all->s0 - fraction * tied->s0;
    t->loglik -= multiplicity * logl(s0);
    for (int j = 0; j < p; j++) {
        const long double mean = (all->s1[j] - fraction * tied->s1[j]) / s0;
        t->gradient[j] -= multiplicity * mean;
        for (int k = 0; k <= j; k++) {
            const long double other = (all->s1[k] - fraction * tied->s1[k]) / s0;
            t->information[j][k] +=
                multiplicity * ((all->s2[j][k] - fraction * tied->s2[j][k]) / s0 - mean * other);
        }
    }
}

/* Row numbers serve as times within a stratum: rows first … end-1 are at risk. */
static struct truth by_definition(const struct cox_model *m, const double *beta, enum ties ties)
{
    const int p = m->z.p;
    struct truth t = {0};
    for (int i = 0; i < m->sets.n_times; i++) {
        const struct death_time at = m->sets.time[i];
        struct moments all = {0}, tied = {0};
        for (int row = at.first; row < at.end; row++) {
            double x[STRIDE];
            long double eta = 0;
            for (int j = 0; j < p; j++) {
                x[j] = m->z.column[j * m->z.room + row];
                eta += (long double)beta[j] * x[j];
            }
            add_patient(&all, x, expl(eta), p);
            if (row < at.end - at.deaths) continue;
            add_patient(&tied, x, expl(eta), p);
            t.loglik += eta;
            for (int j = 0; j < p; j++) t.gradient[j] += x[j];
        }
        if (ties == TIES_BRESLOW) add_term(&t, &all, &tied, 0, at.deaths, p);
        for (int d = 0; d < at.deaths && ties == TIES_EFRON; d++)
            add_term(&t, &all, &tied, (long double)d / at.deaths, 1, p);
    }
    return t;
}

/* Sums of about 100 terms of the order of 1: rounding stays below 1e-12. */
static void assert_close(double got, long double expected)
{
    if (!(fabs(got - (double)expected) <= 1e-12 * fmax(1, fabs((double)expected))))
        fail_msg("%.17g instead of %.17Lg", got, expected);
}

static void check_evaluation(const struct sample *s, enum ties ties, uint64_t *seed,
                             struct scratch *w)
{
    struct cox_model m;
    cox_model_build(&m, s, ties, false, w);
    assert_int_equal(m.why, UNDEFINED_NO);
    double beta[STRIDE];
    for (int j = 0; j < m.z.p; j++) beta[j] = uniform(seed) - 0.5;
    struct derivatives d = {scratch_doubles(w, STRIDE), scratch_doubles(w, STRIDE * STRIDE),
                            scratch_doubles(w, STRIDE)};
    const struct truth t = by_definition(&m, beta, ties);
    assert_close(partial_likelihood_evaluate(&m.partial, beta, &d), t.loglik);
    for (int j = 0; j < m.z.p; j++) {
        assert_close(d.gradient[j], t.gradient[j]);
        for (int k = 0; k <= j; k++)
            assert_close(d.information[j * m.z.blocks * LANES + k], t.information[j][k]);
    }
}

static void test_derivatives(void **state)
{
    (void)state;
    uint64_t seed = 2;
    struct scratch w = {0};
    const int n_x[] = {0, 3, 4, 7, 8, 12};
    for (int k = 0; k < TRIALS; k++) {
        struct trial t;
        const int n = n_x[k % 6];
        const struct sample s = draw(&t, n, k % 4 >= 2, k % 5 ? 8 : 100000, &seed);
        check_evaluation(&s, k % 2 ? TIES_EFRON : TIES_BRESLOW, &seed, &w);
        scratch_reset(&w);
    }
    scratch_free(&w);
}

static void assert_near(double a, double b, double tolerance)
{
    assert_true(fabs(a - b) <= tolerance * (1 + fabs(b)));
}

/* Two arms without covariates: the counts' likelihood and the columns', whose derivatives are
 * proven above, have the same maximum, and to what newton.c promises the same standard error and
 * what is divided by it: they are approached from different sides. */
static void test_two_arms(void **state)
{
    (void)state;
    static struct trial t;
    struct scratch w = {0};
    uint64_t random = 23;
    const struct inference in = {0.05, 2, 1.25, -1, 1.959963984540054};
    for (int k = 0; k < TRIALS * 6; k++) {
        const struct sample s = draw(&t, 0, k & 1, k & 2 ? 12 : 100000, &random);
        const enum ties ties = k & 4 ? TIES_EFRON : TIES_BRESLOW;
        const enum coefficient_test test = (enum coefficient_test)(k % 3);
        struct two_arms counts;
        struct cox_model columns;
        two_arms_build(&counts, &s, ties, &w);
        cox_model_build(&columns, &s, ties, false, &w);
        const struct likelihood f = two_arms_likelihood(&counts),
                                g = cox_model_likelihood(&columns);
        assert_int_equal(counts.why, columns.why);
        assert_int_equal(counts.events, columns.events);
        const struct result a = likelihood_result(&f, test, &in, &w);
        const struct result b = likelihood_result(&g, test, &in, &w);
        assert_int_equal(a.why, UNDEFINED_NO);
        assert_int_equal(b.why, UNDEFINED_NO);
        const double by_se = test == TEST_WALD ? 1e-8 : 1e-9;
        assert_near(log(a.estimate), log(b.estimate), 1e-12);
        assert_near(a.se, b.se, 1e-8);
        assert_near(a.statistic, b.statistic, by_se);
        assert_near(a.p_value, b.p_value, by_se);
        scratch_reset(&w);
    }
    scratch_free(&w);
}

/* A fit from the start in single precision and one from 0 end in the same place, to what newton.c
 * promises; without ties the start is nearly there. Up to eight columns have one. */
static void test_start(void **state)
{
    (void)state;
    static struct trial t;
    struct scratch w = {0};
    uint64_t random = 29;
    const int n_x[] = {1, 3, 5, 7, 9};
    int near = 0, answered = 0;
    for (int k = 0; k < TRIALS * 5; k++) {
        const bool ties = k % 3 == 0;
        const struct sample s = draw(&t, n_x[k % 5], k % 4 >= 2, ties ? 12 : 100000, &random);
        for (int i = 0; i < s.n; i++)
            t.time[i] = (ties ? floor(t.time[i] + 4 * t.x[0][i]) : t.time[i] * exp(2 * t.x[0][i]));
        struct cox_model m;
        cox_model_build(&m, &s, TIES_EFRON, false, &w);
        assert_int_equal(m.why, UNDEFINED_NO);
        const struct likelihood f = cox_model_likelihood(&m);
        struct likelihood from_0 = f;
        from_0.approach = NULL;
        const struct maximum a = likelihood_maximise(&f, NAN, &w);
        const struct maximum b = likelihood_maximise(&from_0, NAN, &w);
        assert_int_equal(a.why, b.why);
        assert_true(b.why != UNDEFINED_NO || fabs(a.coefficient - b.coefficient) <= 1e-12 * b.se);
        assert_true(b.why != UNDEFINED_NO || fabs(a.se - b.se) <= 1e-8 * b.se);
        double beta[COVARIATES_MAX];
        struct newton_step last;
        if (f.approach(f.model, beta, &last, &w)) {
            assert_in_range(m.z.p, 2, 8);
            const double off = fabs(beta[m.z.p - 1] / m.z.unit - b.coefficient) / b.se;
            assert_true(off <= (ties ? 0.05 : 1e-6));
            near++;
        }
        answered += b.why == UNDEFINED_NO && m.z.p <= 8;
        scratch_reset(&w);
    }
    assert_true(answered >= TRIALS * 7 / 2);
    assert_true(near >= answered * 9 / 10);
    scratch_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_risk_sets),
        cmocka_unit_test(test_derivatives),
        cmocka_unit_test(test_two_arms),
        cmocka_unit_test(test_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
