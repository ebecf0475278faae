/* report_data.c - reports for programs: tidy CSV and JSON.  SPDX-License-Identifier: MIT */
#include "io/report_document.h"
#include "io/report_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *scale_name(const struct study *s, int answer)
{
    return s->answer[answer].scale == SCALE_LOG ? "log" : "identity";
}

/* A setting as the number it is where the whole column is numbers, so that 0.70 and 0.7 are one. */
static bool setting_number(const struct study *s, int point, int path, double *x)
{
    return study_path_is_number(s, path) &&
           text_to_double(s->setting[point * s->n_paths + path], x);
}

static void csv_setting(struct buffer *out, const struct study *s, int point, int path)
{
    double x;
    if (setting_number(s, point, path, &x))
        csv_number(out, x);
    else
        csv_text(out, s->setting[point * s->n_paths + path]);
    buffer_puts(out, ",");
}

/* What every row of a point begins with, its number and settings: made once for the rows of a
 * point, which follow each other. */
struct row_head {
    struct buffer text;
    int point; /* from 1; 0: none yet */
};

static void csv_point(struct buffer *out, struct row_head *head, const struct study *s, int point)
{
    if (head->point != point + 1) {
        buffer_free(&head->text);
        head->point = point + 1;
        buffer_printf(&head->text, "%d,", point + 1);
        for (int k = 0; k < s->n_paths; k++) csv_setting(&head->text, s, point, k);
    }
    buffer_puts(out, head->text.text);
}

static void csv_head(struct buffer *out, const struct study *s, const char *columns)
{
    buffer_puts(out, "point,");
    for (int k = 0; k < s->n_paths; k++) {
        csv_text(out, s->path[k]);
        buffer_puts(out, ",");
    }
    buffer_puts(out, columns);
}

static void csv_numbers(struct buffer *out, const double *x, int n)
{
    for (int k = 0; k < n; k++) {
        csv_number(out, x[k]);
        buffer_puts(out, ",");
    }
}

void report_csv(struct buffer *out, const struct study *s)
{
    struct row_head head = {0};
    csv_head(out, s, "look,analysis,measure,value,mcse,low,high,n,scale\n");
    for (int64_t i = 0; i < s->n_measures; i++) {
        const struct measure *m = &s->measure[i];
        csv_point(out, &head, s, m->point);
        buffer_printf(out, "%d,", m->look + 1);
        csv_text(out, s->answer[m->answer].name);
        buffer_printf(out, ",%s,", m->name);
        const double number[] = {m->value, m->mcse, m->low, m->high};
        csv_numbers(out, number, 4);
        buffer_printf(out, "%" PRId64 ",%s\n", m->n, scale_name(s, m->answer));
    }
    buffer_free(&head.text);
}

void report_agreement_csv(struct buffer *out, const struct study *s)
{
    struct row_head head = {0};
    csv_head(out, s,
             "measure,analysis_a,analysis_b,both,only_a,only_b,neither,difference,mcse,low,high,"
             "n\n");
    for (int64_t i = 0; i < s->n_agreements; i++) {
        const struct agreement *g = &s->agreement[i];
        const double number[] = {g->both,       g->only_a, g->only_b, g->neither,
                                 g->difference, g->mcse,   g->low,    g->high};
        csv_point(out, &head, s, g->point);
        buffer_printf(out, "%s,", g->measure);
        csv_text(out, s->answer[g->a].name);
        buffer_puts(out, ",");
        csv_text(out, s->answer[g->b].name);
        buffer_puts(out, ",");
        csv_numbers(out, number, 8);
        buffer_printf(out, "%" PRId64 "\n", g->n);
    }
    buffer_free(&head.text);
}

static void json_settings(struct buffer *out, const struct study *s, int point)
{
    for (int k = 0; k < s->n_paths; k++) {
        double x;
        json_text(out, s->path[k]);
        buffer_puts(out, ": ");
        if (setting_number(s, point, k, &x))
            json_number(out, x);
        else
            json_text(out, s->setting[point * s->n_paths + k]);
        buffer_puts(out, ", ");
    }
}

static void json_point(struct buffer *out, struct row_head *head, const struct study *s, int point)
{
    if (head->point != point + 1) {
        buffer_free(&head->text);
        head->point = point + 1;
        buffer_printf(&head->text, "{\"point\": %d, ", point + 1);
        json_settings(&head->text, s, point);
    }
    buffer_puts(out, head->text.text);
}

