/* param_value.c - reading one value of each type, strictly, see param.h.
 * SPDX-License-Identifier: MIT */
#include "model/param_value.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* --- ranges and words ------------------------------------------------------------------------- */

static bool is_zero(double x)
{
    return fpclassify(x) == FP_ZERO;
}

bool range_is_unlimited(const struct range *g)
{
    return (is_zero(g->min) && is_zero(g->max)) || (isinf(g->min) && isinf(g->max));
}

static bool in_range(const struct range *g, double x)
{
    if (range_is_unlimited(g)) return true;
    return (g->flags & PARAM_OPEN_MIN ? x > g->min : x >= g->min) &&
           (g->flags & PARAM_OPEN_MAX ? x < g->max : x <= g->max);
}

const char *range_text(const struct range *g, struct arena *memory)
{
    const struct number_text low = number_shortest(g->min), high = number_shortest(g->max);
    const char *least = g->flags & PARAM_OPEN_MIN ? "greater than" : "of at least";
    const char *most = g->flags & PARAM_OPEN_MAX ? "less than" : "at most";
    if (range_is_unlimited(g)) return "";
    if (isinf(g->max)) return arena_printf(memory, " %s %s", least, low.text);
    if (isinf(g->min))
        return arena_printf(memory, " %s%s %s", g->flags & PARAM_OPEN_MAX ? "" : "of ", most,
                            high.text);
    if (g->flags & (PARAM_OPEN_MIN | PARAM_OPEN_MAX))
        return arena_printf(memory, " %s %s and %s %s", least, low.text, most, high.text);
    return arena_printf(memory, " from %s to %s", low.text, high.text);
}

struct words param_choices(const char *choices, struct arena *memory)
{
    struct words w = {0};
    if (choices == NULL) return w;
    w.n = 1;
    for (const char *c = choices; *c; c++) w.n += *c == '|';
    w.word = arena_alloc(memory, (size_t)w.n, sizeof *w.word);
    for (int i = 0; i < w.n; i++) {
        const size_t length = strcspn(choices, "|");
        w.word[i] = arena_copy(memory, choices, length);
        choices += length + 1;
    }
    return w;
}

const char *words_joined(const struct words *w, const char *between, struct arena *memory)
{
    const char *text = "";
    for (int i = 0; i < w->n; i++)
        text = arena_printf(memory, "%s%s%s", text, i > 0 ? between : "", w->word[i]);
    return text;
}

static int word_index(const struct words *w, const char *text)
{
    for (int i = 0; i < w->n; i++)
        if (strcmp(w->word[i], text) == 0) return i;
    return -1;
}

/* --- scalars ---------------------------------------------------------------------------------- */

/* What a number must be: `what` is its name in messages, `unit` may be NULL, `words` what may stand
 * instead of it. */
struct rule {
    const char *what, *unit;
    struct range range;
    struct words words;
};

static const char *unit_text(struct reader *r, const char *unit)
{
    const bool plain = unit && unit[0] && strchr(unit, ':') == NULL; /* not "day: share" */
    return plain ? arena_printf(r->memory, " (in %s)", unit) : "";
}

static bool number_of(struct reader *r, const struct node *n, const struct rule *rule,
                      double *value)
{
    double x;
    if (n->kind == NODE_SCALAR && !n->quoted && text_to_double(n->text, &x) &&
        in_range(&rule->range, x)) {
        *value = x;
        return true;
    }
    if (n->kind == NODE_SCALAR && word_index(&rule->words, n->text) >= 0) {
        *value = NAN;
        return true;
    }
    const char *words = "";
    if (rule->words.n > 0)
        words =
            arena_printf(r->memory, " or '%s'", words_joined(&rule->words, "' or '", r->memory));
    error_at(r->errors, n->at, "%s must be a number%s%s%s, not %s", rule->what,
             range_text(&rule->range, r->memory), unit_text(r, rule->unit), words,
             node_shown(n, r->memory));
    return false;
}

