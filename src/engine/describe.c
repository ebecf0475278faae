/* describe.c - the statistics that papers print of an endpoint in one arm. SPDX-License-Identifier:
 * MIT */
#include "engine/replicate.h"
#include "stat/rank.h"
#include "stat/select.h"

#include <math.h>
#include <string.h>

enum statistic {
    STAT_N,
    STAT_COUNT,
    STAT_PERCENT,
    STAT_MEAN,
    STAT_SD,
    STAT_MEDIAN,
    STAT_Q1,
    STAT_Q3
};
const char *const describe_names[DESCRIBE_COUNT] = {"n",  "count",  "percent", "mean",
                                                    "sd", "median", "q1",      "q3"};

int describe_statistic(const char *name)
{
    for (int k = 0; k < DESCRIBE_COUNT; k++)
        if (strcmp(describe_names[k], name) == 0) return k;
    return -1;
}

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

static double mean_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

static double sd_of(const double *x, int n)
{
    const double mean = mean_of(x, n);
    double squares = 0;
    for (int i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (n - 1));
}

static double value_of(enum statistic which, double *x, int n)
{
    if (which == STAT_N) return n;
    if (n == 0 || (which == STAT_SD && n == 1)) return NAN;
    switch (which) {
    case STAT_N: break;
    case STAT_COUNT: return rint(mean_of(x, n) * n);
    case STAT_PERCENT: return 100 * mean_of(x, n);
    case STAT_MEAN: return mean_of(x, n);
    case STAT_SD: return sd_of(x, n);
    case STAT_MEDIAN: return quantile(x, n, 0.5);
    case STAT_Q1: return quantile(x, n, 0.25);
    case STAT_Q3: return quantile(x, n, 0.75);
    }
    return NAN;
}

struct result describe(const struct descriptive *d, const struct point *point,
                       const struct dataset *data, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const double *value = data->value[point->columns[d->endpoint].value];
    double *x = scratch_doubles(w, data->n + 1);
    int n = 0;
    const bool everybody = d->arm < 0 || data->arm == NULL;
    for (int i = 0; i < data->n; i++) {
        x[n] = value[i];
        n += !isnan(value[i]) & (everybody || (int)data->arm[i] == d->arm);
    }
    struct result r = result_undefined(UNDEFINED_NO, n, 0);
    r.estimate = value_of((enum statistic)d->statistic, x, n);
    if (isnan(r.estimate)) r.why = UNDEFINED_TOO_FEW;
    scratch_restore(w, mark);
    return r;
}
