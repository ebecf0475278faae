/* analysis_table.h - the answers of `shocksim analyze`, for programs and for people.
 * SPDX-License-Identifier: MIT */
#ifndef IO_ANALYSIS_TABLE_H
#define IO_ANALYSIS_TABLE_H

#include "base/text.h"
#include "engine/data_plan.h"

enum analysis_format { ANALYSIS_CSV, ANALYSIS_TEXT, ANALYSIS_JSON };

/* One row an output, result[plan->n_answers]. CSV has the columns analysis, method, estimate, se,
 * ci_low, ci_high, statistic, p_value, n, events, undefined, note: numbers in the shortest form
 * that reads back exactly, nothing where there is none; JSON the same as objects, and what is
 * missing. */
void analysis_table_write(struct buffer *out, const struct data_plan *plan,
                          const struct result *result, enum analysis_format format);

/* A p-value as journals print it: "<0.001", "0.004", "0.048", "0.37", ">0.99"; "-" for NaN. */
const char *p_value_shown(double p, struct arena *memory);

#endif
