/* analysis_spec.c - see analysis_spec.h.  SPDX-License-Identifier: MIT */
#include "model/analysis_spec.h"
#include "base/text.h"
#include "model/binder.h"
#include "model/missing.h"
#include "model/registry.h"
#include "stat/distribution.h"

#include <math.h>
#include <string.h>

#define ROW(type_, field) PARAM_AT(struct analysis_spec, field), .type = (type_)
const struct param analysis_params[] = {
    {.name = "method",
     .offset = offsetof(struct analysis_spec, method_name),
     .type = PARAM_NAME,
     .flags = PARAM_REQUIRED,
     .help = "see 'shocksim list analyses'"},
    {ROW(PARAM_NAME, endpoint), .help = "the outcome; required where there is no hierarchy"},
    {ROW(PARAM_CUSTOM, hierarchy), .read = hierarchy_read, .echo = hierarchy_echo,
     .help = "[{endpoint, better: lower|higher, margin: 0, compare: yes_no|time, "
             "tie_if_both: false|true}, …]"},
    {ROW(PARAM_TEXTS, adjust),
     .help = "covariates: age, log(lactate), sqrt(x), source (contrasts)"},
    {ROW(PARAM_TEXTS, strata), .help = "centre or covariates; every combination is a stratum"},
    {ROW(PARAM_TEXT, marker), .help = "covariate or endpoint whose values are judged (roc)"},
    {ROW(PARAM_TEXT, versus), .help = "a second marker: the areas of both are compared (roc)"},
    {ROW(PARAM_TEXT, cluster), .help = "column whose levels are clusters: centre"},
    {ROW(PARAM_TEXT, frailty), .help = "column whose levels have a normal random effect (cox)"},
    {ROW(PARAM_TEXT, term), .help = "whose coefficient is reported: arm, or an item of adjust"},
    {ROW(PARAM_NUMBER, alpha), .fallback = 0.05, .min = 0, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX, .help = "level of the test, over its sides"},
    {ROW(PARAM_INTEGER, sides), .fallback = 2, .min = 1, .max = 2,
     .help = "2, or 1: one-sided towards benefit, limits at 1 - 2 alpha"},
    {ROW(PARAM_NUMBER, null), .fallback = NAN,
     .help = "tested value on the natural scale (default 1 or 0); a margin makes non-inferiority"},
    {ROW(PARAM_TEXTS, contrast), .help = "[control, arm]; the first two arms"},
    {ROW(PARAM_CHOICE, missing), .choices = MISSING_CHOICES,
     .help = "outcomes not known: patients left out, or filled in; see 'shocksim help missing'"},
    {ROW(PARAM_TEXTS, impute_with),
     .help = "covariates that predict the outcome, besides the arm and adjust (single, multiple)"},
    {ROW(PARAM_INTEGER, imputations), .fallback = 20, .min = 2, .max = 1000,
     .help = "completed data sets of `missing: multiple`"},
    {ROW(PARAM_TEXT, where),
     .help = "subgroup, such as \"sofa < 10 and source == abdominal\"; see 'help where'"},
    {0}};
#undef ROW

static void unknown(struct reader *r, struct place at, const char *what, const char *kind,
                    const char *name, const char *const *names, int n)
{
    const char *near = text_nearest(name, names, n);
    error_at(r->errors, at, "%s: unknown %s '%s'%s", what, kind, name, did_you_mean(near).text);
}

