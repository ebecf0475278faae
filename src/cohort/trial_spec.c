/* trial_spec.c - reads and checks the `trial` section.  SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cohort/trial.h"
#include "model/registry.h"

#include <math.h>
#include <string.h>

static const char DAYS_PER_MONTH_HELP[] = "patients a centre a month (30.4375 days)";

static const struct param randomisation_params[] = {
    {PARAM_AT(struct randomisation, method), .type = PARAM_CHOICE, .choices = "blocks|simple",
     .help = "permuted blocks, or each patient independently"},
    {PARAM_AT(struct randomisation, size), .type = PARAM_INTEGER, .fallback = 0, .min = 0,
     .max = 1000, .unit = "patients",
     .help = "of a block, a multiple of the allocation's sum; 0: twice that sum"},
    {PARAM_AT(struct randomisation, strata), .type = PARAM_NAMES,
     .help = "centre, or categorical or binary covariates, each with its own blocks"},
    {0}};
static const struct param recruitment_params[] = {
    {PARAM_AT(struct recruitment, per_centre_month), .type = PARAM_NUMBER, .fallback = NAN,
     .min = 0, .max = 1e6, .flags = PARAM_OPEN_MIN, .help = DAYS_PER_MONTH_HELP},
    {PARAM_AT(struct recruitment, per_month), .type = PARAM_NUMBER, .fallback = NAN, .min = 0,
     .max = 1e9, .flags = PARAM_OPEN_MIN, .help = "patients a month, all centres together"},
    {PARAM_AT(struct recruitment, duration), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .min = 0, .max = 1e6, .flags = PARAM_OPEN_MIN, .help = "days in which all patients arrive"},
    {PARAM_AT(struct recruitment, arrivals), .type = PARAM_CHOICE, .choices = "poisson|even",
     .help = "random, or at equal intervals"},
    {0}};
static const struct param loss_params[] = {
    {PARAM_AT(struct loss, probability), .type = PARAM_SHARES, .min = 0, .max = 1,
     .flags = PARAM_SINGLE | PARAM_OPEN_MAX,
     .help = "of loss by day `by` at a constant rate, were nobody to die; or {arm: probability}"},
    {PARAM_AT(struct loss, by), .type = PARAM_NUMBER, .unit = "days", .fallback = 90, .min = 0,
     .max = 1e5, .flags = PARAM_OPEN_MIN, .help = "day by which that share is lost"},
    {0}};

static void read_receives(struct reader *r, const struct node *n, void *field)
{
    struct receives *v = field;
    if (!read_map(r, n, "receives")) return;
    v->item = arena_alloc(r->memory, (size_t)n->n, sizeof *v->item);
    for (int i = 0; i < n->n; i++) {
        const struct node *body = n->item[i];
        if (!read_map(r, body, arena_printf(r->memory, "receives '%s'", n->key[i]))) continue;
        struct received *item = &v->item[v->n++];
        *item = (struct received){n->key[i], n->key_at[i], {0}};
        item->gets.name = arena_alloc(r->memory, (size_t)body->n, sizeof *item->gets.name);
        item->gets.value = arena_alloc(r->memory, (size_t)body->n, sizeof *item->gets.value);
        item->gets.at = arena_alloc(r->memory, (size_t)body->n, sizeof *item->gets.at);
        for (int j = 0; j < body->n; j++) {
            item->gets.name[j] = body->key[j];
            item->gets.at[j] = body->key_at[j];
            read_number(r, body->item[j], body->key[j], 0, 1, 0, &item->gets.value[j]);
            item->gets.n++;
        }
    }
}

static void echo_receives(struct buffer *out, const void *field, int indent)
{
    const struct receives *v = field;
    for (int i = 0; i < v->n; i++) {
        buffer_printf(out, "%*s%s: {", indent, "", v->item[i].arm);
        for (int j = 0; j < v->item[i].gets.n; j++)
            buffer_printf(out, "%s%s: %s", j ? ", " : "", v->item[i].gets.name[j],
                          number_shortest(v->item[i].gets.value[j]).text);
        buffer_puts(out, "}\n");
    }
}

static void read_design(struct reader *r, const struct node *n, void *field)
{
    struct chosen_design *c = field;
    const char *name = n->kind == NODE_SCALAR             ? n->text
                       : n->kind == NODE_MAP && n->n == 1 ? n->key[0]
                                                          : NULL;
    if (name == NULL) {
        error_at(r->errors, n->at, "design must be a name or {name: {its keys}}");
        return;
    }
    c->design = design_named(name);
    if (c->design == NULL) {
        const char *names[32];
        int k = 0;
        for (; k < 32 && designs[k] != NULL; k++) names[k] = designs[k]->name;
        const char *near = text_nearest(name, names, k);
        error_at(r->errors, n->at, "unknown design '%s'%s", name, did_you_mean(near).text);
        return;
    }
    c->params = arena_alloc(r->memory, c->design->params_size + 1, 1);
    params_read(r, c->design->params, n->kind == NODE_MAP ? n->item[0] : NULL, n->at,
                arena_printf(r->memory, "design '%s'", name), c->params);
}

static void echo_design(struct buffer *out, const void *field, int indent)
{
    const struct chosen_design *c = field;
    if (c->design->params == NULL) {
        buffer_puts(out, c->design->name);
        return;
    }
    buffer_printf(out, "%*s%s:\n", indent, "", c->design->name);
    params_echo(out, c->design->params, c->params, indent + 2);
}

const struct param trial_params[] = {
    {PARAM_AT(struct trial_spec, design), .type = PARAM_CUSTOM, .read = read_design,
     .echo = echo_design,
     .help = "fixed, or {event_driven: {events: N}}; see 'shocksim list designs'"},
    {PARAM_AT(struct trial_spec, patients), .type = PARAM_INTEGER, .fallback = 0, .min = 1,
     .max = 10000000, .flags = PARAM_REQUIRED, .help = "randomised, all arms together"},
    {PARAM_AT(struct trial_spec, allocation), .type = PARAM_NUMBERS, .min = 1, .max = 100,
     .help = "ratio of the arms, in whole numbers; absent: equal"},
    {PARAM_AT(struct trial_spec, randomisation), .type = PARAM_GROUP, .group = randomisation_params,
     .help = "how arms are allocated"},
    {PARAM_AT(struct trial_spec, recruitment), .type = PARAM_GROUP, .group = recruitment_params,
     .help = "how patients arrive (one of the three rates; absent: 1 a centre and month)"},
    {PARAM_AT(struct trial_spec, follow_up), .type = PARAM_NUMBER, .unit = "days", .fallback = 90,
     .min = 0, .max = 1e5, .flags = PARAM_OPEN_MIN, .help = "administrative, after randomisation"},
    {PARAM_AT(struct trial_spec, excluded), .type = PARAM_SHARES, .min = 0, .max = 1,
     .flags = PARAM_SINGLE | PARAM_OPEN_MAX,
     .help = "share excluded after randomisation, from every analysis; or {arm: share}"},
    {PARAM_AT(struct trial_spec, lost), .type = PARAM_GROUP, .group = loss_params,
     .help = "loss to follow-up"},
    {PARAM_AT(struct trial_spec, receives), .type = PARAM_CUSTOM, .read = read_receives,
     .echo = echo_receives,
     .help = "arm: {other arm: share that gets its effects, on outcomes and on what is delivered}"},
    {0}};

void trial_read(struct reader *r, const struct node *n, struct trial_spec *t)
{
    params_read(r, trial_params, n, n ? n->at : (struct place){0}, "trial", t);
    t->at = n ? n->at : (struct place){0};
    if (t->design.design == NULL) {
        t->design.design = design_named("fixed");
        t->design.params = arena_alloc(r->memory, 1, 1);
    }
}

/* --- checks --- */

