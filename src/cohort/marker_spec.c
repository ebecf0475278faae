/* marker_spec.c - markers and arms' effects on them: keys, reading, echo.
 * SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cohort/marker.h"

#include <math.h>
#include <string.h>

static const char *const shape[] = {"normal", "lognormal", "yes_no"};

#define ROW(type_, field) PARAM_AT(struct marker_course, field), .type = (type_)
static const struct param marker_params[] = {
    {ROW(PARAM_CHOICE, distribution), .choices = "normal|lognormal|yes_no",
     .help = "shape; a yes_no marker is 1 or 0"},
    {ROW(PARAM_NUMBER, mean), .fallback = NAN, .help = "delivered mean (normal, lognormal)"},
    {ROW(PARAM_NUMBER, sd), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered standard deviation (normal, lognormal), what loads explain included"},
    {ROW(PARAM_NUMBER, median), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered median (lognormal, instead of mean and sd)"},
    {ROW(PARAM_NUMBER, sd_log), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered standard deviation of the logarithm (lognormal)"},
    {ROW(PARAM_NUMBER, probability), .fallback = NAN, .min = 0, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX, .help = "delivered share with a yes (yes_no)"},
    {ROW(PARAM_TERMS, load), .help = "covariate: loading of the standardised value (of the "
                                     "logarithm, lognormal) per standard deviation"},
    {ROW(PARAM_TERMS, log_odds), .help = "covariate: log odds ratio per unit (yes_no)"},
    {ROW(PARAM_NUMBER, death_shift), .fallback = 0,
     .help = "of those dead by day `within`: added to the value (normal), the logarithm "
             "(lognormal) or the log odds (yes_no)"},
    {ROW(PARAM_NUMBER, within), .unit = "days", .fallback = 28, .min = 0, .max = 3650,
     .flags = PARAM_OPEN_MIN, .help = "the day that divides the groups of death_shift"},
    {ROW(PARAM_NUMBER, taken), .unit = "days", .fallback = 0.25, .min = 0, .max = 365,
     .help = "when it is taken; absent when dead before"},
    {0}};
#undef ROW

#define ROW(type_, field) PARAM_AT(struct marker_effect, field), .type = (type_)
static const struct param marker_effect_params[] = {
    {ROW(PARAM_NUMBER, shift), .fallback = NAN, .help = "added to the mean (normal)"},
    {ROW(PARAM_NUMBER, ratio), .fallback = NAN, .min = 0, .max = 1000, .flags = PARAM_OPEN_MIN,
     .help = "ratio of values, hence of means, medians and SDs (lognormal)"},
    {ROW(PARAM_NUMBER, odds_ratio), .fallback = NAN, .min = 0, .max = 1000, .flags = PARAM_OPEN_MIN,
     .help = "odds ratio of a yes, given the covariates (yes_no)"},
    {ROW(PARAM_NUMBER, sd_ratio), .fallback = NAN, .min = 0, .max = 1000, .flags = PARAM_OPEN_MIN,
     .help = "ratio of standard deviations (normal)"},
    {ROW(PARAM_TERMS, by),
     .help = "covariate: points, log ratio or log odds ratio per unit from its mean"},
    {ROW(PARAM_NUMBER, centre_sd), .fallback = 0, .min = 0, .max = INFINITY,
     .help = "standard deviation between centres of the effect, on the scale of `by`"},
    {0}};
#undef ROW

const struct param markers_table[] = {
    {.name = "NAME", .type = PARAM_GROUP, .group = marker_params, .help = "one entry a marker"},
    {0}};
const struct param marker_effects_table[] = {{.name = "NAME",
                                              .type = PARAM_GROUP,
                                              .group = marker_effect_params,
                                              .help = "one entry a marker"},
                                             {0}};

/* --- which key belongs to which distribution -------------------------------------------------- */

enum { OF_NORMAL = 1 << MARKER_NORMAL, OF_LOGNORMAL = 1 << MARKER_LOGNORMAL };
enum { OF_YES_NO = 1 << MARKER_YES_NO };
static const struct {
    const char *key;
    int of;
} belongs[] = {{"mean", OF_NORMAL | OF_LOGNORMAL},
               {"sd", OF_NORMAL | OF_LOGNORMAL},
               {"median", OF_LOGNORMAL},
               {"sd_log", OF_LOGNORMAL},
               {"probability", OF_YES_NO},
               {"load", OF_NORMAL | OF_LOGNORMAL},
               {"log_odds", OF_YES_NO},
               {"shift", OF_NORMAL},
               {"ratio", OF_LOGNORMAL},
               {"odds_ratio", OF_YES_NO},
               {"sd_ratio", OF_NORMAL}};

