/* population.c - see population.h.  SPDX-License-Identifier: MIT */
#include "cohort/population.h"
#include "base/text.h"
#include "stat/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct param centres_params[] = {
    {PARAM_AT(struct centres, number), .type = PARAM_INTEGER, .fallback = 1, .min = 1, .max = 10000,
     .help = "centres that recruit"},
    {PARAM_AT(struct centres, log_hazard_sd), .type = PARAM_NUMBER, .fallback = 0, .min = 0,
     .max = 5,
     .help = "standard deviation of the centres' normal effect on the log hazard of death"},
    {PARAM_AT(struct centres, size_shape), .type = PARAM_NUMBER, .fallback = NAN, .min = 0.05,
     .max = 1000, .help = "shape of the gamma distribution of centre sizes; absent: equal sizes"},
    {0}};

static void read_correlation(struct reader *r, const struct node *n, void *field)
{
    struct population *p = field;
    if (n->kind != NODE_LIST) {
        error_at(r->errors, n->at, "correlation must be a list of [covariate, covariate, number]");
        return;
    }
    p->correlation = arena_alloc(r->memory, (size_t)n->n, sizeof *p->correlation);
    for (int i = 0; i < n->n; i++) {
        const struct node *item = n->item[i];
        struct correlation *c = &p->correlation[p->n_correlations];
        if (item->kind != NODE_LIST || item->n != 3) {
            error_at(r->errors, item->at, "a correlation must be [covariate, covariate, number]");
            continue;
        }
        c->at = item->at;
        if (read_name(r, item->item[0], "correlation", &c->first) &&
            read_name(r, item->item[1], "correlation", &c->second) &&
            read_number(r, item->item[2], "correlation", -1, 1, PARAM_OPEN_MIN | PARAM_OPEN_MAX,
                        &c->value))
            p->n_correlations++;
    }
}

static void read_covariates(struct reader *r, const struct node *n, void *field)
{
    struct population *p = field;
    if (!read_map(r, n, "covariates")) return;
    p->covariate = arena_alloc(r->memory, (size_t)n->n, sizeof *p->covariate);
    for (int i = 0; i < n->n; i++) {
        struct covariate *c = &p->covariate[p->n_covariates];
        if (!name_is_valid(n->key[i])) {
            error_at(r->errors, n->key_at[i],
                     "covariate '%s': a name is a letter, then letters, digits and _", n->key[i]);
            continue;
        }
        const char *what = arena_printf(r->memory, "covariate '%s'", n->key[i]);
        const int before = r->errors->n;
        params_read(r, covariate_params, n->item[i], n->key_at[i], what, c);
        c->misread = r->errors->n > before;
        c->name = n->key[i];
        c->at = n->key_at[i];
        p->n_covariates++;
    }
}

static void echo_covariates(struct buffer *out, const void *field, int indent)
{
    const struct population *p = field;
    for (int k = 0; k < p->n_covariates; k++) {
        buffer_printf(out, "%*s%s:\n", indent, "", p->covariate[k].name);
        params_echo(out, covariate_params, &p->covariate[k], indent + 2);
    }
}

static void echo_correlation(struct buffer *out, const void *field, int indent)
{
    const struct population *p = field;
    for (int k = 0; k < p->n_correlations; k++)
        buffer_printf(out, "%*s- [%s, %s, %s]\n", indent, "", p->correlation[k].first,
                      p->correlation[k].second, number_shortest(p->correlation[k].value).text);
}

const struct param population_params[] = {
    {.name = "centres",
     .type = PARAM_GROUP,
     .offset = offsetof(struct population, centres),
     .group = centres_params,
     .help = "number, heterogeneity and sizes of centres"},
    {.name = "covariates",
     .type = PARAM_CUSTOM,
     .offset = 0,
     .read = read_covariates,
     .echo = echo_covariates,
     .help = "name: {distribution, …}; see 'shocksim help covariates'"},
    {.name = "correlation",
     .type = PARAM_CUSTOM,
     .offset = 0,
     .read = read_correlation,
     .echo = echo_correlation,
     .help = "[covariate, covariate, correlation of normal scores], …"},
    {0}};

