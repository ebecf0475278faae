/* analysis_table.c - see analysis_table.h.  SPDX-License-Identifier: MIT */
#include "io/analysis_table.h"

#include "io/csv.h"
#include "io/report_document.h"

#include <math.h>
#include <string.h>

/* One number that an analysis gave. */
struct answer_row {
    const struct bound_analysis *analysis;
    const struct output *output;
    const char *name; /* "primary", "marker_roc.sensitivity" */
    const struct result *result;
};

static struct answer_row *list_answers(const struct data_plan *plan, const struct result *result,
                                       struct arena *memory)
{
    struct answer_row *row = arena_alloc(memory, (size_t)plan->n_answers, sizeof *row), *next = row;
    for (int k = 0; k < plan->analyses.n; k++) {
        const struct bound_analysis *b = &plan->analysis[k];
        for (int j = 0; j < b->n_outputs; j++) {
            const struct output *o = &b->method->outputs[j];
            const char *name =
                j > 0 ? arena_printf(memory, "%s.%s", b->spec->name, o->suffix) : b->spec->name;
            *next++ = (struct answer_row){b, o, name, result++};
        }
    }
    return row;
}

static const char *const number_name[] = {"estimate", "se",        "ci_low",
                                          "ci_high",  "statistic", "p_value"};
enum { NUMBERS = sizeof number_name / sizeof *number_name };

