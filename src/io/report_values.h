/* report_values.h - texts and numbers as CSV and JSON write them.  SPDX-License-Identifier: MIT */
#ifndef IO_REPORT_VALUES_H
#define IO_REPORT_VALUES_H

#include "base/text.h"

void csv_text(struct buffer *out, const char *text);
void csv_number(struct buffer *out, double x); /* nothing for NaN */

void json_text(struct buffer *out, const char *text);                          /* or null */
void json_number(struct buffer *out, double x);                                /* or null */
void json_text_member(struct buffer *out, const char *name, const char *text); /* "name": …, */
void json_number_member(struct buffer *out, const char *name, double x);

#endif
