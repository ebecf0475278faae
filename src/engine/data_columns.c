/* data_columns.c - plans that name columns of the data, see data_plan.h.  SPDX-License-Identifier:
 * MIT */
#include "base/text.h"
#include "engine/data_reading.h"

#include <math.h>
#include <string.h>

/* --- the plan as stated ----------------------------------------------------------------------- */

struct endpoint_keys {
    const char *name;
    struct place at;
    struct named_text value, time, event, cause;
    struct named_text eligible, baseline;
    struct numbers range;
    int better; /* 0: the kind's own, 1 lower, 2 higher */
    bool wrong; /* a mistake was reported */
};
struct stated {
    struct named_text name, description, arm, control;
    bool has_endpoints;
    int n_endpoints;
    struct endpoint_keys *endpoint;
    struct analysis_specs analyses;
};

static const struct param endpoint_params[] = {
    {PARAM_AT(struct endpoint_keys, value), .type = PARAM_TEXT,
     .help = "column of values, or of 0 and 1"},
    {PARAM_AT(struct endpoint_keys, time), .type = PARAM_TEXT,
     .help = "column of times to event or censoring"},
    {PARAM_AT(struct endpoint_keys, event), .type = PARAM_TEXT,
     .help = "column: 1 event, 0 censored"},
    {PARAM_AT(struct endpoint_keys, cause), .type = PARAM_TEXT,
     .help = "instead of event: 1 event, 2 a competing one, 0 censored"},
    {PARAM_AT(struct endpoint_keys, better), .type = PARAM_CHOICE,
     .choices = "default|lower|higher",
     .help = "which way benefit lies; default: lower, but higher with cause"},
    {PARAM_AT(struct endpoint_keys, range), .type = PARAM_NUMBERS,
     .help = "[lowest, highest] the value can be, for analyses with `missing`"},
    {PARAM_AT(struct endpoint_keys, baseline), .type = PARAM_TEXT,
     .help = "column that the value is a change from: range is then that of their sum"},
    {PARAM_AT(struct endpoint_keys, eligible), .type = PARAM_TEXT,
     .help = "column: 0 for patients without a value by design (dead by then), else 1; for "
             "`missing`"},
    {0}};

static const struct param data_params[] = {
    {PARAM_AT(struct stated, arm), .type = PARAM_TEXT, .help = "column of the patients' arms"},
    {PARAM_AT(struct stated, control), .type = PARAM_TEXT,
     .help = "the control arm; default: the first in byte order"},
    {0}};

static void check_keys(struct reader *r, const struct endpoint_keys *k, const char *what)
{
    const struct named_text *told = k->event.text ? &k->event : &k->cause;
    if (k->event.text && k->cause.text)
        error_at(r->errors, k->cause.at, "%s: either 'event' or 'cause', not both", what);
    else if (k->time.text && !told->text)
        error_at(r->errors, k->time.at, "%s: 'time' needs 'event' or 'cause'", what);
    else if (!k->time.text && told->text)
        error_at(r->errors, told->at, "%s: '%s' needs 'time'", what,
                 k->event.text ? "event" : "cause");
    else if (!k->time.text && !k->value.text)
        error_at(r->errors, k->at, "%s: 'value', or 'time' with 'event' or 'cause', is missing",
                 what);
    else if (k->range.n != 0 && (k->range.n != 2 || !(k->range.value[0] < k->range.value[1])))
        error_at(r->errors, k->at, "%s: range must be [lowest, highest]", what);
}

static void read_endpoints(struct reader *r, const struct node *n, void *field)
{
    struct stated *s = field;
    if (!read_map(r, n, "endpoints")) return;
    s->has_endpoints = true;
    s->endpoint = arena_alloc(r->memory, (size_t)n->n, sizeof *s->endpoint);
    for (int i = 0; i < n->n; i++) {
        struct endpoint_keys *k = &s->endpoint[s->n_endpoints++];
        const char *what = arena_printf(r->memory, "endpoint '%s'", n->key[i]);
        const int before = r->errors->n;
        if (!name_is_valid(n->key[i]))
            error_at(r->errors, n->key_at[i], "%s: a name is a letter, then letters, digits and _",
                     what);
        params_read(r, endpoint_params, n->item[i], n->key_at[i], what, k);
        k->name = n->key[i];
        k->at = n->key_at[i];
        if (r->errors->n == before) check_keys(r, k, what);
        k->wrong = r->errors->n > before;
    }
}

