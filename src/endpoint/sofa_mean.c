/* sofa_mean.c - mean daily SOFA over a range of days.  SPDX-License-Identifier: MIT */
#include "endpoint/sofa_day.h"

#include <math.h>

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

static double mean_of_days(const struct sofa_mean *s, const struct course *c, int i)
{
    double sum = 0;
    int n = 0;
    for (int d = (int)s->from; d <= (int)s->day; d++) {
        const double x = sofa_on_day(c, i, d, s->death);
        if (isnan(x)) continue;
        sum += x;
        n++;
    }
    return n > 0 ? sum / n : NAN;
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct sofa_mean *s = own;
    for (int i = 0; i < p->n; i++)
        out->value[i] = endpoint_knows(p, c->death[i], i, s->day) ? mean_of_days(s, c, i) : NAN;
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
};
