/* describe.c - the statistics that papers print of an endpoint in one arm. SPDX-License-Identifier:
 * MIT
 *
 * All statistics of one endpoint in one arm share their sums, which run over the whole column in
 * fixed lanes; only quantiles need the arm's values side by side. */
#include "base/dispatch.h"
#include "engine/replicate.h"
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

enum { LANES = 8 };

struct lanes {
    double lane[LANES];
};

static double total(const struct lanes *s)
{
    double sum[LANES];
    memcpy(sum, s->lane, sizeof sum);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) sum[k] += sum[k + half];
    return sum[0];
}

/* Who is meant: one arm, or everybody. */
struct members {
    const double *arm; /* NULL: everybody */
    double number;
};

MULTIVERSION_PART bool belongs(const struct members *m, double x, int i)
{
    return !isnan(x) & (m->arm == NULL || fabs(m->arm[i] - m->number) < 0.5);
}

MULTIVERSION static void add_up(const double *restrict x, const struct members *m, int n,
                                struct lanes *count, struct lanes *sum)
{
    const struct members in = *m;
    struct lanes c = {{0}}, s = {{0}};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const bool is = belongs(&in, x[i + k], i + k);
            c.lane[k] += is ? 1 : 0;
            s.lane[k] += is ? x[i + k] : 0;
        }
    for (int k = 0; i < n; i++, k++)
        if (belongs(&in, x[i], i)) c.lane[k]++, s.lane[k] += x[i];
    *count = c;
    *sum = s;
}

MULTIVERSION static struct lanes add_squares(const double *restrict x, const struct members *m,
                                             double mean, int n)
{
    const struct members in = *m;
    struct lanes s = {{0}};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const double d = x[i + k] - mean;
            s.lane[k] += belongs(&in, x[i + k], i + k) ? d * d : 0;
        }
    for (int k = 0; i < n; i++, k++)
        if (belongs(&in, x[i], i)) s.lane[k] += (x[i] - mean) * (x[i] - mean);
    return s;
}

static int gather(const double *x, const struct members *m, int n, double *out)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        out[count] = x[i];
        count += belongs(m, x[i], i);
    }
    return count;
}

/* An endpoint in one arm. */
struct summary {
    int n;
    double mean, sd, *values; /* values[n]: where quantiles are asked for */
};

static struct summary summarise(const struct description *d, const double *x,
                                const struct dataset *data, struct scratch *w)
{
    const struct members m = {d->arm < 0 ? NULL : data->arm, d->arm};
    struct lanes count, sum;
    add_up(x, &m, data->n, &count, &sum);
    struct summary s = {.n = (int)total(&count), .mean = NAN, .sd = NAN};
    if (s.n > 0) s.mean = total(&sum) / s.n;
    if (d->asked & 1u << STAT_SD && s.n > 1) {
        const struct lanes squares = add_squares(x, &m, s.mean, data->n);
        s.sd = sqrt(total(&squares) / (s.n - 1));
    }
    if (d->asked & (1u << STAT_MEDIAN | 1u << STAT_Q1 | 1u << STAT_Q3)) {
        s.values = scratch_doubles(w, data->n + 1);
        gather(x, &m, data->n, s.values);
    }
    return s;
}

static double value_of(enum statistic which, const struct summary *s)
{
    if (which == STAT_N) return s->n;
    if (s->n == 0) return NAN;
    switch (which) {
    case STAT_N: break;
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

void describe(const struct plan *plan, const struct point *point, const struct dataset *data,
              struct scratch *w, struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    struct summary *summary = scratch_take(w, (size_t)plan->n_descriptions, sizeof *summary);
    for (int k = 0; k < plan->n_descriptions; k++) {
        const struct description *d = &plan->description[k];
        summary[k] = summarise(d, data->value[point->columns[d->endpoint].value], data, w);
    }
    for (int k = 0; k < plan->n_descriptives; k++) {
        const struct summary *s = &summary[plan->descriptive[k].description];
        out[k] = result_undefined(UNDEFINED_NO, s->n, 0);
        out[k].estimate = value_of((enum statistic)plan->descriptive[k].statistic, s);
        if (isnan(out[k].estimate)) out[k].why = UNDEFINED_TOO_FEW;
    }
    scratch_restore(w, mark);
}
