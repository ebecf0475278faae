/* result_tables.c - see result_tables.h: from a study to tables.  SPDX-License-Identifier: MIT */
#include "io/result_tables.h"

#include "base/text.h"
#include "io/published_table.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

const char *const result_table_path[N_TABLES] = {
    "/points", "/answers", "/truth", "/operating_characteristics", "/agreement", "/published",
};

static size_t longer(size_t longest, const char *text)
{
    const size_t n = text ? strlen(text) : 0;
    return n > longest ? n : longest;
}

static size_t longest_answer(const struct study *s)
{
    size_t n = 0;
    for (int a = 0; a < s->n_answers; a++) n = longer(n, s->answer[a].name);
    return n;
}

static const char *scale_name(enum scale scale)
{
    return scale == SCALE_LOG ? "log" : "identity";
}

/* One field a swept path, numbers where every value is one; the first field is 1. */
static void add_paths(const struct study *s, struct table *t)
{
    for (int k = 0; k < s->n_paths; k++) {
        size_t n = 0;
        for (int p = 0; p < s->n_points; p++) n = longer(n, s->setting[p * s->n_paths + k]);
        const bool number = study_path_is_number(s, k);
        (void)table_add_field(t, s->path[k], number ? FIELD_DOUBLE : FIELD_TEXT, n);
    }
}

static void put_settings(const struct study *s, int point, struct table *t, int64_t row)
{
    for (int k = 0; k < s->n_paths; k++) {
        const char *text = s->setting[point * s->n_paths + k];
        double x = NAN;
        if (t->field[1 + k].kind == FIELD_TEXT)
            table_put_text(t, row, 1 + k, text);
        else {
            (void)text_to_double(text, &x);
            table_put_number(t, row, 1 + k, x);
        }
    }
}

static void make_points(const struct study *s, struct table *t)
{
    size_t n = 0;
    for (int p = 0; p < s->n_points; p++) n = longer(n, s->pairing ? s->pairing[p] : NULL);
    (void)table_add_field(t, "point", FIELD_INT32, 0);
    add_paths(s, t);
    const int pairing = table_add_field(t, "pairing", FIELD_TEXT, n);
    table_resize(t, s->n_points);
    for (int p = 0; p < s->n_points; p++) {
        table_put_integer(t, p, 0, p + 1);
        put_settings(s, p, t, p);
        table_put_text(t, p, pairing, s->pairing ? s->pairing[p] : NULL);
    }
}

static void make_answers(const struct study *s, struct table *t)
{
    size_t method = 0;
    for (int a = 0; a < s->n_answers; a++) method = longer(method, s->answer[a].method);
    (void)table_add_field(t, "analysis", FIELD_TEXT, longest_answer(s));
    (void)table_add_field(t, "method", FIELD_TEXT, method);
    (void)table_add_field(t, "scale", FIELD_TEXT, strlen("identity"));
    (void)table_add_field(t, "null", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "alpha", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "sides", FIELD_INT32, 0);
    (void)table_add_field(t, "benefit", FIELD_INT32, 0);
    table_resize(t, s->n_answers);
    for (int a = 0; a < s->n_answers; a++) {
        const struct answer *from = &s->answer[a];
        table_put_text(t, a, 0, from->name);
        table_put_text(t, a, 1, from->method);
        table_put_text(t, a, 2, scale_name(from->scale));
        table_put_number(t, a, 3, from->null);
        table_put_number(t, a, 4, from->alpha);
        table_put_integer(t, a, 5, from->sides);
        table_put_integer(t, a, 6, from->benefit);
    }
}

/* `truth` is for people, on the natural scale; `truth_inference` is what was computed, `truth_se`
 * its standard error. */
