/* describe.c - the statistics that papers print of an endpoint or covariate in a group of patients.
 * SPDX-License-Identifier: MIT
 *
 * Groups are found once. All statistics of one column in one group share its sums, which run over
 * the whole column in fixed lanes; only quantiles need the group's values side by side. */
#include "base/dispatch.h"
#include "engine/replicate.h"
#include "stat/keep.h"
#include "stat/select.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Four patients at a time, a block of eight in two of them; masks are -1 for yes and 0 for no. */
typedef double values __attribute__((vector_size(32), may_alias));
typedef int64_t masks __attribute__((vector_size(32), may_alias));
enum { LANES = sizeof(values) / sizeof(double), HALVES = 2 };

static masks *masks_for(int n, struct scratch *w)
{
    const size_t blocks = ((size_t)n + LANES * HALVES - 1) / (LANES * HALVES);
    masks *m = scratch_take(w, blocks * HALVES, sizeof *m);
    for (size_t k = 0; k < HALVES && blocks > 0; k++) m[blocks * HALVES - 1 - k] = (masks){0};
    return m;
}

MULTIVERSION static void find_members(const unsigned char *restrict arm, int number,
                                      int64_t *restrict member, int n)
{
    for (int i = 0; i < n; i++) member[i] = arm[i] == number ? -1 : 0;
}

MULTIVERSION static void keep_members(const unsigned char *restrict keep, int64_t *restrict member,
                                      int n)
{
    for (int i = 0; i < n; i++) member[i] &= -(int64_t)keep[i];
}

static void members_of(const struct group *g, const struct dataset *data, int64_t *member,
                       struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = data->n;
    if (g->arm < 0 || data->arm == NULL)
        memset(member, -1, (size_t)n * sizeof *member);
    else
        find_members(data->arm, g->arm, member, n);
    if (g->where != NULL) {
        unsigned char *keep = scratch_take(w, (size_t)n, 1);
        expression_evaluate(g->where, data, keep, w);
        keep_members(keep, member, n);
    }
    scratch_restore(w, mark);
}

/* A sum over the lanes in a fixed tree. */
MULTIVERSION_PART double total(const values half[HALVES])
{
    const values sum = half[0] + half[1];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

struct sums {
    int n;
    double sum;
};

/* Number and sum of x where it is known of a member, which known[] marks. Columns have room for
 * whole blocks. */
MULTIVERSION static struct sums sum_known(const double *x, const masks *member, masks *known, int n)
{
    values sum[HALVES] = {{0}, {0}};
    masks minus[HALVES] = {{0}, {0}};
    for (int b = 0; b * LANES < n; b += HALVES)
        for (int k = 0; k < HALVES; k++) {
            const values v = ((const values *)x)[b + k];
            known[b + k] = member[b + k] & (v == v);
            sum[k] += (values)((masks)v & known[b + k]);
            minus[k] += known[b + k];
        }
    int count = 0;
    for (int k = 0; k < LANES; k++) count -= (int)(minus[0][k] + minus[1][k]);
    return (struct sums){count, total(sum)};
}

MULTIVERSION static double squares_about(const double *x, const masks *known, double mean, int n)
{
    values sum[HALVES] = {{0}, {0}};
    for (int b = 0; b * LANES < n; b += HALVES)
        for (int k = 0; k < HALVES; k++) {
            const values v = ((const values *)x)[b + k] - mean;
            sum[k] += (values)((masks)(v * v) & known[b + k]);
        }
    return total(sum);
}

MULTIVERSION static void mark_known(const int64_t *restrict known, unsigned char *restrict keep,
                                    int n)
{
    for (int i = 0; i < n; i++) keep[i] = known[i] ? 1 : 0;
}

MULTIVERSION static void mark_level(const double *restrict code, int level, double *restrict is,
                                    int n)
{
    for (int i = 0; i < n; i++) is[i] = (int)code[i] == level;
}

/* The column described: yes or no for a level, 1 of every patient without a column. */
static const double *column_of(const struct description *d, const struct dataset *data,
                               struct scratch *w)
{
    if (d->column >= 0 && d->level < 0) return data->value[d->column];
    double *x = scratch_doubles(w, data->n);
    if (d->column >= 0)
        mark_level(data->value[d->column], d->level, x, data->n);
    else
        for (int i = 0; i < data->n; i++) x[i] = 1;
    return x;
}

/* A column of some patients; quartile: the first, second and third where one is asked for. */
struct summary {
    int n;
    double mean, sd, quartile[3];
};

static void summarise(const struct description *d, const struct dataset *data, const masks *member,
                      struct scratch *w, struct summary *s)
{
    const struct scratch_mark mark = scratch_save(w);
    const double *x = column_of(d, data, w);
    masks *known = masks_for(data->n, w);
    const struct sums sums = sum_known(x, member, known, data->n);
    s->n = sums.n;
    s->mean = sums.n > 0 ? sums.sum / sums.n : NAN;
    s->sd = NAN;
    if (d->asked & 1u << STAT_SD && s->n > 1)
        s->sd = sqrt(squares_about(x, known, s->mean, data->n) / (s->n - 1));
    if (d->asked & (1u << STAT_MEDIAN | 1u << STAT_Q1 | 1u << STAT_Q3) && s->n > 0) {
        double *value = scratch_doubles(w, data->n + KEEP_ROOM);
        unsigned char *keep = scratch_take(w, (size_t)data->n, 1);
        mark_known((const int64_t *)known, keep, data->n);
        quartiles(value, keep_column(x, keep, data->n, value), s->quartile, w);
    }
    scratch_restore(w, mark);
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
    case STAT_MEDIAN: return s->quartile[1];
    case STAT_Q1: return s->quartile[0];
    case STAT_Q3: return s->quartile[2];
    }
    return NAN;
}

void describe(const struct plan *plan, const struct dataset *data, struct scratch *w,
              struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    struct summary *summary = scratch_take(w, (size_t)plan->n_descriptions, sizeof *summary);
    masks **member = scratch_take(w, (size_t)plan->n_groups, sizeof *member);
    for (int k = 0; k < plan->n_groups; k++) {
        member[k] = masks_for(data->n, w);
        members_of(&plan->group[k], data, (int64_t *)member[k], w);
    }
    for (int k = 0; k < plan->n_descriptions; k++) {
        const struct description *d = &plan->description[k];
        summarise(d, data, member[d->group], w, &summary[k]);
    }
    for (int k = 0; k < plan->n_descriptives; k++) {
        const struct summary *s = &summary[plan->descriptive[k].description];
        const double value = value_of((enum statistic)plan->descriptive[k].statistic, s);
        out[k] = (struct result){.estimate = value,
                                 .se = NAN,
                                 .ci_low = NAN,
                                 .ci_high = NAN,
                                 .statistic = NAN,
                                 .p_value = NAN,
                                 .n = s->n,
                                 .why = isnan(value) ? UNDEFINED_TOO_FEW : UNDEFINED_NO};
    }
    scratch_restore(w, mark);
}
