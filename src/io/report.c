/* report.c - see report.h.  SPDX-License-Identifier: MIT */
#include "io/report.h"

#include "io/report_document.h"

void report_write(struct buffer *out, const struct study *s, enum report_format format)
{
    struct document d = {0};
    switch (format) {
    case REPORT_CSV: report_csv(out, s); return;
    case REPORT_JSON: report_json(out, s); return;
    case REPORT_TEXT:
    case REPORT_MARKDOWN:
    case REPORT_HTML: break;
    }
    document_make(&d, s);
    if (format == REPORT_TEXT)
        report_text(out, &d);
    else if (format == REPORT_MARKDOWN)
        report_markdown(out, &d);
    else
        report_html(out, &d, s);
    document_free(&d);
}