static const struct analysis *read_method(struct reader *r, const struct node *body,
                                          struct place at, const char *what)
{
    const struct node *method = node_get(body, "method");
    const char *names[64];
    int n = 0;
    for (; n < 64 && analyses[n] != NULL; n++) names[n] = analyses[n]->name;
    if (method == NULL) {
        error_at(r->errors, at, "%s: 'method' is missing", what);
        return NULL;
    }
    if (method->kind != NODE_SCALAR) {
        error_at(r->errors, method->at, "%s: method must be a name", what);
        return NULL;
    }
    const struct analysis *found = analysis_named(method->text);
    if (found == NULL) unknown(r, method->at, what, "method", method->text, names, n);
    const struct node *missing = node_get(body, "missing");
    const bool multiple = missing != NULL && missing->kind == NODE_SCALAR &&
                          strcmp(missing->text, MISSING_WORD_MULTIPLE) == 0;
    if (found != NULL && found->with_imputations && multiple) return found->with_imputations;
    if (found != NULL && found->with_versus && node_get(body, "versus")) return found->with_versus;
    if (found != NULL && found->with_frailty && node_get(body, "frailty"))
        return found->with_frailty;
    if (found != NULL && found->with_cluster && node_get(body, "cluster"))
        return found->with_cluster;
    return found;
}

void analyses_read(struct reader *r, const struct node *n, struct analysis_specs *a)
{
    *a = (struct analysis_specs){0};
    if (n == NULL || !read_map(r, n, "analyses")) return;
    a->item = arena_alloc(r->memory, (size_t)n->n, sizeof *a->item);
    for (int i = 0; i < n->n; i++) {
        struct analysis_spec *s = &a->item[a->n];
        const char *what = arena_printf(r->memory, "analysis '%s'", n->key[i]);
        if (!name_is_valid(n->key[i]))
            error_at(r->errors, n->key_at[i], "%s: a name is a letter, then letters, digits and _",
                     what);
        if (!read_map(r, n->item[i], what)) continue;
        const struct analysis *method = read_method(r, n->item[i], n->key_at[i], what);
        if (method == NULL) continue;
        void *params = arena_alloc(r->memory, method->params_size + 1, 1);
        params_read_pair(r, analysis_params, s, method->params, params, n->item[i], n->key_at[i],
                         what);
        const char *outcome = method->uses & USES_HIERARCHY ? "hierarchy" : "endpoint";
        if (node_get(n->item[i], outcome) == NULL)
            error_at(r->errors, n->key_at[i], "'%s' is missing in %s", outcome, what);
        s->name = n->key[i];
        s->at = n->key_at[i];
        s->method = method;
        s->params = params;
        a->n++;
    }
}

void analyses_echo(struct buffer *out, const struct analysis_specs *a, int indent)
{
    for (int i = 0; i < a->n; i++) {
        const struct analysis_spec *s = &a->item[i];
        buffer_printf(out, "%*s%s:\n", indent, "", s->name);
        params_echo(out, analysis_params, s, indent + 2);
        if (s->method->params) params_echo(out, s->method->params, s->params, indent + 2);
    }
}

/* --- binding ---------------------------------------------------------------------------------- */

int binder_column(const struct binder *k, const char *name, struct place at)
{
    const struct schema *s = k->to->schema;
    const int found = schema_find(s, name);
    if (found >= 0) return found;
    for (int i = 0; i < k->to->n_hidden; i++)
        if (strcmp(k->to->hidden[i], name) == 0) {
            error_at(k->r->errors, at, "%s: '%s' is latent: no analysis may see it", k->what, name);
            return -1;
        }
    const char **names = arena_alloc(k->r->memory, (size_t)s->n, sizeof *names);
    for (int i = 0; i < s->n; i++) names[i] = s->column[i].name;
    unknown(k->r, at, k->what, "column", name, names, s->n);
    return -1;
}

/* A condition does not know latent covariates: to it there are no such columns. */
static void find_hidden(const struct binder *k, const struct named_text *where)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    for (const char *c = where->text + strcspn(where->text, letters); *c;
         c += strcspn(c, letters)) {
        const size_t length = strspn(c, letters);
        for (int i = 0; i < k->to->n_hidden; i++)
            if (strlen(k->to->hidden[i]) == length && strncmp(k->to->hidden[i], c, length) == 0)
                error_at(k->r->errors, where->at, "%s: '%s' is latent: no analysis may see it",
                         k->what, k->to->hidden[i]);
        c += length;
    }
}

