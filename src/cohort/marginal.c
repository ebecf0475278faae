/* marginal.c - see marginal.h.  SPDX-License-Identifier: MIT */
#include "cohort/marginal.h"
#include "stat/distribution.h"
#include "stat/solve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW(type_, field) PARAM_AT(struct covariate, field), .type = (type_)
const struct param covariate_params[] = {
    {ROW(PARAM_CHOICE, distribution), .choices = "normal|lognormal|uniform|binary|categorical",
     .help = "shape of the delivered marginal"},
    {ROW(PARAM_NUMBER, mean), .fallback = NAN, .help = "delivered mean (normal, lognormal)"},
    {ROW(PARAM_NUMBER, sd), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered standard deviation (normal, lognormal)"},
    {ROW(PARAM_NUMBER, median), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered median (lognormal)"},
    {ROW(PARAM_NUMBER, sd_log), .fallback = NAN, .min = 0, .max = INFINITY, .flags = PARAM_OPEN_MIN,
     .help = "delivered standard deviation of the logarithm (lognormal)"},
    {ROW(PARAM_NUMBER, probability), .fallback = NAN, .min = 0, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX, .help = "share with value 1 (binary)"},
    {ROW(PARAM_NUMBERS, within), .help = "[low, high]: truncation; nothing piles up at a limit"},
    {ROW(PARAM_SHARES, levels), .min = 0, .max = 1, .flags = PARAM_OPEN_MIN,
     .help = "level: share, adding up to 1 (categorical)"},
    {ROW(PARAM_FLAG, integer), .help = "rounded to whole numbers (normal)"},
    {ROW(PARAM_FLAG, latent), .help = "no analysis may see it"},
    {0}};
#undef ROW

/* Moments of a normal(mu, sigma) truncated to [low, high]; the difference of cdfs is taken in the
 * tail where it is accurate. Johnson, Kotz & Balakrishnan (1994) Continuous Univariate
 * Distributions 1, section 13.10.1. */
struct truncated {
    double a, b, mass, mean, sd;
};

static double interval_mass(double a, double b)
{
    return a > 0 ? normal_upper(a) - normal_upper(b) : normal_cdf(b) - normal_cdf(a);
}

static double density_times(double z, double x)
{
    return isfinite(z) ? x * normal_density(z) : 0;
}

static struct truncated truncated_normal(double mu, double sigma, double low, double high)
{
    struct truncated t = {.a = (low - mu) / sigma, .b = (high - mu) / sigma};
    t.mass = interval_mass(t.a, t.b);
    const double d = (density_times(t.a, 1) - density_times(t.b, 1)) / t.mass;
    const double v = (density_times(t.a, t.a) - density_times(t.b, t.b)) / t.mass;
    t.mean = mu + sigma * d;
    t.sd = sigma * sqrt(fmax(0, 1 + v - d * d));
    return t;
}

/* Delivered mean and sd of a normal truncated to (low - 1/2, high + 1/2) and rounded. Spread over
 * more whole numbers than are worth adding up, rounding changes neither by a part in 1e9. */
static struct truncated rounded_normal(double mu, double sigma, double low, double high)
{
    struct truncated t = truncated_normal(mu, sigma, low - 0.5, high + 0.5);
    const double from = fmax(low, floor(mu - 9 * sigma)), to = fmin(high, ceil(mu + 9 * sigma));
    if (!(to - from < 1e6)) return t;
    double total = 0, sum = 0, squares = 0;
    for (int j = 0; j <= (int)(to - from); j++) {
        const double k = from + j;
        const double p = interval_mass((k - 0.5 - mu) / sigma, (k + 0.5 - mu) / sigma);
        total += p;
        sum += p * (k - mu);
        squares += p * (k - mu) * (k - mu);
    }
    t.mean = mu + sum / total;
    t.sd = sqrt(fmax(0, squares / total - (sum / total) * (sum / total)));
    return t;
}

static double truncated_quantile(double p, double mu, const struct truncated *t, double sigma)
{
    if (t->a > 0) return mu + sigma * normal_upper_quantile(normal_upper(t->a) - p * t->mass);
    return mu + sigma * normal_quantile(normal_cdf(t->a) + p * t->mass);
}

/* The two equations that make the parent deliver what is asked. */
struct target {
    enum distribution distribution;
    bool integer, by_mean; /* mean and sd, or median and sd of the logarithm */
    double first, second, low, high;
};

static void deliver(const void *context, const double *x, double *f)
{
    const struct target *t = context;
    const double mu = x[0], sigma = exp(x[1]);
    if (t->distribution == DISTRIBUTION_NORMAL) {
        const struct truncated d = t->integer ? rounded_normal(mu, sigma, t->low, t->high)
                                              : truncated_normal(mu, sigma, t->low, t->high);
        f[0] = (d.mean - t->first) / t->second;
        f[1] = d.sd / t->second - 1;
        return;
    }
    const double a = log(t->low), b = log(t->high); /* log 0 is -infinity: no lower limit */
    const struct truncated d = truncated_normal(mu, sigma, a, b);
    if (!t->by_mean) {
        f[0] = (truncated_quantile(0.5, mu, &d, sigma) - log(t->first)) / t->second;
        f[1] = d.sd / t->second - 1;
        return;
    }
    const double m1 =
        exp(mu + sigma * sigma / 2) * interval_mass(d.a - sigma, d.b - sigma) / d.mass;
    const double m2 =
        exp(2 * mu + 2 * sigma * sigma) * interval_mass(d.a - 2 * sigma, d.b - 2 * sigma) / d.mass;
    f[0] = (m1 - t->first) / t->second;
    f[1] = sqrt(fmax(0, m2 - m1 * m1)) / t->second - 1;
}

static bool solve_parent(const struct target *t, struct marginal *m)
{
    double x[2] = {t->first, log(t->second)};
    if (t->distribution == DISTRIBUTION_LOGNORMAL) {
        const double cv = t->second / t->first;
        x[1] = t->by_mean ? log(sqrt(log1p(cv * cv))) : log(t->second);
        x[0] = t->by_mean ? log(t->first) - log1p(cv * cv) / 2 : log(t->first);
    }
    if (!solve_system(2, deliver, t, x, 1e-12)) return false;
    m->location = x[0];
    m->scale = exp(x[1]);
    return isfinite(m->location) && m->scale < 1e4 * t->second;
}

struct piece *marginal_pieces(const double *node, const double *slope, const double *bend,
                              struct arena *memory)
{
    struct piece *piece = arena_alloc(memory, MARGINAL_NODES - 1, sizeof *piece);
    const double h = 1.0 / MARGINAL_STEPS_PER_UNIT;
    for (int k = 0; k < MARGINAL_NODES - 1; k++) {
        const double rise = node[k + 1] - node[k], s0 = h * slope[k], s1 = h * slope[k + 1];
        const double b0 = h * h * bend[k] / 2, b1 = h * h * bend[k + 1] / 2;
        piece[k] =
            (struct piece){.even = {node[k], b0, -15 * rise + 8 * s0 + 7 * s1 + 3 * b0 - 2 * b1},
                           .odd = {s0, 10 * rise - 6 * s0 - 4 * s1 - 3 * b0 + b1,
                                   6 * rise - 3 * s0 - 3 * s1 - b0 + b1}};
    }
    return piece;
}

/* Tabulates parent quantiles over the score with their first two derivatives: with y the parent's
 * score, y' = mass phi(z) / phi(y) and y'' = y' (y y' - z). The quintic between the nodes is within
 * 1e-9 standard deviations (tests/test_population.c); a cubic is not where a limit in the tail
 * bends the map sharply. */
static void tabulate(struct marginal *m, double low, double high, struct arena *memory)
{
    double node[MARGINAL_NODES], slope[MARGINAL_NODES] = {0}, bend[MARGINAL_NODES] = {0};
    const struct truncated t = truncated_normal(m->location, m->scale, low, high);
    for (int k = 0; k < MARGINAL_NODES; k++) {
        const double z = (double)k / MARGINAL_STEPS_PER_UNIT - MARGINAL_REACH;
        double y; /* the parent's score */
        if (z < 0) {
            const double below = normal_cdf(z) * t.mass;
            y = t.a > 0 ? normal_upper_quantile(normal_upper(t.a) - below)
                        : normal_quantile(normal_cdf(t.a) + below);
        } else {
            const double above = normal_upper(z) * t.mass;
            y = t.b < 0 ? normal_quantile(normal_cdf(t.b) - above)
                        : normal_upper_quantile(normal_upper(t.b) + above);
        }
        node[k] = m->location + m->scale * y;
        const double steep = t.mass * normal_density(z) / normal_density(y);
        if (!isfinite(steep)) continue; /* where the density underflows the map is flat */
        slope[k] = m->scale * steep;
        bend[k] = m->scale * steep * (y * steep - z);
    }
    m->piece = marginal_pieces(node, slope, bend, memory);
}

static bool given(double x)
{
    return !isnan(x);
}

static void check_keys(const struct covariate *c, struct reader *r)
{
    static const char *const shape[] = {"normal", "lognormal", "uniform", "binary", "categorical"};
    const bool normal = c->distribution == DISTRIBUTION_NORMAL;
    const bool lognormal = c->distribution == DISTRIBUTION_LOGNORMAL;
    const char *odd = NULL;
    if (!normal && !lognormal && (given(c->mean) || given(c->sd))) odd = "mean or sd";
    if (!lognormal && (given(c->median) || given(c->sd_log))) odd = "median or sd_log";
    if (c->distribution != DISTRIBUTION_BINARY && given(c->probability)) odd = "probability";
    if (c->distribution != DISTRIBUTION_CATEGORICAL && c->levels.n > 0) odd = "levels";
    if (!normal && c->integer) odd = "integer";
    if (c->distribution >= DISTRIBUTION_BINARY && c->within.n > 0) odd = "within";
    if (odd != NULL)
        error_at(r->errors, c->at, "covariate '%s': %s does not belong to a %s distribution",
                 c->name, odd, shape[c->distribution]);
    const char *lack = NULL;
    if (normal && !(given(c->mean) && given(c->sd))) lack = "mean and sd";
    if (lognormal && !(given(c->median) && given(c->sd_log)) && !(given(c->mean) && given(c->sd)))
        lack = "median and sd_log (or mean and sd)";
    if (lognormal && (given(c->median) || given(c->sd_log)) && (given(c->mean) || given(c->sd)))
        lack = "either median and sd_log, or mean and sd";
    if (c->distribution == DISTRIBUTION_UNIFORM && c->within.n == 0) lack = "within: [low, high]";
    if (c->distribution == DISTRIBUTION_BINARY && !given(c->probability)) lack = "probability";
    if (c->distribution == DISTRIBUTION_CATEGORICAL && c->levels.n < 2)
        lack = "at least two levels";
    if (lack != NULL)
        error_at(r->errors, c->at, "covariate '%s': a %s distribution needs %s", c->name,
                 shape[c->distribution], lack);
    if (c->within.n > 0 && (c->within.n != 2 || !(c->within.value[0] < c->within.value[1])))
        error_at(r->errors, c->at, "covariate '%s': within must be [low, high] with low < high",
                 c->name);
    if (lognormal && c->within.n == 2 && c->within.value[0] < 0)
        error_at(r->errors, c->at, "covariate '%s': a lognormal value cannot be below 0", c->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void solve_levels(const struct covariate *c, struct marginal *m, struct reader *r)
{
    const bool binary = c->distribution == DISTRIBUTION_BINARY;
    const double two[2] = {1 - c->probability, c->probability};
    const double *share = binary ? two : c->levels.value;
    m->n_levels = binary ? 2 : c->levels.n;
    m->threshold = arena_alloc(r->memory, (size_t)m->n_levels, sizeof(double));
    m->limit = arena_alloc(r->memory, (size_t)m->n_levels, sizeof(double));
    m->code = arena_alloc(r->memory, (size_t)m->n_levels, sizeof(double));
    double total = 0;
    for (int k = 0; k < m->n_levels; k++) total += share[k];
    if (fabs(total - 1) > 1e-6)
        error_at(r->errors, c->at, "covariate '%s': shares of the levels add up to %g, not 1",
                 c->name, total);
    for (int k = 0; k < c->levels.n; k++)
        if (strcmp(c->levels.name[k], "NA") == 0 || strcmp(c->levels.name[k], "NaN") == 0 ||
            strcmp(c->levels.name[k], ".") == 0)
            error_at(r->errors, c->levels.at[k],
                     "covariate '%s': a level cannot be called '%s', which data use for a missing "
                     "value",
                     c->name, c->levels.name[k]);
    const char **sorted = arena_alloc(r->memory, (size_t)m->n_levels, sizeof *sorted);
    for (int k = 0; k < c->levels.n; k++) sorted[k] = c->levels.name[k];
    qsort(sorted, (size_t)c->levels.n, sizeof *sorted, compare_names);
    double below = 0;
    for (int k = 0; k < m->n_levels; k++) {
        below += share[k] / total;
        if (k < m->n_levels - 1) {
            m->threshold[k] = normal_quantile(fmin(below, 1 - 1e-16));
            m->limit[k] = below - 0.5;
        }
        m->code[k] = k;
        for (int j = 0; !binary && j < c->levels.n; j++)
            if (strcmp(sorted[j], c->levels.name[k]) == 0) m->code[k] = j;
    }
    m->mean = c->probability;
    m->sd = sqrt(c->probability * (1 - c->probability));
}

struct marginal marginal_solve(const struct covariate *c, struct reader *r)
{
    struct marginal m = {.distribution = (enum distribution)c->distribution,
                         .integer = c->integer,
                         .low = -INFINITY,
                         .high = INFINITY};
    const int before = r->errors->n;
    check_keys(c, r);
    if (r->errors->n > before) return m;
    if (c->within.n == 2) {
        m.low = c->within.value[0];
        m.high = c->within.value[1];
    }
    if (c->distribution >= DISTRIBUTION_BINARY) {
        solve_levels(c, &m, r);
        return m;
    }
    if (c->distribution == DISTRIBUTION_UNIFORM) {
        m.mean = (m.low + m.high) / 2;
        m.sd = (m.high - m.low) / sqrt(12);
        return m;
    }
    const bool lognormal = c->distribution == DISTRIBUTION_LOGNORMAL, by_mean = given(c->mean);
    const struct target t = {m.distribution,
                             m.integer,
                             by_mean,
                             by_mean ? c->mean : c->median,
                             by_mean ? c->sd : c->sd_log,
                             lognormal ? fmax(0, m.low) : m.low,
                             m.high};
    if (!(t.first > t.low && t.first < t.high) || !solve_parent(&t, &m)) {
        error_at(r->errors, c->at,
                 "covariate '%s': no %s distribution%s between %g and %g has %s %g and %s %g",
                 c->name, lognormal ? "lognormal" : "normal", m.integer ? " of whole numbers" : "",
                 t.low, t.high, by_mean ? "mean" : "median", t.first, by_mean ? "sd" : "sd_log",
                 t.second);
        return m;
    }
    const double margin = m.integer ? 0.5 : 0;
    const double low = lognormal ? log(t.low) : m.low - margin;
    const double high = lognormal ? log(t.high) : m.high + margin;
    m.truncated = isfinite(low) || isfinite(high);
    if (m.truncated) tabulate(&m, low, high, r->memory);
    const struct truncated parent = truncated_normal(m.location, m.scale, low, high);
    if (lognormal) { /* moments of the exponential of a truncated normal */
        const double s = m.scale;
        m.mean =
            exp(m.location + s * s / 2) * interval_mass(parent.a - s, parent.b - s) / parent.mass;
        const double second = exp(2 * m.location + 2 * s * s) *
                              interval_mass(parent.a - 2 * s, parent.b - 2 * s) / parent.mass;
        m.sd = sqrt(second - m.mean * m.mean);
    } else {
        m.mean = c->mean;
        m.sd = c->sd;
    }
    return m;
}

double marginal_share(const struct marginal *m, int code)
{
    for (int k = 0; k < m->n_levels; k++) {
        if ((int)m->code[k] != code) continue;
        const double low = k == 0 ? 0 : normal_cdf(m->threshold[k - 1]);
        return (k == m->n_levels - 1 ? 1 : normal_cdf(m->threshold[k])) - low;
    }
    return 0;
}
