/* marker.c - a value taken once.  SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "model/endpoint.h"

#include <math.h>
#include <string.h>

struct marker {
    struct named_text of;
    int index; /* bound */
    bool yes_no;
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

static bool is_yes_no(const void *own)
{
    const struct marker *m = own;
    return m->yes_no;
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
        m->yes_no = q->context->marker_is_yes_no[m->index];
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
    endpoint_keep_known(p, 0, c->marker[m->index], out->value);
}

/* Who is dead before it is taken has none. */
static bool eligible(const void *own, const struct patients *p, const struct course *c, int i)
{
    (void)p;
    return !isnan(c->marker[((const struct marker *)own)->index][i]);
}

const struct endpoint endpoint_marker = {
    .name = "marker",
    .brief = "the value of a marker of the course",
    .formula = "as course.markers; absent when dead before it is taken. Of a yes_no marker a "
               "yes/no endpoint (1 or 0), for relative_risk, logistic and their like.",
    .reference = "",
    .params = params,
    .params_size = sizeof(struct marker),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .is_yes_no = is_yes_no,
    .better = -1,
    .example = "{kind: marker, of: NAME}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
    .eligible = eligible,
};