static double number_of(const struct result *r, int k)
{
    const double x[NUMBERS] = {r->estimate, r->se, r->ci_low, r->ci_high, r->statistic, r->p_value};
    return x[k];
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void write_csv(struct buffer *out, const struct answer_row *row, int n)
{
    buffer_puts(out, "analysis,method");
    for (int k = 0; k < NUMBERS; k++) buffer_printf(out, ",%s", number_name[k]);
    buffer_puts(out, ",n,events,undefined,note\n");
    for (; n > 0; n--, row++) {
        const struct result *r = row->result;
        buffer_printf(out, "%s,%s", row->name, row->analysis->method->name);
        for (int k = 0; k < NUMBERS; k++) {
            const double x = number_of(r, k);
            buffer_printf(out, ",%s", isnan(x) ? "" : number_shortest(x).text);
        }
        buffer_printf(out, ",%d,%d,%d,", r->n, r->events, r->why != UNDEFINED_NO);
        csv_write_field(out, undefined_text(r->why));
        buffer_puts(out, "\n");
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at p, 0 where there is none such (RFC 3629, section 4). */
static int character_length(const char *p)
{
    const unsigned char c = (unsigned char)*p, d = c ? (unsigned char)p[1] : 0;
    if (c < 0x80) return 1;
    const int n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    for (int k = 1; k < n; k++)
        if (((unsigned char)p[k] & 0xc0) != 0x80) return 0;
    const bool outside = (c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) ||
                         (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f);
    return outside ? 0 : n;
}

static void put_json_text(struct buffer *out, const char *text)
{
    buffer_puts(out, "\"");
    while (*text) {
        const int n = character_length(text);
        if (n == 0)
            buffer_puts(out, "\\ufffd");
        else if ((unsigned char)*text < 0x20)
            buffer_printf(out, "\\u%04x", (unsigned)*text);
        else {
            if (*text == '"' || *text == '\\') buffer_puts(out, "\\");
            buffer_add(out, text, (size_t)n);
        }
        text += n > 0 ? n : 1;
    }
    buffer_puts(out, "\"");
}

static int patients_in(const struct data_plan *plan, int arm)
{
    int n = 0;
    for (int i = 0; i < plan->table->n; i++) n += plan->arm_of[i] == arm;
    return n;
}

static void put_json_answer(struct buffer *out, const struct answer_row *row)
{
    const struct result *r = row->result;
    buffer_puts(out, "    {\"analysis\": ");
    put_json_text(out, row->name);
    buffer_printf(out, ", \"method\": \"%s\"", row->analysis->method->name);
    for (int k = 0; k < NUMBERS; k++) { /* JSON has neither NaN nor infinities */
        const double x = number_of(r, k);
        buffer_printf(out, ", \"%s\": %s", number_name[k],
                      isfinite(x) ? number_shortest(x).text : "null");
    }
    buffer_printf(out, ", \"n\": %d, \"events\": %d, \"undefined\": %s, \"note\": ", r->n,
                  r->events, r->why != UNDEFINED_NO ? "true" : "false");
    put_json_text(out, undefined_text(r->why));
    buffer_puts(out, "}");
}

static void write_json(struct buffer *out, const struct data_plan *plan,
                       const struct answer_row *row, int n)
{
    const struct text_table *t = plan->table;
    buffer_puts(out, "{\n  \"data\": ");
    put_json_text(out, t->source);
    buffer_printf(out, ",\n  \"patients\": %d,\n  \"arms\": [", t->n);
    for (int k = 0; k < plan->n_arms; k++) {
        buffer_puts(out, k > 0 ? ", {\"name\": " : "{\"name\": ");
        put_json_text(out, plan->arm[k]);
        buffer_printf(out, ", \"patients\": %d}", patients_in(plan, k));
    }
    buffer_puts(out, "],\n  \"analyses\": [\n");
    for (int k = 0; k < n; k++) {
        put_json_answer(out, &row[k]);
        buffer_puts(out, k < n - 1 ? ",\n" : "\n");
    }
    buffer_puts(out, "  ],\n  \"missing\": {");
    for (int k = 0; k < t->n_columns; k++) {
        buffer_puts(out, k > 0 ? ", " : "");
        put_json_text(out, t->name[k]);
        buffer_printf(out, ": %d", text_table_missing(t, k));
    }
    buffer_puts(out, "}\n}\n");
}

/* --- text ------------------------------------------------------------------------------------- */

const char *p_value_shown(double p, struct arena *memory)
{
    if (isnan(p)) return "-";
    if (p < 0.001) return "<0.001";
    if (p > 0.99) return ">0.99";
    const bool near_a_level = p < 0.01 || (p >= 0.045 && p < 0.055);
    return arena_printf(memory, "%.*f", near_a_level ? 3 : 2, p);
}

/* Two digits of the standard error; of ratios, two or three of the ratio. -1: unknown. */
static int decimals_of(const struct answer_row *row)
{
    const struct result *r = row->result;
    const bool ratio = row->output->scale == SCALE_LOG;
    const double spread = isfinite(r->se) ? r->se : (r->ci_high - r->ci_low) / 4;
    const double x = ratio ? fabs(r->estimate) : spread;
    if (!(x > 0) || !isfinite(x)) return ratio ? 2 : -1;
    int decimals = 1 - (int)floor(log10(x));
    if (ratio) decimals += x >= 1;
    return decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
}

static const char *number_shown(double x, int decimals, struct arena *memory)
{
    if (decimals < 0) return arena_printf(memory, "%.4g", x);
    const char *text = arena_printf(memory, "%.*f", decimals, x);
    return text[0] == '-' && text[strspn(text, "-0.")] == '\0' ? text + 1 : text; /* no -0.0 */
}

/* Percent that the limits of an analysis cover. */
static double level_of(const struct bound_analysis *b)
{
    return 100 * (1 - 2 * b->inference.alpha / b->inference.sides);
}

static const char *estimate_shown(const struct answer_row *row, bool with_level,
                                  struct arena *memory)
{
    const struct result *r = row->result;
    const int decimals = decimals_of(row);
    if (isnan(r->estimate)) return "-";
    const char *estimate = number_shown(r->estimate, decimals, memory);
    if (isnan(r->ci_low) || isnan(r->ci_high)) return estimate;
    return arena_printf(memory, "%s (%s%s to %s)", estimate,
                        with_level ? arena_printf(memory, "%g%% CI ", level_of(row->analysis)) : "",
                        number_shown(r->ci_low, decimals, memory),
                        number_shown(r->ci_high, decimals, memory));
}

static void add_note(struct document *d, const char *term, const char *text)
{
    for (int k = 0; k < d->n_notes; k++)
        if (strcmp(d->note[k].term, term) == 0) return;
    d->note[d->n_notes++] = (struct note){term, text};
}

static const char *missing_shown(const struct text_table *t, struct arena *memory)
{
    const char *text = "";
    for (int k = 0; k < t->n_columns; k++) {
        const int missing = text_table_missing(t, k);
        if (missing > 0)
            text = arena_printf(memory, "%s%s%s %d", text, *text ? ", " : "",
                                text_shown(t->name[k], memory), missing);
    }
    return *text ? text : "none";
}

/* The columns of texts: a stray letter among numbers shows here. */
static const char *categories_shown(const struct data_plan *plan, struct arena *memory)
{
    const char *text = "";
    for (int k = 0; k < plan->schema.n; k++) {
        const struct column *c = &plan->schema.column[k];
        if (c->kind == COLUMN_CATEGORY && plan->source[k].column >= 0)
            text =
                arena_printf(memory, "%s%s%s (%d level%s)", text, *text ? ", " : "",
                             text_shown(c->name, memory), c->n_levels, c->n_levels == 1 ? "" : "s");
    }
    return *text ? text : "none";
}

static const char *patients_shown(const struct data_plan *plan, struct arena *memory)
{
    const char *text = arena_printf(memory, "%d patients", plan->table->n);
    for (int k = 0; k < plan->n_arms; k++)
        text = arena_printf(memory, "%s; %s%s: %d", text, text_shown(plan->arm[k], memory),
                            k == 0 ? " (control)" : "", patients_in(plan, k));
    return text;
}

static void add_grid(struct document *d, const struct answer_row *row, int n)
{
    static const char *const head[] = {"Analysis", "Method", "", "P", "N", "Events"};
    enum { COLUMNS = sizeof head / sizeof *head };
    struct arena *m = &d->memory;
    struct grid *g = d->grid = arena_alloc(m, 1, sizeof *g);
    *g = (struct grid){.title = "", .n_left = 2, .n_columns = COLUMNS, .n_rows = n};
    bool one_level = true;
    for (int k = 0; k < n; k++)
        one_level &= !(fabs(level_of(row[k].analysis) - level_of(row[0].analysis)) > 0);
    g->head = arena_alloc(m, COLUMNS, sizeof *g->head);
    memcpy(g->head, head, sizeof head);
    g->head[2] = one_level ? arena_printf(m, "Estimate (%g%% CI)", level_of(row[0].analysis))
                           : "Estimate (CI)";
    g->cell = arena_alloc(m, (size_t)n * COLUMNS, sizeof *g->cell);
    for (int k = 0; k < n; k++) {
        const char **cell = g->cell + (size_t)k * COLUMNS;
        const struct result *r = row[k].result;
        cell[0] = row[k].name;
        cell[1] = row[k].analysis->method->name;
        cell[2] = estimate_shown(&row[k], !one_level, m);
        cell[3] = p_value_shown(r->p_value, m);
        cell[4] = arena_printf(m, "%d", r->n);
        cell[5] = arena_printf(m, "%d", r->events);
    }
    d->n_grids = 1;
}

static void write_text(struct buffer *out, const struct data_plan *plan,
                       const struct answer_row *row, int n)
{
    struct document d = {0};
    struct arena *m = &d.memory;
    d.title = plan->table->source;
    d.summary = patients_shown(plan, m);
    d.note = arena_alloc(m, 2 * (size_t)n + 2, sizeof *d.note);
    add_grid(&d, row, n);
    for (int k = 0; k < n; k++)
        if (row[k].result->why != UNDEFINED_NO)
            add_note(&d, row[k].name,
                     arena_printf(m, "no answer: %s", undefined_text(row[k].result->why)));
    for (int k = 0; k < n; k++) {
        const struct analysis *method = row[k].analysis->method;
        const char *suffix = row[k].output == method->outputs ? NULL : row[k].output->suffix;
        add_note(&d, suffix ? arena_printf(m, "%s.%s", method->name, suffix) : method->name,
                 row[k].output->brief);
    }
    add_note(&d, "categories", categories_shown(plan, m));
    add_note(&d, "missing values", missing_shown(plan->table, m));
    report_text(out, &d);
    arena_free(&d.memory);
}

void analysis_table_write(struct buffer *out, const struct data_plan *plan,
                          const struct result *result, enum analysis_format format)
{
    struct arena memory = {0};
    const struct answer_row *row = list_answers(plan, result, &memory);
    switch (format) {
    case ANALYSIS_CSV: write_csv(out, row, plan->n_answers); break;
    case ANALYSIS_TEXT: write_text(out, plan, row, plan->n_answers); break;
    case ANALYSIS_JSON: write_json(out, plan, row, plan->n_answers); break;
    }
    arena_free(&memory);
}
