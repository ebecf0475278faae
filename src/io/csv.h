/* csv.h - reading of data files: comma-separated values as RFC 4180 defines them.
 * SPDX-License-Identifier: MIT
 *
 * The first row names the columns. Fields may stand in double quotes, and then hold commas, line
 * breaks and doubled quotes. Lines end in LF or CRLF; a byte order mark is passed over; empty lines
 * at the end count for nothing (in a file of one column, an empty line is a missing value). A field
 * that is empty or says NA, NaN or a single point is missing. */
#ifndef IO_CSV_H
#define IO_CSV_H

#include "base/error.h"
#include "model/text_table.h"

/* Reads a file, "-" being standard input. Files that cannot be read and text that is no table give
 * STATUS_IO and one message with file:line. The caller frees t whatever the outcome. */
enum status csv_read(const char *path, struct text_table *t, struct errors *e);

/* The same of `length` bytes, which the table takes over: from malloc, with a NUL behind them. */
enum status csv_parse(char *bytes, size_t length, const char *source, struct text_table *t,
                      struct errors *e);

/* Writes one field, in quotes where it needs them. */
struct buffer;
void csv_write_field(struct buffer *out, const char *text);

#endif
