/* report_document.h - what a report says to people, before it is laid out.
 * SPDX-License-Identifier: MIT */
#ifndef IO_REPORT_DOCUMENT_H
#define IO_REPORT_DOCUMENT_H

#include "base/text.h"
#include "engine/study.h"

struct grid {
    const char *title; /* "" for none */
    int n_left;        /* leading columns of text, aligned left; the others are numbers … */
    bool last_is_text; /* … but for the last */
    int n_columns, n_rows;
    const char **head; /* [n_columns] */
    const char **cell; /* [n_rows][n_columns] */
};

static inline bool grid_is_text(const struct grid *g, int column)
{
    return column < g->n_left || (g->last_is_text && column == g->n_columns - 1);
}

struct note {
    const char *term, *text;
};

struct document {
    const char *title, *summary;
    int n_grids, n_notes;
    struct grid *grid;
    struct note *note; /* what columns mean, and what to bear in mind */
    struct arena memory;
};
void document_make(struct document *d, const struct study *s);
void document_make_agreement(struct document *d, const struct study *s); /* every pair alone */
void document_free(struct document *d);

/* Parts of it: title and summary; a grid whose head is there, and its rows; a note. */
void document_begin(struct document *d, const struct study *s);
void grid_reserve(struct grid *g, struct document *d, int n_rows);
void grid_add(struct grid *g, struct document *d, const char *const *text, int n);
const char *document_short_path(const struct study *s, int path); /* where that is clear */
void document_note(struct document *d, const char *term, const char *text);

/* How far analyses agree, a grid a point (d->grid has room for them): every pair, or the first
 * analysis with each of the others. */
void agreement_grids(struct document *d, const struct study *s, bool every_pair);
void agreement_notes(struct document *d);
enum { AGREEMENT_NOTES = 2 };

/* The table of published figures; what its columns mean, other readings, its verdict. */
enum { PUBLISHED_NOTES = 9 };
void document_add_published(struct document *d, const struct study *s);
void document_note_published(struct document *d, const struct study *s);

/* "0.459 ± 0.005": both to the first digit of the error (two when that is a 1). "-" for NaN. */
const char *rounded(struct arena *memory, double value, double error);

void report_csv(struct buffer *out, const struct study *s);
void report_agreement_csv(struct buffer *out, const struct study *s);
void report_json(struct buffer *out, const struct study *s);
void json_published(struct buffer *out, const struct study *s); /* "published": …, "verdict": … */
void report_text(struct buffer *out, const struct document *d);
void report_markdown(struct buffer *out, const struct document *d);
void report_html(struct buffer *out, const struct document *d, const struct study *s);

#endif
