/* report_values.c - see report_values.h.  SPDX-License-Identifier: MIT */
#include "io/report_values.h"

#include <math.h>
#include <string.h>

/* RFC 4180: quoted where a comma, a quote or a line break stands in it, quotes doubled. */
void csv_text(struct buffer *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buffer_puts(out, text);
        return;
    }
    buffer_puts(out, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"') buffer_puts(out, "\"");
        buffer_add(out, p, 1);
    }
    buffer_puts(out, "\"");
}

void csv_number(struct buffer *out, double x)
{
    if (!isnan(x)) buffer_puts(out, number_shortest(x).text);
}

void json_text(struct buffer *out, const char *text)
{
    if (text == NULL) {
        buffer_puts(out, "null");
        return;
    }
    buffer_puts(out, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\') buffer_puts(out, "\\");
        if ((unsigned char)*p < 0x20)
            buffer_printf(out, "\\u%04x", (unsigned)*p);
        else
            buffer_add(out, p, 1);
    }
    buffer_puts(out, "\"");
}

/* JSON has neither NaN nor infinities. */
void json_number(struct buffer *out, double x)
{
    buffer_puts(out, isfinite(x) ? number_shortest(x).text : "null");
}

void json_text_member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "\"%s\": ", name);
    json_text(out, text);
    buffer_puts(out, ", ");
}

void json_number_member(struct buffer *out, const char *name, double x)
{
    buffer_printf(out, "\"%s\": ", name);
    json_number(out, x);
    buffer_puts(out, ", ");
}
