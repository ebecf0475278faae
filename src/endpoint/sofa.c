/* sofa.c - SOFA on one day.  SPDX-License-Identifier: MIT */
#include "endpoint/sofa_day.h"

#include <math.h>

struct sofa {
    double day;
    int death;
};

static const struct param params[] = {
    {PARAM_AT(struct sofa, day), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN, .min = 1,
     .max = SOFA_DAYS_MAX, .flags = PARAM_REQUIRED, .help = "the value at 24 x day hours"},
    {PARAM_AT(struct sofa, death), .type = PARAM_CHOICE, .choices = SOFA_DEATH_CHOICES,
     .help = SOFA_DEATH_HELP},
    {0}};

static double horizon(const void *own)
{
    return ((const struct sofa *)own)->day;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    const struct sofa *s = own;
    endpoint_sofa_day(q, s->day, needs);
    if (s->death == SOFA_DEATH_LAST) endpoint_sofa_day(q, 0, needs);
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct sofa *s = own;
    const struct sofa_rule rule = {(int)s->day, s->death};
    sofa_on_day(c, rule, 0, out->value, p->n);
    endpoint_keep_known(p, s->day, out->value, out->value);
}

static struct bounds bounds(const void *own)
{
    (void)own;
    return (struct bounds){0, SOFA_WORST};
}

static bool eligible(const void *own, const struct patients *p, const struct course *c, int i)
{
    const struct sofa *s = own;
    return s->death != SOFA_DEATH_EXCLUDE || !endpoint_saw_death(p, c->death[i], i, s->day);
}

const struct endpoint endpoint_sofa = {
    .name = "sofa",
    .brief = "SOFA score on one day",
    .formula = "the score at 24 x day hours, of patients alive (and measured) then",
    .reference = "Vincent et al. (1996) Intensive Care Med 22:707",
    .params = params,
    .params_size = sizeof(struct sofa),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = -1,
    .example = "{kind: sofa, day: 3, death: exclude}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
    .bounds = bounds,
    .eligible = eligible,
};