void population_echo(struct buffer *out, const struct population *p, int indent)
{
    params_echo(out, population_params, p, indent);
}

int population_covariate(const struct population *p, const char *name)
{
    for (int k = 0; k < p->n_covariates; k++)
        if (strcmp(p->covariate[k].name, name) == 0) return k;
    return -1;
}

static void unknown_covariate(const struct population *p, struct reader *r, struct place at,
                              const char *what, const char *name)
{
    const char **names = arena_alloc(r->memory, (size_t)p->n_covariates, sizeof *names);
    for (int k = 0; k < p->n_covariates; k++) names[k] = p->covariate[k].name;
    const char *near = text_nearest(name, names, p->n_covariates);
    error_at(r->errors, at, "%s: unknown covariate '%s'%s", what, name, did_you_mean(near).text);
}

/* Fills the correlation matrix and factors it row by row; the first row that cannot be factored
 * names the pair that asks too much. */
static void factor_correlation(struct population *p, struct reader *r)
{
    const int n = p->n_covariates;
    double *l = arena_alloc(r->memory, (size_t)n * (size_t)n, sizeof *l);
    int *pair = arena_alloc(r->memory, (size_t)n * (size_t)n, sizeof *pair);
    for (int k = 0; k < n; k++) l[k * n + k] = 1;
    for (int c = 0; c < p->n_correlations; c++) {
        const struct correlation *q = &p->correlation[c];
        const int i = population_covariate(p, q->first), j = population_covariate(p, q->second);
        if (i < 0) unknown_covariate(p, r, q->at, "correlation", q->first);
        if (j < 0) unknown_covariate(p, r, q->at, "correlation", q->second);
        if (i < 0 || j < 0) continue;
        const int row = i > j ? i : j, column = i > j ? j : i;
        if (row == column || pair[row * n + column] != 0) {
            error_at(r->errors, q->at,
                     row == column ? "correlation of '%s' with itself"
                                   : "correlation of '%s' and '%s' is given twice",
                     q->first, q->second);
            continue;
        }
        l[row * n + column] = q->value;
        pair[row * n + column] = c + 1;
    }
    for (int i = 0; i < n; i++) {
        int last = 0;
        for (int j = 0; j <= i; j++) {
            double s = l[i * n + j];
            for (int k = 0; k < j; k++) s -= l[i * n + k] * l[j * n + k];
            if (pair[i * n + j] != 0) last = pair[i * n + j];
            if (i == j) {
                if (s <= 1e-10) {
                    const struct correlation *q = &p->correlation[last > 0 ? last - 1 : 0];
                    error_at(r->errors, q->at,
                             "the correlation matrix is not positive definite: %g between '%s' and "
                             "'%s' contradicts the others",
                             q->value, q->first, q->second);
                    return;
                }
                l[i * n + i] = sqrt(s);
            } else
                l[i * n + j] = s / l[j * n + j];
        }
    }
    p->cholesky = l;
}

/* Gamma sizes over the score, on the same nodes as truncated marginals. */
static void tabulate_sizes(struct population *p, struct arena *memory)
{
    struct marginal *m = &p->centre_size;
    if (isnan(p->centres.size_shape)) return;
    m->truncated = true;
    double node[MARGINAL_NODES], slope[MARGINAL_NODES] = {0}, bend[MARGINAL_NODES] = {0};
    for (int k = 0; k < MARGINAL_NODES; k++) {
        const double z = (double)k / MARGINAL_STEPS_PER_UNIT - MARGINAL_REACH;
        const double p_low = fmin(normal_cdf(z), 1 - 1e-15);
        node[k] = gamma_quantile(fmax(p_low, 1e-300), p->centres.size_shape, 1);
    }
    const double per_unit =
        MARGINAL_STEPS_PER_UNIT; /* derivatives by differences: sizes need no more */
    for (int k = 1; k < MARGINAL_NODES - 1; k++) {
        slope[k] = (node[k + 1] - node[k - 1]) * per_unit / 2;
        bend[k] = (node[k + 1] - 2 * node[k] + node[k - 1]) * per_unit * per_unit;
    }
    m->piece = marginal_pieces(node, slope, bend, memory);
}

