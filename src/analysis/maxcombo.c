/* maxcombo.c - the largest of four weighted log-rank statistics.  SPDX-License-Identifier: MIT */
#include "analysis/life_table.h"
#include "stat/normal_maximum.h"

#include <math.h>

/* Weights S^rho (1-S)^gamma with (rho, gamma) = (0,0), (1,0), (0,1), (1,1): the first is the sum of
 * the next two, so that three independent normal variables carry all four statistics. */
enum { FLAT, EARLY, LATE, MIDDLE, WEIGHTS };

struct scores {
    double u[WEIGHTS], v[WEIGHTS][WEIGHTS];
};

/* Adds one stratum: with n at risk, n_1 of them treated, d deaths, and W_k of the pooled
 * Kaplan-Meier estimate just before,
 *     u_k = sum W_k (d_1 - d n_1/n)      v_kl = sum W_k W_l d (n_1/n) (1 - n_1/n) (n-d)/(n-1)
 * Fleming & Harrington 1991, (7.1.1) and theorem 7.2.1. */
static void add_stratum(struct scores *sum, const struct life_table *t)
{
    double survival = 1;
    for (int i = 0; i < t->n; i++) {
        const struct life_time *at = &t->at[i];
        const double n = at->at_risk[0] + at->at_risk[1], d = at->events[0] + at->events[1];
        const double share = at->at_risk[1] / n;
        const double u = at->events[1] - d * share;
        const double v = n > 1 ? d * share * (1 - share) * (n - d) / (n - 1) : 0;
        const double weight[WEIGHTS] = {1, survival, 1 - survival, survival * (1 - survival)};
        for (int k = 0; k < WEIGHTS; k++) {
            sum->u[k] += weight[k] * u;
            for (int l = 0; l <= k; l++) sum->v[k][l] += weight[k] * weight[l] * v;
        }
        survival *= (n - d) / n;
    }
}

/* The statistics as directions in the space of three independent normal variables: rows of the
 * Cholesky factor of v, of unit length. A weight without variance has none. Returns how many. */
static int directions(const struct scores *s, double direction[WEIGHTS][3], double z[WEIGHTS])
{
    double row[WEIGHTS][3] = {{0}};
    int n = 0;
    for (int k = EARLY; k < WEIGHTS; k++) {
        double left = s->v[k][k];
        for (int j = 0; j + EARLY < k; j++) {
            double product = s->v[k][j + EARLY];
            for (int i = 0; i < j; i++) product -= row[k][i] * row[j + EARLY][i];
            row[k][j] = row[j + EARLY][j] > 0 ? product / row[j + EARLY][j] : 0;
            left -= row[k][j] * row[k][j];
        }
        if (left > 1e-14 * s->v[k][k]) row[k][k - EARLY] = sqrt(left);
    }
    for (int i = 0; i < 3; i++) row[FLAT][i] = row[EARLY][i] + row[LATE][i];
    for (int k = 0; k < WEIGHTS; k++) {
        const double length = hypot(hypot(row[k][0], row[k][1]), row[k][2]);
        if (!(s->v[k][k] > 0)) continue;
        for (int i = 0; i < 3; i++) direction[n][i] = row[k][i] / length;
        z[n++] = s->u[k] / sqrt(s->v[k][k]);
    }
    return n;
}

/* The largest |z|, or towards benefit, with its sign, and the probability of one as large. */
static void judge(const struct scores *s, const struct inference *in, struct result *r)
{
    double direction[WEIGHTS][3], z[WEIGHTS];
    const int n = directions(s, direction, z), side = in->benefit >= 0 ? 1 : -1;
    r->statistic = z[0];
    for (int k = 1; k < n; k++) {
        const bool beyond =
            in->sides == 2 ? fabs(z[k]) > fabs(r->statistic) : side * z[k] > side * r->statistic;
        if (beyond) r->statistic = z[k];
    }
    const bool both = in->sides == 2;
    r->p_value = normal_maximum_upper(n, (const double(*)[3])direction,
                                      both ? fabs(r->statistic) : side * r->statistic, both);
}

static struct result compare(const struct scores *s, const struct inference *in)
{
    struct result r = result_undefined(UNDEFINED_NO_VARIATION, 0, 0);
    const double u = s->u[FLAT], v = s->v[FLAT][FLAT];
    if (!(v > 0)) return r;
    result_wald(&r, in, SCALE_LOG, u / v, 1 / sqrt(v));
    judge(s, in, &r);
    return r;
}

static void maxcombo_run(const void *params, const struct inference *in, const struct sample *s,
                         struct scratch *w, struct result *out)
{
    (void)params;
    const struct scratch_mark mark = scratch_save(w);
    struct scores sum = {0};
    int events = 0;
    for (int k = 0; k < s->n_strata; k++) {
        const struct scratch_mark before = scratch_save(w);
        const struct life_table t = life_table_build(s, s->event, 1, s->stratum ? k : -1, w);
        add_stratum(&sum, &t);
        events += t.events[0] + t.events[1];
        scratch_restore(w, before);
    }
    if (s->n == 0)
        *out = result_undefined(UNDEFINED_NO_PATIENTS, 0, 0);
    else if (s->n_arm[0] == 0 || s->n_arm[1] == 0)
        *out = result_undefined(UNDEFINED_EMPTY_ARM, 0, 0);
    else if (events == 0)
        *out = result_undefined(UNDEFINED_NO_EVENTS, 0, 0);
    else if (!sample_compares_arms(s, w))
        *out = result_undefined(UNDEFINED_NO_STRATUM, 0, 0);
    else
        *out = compare(&sum, in);
    out->n = s->n;
    out->events = events;
    scratch_restore(w, mark);
}

static const struct output maxcombo_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio, one step from 1", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_maxcombo = {
    .name = "maxcombo",
    .brief = "MaxCombo test: the largest of four weighted log-rank statistics",
    .formula =
        "statistic: of z = U/sqrt(V) with weights S(t-)^rho (1-S(t-))^gamma, (rho, gamma) = (0,0), "
        "(1,0),\n"
        "(0,1), (1,1), the one farthest from 0 (one-sided: farthest towards benefit); p from their "
        "joint\n"
        "normal distribution when the arms do not differ (whatever `null`); hazard ratio "
        "exp((O-E)/V), se\n"
        "and limits as logrank gives them",
    .reference =
        "Karrison 2016, Stata J 16:678; Lin et al. 2020, Stat Biopharm Res 12:187; Fleming & "
        "Harrington 1991, Counting Processes and Survival Analysis, chapter 7",
    .outcome = OUTCOME_TIME,
    .uses = USES_STRATA,
    .n_outputs = 1,
    .outputs = maxcombo_outputs,
    .example = "{method: maxcombo, endpoint: death}",
    .run = maxcombo_run,
};