static bool integer_of(struct reader *r, const struct node *n, const struct rule *rule,
                       int64_t *value)
{
    int64_t x;
    if (n->kind == NODE_SCALAR && !n->quoted && text_to_int64(n->text, &x) &&
        in_range(&rule->range, (double)x)) {
        *value = x;
        return true;
    }
    error_at(r->errors, n->at, "%s must be a whole number%s%s, not %s", rule->what,
             range_text(&rule->range, r->memory), unit_text(r, rule->unit),
             node_shown(n, r->memory));
    return false;
}

bool read_number(struct reader *r, const struct node *n, const char *what, double min, double max,
                 int flags, double *value)
{
    const struct rule rule = {.what = what, .range = {min, max, flags}};
    return number_of(r, n, &rule, value);
}

bool read_integer(struct reader *r, const struct node *n, const char *what, int64_t min,
                  int64_t max, int64_t *value)
{
    const struct range range = {min == INT64_MIN ? -INFINITY : (double)min,
                                max == INT64_MAX ? INFINITY : (double)max, 0};
    const struct rule rule = {.what = what, .range = range};
    return integer_of(r, n, &rule, value);
}

bool name_is_valid(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_') return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
    return true;
}

bool read_name(struct reader *r, const struct node *n, const char *what, const char **value)
{
    if (n->kind == NODE_SCALAR && name_is_valid(n->text)) {
        *value = n->text;
        return true;
    }
    error_at(r->errors, n->at, "%s must be a name (a letter, then letters, digits and _), not %s",
             what, node_shown(n, r->memory));
    return false;
}

static bool text_of(struct reader *r, const struct node *n, const char *what, const char **value)
{
    if (n->kind == NODE_SCALAR && (n->quoted || n->text[0] != '\0')) {
        *value = n->text;
        return true;
    }
    error_at(r->errors, n->at, "%s must be a text, not %s", what, node_shown(n, r->memory));
    return false;
}

