/* time_to.c - time to the end of a support or stay, death competing.  SPDX-License-Identifier: MIT
 */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/endpoint.h"

#include <math.h>

enum { OF_VASOPRESSOR, OF_VENTILATION, OF_RENAL_REPLACEMENT, OF_ICU, OF_HOSPITAL };

struct time_to {
    int of;
    double by;
};

static const struct param params[] = {
    {PARAM_AT(struct time_to, of), .type = PARAM_CHOICE,
     .choices = "vasopressor|ventilation|renal_replacement|icu|hospital", .help = "what ends"},
    {PARAM_AT(struct time_to, by), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN, .min = 0,
     .max = 1e5, .flags = PARAM_OPEN_MIN, .help = "censored then; absent: at the end of follow-up"},
    {0}};

static int support_of(int of)
{
    return of == OF_VASOPRESSOR   ? SUPPORT_VASOPRESSOR
           : of == OF_VENTILATION ? SUPPORT_VENTILATION
                                  : SUPPORT_RENAL_REPLACEMENT;
}

static double horizon(const void *own)
{
    return ((const struct time_to *)own)->by;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct time_to *t = own;
    needs->death = true;
    if (isnan(t->by)) t->by = q->context->follow_up;
    if (t->of >= OF_ICU) {
        const enum stay k = t->of == OF_ICU ? STAY_ICU : STAY_HOSPITAL;
        if (endpoint_wants(q, q->context->available->stay[k], stay_names[k])) needs->stay[k] = true;
        return;
    }
    const int k = support_of(t->of);
    if (endpoint_wants(q, q->context->available->support[k], support_names[k]))
        needs->support[k] = true;
}

/* start NULL: nobody is never on it. */
MULTIVERSION static void compete(double by, const struct patients *p, const double *restrict death,
                                 const double *restrict start, const double *restrict end,
                                 const struct outcome *out)
{
    const double *restrict known = p->known, *restrict followed = p->followed;
    double *restrict time = out->time, *restrict event = out->event;
    for (int i = 0; i < p->n; i++) {
        const bool ever = start == NULL || end[i] > start[i];
        const bool counts = (known[i] >= 0) & ever;
        const double last = smaller(by, followed[i]), ended = smaller(end[i], death[i]);
        const double cause = end[i] < death[i] ? 1 : 2;
        time[i] = counts ? smaller(ended, last) : NAN;
        event[i] = !counts ? NAN : ended > last ? 0 : cause;
    }
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct time_to *t = own;
    const bool stay = t->of >= OF_ICU;
    const double *start = stay ? NULL : c->support_start[support_of(t->of)];
    const double *end = stay ? c->stay_end[t->of == OF_ICU ? STAY_ICU : STAY_HOSPITAL]
                             : c->support_end[support_of(t->of)];
    compete(t->by, p, c->death, start, end, out);
}

const struct endpoint endpoint_time_to = {
    .name = "time_to",
    .brief = "time to leaving a support or a ward alive, death competing (NAME_time, NAME_cause)",
    .formula =
        "cause 1: ended alive, 2: died first, 0: censored; patients never on the support are "
        "left out",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct time_to),
    .outcome = OUTCOME_TIME,
    .event_suffix = "cause",
    .better = 1,
    .example = "{kind: time_to, of: ventilation, by: 28}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
