/* published_table.h - the columns of published figures, in one list for files and reports.
 * SPDX-License-Identifier: MIT */
#ifndef IO_PUBLISHED_TABLE_H
#define IO_PUBLISHED_TABLE_H

#include "engine/study.h"
#include "io/table.h"

/* A member of struct published: FIELD_TEXT a const char *, FIELD_DOUBLE a double, FIELD_INT32 an
 * int, FIELD_INT8 a bool. */
struct published_column {
    const char *name;
    enum field_kind kind;
    size_t offset;
};
enum { PUBLISHED_COLUMNS = 23 };
extern const struct published_column published_column[PUBLISHED_COLUMNS];

const char *published_text(const struct published *p, const struct published_column *c);
double published_number(const struct published *p, const struct published_column *c); /* not text */

void published_table_make(const struct study *s, struct table *t);
/* NULL, or what is wrong with the table. */
const char *published_table_take(const struct table *t, struct study *s);

#endif