static void read_analyses(struct reader *r, const struct node *n, void *field)
{
    struct stated *s = field;
    analyses_read(r, n, &s->analyses);
    if (n->n == 0) error_at(r->errors, n->at, "the plan has no analyses");
}

static const struct param plan_params[] = {
    {PARAM_AT(struct stated, name), .type = PARAM_TEXT},
    {PARAM_AT(struct stated, description), .type = PARAM_TEXT},
    {.name = "data",
     .type = PARAM_GROUP,
     .group = data_params,
     .help = "the columns that describe the trial"},
    {.name = "endpoints",
     .type = PARAM_CUSTOM,
     .read = read_endpoints,
     .help = "name: {value} or {time, event}; absent: columns named as 'shocksim patients' does"},
    {.name = "analyses",
     .type = PARAM_CUSTOM,
     .read = read_analyses,
     .flags = PARAM_REQUIRED,
     .help = "as in a scenario"},
    {0}};

/* --- columns ---------------------------------------------------------------------------------- */

static void fill_column(struct data_plan *p, int k)
{
    const struct text_table *t = p->table;
    struct column *c = &p->schema.column[k];
    double *value = arena_alloc(&p->memory, (size_t)t->n, sizeof *value);
    *c = (struct column){.name = t->name[k]};
    if (text_table_numbers(t, k, value) >= 0) {
        c->kind = COLUMN_CATEGORY;
        c->levels = text_table_levels(t, k, &c->n_levels, &p->memory);
        (void)text_table_codes(t, k, c->n_levels, c->levels, value);
    }
    p->value[k] = value;
    p->source[k] = (struct data_source){k, -1};
}

/* Every column of the data, with room for names that endpoints add. */
static void fill_columns(struct data_plan *p, int more)
{
    const size_t room = (size_t)(p->table->n_columns + more);
    p->schema.column = arena_alloc(&p->memory, room, sizeof *p->schema.column);
    p->source = arena_alloc(&p->memory, room, sizeof *p->source);
    p->value = arena_alloc(&p->memory, room, sizeof *p->value);
    for (int k = 0; k < p->table->n_columns; k++) fill_column(p, k);
    p->schema.n = p->table->n_columns;
}

/* The column that a key names, -1 without key. One that is not there is reported; the first stands
 * in for it, so that no other mistakes follow. */
static int named_column(struct reader *r, const struct data_plan *p, const char *what,
                        const struct named_text *name)
{
    if (name->text == NULL) return -1;
    const int k = text_table_find(p->table, name->text);
    if (k < 0) data_no_column(r, name->at, what, p->table, name->text);
    return k < 0 ? 0 : k;
}

/* --- endpoints -------------------------------------------------------------------------------- */

/* Values can be named like the endpoint, as in a scenario, where no column has that name. */
static void add_column(struct data_plan *p, const char *name, int from)
{
    if (from < 0 || schema_find(&p->schema, name) >= 0) return;
    const int k = p->schema.n++;
    p->schema.column[k] = p->schema.column[from];
    p->schema.column[k].name = name;
    p->source[k] = p->source[from];
    p->value[k] = p->value[from];
}

