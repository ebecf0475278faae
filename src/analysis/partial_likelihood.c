/* partial_likelihood.c - see partial_likelihood.h.  SPDX-License-Identifier: MIT
 *
 * With w_i = exp(beta'x_i), S0, S1 and S2 the sums of w, wx and wxx' over a risk set and T0, T1, T2
 * those over its d tied deaths, a term with fraction f and multiplicity m contributes
 *     log-likelihood  sum of beta'x over its deaths  -  m log(S0 - f T0)
 *     gradient        sum of x over its deaths       -  m (S1 - f T1) / (S0 - f T0)
 *     information     m [(S2 - f T2) / (S0 - f T0) - ((S1 - f T1) / (S0 - f T0)) (same)']
 * Efron: terms f = 0, 1/d, …, (d-1)/d with m = 1; Breslow: one term f = 0 with m = d
 * (Efron 1977, JASA 72:557; Kalbfleisch & Prentice 2002, 4.2.3).
 *
 * S2 is never formed: summed over all terms its part is X'diag(v)X, v_i = w_i times the hazard
 * increments m / (S0 - f T0) of the terms that have i at risk, less f times those at which i is
 * among the tied deaths. The gradient is the sum of x over deaths less sum v_i x_i, which the same
 * pass over the rows yields. Cost per evaluation: rows + terms
 * times p^2 / 2, all along columns or in blocks of four of them. */
#include "analysis/partial_likelihood.h"

#include "base/dispatch.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* Linear predictors are held within this distance of the mean of their stratum: hazard ratios of
 * e^700 between patients are not told apart, and no sum overflows. */
static const double eta_max = 350;

static void observe_deaths(struct partial_likelihood *f)
{
    const struct columns *z = f->z;
    memset(f->observed, 0, (size_t)z->blocks * sizeof *f->observed);
    for (int g = 0; g < f->sets->n_strata; g++) { /* nobody dies in the rows that lead */
        const int lead = f->sets->lead[g], n = f->sets->start[g + 1] - lead;
        rows_add(f->observed, z->row + (size_t)lead * (size_t)z->blocks, n, z->blocks,
                 f->death + lead);
    }
    f->orthogonal = z->orthogonal;
}

void partial_likelihood_init(struct partial_likelihood *f, const struct columns *z,
                             const struct risk_sets *sets, enum ties ties, struct scratch *w)
{
    int n_deaths = 0;
    for (int i = 0; i < sets->n_times; i++) n_deaths += sets->time[i].deaths;
    const int n = z->n, n_terms = ties == TIES_EFRON ? n_deaths : sets->n_times;
    const size_t blocks = (size_t)z->blocks;
    *f = (struct partial_likelihood){
        .z = z,
        .sets = sets,
        .death = scratch_doubles(w, n),
        .last = scratch_ints(w, n_terms),
        .closing = scratch_ints(w, n),
        .first_term = scratch_ints(w, sets->n_strata),
        .multiplicity = scratch_doubles(w, n_terms),
        .fraction = scratch_doubles(w, n_terms),
        .tied = scratch_take(w, (size_t)sets->n_times, sizeof *f->tied),
        .minus = scratch_doubles(w, n_terms),
        .eta = scratch_doubles(w, n),
        .weight = scratch_doubles(w, n),
        .hazard = scratch_doubles(w, n),
        .v = scratch_doubles(w, n),
        .denominator = scratch_doubles(w, n_terms),
        .increment = scratch_doubles(w, n_terms),
        .inverse = scratch_doubles(w, n_terms),
        .observed = scratch_take(w, blocks, sizeof *f->observed),
        .expected = scratch_take(w, blocks, sizeof *f->expected),
        .reduced = scratch_take(w, (size_t)n_terms * blocks, sizeof *f->reduced),
    };
    memset(f->death, 0, (size_t)n * sizeof *f->death);
    memset(f->closing, 0, (size_t)n * sizeof *f->closing);
    for (int i = 0, g = 0; i < sets->n_times; i++) {
        const int end = sets->time[i].end, deaths = sets->time[i].deaths;
        const int terms = ties == TIES_EFRON ? deaths : 1;
        if (i == 0 || sets->time[i].first > sets->time[i - 1].first)
            f->first_term[g++] = f->n_terms;
        if (terms > 1) {
            f->tied[f->n_tied++] = (struct tied_deaths){f->n_terms, terms, end - deaths, end};
        }
        f->closing[end - 1] = terms;
        for (int k = 0; k < terms; k++, f->n_terms++) {
            f->last[f->n_terms] = end - 1;
            f->multiplicity[f->n_terms] = ties == TIES_EFRON ? 1 : deaths;
            f->fraction[f->n_terms] = k > 0 ? (double)k / terms : 0;
        }
        for (int k = end - deaths; k < end; k++) f->death[k] = 1;
    }
    observe_deaths(f);
}

/* The sums over the rows before the first death of each stratum, which no order binds, in the place
 * of its first term. */
