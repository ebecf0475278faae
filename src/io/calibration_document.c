/* calibration_document.c - see calibration_document.h.  SPDX-License-Identifier: MIT */
#include "io/calibration_document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *number(struct document *d, double x)
{
    return isnan(x) ? "-" : arena_printf(&d->memory, "%.4g", x);
}

static const char *fixed(struct document *d, double x)
{
    return arena_printf(&d->memory, "%.2f", x);
}

/* --- tables ----------------------------------------------------------------------------------- */

/* As the paper has it, final zeros too. */
static const char *printed(struct document *d, const struct target *t)
{
    const int decimals = t->printed.decimals;
    return arena_printf(&d->memory, "%.*f", decimals > 0 ? decimals : 0, t->printed.value);
}

static struct grid grid_new(struct document *d, const char *const *head, int n_columns, int n_rows)
{
    struct grid g = {.title = "", .n_left = 1, .n_columns = n_columns, .n_rows = n_rows};
    const size_t columns = (size_t)n_columns;
    g.head = arena_alloc(&d->memory, columns, sizeof *g.head);
    g.cell = arena_alloc(&d->memory, columns * (size_t)n_rows, sizeof *g.cell);
    memcpy(g.head, head, columns * sizeof *head);
    return g;
}

static struct grid target_grid(struct document *d, const struct targets *t,
                               const struct calibration *c)
{
    static const char *const head[] = {"target", "printed", "start", "z", "fitted", "z"};
    struct grid g = grid_new(d, head, 6, t->n + 1);
    for (int i = 0; i < t->n; i++) {
        const struct target_fit *f = &c->target[i];
        const char **cell = g.cell + (ptrdiff_t)6 * i;
        cell[0] = t->item[i].name;
        cell[1] = printed(d, &t->item[i]);
        cell[2] = number(d, f->start);
        cell[3] = fixed(d, f->start_z);
        cell[4] = number(d, f->fitted);
        cell[5] = fixed(d, f->fitted_z);
    }
    const char **last = g.cell + (ptrdiff_t)6 * t->n;
    last[0] = "sum of z squared";
    last[1] = last[2] = last[4] = "";
    last[3] = fixed(d, c->start_chi_squared);
    last[5] = fixed(d, c->chi_squared);
    return g;
}

static const char *range_fitting(struct document *d, const struct parameter_fit *p)
{
    return arena_printf(&d->memory, "%s%.3g to %.3g%s", p->fits_to_bound[0] ? "[" : "", p->fits[0],
                        p->fits[1], p->fits_to_bound[1] ? "]" : "");
}

static struct grid parameter_grid(struct document *d, const struct targets *t,
                                  const struct calibration *c)
{
    static const char *const head[] = {"parameter", "range", "start",
                                       "fitted",    "se",    "range that fits"};
    const int n = t->spec.free.n;
    struct grid g = grid_new(d, head, 6, n);
    for (int j = 0; j < n; j++) {
        const struct free_parameter *p = &t->spec.free.item[j];
        const struct parameter_fit *f = &c->parameter[j];
        const char **cell = g.cell + (ptrdiff_t)6 * j;
        const struct number_text low = number_shortest(p->low), high = number_shortest(p->high);
        cell[0] = p->path;
        cell[1] = arena_printf(&d->memory, "%s to %s", low.text, high.text);
        cell[2] = t->text[j];
        cell[3] = f->text;
        cell[4] = isnan(f->se) ? "-" : arena_printf(&d->memory, "%.2g", f->se);
        cell[5] = range_fitting(d, f);
    }
    return g;
}

/* --- statements ------------------------------------------------------------------------------- */

static void say(struct document *d, const char *term, const char *text)
{
    d->note[d->n_notes++] = (struct note){term, text};
}

static const char *opponents(struct document *d, const struct targets *t,
                             const struct target_fit *f)
{
    const char *text = "";
    for (int o = 0; o < f->n_opponents; o++)
        text = arena_printf(&d->memory, "%s%s'%s' (printed %s)", text, o > 0 ? ", " : "",
                            t->item[f->opponent[o]].name, printed(d, &t->item[f->opponent[o]]));
    return text;
}

