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

/* The patients of a group, as bytes and as masks. */
struct members {
    unsigned char *keep; /* [n] */
    masks *mask;
};

MULTIVERSION static void drop_other_arms(const unsigned char *restrict arm, int number,
                                         unsigned char *restrict keep, int n)
{
    const unsigned char own = (unsigned char)number;
    for (int i = 0; i < n; i++) keep[i] = (unsigned char)(keep[i] & (arm[i] == own));
}

MULTIVERSION static void mask_kept(const unsigned char *restrict keep, int64_t *restrict mask,
                                   int n)
{
    for (int i = 0; i < n; i++) mask[i] = -(int64_t)keep[i];
}

static struct members members_of(const struct group *g, const struct dataset *data,
                                 struct scratch *w)
{
    const int n = data->n;
    struct members m = {scratch_take(w, (size_t)n, 1), masks_for(n, w)};
    if (g->where != NULL)
        expression_evaluate(g->where, data, m.keep, w);
    else
        memset(m.keep, 1, (size_t)n);
    if (g->arm >= 0 && data->arm != NULL) drop_other_arms(data->arm, g->arm, m.keep, n);
    mask_kept(m.keep, (int64_t *)m.mask, n);
    return m;
}

/* A sum over the lanes in a fixed tree. */
MULTIVERSION_PART double total(const values half[HALVES])
{
    const values sum = half[0] + half[1];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

enum { PAIR = 2 }; /* groups of one column at a time: one sum would wait for itself */

struct sums {
    int n;
    double sum, square;
};

/* Number and sum of x where it is known of a member. Columns have room for whole blocks. */
MULTIVERSION static void sum_known(const double *x, const masks *const member[PAIR], int n,
                                   struct sums out[PAIR])
{
    values sum[PAIR][HALVES] = {{{0}}};
    masks minus[PAIR][HALVES] = {{{0}}};
    for (int b = 0; b * LANES < n; b += HALVES)
        for (int k = 0; k < HALVES; k++)
            for (int g = 0; g < PAIR; g++) {
                const values v = ((const values *)x)[b + k];
                const masks known = member[g][b + k] & (v == v);
                sum[g][k] += (values)((masks)v & known);
                minus[g][k] += known;
            }
    for (int g = 0; g < PAIR; g++) {
        const masks both = minus[g][0] + minus[g][1];
        out[g].n = -(int)(both[0] + both[1] + both[2] + both[3]);
        out[g].sum = total(sum[g]);
    }
}

/* The sum of squares about mean[g]. */
MULTIVERSION static void square_known(const double *x, const masks *const member[PAIR],
                                      const double mean[PAIR], int n, struct sums out[PAIR])
{
    values sum[PAIR][HALVES] = {{{0}}};
    for (int b = 0; b * LANES < n; b += HALVES)
        for (int k = 0; k < HALVES; k++)
            for (int g = 0; g < PAIR; g++) {
                const values v = ((const values *)x)[b + k], away = v - mean[g];
                const masks known = member[g][b + k] & (v == v);
                sum[g][k] += (values)((masks)(away * away) & known);
            }
    for (int g = 0; g < PAIR; g++) out[g].square = total(sum[g]);
}

MULTIVERSION static void mark_known(const double *restrict x, const unsigned char *restrict member,
                                    unsigned char *restrict known, int n)
{
    for (int i = 0; i < n; i++) known[i] = (unsigned char)(member[i] & !isnan(x[i]));
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

static void find_quartiles(const double *x, const unsigned char *member, int n, double quartile[3],
                           struct scratch *w)
{
    double *value = scratch_doubles(w, n + KEEP_ROOM);
    unsigned char *known = scratch_take(w, (size_t)n, 1);
    mark_known(x, member, known, n);
    quartiles(value, keep_column(x, known, n, value), quartile, w);
}

/* Of two descriptions of one column, or twice the same. */
static void summarise(const struct plan *plan, const int number[PAIR], const struct dataset *data,
                      const struct members *members, struct scratch *w, struct summary *summary)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct description *d[PAIR] = {&plan->description[number[0]],
                                         &plan->description[number[1]]};
    const struct members *group[PAIR] = {&members[d[0]->group], &members[d[1]->group]};
    const masks *member[PAIR] = {group[0]->mask, group[1]->mask};
    const double *x = column_of(d[0], data, w);
    struct sums sums[PAIR];
    double mean[PAIR];
    sum_known(x, member, data->n, sums);
    for (int g = 0; g < PAIR; g++) mean[g] = sums[g].n > 0 ? sums[g].sum / sums[g].n : NAN;
    if ((d[0]->asked | d[1]->asked) & 1u << STAT_SD) square_known(x, member, mean, data->n, sums);
    for (int g = 0; g < PAIR; g++) {
        struct summary *s = &summary[number[g]];
        const bool spread = d[g]->asked & 1u << STAT_SD && sums[g].n > 1;
        s->n = sums[g].n;
        s->mean = mean[g];
        s->sd = spread ? sqrt(sums[g].square / (s->n - 1)) : NAN;
        if (d[g]->asked & (1u << STAT_MEDIAN | 1u << STAT_Q1 | 1u << STAT_Q3) && s->n > 0)
            find_quartiles(x, group[g]->keep, data->n, s->quartile, w);
        if (number[0] == number[1]) break;
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
    struct members *member = scratch_take(w, (size_t)plan->n_groups, sizeof *member);
    for (int k = 0; k < plan->n_groups; k++) member[k] = members_of(&plan->group[k], data, w);
    for (int k = 0; k < plan->n_descriptions; k++) {
        const int partner = plan->description[k].partner,
                  pair[PAIR] = {k, partner < 0 ? k : partner};
        if (pair[1] >= k) summarise(plan, pair, data, member, w, summary);
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
