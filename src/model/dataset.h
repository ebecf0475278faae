/* dataset.h - patients as columns: what analyses read, from a simulation or from a file.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_DATASET_H
#define MODEL_DATASET_H

enum column_kind { COLUMN_NUMBER, COLUMN_CATEGORY };

struct column {
    const char *name;
    enum column_kind kind;
    int n_levels;              /* category: values are 0 … n_levels-1, levels in byte order */
    const char *const *levels; /* [n_levels] */
};

/* The names and kinds of columns, known before any patient is. */
struct schema {
    int n;
    struct column *column; /* [n] */
};
int schema_find(const struct schema *s, const char *name); /* -1 when absent */

enum { ARMS_MAX = 100 };

/* One trial's patients. Missing values are NaN. Borrowed by whoever analyses it. */
struct dataset {
    const struct schema *schema;
    int n;                      /* patients */
    int n_arms;                 /* 0: a study without arms */
    const unsigned char *arm;   /* [n] index of the arm, n_arms where missing; NULL without arms */
    const double *const *value; /* [schema->n][n] */
};

#endif
