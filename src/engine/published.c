/* published.c - see published.h.  SPDX-License-Identifier: MIT */
#include "engine/published.h"
#include "base/text.h"
#include "engine/findings.h"
#include "engine/replicate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void unknown_name(struct reader *r, const struct named_text *t, const char *kind,
                         const char *const *names, int n)
{
    const char *near = text_nearest(t->text, names, n);
    error_at(r->errors, t->at, "published row: unknown %s '%s'%s", kind,
             text_shown(t->text, r->memory), did_you_mean(near).text);
}

/* The place of a name among n, or -1 after reporting it. */
static int find_name(struct reader *r, const struct named_text *t, const char *kind,
                     const char *const *names, int n)
{
    for (int k = 0; k < n; k++)
        if (strcmp(names[k], t->text) == 0) return k;
    unknown_name(r, t, kind, names, n);
    return -1;
}

/* --- rows of analyses --------------------------------------------------------------------------
 */

static const char *const answer_statistics[] = {"estimate", "ci_low",  "ci_high",
                                                "ci_width", "p_value", "se"};

static int bind_answer_row(struct reader *r, const struct plan *plan,
                           const struct published_spec *row)
{
    const int n_answers = plan->n_answers - plan->n_descriptives;
    const char **names = arena_alloc(r->memory, (size_t)n_answers, sizeof *names);
    for (int k = 0; k < n_answers; k++) names[k] = plan->answer[k].name;
    const int found = find_name(r, &row->analysis, "analysis", names, n_answers);
    const int n = sizeof answer_statistics / sizeof *answer_statistics;
    (void)find_name(r, &row->statistic, "statistic of an analysis", answer_statistics, n);
    return found;
}

/* --- rows of endpoints and covariates ----------------------------------------------------------
 */

static int find_arm(struct reader *r, const struct arms *arms, const struct named_text *arm)
{
    if (arm->text == NULL) return -1;
    const char **names = arena_alloc(r->memory, (size_t)arms->n, sizeof *names);
    for (int k = 0; k < arms->n; k++) names[k] = arms->arm[k].name;
    return find_name(r, arm, "arm", names, arms->n);
}

/* Counts are of yes or no: of an endpoint, a binary covariate, or a level of a category. */
static void check_count(struct reader *r, const struct published_spec *row, bool binary)
{
    const char *s = row->statistic.text;
    if (binary || (strcmp(s, "count") != 0 && strcmp(s, "percent") != 0)) return;
    const bool endpoint = row->endpoint.text != NULL;
    error_at(r->errors, row->statistic.at, "published row: '%s' is of yes or no, '%s' is neither",
             s, endpoint ? row->endpoint.text : row->covariate.text);
}

static int endpoint_column(struct reader *r, const struct point *point,
                           const struct published_spec *row)
{
    const struct endpoint_specs *e = &point->scenario.endpoints;
    const char **names = arena_alloc(r->memory, (size_t)e->n, sizeof *names);
    for (int k = 0; k < e->n; k++) names[k] = e->item[k].name;
    const int found = find_name(r, &row->endpoint, "endpoint", names, e->n);
    if (found < 0) return -1;
    if (point->columns[found].value < 0)
        error_at(r->errors, row->endpoint.at, "published row: endpoint '%s' has no single value",
                 row->endpoint.text);
    check_count(r, row, point->columns[found].binary);
    return point->columns[found].value;
}

static int covariate_column(struct reader *r, const struct point *point,
                            const struct published_spec *row, int *level)
{
    const struct population *p = &point->scenario.population;
    const char **names = arena_alloc(r->memory, (size_t)point->n_visible, sizeof *names);
    for (int k = 0; k < point->n_visible; k++) names[k] = p->covariate[point->visible[k]].name;
    const int found = find_name(r, &row->covariate, "covariate", names, point->n_visible);
    if (found < 0) return -1;
    const struct column *c = &point->schema.column[found];
    const bool category = c->kind == COLUMN_CATEGORY;
    if (row->level.text != NULL)
        *level = find_name(r, &row->level, "level", c->levels, category ? c->n_levels : 0);
    else if (category && strcmp(row->statistic.text, "n") != 0)
        error_at(r->errors, row->covariate.at, "published row: covariate '%s' needs a 'level'",
                 row->covariate.text);
    const int distribution = p->covariate[point->visible[found]].distribution;
    check_count(r, row, category || distribution == DISTRIBUTION_BINARY);
    return found;
}

/* The statistic's name as an answer: parts that are there, with dots. Conditions are numbered by
 * the first row that states them. */
