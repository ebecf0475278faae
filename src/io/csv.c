/* csv.c - see csv.h.  SPDX-License-Identifier: MIT */
#include "io/csv.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ends a field. */
enum stop { STOP_COMMA, STOP_LINE, STOP_FILE, STOP_MISTAKE };

/* Fields are cut out in place: a NUL replaces what ends them. */
struct cursor {
    char *next, *end; /* *end is NUL */
    int line;         /* of next */
    const char *source;
    struct errors *errors;
};

static enum status refuse(const struct cursor *c, int line, const char *why)
{
    return error_add(c->errors, STATUS_IO, "%s:%d: %s", c->source, line, why);
}

/* Takes in what ends the field at c->next, and puts a NUL at `end_of_text`. */
static enum stop end_field(struct cursor *c, char *end_of_text, bool was_quoted)
{
    char *p = c->next;
    const char ended_by = *p;
    if (*p == '\r' && p + 1 < c->end && p[1] == '\n') p++;
    if (p == c->end) {
        *end_of_text = '\0';
        return STOP_FILE;
    }
    if (ended_by == ',' || *p == '\n') {
        c->next = p + 1;
        c->line += *p == '\n';
        *end_of_text = '\0';
        return ended_by == ',' ? STOP_COMMA : STOP_LINE;
    }
    if (ended_by == '\r')
        (void)refuse(c, c->line, "a carriage return that does not end a line");
    else if (was_quoted)
        (void)refuse(c, c->line, "text behind the closing quote of a field");
    else
        (void)refuse(c, c->line, "a quote inside a field that does not begin with one");
    return STOP_MISTAKE;
}

static enum stop quoted_field(struct cursor *c, const char **text)
{
    const int opened = c->line;
    char *from = c->next + 1, *to = from;
    *text = from;
    for (;; from++) {
        if (from == c->end) {
            (void)refuse(c, opened, "a quote that is not closed");
            return STOP_MISTAKE;
        }
        if (*from == '"' && *++from != '"') break;
        c->line += *from == '\n';
        *to++ = *from;
    }
    c->next = from;
    return end_field(c, to, true);
}

static enum stop read_field(struct cursor *c, const char **text)
{
    if (*c->next == '"') return quoted_field(c, text);
    char *p = c->next;
    *text = p;
    while (*p != ',' && *p != '\n' && *p != '\r' && *p != '"' && *p != '\0') p++;
    c->next = p;
    return end_field(c, p, false);
}

/* --- header -------------------------------------------------------------------------------------
 */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status check_names(const struct cursor *c, const struct text_table *t)
{
    for (int k = 0; k < t->n_columns; k++)
        if (t->name[k][0] == '\0')
            return error_add(c->errors, STATUS_IO, "%s:1: column %d has no name", c->source, k + 1);
    if (t->n_columns == 1 && strpbrk(t->name[0], ";\t") != NULL)
        return refuse(c, 1, "the columns are separated by semicolons or tabs; commas are expected");
    const char **sorted = xcalloc((size_t)t->n_columns, sizeof *sorted);
    memcpy(sorted, t->name, (size_t)t->n_columns * sizeof *sorted);
    qsort(sorted, (size_t)t->n_columns, sizeof *sorted, compare_texts);
    enum status status = STATUS_OK;
    for (int k = 1; k < t->n_columns && status == STATUS_OK; k++)
        if (strcmp(sorted[k - 1], sorted[k]) == 0)
            status = error_add(c->errors, STATUS_IO, "%s:1: two columns have the name '%s'",
                               c->source, sorted[k]);
    free(sorted);
    return status;
}