struct adjustment binder_adjustment(const struct binder *k, const struct named_text *item)
{
    struct adjustment a = {-1, TRANSFORM_NONE, item->text};
    const char *open = strchr(item->text, '('), *name = item->text;
    if (open != NULL) {
        const size_t length = strlen(item->text), head = (size_t)(open - item->text);
        if (head == 3 && strncmp(item->text, "log", 3) == 0)
            a.transform = TRANSFORM_LOG;
        else if (head == 4 && strncmp(item->text, "sqrt", 4) == 0)
            a.transform = TRANSFORM_SQRT;
        if (a.transform == TRANSFORM_NONE || item->text[length - 1] != ')') {
            error_at(k->r->errors, item->at,
                     "%s: adjust '%s': expected a column, log(column) or "
                     "sqrt(column)",
                     k->what, item->text);
            return a;
        }
        name = arena_copy(k->r->memory, open + 1, length - head - 2);
    }
    a.column = binder_column(k, name, item->at);
    if (a.column >= 0 && a.transform != TRANSFORM_NONE &&
        k->to->schema->column[a.column].kind == COLUMN_CATEGORY)
        error_at(k->r->errors, item->at, "%s: '%s' is categorical, it has no logarithm or root",
                 k->what, name);
    return a;
}

static const struct endpoint_columns *find_endpoint(const struct binder *k,
                                                    const struct named_text *name)
{
    const struct binding *to = k->to;
    const char **names = arena_alloc(k->r->memory, (size_t)to->n_endpoints, sizeof *names);
    for (int i = 0; i < to->n_endpoints; i++) {
        names[i] = to->endpoint[i].name;
        if (strcmp(names[i], name->text) == 0) return &to->endpoint[i];
    }
    unknown(k->r, name->at, k->what, "endpoint", name->text, names, to->n_endpoints);
    return NULL;
}

static void want(const struct binder *k, const struct named_text *endpoint, bool fits,
                 const char *who, const char *wanted)
{
    if (!fits)
        error_at(k->r->errors, endpoint->at, "%s: %s needs %s, which endpoint '%s' does not have",
                 k->what, who, wanted, endpoint->text);
}

static void bind_endpoint(const struct binder *k, const struct analysis_spec *a,
                          struct bound_analysis *b)
{
    static const char *const wanted[] = {"a value", "a yes/no value", "a time to event"};
    const struct endpoint_columns *found = find_endpoint(k, &a->endpoint);
    if (found == NULL) return;
    b->outcome = *found;
    const bool fits = b->outcome_kind == OUTCOME_TIME     ? found->time >= 0
                      : b->outcome_kind == OUTCOME_BINARY ? found->value >= 0 && found->binary
                                                          : found->value >= 0;
    want(k, &a->endpoint, fits, a->method->name, wanted[b->outcome_kind]);
}

static void bind_tier(const struct binder *k, const struct tier_spec *t, struct bound_analysis *b)
{
    const struct endpoint_columns *found =
        t->endpoint.text != NULL ? find_endpoint(k, &t->endpoint) : NULL;
    if (found == NULL) return;
    const bool by_time = t->compare == 1;
    if (by_time)
        want(k, &t->endpoint, found->time >= 0, "compare: time", "a time to event");
    else
        want(k, &t->endpoint, found->value >= 0, "compare: yes_no", "a value");
    if (t->tie_if_both && !by_time)
        want(k, &t->endpoint, found->binary, "tie_if_both", "a yes/no value");
    b->tier[b->n_tiers++] =
        (struct bound_tier){.outcome = *found,
                            .by_time = by_time,
                            .tie_if_both = t->tie_if_both,
                            .better = t->better == 0 ? found->better : 2 * t->better - 3,
                            .margin = t->margin};
}

