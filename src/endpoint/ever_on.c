/* ever_on.c - whether a patient was ever on a support, yes or no.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "model/endpoint.h"

#include <math.h>

struct ever_on {
    struct named_text of;
    double by;
    enum support support; /* bound */
};

static const struct param params[] = {
    {PARAM_AT(struct ever_on, of), .type = PARAM_NAME, .flags = PARAM_REQUIRED,
     .help = "vasopressor, hyperlactataemia, ventilation or renal_replacement"},
    {PARAM_AT(struct ever_on, by), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN, .min = 0,
     .max = 1e5, .flags = PARAM_OPEN_MIN,
     .help = "begun by this day; absent: by the end of follow-up"},
    {0}};

static double horizon(const void *own)
{
    return ((const struct ever_on *)own)->by;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct ever_on *e = own;
    needs->death = true;
    if (isnan(e->by)) e->by = q->context->follow_up;
    if (e->of.text != NULL) e->support = endpoint_support(q, e->of.text, e->of.at, needs);
}

/* Who was lost alive before `by` is known only when it had begun. */
MULTIVERSION static void seen(double by, const struct patients *p, const double *restrict start,
                              const double *restrict end, double *restrict value)
{
    const double *restrict known = p->known, *restrict followed = p->followed;
    for (int i = 0; i < p->n; i++) {
        const bool on = (end[i] > start[i]) & (start[i] <= by) & (start[i] <= followed[i]);
        const double never = known[i] >= by ? 0 : NAN;
        value[i] = ((known[i] >= 0) & on) ? 1 : never;
    }
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct ever_on *e = own;
    seen(e->by, p, c->support_start[e->support], c->support_end[e->support], out->value);
}

const struct endpoint endpoint_ever_on = {
    .name = "ever_on",
    .brief = "ever on a support, yes or no",
    .formula = "1 when the support began by that day; missing for patients lost alive before it "
               "who had not been on it",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct ever_on),
    .outcome = OUTCOME_BINARY,
    .has_value = true,
    .better = -1,
    .example = "{kind: ever_on, of: ventilation, by: 28}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
