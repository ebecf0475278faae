/* table.h - tables as result files hold them: named fields, packed rows.
 * SPDX-License-Identifier: MIT
 *
 * The bytes of the rows, little-endian and without gaps, are the canonical form that checksums are
 * taken of: every NaN is stored as the same one. */
#ifndef IO_TABLE_H
#define IO_TABLE_H

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct checksum;

enum field_kind {
    FIELD_INT8,
    FIELD_UINT8,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_FLOAT,
    FIELD_DOUBLE,
    FIELD_TEXT, /* UTF-8, padded with NUL */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t size, offset; /* bytes of a value, and before it in a row */
};

/* A zeroed table is empty. */
struct table {
    int n_fields, capacity;
    struct field *field;
    size_t row_size;
    int64_t n;
    unsigned char *rows; /* [n][row_size] */
    struct arena memory; /* names of fields */
};

/* Adds a field and returns its number; `size` is that of the longest text, 0 for numbers. */
int table_add_field(struct table *t, const char *name, enum field_kind kind, size_t size);
int table_find(const struct table *t, const char *name, enum field_kind kind); /* -1: none such */
void table_resize(struct table *t,
                  int64_t n); /* after the last field; rows beyond the old n are 0 */
void table_free(struct table *t);

void table_put_integer(struct table *t, int64_t row, int field, int64_t x);
void table_put_number(struct table *t, int64_t row, int field, double x);
/* A field of n rows from `row` on. */
void table_put_integers(struct table *t, int64_t row, int field, const int64_t *x, int64_t n);
void table_put_numbers(struct table *t, int64_t row, int field, const double *x, int64_t n);
void table_put_text(struct table *t, int64_t row, int field, const char *text); /* NULL is "" */

int64_t table_integer(const struct table *t, int64_t row, int field);
double table_number(const struct table *t, int64_t row, int field);
char *table_text(const struct table *t, int64_t row, int field, struct arena *memory);

/* Of the names of fields, the number of rows and the rows; or of the bytes of the rows alone. */
void table_checksum(const struct table *t, struct checksum *c);
void table_checksum_rows(const struct table *t, struct checksum *c);

#endif