static void leading_sums(struct partial_likelihood *f)
{
    const struct columns *z = f->z;
    const size_t blocks = (size_t)z->blocks;
    for (int g = 0; g < f->sets->n_strata; g++) {
        const int start = f->sets->start[g], n = f->sets->lead[g] - start, t = f->first_term[g];
        lanes *sum = f->reduced + (size_t)t * blocks;
        memset(sum, 0, blocks * sizeof *sum);
        rows_add(sum, z->row + (size_t)start * blocks, n, z->blocks, f->weight + start);
        f->denominator[t] = lanes_sum(f->weight + start, n);
    }
}

/* S0, and S1 in `count` blocks of the columns, from the first death of each stratum on, where terms
 * look: what is written last in a term's place is its sum. In one loop, so that the chains of
 * additions overlap. */
MULTIVERSION_PART void running_sums(struct partial_likelihood *f, double *s0, int b, int count)
{
    const size_t blocks = (size_t)f->z->blocks;
    const double *weight = f->weight;
    for (int g = 0; g < f->sets->n_strata; g++) {
        const int lead = f->sets->lead[g], end = f->sets->start[g + 1];
        const lanes *row = f->z->row + (size_t)lead * blocks + b;
        size_t t = (size_t)f->first_term[g];
        lanes *s1 = f->reduced + b, sum[2];
        double total = f->denominator[t];
        for (int k = 0; k < count; k++) sum[k] = s1[t * blocks + (size_t)k];
        for (int i = lead; i < end; i++, row += blocks) {
            for (int k = 0; k < count; k++)
                s1[t * blocks + (size_t)k] = sum[k] += weight[i] * row[k];
            s0[t] = total += weight[i];
            t += (size_t)f->closing[i];
        }
    }
}

/* S0 becomes S0 - f T0 of every term, and what that divides. */
MULTIVERSION_PART void risk_totals(struct partial_likelihood *f)
{
    for (int k = 0; k < f->n_tied; k++) {
        const struct tied_deaths tied = f->tied[k];
        double sum = 0;
        for (int i = tied.first_row; i < tied.end; i++) sum += f->weight[i];
        double *s0 = f->denominator + tied.first_term;
        const double *fraction = f->fraction + tied.first_term;
        for (int t = 1; t < tied.n_terms; t++) s0[t] = s0[0] - fraction[t] * sum;
    }
    for (int t = 0; t < f->n_terms; t++) {
        f->inverse[t] = 1 / f->denominator[t];
        f->increment[t] = f->multiplicity[t] * f->inverse[t];
        f->minus[t] = -f->increment[t] * f->inverse[t];
    }
}

/* v from increments */
MULTIVERSION_PART void expected_deaths(struct partial_likelihood *f, const double *increment,
                                       double *v)
{
    memset(f->hazard, 0, (size_t)f->z->n * sizeof *f->hazard);
    for (int t = 0; t < f->n_terms; t++) f->hazard[f->last[t]] += increment[t];
    for (int g = 0; g < f->sets->n_strata; g++) {
        const int lead = f->sets->lead[g];
        const double *hazard = f->hazard, *weight = f->weight;
        double sum = 0;
        int i = f->sets->start[g + 1] - 1;
        for (; i - 3 >= lead; i -= 4) { /* so that additions wait for one in four */
            const double two = hazard[i] + hazard[i - 1], three = two + hazard[i - 2];
            const double four = two + (hazard[i - 2] + hazard[i - 3]);
            v[i] = weight[i] * (sum + hazard[i]);
            v[i - 1] = weight[i - 1] * (sum + two);
            v[i - 2] = weight[i - 2] * (sum + three);
            v[i - 3] = weight[i - 3] * (sum + four);
            sum += four;
        }
        for (; i >= lead; i--) {
            sum += hazard[i];
            v[i] = weight[i] * sum;
        }
        for (i = f->sets->start[g]; i < lead; i++) v[i] = weight[i] * sum;
    }
    for (int k = 0; k < f->n_tied; k++) {
        const struct tied_deaths tied = f->tied[k];
        double left = 0;
        for (int t = tied.first_term; t < tied.first_term + tied.n_terms; t++) {
            left += f->fraction[t] * increment[t];
        }
        for (int i = tied.first_row; i < tied.end; i++) v[i] -= f->weight[i] * left;
    }
}

MULTIVERSION void partial_likelihood_expected(struct partial_likelihood *f, const double *increment,
                                              double *v)
{
    expected_deaths(f, increment, v);
}

void partial_likelihood_mean(struct partial_likelihood *f, const double *x, double *mean)
{
    double *sum = f->hazard;
    for (int g = 0; g < f->sets->n_strata; g++) {
        double total = 0;
        for (int i = f->sets->start[g]; i < f->sets->start[g + 1]; i++) {
            total += f->weight[i] * x[i];
            sum[i] = total;
        }
    }
    for (int t = 0; t < f->n_terms; t++) mean[t] = sum[f->last[t]];
    for (int k = 0; k < f->n_tied; k++) {
        const struct tied_deaths tied = f->tied[k];
        double deaths = 0;
        for (int i = tied.first_row; i < tied.end; i++) deaths += f->weight[i] * x[i];
        for (int t = tied.first_term; t < tied.first_term + tied.n_terms; t++) {
            mean[t] -= f->fraction[t] * deaths;
        }
    }
    for (int t = 0; t < f->n_terms; t++) mean[t] *= f->increment[t] / f->multiplicity[t];
}

