/* published_table.c - see published_table.h.  SPDX-License-Identifier: MIT */
#include "io/published_table.h"

#include <string.h>

#define AT(member) offsetof(struct published, member)

const struct published_column published_column[PUBLISHED_COLUMNS] = {
    {"subject", FIELD_TEXT, AT(subject)},
    {"arm", FIELD_TEXT, AT(arm)},
    {"where", FIELD_TEXT, AT(where)},
    {"statistic", FIELD_TEXT, AT(statistic)},
    {"use", FIELD_TEXT, AT(use)},
    {"group", FIELD_TEXT, AT(group)},
    {"alternative", FIELD_TEXT, AT(alternative)},
    {"source", FIELD_TEXT, AT(source)},
    {"reason", FIELD_TEXT, AT(reason)},
    {"shares_events", FIELD_INT8, AT(shares_events)},
    {"published", FIELD_DOUBLE, AT(printed.value)},
    {"decimals", FIELD_INT32, AT(printed.decimals)},
    {"ratio", FIELD_INT8, AT(printed.ratio)},
    {"simulated", FIELD_DOUBLE, AT(fit.simulated)},
    {"low", FIELD_DOUBLE, AT(fit.low)},
    {"high", FIELD_DOUBLE, AT(fit.high)},
    {"percentile", FIELD_DOUBLE, AT(fit.percentile)},
    {"z", FIELD_DOUBLE, AT(fit.z)},
    {"unanswered", FIELD_DOUBLE, AT(fit.unanswered)},
    {"far", FIELD_INT8, AT(fit.far)},
    {"exact", FIELD_DOUBLE, AT(fit.exact)},
    {"conditional", FIELD_DOUBLE, AT(fit.conditional)},
    {"conditional_percentile", FIELD_DOUBLE, AT(fit.conditional_percentile)},
};

const char *published_text(const struct published *p, const struct published_column *c)
{
    return *(const char *const *)(const void *)((const char *)p + c->offset);
}

double published_number(const struct published *p, const struct published_column *c)
{
    const void *member = (const char *)p + c->offset;
    switch (c->kind) {
    case FIELD_INT8: return *(const bool *)member;
    case FIELD_INT32: return *(const int *)member;
    default: return *(const double *)member;
    }
}

static size_t longest_text(const struct study *s, const struct published_column *c)
{
    size_t longest = 0;
    for (int i = 0; i < s->n_published; i++) {
        const size_t n = strlen(published_text(&s->published[i], c));
        if (n > longest) longest = n;
    }
    return longest;
}

void published_table_make(const struct study *s, struct table *t)
{
    for (int k = 0; k < PUBLISHED_COLUMNS; k++) {
        const struct published_column *c = &published_column[k];
        (void)table_add_field(t, c->name, c->kind, c->kind == FIELD_TEXT ? longest_text(s, c) : 0);
    }
    table_resize(t, s->n_published);
    for (int i = 0; i < s->n_published; i++)
        for (int k = 0; k < PUBLISHED_COLUMNS; k++) {
            const struct published_column *c = &published_column[k];
            const struct published *p = &s->published[i];
            if (c->kind == FIELD_TEXT)
                table_put_text(t, i, k, published_text(p, c));
            else if (c->kind == FIELD_DOUBLE)
                table_put_number(t, i, k, published_number(p, c));
            else
                table_put_integer(t, i, k, (int64_t)published_number(p, c));
        }
}

static void take_cell(const struct table *t, int64_t row, int field,
                      const struct published_column *c, struct published *p, struct arena *memory)
{
    void *member = (char *)p + c->offset;
    switch (c->kind) {
    case FIELD_TEXT: *(const char **)member = table_text(t, row, field, memory); break;
    case FIELD_INT8: *(bool *)member = table_integer(t, row, field) != 0; break;
    case FIELD_INT32: *(int *)member = (int)table_integer(t, row, field); break;
    default: *(double *)member = table_number(t, row, field); break;
    }
}

const char *published_table_take(const struct table *t, struct study *s)
{
    int field[PUBLISHED_COLUMNS];
    bool all = t->n <= INT32_MAX;
    for (int k = 0; k < PUBLISHED_COLUMNS; k++) {
        field[k] = table_find(t, published_column[k].name, published_column[k].kind);
        all = all && field[k] >= 0;
    }
    if (!all) return "lacks a column";
    s->n_published = (int)t->n;
    s->published = arena_alloc(&s->memory, (size_t)t->n, sizeof *s->published);
    for (int i = 0; i < s->n_published; i++)
        for (int k = 0; k < PUBLISHED_COLUMNS; k++)
            take_cell(t, i, field[k], &published_column[k], &s->published[i], &s->memory);
    return NULL;
}
