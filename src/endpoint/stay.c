/* stay.c - length of stay in the ICU or in hospital.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/endpoint.h"

#include <math.h>

struct stay_endpoint {
    int of;
    double within;
};

static const struct param params[] = {
    {PARAM_AT(struct stay_endpoint, of), .type = PARAM_CHOICE, .choices = "icu|hospital",
     .help = "where"},
    {PARAM_AT(struct stay_endpoint, within), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 0, .max = 1e5, .flags = PARAM_OPEN_MIN,
     .help = "longer stays count as this; absent: until discharge or death, beyond follow-up"},
    {0}};

static double horizon(const void *own)
{
    const struct stay_endpoint *s = own;
    return isnan(s->within) ? 0 : s->within;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    const struct stay_endpoint *s = own;
    if (endpoint_wants(q, q->context->available->stay[s->of], stay_names[s->of]))
        needs->stay[s->of] = true;
}

MULTIVERSION static void length_of_stay(double within, const struct patients *p,
                                        const double *restrict end, double *restrict value)
{
    const double *restrict known = p->known, *restrict lost = p->lost;
    for (int i = 0; i < p->n; i++) {
        const double days = smaller(end[i], within);
        const bool seen = (known[i] >= 0) & (days <= lost[i]);
        value[i] = seen ? days : NAN;
    }
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct stay_endpoint *s = own;
    length_of_stay(isnan(s->within) ? INFINITY : s->within, p, c->stay_end[s->of], out->value);
}

const struct endpoint endpoint_stay = {
    .name = "stay",
    .brief = "length of stay, to discharge or death",
    .formula =
        "day of leaving the ICU or hospital, alive or dead; missing for patients lost before",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct stay_endpoint),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = -1,
    .example = "{kind: stay, of: hospital}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