static void bind_hierarchy(const struct binder *k, const struct analysis_spec *a,
                           struct bound_analysis *b)
{
    const struct hierarchy *h = &a->hierarchy;
    b->tier = arena_alloc(k->r->memory, (size_t)h->n, sizeof *b->tier);
    for (int i = 0; i < h->n; i++) bind_tier(k, &h->tier[i], b);
    if (b->n_tiers == 0) return;
    b->outcome = b->tier[0].outcome;
    if (a->endpoint.text != NULL && strcmp(a->endpoint.text, b->outcome.name) != 0)
        error_at(k->r->errors, a->endpoint.at,
                 "%s: the endpoint is that of the first tier, '%s'; leave the key out", k->what,
                 b->outcome.name);
}

static void bind_arms(const struct binder *k, const struct analysis_spec *a,
                      struct bound_analysis *b)
{
    const struct binding *to = k->to;
    b->arm[0] = 0;
    b->arm[1] = to->n_arms > 1 ? 1 : -1;
    if (a->contrast.n != 0 && a->contrast.n != 2)
        error_at(k->r->errors, a->at, "%s: contrast must be [control, arm]", k->what);
    for (int i = 0; i < a->contrast.n && i < 2; i++) {
        const char *name = a->contrast.item[i].text;
        int found = -1;
        for (int j = 0; j < to->n_arms; j++)
            if (strcmp(to->arm[j], name) == 0) found = j;
        if (found < 0)
            unknown(k->r, a->contrast.item[i].at, k->what, "arm", name, to->arm, to->n_arms);
        b->arm[i] = found < 0 ? i : found; /* reported: nothing follows */
    }
    if (b->arm[1] < 0 && !(a->method->uses & (NEEDS_NO_ARM | USES_TERM)))
        error_at(k->r->errors, a->at, "%s: %s compares two arms; the study has %d", k->what,
                 a->method->name, to->n_arms);
}

static void bind_term(const struct binder *k, const struct analysis_spec *a,
                      struct bound_analysis *b)
{
    b->term = -1;
    const bool arm = a->term.text ? strcmp(a->term.text, "arm") == 0 : b->arm[1] >= 0;
    if (arm || !(a->method->uses & USES_TERM)) {
        if (arm && b->arm[1] < 0 && a->term.text)
            error_at(k->r->errors, a->term.at, "%s: term: the study has no second arm", k->what);
        return;
    }
    for (int i = 0; i < b->n_adjust; i++)
        if (a->term.text == NULL || strcmp(b->adjust[i].text, a->term.text) == 0) {
            b->term = i;
            break;
        }
    if (b->term < 0 && a->term.text == NULL)
        error_at(k->r->errors, a->at,
                 "%s: %s needs two arms, or a covariate in adjust; the study has %d", k->what,
                 a->method->name, k->to->n_arms);
    else if (b->term < 0)
        error_at(k->r->errors, a->term.at, "%s: term must be arm or an item of adjust", k->what);
    else if (b->adjust[b->term].column >= 0 &&
             k->to->schema->column[b->adjust[b->term].column].kind == COLUMN_CATEGORY)
        error_at(k->r->errors, a->term.text ? a->term.at : a->at,
                 "%s: term '%s' is categorical: it has no single coefficient", k->what,
                 b->adjust[b->term].text);
}

static void refuse(const struct binder *k, const struct analysis_spec *a, int flag, bool given,
                   const char *key)
{
    if (given && !(a->method->uses & flag))
        error_at(k->r->errors, a->at, "%s: %s takes no %s", k->what, a->method->name, key);
}

static void bind_cluster(const struct binder *k, const struct analysis_spec *a,
                         struct bound_analysis *b)
{
    const bool random = a->method->uses & USES_FRAILTY;
    const struct named_text *column = random ? &a->frailty : &a->cluster;
    b->cluster = -1;
    if (random && a->cluster.text != NULL) {
        error_at(k->r->errors, a->at, "%s: %s takes either cluster or frailty, not both", k->what,
                 a->method->name);
        return;
    }
    refuse(k, a, USES_CLUSTER, a->cluster.text != NULL, "cluster");
    refuse(k, a, USES_FRAILTY, a->frailty.text != NULL, "frailty");
    if (column->text != NULL && a->method->uses & (USES_CLUSTER | USES_FRAILTY))
        b->cluster = binder_column(k, column->text, column->at);
    else if (a->method->uses & NEEDS_CLUSTER)
        error_at(k->r->errors, a->at, "%s: 'cluster' is missing", k->what);
}

