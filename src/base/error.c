/* error.c - see error.h.  SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 200 }; /* messages of one file; more would only scroll */

static void append(struct errors *e, enum status status, char *text)
{
    if (e->n == 0) e->status = status;
    for (char *c = text; *c; c++) /* names in it may hold anything: a message is one line */
        if ((unsigned char)*c < ' ') *c = ' ';
    if (e->n >= ENOUGH) return;
    for (int i = 0; i < e->n; i++) /* the same mistake reached twice is one mistake */
        if (strcmp(e->text[i], text) == 0) return;
    if (e->n == e->capacity) {
        e->capacity = e->capacity ? 2 * e->capacity : 8;
        e->text = xrealloc(e->text, (size_t)e->capacity, sizeof *e->text);
    }
    e->text[e->n++] = text;
}

static char *format_text(struct errors *e, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = arena_alloc(&e->memory, (size_t)n + 1, 1);
    (void)vsnprintf(text, (size_t)n + 1, format, ap);
    return text;
}

enum status error_at(struct errors *e, struct place at, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const char *text = format_text(e, format, ap);
    va_end(ap);
    if (at.file == NULL)
        append(e, STATUS_USAGE, arena_text(&e->memory, text));
    else if (at.line == 0)
        append(e, STATUS_USAGE, arena_printf(&e->memory, "%s: %s", at.file, text));
    else
        append(e, STATUS_USAGE,
               arena_printf(&e->memory, "%s:%d:%d: %s", at.file, at.line, at.column, text));
    return STATUS_USAGE;
}

enum status error_add(struct errors *e, enum status status, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    append(e, status, format_text(e, format, ap));
    va_end(ap);
    return status;
}

void errors_print(const struct errors *e)
{
    for (int i = 0; i < e->n; i++) (void)fprintf(stderr, "shocksim: %s\n", e->text[i]);
    if (e->n == ENOUGH) (void)fprintf(stderr, "shocksim: (more mistakes are not shown)\n");
}

void errors_free(struct errors *e)
{
    free(e->text);
    arena_free(&e->memory);
    *e = (struct errors){0};
}
