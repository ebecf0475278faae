/* expression.c - conditions as programs for a stack of truth columns, see expression.h.
 * SPDX-License-Identifier: MIT */
#include "model/expression.h"

#include "base/dispatch.h"
#include "base/text.h"
#include "base/tree.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

/* Truth values are ordered, so that `and` is the minimum, `or` the maximum, `not` the mirror. */
enum { FALSE, UNKNOWN, TRUE };

/* How a value stands to a constant; a comparison accepts a set of these. */
enum { LESS = 1, EQUAL = 2, GREATER = 4 };

enum operation { COMPARE, AND, OR, NOT };

struct step {
    enum operation operation;
    int column, accepts; /* COMPARE */
    double constant;     /* a number, or the index of a level */
};

struct expression {
    int n, height; /* steps, and the most truth columns alive at once */
    struct step *step;
};

/* --- words of the text ------------------------------------------------------------------------ */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_NUMBER, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    const char *text; /* without quotes */
    int position;     /* in characters, from 1 */
};

struct parser {
    struct token now;
    const char *start, *next; /* where the token `now` begins, and what follows it */
    struct place at;
    const struct schema *schema;
    struct arena *memory;
    struct errors *errors;
    int height; /* truth columns alive at this point of the program */
    bool failed;
    struct expression *program;
};

