/* marginal_apply.c - the maps of marginal.c on columns of patients.  SPDX-License-Identifier: MIT
 */
#include "base/dispatch.h"
#include "base/number.h"
#include "cohort/marginal.h"
#include "stat/distribution.h"
#include "stat/vector.h"

#include <string.h>

enum { BLOCK = 512, EVALUATED = 8 };

/* Which piece a score lies in, and where in it. */
MULTIVERSION static void locate(const double *restrict z, int *restrict k, double *restrict t,
                                int n)
{
    for (int i = 0; i < n; i++) {
        const double s = (z[i] + MARGINAL_REACH) * MARGINAL_STEPS_PER_UNIT;
        k[i] = (int)s;
        t[i] = s - k[i];
    }
}

/* Pieces are loaded one by one, no slower than processors gather; n is a constant. */
MULTIVERSION_PART void evaluate_few(const struct piece *piece, const int *restrict k,
                                    const double *restrict at, double *restrict x, int n)
{
    double pair[EVALUATED][4]; /* even + odd t */
    for (int i = 0; i < n; i++)
        for (int j = 0; j < 4; j++)
            pair[i][j] = __builtin_fma(piece[k[i]].odd[j], at[i], piece[k[i]].even[j]);
    for (int i = 0; i < n; i++) {
        const double t2 = at[i] * at[i];
        x[i] = __builtin_fma(__builtin_fma(pair[i][2], t2, pair[i][1]), t2, pair[i][0]);
    }
}

MULTIVERSION static void evaluate(const struct piece *piece, const int *restrict k,
                                  const double *restrict at, double *restrict x, int n)
{
    int i = 0;
    for (; i + EVALUATED <= n; i += EVALUATED) evaluate_few(piece, k + i, at + i, x + i, EVALUATED);
    for (; i < n; i++) evaluate_few(piece, k + i, at + i, x + i, 1);
}

static void interpolate(const struct piece *piece, double *x, const double *z, int n)
{
    int k[BLOCK];
    double t[BLOCK];
    for (int from = 0; from < n; from += BLOCK) {
        const int count = n - from < BLOCK ? n - from : BLOCK;
        locate(z + from, k, t, count);
        evaluate(piece, k, t, x + from, count);
    }
}

MULTIVERSION static void linear(double location, double scale, double *x, const double *z, int n)
{
    for (int i = 0; i < n; i++) x[i] = __builtin_fma(scale, z[i], location);
}

MULTIVERSION static void round_within(double low, double high, double *x, int n)
{
    for (int i = 0; i < n; i++) {
        const double k = __builtin_floor(x[i] + 0.5);
        x[i] = smaller(high, larger(low, k));
    }
}

/* Thresholds rise: the last one passed decides. A select for each, column by column, is cheaper
 * than to look codes up. */
MULTIVERSION static void pass_threshold(double threshold, double code, const double *restrict z,
                                        double *restrict x, int n)
{
    for (int i = 0; i < n; i++) x[i] = z[i] > threshold ? code : x[i];
}

static void classify(const struct marginal *m, const double *threshold, double *x, const double *z,
                     int n)
{
    double score[BLOCK]; /* x may be z */
    for (int from = 0; from < n; from += BLOCK) {
        const int count = n - from < BLOCK ? n - from : BLOCK;
        memcpy(score, z + from, (size_t)count * sizeof *score);
        for (int i = 0; i < count; i++) x[from + i] = m->code[0];
        for (int j = 0; j < m->n_levels - 1; j++)
            pass_threshold(threshold[j], m->code[j + 1], score, x + from, count);
    }
}

void marginal_classify(const struct marginal *m, double *x, int n)
{
    classify(m, m->limit, x, x, n);
}

void marginal_apply(const struct marginal *m, double *x, const double *z, int n)
{
    switch (m->distribution) {
    case DISTRIBUTION_BINARY:
    case DISTRIBUTION_CATEGORICAL: classify(m, m->threshold, x, z, n); return;
    case DISTRIBUTION_UNIFORM:
        for (int i = 0; i < n; i++) x[i] = m->low + (m->high - m->low) * normal_cdf(z[i]);
        return;
    case DISTRIBUTION_NORMAL:
    case DISTRIBUTION_LOGNORMAL: break;
    }
    if (m->truncated)
        interpolate(m->piece, x, z, n);
    else
        linear(m->location, m->scale, x, z, n);
    if (m->distribution == DISTRIBUTION_LOGNORMAL) vector_exp(x, x, n);
    if (m->integer) round_within(m->low, m->high, x, n);
}
