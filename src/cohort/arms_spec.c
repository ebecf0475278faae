/* arms_spec.c - reads and echoes the `arms` section.  SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cohort/effects.h"
#include "cohort/marker.h"
#include "model/dataset.h"

#include <string.h>

static void *field_at(void *base, size_t offset)
{
    return (char *)base + offset;
}
static const void *const_field_at(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static void read_effects(struct reader *r, const struct node *n, const struct course_spec *course,
                         struct arm_spec *a)
{
    if (!read_map(r, n, "effects")) return;
    for (int i = 0; i < n->n; i++) {
        const char *where = arena_printf(r->memory, "effects of arm '%s'", a->name);
        const struct component *k = component_named(n->key[i], r, n->key_at[i], where);
        if (k == NULL) continue;
        if (!course_has(course, k)) {
            error_at(r->errors, n->key_at[i], "arm '%s': an effect on %s, but course has no %s",
                     a->name, k->name, k->name);
            continue;
        }
        if (component_is_markers(k)) {
            marker_effects_read(r, n->item[i], a->name, &course->markers, &a->markers);
            continue;
        }
        params_read(r, k->effects, n->item[i], n->key_at[i],
                    arena_printf(r->memory, "%s effect of arm '%s'", k->name, a->name),
                    field_at(a, k->effect_offset));
        if (k == &components[0]) a->mortality_at = n->key_at[i];
    }
}

void arms_read(struct reader *r, const struct node *n, const struct course_spec *course,
               struct arms *a)
{
    *a = (struct arms){0};
    if (n == NULL || !read_map(r, n, "arms")) return;
    if (n->n == 0) error_at(r->errors, n->at, "arms: at least one arm is needed");
    if (n->n > ARMS_MAX)
        error_at(r->errors, n->at, "arms: %d are more than the %d there can be", n->n, ARMS_MAX);
    a->arm = arena_alloc(r->memory, (size_t)n->n, sizeof *a->arm);
    for (int i = 0; i < n->n; i++) {
        struct arm_spec *arm = &a->arm[a->n++];
        arm->name = n->key[i];
        arm->at = n->key_at[i];
        for (const struct component *k = components; k->name != NULL; k++)
            if (!component_is_markers(k))
                params_default(k->effects, field_at(arm, k->effect_offset));
        marker_effects_default(r, &course->markers, &arm->markers);
        for (int s = 0; s < STAY_COUNT; s++) arm->stay[s].needed_odds_ratio = 1;
        if (!name_is_valid(arm->name))
            error_at(r->errors, arm->at, "arm '%s': a name is a letter, then letters, digits and _",
                     arm->name);
        const struct node *body = n->item[i];
        if (body->kind == NODE_SCALAR && body->text[0] == '\0') continue;
        if (!read_map(r, body, arena_printf(r->memory, "arm '%s'", arm->name))) continue;
        for (int j = 0; j < body->n; j++) {
            if (strcmp(body->key[j], "effects") == 0) {
                read_effects(r, body->item[j], course, arm);
                if (i == 0 && body->item[j]->kind == NODE_MAP && body->item[j]->n > 0)
                    error_at(
                        r->errors, body->key_at[j],
                        "arm '%s' is the control, the first arm: its course is `course`, it takes "
                        "no effects",
                        arm->name);
            } else
                error_at(r->errors, body->key_at[j],
                         "unknown key '%s' in arm '%s'; expected 'effects'", body->key[j],
                         arm->name);
        }
    }
}

/* The keys of an arm's effect on a component; nothing when it has none. */
static void echo_effect(struct buffer *out, const struct component *k, const struct arm_spec *arm,
                        int indent)
{
    if (component_is_markers(k)) {
        marker_effects_echo(out, &arm->markers, indent);
        return;
    }
    struct arm_spec plain = {0};
    struct buffer stated = {0}, fallback = {0};
    params_default(k->effects, field_at(&plain, k->effect_offset));
    params_echo(&stated, k->effects, const_field_at(arm, k->effect_offset), indent);
    params_echo(&fallback, k->effects, const_field_at(&plain, k->effect_offset), indent);
    if (strcmp(buffer_text(&stated), buffer_text(&fallback)) != 0)
        buffer_puts(out, buffer_text(&stated));
    buffer_free(&stated);
    buffer_free(&fallback);
}

void arms_echo(struct buffer *out, const struct arms *a, int indent)
{
    for (int i = 0; i < a->n; i++) {
        struct buffer effects = {0};
        for (const struct component *k = components; k->name != NULL; k++) {
            struct buffer own = {0};
            echo_effect(&own, k, &a->arm[i], indent + 6);
            if (own.length > 0)
                buffer_printf(&effects, "%*s%s:\n%s", indent + 4, "", k->name, buffer_text(&own));
            buffer_free(&own);
        }
        if (effects.length == 0)
            buffer_printf(out, "%*s%s: {}\n", indent, "", a->arm[i].name);
        else
            buffer_printf(out, "%*s%s:\n%*seffects:\n%s", indent, "", a->arm[i].name, indent + 2,
                          "", buffer_text(&effects));
        buffer_free(&effects);
    }
}

int arms_find(const struct arms *a, const char *name)
{
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->arm[i].name, name) == 0) return i;
    return -1;
}
