/* param.c - defaults and reading of parameter tables, see param.h.  SPDX-License-Identifier: MIT */
#include "model/param.h"

#include "base/text.h"
#include "model/param_value.h"

#include <math.h>
#include <string.h>

static void *field_of(void *base, const struct param *row)
{
    return (char *)base + row->offset;
}

static void default_row(const struct param *row, void *field)
{
    switch (row->type) {
    case PARAM_NUMBER: *(double *)field = row->fallback; break;
    case PARAM_INTEGER:
        *(int64_t *)field = isfinite(row->fallback) ? (int64_t)row->fallback : 0;
        break;
    case PARAM_FLAG: *(bool *)field = row->fallback > 0; break;
    case PARAM_CHOICE: *(int *)field = 0; break;
    case PARAM_NAME:
    case PARAM_TEXT: *(struct named_text *)field = (struct named_text){0}; break;
    case PARAM_NAMES:
    case PARAM_TEXTS: *(struct names *)field = (struct names){0}; break;
    case PARAM_NUMBERS: *(struct numbers *)field = (struct numbers){0}; break;
    case PARAM_KNOTS: *(struct knots *)field = (struct knots){0}; break;
    case PARAM_SHARES: *(struct shares *)field = (struct shares){0}; break;
    case PARAM_TERMS: *(struct terms *)field = (struct terms){0}; break;
    case PARAM_GROUP: params_default(row->group, field); break;
    case PARAM_CUSTOM:
    case PARAM_END: break;
    }
}

void params_default(const struct param *table, void *to)
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++)
        default_row(row, field_of(to, row));
}

static const struct param *row_named(const struct param *table, const char *name)
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++)
        if (strcmp(row->name, name) == 0) return row;
    return NULL;
}

static int table_length(const struct param *table)
{
    int n = 0;
    while (table && table[n].type != PARAM_END) n++;
    return n;
}

static void report_unknown(struct reader *r, const struct param *first, const struct param *second,
                           const char *key, struct place at, const char *what)
{
    const int n_first = table_length(first), n_second = table_length(second);
    const char **name = arena_alloc(r->memory, (size_t)(n_first + n_second), sizeof *name);
    for (int i = 0; i < n_first; i++) name[i] = first[i].name;
    for (int i = 0; i < n_second; i++) name[n_first + i] = second[i].name;
    const char *near = text_nearest(key, name, n_first + n_second);
    error_at(r->errors, at, "unknown key '%s' in %s%s", text_shown(key, r->memory), what,
             did_you_mean(near).text);
}

static int count_of(const struct param *row, const void *field)
{
    switch (row->type) {
    case PARAM_NAMES:
    case PARAM_TEXTS: return ((const struct names *)field)->n;
    case PARAM_NUMBERS: return ((const struct numbers *)field)->n;
    case PARAM_KNOTS: return ((const struct knots *)field)->n;
    case PARAM_SHARES: return ((const struct shares *)field)->n;
    case PARAM_TERMS: return ((const struct terms *)field)->n;
    default: return 1;
    }
}

static void read_row(struct reader *r, const struct param *row, const struct node *n,
                     struct place key_at, void *field)
{
    const int before = r->errors->n;
    param_read_value(r, row, n, field);
    if ((row->flags & PARAM_REQUIRED) && r->errors->n == before && count_of(row, field) == 0)
        error_at(r->errors, key_at, "%s must not be empty", row->name);
}

static void report_missing(struct reader *r, const struct param *table, const struct node *map,
                           struct place at, const char *what)
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++)
        if ((row->flags & PARAM_REQUIRED) && node_get(map, row->name) == NULL)
            error_at(r->errors, at, "'%s' is missing in %s", row->name, what);
}

void params_read_pair(struct reader *r, const struct param *first, void *first_to,
                      const struct param *second, void *second_to, const struct node *map,
                      struct place at, const char *what)
{
    params_default(first, first_to);
    params_default(second, second_to);
    if (map != NULL && !read_map(r, map, what)) return;
    for (int i = 0; map != NULL && i < map->n; i++) {
        const struct param *own = row_named(first, map->key[i]);
        const struct param *other = own ? NULL : row_named(second, map->key[i]);
        if (own)
            read_row(r, own, map->item[i], map->key_at[i], field_of(first_to, own));
        else if (other)
            read_row(r, other, map->item[i], map->key_at[i], field_of(second_to, other));
        else
            report_unknown(r, first, second, map->key[i], map->key_at[i], what);
    }
    report_missing(r, first, map, at, what);
    report_missing(r, second, map, at, what);
}

void params_read(struct reader *r, const struct param *table, const struct node *map,
                 struct place at, const char *what, void *to)
{
    params_read_pair(r, table, to, NULL, NULL, map, at, what);
}