static void check_keys(struct reader *r, const struct node *map, const char *what, int distribution)
{
    for (int i = 0; map->kind == NODE_MAP && i < map->n; i++)
        for (size_t k = 0; k < sizeof belongs / sizeof *belongs; k++)
            if (strcmp(belongs[k].key, map->key[i]) == 0 && !(belongs[k].of & 1 << distribution))
                error_at(r->errors, map->key_at[i], "%s: %s does not belong to a %s marker", what,
                         map->key[i], shape[distribution]);
}

static void check_marker(struct reader *r, const struct marker_course *m)
{
    const bool by_mean = !isnan(m->mean) && !isnan(m->sd);
    const bool by_median = !isnan(m->median) && !isnan(m->sd_log);
    const bool mixed =
        (!isnan(m->mean) || !isnan(m->sd)) && (!isnan(m->median) || !isnan(m->sd_log));
    const char *lack = NULL;
    if (m->distribution == MARKER_NORMAL && !by_mean) lack = "mean and sd";
    if (m->distribution == MARKER_LOGNORMAL && (mixed || !(by_mean || by_median)))
        lack = "either mean and sd, or median and sd_log";
    if (m->distribution == MARKER_YES_NO && isnan(m->probability)) lack = "probability";
    if (lack != NULL)
        error_at(r->errors, m->at, "marker '%s': a %s marker needs %s", m->name,
                 shape[m->distribution], lack);
    if (m->distribution == MARKER_LOGNORMAL && m->mean <= 0)
        error_at(r->errors, m->at, "marker '%s': the mean of a lognormal marker is above 0, not %g",
                 m->name, m->mean);
}

/* --- the course ------------------------------------------------------------------------------- */

void markers_read(struct reader *r, const struct node *n, struct markers *m)
{
    if (!read_map(r, n, "markers")) return;
    m->item = arena_alloc(r->memory, (size_t)n->n, sizeof *m->item);
    for (int i = 0; i < n->n; i++) {
        struct marker_course *c = &m->item[m->n++];
        const char *what = arena_printf(r->memory, "marker '%s'", n->key[i]);
        const int before = r->errors->n;
        params_read(r, marker_params, n->item[i], n->key_at[i], what, c);
        c->name = n->key[i];
        c->at = n->key_at[i];
        if (!name_is_valid(c->name))
            error_at(r->errors, c->at, "%s: a name is a letter, then letters, digits and _", what);
        check_keys(r, n->item[i], what, c->distribution);
        if (r->errors->n == before) check_marker(r, c);
    }
}

void markers_echo(struct buffer *out, const struct markers *m, int indent)
{
    for (int i = 0; i < m->n; i++) {
        buffer_printf(out, "%*s%s:\n", indent, "", m->item[i].name);
        params_echo(out, marker_params, &m->item[i], indent + 2);
    }
}

/* --- the arms --------------------------------------------------------------------------------- */

void marker_effects_default(struct reader *r, const struct markers *m, struct marker_effects *e)
{
    e->n = m->n;
    e->item = arena_alloc(r->memory, (size_t)m->n, sizeof *e->item);
    for (int k = 0; k < m->n; k++) {
        params_default(marker_effect_params, &e->item[k]);
        e->item[k].name = m->item[k].name;
    }
}

void marker_effects_read(struct reader *r, const struct node *n, const char *arm,
                         const struct markers *m, struct marker_effects *e)
{
    const char *all = arena_printf(r->memory, "markers effect of arm '%s'", arm);
    if (!read_map(r, n, all)) return;
    const char **names = arena_alloc(r->memory, (size_t)m->n, sizeof *names);
    for (int k = 0; k < m->n; k++) names[k] = m->item[k].name;
    for (int i = 0; i < n->n; i++) {
        int k = 0;
        while (k < m->n && strcmp(names[k], n->key[i]) != 0) k++;
        if (k == m->n) {
            const char *near = text_nearest(n->key[i], names, m->n);
            error_at(r->errors, n->key_at[i], "%s: unknown marker '%s'%s", all,
                     text_shown(n->key[i], r->memory), did_you_mean(near).text);
            continue;
        }
        const char *what = arena_printf(r->memory, "%s on '%s'", all, names[k]);
        params_read(r, marker_effect_params, n->item[i], n->key_at[i], what, &e->item[k]);
        e->item[k].stated = true;
        check_keys(r, n->item[i], what, m->item[k].distribution);
    }
}

void marker_effects_echo(struct buffer *out, const struct marker_effects *e, int indent)
{
    for (int k = 0; k < e->n; k++) {
        if (!e->item[k].stated) continue;
        buffer_printf(out, "%*s%s:\n", indent, "", e->item[k].name);
        params_echo(out, marker_effect_params, &e->item[k], indent + 2);
    }
}
