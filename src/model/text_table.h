/* text_table.h - data as a file holds them: columns of texts, and what they mean as numbers or
 * categories.  SPDX-License-Identifier: MIT */
#ifndef MODEL_TEXT_TABLE_H
#define MODEL_TEXT_TABLE_H

#include "base/memory.h"

/* A zeroed table is empty. */
struct text_table {
    const char *source; /* what messages call the file; borrowed */
    int n_columns, n;   /* columns and rows */
    const char **name;  /* [n_columns] unique, none empty */
    const char ***cell; /* [n_columns][n] NULL where missing */
    int *line;          /* [n] where each row begins in the file */
    char *bytes;        /* the texts */
};
void text_table_free(struct text_table *t);

int text_table_find(const struct text_table *t, const char *name); /* -1 when absent */
int text_table_missing(const struct text_table *t, int column);    /* rows without a value */

/* Each reads one column, NaN where missing, up to the first row that is not such, which is
 * returned; -1 when all are. */
int text_table_numbers(const struct text_table *t, int column, double *value /* [n] */);
int text_table_codes(const struct text_table *t, int column, int n_levels,
                     const char *const *level /* in byte order */, double *value /* [n] */);

/* The different texts of a column in byte order; the array belongs to memory, the texts to t. */
const char **text_table_levels(const struct text_table *t, int column, int *n_levels,
                               struct arena *memory);

#endif
