/* text_table.c - see text_table.h.  SPDX-License-Identifier: MIT */
#include "model/text_table.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void text_table_free(struct text_table *t)
{
    if (t->cell != NULL) free(t->cell[0]);
    free(t->cell);
    free(t->name);
    free(t->line);
    free(t->bytes);
    *t = (struct text_table){0};
}

int text_table_find(const struct text_table *t, const char *name)
{
    for (int k = 0; k < t->n_columns; k++)
        if (strcmp(t->name[k], name) == 0) return k;
    return -1;
}

int text_table_missing(const struct text_table *t, int column)
{
    int missing = 0;
    for (int i = 0; i < t->n; i++) missing += t->cell[column][i] == NULL;
    return missing;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A decimal without exponent of at most 15 digits: both the digits and the power of ten below them
 * are exact, so that one division rounds once, correctly (Clinger 1990, Proc. PLDI, p. 92). Ten
 * times as fast as what understands every number. */
static bool short_decimal(const char *text, double *value)
{
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = *text == '-';
    int64_t digits = 0;
    int n = 0, point = -1;
    for (text += negative; *text && n <= 15; text++) {
        if (*text == '.' && point < 0) {
            point = n;
            continue;
        }
        if (!isdigit((unsigned char)*text)) return false;
        digits = 10 * digits + (*text - '0');
        n++;
    }
    if (n == 0 || n > 15) return false;
    const double x = (double)digits / power[point < 0 ? 0 : n - point];
    *value = negative ? -x : x;
    return true;
}

int text_table_numbers(const struct text_table *t, int column, double *value)
{
    const char *const *cell = t->cell[column];
    for (int i = 0; i < t->n; i++) {
        value[i] = NAN;
        if (cell[i] == NULL || short_decimal(cell[i], &value[i])) continue;
        if (!text_to_double(cell[i], &value[i])) return i;
    }
    return -1;
}

/* --- categories ------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int text_table_codes(const struct text_table *t, int column, int n_levels, const char *const *level,
                     double *value)
{
    for (int i = 0; i < t->n; i++) {
        const char *text = t->cell[column][i];
        value[i] = NAN;
        if (text == NULL) continue;
        const char *const *found =
            n_levels > 0 ? bsearch(&text, level, (size_t)n_levels, sizeof *level, compare_texts)
                         : NULL;
        if (found == NULL) return i;
        value[i] = (double)(found - level);
    }
    return -1;
}

/* Different texts, found by hashing into twice as many slots or more. */
struct distinct {
    size_t n_slots;    /* a power of two */
    const char **slot; /* NULL: free */
    int n;
};

static const char **slot_of(const struct distinct *d, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (const char *c = text; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    size_t k = (size_t)(hash ^ hash >> 32) & (d->n_slots - 1);
    while (d->slot[k] != NULL && strcmp(d->slot[k], text) != 0) k = (k + 1) & (d->n_slots - 1);
    return &d->slot[k];
}

static void distinct_grow(struct distinct *d)
{
    const struct distinct old = *d;
    d->n_slots = old.n_slots > 0 ? 4 * old.n_slots : 64;
    d->slot = xcalloc(d->n_slots, sizeof *d->slot);
    for (size_t k = 0; k < old.n_slots; k++)
        if (old.slot[k] != NULL) *slot_of(d, old.slot[k]) = old.slot[k];
    free(old.slot);
}

static void distinct_add(struct distinct *d, const char *text)
{
    if (2 * (size_t)d->n >= d->n_slots) distinct_grow(d);
    const char **slot = slot_of(d, text);
    d->n += *slot == NULL;
    *slot = text;
}

const char **text_table_levels(const struct text_table *t, int column, int *n_levels,
                               struct arena *memory)
{
    struct distinct d = {0};
    for (int i = 0; i < t->n; i++)
        if (t->cell[column][i] != NULL) distinct_add(&d, t->cell[column][i]);
    const char **level = arena_alloc(memory, (size_t)d.n, sizeof *level);
    *n_levels = 0;
    for (size_t k = 0; k < d.n_slots; k++)
        if (d.slot[k] != NULL) level[(*n_levels)++] = d.slot[k];
    free(d.slot);
    qsort(level, (size_t)d.n, sizeof *level, compare_texts);
    return level;
}
