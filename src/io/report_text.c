/* report_text.c - reports as plain text and as Markdown.  SPDX-License-Identifier: MIT */
#include "io/report_document.h"

#include <string.h>

/* Columns a text takes on a terminal: UTF-8 characters, not bytes. */
static int width(const char *text)
{
    int n = 0;
    for (const char *p = text; *p; p++) n += ((unsigned char)*p & 0xC0) != 0x80;
    return n;
}

static const char *cell(const struct grid *g, int row, int column)
{
    return row < 0 ? g->head[column] : g->cell[row * g->n_columns + column];
}

static int column_width(const struct grid *g, int column)
{
    int most = 0;
    for (int r = -1; r < g->n_rows; r++) {
        const int n = width(cell(g, r, column));
        if (n > most) most = n;
    }
    return most;
}

static void put_padded(struct buffer *out, const char *text, int columns, bool left)
{
    const int own = width(text), pad = columns > own ? columns - own : 0;
    if (left)
        buffer_printf(out, "%s%*s", text, pad, "");
    else
        buffer_printf(out, "%*s%s", pad, "", text);
}

static void put_grid(struct buffer *out, const struct grid *g)
{
    if (*g->title) buffer_printf(out, "%s\n", g->title);
    for (int r = -1; r < g->n_rows; r++) {
        for (int c = 0; c < g->n_columns; c++) {
            const bool last = c == g->n_columns - 1, left = grid_is_text(g, c);
            put_padded(out, cell(g, r, c), left && last ? 0 : column_width(g, c), left);
            buffer_puts(out, last ? "\n" : "  ");
        }
    }
    buffer_puts(out, "\n");
}

void report_text(struct buffer *out, const struct document *d)
{
    int most = 0;
    for (int i = 0; i < d->n_notes; i++)
        if (width(d->note[i].term) > most) most = width(d->note[i].term);
    buffer_printf(out, "%s: %s\n\n", d->title, d->summary);
    for (int i = 0; i < d->n_grids; i++) put_grid(out, &d->grid[i]);
    for (int i = 0; i < d->n_notes; i++) {
        put_padded(out, d->note[i].term, most, true);
        buffer_printf(out, "  %s\n", d->note[i].text);
    }
}

static void put_markdown(struct buffer *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (strchr("|\\`*_<>[]#", *p) != NULL) buffer_puts(out, "\\");
        buffer_add(out, *p == '\n' ? " " : p, 1);
    }
}

static void put_markdown_grid(struct buffer *out, const struct grid *g)
{
    if (*g->title) {
        buffer_puts(out, "## ");
        put_markdown(out, g->title);
        buffer_puts(out, "\n\n");
    }
    for (int r = -1; r < g->n_rows; r++) {
        for (int c = 0; c < g->n_columns; c++) {
            buffer_puts(out, c == 0 ? "| " : " | ");
            put_markdown(out, cell(g, r, c));
        }
        buffer_puts(out, " |\n");
        for (int c = 0; r < 0 && c < g->n_columns; c++)
            buffer_puts(out, grid_is_text(g, c) ? "|---" : "|---:");
        if (r < 0) buffer_puts(out, "|\n");
    }
    buffer_puts(out, "\n");
}

void report_markdown(struct buffer *out, const struct document *d)
{
    buffer_puts(out, "# ");
    put_markdown(out, d->title);
    buffer_printf(out, "\n\n%s\n\n", d->summary);
    for (int i = 0; i < d->n_grids; i++) put_markdown_grid(out, &d->grid[i]);
    for (int i = 0; i < d->n_notes; i++) {
        buffer_puts(out, "- **");
        put_markdown(out, d->note[i].term);
        buffer_puts(out, "**: ");
        put_markdown(out, d->note[i].text);
        buffer_puts(out, "\n");
    }
}
