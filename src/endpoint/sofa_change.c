/* sofa_change.c - SOFA on one day minus the baseline score.  SPDX-License-Identifier: MIT */
#include "endpoint/sofa_day.h"

#include <math.h>

struct sofa_change {
    double day;
    int death;
};

static const struct param params[] = {
    {PARAM_AT(struct sofa_change, day), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 1, .max = SOFA_DAYS_MAX, .flags = PARAM_REQUIRED, .help = "the later day"},
    {PARAM_AT(struct sofa_change, death), .type = PARAM_CHOICE, .choices = SOFA_DEATH_CHOICES,
     .help = SOFA_DEATH_HELP},
    {0}};

static double horizon(const void *own)
{
    return ((const struct sofa_change *)own)->day;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    endpoint_sofa_day(q, ((const struct sofa_change *)own)->day, needs);
    endpoint_sofa_day(q, 0, needs);
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct sofa_change *s = own;
    const struct sofa_rule rule = {(int)s->day, s->death};
    sofa_on_day(c, rule, 0, out->value, p->n);
    for (int i = 0; i < p->n; i++) out->value[i] -= c->sofa[0][i];
    endpoint_keep_known(p, s->day, out->value, out->value);
}

static struct bounds bounds(const void *own)
{
    (void)own;
    return (struct bounds){0, SOFA_WORST};
}

static bool eligible(const void *own, const struct patients *p, const struct course *c, int i)
{
    const struct sofa_change *s = own;
    return s->death != SOFA_DEATH_EXCLUDE || !endpoint_saw_death(p, c->death[i], i, s->day);
}

const struct endpoint endpoint_sofa_change = {
    .name = "sofa_change",
    .brief = "change of SOFA from randomisation to a day",
    .formula = "SOFA on `day` minus the covariate 'sofa' (day 0)",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct sofa_change),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = -1,
    .example = "{kind: sofa_change, day: 7, death: worst}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
    .change_from = "sofa",
    .bounds = bounds,
    .eligible = eligible,
};
