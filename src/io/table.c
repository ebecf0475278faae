/* table.c - see table.h.  SPDX-License-Identifier: MIT */
#include "io/table.h"

#include "base/checksum.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are little-endian in memory");

static size_t size_of(enum field_kind kind, size_t text)
{
    switch (kind) {
    case FIELD_INT8:
    case FIELD_UINT8: return 1;
    case FIELD_INT32:
    case FIELD_FLOAT: return 4;
    case FIELD_INT64:
    case FIELD_DOUBLE: return 8;
    case FIELD_TEXT: break;
    }
    return text > 0 ? text : 1;
}

int table_add_field(struct table *t, const char *name, enum field_kind kind, size_t size)
{
    if (t->n_fields == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 16;
        t->field = xrealloc(t->field, (size_t)t->capacity, sizeof *t->field);
    }
    struct field *f = &t->field[t->n_fields];
    *f = (struct field){arena_text(&t->memory, name), kind, size_of(kind, size), t->row_size};
    t->row_size += f->size;
    return t->n_fields++;
}

int table_find(const struct table *t, const char *name, enum field_kind kind)
{
    for (int i = 0; i < t->n_fields; i++)
        if (t->field[i].kind == kind && strcmp(t->field[i].name, name) == 0) return i;
    return -1;
}

void table_resize(struct table *t, int64_t n)
{
    t->rows = xrealloc(t->rows, (size_t)n, t->row_size);
    if (n > t->n) memset(t->rows + (size_t)t->n * t->row_size, 0, (size_t)(n - t->n) * t->row_size);
    t->n = n;
}

void table_free(struct table *t)
{
    free(t->field);
    free(t->rows);
    arena_free(&t->memory);
    *t = (struct table){0};
}

static unsigned char *cell(const struct table *t, int64_t row, int field)
{
    assert(row >= 0 && row < t->n && field >= 0 && field < t->n_fields);
    return t->rows + (size_t)row * t->row_size + t->field[field].offset;
}

void table_put_integer(struct table *t, int64_t row, int field, int64_t x)
{
    table_put_integers(t, row, field, &x, 1);
}

void table_put_number(struct table *t, int64_t row, int field, double x)
{
    table_put_numbers(t, row, field, &x, 1);
}

/* Rows have no gaps, so that a value may stand anywhere. */
static void put_words(unsigned char *to, size_t step, size_t size, const int64_t *x, int64_t n)
{
    switch (size) { /* the low bytes come first */
    case 1:
        for (int64_t i = 0; i < n; i++, to += step) *to = (unsigned char)x[i];
        break;
    case 4:
        for (int64_t i = 0; i < n; i++, to += step) memcpy(to, &x[i], 4);
        break;
    default:
        for (int64_t i = 0; i < n; i++, to += step) memcpy(to, &x[i], 8);
        break;
    }
}

void table_put_integers(struct table *t, int64_t row, int field, const int64_t *x, int64_t n)
{
    assert(n == 0 || row + n <= t->n);
    if (n > 0) put_words(cell(t, row, field), t->row_size, t->field[field].size, x, n);
}

void table_put_numbers(struct table *t, int64_t row, int field, const double *x, int64_t n)
{
    assert(n == 0 || row + n <= t->n);
    unsigned char *to = n > 0 ? cell(t, row, field) : NULL;
    const bool is_narrow = t->field[field].kind == FIELD_FLOAT;
    for (int64_t i = 0; i < n; i++, to += t->row_size) {
        const double number = isnan(x[i]) ? (double)NAN : x[i];
        const float narrow = (float)number;
        if (is_narrow)
            memcpy(to, &narrow, sizeof narrow);
        else
            memcpy(to, &number, sizeof number);
    }
}

void table_put_text(struct table *t, int64_t row, int field, const char *text)
{
    const size_t size = t->field[field].size, length = text ? strlen(text) : 0;
    assert(length <= size);
    unsigned char *p = cell(t, row, field);
    memset(p, 0, size);
    if (length > 0) memcpy(p, text, length);
}

int64_t table_integer(const struct table *t, int64_t row, int field)
{
    const unsigned char *p = cell(t, row, field);
    int64_t x = 0;
    int32_t word;
    switch (t->field[field].kind) {
    case FIELD_INT8: return *(const signed char *)p;
    case FIELD_UINT8: return *p;
    case FIELD_INT32: memcpy(&word, p, sizeof word); return word;
    default: memcpy(&x, p, sizeof x); return x;
    }
}

double table_number(const struct table *t, int64_t row, int field)
{
    double x;
    float narrow;
    if (t->field[field].kind == FIELD_FLOAT) {
        memcpy(&narrow, cell(t, row, field), sizeof narrow);
        return (double)narrow;
    }
    memcpy(&x, cell(t, row, field), sizeof x);
    return x;
}

char *table_text(const struct table *t, int64_t row, int field, struct arena *memory)
{
    const char *p = (const char *)cell(t, row, field);
    return arena_copy(memory, p, strnlen(p, t->field[field].size));
}

void table_checksum(const struct table *t, struct checksum *c)
{
    for (int i = 0; i < t->n_fields; i++) checksum_add_text(c, t->field[i].name);
    checksum_add(c, &t->n, sizeof t->n);
    table_checksum_rows(t, c);
}

void table_checksum_rows(const struct table *t, struct checksum *c)
{
    checksum_add(c, t->rows, (size_t)t->n * t->row_size);
}
