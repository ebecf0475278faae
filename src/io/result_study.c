/* result_study.c - see result_tables.h: from tables to a study.  SPDX-License-Identifier: MIT */
#include "io/result_tables.h"

#include "base/text.h"
#include "io/published_table.h"

#include <string.h>

struct wanted {
    const char *name;
    enum field_kind kind;
};

/* The numbers of n wanted fields; false when one is missing. */
static bool find_fields(const struct table *t, const struct wanted *w, int n, int *field)
{
    bool all = true;
    for (int i = 0; i < n; i++) {
        field[i] = table_find(t, w[i].name, w[i].kind);
        all = all && field[i] >= 0;
    }
    return all;
}

static const char *take_points(const struct table *t, struct study *s)
{
    const int last = t->n_fields - 1;
    if (t->n < 1 || t->n > INT32_MAX || table_find(t, "point", FIELD_INT32) != 0 ||
        table_find(t, "pairing", FIELD_TEXT) != last)
        return "has no points";
    s->n_points = (int)t->n;
    s->n_paths = last - 1;
    s->path = arena_alloc(&s->memory, (size_t)s->n_paths, sizeof *s->path);
    s->setting =
        arena_alloc(&s->memory, (size_t)s->n_paths * (size_t)s->n_points, sizeof *s->setting);
    s->pairing = arena_alloc(&s->memory, (size_t)s->n_points, sizeof *s->pairing);
    for (int k = 0; k < s->n_paths; k++) {
        const struct field *f = &t->field[1 + k];
        if (f->kind != FIELD_DOUBLE && f->kind != FIELD_TEXT)
            return "has a setting of a wrong type";
        s->path[k] = arena_text(&s->memory, f->name);
    }
    for (int p = 0; p < s->n_points; p++) {
        s->pairing[p] = table_text(t, p, last, &s->memory);
        for (int k = 0; k < s->n_paths; k++)
            s->setting[p * s->n_paths + k] =
                t->field[1 + k].kind == FIELD_TEXT
                    ? table_text(t, p, 1 + k, &s->memory)
                    : arena_text(&s->memory, number_shortest(table_number(t, p, 1 + k)).text);
    }
    return NULL;
}

static enum scale take_scale(const struct table *t, int64_t row, int field)
{
    struct arena memory = {0};
    const bool is_log = strcmp(table_text(t, row, field, &memory), "log") == 0;
    arena_free(&memory);
    return is_log ? SCALE_LOG : SCALE_IDENTITY;
}

static const char *take_answers(const struct table *t, struct study *s)
{
    static const struct wanted w[] = {
        {"analysis", FIELD_TEXT}, {"method", FIELD_TEXT},  {"scale", FIELD_TEXT},
        {"null", FIELD_DOUBLE},   {"alpha", FIELD_DOUBLE}, {"sides", FIELD_INT32},
        {"benefit", FIELD_INT32},
    };
    int f[7];
    if (!find_fields(t, w, 7, f) || t->n > INT32_MAX) return "lacks a column";
    s->n_answers = (int)t->n;
    s->answer = arena_alloc(&s->memory, (size_t)s->n_answers, sizeof *s->answer);
    for (int a = 0; a < s->n_answers; a++)
        s->answer[a] = (struct answer){
            .name = table_text(t, a, f[0], &s->memory),
            .method = table_text(t, a, f[1], &s->memory),
            .scale = take_scale(t, a, f[2]),
            .null = table_number(t, a, f[3]),
            .alpha = table_number(t, a, f[4]),
            .sides = (int)table_integer(t, a, f[5]),
            .benefit = (int)table_integer(t, a, f[6]),
        };
    return NULL;
}

static const char *take_truth(const struct table *t, struct study *s)
{
    static const struct wanted w[] = {{"truth_inference", FIELD_DOUBLE},
                                      {"truth_se", FIELD_DOUBLE}};
    int f[2];
    if (!find_fields(t, w, 2, f)) return "lacks a column";
    if (t->n != (int64_t)s->n_points * s->n_answers) return "has not one row a point and analysis";
    s->truth = arena_alloc(&s->memory, (size_t)t->n, sizeof *s->truth);
    s->truth_se = arena_alloc(&s->memory, (size_t)t->n, sizeof *s->truth_se);
    for (int64_t i = 0; i < t->n; i++) {
        s->truth[i] = table_number(t, i, f[0]);
        s->truth_se[i] = table_number(t, i, f[1]);
    }
    return NULL;
}

