/* report.h - what a result file says, for people and for programs.  SPDX-License-Identifier: MIT */
#ifndef IO_REPORT_H
#define IO_REPORT_H

#include "base/text.h"
#include "engine/study.h"

enum report_format { REPORT_TEXT, REPORT_CSV, REPORT_JSON, REPORT_MARKDOWN, REPORT_HTML };

void report_write(struct buffer *out, const struct study *s, enum report_format format);
/* Every pair of analyses, at every point: the table /agreement. Not as JSON, where the report holds
 * it already. */
void report_write_agreement(struct buffer *out, const struct study *s, enum report_format format);

/* The published figures of n studies alone, each with its verdict. No HTML. */
void report_published(struct buffer *out, const struct study *s, int n, enum report_format format);
/* "fits: 38 of 40 facts …" */
const char *published_verdict(struct arena *memory, const struct study *s);
bool published_fits(const struct study *s);

#endif
