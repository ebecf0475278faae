/* param_echo.c - parameter tables and their values as text, see param.h.
 * SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "model/param_value.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* --- values as YAML --------------------------------------------------------------------------- */

static const void *field_of(const void *base, const struct param *row)
{
    return (const char *)base + row->offset;
}

/* Words that readers of YAML 1.1 or 1.2 take for something else than a text. */
static bool is_reserved(const char *text)
{
    static const char *const word[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        const char *a = text, *b = word[i];
        while (*a && tolower((unsigned char)*a) == *b) a++, b++;
        if (*a == '\0' && *b == '\0') return true;
    }
    return false;
}

/* Plain where nobody can misread it, else in double quotes. Control characters are not in texts
 * that were read, but for tabs and line breaks. */
void text_echo(struct buffer *out, const char *text)
{
    if (name_is_valid(text) && !is_reserved(text)) {
        buffer_puts(out, text);
        return;
    }
    buffer_puts(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            buffer_printf(out, "\\%c", *c);
        else if (*c == '\n')
            buffer_puts(out, "\\n");
        else if ((unsigned char)*c < ' ')
            buffer_printf(out, "\\x%02x", (unsigned)*c);
        else
            buffer_add(out, c, 1);
    }
    buffer_puts(out, "\"");
}

static void echo_number(struct buffer *out, double x)
{
    buffer_puts(out, number_shortest(x).text);
}

static const char *comma(int i)
{
    return i > 0 ? ", " : "";
}

static void echo_names(struct buffer *out, const struct names *names)
{
    for (int i = 0; i < names->n; i++) {
        buffer_puts(out, i > 0 ? ", " : "[");
        text_echo(out, names->item[i].text);
    }
    if (names->n > 0) buffer_puts(out, "]");
}

static void echo_numbers(struct buffer *out, const struct numbers *numbers)
{
    for (int i = 0; i < numbers->n; i++) {
        buffer_puts(out, i > 0 ? ", " : "[");
        echo_number(out, numbers->value[i]);
    }
    if (numbers->n > 0) buffer_puts(out, "]");
}

static void echo_knots(struct buffer *out, const struct knots *k)
{
    for (int i = 0; i < k->n; i++)
        buffer_printf(out, "%s%s: %s", i > 0 ? ", " : "{", number_shortest(k->x[i]).text,
                      number_shortest(k->y[i]).text);
    if (k->n > 0) buffer_puts(out, "}");
}

static void echo_shares(struct buffer *out, const struct shares *s)
{
    if (s->n == 0) return;
    if (s->name[0] == NULL) {
        echo_number(out, s->value[0]);
        return;
    }
    for (int i = 0; i < s->n; i++) {
        buffer_puts(out, i > 0 ? ", " : "{");
        text_echo(out, s->name[i]);
        buffer_printf(out, ": %s", number_shortest(s->value[i]).text);
    }
    buffer_puts(out, "}");
}

/* Terms of one covariate's levels follow each other. */
static void echo_terms(struct buffer *out, const struct terms *t)
{
    if (t->n == 0) return;
    buffer_puts(out, "{");
    for (int i = 0, next; i < t->n; i = next) {
        const struct term *term = &t->item[i];
        buffer_puts(out, comma(i));
        text_echo(out, term->name);
        buffer_puts(out, term->level ? ": {" : ": ");
        for (next = i; next < t->n && strcmp(t->item[next].name, term->name) == 0; next++) {
            buffer_puts(out, comma(next - i));
            if (term->level) text_echo(out, t->item[next].level);
            if (term->level) buffer_puts(out, ": ");
            echo_number(out, t->item[next].value);
        }
        if (term->level) buffer_puts(out, "}");
    }
    buffer_puts(out, "}");
}

static void echo_word(struct buffer *out, const char *choices, int index)
{
    struct arena memory = {0};
    const struct words w = param_choices(choices, &memory);
    if (index < w.n) text_echo(out, w.word[index]);
    arena_free(&memory);
}

static void echo_value(struct buffer *out, const struct param *row, const void *field, int indent);

/* Whether a required value is absent: then the whole group was not given. */
static bool lacks_required(const struct param *table, const void *from)
{
    bool lacks = false;
    for (const struct param *row = table; row->type != PARAM_END; row++) {
        struct buffer value = {0};
        if (row->flags & PARAM_REQUIRED) echo_value(&value, row, field_of(from, row), 0);
        lacks |= (row->flags & PARAM_REQUIRED) && value.length == 0;
        buffer_free(&value);
    }
    return lacks;
}

