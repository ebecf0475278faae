/* scenario.c - the typed scenario of one point.  SPDX-License-Identifier: MIT */
#include "engine/scenario.h"
#include "base/text.h"
#include "model/registry.h"

#include <math.h>
#include <string.h>

const struct param simulation_params[] = {
    {PARAM_AT(struct simulation, seed), .type = PARAM_INTEGER, .fallback = 1, .min = 0, .max = 9e18,
     .help = "of every random stream"},
    {PARAM_AT(struct simulation, replicates), .type = PARAM_INTEGER, .fallback = 1000, .min = 1,
     .max = 1e9, .help = "simulated trials a point"},
    {PARAM_AT(struct simulation, common_random_numbers), .type = PARAM_FLAG, .fallback = 1,
     .help = "the same patients at every point of a sweep"},
    {0}};

static const struct param observed_params[] = {
    {PARAM_AT(struct observed, probability), .type = PARAM_SHARES, .min = 0, .max = 1,
     .flags = PARAM_SINGLE | PARAM_OPEN_MIN,
     .help = "share of known values that is recorded; or {arm: share}"},
    {PARAM_AT(struct observed, log_odds), .type = PARAM_TERMS,
     .help = "covariate or endpoint: log odds ratio of being recorded, per unit"},
    {0}};
const struct param endpoint_common_params[] = {
    {PARAM_AT(struct endpoint_common, kind), .type = PARAM_NAME, .flags = PARAM_REQUIRED,
     .help = "see 'shocksim list endpoints'"},
    {PARAM_AT(struct endpoint_common, observed), .type = PARAM_GROUP, .group = observed_params,
     .help = "makes values missing"},
    {PARAM_AT(struct endpoint_common, better), .type = PARAM_CHOICE,
     .choices = "default|lower|higher", .help = "which way benefit lies; default: the kind's own"},
    {0}};

void endpoints_read(struct reader *r, const struct node *n, struct endpoint_specs *a)
{
    *a = (struct endpoint_specs){0};
    if (n == NULL || !read_map(r, n, "endpoints")) return;
    a->item = arena_alloc(r->memory, (size_t)n->n, sizeof *a->item);
    const char *names[64];
    int n_kinds = 0;
    for (; n_kinds < 64 && endpoints[n_kinds] != NULL; n_kinds++)
        names[n_kinds] = endpoints[n_kinds]->name;
    for (int i = 0; i < n->n; i++) {
        struct endpoint_spec *s = &a->item[a->n];
        const char *what = arena_printf(r->memory, "endpoint '%s'", n->key[i]);
        if (!name_is_valid(n->key[i]))
            error_at(r->errors, n->key_at[i], "%s: a name is a letter, then letters, digits and _",
                     what);
        if (!read_map(r, n->item[i], what)) continue;
        const struct node *kind = node_get(n->item[i], "kind");
        if (kind == NULL || kind->kind != NODE_SCALAR) {
            error_at(r->errors, kind ? kind->at : n->key_at[i], "%s: 'kind' %s", what,
                     kind ? "must be a name" : "is missing");
            continue;
        }
        s->kind = endpoint_named(kind->text);
        if (s->kind == NULL) {
            const char *near = text_nearest(kind->text, names, n_kinds);
            error_at(r->errors, kind->at, "%s: unknown kind '%s'%s", what, kind->text,
                     did_you_mean(near).text);
            continue;
        }
        s->params = arena_alloc(r->memory, s->kind->params_size + 1, 1);
        params_read_pair(r, endpoint_common_params, &s->common, s->kind->params, s->params,
                         n->item[i], n->key_at[i], what);
        s->name = n->key[i];
        s->at = n->key_at[i];
        a->n++;
    }
}

static void echo_endpoints(struct buffer *out, const void *field, int indent)
{
    const struct endpoint_specs *a = field;
    for (int i = 0; i < a->n; i++) {
        const struct endpoint_spec *s = &a->item[i];
        buffer_printf(out, "%*s%s:\n", indent, "", s->name);
        params_echo(out, endpoint_common_params, &s->common, indent + 2);
        if (s->kind->params) params_echo(out, s->kind->params, s->params, indent + 2);
    }
}

