/* describe.c - the statistics that papers print of an endpoint or covariate in one arm.
 * SPDX-License-Identifier: MIT
 *
 * All statistics of one column in one arm share their sums, which run over the whole column in
 * fixed lanes; only quantiles need the arm's values side by side. */
#include "base/dispatch.h"
#include "engine/replicate.h"
#include "stat/select.h"

#include <math.h>

enum statistic {
    STAT_N,
    STAT_COUNT,
    STAT_PERCENT,
    STAT_MEAN,
    STAT_SD,
    STAT_MEDIAN,
    STAT_Q1,
    STAT_Q3,
    STAT_RANDOMISED
};
const char *const describe_names[DESCRIBE_COUNT] = {"n",      "count", "percent", "mean",      "sd",
                                                    "median", "q1",    "q3",      "randomised"};

/* Quantile by linear interpolation of order statistics (definition 7 of Hyndman & Fan 1996, the
 * default of most packages). x is reordered. */
static double quantile(double *x, int n, double p)
{
    const double at = p * (n - 1);
    const int k = (int)at;
    const double low = select_smallest(x, n, k);
    if (k + 1 >= n) return low;
    return low + (at - k) * (select_smallest(x, n, k + 1) - low);
}

enum { LANES = 8 };

/* The sum, in eight lanes and a fixed tree. */
MULTIVERSION static double sum_of(const double *x, int n)
{
    double sum[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) sum[k] += x[i + k];
    for (int k = 0; i < n; i++, k++) sum[k] += x[i];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) sum[k] += sum[k + half];
    return sum[0];
}

/* is[i] = 1 where x is known of a patient of the arm, else 0. */
MULTIVERSION static void find_members(const double *restrict x, const double *restrict arm,
                                      double number, double *restrict is, int n)
{
    for (int i = 0; i < n; i++) is[i] = !isnan(x[i]) & (fabs(arm[i] - number) < 0.5) ? 1 : 0;
}

MULTIVERSION static void find_known(const double *restrict x, double *restrict is, int n)
{
    for (int i = 0; i < n; i++) is[i] = isnan(x[i]) ? 0 : 1;
}

MULTIVERSION static void members_values(const double *restrict x, const double *restrict is,
                                        double *restrict out, int n)
{
    for (int i = 0; i < n; i++) out[i] = is[i] > 0 ? x[i] : 0;
}

MULTIVERSION static void members_squares(const double *restrict x, const double *restrict is,
                                         double mean, double *restrict out, int n)
{
    for (int i = 0; i < n; i++) {
        const double d = x[i] - mean;
        out[i] = is[i] > 0 ? d * d : 0;
    }
}

static void gather(const double *x, const double *is, double *out, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        out[count] = x[i];
        count += is[i] > 0;
    }
}

/* Whom a condition leaves out is no member. */
static void keep_where(const struct expression *where, const struct dataset *data, double *is,
                       struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *keep = scratch_take(w, (size_t)data->n + 1, 1);
    expression_evaluate(where, data, keep, w);
    for (int i = 0; i < data->n; i++) is[i] *= keep[i];
    scratch_restore(w, mark);
}

/* The column described: yes or no for a level, 1 of every patient without a column. */
static const double *column_of(const struct description *d, const struct dataset *data,
                               struct scratch *w)
{
    if (d->column >= 0 && d->level < 0) return data->value[d->column];
    double *x = scratch_doubles(w, data->n);
    for (int i = 0; i < data->n; i++)
        x[i] = d->column < 0 || (int)data->value[d->column][i] == d->level ? 1 : 0;
    return x;
}

/* A column of some patients. */
struct summary {
    int n;
    double mean, sd, *values; /* values[n]: where quantiles are asked for */
};

static struct summary summarise(const struct description *d, const struct dataset *data,
                                struct scratch *w)
{
    struct summary s = {.mean = NAN, .sd = NAN};
    const bool quantiles = d->asked & (1u << STAT_MEDIAN | 1u << STAT_Q1 | 1u << STAT_Q3);
    if (quantiles) s.values = scratch_doubles(w, data->n + 1);
    const struct scratch_mark mark = scratch_save(w);
    const double *x = column_of(d, data, w);
    double *is = scratch_doubles(w, data->n), *term = scratch_doubles(w, data->n);
    if (d->arm < 0 || data->arm == NULL)
        find_known(x, is, data->n);
    else
        find_members(x, data->arm, d->arm, is, data->n);
    if (d->where != NULL) keep_where(d->where, data, is, w);
    members_values(x, is, term, data->n);
    s.n = (int)sum_of(is, data->n);
    if (s.n > 0) s.mean = sum_of(term, data->n) / s.n;
    if (d->asked & 1u << STAT_SD && s.n > 1) {
        members_squares(x, is, s.mean, term, data->n);
        s.sd = sqrt(sum_of(term, data->n) / (s.n - 1));
    }
    if (quantiles) gather(x, is, s.values, data->n);
    scratch_restore(w, mark);
    return s;
}

static double value_of(enum statistic which, const struct summary *s)
{
    if (which == STAT_N || which == STAT_RANDOMISED) return s->n;
    if (s->n == 0) return NAN;
    switch (which) {
    case STAT_N:
    case STAT_RANDOMISED: break;
    case STAT_COUNT: return rint(s->mean * s->n);
    case STAT_PERCENT: return 100 * s->mean;
    case STAT_MEAN: return s->mean;
    case STAT_SD: return s->sd;
    case STAT_MEDIAN: return quantile(s->values, s->n, 0.5);
    case STAT_Q1: return quantile(s->values, s->n, 0.25);
    case STAT_Q3: return quantile(s->values, s->n, 0.75);
    }
    return NAN;
}

void describe(const struct plan *plan, const struct dataset *data, struct scratch *w,
              struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    struct summary *summary = scratch_take(w, (size_t)plan->n_descriptions, sizeof *summary);
    for (int k = 0; k < plan->n_descriptions; k++)
        summary[k] = summarise(&plan->description[k], data, w);
    for (int k = 0; k < plan->n_descriptives; k++) {
        const struct summary *s = &summary[plan->descriptive[k].description];
        out[k] = result_undefined(UNDEFINED_NO, s->n, 0);
        out[k].estimate = value_of((enum statistic)plan->descriptive[k].statistic, s);
        if (isnan(out[k].estimate)) out[k].why = UNDEFINED_TOO_FEW;
    }
    scratch_restore(w, mark);
}