__attribute__((format(printf, 3, 4))) static bool mistake(struct parser *p, int position,
                                                          const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *text = arena_alloc(p->memory, (size_t)n + 1, 1);
    (void)vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    error_at(p->errors, p->at, "condition, character %d: %s", position, text);
    p->failed = true;
    return false;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static bool is_number_start(const char *c)
{
    if (*c == '+' || *c == '-') c++;
    if (*c == '.') c++;
    return isdigit((unsigned char)*c);
}

/* The end of what begins like a number: digits, letters, points, and signs behind an e. */
static const char *number_end(const char *c)
{
    for (c++; is_word(*c) || *c == '.' || ((*c == '+' || *c == '-') && tolower(c[-1]) == 'e');) c++;
    return c;
}

static const char *const sign[] = {"<=", ">=", "==", "!=", "<", ">", "(", ")"};
enum { SIGNS = sizeof sign / sizeof *sign };

static bool take(struct parser *p, enum token_kind kind, const char *from, const char *to,
                 const char *next)
{
    p->now.kind = kind;
    p->now.text = arena_copy(p->memory, from, (size_t)(to - from));
    p->next = next;
    return true;
}

/* Reads the next token into p->now; false when there is none such, which is reported. */
static bool advance(struct parser *p)
{
    const char *c = p->next + strspn(p->next, " \t\r\n");
    for (; p->start < c; p->start++) p->now.position += ((unsigned char)*p->start & 0xc0) != 0x80;
    if (*c == '\0') return take(p, TOKEN_END, c, c, c);
    if (*c == '\'' || *c == '"') {
        const char *end = strchr(c + 1, *c);
        if (end == NULL) return mistake(p, p->now.position, "the quote %c is not closed", *c);
        return take(p, TOKEN_QUOTED, c + 1, end, end + 1);
    }
    if (is_number_start(c)) {
        const char *end = number_end(c);
        return take(p, TOKEN_NUMBER, c, end, end);
    }
    if (is_word(*c)) {
        const char *end = c;
        while (is_word(*end) || *end == '.') end++;
        return take(p, TOKEN_WORD, c, end, end);
    }
    for (int i = 0; i < SIGNS; i++) {
        const size_t n = strlen(sign[i]);
        if (strncmp(c, sign[i], n) == 0) return take(p, TOKEN_SIGN, c, c + n, c + n);
    }
    static const char *const usual[][2] = {{"=", "=="}, {"&", "and"}, {"|", "or"}, {"!", "not"}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (*c == usual[i][0][0])
            return mistake(p, p->now.position, "'%c' is not understood; write '%s'", *c,
                           usual[i][1]);
    return mistake(p, p->now.position, "'%c' is not understood", *c < ' ' ? ' ' : *c);
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->now.kind == TOKEN_WORD && strcmp(p->now.text, word) == 0;
}

static bool at_sign(const struct parser *p, const char *text)
{
    return p->now.kind == TOKEN_SIGN && strcmp(p->now.text, text) == 0;
}

static const char *shown(const struct parser *p)
{
    if (p->now.kind == TOKEN_END) return "the end";
    return arena_printf(p->memory, "'%s'", text_shown(p->now.text, p->memory));
}

/* --- the program ------------------------------------------------------------------------------ */

static void emit(struct parser *p, struct step step)
{
    struct expression *x = p->program;
    if (step.operation == COMPARE) p->height++;
    if (step.operation == AND || step.operation == OR) p->height--;
    if (p->height > x->height) x->height = p->height;
    x->step[x->n++] = step;
}

static const char *meant(struct parser *p, const char *word, const char *const *names, int n)
{
    const char *near = text_nearest(word, names, n);
    return arena_text(p->memory, did_you_mean(near).text);
}

/* The column that `name` names, -1 after reporting that there is none. */
static int find_column(struct parser *p, const struct token *name)
{
    const struct schema *s = p->schema;
    const int column = schema_find(s, name->text);
    if (column >= 0) return column;
    const char **names = arena_alloc(p->memory, (size_t)s->n, sizeof *names);
    for (int i = 0; i < s->n; i++) names[i] = s->column[i].name;
    (void)mistake(p, name->position, "there is no column '%s'%s", text_shown(name->text, p->memory),
                  meant(p, name->text, names, s->n));
    return -1;
}

/* The constant at p->now that column c is compared with. */
static void find_constant(struct parser *p, const struct column *c, struct step *step)
{
    if (c->kind == COLUMN_NUMBER) {
        if (p->now.kind != TOKEN_NUMBER || !text_to_double(p->now.text, &step->constant))
            (void)mistake(p, p->now.position, "'%s' is compared with a number, not %s", c->name,
                          shown(p));
        return;
    }
    for (int k = 0; k < c->n_levels; k++)
        if (strcmp(c->levels[k], p->now.text) == 0) {
            step->constant = k;
            return;
        }
    (void)mistake(p, p->now.position, "'%s' has no level '%s'%s", c->name,
                  text_shown(p->now.text, p->memory),
                  meant(p, p->now.text, c->levels, c->n_levels));
}

static int accepted_by(const char *text)
{
    static const int set[] = {LESS | EQUAL, GREATER | EQUAL, EQUAL, LESS | GREATER, LESS, GREATER};
    for (int i = 0; i < 6; i++)
        if (strcmp(sign[i], text) == 0) return set[i];
    return 0;
}

/* Wrong columns and levels are reported and passed over, so that all of them are; false only when
 * the rest cannot be understood. */
static bool read_comparison(struct parser *p)
{
    const struct token name = p->now;
    struct step step = {.operation = COMPARE};
    if (name.kind != TOKEN_WORD && name.kind != TOKEN_QUOTED)
        return mistake(p, name.position, "a column is expected, not %s", shown(p));
    if (!advance(p)) return false;
    step.accepts = p->now.kind == TOKEN_SIGN ? accepted_by(p->now.text) : 0;
    if (step.accepts == 0)
        return mistake(p, p->now.position,
                       "'%s' must be followed by one of < <= > >= == !=, not %s",
                       text_shown(name.text, p->memory), shown(p));
    const struct token relation = p->now;
    if (!advance(p)) return false;
    if (p->now.kind == TOKEN_END || p->now.kind == TOKEN_SIGN)
        return mistake(p, p->now.position, "a number or a level is expected, not %s", shown(p));
    step.column = find_column(p, &name);
    if (step.column >= 0) {
        const struct column *c = &p->schema->column[step.column];
        const bool orders = step.accepts != EQUAL && step.accepts != (LESS | GREATER);
        if (c->kind == COLUMN_CATEGORY && orders)
            (void)mistake(p, relation.position, "'%s' is a category: only == and != compare it",
                          c->name);
        else
            find_constant(p, c, &step);
    }
    emit(p, step);
    return advance(p);
}

static bool read_condition(struct parser *p, int depth);

static bool read_negated(struct parser *p, int depth)
{
    if (depth > DEPTH_MAX)
        return mistake(p, p->now.position, "more than %d parentheses and nots", DEPTH_MAX);
    if (at_word(p, "not")) {
        if (!advance(p) || !read_negated(p, depth + 1)) return false;
        emit(p, (struct step){.operation = NOT});
        return true;
    }
    if (!at_sign(p, "(")) return read_comparison(p);
    const int opened = p->now.position;
    if (!advance(p) || !read_condition(p, depth + 1)) return false;
    if (at_sign(p, ")")) return advance(p);
    if (p->now.kind == TOKEN_END) return mistake(p, opened, "the parenthesis is not closed");
    return mistake(p, p->now.position, "'and', 'or' or ')' is expected, not %s", shown(p));
}

static bool read_both(struct parser *p, int depth)
{
    if (!read_negated(p, depth)) return false;
    while (at_word(p, "and")) {
        if (!advance(p) || !read_negated(p, depth)) return false;
        emit(p, (struct step){.operation = AND});
    }
    return true;
}

static bool read_condition(struct parser *p, int depth)
{
    if (!read_both(p, depth)) return false;
    while (at_word(p, "or")) {
        if (!advance(p) || !read_both(p, depth)) return false;
        emit(p, (struct step){.operation = OR});
    }
    return true;
}

struct expression *expression_read(const char *text, struct place at, const struct schema *s,
                                   struct arena *memory, struct errors *e)
{
    struct expression *x = arena_alloc(memory, 1, sizeof *x);
    struct parser p = {.now.position = 1,
                       .start = text,
                       .next = text,
                       .at = at,
                       .schema = s,
                       .memory = memory,
                       .errors = e,
                       .program = x};
    x->step = arena_alloc(memory, strlen(text) + 1, sizeof *x->step); /* a character a step */
    if (!advance(&p) || !read_condition(&p, 0)) return NULL;
    if (p.now.kind != TOKEN_END)
        (void)mistake(&p, p.now.position, "'and', 'or' or the end is expected, not %s", shown(&p));
    return p.failed ? NULL : x;
}

void expression_columns(const struct expression *x, void (*visit)(int column, void *to), void *to)
{
    for (int k = 0; k < x->n; k++)
        if (x->step[k].operation == COMPARE) visit(x->step[k].column, to);
}

/* --- evaluation ------------------------------------------------------------------------------- */

MULTIVERSION static void compare(const double *restrict value, double constant, int accepts,
                                 unsigned char *restrict truth, int n)
{
    const unsigned char less = accepts & LESS ? TRUE : FALSE;
    const unsigned char equal = accepts & EQUAL ? TRUE : FALSE;
    const unsigned char greater = accepts & GREATER ? TRUE : FALSE;
    for (int i = 0; i < n; i++) {
        const unsigned char not_less = value[i] > constant ? greater : equal;
        const unsigned char known = value[i] < constant ? less : not_less;
        truth[i] = isnan(value[i]) ? UNKNOWN : known;
    }
}

static void combine(enum operation operation, int n, unsigned char *a, const unsigned char *b)
{
    if (operation == AND)
        for (int i = 0; i < n; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
    else
        for (int i = 0; i < n; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
}

void expression_evaluate(const struct expression *x, const struct dataset *d, unsigned char *keep,
                         struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const size_t n = (size_t)d->n;
    unsigned char *truth = scratch_take(w, (size_t)x->height, n); /* [height][n] */
    unsigned char *top = truth;                                   /* the first free column */
    for (int k = 0; k < x->n; k++) {
        const struct step *step = &x->step[k];
        switch (step->operation) {
        case COMPARE:
            compare(d->value[step->column], step->constant, step->accepts, top, d->n);
            top += n;
            break;
        case AND:
        case OR:
            top -= n;
            combine(step->operation, d->n, top - n, top);
            break;
        case NOT:
            for (unsigned char *t = top - n; t < top; t++) *t = (unsigned char)(TRUE - *t);
            break;
        }
    }
    for (size_t i = 0; i < n; i++) keep[i] = truth[i] == TRUE;
    scratch_restore(w, mark);
}