static int answer_named(const struct study *s, const char *name)
{
    for (int a = 0; a < s->n_answers; a++)
        if (strcmp(s->answer[a].name, name) == 0) return a;
    return -1;
}

static const char *take_measures(const struct table *t, struct study *s)
{
    static const struct wanted w[] = {
        {"point", FIELD_INT32},  {"look", FIELD_INT32},   {"analysis", FIELD_TEXT},
        {"measure", FIELD_TEXT}, {"value", FIELD_DOUBLE}, {"mcse", FIELD_DOUBLE},
        {"low", FIELD_DOUBLE},   {"high", FIELD_DOUBLE},  {"n", FIELD_INT64},
    };
    int f[9];
    if (!find_fields(t, w, 9, f)) return "lacks a column";
    s->n_measures = t->n;
    s->measure = arena_alloc(&s->memory, (size_t)t->n, sizeof *s->measure);
    for (int64_t i = 0; i < t->n; i++) {
        struct measure *m = &s->measure[i];
        *m = (struct measure){
            .point = (int)(table_integer(t, i, f[0]) - 1),
            .look = (int)(table_integer(t, i, f[1]) - 1),
            .answer = answer_named(s, table_text(t, i, f[2], &s->memory)),
            .name = table_text(t, i, f[3], &s->memory),
            .value = table_number(t, i, f[4]),
            .mcse = table_number(t, i, f[5]),
            .low = table_number(t, i, f[6]),
            .high = table_number(t, i, f[7]),
            .n = table_integer(t, i, f[8]),
        };
        if (m->point < 0 || m->point >= s->n_points || m->look < 0 || m->answer < 0)
            return "names a point or analysis that does not exist";
    }
    return NULL;
}

static const char *take_agreement(const struct table *t, struct study *s)
{
    static const struct wanted w[] = {
        {"point", FIELD_INT32},     {"measure", FIELD_TEXT},   {"analysis_a", FIELD_TEXT},
        {"analysis_b", FIELD_TEXT}, {"both", FIELD_DOUBLE},    {"only_a", FIELD_DOUBLE},
        {"only_b", FIELD_DOUBLE},   {"neither", FIELD_DOUBLE}, {"difference", FIELD_DOUBLE},
        {"mcse", FIELD_DOUBLE},     {"low", FIELD_DOUBLE},     {"high", FIELD_DOUBLE},
        {"n", FIELD_INT64},
    };
    int f[13];
    if (!find_fields(t, w, 13, f)) return "lacks a column";
    s->n_agreements = t->n;
    s->agreement = arena_alloc(&s->memory, (size_t)t->n, sizeof *s->agreement);
    for (int64_t i = 0; i < t->n; i++) {
        struct agreement *g = &s->agreement[i];
        *g = (struct agreement){
            .point = (int)(table_integer(t, i, f[0]) - 1),
            .measure = table_text(t, i, f[1], &s->memory),
            .a = answer_named(s, table_text(t, i, f[2], &s->memory)),
            .b = answer_named(s, table_text(t, i, f[3], &s->memory)),
            .both = table_number(t, i, f[4]),
            .only_a = table_number(t, i, f[5]),
            .only_b = table_number(t, i, f[6]),
            .neither = table_number(t, i, f[7]),
            .difference = table_number(t, i, f[8]),
            .mcse = table_number(t, i, f[9]),
            .low = table_number(t, i, f[10]),
            .high = table_number(t, i, f[11]),
            .n = table_integer(t, i, f[12]),
        };
        if (g->point < 0 || g->point >= s->n_points || g->a < 0 || g->b < 0)
            return "names a point or analysis that does not exist";
    }
    return NULL;
}

const char *result_table_take(const struct table *t, enum result_table which, struct study *s)
{
    static const char *(*const take[N_TABLES])(const struct table *, struct study *) = {
        take_points, take_answers, take_truth, take_measures, take_agreement, published_table_take,
    };
    return take[which](t, s);
}
