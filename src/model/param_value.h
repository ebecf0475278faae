/* param_value.h - one value of a parameter table, shared by the files that implement param.h.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_PARAM_VALUE_H
#define MODEL_PARAM_VALUE_H

#include "model/param.h"

/* Stores the value of a row at `field`, or reports why not. */
void param_read_value(struct reader *r, const struct param *row, const struct node *n, void *field);

/* The words of "first|second|…". */
struct words {
    int n;
    const char **word;
};
struct words param_choices(const char *choices, struct arena *memory);
const char *words_joined(const struct words *w, const char *between, struct arena *memory);

/* The limits of numbers, as param.h defines them. */
struct range {
    double min, max;
    int flags;
};
bool range_is_unlimited(const struct range *g);
/* " from 0 to 1", " greater than 0", "" when unlimited. */
const char *range_text(const struct range *g, struct arena *memory);

#endif