static const char *const *sorted_levels(const struct covariate *c, const struct marginal *m,
                                        struct arena *memory)
{
    const char **level = arena_alloc(memory, (size_t)m->n_levels, sizeof *level);
    for (int k = 0; k < m->n_levels; k++) level[(int)m->code[k]] = c->levels.name[k];
    return level;
}

void population_read(struct reader *r, const struct node *n, struct population *p)
{
    *p = (struct population){0};
    params_read(r, population_params, n, n ? n->at : (struct place){0}, "population", p);
    const size_t k_all = (size_t)p->n_covariates;
    p->marginal = arena_alloc(r->memory, k_all, sizeof *p->marginal);
    p->variable = arena_alloc(r->memory, k_all, sizeof *p->variable);
    p->schema.n = p->n_covariates;
    p->schema.column = arena_alloc(r->memory, k_all, sizeof *p->schema.column);
    for (int k = 0; k < p->n_covariates; k++) {
        const struct covariate *c = &p->covariate[k];
        const int before = r->errors->n;
        if (!c->misread) p->marginal[k] = marginal_solve(c, r);
        const bool solved = !c->misread && r->errors->n == before;
        p->variable[k] = stream_variable(arena_printf(r->memory, "covariate %s", c->name));
        p->schema.column[k] = (struct column){.name = c->name, .kind = COLUMN_NUMBER};
        if (c->distribution == DISTRIBUTION_CATEGORICAL && solved)
            p->schema.column[k] = (struct column){c->name, COLUMN_CATEGORY, p->marginal[k].n_levels,
                                                  sorted_levels(c, &p->marginal[k], r->memory)};
    }
    factor_correlation(p, r);
    tabulate_sizes(p, r->memory);
}

static struct predictor bind(const struct population *p, const struct terms *t, struct reader *r,
                             const char *what, bool per_sd)
{
    struct predictor q = {.term = arena_alloc(r->memory, (size_t)t->n, sizeof *q.term)};
    for (int i = 0; i < t->n; i++) {
        const struct term *in = &t->item[i];
        const int k = population_covariate(p, in->name);
        if (k < 0) {
            unknown_covariate(p, r, in->at, what, in->name);
            continue;
        }
        const struct column *column = &p->schema.column[k];
        if (column->kind == COLUMN_NUMBER) {
            if (in->level != NULL) {
                error_at(r->errors, in->at, "%s: '%s' is a number, it has no levels", what,
                         in->name);
                continue;
            }
            const double sd = p->marginal[k].sd;
            q.term[q.n++] = (struct predictor_term){.covariate = k,
                                                    .slope = per_sd ? in->value / sd : in->value,
                                                    .centre = p->marginal[k].mean};
            continue;
        }
        int code = -1;
        for (int j = 0; j < column->n_levels && in->level != NULL; j++)
            if (strcmp(column->levels[j], in->level) == 0) code = j;
        if (code < 0) {
            const char *near =
                in->level ? text_nearest(in->level, column->levels, column->n_levels) : NULL;
            if (in->level == NULL)
                error_at(r->errors, in->at, "%s: '%s' is categorical: write {level: value}", what,
                         in->name);
            else
                error_at(r->errors, in->at, "%s: '%s' has no level '%s'%s", what, in->name,
                         in->level, did_you_mean(near).text);
            continue;
        }
        double *level = arena_alloc(r->memory, (size_t)column->n_levels, sizeof *level);
        const double share = marginal_share(&p->marginal[k], code);
        for (int j = 0; j < column->n_levels; j++) level[j] = in->value * ((j == code) - share);
        q.term[q.n++] = (struct predictor_term){.covariate = k, .level = level};
    }
    return q;
}

struct predictor predictor_bind(const struct population *p, const struct terms *t, struct reader *r,
                                const char *what)
{
    return bind(p, t, r, what, false);
}

struct predictor predictor_standardised(const struct population *p, const struct terms *t,
                                        struct reader *r, const char *what)
{
    return bind(p, t, r, what, true);
}
