/* hierarchy.c - the tiers of a hierarchy of outcomes, as a scenario or plan states them.
 * SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "model/analysis_spec.h"

#include <math.h>

static const struct param tier_params[] = {
    {PARAM_AT(struct tier_spec, endpoint), .type = PARAM_NAME, .flags = PARAM_REQUIRED},
    {PARAM_AT(struct tier_spec, better), .type = PARAM_CHOICE, .choices = "default|lower|higher"},
    {PARAM_AT(struct tier_spec, margin), .type = PARAM_NUMBER, .min = 0, .max = INFINITY},
    {PARAM_AT(struct tier_spec, compare), .type = PARAM_CHOICE, .choices = "yes_no|time"},
    {PARAM_AT(struct tier_spec, tie_if_both), .type = PARAM_FLAG},
    {0}};

void hierarchy_read(struct reader *r, const struct node *n, void *field)
{
    struct hierarchy *h = field;
    if (n->kind == NODE_LIST && n->n == 0) error_at(r->errors, n->at, "hierarchy has no tiers");
    if (n->kind != NODE_LIST) {
        error_at(r->errors, n->at, "hierarchy must be a list of tiers, not %s",
                 node_shown(n, r->memory));
        return;
    }
    if (n->n > TIERS_MAX)
        error_at(r->errors, n->item[TIERS_MAX]->at, "hierarchy has %d tiers; at most %d are read",
                 n->n, TIERS_MAX);
    h->n = n->n > TIERS_MAX ? TIERS_MAX : n->n;
    h->tier = arena_alloc(r->memory, (size_t)h->n, sizeof *h->tier);
    for (int k = 0; k < h->n; k++)
        params_read(r, tier_params, n->item[k], n->item[k]->at,
                    arena_printf(r->memory, "tier %d of hierarchy", k + 1), &h->tier[k]);
}

void hierarchy_echo(struct buffer *out, const void *field, int indent)
{
    const struct hierarchy *h = field;
    for (int k = 0; k < h->n; k++) {
        buffer_printf(out, "%*s-\n", indent, "");
        params_echo(out, tier_params, &h->tier[k], indent + 2);
    }
}