static struct endpoint_columns map_endpoint(struct reader *r, const struct endpoint_keys *k,
                                            const struct data_plan *p)
{
    const char *what = arena_printf(r->memory, "endpoint '%s'", k->name);
    const bool cause = k->cause.text != NULL;
    struct endpoint_columns c = {.name = k->name, .event_is_cause = cause};
    c.value = named_column(r, p, what, &k->value);
    c.time = named_column(r, p, what, &k->time);
    c.event = named_column(r, p, what, cause ? &k->cause : &k->event);
    c.eligible = named_column(r, p, what, &k->eligible);
    c.baseline = named_column(r, p, what, &k->baseline);
    c.binary = true; /* the analysis that needs it looks */
    c.bounds = k->range.n == 2 ? (struct bounds){k->range.value[0], k->range.value[1]}
                               : (struct bounds){NAN, NAN};
    c.better = k->better == 2 || (k->better == 0 && cause) ? 1 : -1;
    if (k->wrong) c.value = c.time = c.event = 0; /* stand-ins again */
    return c;
}

static void map_endpoints(struct reader *r, const struct stated *s, struct data_plan *p)
{
    p->endpoint = arena_alloc(r->memory, (size_t)s->n_endpoints, sizeof *p->endpoint);
    for (int i = 0; i < s->n_endpoints; i++)
        p->endpoint[p->n_endpoints++] = map_endpoint(r, &s->endpoint[i], p);
    for (int i = 0; i < p->n_endpoints; i++)
        add_column(p, p->endpoint[i].name, p->endpoint[i].value);
}

/* Who ought to have a value of an endpoint, as `patients` names it; -1: everybody. */
static int eligible_column(struct reader *r, const struct data_plan *p, const char *endpoint)
{
    return text_table_find(p->table, arena_printf(r->memory, "%s" ELIGIBLE_SUFFIX, endpoint));
}

static struct endpoint_columns deduce_time(struct reader *r, const struct data_plan *p, int time)
{
    static const char suffix[] = "_time";
    const char *name = p->table->name[time];
    const size_t length = strlen(name), tail = sizeof suffix - 1;
    struct endpoint_columns found = {.value = -1,
                                     .time = time,
                                     .event = -1,
                                     .eligible = -1,
                                     .baseline = -1,
                                     .binary = true,
                                     .bounds = {NAN, NAN}};
    if (length <= tail || strcmp(name + length - tail, suffix) != 0) return found;
    found.name = arena_copy(r->memory, name, length - tail);
    found.event = text_table_find(p->table, arena_printf(r->memory, "%s_event", found.name));
    found.event_is_cause = found.event < 0;
    if (found.event < 0)
        found.event = text_table_find(p->table, arena_printf(r->memory, "%s_cause", found.name));
    found.better = found.event_is_cause ? 1 : -1;
    found.value = text_table_find(p->table, found.name);
    found.eligible = eligible_column(r, p, found.name);
    return found;
}

/* Times to event first; then each column that is not the value of one stands for itself. */
static void deduce_endpoints(struct reader *r, struct data_plan *p)
{
    const size_t n = (size_t)p->table->n_columns;
    bool *taken = arena_alloc(r->memory, n, sizeof *taken);
    p->endpoint = arena_alloc(r->memory, 2 * n, sizeof *p->endpoint);
    for (int k = 0; k < p->table->n_columns; k++) {
        const struct endpoint_columns found = deduce_time(r, p, k);
        if (found.event < 0) continue;
        p->endpoint[p->n_endpoints++] = found;
        if (found.value >= 0) taken[found.value] = true;
    }
    for (int k = 0; k < p->table->n_columns; k++)
        if (!taken[k])
            p->endpoint[p->n_endpoints++] =
                (struct endpoint_columns){.name = p->table->name[k],
                                          .value = k,
                                          .time = -1,
                                          .event = -1,
                                          .eligible = eligible_column(r, p, p->table->name[k]),
                                          .baseline = -1,
                                          .binary = true,
                                          .better = -1,
                                          .bounds = {NAN, NAN}};
}

/* --- arms ------------------------------------------------------------------------------------- */