static void make_truth(const struct study *s, struct table *t)
{
    (void)table_add_field(t, "point", FIELD_INT32, 0);
    (void)table_add_field(t, "analysis", FIELD_TEXT, longest_answer(s));
    (void)table_add_field(t, "truth", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "truth_se", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "truth_inference", FIELD_DOUBLE, 0);
    table_resize(t, (int64_t)s->n_points * s->n_answers);
    for (int64_t i = 0; i < t->n; i++) {
        const struct answer *a = &s->answer[i % s->n_answers];
        const double truth = s->truth[i];
        table_put_integer(t, i, 0, i / s->n_answers + 1);
        table_put_text(t, i, 1, a->name);
        table_put_number(t, i, 2, a->scale == SCALE_LOG ? exp(truth) : truth);
        table_put_number(t, i, 3, s->truth_se[i]);
        table_put_number(t, i, 4, truth);
    }
}

static void make_measures(const struct study *s, struct table *t)
{
    size_t n = 0;
    for (int64_t i = 0; i < s->n_measures; i++) n = longer(n, s->measure[i].name);
    (void)table_add_field(t, "point", FIELD_INT32, 0);
    add_paths(s, t);
    const int look = table_add_field(t, "look", FIELD_INT32, 0);
    (void)table_add_field(t, "analysis", FIELD_TEXT, longest_answer(s));
    (void)table_add_field(t, "measure", FIELD_TEXT, n);
    (void)table_add_field(t, "value", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "mcse", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "low", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "high", FIELD_DOUBLE, 0);
    (void)table_add_field(t, "n", FIELD_INT64, 0);
    (void)table_add_field(t, "scale", FIELD_TEXT, strlen("identity"));
    table_resize(t, s->n_measures);
    for (int64_t i = 0; i < s->n_measures; i++) {
        const struct measure *m = &s->measure[i];
        const struct answer *a = &s->answer[m->answer];
        table_put_integer(t, i, 0, m->point + 1);
        put_settings(s, m->point, t, i);
        table_put_integer(t, i, look, m->look + 1);
        table_put_text(t, i, look + 1, a->name);
        table_put_text(t, i, look + 2, m->name);
        table_put_number(t, i, look + 3, m->value);
        table_put_number(t, i, look + 4, m->mcse);
        table_put_number(t, i, look + 5, m->low);
        table_put_number(t, i, look + 6, m->high);
        table_put_integer(t, i, look + 7, m->n);
        table_put_text(t, i, look + 8, scale_name(a->scale));
    }
}

static void make_agreement(const struct study *s, struct table *t)
{
    static const char *const number[] = {"both",       "only_a", "only_b", "neither",
                                         "difference", "mcse",   "low",    "high"};
    const size_t longest = longest_answer(s);
    (void)table_add_field(t, "point", FIELD_INT32, 0);
    add_paths(s, t);
    const int measure = table_add_field(t, "measure", FIELD_TEXT, strlen("reject"));
    (void)table_add_field(t, "analysis_a", FIELD_TEXT, longest);
    (void)table_add_field(t, "analysis_b", FIELD_TEXT, longest);
    for (int k = 0; k < 8; k++) (void)table_add_field(t, number[k], FIELD_DOUBLE, 0);
    const int n = table_add_field(t, "n", FIELD_INT64, 0);
    table_resize(t, s->n_agreements);
    for (int64_t i = 0; i < s->n_agreements; i++) {
        const struct agreement *g = &s->agreement[i];
        const double x[] = {g->both,       g->only_a, g->only_b, g->neither,
                            g->difference, g->mcse,   g->low,    g->high};
        table_put_integer(t, i, 0, g->point + 1);
        put_settings(s, g->point, t, i);
        table_put_text(t, i, measure, g->measure);
        table_put_text(t, i, measure + 1, s->answer[g->a].name);
        table_put_text(t, i, measure + 2, s->answer[g->b].name);
        for (int k = 0; k < 8; k++) table_put_number(t, i, measure + 3 + k, x[k]);
        table_put_integer(t, i, n, g->n);
    }
}

bool result_table_is_optional(enum result_table which)
{
    return which == TABLE_AGREEMENT || which == TABLE_PUBLISHED;
}

void result_table_make(const struct study *s, enum result_table which, struct table *t)
{
    static void (*const make[N_TABLES])(const struct study *, struct table *) = {
        make_points, make_answers, make_truth, make_measures, make_agreement, published_table_make,
    };
    make[which](s, t);
}