static int arm_index(struct reader *r, const struct arms *arms, const char *name, struct place at,
                     const char *what)
{
    const int k = arms_find(arms, name);
    if (k >= 0) return k;
    const char **names = arena_alloc(r->memory, (size_t)arms->n, sizeof *names);
    for (int i = 0; i < arms->n; i++) names[i] = arms->arm[i].name;
    const char *near = text_nearest(name, names, arms->n);
    error_at(r->errors, at, "%s: unknown arm '%s'%s", what, name, did_you_mean(near).text);
    return -1;
}

static double *by_arm(struct reader *r, const struct arms *arms, const struct shares *s,
                      const char *what)
{
    double *value = arena_alloc(r->memory, (size_t)arms->n, sizeof *value);
    for (int i = 0; i < s->n; i++) {
        if (s->name[i] == NULL) {
            for (int a = 0; a < arms->n; a++) value[a] = s->value[i];
            continue;
        }
        const int a = arm_index(r, arms, s->name[i], s->at[i], what);
        if (a >= 0) value[a] = s->value[i];
    }
    return value;
}

static void not_a_stratum(struct reader *r, const struct population *p, const struct named_text *t)
{
    const char **names = arena_alloc(r->memory, (size_t)p->n_covariates + 1, sizeof *names);
    int n = 0;
    names[n++] = "centre";
    for (int k = 0; k < p->n_covariates; k++)
        if (p->covariate[k].distribution >= DISTRIBUTION_BINARY) names[n++] = p->covariate[k].name;
    const char *near = text_nearest(t->text, names, n);
    error_at(r->errors, t->at, "strata: '%s' must be centre or a binary or categorical covariate%s",
             t->text, did_you_mean(near).text);
}