static void refuse_conflict(const struct binder *k, const struct analysis_spec *a)
{
    if (a->method->conflict == NULL) return;
    const char *why = a->method->conflict(a->params, a->adjust.n > 0, a->strata.n > 0);
    if (why != NULL) error_at(k->r->errors, a->at, "%s: %s", k->what, why);
}

struct bound_analysis analysis_bind(struct reader *r, const struct analysis_spec *a,
                                    const struct binding *to)
{
    const struct binder k = {r, to, arena_printf(r->memory, "analysis '%s'", a->name)};
    struct bound_analysis b = {.spec = a,
                               .method = a->method,
                               .outcome_kind = a->method->outcome_of
                                                   ? a->method->outcome_of(a->params)
                                                   : a->method->outcome,
                               .marker = -1,
                               .versus = -1};
    refuse(&k, a, USES_ADJUST, a->adjust.n > 0, "adjust");
    refuse(&k, a, USES_STRATA, a->strata.n > 0, "strata");
    refuse(&k, a, USES_MARKER, a->marker.text != NULL, "marker");
    refuse(&k, a, USES_VERSUS, a->versus.text != NULL, "versus");
    refuse(&k, a, USES_TERM, a->term.text != NULL, "term");
    refuse_conflict(&k, a);
    refuse(&k, a, USES_HIERARCHY, a->hierarchy.n > 0, "hierarchy");
    if (a->method->uses & USES_HIERARCHY)
        bind_hierarchy(&k, a, &b);
    else if (a->endpoint.text != NULL)
        bind_endpoint(&k, a, &b);
    b.n_outputs = a->method->n_outputs + a->method->outputs_per_tier * a->hierarchy.n;
    bind_arms(&k, a, &b);
    b.adjust = arena_alloc(r->memory, (size_t)(a->adjust.n + a->impute_with.n), sizeof *b.adjust);
    for (int i = 0; i < a->adjust.n; i++)
        b.adjust[b.n_adjust++] = binder_adjustment(&k, &a->adjust.item[i]);
    bind_term(&k, a, &b);
    b.stratum = arena_alloc(r->memory, (size_t)a->strata.n, sizeof *b.stratum);
    for (int i = 0; i < a->strata.n; i++)
        b.stratum[b.n_strata++] = binder_column(&k, a->strata.item[i].text, a->strata.item[i].at);
    if (a->method->uses & USES_MARKER) {
        if (a->marker.text == NULL)
            error_at(r->errors, a->at, "%s: 'marker' is missing", k.what);
        else
            b.marker = binder_column(&k, a->marker.text, a->marker.at);
    }
    if (a->versus.text != NULL) b.versus = binder_column(&k, a->versus.text, a->versus.at);
    missing_bind(&k, &b);
    bind_cluster(&k, a, &b);
    if (a->where.text != NULL) {
        b.where = expression_read(a->where.text, a->where.at, to->schema, r->memory, r->errors);
        if (b.where == NULL) find_hidden(&k, &a->where);
    }
    const struct output *first = &a->method->outputs[0];
    const double null = isnan(a->null) ? first->null : a->null;
    if (first->scale == SCALE_LOG && null <= 0)
        error_at(r->errors, a->at, "%s: null must be a ratio above 0, not %g", k.what, null);
    b.inference =
        (struct inference){.alpha = a->alpha,
                           .sides = (int)a->sides,
                           .null = null,
                           .benefit = output_benefit(first, b.term >= 0 ? 0 : b.outcome.better),
                           .z = normal_upper_quantile(a->alpha / (double)a->sides)};
    return b;
}
