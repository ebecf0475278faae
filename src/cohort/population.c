/* population.c - see population.h.  SPDX-License-Identifier: MIT */
#include "cohort/population.h"
#include "base/dispatch.h"
#include "base/text.h"
#include "stat/distribution.h"
#include "stat/vector.h"

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

MULTIVERSION static void add_scaled(double slope, double offset, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] += __builtin_fma(slope, x[i], offset);
}

MULTIVERSION static void set_scaled(double slope, double offset, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(slope, x[i], offset);
}

MULTIVERSION static void divide_column(double by, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] /= by;
}

MULTIVERSION static void scale_column(double a, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = a * x[i];
}

MULTIVERSION static void add_multiple(double a, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(a, x[i], y[i]);
}

/* Whether the score of covariate k acts on any covariate that is read. */
static bool score_counts(const struct population *p, const bool *read, int k)
{
    for (int i = k; i < p->n_covariates; i++)
        if ((read == NULL || read[i]) && fabs(p->cholesky[i * p->n_covariates + k]) > 0)
            return true;
    return false;
}

/* Classes that go with no other covariate are decided by the uniform itself. */
static bool needs_score(const struct population *p, int k)
{
    if (p->marginal[k].n_levels == 0) return true;
    for (int j = 0; j < p->n_covariates; j++) {
        const int row = j > k ? j : k, column = j > k ? k : j;
        if (row != column && fabs(p->cholesky[row * p->n_covariates + column]) > 0) return true;
    }
    return false;
}

/* x[k] becomes correlated with the covariates before it, whose scores are still independent. */
static void correlate(const struct population *p, double *const *x, int k, int n)
{
    const double *row = p->cholesky + k * p->n_covariates;
    if (row[k] < 1) scale_column(row[k], x[k], n);
    for (int j = 0; j < k; j++)
        if (fabs(row[j]) > 0) add_multiple(row[j], x[j], x[k], n);
}

double *const *population_draw(const struct population *p, struct streams streams, const bool *read,
                               int n, struct scratch *w)
{
    double **x = scratch_take(w, (size_t)p->n_covariates, sizeof *x);
    for (int k = 0; k < p->n_covariates; k++) {
        x[k] = NULL;
        if (!score_counts(p, read, k)) continue;
        x[k] = scratch_doubles(w, n);
        const struct stream s = stream_of(streams, p->variable[k]);
        stream_fill(&s, x[k], n);
        if (needs_score(p, k)) vector_normal_quantile(x[k], x[k], n);
    }
    for (int k = p->n_covariates - 1; k >= 0; k--) {
        if (read != NULL && !read[k]) continue;
        if (!needs_score(p, k)) {
            marginal_classify(&p->marginal[k], x[k], n);
            continue;
        }
        correlate(p, x, k, n);
        marginal_apply(&p->marginal[k], x[k], x[k], n);
    }
    for (int k = 0; k < p->n_covariates && read != NULL; k++)
        if (!read[k]) x[k] = NULL;
    return x;
}

void population_deliver(const struct population *p, double *const *x, int n)
{
    for (int k = p->n_covariates - 1; k >= 0; k--) {
        correlate(p, x, k, n);
        marginal_apply(&p->marginal[k], x[k], x[k], n);
    }
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

static void add_term(const struct predictor_term *t, const double *x, double *y, int n)
{
    if (t->level == NULL)
        add_scaled(t->slope, -t->slope * t->centre, x, y, n);
    else
        for (int i = 0; i < n; i++) y[i] += t->level[(int)x[i]];
}

static void set_term(const struct predictor_term *t, const double *x, double *y, int n)
{
    if (t->level == NULL)
        set_scaled(t->slope, -t->slope * t->centre, x, y, n);
    else
        for (int i = 0; i < n; i++) y[i] = t->level[(int)x[i]];
}

void predictor_set(const struct predictor *q, const double *const *x, double *y, int n)
{
    if (q->n == 0) memset(y, 0, (size_t)n * sizeof *y);
    for (int k = 0; k < q->n; k++)
        (k == 0 ? set_term : add_term)(&q->term[k], x[q->term[k].covariate], y, n);
}

void predictor_add(const struct predictor *q, const double *const *x, double *y, int n)
{
    for (int k = 0; k < q->n; k++) add_term(&q->term[k], x[q->term[k].covariate], y, n);
}

/* Normal scores of the centres. */
static double *centre_scores(const struct population *p, struct streams streams, const char *name,
                             struct scratch *w)
{
    const int n = (int)p->centres.number;
    double *score = scratch_doubles(w, n);
    const struct stream s = stream_of(streams, stream_variable(name));
    stream_fill(&s, score, n);
    vector_normal_quantile(score, score, n);
    return score;
}

static double *equal_shares(int n, struct scratch *w)
{
    double *cumulative = scratch_doubles(w, n);
    for (int c = 0; c < n; c++) cumulative[c] = (c + 1.0) / n;
    return cumulative;
}

double *centres_shares(const struct population *p, struct streams streams, struct scratch *w)
{
    const int n = (int)p->centres.number;
    if (isnan(p->centres.size_shape)) return equal_shares(n, w);
    double *cumulative = centre_scores(p, streams, "centre size", w);
    marginal_apply(&p->centre_size, cumulative, cumulative, n);
    for (int c = 1; c < n; c++) cumulative[c] += cumulative[c - 1];
    divide_column(cumulative[n - 1], cumulative, n);
    cumulative[n - 1] = 1;
    return cumulative;
}

double *centres_effects(const struct population *p, struct streams streams, struct scratch *w)
{
    const int n = (int)p->centres.number;
    double *effect = centre_scores(p, streams, "centre effect", w);
    scale_column(p->centres.log_hazard_sd, effect, n);
    return effect;
}