static void solve_strata(struct reader *r, const struct trial_spec *t, const struct population *p,
                         struct trial_plan *plan)
{
    const struct names *strata = &t->randomisation.strata;
    plan->stratifier = arena_alloc(r->memory, (size_t)strata->n, sizeof *plan->stratifier);
    double n = 1;
    for (int i = 0; i < strata->n; i++) {
        const struct named_text *name = &strata->item[i];
        if (strcmp(name->text, "centre") == 0) {
            plan->by_centre = true;
            n *= (double)p->centres.number;
            continue;
        }
        const int k = population_covariate(p, name->text);
        if (k < 0 || p->covariate[k].distribution < DISTRIBUTION_BINARY)
            not_a_stratum(r, p, name);
        else if (p->covariate[k].latent)
            error_at(r->errors, name->at, "strata: '%s' is latent: nobody can see it", name->text);
        else {
            plan->stratifier[plan->n_stratifiers++] = k;
            n *= p->marginal[k].n_levels;
        }
    }
    if (n > 1e6)
        error_at(r->errors, t->at, "strata: %g strata are more than 1,000,000", n);
    else
        plan->n_strata = (int)n;
}

/* The block in order of arms, the first place in the lowest bits. */
static void pack_block(struct trial_plan *plan, int64_t sum)
{
    int bits = 1;
    while (1 << bits < plan->n_arms) bits++;
    if (sum < 1 || plan->block % sum != 0 || plan->block > 64 / bits) return;
    plan->place_bits = bits;
    int place = 0;
    for (int a = 0; a < plan->n_arms; a++)
        for (int64_t j = 0; j < plan->allocation[a] * (plan->block / sum); j++)
            plan->ordered_block |= (uint64_t)a << bits * place++;
}

static void solve_allocation(struct reader *r, const struct trial_spec *t, struct trial_plan *plan)
{
    plan->allocation = arena_alloc(r->memory, (size_t)plan->n_arms, sizeof *plan->allocation);
    int64_t sum = 0;
    if (t->allocation.n > 0 && t->allocation.n != plan->n_arms)
        error_at(r->errors, t->at, "trial: allocation has %d numbers for %d arms", t->allocation.n,
                 plan->n_arms);
    for (int a = 0; a < plan->n_arms; a++) {
        const double share = a < t->allocation.n ? t->allocation.value[a] : 1;
        if (fabs(share - rint(share)) > 0)
            error_at(r->errors, t->at, "trial: allocation must be whole numbers, not %g", share);
        plan->allocation[a] = (int64_t)share;
        sum += plan->allocation[a];
    }
    const int64_t size = t->randomisation.size > 0 ? t->randomisation.size : 2 * sum;
    if (t->randomisation.method == 0 && size % sum != 0)
        error_at(r->errors, t->at,
                 "trial: a block of %lld cannot hold the allocation: its size must be a multiple "
                 "of %lld",
                 (long long)size, (long long)sum);
    plan->block = (int)size;
    pack_block(plan, sum);
}

