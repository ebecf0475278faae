/* report_html.c - reports as one self-contained page.  SPDX-License-Identifier: MIT */
#include "io/report_document.h"

#include <math.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<style>\n"
    "body { font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }\n"
    "table { border-collapse: collapse; margin: 1em 0; }\n"
    "caption { text-align: left; font-weight: bold; padding: 0.3em 0; }\n"
    "th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #ccc; text-align: right; }\n"
    ".text { text-align: left; }\n"
    "dt { font-weight: bold; }\n"
    "</style>\n";

static const char *const colour[] = {"#0072b2", "#d55e00", "#009e73",
                                     "#cc79a7", "#e69f00", "#56b4e9"};

enum { N_COLOURS = sizeof colour / sizeof colour[0] };

static void put(struct buffer *out, const char *text)
{
    for (const char *p = text; *p; p++) switch (*p) {
        case '&': buffer_puts(out, "&amp;"); break;
        case '<': buffer_puts(out, "&lt;"); break;
        case '>': buffer_puts(out, "&gt;"); break;
        case '"': buffer_puts(out, "&quot;"); break;
        default: buffer_add(out, p, 1);
        }
}

static void put_grid(struct buffer *out, const struct grid *g)
{
    buffer_puts(out, "<table>\n");
    if (*g->title) {
        buffer_puts(out, "<caption>");
        put(out, g->title);
        buffer_puts(out, "</caption>\n");
    }
    for (int r = -1; r < g->n_rows; r++) {
        const char *tag = r < 0 ? "th" : "td";
        buffer_puts(out, "<tr>");
        for (int c = 0; c < g->n_columns; c++) {
            buffer_printf(out, "<%s%s>", tag, grid_is_text(g, c) ? " class=\"text\"" : "");
            put(out, r < 0 ? g->head[c] : g->cell[r * g->n_columns + c]);
            buffer_printf(out, "</%s>", tag);
        }
        buffer_puts(out, "</tr>\n");
    }
    buffer_puts(out, "</table>\n");
}

enum { WIDTH = 640, HEIGHT = 320, LEFT = 50, RIGHT = 20, TOP = 20, BOTTOM = 40 };

static double x_of(int point, int n_points)
{
    return LEFT + (double)(WIDTH - LEFT - RIGHT) * point / (n_points - 1);
}

static double y_of(double power)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - power);
}

static bool is_power(const struct measure *m, int answer)
{
    return m->answer == answer && m->look == 0 && strcmp(m->name, "power") == 0 && !isnan(m->value);
}

/* One analysis: its power at every point, with the Wilson intervals. */
static bool put_curve(struct buffer *out, const struct study *s, int answer, const char *stroke)
{
    bool any = false;
    for (int64_t i = 0; i < s->n_measures; i++) {
        const struct measure *m = &s->measure[i];
        if (!is_power(m, answer)) continue;
        const double x = x_of(m->point, s->n_points);
        buffer_printf(out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\"/>\n", x, y_of(m->low),
                      y_of(m->high), stroke);
        any = true;
    }
    if (!any) return false;
    buffer_printf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
                  stroke);
    for (int64_t i = 0; i < s->n_measures; i++) {
        const struct measure *m = &s->measure[i];
        if (is_power(m, answer))
            buffer_printf(out, "%.1f,%.1f ", x_of(m->point, s->n_points), y_of(m->value));
    }
    buffer_puts(out, "\"/>\n");
    return true;
}

static void put_axes(struct buffer *out, const struct study *s)
{
    const int step = (s->n_points + 19) / 20;
    for (int k = 0; k <= 5; k++) {
        const double y = y_of(k / 5.0);
        buffer_printf(out, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>", LEFT, y, WIDTH - RIGHT);
        buffer_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.1f</text>\n", LEFT - 8,
                      y + 4, k / 5.0);
    }
    for (int p = 0; p < s->n_points; p += step)
        buffer_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
                      x_of(p, s->n_points), HEIGHT - BOTTOM + 18, p + 1);
    buffer_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">point</text>\n",
                  (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
}

static void put_figure(struct buffer *out, const struct study *s)
{
    int n = 0;
    buffer_printf(out,
                  "<figure>\n<svg viewBox=\"0 0 %d %d\" width=\"%d\" font-size=\"12\" role=\"img\" "
                  "aria-label=\"Power by point\">\n",
                  WIDTH, HEIGHT, WIDTH);
    put_axes(out, s);
    for (int a = 0; a < s->n_answers; a++) {
        if (!put_curve(out, s, a, colour[a % N_COLOURS])) continue;
        buffer_printf(out, "<text x=\"%d\" y=\"%d\" fill=\"%s\">", LEFT + 10, TOP + 14 + 15 * n++,
                      colour[a % N_COLOURS]);
        put(out, s->answer[a].name);
        buffer_puts(out, "</text>\n");
    }
    buffer_puts(out, "</svg>\n<figcaption>Power by point, with 95 % intervals of the simulation"
                     "</figcaption>\n</figure>\n");
}

void report_html(struct buffer *out, const struct document *d, const struct study *s)
{
    buffer_puts(out, head);
    buffer_puts(out, "<title>");
    put(out, d->title);
    buffer_puts(out, "</title>\n</head>\n<body>\n<h1>");
    put(out, d->title);
    buffer_puts(out, "</h1>\n<p>");
    put(out, d->summary);
    buffer_puts(out, "</p>\n");
    if (s->n_points > 1) put_figure(out, s);
    for (int i = 0; i < d->n_grids; i++) put_grid(out, &d->grid[i]);
    buffer_puts(out, "<dl>\n");
    for (int i = 0; i < d->n_notes; i++) {
        buffer_puts(out, "<dt>");
        put(out, d->note[i].term);
        buffer_puts(out, "</dt><dd>");
        put(out, d->note[i].text);
        buffer_puts(out, "</dd>\n");
    }
    buffer_puts(out, "</dl>\n</body>\n</html>\n");
}