static void say_target(struct document *d, const struct targets *t, const struct calibration *c,
                       int i)
{
    const struct target_fit *f = &c->target[i];
    const char *head =
        arena_printf(&d->memory, "printed %s, fitted %.4g (z %.1f): ", printed(d, &t->item[i]),
                     f->fitted, f->fitted_z);
    const char *text = "";
    switch (f->verdict) {
    case TARGET_FITS: return;
    case TARGET_UNMOVED: text = "no free parameter moves it"; break;
    case TARGET_UNREACHABLE:
        text = arena_printf(&d->memory,
                            "not reached anywhere in the ranges given; the closest is %.4g",
                            f->closest);
        break;
    case TARGET_CONTRADICTED:
        text =
            f->n_opponents == 0
                ? "not met together with the others"
                : arena_printf(&d->memory, "contradicts %s: no values in the ranges meet them all",
                               opponents(d, t, f));
        break;
    }
    say(d, t->item[i].name, arena_printf(&d->memory, "%s%s", head, text));
}

static void say_parameter(struct document *d, const struct targets *t, const struct calibration *c,
                          int j)
{
    static const char *const side[] = {"lower", "upper"};
    const struct parameter_fit *p = &c->parameter[j];
    const char *path = t->spec.free.item[j].path;
    if (p->verdict == PARAMETER_AT_LOW || p->verdict == PARAMETER_AT_HIGH) {
        say(d, path,
            arena_printf(&d->memory, "at the %s end of its range, %s: the targets pull it further",
                         side[p->verdict == PARAMETER_AT_HIGH], p->text));
        return;
    }
    if (p->verdict == PARAMETER_OPEN) {
        say(d, path,
            "not identified: every value of its range fits the targets as well, the other "
            "parameters following");
        return;
    }
    for (int s = 0; s < 2; s++)
        if (p->fits_to_bound[s])
            say(d, path,
                arena_printf(&d->memory, "the targets set no %s limit within its range", side[s]));
}

static void say_loose(struct document *d, const struct targets *t, const struct calibration *c,
                      int v)
{
    const struct loose_direction *l = &c->loose[v];
    const char *text = "";
    for (int j = 0; j < l->n; j++)
        text = arena_printf(&d->memory, "%s%s%s %s", text, j == 0 ? "" : ", ",
                            t->spec.free.item[l->parameter[j]].path, l->rises[j] ? "up" : "down");
    say(d, "not identified apart",
        arena_printf(&d->memory, "%s: together these change no target enough to tell; fix one",
                     text));
}

static void say_verdict(struct document *d, const struct targets *t, const struct calibration *c)
{
    int met = 0, pinned = 0;
    const int n = t->spec.free.n;
    for (int i = 0; i < t->n; i++) met += c->target[i].verdict == TARGET_FITS;
    for (int j = 0; j < n; j++) pinned += c->parameter[j].verdict == PARAMETER_FITTED;
    if (c->unfinished > 0)
        say(d, "not finished",
            arena_printf(&d->memory,
                         "the search stopped where the sum of z squared should still fall by %.2g",
                         c->unfinished));
    say(d, "verdict",
        arena_printf(&d->memory,
                     "%d of %d targets met, %d of %d parameters identified within "
                     "their ranges%s",
                     met, t->n, pinned, n, calibration_is_good(t, c) ? "" : ": look above"));
}

void calibration_document(struct document *d, const char *path, const struct targets *t,
                          const struct calibration *c)
{
    const int n = t->spec.free.n;
    *d = (struct document){.title = path, .n_grids = 2};
    d->summary =
        arena_printf(&d->memory,
                     "%d free parameter%s, %d target%s, %d simulated trials at each of "
                     "%d settings",
                     n, n > 1 ? "s" : "", t->n, t->n > 1 ? "s" : "", t->trials, c->evaluations);
    d->grid = arena_alloc(&d->memory, 2, sizeof *d->grid);
    d->note = arena_alloc(&d->memory, (size_t)(t->n + 3 * n + 2), sizeof *d->note);
    d->grid[0] = target_grid(d, t, c);
    d->grid[1] = parameter_grid(d, t, c);
    for (int i = 0; i < t->n; i++) say_target(d, t, c, i);
    for (int j = 0; j < n; j++) say_parameter(d, t, c, j);
    for (int v = 0; v < c->n_loose; v++) say_loose(d, t, c, v);
    say_verdict(d, t, c);
}