static void solve_received(struct reader *r, const struct trial_spec *t, const struct arms *arms,
                           struct trial_plan *plan)
{
    const int n = plan->n_arms;
    double *share = arena_alloc(r->memory, (size_t)n * (size_t)n, sizeof *share);
    for (int i = 0; i < t->receives.n; i++) {
        const struct received *v = &t->receives.item[i];
        const int a = arm_index(r, arms, v->arm, v->at, "receives");
        double total = 0;
        for (int j = 0; j < v->gets.n; j++) {
            const int b = arm_index(r, arms, v->gets.name[j], v->gets.at[j], "receives");
            if (a < 0 || b < 0) continue;
            if (a == b)
                error_at(r->errors, v->gets.at[j],
                         "receives: the share of '%s' that gets its own arm's effects is what the "
                         "others leave",
                         v->arm);
            share[a * n + b] = v->gets.value[j];
            total += v->gets.value[j];
        }
        if (total > 1 + 1e-12)
            error_at(r->errors, v->at, "receives: shares of arm '%s' exceed 1", v->arm);
    }
    for (int a = 0; a < n; a++) { /* what is not stated gets its own arm's effects */
        double total = 0;
        for (int b = 0; b < n; b++) total += b == a ? 0 : share[a * n + b];
        share[a * n + a] = 1 - total;
        for (int b = 1; b < n; b++) share[a * n + b] += share[a * n + b - 1];
        share[a * n + n - 1] = 1;
    }
    plan->receives = share;
}

void trial_solve(struct reader *r, const struct trial_spec *t, const struct course_plan *course,
                 const struct arms *arms, struct trial_plan *plan)
{
    const struct population *p = course->baseline->population;
    *plan =
        (struct trial_plan){.spec = t, .course = course, .n = (int)t->patients, .n_arms = arms->n};
    plan->variable = (struct trial_variables){
        .centre = stream_variable("centre"),
        .arrival = stream_variable("arrival"),
        .allocation = stream_variable("allocation"),
        .received = stream_variable("received"),
        .excluded = stream_variable("excluded"),
        .lost = stream_variable("lost"),
    };
    const struct chosen_design *d = &t->design;
    const char *why = d->design->refuses ? d->design->refuses(d->params, t->patients) : NULL;
    if (why) error_at(r->errors, t->at, "trial: %s: %s", d->design->name, why);
    solve_allocation(r, t, plan);
    solve_strata(r, t, p, plan);
    solve_received(r, t, arms, plan);
    plan->excluded = by_arm(r, arms, &t->excluded, "excluded");
    plan->loss_hazard = by_arm(r, arms, &t->lost.probability, "lost");
    for (int a = 0; a < arms->n; a++)
        plan->loss_hazard[a] = -log1p(-plan->loss_hazard[a]) / t->lost.by;
    const struct recruitment *q = &t->recruitment;
    const int rates = !isnan(q->per_centre_month) + !isnan(q->per_month) + !isnan(q->duration);
    if (rates > 1)
        error_at(r->errors, t->at,
                 "trial: only one of per_centre_month, per_month and duration can be stated");
    const double month = 30.4375, centre_month = rates == 0 ? 1 : q->per_centre_month;
    plan->rate = !isnan(q->per_month)  ? q->per_month / month
                 : !isnan(q->duration) ? (double)t->patients / q->duration
                                       : centre_month * (double)p->centres.number / month;
}