static const char *answer_name(struct plan *plan, const struct published_spec *row,
                               const char *subject)
{
    const struct published_specs *all = &plan->point[0].scenario.published;
    const char *name = subject;
    if (row->arm.text) name = arena_printf(&plan->memory, "%s.%s", name, row->arm.text);
    for (int k = 0; row->where.text != NULL && k < all->n; k++) {
        if (all->item[k].where.text == NULL ||
            strcmp(all->item[k].where.text, row->where.text) != 0)
            continue;
        name = arena_printf(&plan->memory, "%s.where%d", name, k + 1);
        break;
    }
    return arena_printf(&plan->memory, "%s.%s", name, row->statistic.text);
}

/* The condition as an earlier row states it, or NULL. */
static const struct expression *known_condition(const struct plan *plan, const char *text)
{
    const int n_answers = plan->n_answers - plan->n_descriptives;
    for (int k = 0; k < plan->n_published; k++)
        if (strcmp(plan->published[k].where, text) == 0) {
            const int descriptive = plan->published_source[k] - n_answers;
            return plan->group[plan->description[plan->descriptive[descriptive].description].group]
                .where;
        }
    return NULL;
}

static int group_number(struct plan *plan, struct group g)
{
    for (int k = 0; k < plan->n_groups; k++)
        if (plan->group[k].arm == g.arm && plan->group[k].where == g.where) return k;
    plan->group[plan->n_groups] = g;
    return plan->n_groups++;
}

static struct description describe_row(struct reader *r, struct plan *plan,
                                       const struct published_spec *row)
{
    const struct point *point = &plan->point[0];
    struct description d = {.column = -1, .level = -1, .partner = -1};
    if (row->endpoint.text != NULL) d.column = endpoint_column(r, point, row);
    if (row->covariate.text != NULL) d.column = covariate_column(r, point, row, &d.level);
    struct group g = {.arm = find_arm(r, &point->scenario.arms, &row->arm)};
    if (row->where.text != NULL) g.where = known_condition(plan, row->where.text);
    if (row->where.text != NULL && g.where == NULL)
        g.where =
            expression_read(row->where.text, row->where.at, &point->schema, r->memory, r->errors);
    d.group = group_number(plan, g);
    return d;
}

static int description_number(struct plan *plan, const struct description *d)
{
    for (int k = 0; k < plan->n_descriptions; k++) {
        const struct description *o = &plan->description[k];
        if (o->column == d->column && o->level == d->level && o->group == d->group) return k;
    }
    const int number = plan->n_descriptions++;
    plan->description[number] = *d;
    for (int k = 0; k < number && plan->description[number].partner < 0; k++) {
        struct description *o = &plan->description[k];
        if (o->column != d->column || o->level != d->level || o->partner >= 0) continue;
        o->partner = number;
        plan->description[number].partner = k;
    }
    return number;
}

static int bind_descriptive(struct reader *r, struct plan *plan, const struct published_spec *row,
                            const char *subject)
{
    const int statistic =
        find_name(r, &row->statistic, "statistic of an endpoint", describe_names, DESCRIBE_COUNT);
    const struct description d = describe_row(r, plan, row);
    const char *name = answer_name(plan, row, subject);
    const int n_answers = plan->n_answers - plan->n_descriptives;
    for (int k = n_answers; k < plan->n_answers; k++)
        if (strcmp(plan->answer[k].name, name) == 0) return k;
    const int number = description_number(plan, &d);
    if (statistic >= 0) plan->description[number].asked |= 1u << statistic;
    plan->descriptive[plan->n_descriptives++] = (struct descriptive){number, statistic};
    plan->answer[plan->n_answers] = (struct answer){.name = name,
                                                    .method = DESCRIBE_METHOD,
                                                    .scale = SCALE_IDENTITY,
                                                    .null = NAN,
                                                    .alpha = 0.05,
                                                    .sides = 2};
    return plan->n_answers++;
}

/* --- predicted facts that rest on calibrated events --------------------------------------------
 */

/* Whether the row is about values of this endpoint in this arm. Numbers of patients say nothing of
 * their values. */
static bool is_about(const struct plan *plan, int row, const struct endpoint_columns *endpoint,
                     int arm)
{
    const struct point *point = &plan->point[0];
    int source = plan->published_source[row];
    const int n_answers = plan->n_answers - plan->n_descriptives;
    if (source >= n_answers) {
        const struct descriptive *of = &plan->descriptive[source - n_answers];
        const struct description *d = &plan->description[of->description];
        const int of_arm = plan->group[d->group].arm;
        return endpoint->value >= 0 && d->column == endpoint->value &&
               (of_arm < 0 || of_arm == arm) && strcmp(describe_names[of->statistic], "n") != 0;
    }
    const struct bound_analysis *a = point->analysis;
    for (; source >= a->n_outputs; a++) source -= a->n_outputs;
    if (a->arm[1] >= 0 && a->arm[0] != arm && a->arm[1] != arm) return false;
    for (int k = 0; k < a->n_tiers; k++)
        if (strcmp(a->tier[k].outcome.name, endpoint->name) == 0) return true;
    return a->n_tiers == 0 && strcmp(a->outcome.name, endpoint->name) == 0;
}

