/* result_tables.h - a study as the tables of a result file, and back.  SPDX-License-Identifier: MIT
 */
#ifndef IO_RESULT_TABLES_H
#define IO_RESULT_TABLES_H

#include "engine/study.h"
#include "io/table.h"

/* Every table but the replicates'. Points, looks and replicates are numbered from 1 on file. */
enum result_table {
    TABLE_POINTS,
    TABLE_ANSWERS,
    TABLE_TRUTH,
    TABLE_MEASURES,
    TABLE_AGREEMENT, /* there only with two analyses or more */
    TABLE_PUBLISHED, /* there only where something is published */
    N_TABLES
};

extern const char *const result_table_path[N_TABLES];

/* `t` is empty before; every text fits its field. */
void result_table_make(const struct study *s, enum result_table which, struct table *t);

/* Whether files leave the table out where it has no rows. */
bool result_table_is_optional(enum result_table which);

/* Reads the table into the study, in the order of the enum: later ones refer to earlier ones.
 * Returns NULL, or what is wrong with it. */
const char *result_table_take(const struct table *t, enum result_table which, struct study *s);

/* What is stored of an answer's replicates. */
enum replicate_fields {
    REPLICATES_UNKNOWN = 0,
    REPLICATES_WHOLE = 1,
    REPLICATES_DESCRIBED = 2, /* a descriptive: estimate, n, undefined */
    REPLICATES_REDUCED = 4,   /* estimate and rejection only */
};
enum replicate_fields replicates_of(const struct study *s, int answer);
void replicates_layout(struct table *t, enum replicate_fields fields);
enum replicate_fields replicates_fields(const struct table *layout);
/* Replicates from `replicate` on, one a row from `row` on. */
void replicates_put(struct table *t, int64_t row, enum replicate_fields fields, int point,
                    int64_t replicate, const struct answer *a, const struct result *r, int64_t n);
/* The same of REPLICATES_DESCRIBED. */
void replicates_put_described(struct table *t, int64_t row, int point, int64_t replicate,
                              struct described d, int64_t n);
bool replicates_are_known(const struct table *t); /* false: a reason is none of this program's */
/* Not of reduced ones. */
void replicates_take(const struct table *t, int64_t row, enum replicate_fields fields,
                     struct result *r);

#endif