static void json_points(struct buffer *out, const struct study *s)
{
    buffer_puts(out, "  \"points\": [");
    for (int p = 0; p < s->n_points; p++) {
        buffer_printf(out, "%s\n    {\"point\": %d, ", p > 0 ? "," : "", p + 1);
        json_settings(out, s, p);
        buffer_puts(out, "\"pairing\": ");
        json_text(out, s->pairing && s->pairing[p] ? s->pairing[p] : "");
        buffer_puts(out, "}");
    }
    buffer_puts(out, "\n  ],\n");
}

static void json_answers(struct buffer *out, const struct study *s)
{
    buffer_puts(out, "  \"analyses\": [");
    for (int i = 0; i < s->n_answers; i++) {
        const struct answer *a = &s->answer[i];
        buffer_puts(out, i > 0 ? ",\n    {" : "\n    {");
        json_text_member(out, "analysis", a->name);
        json_text_member(out, "method", a->method);
        json_text_member(out, "scale", scale_name(s, i));
        json_number_member(out, "null", a->null);
        json_number_member(out, "alpha", a->alpha);
        buffer_printf(out, "\"sides\": %d, \"benefit\": %d}", a->sides, a->benefit);
    }
    buffer_puts(out, "\n  ],\n");
}

static void json_measures(struct buffer *out, const struct study *s)
{
    struct row_head head = {0};
    buffer_puts(out, "  \"operating_characteristics\": [");
    for (int64_t i = 0; i < s->n_measures; i++) {
        const struct measure *m = &s->measure[i];
        buffer_puts(out, i > 0 ? ",\n    " : "\n    ");
        json_point(out, &head, s, m->point);
        buffer_printf(out, "\"look\": %d, ", m->look + 1);
        json_text_member(out, "analysis", s->answer[m->answer].name);
        json_text_member(out, "measure", m->name);
        json_number_member(out, "value", m->value);
        json_number_member(out, "mcse", m->mcse);
        json_number_member(out, "low", m->low);
        json_number_member(out, "high", m->high);
        buffer_printf(out, "\"n\": %" PRId64 ", \"scale\": \"%s\"}", m->n,
                      scale_name(s, m->answer));
    }
    buffer_free(&head.text);
    buffer_puts(out, "\n  ]");
}

static void json_agreement(struct buffer *out, const struct study *s)
{
    struct row_head head = {0};
    buffer_puts(out, ",\n  \"agreement\": [");
    for (int64_t i = 0; i < s->n_agreements; i++) {
        const struct agreement *g = &s->agreement[i];
        buffer_puts(out, i > 0 ? ",\n    " : "\n    ");
        json_point(out, &head, s, g->point);
        json_text_member(out, "measure", g->measure);
        json_text_member(out, "analysis_a", s->answer[g->a].name);
        json_text_member(out, "analysis_b", s->answer[g->b].name);
        json_number_member(out, "both", g->both);
        json_number_member(out, "only_a", g->only_a);
        json_number_member(out, "only_b", g->only_b);
        json_number_member(out, "neither", g->neither);
        json_number_member(out, "difference", g->difference);
        json_number_member(out, "mcse", g->mcse);
        json_number_member(out, "low", g->low);
        json_number_member(out, "high", g->high);
        buffer_printf(out, "\"n\": %" PRId64 "}", g->n);
    }
    buffer_free(&head.text);
    buffer_puts(out, "\n  ]");
}

void report_json(struct buffer *out, const struct study *s)
{
    buffer_puts(out, "{\n  ");
    json_text_member(out, "name", s->name);
    buffer_printf(out, "\"seed\": %" PRIu64 ", \"replicates\": %" PRId64 ",\n  \"paths\": [",
                  s->seed, s->replicates);
    for (int k = 0; k < s->n_paths; k++) {
        buffer_puts(out, k > 0 ? ", " : "");
        json_text(out, s->path[k]);
    }
    buffer_puts(out, "],\n");
    json_points(out, s);
    json_answers(out, s);
    json_measures(out, s);
    if (s->n_agreements > 0) json_agreement(out, s);
    if (s->n_published > 0) {
        buffer_puts(out, ",\n  ");
        json_published(out, s);
    }
    buffer_puts(out, "\n}\n");
}
