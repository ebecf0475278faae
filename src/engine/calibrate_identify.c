/* calibrate_identify.c - how far the targets pin the free parameters down, see calibrating.h.
 * SPDX-License-Identifier: MIT
 *
 * Standard errors: rows are weighted each by its own error, but those of one trial depend on each
 * other, so that the covariance of the estimates is the sandwich (J'J)^-1 J' S J (J'J)^-1 with J
 * the derivatives of residuals in units of their errors and S the correlation of the rows over
 * simulated trials (White 1982, Econometrica 50:1).
 *
 * Range that fits: where the sum of z^2 rises by less than 4 when the other parameters follow to
 * their best places, to first order: along the column of (J'J)^-1. The rise is simulated. */
#include "base/number.h"
#include "engine/calibrating.h"

#include <math.h>
#include <string.h>

enum { N = LEAST_SQUARES_MAX, ROUNDS = 4 };
static const double RISE = 4;
/* Keeps (J'J)^-1 finite where nothing is identified: ten times the range as a standard error. */
static const double RIDGE = 0.01;

void calibrating_errors(struct calibrating *k)
{
    const int m = k->problem.m, n = k->problem.n;
    struct arena memory = {0};
    double *covariance = arena_alloc(&memory, (size_t)(n * n), sizeof *covariance);
    double *influence = arena_alloc(&memory, (size_t)(m * n), sizeof *influence);
    double *correlation = arena_alloc(&memory, (size_t)(m * m), sizeof *correlation);
    least_squares_covariance(k->jacobian, m, n, k->free, RIDGE, covariance);
    calibrating_correlation(k, correlation);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            for (int l = 0; l < n; l++)
                influence[i * n + j] += k->jacobian[i * n + l] * covariance[l * n + j];
    for (int j = 0; j < n; j++) {
        double variance = 0;
        for (int i = 0; i < m; i++)
            for (int l = 0; l < m; l++)
                variance += influence[i * n + j] * correlation[i * m + l] * influence[l * n + j];
        k->c->parameter[j].se =
            k->free[j] ? sqrt(variance) * axis_slope(&k->axis[j], k->x[j]) : NAN;
    }
    arena_free(&memory);
}

/* --- ranges ----------------------------------------------------------------------------------- */

/* One parameter's way down or up. Distances are in units of its range. */
struct side {
    double direction[N]; /* how all parameters move per unit of distance */
    double limit, at;    /* where the range given ends; where the rise is to be found */
    double inside, inside_root, outside, outside_root; /* distances and roots of the rise */
    bool done, to_limit;
};

static struct side side_of(const struct calibrating *k, const double *covariance, int j, int sign)
{
    const int n = k->problem.n;
    const double own = covariance[j * n + j];
    struct side s = {.limit = sign > 0 ? 1 - k->x[j] : k->x[j]};
    for (int i = 0; i < n; i++) s.direction[i] = sign * covariance[i * n + j] / own;
    s.at = smaller(sqrt(RISE * own), s.limit);
    s.done = s.to_limit = !(s.limit > 0);
    return s;
}

/* Where the root of the rise, linear between two distances, is 2. */
static double crossing(const struct side *s)
{
    const double share = (sqrt(RISE) - s->inside_root) / (s->outside_root - s->inside_root);
    return s->inside + share * (s->outside - s->inside);
}

static void take_rise(struct side *s, double rise)
{
    if (rise >= RISE) {
        s->outside = s->at;
        s->outside_root = sqrt(rise);
    } else {
        s->inside = s->at;
        s->inside_root = sqrt(larger(rise, 0));
        s->done = s->to_limit = s->at >= s->limit;
    }
    const double stretch = 1.05 * sqrt(RISE) / larger(s->inside_root, 0.2);
    s->at =
        s->outside > 0 ? crossing(s) : smaller(s->limit, s->at * smaller(larger(stretch, 1.3), 4));
}

