/* effects.c - the keys of what an arm can change, component by component.  SPDX-License-Identifier:
 * MIT */
#include "cohort/effects.h"
#include "base/text.h"

#include <math.h>

#define FIELD(type_, struct_, field) PARAM_AT(struct_, field), .type = (type_)
#define EFFECT_ROWS(struct_, what)                                                                 \
    {FIELD(PARAM_TERMS, struct_, by), .help = "covariate: " what " per unit from its mean"},       \
    {                                                                                              \
        FIELD(PARAM_NUMBER, struct_, centre_sd),                                                   \
            .fallback = 0, .min = 0, .max = 5,                                                     \
            .help = "standard deviation between centres of the effect (" what ")"                  \
    }

static void read_hazard_ratio(struct reader *r, const struct node *n, void *field)
{
    struct knots *k = field;
    const struct node *steps = n->kind == NODE_MAP && n->n == 1 ? node_get(n, "from") : NULL;
    if (n->kind == NODE_MAP && steps == NULL) {
        error_at(r->errors, n->at, "hazard_ratio must be a number or {from: {day: ratio, …}}");
        return;
    }
    if (steps != NULL) {
        read_knots(r, steps, "hazard_ratio", 1e-6, 1e6, k);
        if (steps->n == 0 || (k->n > 0 && fabs(k->x[0]) > 0))
            error_at(r->errors, steps->at, "hazard_ratio must start at day 0");
        return;
    }
    double value;
    if (!read_number(r, n, "hazard_ratio", 0, 1e6, PARAM_OPEN_MIN, &value)) return;
    k->n = 1;
    k->x = arena_alloc(r->memory, 1, sizeof *k->x);
    k->y = arena_alloc(r->memory, 1, sizeof *k->y);
    k->y[0] = value;
    k->at = n->at;
}

static void echo_hazard_ratio(struct buffer *out, const void *field, int indent)
{
    const struct knots *k = field;
    (void)indent;
    if (k->n == 0) return;
    if (k->n == 1) {
        buffer_printf(out, "%s", number_shortest(k->y[0]).text);
        return;
    }
    buffer_puts(out, "{from: {");
    for (int i = 0; i < k->n; i++)
        buffer_printf(out, "%s%s: %s", i ? ", " : "", number_shortest(k->x[i]).text,
                      number_shortest(k->y[i]).text);
    buffer_puts(out, "}}");
}

const struct param mortality_effects[] = {
    {FIELD(PARAM_CUSTOM, struct mortality_effect, hazard_ratio), .read = read_hazard_ratio,
     .echo = echo_hazard_ratio,
     .help = "given covariates, severity and centre; or {from: {day: ratio, …}} in steps"},
    {FIELD(PARAM_KNOTS, struct mortality_effect, risk), .unit = "day: share", .min = 0, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX, .help = "marginal risk wanted by one day"},
    {FIELD(PARAM_KNOTS, struct mortality_effect, risk_difference), .unit = "day: share", .min = -1,
     .max = 1, .help = "marginal risk minus the control arm's by one day"},
    {FIELD(PARAM_KNOTS, struct mortality_effect, relative_risk), .unit = "day: ratio", .min = 0,
     .max = 100, .flags = PARAM_OPEN_MIN,
     .help = "marginal risk over the control arm's by one day"},
    {FIELD(PARAM_NUMBER, struct mortality_effect, marginal_hazard_ratio), .fallback = NAN, .min = 0,
     .max = 1000, .flags = PARAM_OPEN_MIN,
     .help = "what an unadjusted Cox model converges to over the follow-up"},
    EFFECT_ROWS(struct mortality_effect, "log hazard ratio"),
    {0}};
const struct param support_effects[] = {
    {FIELD(PARAM_NUMBER, struct duration_effect, time_ratio), .fallback = 1, .min = 0, .max = 1000,
     .flags = PARAM_OPEN_MIN, .help = "ratio of durations"},
    {FIELD(PARAM_NUMBER, struct duration_effect, needed_odds_ratio), .fallback = 1, .min = 0,
     .max = 1000, .flags = PARAM_OPEN_MIN, .help = "odds ratio of needing it"},
    EFFECT_ROWS(struct duration_effect, "log time ratio"),
    {0}};
const struct param stay_effects[] = {
    {FIELD(PARAM_NUMBER, struct duration_effect, time_ratio), .fallback = 1, .min = 0, .max = 1000,
     .flags = PARAM_OPEN_MIN, .help = "ratio of the time from the end of support to leaving"},
    EFFECT_ROWS(struct duration_effect, "log time ratio"),
    {0}};
const struct param sofa_effects[] = {
    {FIELD(PARAM_KNOTS, struct sofa_effect, shift), .unit = "points", .min = -24, .max = 24,
     .flags = PARAM_SINGLE, .help = "one number, or day: points (linear in between)"},
    EFFECT_ROWS(struct sofa_effect, "points"),
    {0}};
const struct param adverse_effects[] = {
    {FIELD(PARAM_NUMBER, struct adverse_event_effect, odds_ratio), .fallback = 1, .min = 0,
     .max = 1000, .flags = PARAM_OPEN_MIN, .help = "odds ratio of the event"},
    EFFECT_ROWS(struct adverse_event_effect, "log odds ratio"),
    {0}};