static const char *arms_shown(const char *const *level, int n, struct arena *memory)
{
    enum { ENOUGH = 8 };
    const char *text = "are";
    for (int k = 0; k < n && k < ENOUGH; k++)
        text =
            arena_printf(memory, "%s%s '%s'", text, k > 0 ? "," : "", text_shown(level[k], memory));
    return n > ENOUGH ? arena_printf(memory, "%s, …", text) : text;
}

/* The place of the control among the levels. One arm alone, or none, gets the other as a name, so
 * that comparisons have no answer rather than no meaning. */
static int find_control(struct reader *r, const struct named_text *control, const char ***level,
                        int *n)
{
    static const char *const nobody[] = {"(no first arm)", "(no second arm)"};
    int found = control->text == NULL && *n > 0 ? 0 : -1;
    for (int k = 0; k < *n && found < 0; k++)
        if (strcmp((*level)[k], control->text) == 0) found = k;
    if (found < 0 && *n > 1) {
        error_at(r->errors, control->at, "data: no patient is in arm '%s'; there %s", control->text,
                 arms_shown(*level, *n, r->memory));
        return 0;
    }
    if (*n > 1) return found;
    const char **pair = arena_alloc(r->memory, 2, sizeof *pair);
    pair[0] = found == 0 ? (*level)[0] : control->text ? control->text : nobody[0];
    pair[1] = found < 0 && *n == 1 ? (*level)[0] : nobody[1];
    *level = pair;
    *n = 2;
    return 0;
}

static void map_arms(struct reader *r, const struct stated *s, struct data_plan *p, int column)
{
    const struct text_table *t = p->table;
    int n_levels;
    const char **level = text_table_levels(t, column, &n_levels, r->memory);
    if (n_levels > ARMS_MAX) { /* more different texts are no arms, but a mistaken column */
        error_at(r->errors, s->arm.at,
                 "data: column '%s' of %s has %d different texts: too many for arms",
                 t->name[column], t->source, n_levels);
        return;
    }
    p->n_arms = n_levels;
    const int control = find_control(r, &s->control, &level, &p->n_arms);
    p->arm = arena_alloc(r->memory, (size_t)p->n_arms, sizeof *p->arm);
    p->arm[0] = level[control];
    for (int k = 0, next = 1; k < p->n_arms; k++)
        if (k != control) p->arm[next++] = level[k];
    p->arm_of = arena_alloc(r->memory, (size_t)t->n, sizeof *p->arm_of);
    for (int i = 0; i < t->n; i++) {
        int arm = 0;
        while (arm < p->n_arms && (!t->cell[column][i] || strcmp(p->arm[arm], t->cell[column][i])))
            arm++;
        p->arm_of[i] = (unsigned char)arm;
    }
}

/* ---------------------------------------------------------------------------------------------- */

void data_read_columns(struct reader *r, const struct node *root, struct data_plan *plan)
{
    struct stated s = {0};
    params_read(r, plan_params, root, (struct place){root->at.file, 1, 1}, "the plan", &s);
    plan->analyses = s.analyses;
    fill_columns(plan, s.n_endpoints);
    const int before = r->errors->n;
    const int arm = s.arm.text || s.has_endpoints ? named_column(r, plan, "data", &s.arm)
                                                  : text_table_find(plan->table, "arm");
    if (s.control.text && arm < 0) error_at(r->errors, s.control.at, "data: 'control' needs 'arm'");
    if (arm >= 0 && r->errors->n == before) map_arms(r, &s, plan, arm);
    if (s.has_endpoints)
        map_endpoints(r, &s, plan);
    else
        deduce_endpoints(r, plan);
    if (plan->n_arms == 0 && r->errors->n > 0) return; /* what follows from that is no mistake */
    const struct binding to = {
        &plan->schema, plan->n_endpoints, plan->endpoint, plan->n_arms, plan->arm, 0, NULL};
    plan->analysis = arena_alloc(r->memory, (size_t)s.analyses.n, sizeof *plan->analysis);
    for (int k = 0; k < s.analyses.n; k++)
        plan->analysis[k] = analysis_bind(r, &s.analyses.item[k], &to);
}
