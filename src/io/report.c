/* report.c - see report.h.  SPDX-License-Identifier: MIT */
#include "io/report.h"

#include "io/report_document.h"

#include <assert.h>

static void write_document(struct buffer *out, const struct document *d, const struct study *s,
                           enum report_format format)
{
    if (format == REPORT_TEXT)
        report_text(out, d);
    else if (format == REPORT_MARKDOWN)
        report_markdown(out, d);
    else
        report_html(out, d, s);
}

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
    write_document(out, &d, s, format);
    document_free(&d);
}

void report_write_agreement(struct buffer *out, const struct study *s, enum report_format format)
{
    struct document d = {0};
    assert(format != REPORT_JSON);
    if (format == REPORT_CSV) {
        report_agreement_csv(out, s);
        return;
    }
    document_make_agreement(&d, s);
    write_document(out, &d, s, format);
    document_free(&d);
}
