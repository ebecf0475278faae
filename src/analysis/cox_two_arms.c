/* cox_two_arms.c - see cox_two_arms.h.  SPDX-License-Identifier: MIT
 *
 * Cox's partial likelihood needs no more than the numbers at risk in both arms. With n0 and n1 of a
 * term, each less f times its tied deaths (see partial_likelihood.c), and s = n1 e^b / (n0 + n1
 * e^b), it contributes
 *     log-likelihood  b (its deaths among the treated)  -  m log(n0 + n1 e^b)
 *     gradient        its deaths among the treated  -  m s
 *     information     m s (1 - s) */
#include "analysis/cox_two_arms.h"

#include "base/dispatch.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* As partial_likelihood.c holds linear predictors. */
static const double log_ratio_max = 700;

/* before[row] := the treated in the rows before */
static void count_treated(int *restrict before, const struct risk_sets *sets,
                          const unsigned char *restrict arm)
{
    int treated = 0;
    for (int row = 0; row < sets->n; row++) {
        before[row] = treated;
        treated += arm[sets->patient[row]];
    }
    before[sets->n] = treated;
}

static void count_terms(struct two_arms *m, const struct risk_sets *sets, const int *before,
                        enum ties ties)
{
    double *restrict control = m->control, *restrict of_treated = m->treated;
    double *restrict multiplicity = m->multiplicity;
    int n = 0, events_treated = 0;
    for (int k = 0; k < sets->n_times; k++) {
        const struct death_time *time = &sets->time[k];
        const int at_risk = time->end - time->first;
        const int treated = before[time->end] - before[time->first];
        const int died = before[time->end] - before[time->end - time->deaths]; /* of the treated */
        const int terms = ties == TIES_EFRON ? time->deaths : 1;
        of_treated[n] = treated;
        control[n] = at_risk - treated;
        multiplicity[n++] = ties == TIES_EFRON ? 1 : time->deaths;
        for (int j = 1; j < terms; j++, n++) {
            const double left = (double)j / terms;
            of_treated[n] = treated - left * died;
            control[n] = at_risk - treated - left * (time->deaths - died);
            multiplicity[n] = 1;
        }
        events_treated += died;
    }
    m->n_terms = n;
    m->events_treated = events_treated;
}

void two_arms_build(struct two_arms *m, const struct sample *s, enum ties ties, struct scratch *w)
{
    *m = (struct two_arms){.z = {.p = 1, .blocks = 1, .unit = 1, .orthogonal = true}};
    m->why = cox_why_not(s, false, &m->events);
    if (m->why != UNDEFINED_NO) return;
    m->control = scratch_doubles(w, m->events);
    m->treated = scratch_doubles(w, m->events);
    m->multiplicity = scratch_doubles(w, m->events);
    m->log_sum = scratch_doubles(w, m->events);
    m->share = scratch_doubles(w, m->events);
    const struct scratch_mark mark = scratch_save(w);
    struct risk_sets sets;
    risk_sets_build(&sets, s, w);
    int *before = scratch_ints(w, sets.n + 1);
    count_treated(before, &sets, s->arm);
    count_terms(m, &sets, before, ties);
    scratch_restore(w, mark);
}

MULTIVERSION static void find_shares(struct two_arms *m, double ratio)
{
    double *restrict sum = m->log_sum, *restrict share = m->share;
    const double *restrict control = m->control, *restrict treated = m->treated;
    for (int t = 0; t < m->n_terms; t++) {
        const double of_treated = treated[t] * ratio;
        sum[t] = control[t] + of_treated;
        share[t] = of_treated / sum[t];
    }
}

/* share[t] := m s (1 - s) of share[t] = s */
MULTIVERSION static void find_variances(const double *restrict multiplicity, double *restrict share,
                                        int n)
{
    for (int t = 0; t < n; t++) share[t] = multiplicity[t] * share[t] * (1 - share[t]);
}

static double two_arms_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct two_arms *m = model;
    const double b = fmax(-log_ratio_max, fmin(log_ratio_max, *beta));
    memset(d->gradient, 0, sizeof(lanes));
    memset(d->information, 0, LANES * sizeof(lanes));
    find_shares(m, exp(b));
    vector_log(m->log_sum, m->log_sum, m->n_terms);
    const double loglik =
        b * m->events_treated - lanes_dot(m->multiplicity, m->log_sum, m->n_terms);
    d->scale[0] = lanes_dot(m->multiplicity, m->share, m->n_terms);
    d->gradient[0] = m->events_treated - d->scale[0];
    find_variances(m->multiplicity, m->share, m->n_terms);
    d->information[0] = lanes_sum(m->share, m->n_terms);
    return loglik;
}

struct likelihood two_arms_likelihood(struct two_arms *m)
{
    return (struct likelihood){.z = &m->z, .evaluate = two_arms_evaluate, .model = m};
}