/* --- replicates ------------------------------------------------------------------------------- */

enum { WHOLE = REPLICATES_WHOLE, DESCRIBED = REPLICATES_DESCRIBED, REDUCED = REPLICATES_REDUCED };

enum integer { OF_POINT, OF_REPLICATE, OF_N, OF_EVENTS, OF_UNDEFINED, OF_FINDING };

#define NUMBER(member) .at = offsetof(struct result, member)

static const struct {
    const char *name;
    enum field_kind kind;
    int of;               /* the kinds of rows that have it */
    size_t at;            /* of a number in a result */
    enum integer integer; /* of what is none */
} replicate_field[] = {
    {"point", FIELD_INT32, WHOLE | DESCRIBED | REDUCED, .integer = OF_POINT},
    {"replicate", FIELD_INT64, WHOLE | DESCRIBED | REDUCED, .integer = OF_REPLICATE},
    {"estimate", FIELD_DOUBLE, WHOLE | DESCRIBED, NUMBER(estimate)},
    {"se", FIELD_DOUBLE, WHOLE, NUMBER(se)},
    {"ci_low", FIELD_DOUBLE, WHOLE, NUMBER(ci_low)},
    {"ci_high", FIELD_DOUBLE, WHOLE, NUMBER(ci_high)},
    {"statistic", FIELD_DOUBLE, WHOLE, NUMBER(statistic)},
    {"p_value", FIELD_DOUBLE, WHOLE, NUMBER(p_value)},
    {"n", FIELD_INT32, WHOLE | DESCRIBED, .integer = OF_N},
    {"events", FIELD_INT32, WHOLE, .integer = OF_EVENTS},
    {"undefined", FIELD_UINT8, WHOLE | DESCRIBED, .integer = OF_UNDEFINED},
    {"estimate", FIELD_FLOAT, REDUCED, NUMBER(estimate)},
    {"reject", FIELD_INT8, WHOLE | REDUCED, .integer = OF_FINDING},
};

enum { N_REPLICATE_FIELDS = sizeof replicate_field / sizeof replicate_field[0] };

enum replicate_fields replicates_of(const struct study *s, int answer)
{
    if (!s->keep_replicates) return REPLICATES_REDUCED;
    return answer_is_descriptive(&s->answer[answer]) ? REPLICATES_DESCRIBED : REPLICATES_WHOLE;
}

void replicates_layout(struct table *t, enum replicate_fields fields)
{
    for (int i = 0; i < N_REPLICATE_FIELDS; i++)
        if (replicate_field[i].of & (int)fields)
            (void)table_add_field(t, replicate_field[i].name, replicate_field[i].kind, 0);
}

static bool has_layout(const struct table *t, enum replicate_fields fields)
{
    int n = 0;
    for (int i = 0; i < N_REPLICATE_FIELDS; i++) {
        if (!(replicate_field[i].of & (int)fields)) continue;
        if (table_find(t, replicate_field[i].name, replicate_field[i].kind) != n) return false;
        n++;
    }
    return n == t->n_fields;
}

enum replicate_fields replicates_fields(const struct table *layout)
{
    static const enum replicate_fields all[] = {REPLICATES_WHOLE, REPLICATES_DESCRIBED,
                                                REPLICATES_REDUCED};
    for (int k = 0; k < 3; k++)
        if (has_layout(layout, all[k])) return all[k];
    return REPLICATES_UNKNOWN;
}

enum { SOME = 256 }; /* rows whose field is put at once */

static void take_numbers(const struct result *r, int64_t n, size_t at, double *x)
{
    for (int64_t i = 0; i < n; i++) memcpy(&x[i], (const char *)&r[i] + at, sizeof x[i]);
}

/* Replicates on their way into a table: as rows, or a descriptive's as columns. */
struct taken {
    const struct answer *answer;
    int point;
    int64_t replicate;        /* the first one's number */
    const struct result *row; /* NULL: columns */
    struct described column;
};