/* S1 becomes S1 - f T1 of every term, in `count` blocks of the columns from b on. */
MULTIVERSION_PART void reduce_tied(struct partial_likelihood *f, int b, int count)
{
    const size_t blocks = (size_t)f->z->blocks;
    const lanes *row = f->z->row + b;
    for (int k = 0; k < f->n_tied; k++) {
        const struct tied_deaths tied = f->tied[k];
        lanes sum[2] = {{0}, {0}}, *s1 = f->reduced + (size_t)tied.first_term * blocks + b;
        for (int i = tied.first_row; i < tied.end; i++) {
            for (int j = 0; j < count; j++)
                sum[j] += f->weight[i] * row[(size_t)i * blocks + (size_t)j];
        }
        for (int t = 1; t < tied.n_terms; t++) {
            for (int j = 0; j < count; j++) {
                s1[(size_t)t * blocks + (size_t)j] =
                    s1[j] - sum[j] * f->fraction[tied.first_term + t];
            }
        }
    }
}

/* Two blocks at a time, where there are two: each addition waits for the last. S0 is the same in
 * every pass; the last one's stays. */
MULTIVERSION static void sums_over_risk_sets(struct partial_likelihood *f)
{
    const int last = f->z->blocks - 1;
    for (int b = 0; b < last; b += 2) {
        running_sums(f, b + 2 > last ? f->denominator : f->hazard, b, 2);
        reduce_tied(f, b, 2);
    }
    if (last % 2 == 0) {
        running_sums(f, f->denominator, last, 1);
        reduce_tied(f, last, 1);
    }
    risk_totals(f);
    expected_deaths(f, f->increment, f->v);
}

/* Adds offsets, if any, and holds linear predictors within bounds. */
MULTIVERSION static void finish_predictors(double *restrict eta, const double *restrict offset,
                                           int n)
{
    for (int i = 0; i < n && offset != NULL; i++) eta[i] += offset[i];
    for (int i = 0; i < n; i++) {
        const double below = eta[i] < eta_max ? eta[i] : eta_max;
        eta[i] = below > -eta_max ? below : -eta_max;
    }
}

/* Linear predictors and their exponentials; at coefficients of 0, where fits start, known. */
static void weigh(struct partial_likelihood *f, const double *beta)
{
    const int n = f->z->n;
    bool nothing = f->offset == NULL;
    for (int j = 0; j < f->z->p; j++) nothing = nothing && fabs(beta[j]) <= 0;
    if (nothing) {
        memset(f->eta, 0, (size_t)n * sizeof *f->eta);
        for (int i = 0; i < n; i++) f->weight[i] = 1;
        return;
    }
    columns_predict(f->z, beta, f->eta);
    finish_predictors(f->eta, f->offset, n);
    vector_exp(f->weight, f->eta, n);
}

/* Increments and expected deaths, without sums of rows. */
MULTIVERSION static void hazards(struct partial_likelihood *f)
{
    for (int g = 0; g < f->sets->n_strata; g++) {
        const int start = f->sets->start[g];
        f->denominator[f->first_term[g]] = lanes_sum(f->weight + start, f->sets->lead[g] - start);
    }
    running_sums(f, f->denominator, 0, 0);
    risk_totals(f);
    expected_deaths(f, f->increment, f->v);
}

void partial_likelihood_gradient(struct partial_likelihood *f, const double *beta, double *gradient)
{
    const struct columns *z = f->z;
    weigh(f, beta);
    hazards(f);
    memset(f->expected, 0, (size_t)z->blocks * sizeof *f->expected);
    rows_add(f->expected, z->row, z->n, z->blocks, f->v);
    for (int b = 0; b < z->blocks; b++) ((lanes *)gradient)[b] = f->observed[b] - f->expected[b];
}

double partial_likelihood_evaluate(void *model, const double *beta, struct derivatives *d)
{
    struct partial_likelihood *f = model;
    const struct columns *z = f->z;
    const int n = z->n, stride = z->blocks * LANES;
    if (f->orthogonal != z->orthogonal) observe_deaths(f);
    weigh(f, beta);
    leading_sums(f);
    sums_over_risk_sets(f);
    vector_log(f->denominator, f->denominator, f->n_terms);
    const double loglik =
        lanes_dot(f->death, f->eta, n) - lanes_dot(f->multiplicity, f->denominator, f->n_terms);

    double *information = d->information;
    memset(information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    memset(f->expected, 0, (size_t)z->blocks * sizeof *f->expected);
    rows_add_products(information, f->expected, z->row, n, z->blocks, f->v);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    rows_add_products(information, NULL, f->reduced, f->n_terms, z->blocks, f->minus);
    for (int b = 0; b < z->blocks; b++) {
        ((lanes *)d->gradient)[b] = f->observed[b] - f->expected[b];
    }
    return loglik;
}
