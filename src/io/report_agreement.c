/* report_agreement.c - how far analyses agree, for people.  SPDX-License-Identifier: MIT */
#include "io/report_document.h"

#include <math.h>

/* A row a pair: by power, or by `reject` where one of the two has no direction, hence no power. */
static bool is_shown(const struct study *s, int64_t i, int point, bool every_pair)
{
    const struct agreement *g = &s->agreement[i];
    const struct agreement *before = i > 0 ? g - 1 : NULL;
    if (g->point != point || (!every_pair && g->a != s->agreement[0].a)) return false;
    return before == NULL || before->point != point || before->a != g->a || before->b != g->b;
}

static const char *shown_share(struct document *d, double share, int64_t n)
{
    return rounded(&d->memory, share, sqrt(share * (1 - share) / (double)n));
}

static void add_pair(struct grid *grid, struct document *d, const struct study *s,
                     const struct agreement *g)
{
    const char *const text[] = {
        s->answer[g->a].name,
        s->answer[g->b].name,
        g->measure,
        shown_share(d, g->both, g->n),
        shown_share(d, g->only_a, g->n),
        shown_share(d, g->only_b, g->n),
        rounded(&d->memory, g->difference, g->mcse),
    };
    grid_add(grid, d, text, 7);
}

static const char *title(struct document *d, const struct study *s, int point)
{
    if (s->n_points == 1) return "Agreement of analyses";
    const char *text = arena_printf(&d->memory, "Agreement of analyses at point %d", point + 1);
    for (int k = 0; k < s->n_paths; k++)
        text = arena_printf(&d->memory, "%s%s%s %s", text, k == 0 ? ": " : ", ",
                            document_short_path(s, k), s->setting[point * s->n_paths + k]);
    return text;
}

void agreement_grids(struct document *d, const struct study *s, bool every_pair)
{
    static const char *head[] = {"A", "B", "measure", "both", "only A", "only B", "A - B"};
    for (int p = 0; p < s->n_points; p++) {
        int n_rows = 0;
        for (int64_t i = 0; i < s->n_agreements; i++) n_rows += is_shown(s, i, p, every_pair);
        if (n_rows == 0) continue;
        struct grid *grid = &d->grid[d->n_grids++];
        *grid = (struct grid){.title = title(d, s, p), .n_left = 3, .n_columns = 7, .head = head};
        grid_reserve(grid, d, n_rows);
        for (int64_t i = 0; i < s->n_agreements; i++)
            if (is_shown(s, i, p, every_pair)) add_pair(grid, d, s, &s->agreement[i]);
    }
}

void agreement_notes(struct document *d)
{
    document_note(d, "both, only A, only B",
                  "share of the same trials in which both analyses, or one of them, count for the "
                  "measure: power, or reject where one of the two tests has no direction");
    document_note(d, "A - B",
                  "difference of the measure, with the error that pairs of trials leave to it");
}

void document_make_agreement(struct document *d, const struct study *s)
{
    document_begin(d, s);
    d->grid = arena_alloc(&d->memory, (size_t)s->n_points, sizeof *d->grid);
    d->note = arena_alloc(&d->memory, AGREEMENT_NOTES + 1, sizeof *d->note);
    agreement_grids(d, s, true);
    agreement_notes(d);
    document_note(d, "±", "Monte Carlo standard error");
}