static struct taken taken_from(struct taken t, int64_t i)
{
    t.replicate += i;
    if (t.row != NULL)
        t.row += i;
    else
        t.column = described_from(t.column, i);
    return t;
}

static void take_integers(enum integer of, const struct taken *from, int64_t n, int64_t *x)
{
    const struct result *r = from->row;
    const struct described *d = &from->column;
    switch (of) {
    case OF_POINT:
        for (int64_t i = 0; i < n; i++) x[i] = from->point + 1;
        break;
    case OF_REPLICATE:
        for (int64_t i = 0; i < n; i++) x[i] = from->replicate + i + 1;
        break;
    case OF_N:
        for (int64_t i = 0; i < n; i++) x[i] = r != NULL ? r[i].n : d->n[i];
        break;
    case OF_EVENTS:
        for (int64_t i = 0; i < n; i++) x[i] = r[i].events;
        break;
    case OF_UNDEFINED:
        for (int64_t i = 0; i < n; i++) x[i] = r != NULL ? (int64_t)r[i].why : d->why[i];
        break;
    case OF_FINDING:
        for (int64_t i = 0; i < n; i++) x[i] = result_finding(from->answer, &r[i]);
        break;
    }
}

/* n <= SOME rows. */
static void put_some(struct table *t, int64_t row, enum replicate_fields fields, struct taken from,
                     int64_t n)
{
    double number[SOME];
    int64_t integer[SOME];
    for (int i = 0, field = 0; i < N_REPLICATE_FIELDS; i++) {
        if (!(replicate_field[i].of & (int)fields)) continue;
        const enum field_kind kind = replicate_field[i].kind;
        if (kind != FIELD_DOUBLE && kind != FIELD_FLOAT) {
            take_integers(replicate_field[i].integer, &from, n, integer);
            table_put_integers(t, row, field++, integer, n);
        } else if (from.row != NULL) {
            take_numbers(from.row, n, replicate_field[i].at, number);
            table_put_numbers(t, row, field++, number, n);
        } else
            table_put_numbers(t, row, field++, from.column.estimate, n);
    }
}

static void put(struct table *t, int64_t row, enum replicate_fields fields, struct taken from,
                int64_t n)
{
    for (int64_t at = 0; at < n; at += SOME)
        put_some(t, row + at, fields, taken_from(from, at), n - at < SOME ? n - at : SOME);
}

void replicates_put(struct table *t, int64_t row, enum replicate_fields fields, int point,
                    int64_t replicate, const struct answer *a, const struct result *r, int64_t n)
{
    put(t, row, fields, (struct taken){a, point, replicate, .row = r}, n);
}

void replicates_put_described(struct table *t, int64_t row, int point, int64_t replicate,
                              struct described d, int64_t n)
{
    put(t, row, REPLICATES_DESCRIBED, (struct taken){NULL, point, replicate, .column = d}, n);
}

bool replicates_are_known(const struct table *t)
{
    const int field = table_find(t, "undefined", FIELD_UINT8);
    for (int64_t i = 0; field >= 0 && i < t->n; i++)
        if (table_integer(t, i, field) >= UNDEFINED_COUNT) return false;
    return true;
}

void replicates_take(const struct table *t, int64_t row, enum replicate_fields fields,
                     struct result *r)
{
    assert(fields == REPLICATES_WHOLE || fields == REPLICATES_DESCRIBED);
    const bool whole = fields == REPLICATES_WHOLE;
    *r = result_undefined(UNDEFINED_NO, (int)table_integer(t, row, whole ? 8 : 3), 0);
    r->estimate = table_number(t, row, 2);
    r->why = (enum undefined)table_integer(t, row, whole ? 10 : 4);
    if (!whole) return;
    r->se = table_number(t, row, 3);
    r->ci_low = table_number(t, row, 4);
    r->ci_high = table_number(t, row, 5);
    r->statistic = table_number(t, row, 6);
    r->p_value = table_number(t, row, 7);
    r->events = (int)table_integer(t, row, 9);
}