/* Writes a value, or nothing when it is absent. */
static void echo_value(struct buffer *out, const struct param *row, const void *field, int indent)
{
    const struct named_text *text = field;
    const double *number = field;
    switch (row->type) {
    case PARAM_NUMBER:
        if (isfinite(*number))
            echo_number(out, *number);
        else if (isnan(*number))
            echo_word(out, row->choices, 0);
        break;
    case PARAM_INTEGER: buffer_printf(out, "%lld", (long long)*(const int64_t *)field); break;
    case PARAM_FLAG: buffer_puts(out, *(const bool *)field ? "true" : "false"); break;
    case PARAM_CHOICE: echo_word(out, row->choices, *(const int *)field); break;
    case PARAM_NAME:
    case PARAM_TEXT:
        if (text->text != NULL) text_echo(out, text->text);
        break;
    case PARAM_NAMES:
    case PARAM_TEXTS: echo_names(out, field); break;
    case PARAM_NUMBERS: echo_numbers(out, field); break;
    case PARAM_KNOTS: echo_knots(out, field); break;
    case PARAM_SHARES: echo_shares(out, field); break;
    case PARAM_TERMS: echo_terms(out, field); break;
    case PARAM_GROUP:
        if (!lacks_required(row->group, field)) params_echo(out, row->group, field, indent);
        break;
    case PARAM_CUSTOM:
        if (row->echo) row->echo(out, field, indent);
        break;
    case PARAM_END: break;
    }
}

void params_echo(struct buffer *out, const struct param *table, const void *from, int indent)
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++) {
        struct buffer value = {0};
        echo_value(&value, row, field_of(from, row), indent + 2);
        const char *text = buffer_text(&value);
        const bool block = value.length > 0 && text[value.length - 1] == '\n';
        if (block)
            buffer_printf(out, "%*s%s:\n%s", indent, "", row->name, text);
        else if (value.length > 0)
            buffer_printf(out, "%*s%s: %s\n", indent, "", row->name, text);
        buffer_free(&value);
    }
}

/* --- help ------------------------------------------------------------------------------------- */

enum { CELLS = 5 };

struct cells {
    const char *text[CELLS];
};

static const char *default_cell(const struct param *row, struct arena *memory)
{
    const struct words w = param_choices(row->choices, memory);
    if (row->flags & PARAM_REQUIRED) return "required";
    switch (row->type) {
    case PARAM_NUMBER:
        if (isfinite(row->fallback)) return arena_text(memory, number_shortest(row->fallback).text);
        return isnan(row->fallback) && w.n > 0 ? w.word[0] : "-";
    case PARAM_INTEGER:
        return arena_text(memory,
                          number_shortest(isfinite(row->fallback) ? row->fallback : 0).text);
    case PARAM_FLAG: return row->fallback > 0 ? "true" : "false";
    case PARAM_CHOICE: return w.n > 0 ? w.word[0] : "-";
    default: return "-";
    }
}

static const char *range_cell(const struct param *row, struct arena *memory)
{
    static const char *const of_type[] = {
        [PARAM_NUMBER] = "number",
        [PARAM_INTEGER] = "whole number",
        [PARAM_FLAG] = "true, false",
        [PARAM_NAME] = "name",
        [PARAM_TEXT] = "text",
        [PARAM_NAMES] = "[name, …]",
        [PARAM_TEXTS] = "[text, …]",
        [PARAM_NUMBERS] = "[number, …]",
        [PARAM_KNOTS] = "{number: number, …}",
        [PARAM_SHARES] = "{name: number, …}",
        [PARAM_TERMS] = "{covariate: number, …}",
        [PARAM_GROUP] = "{…}",
        [PARAM_CUSTOM] = "…",
    };
    const struct range range = {row->min, row->max, row->flags};
    const struct words w = param_choices(row->choices, memory);
    const char *words = words_joined(&w, ", ", memory);
    if (row->type == PARAM_CHOICE) return words;
    return arena_printf(memory, "%s%s%s%s", of_type[row->type], range_text(&range, memory),
                        w.n > 0 ? " or " : "", words);
}

static struct cells cells_of(const struct param *row, int depth, struct arena *memory)
{
    return (struct cells){{arena_printf(memory, "%*s%s", 2 * depth, "", row->name),
                           row->unit && row->unit[0] ? row->unit : "-", default_cell(row, memory),
                           range_cell(row, memory), row->help ? row->help : ""}};
}

/* Columns on the screen: bytes that do not continue a UTF-8 character. */
static int width(const char *text)
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void measure(const struct param *table, int depth, struct arena *memory, int wide[CELLS])
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++) {
        const struct cells c = cells_of(row, depth, memory);
        for (int k = 0; k < CELLS; k++)
            if (width(c.text[k]) > wide[k]) wide[k] = width(c.text[k]);
        if (row->type == PARAM_GROUP) measure(row->group, depth + 1, memory, wide);
    }
}

static void write_rows(struct buffer *out, const struct param *table, const char *prefix, int depth,
                       struct arena *memory, const int wide[CELLS])
{
    for (const struct param *row = table; row && row->type != PARAM_END; row++) {
        const struct cells c = cells_of(row, depth, memory);
        buffer_puts(out, prefix);
        for (int k = 0; k < CELLS - 1; k++)
            buffer_printf(out, "%s%*s", c.text[k], wide[k] - width(c.text[k]) + 2, "");
        buffer_printf(out, "%s\n", c.text[CELLS - 1]);
        if (row->type == PARAM_GROUP) write_rows(out, row->group, prefix, depth + 1, memory, wide);
    }
}

void params_help(struct buffer *out, const struct param *table, const char *prefix)
{
    struct arena memory = {0};
    int wide[CELLS] = {0};
    measure(table, 0, &memory, wide);
    write_rows(out, table, prefix, 0, &memory, wide);
    arena_free(&memory);
}
