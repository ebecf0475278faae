/* sofa_mean.c - mean daily SOFA over a range of days.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "endpoint/sofa_day.h"

#include <math.h>
#include <string.h>

struct sofa_mean {
    double from, day;
    int death;
};

static const struct param params[] = {
    {PARAM_AT(struct sofa_mean, from), .type = PARAM_NUMBER, .unit = "days", .fallback = 1,
     .min = 0, .max = SOFA_DAYS_MAX, .help = "first day; 0 is the covariate 'sofa'"},
    {PARAM_AT(struct sofa_mean, day), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 0, .max = SOFA_DAYS_MAX, .flags = PARAM_REQUIRED, .help = "last day"},
    {PARAM_AT(struct sofa_mean, death), .type = PARAM_CHOICE, .choices = SOFA_DEATH_CHOICES,
     .help = "days dead: left out, 24, or the last value before death"},
    {0}};

static double horizon(const void *own)
{
    return ((const struct sofa_mean *)own)->day;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    const struct sofa_mean *s = own;
    endpoint_sofa_day(q, s->from, needs);
    endpoint_sofa_day(q, s->day, needs);
    if (s->death == SOFA_DEATH_LAST) endpoint_sofa_day(q, 0, needs);
    if (s->from > s->day)
        error_at(q->r->errors, q->at, "endpoint '%s': from (%g) is later than day (%g)", q->name,
                 s->from, s->day);
}

MULTIVERSION static void add_scores(const double *restrict score, double *restrict sum,
                                    double *restrict days, int n)
{
    for (int i = 0; i < n; i++) {
        const bool there = !isnan(score[i]);
        sum[i] += there ? score[i] : 0;
        days[i] += there ? 1 : 0;
    }
}

MULTIVERSION static void divide(const double *restrict days, double *restrict sum, int n)
{
    for (int i = 0; i < n; i++) sum[i] = days[i] > 0 ? sum[i] / days[i] : NAN;
}

enum { BLOCK = 256 };

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct sofa_mean *s = own;
    for (int from = 0; from < p->n; from += BLOCK) {
        const int n = p->n - from < BLOCK ? p->n - from : BLOCK;
        double score[BLOCK], days[BLOCK] = {0}, *sum = out->value + from;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int d = (int)s->from; d <= (int)s->day; d++) {
            const struct sofa_rule rule = {d, s->death};
            sofa_on_day(c, rule, from, score, n);
            add_scores(score, sum, days, n);
        }
        divide(days, sum, n);
    }
    endpoint_keep_known(p, s->day, out->value, out->value);
}

static struct bounds bounds(const void *own)
{
    (void)own;
    return (struct bounds){0, SOFA_WORST};
}

static bool eligible(const void *own, const struct patients *p, const struct course *c, int i)
{
    const struct sofa_mean *s = own;
    return s->death != SOFA_DEATH_EXCLUDE || !endpoint_saw_death(p, c->death[i], i, s->from);
}

const struct endpoint endpoint_sofa_mean = {
    .name = "sofa_mean",
    .brief = "mean daily SOFA",
    .formula = "mean over days from … day of the scores that exist (see death for days dead)",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct sofa_mean),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = -1,
    .example = "{kind: sofa_mean, from: 0, day: 7, death: worst}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
    .bounds = bounds,
    .eligible = eligible,
};
