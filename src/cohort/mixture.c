/* mixture.c - see mixture.h.  SPDX-License-Identifier: MIT */
#include "cohort/mixture.h"
#include "stat/sobol.h"
#include "stat/solve.h"
#include "stat/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096 };

/* Dimensions beyond those of the Sobol' sequence are filled from a random stream. */
static void fill_rest(double *const *score, int from, int to, uint64_t set, int block)
{
    for (int d = from; d < to; d++) {
        const struct stream s = stream_for(set, (uint64_t)block,
                                           stream_indexed(stream_variable("mixture"), (uint64_t)d));
        stream_fill(&s, score[d], BLOCK);
    }
}

void mixture_sample(const struct population *p, const struct mixture_column *column, int n_columns,
                    double **value)
{
    const int n_covariates = p->n_covariates;
    struct scratch w = {0};
    int n_dimensions = n_covariates, *own = scratch_ints(&w, n_columns);
    for (int j = 0; j < n_columns; j++) own[j] = column[j].centre_sd > 0 ? n_dimensions++ : -1;
    const int sobol = n_dimensions < SOBOL_DIMENSIONS ? n_dimensions : SOBOL_DIMENSIONS;
    double **score = scratch_take(&w, (size_t)n_dimensions, sizeof *score);
    for (int d = 0; d < n_dimensions; d++) score[d] = scratch_doubles(&w, BLOCK);
    for (int j = 0; j < n_columns; j++) value[j] = xcalloc(MIXTURE_SIZE, sizeof **value);
    for (int set = 0; set < MIXTURE_SETS; set++) {
        double shift[SOBOL_DIMENSIONS];
        struct stream s = stream_for(0, (uint64_t)set, stream_variable("mixture shift"));
        for (int d = 0; d < SOBOL_DIMENSIONS; d++) shift[d] = stream_uniform(&s);
        struct sobol *points = sobol_new(sobol > 0 ? sobol : 1, shift);
        for (int b = 0; b < MIXTURE_SET_SIZE / BLOCK && n_dimensions > 0; b++) {
            sobol_fill(points, score, BLOCK);
            fill_rest(score, sobol, n_dimensions, (uint64_t)set, b);
            for (int d = 0; d < n_dimensions; d++)
                vector_normal_quantile(score[d], score[d], BLOCK);
            population_deliver(p, score, BLOCK);
            for (int j = 0; j < n_columns; j++) {
                double *y = value[j] + (size_t)set * MIXTURE_SET_SIZE + (size_t)b * BLOCK;
                for (int i = 0; i < BLOCK && own[j] >= 0; i++)
                    y[i] = column[j].centre_sd * score[own[j]][i];
                if (column[j].predictor)
                    predictor_add(column[j].predictor, (const double *const *)score, y, BLOCK);
            }
        }
        sobol_free(points);
    }
    scratch_free(&w);
}

struct mixture mixture_of(const double *value, const double *weight, int n, struct arena *memory)
{
    double low = value[0], high = value[0], mean = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        low = fmin(low, value[i]);
        high = fmax(high, value[i]);
        const double d = value[i] - mean;
        mean += d / (i + 1);
        squares += d * (value[i] - mean);
    }
    const double width = fmax(1e-12, sqrt(squares / n) / 1024);
    const double span = (high - low) / width;
    const int bins = span < 1 << 16 ? (int)span + 1 : 1 << 16;
    const double scale = span > 0 ? bins / ((high - low) * (1 + 1e-12)) : 0;
    double *mass = xcalloc((size_t)bins, sizeof *mass), *sum = xcalloc((size_t)bins, sizeof *sum);
    double total = 0;
    for (int i = 0; i < n; i++) {
        const double share = weight ? weight[i] : 1;
        int k = (int)((value[i] - low) * scale);
        k = k < bins ? k : bins - 1;
        mass[k] += share;
        sum[k] += share * value[i];
        total += share;
    }
    struct mixture m = {0};
    for (int k = 0; k < bins; k++) m.n += mass[k] > 0;
    m.at = arena_alloc(memory, (size_t)m.n, sizeof *m.at);
    m.weight = arena_alloc(memory, (size_t)m.n, sizeof *m.weight);
    for (int k = 0, j = 0; k < bins; k++)
        if (mass[k] > 0) {
            m.at[j] = sum[k] / mass[k];
            m.weight[j++] = mass[k] / total;
        }
    free(mass);
    free(sum);
    return m;
}

void mixture_coarsen(struct mixture *m, int parts)
{
    const int each = (m->n + parts - 1) / parts;
    int n = 0;
    for (int from = 0; from < m->n; from += each) {
        double weight = 0, sum = 0;
        for (int k = from; k < m->n && k < from + each; k++) {
            weight += m->weight[k];
            sum += m->weight[k] * m->at[k];
        }
        m->weight[n] = weight;
        m->at[n++] = sum / weight;
    }
    m->n = n;
}

double mixture_mean(const struct mixture *m)
{
    double s = 0;
    for (int k = 0; k < m->n; k++) s += m->weight[k] * m->at[k];
    return s;
}

double mixture_variance(const struct mixture *m)
{
    const double mean = mixture_mean(m);
    double s = 0;
    for (int k = 0; k < m->n; k++) s += m->weight[k] * (m->at[k] - mean) * (m->at[k] - mean);
    return s;
}

struct share_target {
    const struct mixture *log_odds;
    double share;
};

static double share_minus_target(const void *context, double intercept)
{
    const struct share_target *t = context;
    double total = 0;
    for (int k = 0; k < t->log_odds->n; k++)
        total += t->log_odds->weight[k] / (1 + exp(-intercept - t->log_odds->at[k]));
    return total - t->share;
}

bool mixture_intercept(const struct mixture *m, double share, double *intercept)
{
    const struct share_target t = {m, share};
    return solve_between(share_minus_target, &t, -60, 60, 1e-13, intercept);
}

double mixture_dead(const struct mixture *m, double h)
{
    double s = 0;
    for (int k = 0; k < m->n; k++) s -= m->weight[k] * expm1(-h * exp(m->at[k]));
    return s;
}
