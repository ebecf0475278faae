/* frailty_information.c - information between columns and levels.  SPDX-License-Identifier: MIT
 *
 * With S_k and T_k the parts of S0 and T0 that level k has (see partial_likelihood.c), it is
 *     levels  H_kl = [k = l] (sum of v over k + 1/variance)  -  sum over terms of m s_k s_l,
 *             s_k = (S_k - f T_k) / (S0 - f T0)
 *     cross   H_jk = sum over k of v_i x_ij - w_i (sum over terms with i at risk of dH mean_j).
 * S_k changes only when a row of level k enters, so that the cost is one step a row. */
#include "analysis/frailty.h"

#include <string.h>

/* Element (k, l) of the levels' information, both of one block. */
static double *between(struct frailty *f, int k, int l)
{
    return f->levels + (ptrdiff_t)k * f->block + l % f->block;
}

/* Takes factor times the symmetric product of level k's unit vector and x off the information. */
static void take_off(struct frailty *f, int k, double factor, const double *x)
{
    const int first = k / f->block * f->block;
    for (int l = first; l < first + f->block; l++) {
        *between(f, k, l) -= factor * x[l];
        *between(f, l, k) -= factor * x[l];
    }
}

/* row[i] := sum of m / (S0 - f T0)^2 over the terms of i's stratum that have row i at risk */
static void squared_increments(struct frailty *f)
{
    const struct partial_likelihood *l = &f->m->partial;
    int t = l->n_terms - 1;
    for (int g = l->sets->n_strata - 1; g >= 0; g--) {
        double sum = 0;
        for (int i = l->sets->start[g + 1] - 1; i >= l->sets->start[g]; i--) {
            for (; t >= 0 && l->last[t] == i; t--) {
                sum += l->increment[t] * l->increment[t] / l->multiplicity[t];
            }
            f->row[i] = sum;
        }
    }
}

/* Efron's correction of one time's sum m s_k s_l, when at_risk and tied hold S and T. */
static void take_off_ties(struct frailty *f, const struct tied_deaths *tied)
{
    const struct partial_likelihood *l = &f->m->partial;
    double first = 0, second = 0;
    for (int t = tied->first_term; t < tied->first_term + tied->n_terms; t++) {
        const double weight = l->increment[t] * l->increment[t] / l->multiplicity[t];
        first += weight * l->fraction[t];
        second += weight * l->fraction[t] * l->fraction[t];
    }
    for (int i = tied->first_row; i < tied->end; i++) f->tied[f->level[i]] += l->weight[i];
    for (int i = tied->first_row; i < tied->end; i++) {
        take_off(f, f->level[i], -first * l->weight[i], f->at_risk);
        take_off(f, f->level[i], second / 2 * l->weight[i], f->tied);
    }
    for (int i = tied->first_row; i < tied->end; i++) f->tied[f->level[i]] = 0;
}

/* Takes the sum over terms of m s_k s_l off the information: S_k S_l grows by w (S_l + [k = l] w /
 * 2), twice, when a row of level k enters, in all terms from there on. */
static void take_off_shares(struct frailty *f)
{
    const struct partial_likelihood *l = &f->m->partial;
    memset(f->at_risk, 0, (size_t)f->q * sizeof *f->at_risk);
    memset(f->tied, 0, (size_t)f->q * sizeof *f->tied);
    squared_increments(f);
    int tie = 0;
    for (int g = 0; g < l->sets->n_strata; g++) {
        const int start = l->sets->start[g], end = l->sets->start[g + 1];
        for (int i = start; i < end; i++) {
            const int k = f->level[i];
            const double w = l->weight[i];
            take_off(f, k, f->row[i] * w, f->at_risk);
            *between(f, k, k) -= f->row[i] * w * w;
            f->at_risk[k] += w;
            if (tie < l->n_tied && l->tied[tie].end == i + 1) take_off_ties(f, &l->tied[tie++]);
        }
        for (int i = start; i < end; i++) f->at_risk[f->level[i]] = 0;
    }
}

static void information_of_levels(struct frailty *f)
{
    const struct partial_likelihood *l = &f->m->partial;
    memset(f->levels, 0, (size_t)f->q * (size_t)f->block * sizeof *f->levels);
    for (int i = 0; i < l->z->n; i++) *between(f, f->level[i], f->level[i]) += l->v[i];
    take_off_shares(f);
    for (int k = 0; k < f->q; k++) *between(f, k, k) += f->precision;
}

static void information_across(struct frailty *f)
{
    struct partial_likelihood *l = &f->m->partial;
    const int n = l->z->n, stride = l->z->blocks * LANES;
    memset(f->cross, 0, (size_t)f->p * (size_t)f->q * sizeof *f->cross);
    for (int j = 0; j < f->p; j++) {
        const double *x = l->z->column + (ptrdiff_t)j * l->z->room;
        const double *s1 = (const double *)l->reduced + j;
        double *cross = f->cross + (ptrdiff_t)j * f->q;
        for (int t = 0; t < l->n_terms; t++) {
            f->increment[t] = l->increment[t] * l->inverse[t] * s1[(ptrdiff_t)t * stride];
        }
        partial_likelihood_expected(l, f->increment, f->row);
        for (int i = 0; i < n; i++) cross[f->level[i]] += l->v[i] * x[i] - f->row[i];
    }
}

void frailty_information(struct frailty *f)
{
    information_of_levels(f);
    information_across(f);
}
