/* adverse_event.c - a severe adverse event, yes or no.  SPDX-License-Identifier: MIT */
#include "model/endpoint.h"

static double horizon(const void *own)
{
    (void)own;
    return 0;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    (void)own;
    if (endpoint_wants(q, q->context->available->adverse_event, "adverse_event"))
        needs->adverse_event = true;
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    (void)own;
    endpoint_keep_known(p, 0, c->adverse_event, out->value);
}

const struct endpoint endpoint_adverse_event = {
    .name = "adverse_event",
    .brief = "a severe adverse event, yes or no",
    .formula = "1 with the course's probability",
    .reference = "",
    .outcome = OUTCOME_BINARY,
    .has_value = true,
    .better = -1,
    .example = "{kind: adverse_event}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