static bool rows_share(const struct plan *plan, int a, int b)
{
    const struct point *point = &plan->point[0];
    for (int e = 0; e < point->scenario.endpoints.n; e++)
        for (int arm = 0; arm < point->scenario.arms.n; arm++)
            if (is_about(plan, a, &point->columns[e], arm) &&
                is_about(plan, b, &point->columns[e], arm))
                return true;
    return false;
}

/* Whether row i belongs to the fact whose first row is `first`. */
static bool is_of_fact(const struct plan *plan, int i, int first)
{
    return i == first || same_fact(&plan->published[i], &plan->published[first]);
}

static bool facts_share(const struct plan *plan, int a, int b)
{
    for (int i = 0; i < plan->n_published; i++)
        for (int j = 0; j < plan->n_published && is_of_fact(plan, i, a); j++)
            if (is_of_fact(plan, j, b) && rows_share(plan, i, j)) return true;
    return false;
}

static const char *unmarked_facts(struct reader *r, const struct plan *plan)
{
    const struct published *p = plan->published;
    struct fact *fact = arena_alloc(r->memory, (size_t)plan->n_published, sizeof *fact);
    const int n = facts_find(p, plan->n_published, fact);
    const char *names = "";
    for (int i = 0; i < n; i++) {
        if (fact[i].calibrated || fact[i].shares_events) continue;
        bool shares = false;
        for (int j = 0; j < n && !shares; j++)
            shares = fact[j].calibrated && facts_share(plan, fact[i].first, fact[j].first);
        const struct published *row = &p[fact[i].first];
        if (shares)
            names = arena_printf(r->memory, "%s%s%s", names, *names ? ", " : "",
                                 *row->group ? row->group : row->subject);
    }
    return names;
}

/* --- all ---------------------------------------------------------------------------------------
 */

static const char *text_or_empty(const struct named_text *t)
{
    return t->text ? t->text : "";
}

static const char *subject_of(struct reader *r, const struct published_spec *row)
{
    if (row->endpoint.text) return row->endpoint.text;
    if (row->analysis.text) return row->analysis.text;
    if (row->covariate.text == NULL) return "patients";
    return row->level.text ? arena_printf(r->memory, "%s.%s", row->covariate.text, row->level.text)
                           : row->covariate.text;
}

static void bind_row(struct reader *r, struct plan *plan, const struct published_spec *row)
{
    const char *subject = subject_of(r, row);
    const int before = r->errors->n;
    const int source = row->analysis.text ? bind_answer_row(r, plan, row)
                                          : bind_descriptive(r, plan, row, subject);
    if (r->errors->n > before) return;
    const struct printed printed = {row->value, (int)row->decimals,
                                    published_is_ratio(&plan->answer[source], row->statistic.text)};
    if (printed.ratio && !(row->value > 0))
        error_at(r->errors, row->at, "published row: a ratio is greater than 0");
    plan->published_source[plan->n_published] = source;
    plan->published[plan->n_published++] =
        (struct published){.subject = subject,
                           .arm = text_or_empty(&row->arm),
                           .where = text_or_empty(&row->where),
                           .statistic = row->statistic.text,
                           .printed = printed,
                           .use = row->use.text ? row->use.text : "predict",
                           .group = text_or_empty(&row->group),
                           .alternative = text_or_empty(&row->alternative),
                           .source = text_or_empty(&row->source),
                           .reason = text_or_empty(&row->reason),
                           .shares_events = row->shares_events,
                           .fit = fit_unknown()};
}

void published_bind(struct reader *r, struct plan *plan)
{
    const struct published_specs *p = &plan->point[0].scenario.published;
    plan->unmarked = "";
    if (plan->n_points > 1) return;
    const size_t n = (size_t)p->n;
    plan->published = arena_alloc(r->memory, n, sizeof *plan->published);
    plan->published_source = arena_alloc(r->memory, n, sizeof *plan->published_source);
    plan->descriptive = arena_alloc(r->memory, n, sizeof *plan->descriptive);
    plan->description = arena_alloc(r->memory, n, sizeof *plan->description);
    plan->group = arena_alloc(r->memory, n, sizeof *plan->group);
    for (int k = 0; k < p->n; k++)
        if (p->item[k].statistic.text != NULL) bind_row(r, plan, &p->item[k]);
    if (r->errors->n == 0) plan->unmarked = unmarked_facts(r, plan);
}