static void read_flag(struct reader *r, const struct node *n, const char *what, bool *value)
{
    static const char *const word[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    const bool plain = n->kind == NODE_SCALAR && !n->quoted;
    for (int i = 0; plain && i < 2; i++)
        if (strcmp(n->text, word[i]) == 0) {
            *value = i == 1;
            return;
        }
    const char *meant = "";
    for (int i = 0; n->kind == NODE_SCALAR && i < 8; i++) {
        const char *a = n->text, *b = word[i];
        while (*a && tolower((unsigned char)*a) == *b) a++, b++;
        if (*a == '\0' && *b == '\0') meant = i % 2 ? "; write true" : "; write false";
    }
    error_at(r->errors, n->at, "%s must be true or false, not %s%s", what, node_shown(n, r->memory),
             meant);
}

static void read_choice(struct reader *r, const struct node *n, const struct param *row, int *value)
{
    const struct words w = param_choices(row->choices, r->memory);
    const int i = n->kind == NODE_SCALAR ? word_index(&w, n->text) : -1;
    if (i >= 0) {
        *value = i;
        return;
    }
    const char *near = n->kind == NODE_SCALAR ? text_nearest(n->text, w.word, w.n) : NULL;
    error_at(r->errors, n->at, "%s must be %s%s, not %s%s", row->name, w.n > 1 ? "one of " : "",
             words_joined(&w, ", ", r->memory), node_shown(n, r->memory), did_you_mean(near).text);
}

/* --- lists and maps --------------------------------------------------------------------------- */

/* A key with nothing behind it stands for an empty list or map. */
static bool is_nothing(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->quoted && n->text[0] == '\0';
}

bool read_map(struct reader *r, const struct node *n, const char *what)
{
    if (n->kind == NODE_MAP || is_nothing(n)) return true;
    error_at(r->errors, n->at, "%s must be a map of keys, not %s", what, node_shown(n, r->memory));
    return false;
}

static bool read_list(struct reader *r, const struct node *n, const char *what, const char *of)
{
    if (n->kind == NODE_LIST || is_nothing(n)) return true;
    error_at(r->errors, n->at, "%s must be a list of %s, not %s", what, of,
             node_shown(n, r->memory));
    return false;
}

static bool is_listed(const struct names *names, const char *text)
{
    for (int i = 0; i < names->n; i++)
        if (strcmp(names->item[i].text, text) == 0) return true;
    return false;
}

static void read_names(struct reader *r, const struct node *n, const struct param *row,
                       struct names *names)
{
    const bool any_text = row->type == PARAM_TEXTS;
    const bool alone = n->kind == NODE_SCALAR && !is_nothing(n);
    if (!alone && !read_list(r, n, row->name, any_text ? "texts" : "names")) return;
    const char *what = alone ? row->name : arena_printf(r->memory, "each of %s", row->name);
    const int count = alone ? 1 : n->n;
    names->item = arena_alloc(r->memory, (size_t)count, sizeof *names->item);
    for (int i = 0; i < count; i++) {
        const struct node *item = alone ? n : n->item[i];
        struct named_text t = {.at = item->at};
        if (!(any_text ? text_of : read_name)(r, item, what, &t.text)) continue;
        if (is_listed(names, t.text))
            error_at(r->errors, t.at, "'%s' is listed twice in %s", text_shown(t.text, r->memory),
                     row->name);
        else
            names->item[names->n++] = t;
    }
}

static void read_numbers(struct reader *r, const struct node *n, const struct param *row,
                         struct numbers *numbers)
{
    struct rule rule = {row->name, row->unit, {row->min, row->max, row->flags}, {0}};
    const bool alone = n->kind == NODE_SCALAR && (row->flags & PARAM_SINGLE);
    if (!alone && !read_list(r, n, row->name, "numbers")) return;
    if (!alone) rule.what = arena_printf(r->memory, "each of %s", row->name);
    const int count = alone ? 1 : n->n;
    numbers->value = arena_alloc(r->memory, (size_t)count, sizeof *numbers->value);
    for (int i = 0; i < count; i++)
        numbers->n += number_of(r, alone ? n : n->item[i], &rule, &numbers->value[numbers->n]);
}

static const char *entry_name(struct reader *r, const char *key, const char *what)
{
    return arena_printf(r->memory, "'%s' in %s", text_shown(key, r->memory), what);
}

static void knots_of(struct reader *r, const struct node *n, const struct rule *rule,
                     struct knots *k)
{
    *k = (struct knots){.at = n->at};
    if (!read_map(r, n, rule->what)) return;
    k->x = arena_alloc(r->memory, (size_t)n->n, sizeof *k->x);
    k->y = arena_alloc(r->memory, (size_t)n->n, sizeof *k->y);
    for (int i = 0; i < n->n; i++) {
        struct rule each = *rule;
        each.what = entry_name(r, n->key[i], rule->what);
        const int m = k->n;
        const bool good = number_of(r, n->item[i], &each, &k->y[m]);
        if (!text_to_double(n->key[i], &k->x[m]))
            error_at(r->errors, n->key_at[i], "keys of %s must be numbers, not '%s'", rule->what,
                     text_shown(n->key[i], r->memory));
        else if (m > 0 && !(k->x[m] > k->x[m - 1]))
            error_at(r->errors, n->key_at[i], "keys of %s must increase: %s comes after %s",
                     rule->what, number_shortest(k->x[m]).text, number_shortest(k->x[m - 1]).text);
        else
            k->n += good;
    }
}

void read_knots(struct reader *r, const struct node *n, const char *what, double min, double max,
                struct knots *k)
{
    const struct rule rule = {.what = what, .range = {min, max, 0}};
    knots_of(r, n, &rule, k);
}

static void read_row_knots(struct reader *r, const struct node *n, const struct param *row,
                           struct knots *k)
{
    const struct rule rule = {row->name, row->unit, {row->min, row->max, row->flags}, {0}};
    if (n->kind != NODE_SCALAR || !(row->flags & PARAM_SINGLE)) {
        knots_of(r, n, &rule, k);
        return;
    }
    *k = (struct knots){.at = n->at};
    k->x = arena_alloc(r->memory, 1, sizeof *k->x);
    k->y = arena_alloc(r->memory, 1, sizeof *k->y);
    k->n = number_of(r, n, &rule, k->y);
}

static void read_shares(struct reader *r, const struct node *n, const struct param *row,
                        struct shares *s)
{
    struct rule rule = {row->name, row->unit, {row->min, row->max, row->flags}, {0}};
    const bool alone = n->kind == NODE_SCALAR && (row->flags & PARAM_SINGLE);
    if (!alone && !read_map(r, n, row->name)) return;
    const int count = alone ? 1 : n->n;
    s->name = arena_alloc(r->memory, (size_t)count, sizeof *s->name);
    s->value = arena_alloc(r->memory, (size_t)count, sizeof *s->value);
    s->at = arena_alloc(r->memory, (size_t)count, sizeof *s->at);
    for (int i = 0; i < count; i++) {
        s->name[s->n] = alone ? NULL : n->key[i];
        s->at[s->n] = alone ? n->at : n->key_at[i];
        if (!alone) rule.what = entry_name(r, n->key[i], row->name);
        s->n += number_of(r, alone ? n : n->item[i], &rule, &s->value[s->n]);
    }
}

static void add_term(struct reader *r, const struct node *n, const char *what, struct term term,
                     struct terms *t)
{
    const struct rule rule = {.what = what};
    if (number_of(r, n, &rule, &term.value)) t->item[t->n++] = term;
}

void read_terms(struct reader *r, const struct node *n, const char *what, struct terms *t)
{
    *t = (struct terms){0};
    if (!read_map(r, n, what)) return;
    int count = n->n;
    for (int i = 0; i < n->n; i++) count += n->item[i]->n;
    t->item = arena_alloc(r->memory, (size_t)count, sizeof *t->item);
    for (int i = 0; i < n->n; i++) {
        const struct node *value = n->item[i];
        const char *name = entry_name(r, n->key[i], what);
        struct term term = {.name = n->key[i], .at = n->key_at[i]};
        if (!name_is_valid(term.name))
            error_at(r->errors, term.at, "keys of %s must be names of covariates, not '%s'", what,
                     text_shown(term.name, r->memory));
        if (value->kind != NODE_MAP) add_term(r, value, name, term, t);
        for (int j = 0; value->kind == NODE_MAP && j < value->n; j++) {
            term.level = value->key[j];
            term.at = value->key_at[j];
            add_term(r, value->item[j], entry_name(r, term.level, name), term, t);
        }
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

void param_read_value(struct reader *r, const struct param *row, const struct node *n, void *field)
{
    const struct rule rule = {row->name,
                              row->unit,
                              {row->min, row->max, row->flags},
                              param_choices(row->choices, r->memory)};
    struct named_text *text = field;
    switch (row->type) {
    case PARAM_NUMBER: (void)number_of(r, n, &rule, field); break;
    case PARAM_INTEGER: (void)integer_of(r, n, &rule, field); break;
    case PARAM_FLAG: read_flag(r, n, row->name, field); break;
    case PARAM_CHOICE: read_choice(r, n, row, field); break;
    case PARAM_NAME:
        text->at = n->at;
        (void)read_name(r, n, row->name, &text->text);
        break;
    case PARAM_TEXT:
        text->at = n->at;
        (void)text_of(r, n, row->name, &text->text);
        break;
    case PARAM_NAMES:
    case PARAM_TEXTS: read_names(r, n, row, field); break;
    case PARAM_NUMBERS: read_numbers(r, n, row, field); break;
    case PARAM_KNOTS: read_row_knots(r, n, row, field); break;
    case PARAM_SHARES: read_shares(r, n, row, field); break;
    case PARAM_TERMS: read_terms(r, n, row->name, field); break;
    case PARAM_GROUP: params_read(r, row->group, n, n->at, row->name, field); break;
    case PARAM_CUSTOM: row->read(r, n, field); break;
    case PARAM_END: break;
    }
}