/* Names share one space: columns, arms and endpoints must not collide. */
static void check_names(struct reader *r, const struct scenario *s)
{
    static const char *const own[] = {"patient", "arm", "centre", "arrival", "excluded", "lost"};
    const int n_own = sizeof own / sizeof *own;
    const int room = s->population.n_covariates + s->arms.n + s->endpoints.n + n_own;
    const char **name = arena_alloc(r->memory, (size_t)room, sizeof *name);
    const char **what = arena_alloc(r->memory, (size_t)room, sizeof *what);
    struct place *at = arena_alloc(r->memory, (size_t)room, sizeof *at);
    int n = 0;
    for (int k = 0; k < n_own; k++) name[n] = own[k], what[n++] = "column";
    for (int k = 0; k < s->population.n_covariates; k++)
        name[n] = s->population.covariate[k].name, at[n] = s->population.covariate[k].at,
        what[n++] = "covariate";
    for (int k = 0; k < s->arms.n; k++)
        name[n] = s->arms.arm[k].name, at[n] = s->arms.arm[k].at, what[n++] = "arm";
    for (int k = 0; k < s->endpoints.n; k++)
        name[n] = s->endpoints.item[k].name, at[n] = s->endpoints.item[k].at,
        what[n++] = "endpoint";
    for (int i = n_own; i < n; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(name[i], name[j]) == 0)
                error_at(r->errors, at[i], "%s '%s' has the same name as %s %s", what[i], name[i],
                         strchr("ae", what[j][0]) ? "an" : "a", what[j]);
}

static const char *const sections[] = {"name", "description", "simulation", "population", "course",
                                       "arms", "trial",       "endpoints",  "analyses",   "sweep",
                                       "zip",  "published",   "calibrate",  "extends"};

static void check_sections(struct reader *r, const struct node *root)
{
    const int n = sizeof sections / sizeof *sections;
    for (int i = 0; i < root->n; i++) {
        bool known = false;
        for (int k = 0; k < n; k++) known = known || strcmp(root->key[i], sections[k]) == 0;
        if (known) continue;
        const char *near = text_nearest(root->key[i], sections, n);
        error_at(r->errors, root->key_at[i], "unknown key '%s' in the scenario%s", root->key[i],
                 did_you_mean(near).text);
    }
    static const char *const needed[] = {"course", "arms", "trial", "endpoints", "analyses"};
    for (size_t k = 0; k < sizeof needed / sizeof *needed; k++)
        if (node_get(root, needed[k]) == NULL)
            error_at(r->errors, (struct place){root->at.file, 1, 1},
                     "'%s' is missing in the scenario", needed[k]);
}

static void read_text(struct reader *r, const struct node *root, const char *key,
                      struct named_text *t)
{
    const struct node *n = node_get(root, key);
    if (n == NULL) return;
    if (n->kind != NODE_SCALAR)
        error_at(r->errors, n->at, "%s must be a text", key);
    else
        *t = (struct named_text){n->text, n->at};
}

void scenario_read(struct reader *r, const struct node *root, struct scenario *s)
{
    *s = (struct scenario){0};
    check_sections(r, root);
    read_text(r, root, "name", &s->name);
    read_text(r, root, "description", &s->description);
    const struct node *simulation = node_get(root, "simulation"), *trial = node_get(root, "trial");
    params_read(r, simulation_params, simulation, root->at, "simulation", &s->simulation);
    population_read(r, node_get(root, "population"), &s->population);
    course_read(r, node_get(root, "course"), &s->course);
    arms_read(r, node_get(root, "arms"), &s->course, &s->arms);
    if (trial != NULL) trial_read(r, trial, &s->trial);
    endpoints_read(r, node_get(root, "endpoints"), &s->endpoints);
    const struct node *stated = node_get(root, "analyses");
    const int before = r->errors->n;
    analyses_read(r, stated, &s->analyses);
    if (stated != NULL && stated->n == 0 && r->errors->n == before)
        error_at(r->errors, stated->at, "analyses: at least one analysis is needed");
    const struct node *published = node_get(root, "published");
    if (published != NULL) published_read(r, published, &s->published);
    calibrate_read(r, node_get(root, "calibrate"), &s->calibrate);
    check_names(r, s);
}

static const struct param title_params[] = {
    {PARAM_AT(struct scenario, name), .type = PARAM_TEXT},
    {PARAM_AT(struct scenario, description), .type = PARAM_TEXT},
    {0}};

void scenario_echo(struct buffer *out, const struct scenario *s)
{
    params_echo(out, title_params, s, 0);
    buffer_puts(out, "simulation:\n");
    params_echo(out, simulation_params, &s->simulation, 2);
    buffer_puts(out, "population:\n");
    population_echo(out, &s->population, 2);
    buffer_puts(out, "course:\n");
    course_echo(out, &s->course, 2);
    buffer_puts(out, "arms:\n");
    arms_echo(out, &s->arms, 2);
    buffer_puts(out, "trial:\n");
    params_echo(out, trial_params, &s->trial, 2);
    buffer_puts(out, "endpoints:\n");
    echo_endpoints(out, &s->endpoints, 2);
    buffer_puts(out, "analyses:\n");
    analyses_echo(out, &s->analyses, 2);
    if (s->published.n > 0) {
        buffer_puts(out, "published:\n");
        published_echo(out, &s->published, 2);
    }
    calibrate_echo(out, &s->calibrate);
}