static enum status read_header(struct cursor *c, struct text_table *t)
{
    int room = 0;
    for (enum stop stop = STOP_COMMA; stop == STOP_COMMA;) {
        if (t->n_columns == room) {
            room = room > 0 ? 2 * room : 16;
            t->name = xrealloc(t->name, (size_t)room, sizeof *t->name);
        }
        stop = read_field(c, &t->name[t->n_columns++]);
        if (stop == STOP_MISTAKE) return STATUS_IO;
    }
    return check_names(c, t);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static bool is_missing(const char *text)
{
    return text[0] == '\0' || (text[0] == '.' && text[1] == '\0') || strcmp(text, "NA") == 0 ||
           strcmp(text, "NaN") == 0;
}

/* Every row has a separator or an end for each of its fields: the text's length bounds the cells.
 */
static size_t rows_at_most(const struct cursor *c, int n_columns)
{
    size_t separators = 1;
    for (const char *p = c->next; p < c->end; p++) separators += *p == ',' || *p == '\n';
    return separators / (size_t)n_columns;
}

static bool only_empty_lines(const struct cursor *c)
{
    return c->next + strspn(c->next, "\r\n") == c->end;
}

/* Reads the row at c->next, which begins on `line`, into t's cells at `row`. */
static enum status read_row(struct cursor *c, struct text_table *t, size_t row, int line)
{
    int n = 0;
    for (enum stop stop = STOP_COMMA; stop == STOP_COMMA; n++) {
        const char *text;
        stop = read_field(c, &text);
        if (stop == STOP_MISTAKE) return STATUS_IO;
        if (n < t->n_columns && row < INT_MAX) t->cell[n][row] = is_missing(text) ? NULL : text;
    }
    if (n != t->n_columns)
        return error_add(c->errors, STATUS_IO, "%s:%d: %d field%s, but the header has %d",
                         c->source, line, n, n == 1 ? "" : "s", t->n_columns);
    if (row == INT_MAX) return refuse(c, line, "too many rows");
    t->line[row] = line;
    t->n++;
    return STATUS_OK;
}

static enum status read_rows(struct cursor *c, struct text_table *t)
{
    const size_t columns = (size_t)t->n_columns, most = rows_at_most(c, t->n_columns);
    const size_t room = most + 1; /* the first ragged row is read before it is refused */
    const char **cells = xcalloc(columns * room, sizeof *cells);
    t->cell = xcalloc(columns, sizeof *t->cell);
    for (size_t k = 0; k < columns; k++) t->cell[k] = cells + k * room;
    t->line = xcalloc(room, sizeof *t->line);
    for (size_t row = 0; c->next < c->end; row++) {
        const bool empty = *c->next == '\n' || *c->next == '\r';
        if (empty && columns > 1 && only_empty_lines(c)) break;
        const enum status status = read_row(c, t, row, c->line);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* --- files --------------------------------------------------------------------------------------
 */

static enum status check_bytes(const struct cursor *c, size_t length)
{
    const char *nul = memchr(c->next, '\0', length);
    if (length >= 2 && (memcmp(c->next, "\xff\xfe", 2) == 0 || memcmp(c->next, "\xfe\xff", 2) == 0))
        return refuse(c, 1, "the text is UTF-16; UTF-8 is expected");
    if (nul == NULL) return STATUS_OK;
    int line = 1;
    for (const char *p = c->next; p < nul; p++) line += *p == '\n';
    return refuse(c, line, "a NUL byte: this is not a text file");
}

enum status csv_parse(char *bytes, size_t length, const char *source, struct text_table *t,
                      struct errors *e)
{
    *t = (struct text_table){.source = source, .bytes = bytes};
    struct cursor c = {bytes, bytes + length, 1, source, e};
    enum status status = check_bytes(&c, length);
    if (status != STATUS_OK) return status;
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) c.next += 3;
    if (c.next == c.end)
        return error_add(e, STATUS_IO, "%s: the file is empty; a row of column names is expected",
                         source);
    status = read_header(&c, t);
    return status == STATUS_OK ? read_rows(&c, t) : status;
}

enum status csv_read(const char *path, struct text_table *t, struct errors *e)
{
    const bool standard = strcmp(path, "-") == 0;
    const char *source = standard ? "standard input" : path;
    *t = (struct text_table){0};
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (file == NULL) return error_add(e, STATUS_IO, "%s: %s", source, strerror(errno));
    struct buffer text = {0};
    char chunk[1 << 16];
    buffer_puts(&text, "");
    errno = 0;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) buffer_add(&text, chunk, n);
    enum status status = STATUS_OK;
    if (ferror(file)) status = error_add(e, STATUS_IO, "%s: %s", source, strerror(errno));
    if (!standard) (void)fclose(file);
    if (status == STATUS_OK) return csv_parse(text.text, text.length, source, t, e);
    buffer_free(&text);
    return status;
}

void csv_write_field(struct buffer *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buffer_puts(out, text);
        return;
    }
    buffer_puts(out, "\"");
    for (; *text; text++) buffer_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    buffer_puts(out, "\"");
}
