/* days_free.c - days alive and free of a set of supports.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/endpoint.h"

#include <math.h>
#include <string.h>

enum { UNIT_DAY, UNIT_HOUR };
enum { DEATH_ZERO, DEATH_COUNTED, DEATH_WORST };

struct days_free {
    struct names of;
    double within;
    int unit, death;
    bool from_last;
    int n;
    enum support support[SUPPORT_COUNT]; /* bound from `of` */
};

static const struct param params[] = {
    {PARAM_AT(struct days_free, of), .type = PARAM_NAMES, .flags = PARAM_REQUIRED,
     .help = "vasopressor, hyperlactataemia, ventilation, renal_replacement: none may be on"},
    {PARAM_AT(struct days_free, within), .type = PARAM_NUMBER, .unit = "days", .fallback = 28,
     .min = 0, .max = 3650, .flags = PARAM_OPEN_MIN, .help = "days counted, from randomisation"},
    {PARAM_AT(struct days_free, unit), .type = PARAM_CHOICE, .choices = "day|hour",
     .help = "calendar days free throughout and alive at the end, or fractional days"},
    {PARAM_AT(struct days_free, death), .type = PARAM_CHOICE, .choices = "zero|counted|worst",
     .help = "dead within: 0 days, the free days before death, or -1"},
    {PARAM_AT(struct days_free, from_last), .type = PARAM_FLAG,
     .help = "only days after the last support ended"},
    {0}};

static double horizon(const void *own)
{
    return ((const struct days_free *)own)->within;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct days_free *d = own;
    needs->death = true;
    for (int k = 0; k < d->of.n && d->n < SUPPORT_COUNT; k++) {
        d->support[d->n] = endpoint_support(q, d->of.item[k].text, d->of.item[k].at, needs);
        d->n += d->support[d->n] < SUPPORT_COUNT;
    }
    if (d->unit == UNIT_DAY && fabs(d->within - rint(d->within)) > 0)
        error_at(q->r->errors, q->at, "endpoint '%s': within must be whole days, not %g", q->name,
                 d->within);
}

enum { BLOCK = 256 };

/* Up to BLOCK patients: how long they are alive within the window, and what covers it. */
struct window {
    double alive[BLOCK], last[BLOCK]; /* last: end of the last support */
    double start[SUPPORT_COUNT][BLOCK], end[SUPPORT_COUNT][BLOCK];
};

MULTIVERSION static void time_alive(double within, bool by_day, const double *restrict death,
                                    double *restrict alive, int n)
{
    for (int i = 0; i < n; i++) {
        const double whole = __builtin_ceil(death[i]) - 1;
        alive[i] = smaller(within, by_day ? whole : death[i]);
    }
}

/* When a support is on, widened to whole days; empty where it never is, or only after the window.
 */
MULTIVERSION static void support_interval(double within, bool by_day, const double *restrict from,
                                          const double *restrict to, double *restrict start,
                                          double *restrict end, double *restrict last, int n)
{
    for (int i = 0; i < n; i++) {
        const bool on = (to[i] > from[i]) & (from[i] < within);
        const double first_day = __builtin_floor(from[i]), last_day = __builtin_ceil(to[i]);
        start[i] = on ? (by_day ? first_day : from[i]) : 0;
        end[i] = on ? (by_day ? last_day : to[i]) : 0;
        last[i] = larger(last[i], end[i]);
    }
}

/* Exchanges the intervals of each patient whose second starts first. */
MULTIVERSION static void put_in_order(double *restrict start, double *restrict end,
                                      double *restrict start_2, double *restrict end_2, int n)
{
    for (int i = 0; i < n; i++) {
        const double s = start[i], e = end[i], s2 = start_2[i], e2 = end_2[i];
        const bool second_first = s2 < s;
        start[i] = second_first ? s2 : s;
        end[i] = second_first ? e2 : e;
        start_2[i] = second_first ? s : s2;
        end_2[i] = second_first ? e : e2;
    }
}

/* Adds what an interval covers of (reached, alive]. */
MULTIVERSION static void add_cover(const double *restrict start, const double *restrict end,
                                   const double *restrict alive, double *restrict reached,
                                   double *restrict covered, int n)
{
    for (int i = 0; i < n; i++) {
        const double from = larger(start[i], reached[i]), to = smaller(end[i], alive[i]);
        covered[i] += to > from ? to - from : 0;
        reached[i] = to > from ? to : reached[i];
    }
}

/* Length of (0, alive] that the union of the intervals covers. */
static void add_union(struct window *x, int n_supports, double *covered, int n)
{
    double reached[BLOCK] = {0};
    for (int k = 1; k < n_supports; k++) /* by start; at most four */
        for (int j = k; j > 0; j--)
            put_in_order(x->start[j - 1], x->end[j - 1], x->start[j], x->end[j], n);
    for (int k = 0; k < n_supports; k++)
        add_cover(x->start[k], x->end[k], x->alive, reached, covered, n);
}

MULTIVERSION static void days_after_last(const struct window *x, double *restrict days, int n)
{
    for (int i = 0; i < n; i++) days[i] = larger(0, x->alive[i] - x->last[i]);
}

MULTIVERSION static void days_not_covered(const struct window *x, double *restrict days, int n)
{
    for (int i = 0; i < n; i++) days[i] = x->alive[i] - days[i];
}

MULTIVERSION static void score_dead(double within, double score, const double *restrict death,
                                    double *restrict days, int n)
{
    for (int i = 0; i < n; i++) days[i] = death[i] <= within ? score : days[i];
}

static void compute_block(const struct days_free *d, const struct course *c, int from, double *days,
                          int n)
{
    const bool by_day = d->unit == UNIT_DAY;
    const double *death = c->death + from;
    struct window x;
    memset(x.last, 0, sizeof x.last);
    memset(days, 0, (size_t)n * sizeof *days);
    time_alive(d->within, by_day, death, x.alive, n);
    for (int k = 0; k < d->n; k++)
        support_interval(d->within, by_day, c->support_start[d->support[k]] + from,
                         c->support_end[d->support[k]] + from, x.start[k], x.end[k], x.last, n);
    if (d->from_last)
        days_after_last(&x, days, n);
    else {
        add_union(&x, d->n, days, n);
        days_not_covered(&x, days, n);
    }
    if (d->death != DEATH_COUNTED)
        score_dead(d->within, d->death == DEATH_WORST ? -1 : 0, death, days, n);
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct days_free *d = own;
    for (int i = 0; i < p->n; i += BLOCK)
        compute_block(d, c, i, out->value + i, p->n - i < BLOCK ? p->n - i : BLOCK);
    endpoint_keep_known(p, d->within, out->value, out->value);
}

static struct bounds bounds(const void *own)
{
    const struct days_free *d = own;
    return (struct bounds){d->death == DEATH_WORST ? -1 : 0, d->within};
}

const struct endpoint endpoint_days_free = {
    .name = "days_free",
    .brief = "days alive with none of a set of supports on",
    .formula =
        "days in (0, within] alive and free; by calendar day d: free throughout (d-1, d] and "
        "alive at d",
    .reference = "Yehya et al. (2019) Am J Respir Crit Care Med 200:828",
    .params = params,
    .params_size = sizeof(struct days_free),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = 1,
    .example = "{kind: days_free, of: [vasopressor], within: 28, death: zero}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
    .bounds = bounds,
};
