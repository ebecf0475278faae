/* data_reading.h - the two kinds of plan for data, shared by the files that implement data_plan.h.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_DATA_READING_H
#define ENGINE_DATA_READING_H

#include "engine/data_plan.h"

struct reader;

/* Each fills schema, sources, values, endpoints, arms and bound analyses of a plan that has its
 * table, and reports every mistake. */
void data_read_columns(struct reader *r, const struct node *root, struct data_plan *plan);
void data_read_scenario(struct reader *r, const struct node *root, const struct setting *settings,
                        int n_settings, struct data_plan *plan);

/* Adds "…: FILE has no column 'x'; did you mean 'y'?". what: with what it begins. */
void data_no_column(struct reader *r, struct place at, const char *what, const struct text_table *t,
                    const char *name);
/* Adds "…: line 3 of FILE has 'x' in column 'y', where … is expected". */
void data_bad_cell(struct reader *r, struct place at, const char *what, const struct text_table *t,
                   int column, int row, const char *expected);

#endif
