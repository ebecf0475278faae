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

enum { LANES = 8 };

/* member[i] = 1 for a patient of the arm, else 0: doubles, as what they are to be combined with. */
MULTIVERSION static void find_members(const double *restrict arm, double number,
                                      double *restrict member, int n)
{
    for (int i = 0; i < n; i++) member[i] = fabs(arm[i] - number) < 0.5 ? 1 : 0;
}

/* Whom a condition leaves out is no member. */
static void keep_where(const struct expression *where, const struct dataset *data, double *member,
                       struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *keep = scratch_take(w, (size_t)data->n, 1);
    expression_evaluate(where, data, keep, w);
    for (int i = 0; i < data->n; i++) member[i] *= keep[i];
    scratch_restore(w, mark);
}

static const double *members_of(const struct group *g, const struct dataset *data,
                                struct scratch *w)
{
    double *member = scratch_doubles(w, data->n);
    if (g->arm < 0 || data->arm == NULL)
        for (int i = 0; i < data->n; i++) member[i] = 1;
    else
        find_members(data->arm, g->arm, member, data->n);
    if (g->where != NULL) keep_where(g->where, data, member, w);
    return member;
}

/* A sum over eight lanes in a fixed tree. */
MULTIVERSION_PART double total(double sum[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) sum[k] += sum[k + half];
    return sum[0];
}

/* known[i] := 1 where x is known of a member, else 0; term[i] := x there, else 0 */
MULTIVERSION static void take_known(const double *restrict x, const double *restrict member,
                                    double *restrict known, double *restrict term, int n)
{
    for (int i = 0; i < n; i++) {
        known[i] = isnan(x[i]) ? 0 : member[i];
        term[i] = known[i] > 0 ? x[i] : 0;
    }
}

MULTIVERSION static double sum_of(const double *x, int n)
{
    double sum[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) sum[k] += x[i + k];
    for (int k = 0; i < n; i++, k++) sum[k] += x[i];
    return total(sum);
}

MULTIVERSION static double squares_about(const double *restrict x, const double *restrict known,
                                         double mean, int n)
{
    double sum[LANES] = {0};
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const double d = known[i + k] > 0 ? x[i + k] - mean : 0;
            sum[k] += d * d;
        }
    for (int k = 0; i < n; i++, k++) {
        const double d = known[i] > 0 ? x[i] - mean : 0;
        sum[k] += d * d;
    }
    return total(sum);
}

MULTIVERSION static void mark_known(const double *restrict known, unsigned char *restrict keep,
                                    int n)
{
    for (int i = 0; i < n; i++) keep[i] = known[i] > 0;
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

/* A column of some patients; quartile: the first, second and third where one is asked for. */
struct summary {
    int n;
    double mean, sd, quartile[3];
};

/* Quantiles by linear interpolation of order statistics (definition 7 of Hyndman & Fan 1996, the
 * default of most packages). */
static void find_quartiles(const double *x, int n, double quartile[3], struct scratch *w)
{
    int place[6];
    double value[6];
    for (int q = 0; q < 3; q++) {
        place[2 * q] = (int)(0.25 * (q + 1) * (n - 1));
        place[2 * q + 1] = place[2 * q] + 1 < n ? place[2 * q] + 1 : n - 1;
    }
    for (int j = 1; j < 6; j++) place[j] = place[j] < place[j - 1] ? place[j - 1] : place[j];
    select_several(x, n, place, value, 6, w);
    for (int q = 0; q < 3; q++) {
        const double share = 0.25 * (q + 1) * (n - 1) - place[2 * q];
        quartile[q] = value[2 * q] + share * (value[2 * q + 1] - value[2 * q]);
    }
}

static struct summary summarise(const struct description *d, const struct dataset *data,
                                const double *member, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const double *x = column_of(d, data, w);
    double *known = scratch_doubles(w, data->n);
    double *term = scratch_doubles(w, data->n);
    take_known(x, member, known, term, data->n);
    struct summary s = {.n = (int)sum_of(known, data->n), .mean = NAN, .sd = NAN};
    if (s.n > 0) s.mean = sum_of(term, data->n) / s.n;
    if (d->asked & 1u << STAT_SD && s.n > 1)
        s.sd = sqrt(squares_about(x, known, s.mean, data->n) / (s.n - 1));
    if (d->asked & (1u << STAT_MEDIAN | 1u << STAT_Q1 | 1u << STAT_Q3) && s.n > 0) {
        double *value = scratch_doubles(w, data->n + KEEP_ROOM);
        unsigned char *keep = scratch_take(w, (size_t)data->n, 1);
        mark_known(known, keep, data->n);
        find_quartiles(value, keep_column(x, keep, data->n, value), s.quartile, w);
    }
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
    const double **member = scratch_take(w, (size_t)plan->n_groups, sizeof *member);
    for (int k = 0; k < plan->n_groups; k++) member[k] = members_of(&plan->group[k], data, w);
    for (int k = 0; k < plan->n_descriptions; k++) {
        const struct description *d = &plan->description[k];
        summary[k] = summarise(d, data, member[d->group], w);
    }
    for (int k = 0; k < plan->n_descriptives; k++) {
        const struct summary *s = &summary[plan->descriptive[k].description];
        out[k] = result_undefined(UNDEFINED_NO, s->n, 0);
        out[k].estimate = value_of((enum statistic)plan->descriptive[k].statistic, s);
        if (isnan(out[k].estimate)) out[k].why = UNDEFINED_TOO_FEW;
    }
    scratch_restore(w, mark);
}