static void find_rises(struct calibrating *k, struct side *side, int n_sides)
{
    const int n = k->problem.n, m = k->problem.m;
    struct arena memory = {0};
    double *x = arena_alloc(&memory, (size_t)(n_sides * n), sizeof *x);
    struct residuals *at = arena_alloc(&memory, (size_t)n_sides, sizeof *at);
    const double least = residuals_chi_squared(&k->here, k->here.error, m);
    int count = 0;
    for (int i = 0; i < n_sides; i++) {
        if (side[i].done) continue;
        for (int j = 0; j < n; j++) {
            const double moved = k->x[j] + side[i].at * side[i].direction[j];
            x[count * n + j] = smaller(larger(moved, 0), 1);
        }
        at[count].value = arena_alloc(&memory, (size_t)m, sizeof(double));
        at[count++].error = arena_alloc(&memory, (size_t)m, sizeof(double));
    }
    if (count > 0) k->problem.evaluate(k->problem.context, count, x, at);
    for (int i = 0, next = 0; i < n_sides; i++) {
        if (side[i].done) continue;
        const struct residuals *r = &at[next++]; /* where nothing can be simulated nothing fits */
        take_rise(&side[i],
                  r->valid ? residuals_chi_squared(r, k->here.error, m) - least : 4 * RISE);
    }
    arena_free(&memory);
}

void calibrating_ranges(struct calibrating *k)
{
    const int n = k->problem.n;
    struct side side[2 * N];
    bool all[N] = {false};
    double covariance[N * N];
    for (int j = 0; j < n; j++) all[j] = true;
    least_squares_covariance(k->jacobian, k->problem.m, n, all, RIDGE, covariance);
    for (int i = 0; i < 2 * n; i++) side[i] = side_of(k, covariance, i / 2, i % 2 ? 1 : -1);
    for (int round = 0; round < ROUNDS; round++) find_rises(k, side, 2 * n);
    for (int i = 0; i < 2 * n; i++) {
        const struct side *s = &side[i];
        struct parameter_fit *p = &k->c->parameter[i / 2];
        const double distance = s->to_limit ? s->limit : s->outside > 0 ? crossing(s) : s->inside;
        const double x = k->x[i / 2] + (i % 2 ? distance : -distance);
        p->fits[i % 2] = axis_value(&k->axis[i / 2], x);
        p->fits_to_bound[i % 2] = s->to_limit;
    }
    for (int j = 0; j < n; j++) {
        struct parameter_fit *p = &k->c->parameter[j];
        if (!p->fits_to_bound[0] || !p->fits_to_bound[1]) continue;
        p->verdict = PARAMETER_OPEN;
        p->se = NAN;
    }
}

/* --- directions ------------------------------------------------------------------------------- */

/* Eigenvectors of J'J along which one standard error is a quarter of the ranges or more, and in
 * which at least two open parameters take part. */
void calibrating_loose(struct calibrating *k)
{
    const int n = k->problem.n;
    double a[N * N] = {0}, values[N], vectors[N * N];
    for (int i = 0; i < k->problem.m; i++)
        for (int j = 0; j < n; j++)
            for (int l = 0; l < n; l++)
                a[j * n + l] += k->jacobian[i * n + j] * k->jacobian[i * n + l];
    symmetric_eigen(a, n, values, vectors);
    k->c->loose = arena_alloc(&k->c->memory, (size_t)n, sizeof *k->c->loose);
    for (int v = 0; v < n && values[v] < 16; v++) {
        struct loose_direction *d = &k->c->loose[k->c->n_loose];
        *d = (struct loose_direction){0};
        for (int j = 0; j < n; j++) {
            const double share = vectors[v * n + j];
            if (fabs(share) < 0.3 || k->c->parameter[j].verdict != PARAMETER_OPEN) continue;
            d->rises[d->n] = share > 0;
            d->parameter[d->n++] = j;
        }
        k->c->n_loose += d->n >= 2;
    }
}
