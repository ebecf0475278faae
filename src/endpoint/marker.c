/* marker.c - a value taken once.  SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "model/endpoint.h"

#include <string.h>

struct marker {
    struct named_text of;
    int index; /* bound */
};

static const struct param params[] = {{PARAM_AT(struct marker, of), .type = PARAM_NAME,
                                       .flags = PARAM_REQUIRED,
                                       .help = "a marker of course.markers"},
                                      {0}};

static double horizon(const void *own)
{
    (void)own;
    return 0;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct marker *m = own;
    if (m->of.text == NULL) return;
    needs->death = true;
    for (m->index = 0; m->index < q->context->n_markers; m->index++)
        if (strcmp(q->context->marker[m->index], m->of.text) == 0) break;
    if (m->index < q->context->n_markers) {
        needs->marker[m->index] = true;
        return;
    }
    const char *near = text_nearest(m->of.text, q->context->marker, q->context->n_markers);
    error_at(q->r->errors, m->of.at, "endpoint '%s': unknown marker '%s'%s", q->name, m->of.text,
             did_you_mean(near).text);
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct marker *m = own;
    memcpy(out->value, c->marker[m->index], (size_t)p->n * sizeof *out->value);
    endpoint_keep_known(p, c->death, 0, out->value);
}

const struct endpoint endpoint_marker = {
    .name = "marker",
    .brief = "the value of a marker of the course",
    .formula = "as course.markers; absent when dead before it is taken",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct marker),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = -1,
    .example = "{kind: marker, of: NAME}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
