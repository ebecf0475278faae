/* death.c - death by a day: time to event, and yes or no.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/endpoint.h"

#include <math.h>

struct death {
    double by;
};

static const struct param params[] = {{PARAM_AT(struct death, by), .type = PARAM_NUMBER,
                                       .unit = "days", .fallback = NAN, .min = 0, .max = 1e5,
                                       .flags = PARAM_OPEN_MIN,
                                       .help = "dead by this day; absent: by the end of follow-up"},
                                      {0}};

static double horizon(const void *own)
{
    return ((const struct death *)own)->by;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct death *d = own;
    needs->death = true;
    if (isnan(d->by)) d->by = q->context->follow_up;
}

MULTIVERSION static void observe(double by, const struct patients *p, const double *restrict death,
                                 double *restrict value, double *restrict time,
                                 double *restrict event)
{
    const double *restrict known = p->known, *restrict followed = p->followed;
    for (int i = 0; i < p->n; i++) {
        const bool counts = known[i] >= 0;
        const double last = smaller(by, followed[i]), dead = death[i] <= last;
        time[i] = counts ? smaller(death[i], last) : NAN;
        event[i] = counts ? dead : NAN;
        value[i] = known[i] >= by ? dead : NAN;
    }
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const double by = ((const struct death *)own)->by;
    observe(by, p, c->death, out->value, out->time, out->event);
}

const struct endpoint endpoint_death = {
    .name = "death",
    .brief = "death by a day, as time to event (NAME_time, NAME_event) and as yes or no (NAME)",
    .formula = "dead by day d means t <= d; yes/no is missing for patients lost alive before day "
               "d, so that "
               "its share is of those whose state is known",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct death),
    .outcome = OUTCOME_TIME,
    .has_value = true,
    .event_suffix = "event",
    .better = -1,
    .example = "{kind: death, by: 28}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
