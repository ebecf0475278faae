/* least_squares.c - see least_squares.h.  SPDX-License-Identifier: MIT
 *
 * Levenberg-Marquardt (Marquardt 1963, J SIAM 11:431) in a box: with r the residuals over their
 * errors and J their Jacobian, a step p minimises |r + J p|^2 + lambda sum (J'J)_jj p_j^2 subject
 * to 0 <= x + p <= 1, exactly, by an active-set method (Nocedal & Wright 2006, Numerical
 * Optimization, 16.5). The library's solvers (GSL's multifit_nlinear) know no bounds, and a
 * transformation that keeps them makes the last steps towards a bound, where many a calibration
 * ends, very slow. Unknowns with an empty column stay where they are.
 *
 * The iteration ends when the undamped step would lower the sum of squares by no more than
 * `enough`, which the caller derives from the noise of the function. */
#include "stat/least_squares.h"

#include "base/memory.h"
#include "base/number.h"
#include "stat/cholesky.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = LEAST_SQUARES_MAX, TRIES = 8 };
static const double FLOOR = 1e-9; /* of the damping, relative to the largest diagonal entry */

/* --- quadratic model in a box ------------------------------------------------------------------
 */

struct model {
    int n;
    double a[N][N], g[N]; /* p'a p / 2 + g'p */
    double low[N], high[N];
};

static void slope_at(const struct model *q, const double *p, double *slope)
{
    for (int i = 0; i < q->n; i++) {
        slope[i] = q->g[i];
        for (int j = 0; j < q->n; j++) slope[i] += q->a[i][j] * p[j];
    }
}

static double decrease(const struct model *q, const double *p)
{
    double slope[N], sum = 0;
    slope_at(q, p, slope);
    for (int i = 0; i < q->n; i++) sum -= p[i] * (q->g[i] + slope[i]);
    return sum;
}

/* The minimum over the free entries, the others held at p. */
static void solve_free(const struct model *q, const bool *held, const double *p, double *to)
{
    double a[N][N], b[N], scale[N] = {0};
    int index[N], n = 0;
    for (int i = 0; i < q->n; i++)
        if (!held[i]) index[n++] = i;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) a[i][j] = q->a[index[i]][index[j]];
        scale[i] = a[i][i];
        b[i] = -q->g[index[i]];
        for (int j = 0; j < q->n; j++)
            if (held[j]) b[i] -= q->a[index[i]][j] * p[j];
    }
    memcpy(to, p, (size_t)q->n * sizeof *to);
    if (!(cholesky_factor(&a[0][0], n, N, scale) > 0)) return;
    cholesky_forward(&a[0][0], n, N, b);
    cholesky_backward(&a[0][0], n, N, b);
    for (int i = 0; i < n; i++) to[index[i]] = b[i];
}

/* Goes from p towards `to` as far as the box allows; the entry that stops it, or -1. */
static int advance(const struct model *q, double *p, const double *to)
{
    double share = 1;
    int first = -1;
    for (int i = 0; i < q->n; i++) {
        const double limit = to[i] < q->low[i] ? q->low[i] : q->high[i];
        if (to[i] >= q->low[i] && to[i] <= q->high[i]) continue;
        const double s = (limit - p[i]) / (to[i] - p[i]);
        if (s >= share) continue;
        share = s;
        first = i;
    }
    for (int i = 0; i < q->n; i++) {
        const double next = first < 0 ? to[i] : p[i] + share * (to[i] - p[i]);
        p[i] = smaller(larger(next, q->low[i]), q->high[i]);
    }
    if (first >= 0) p[first] = to[first] < q->low[first] ? q->low[first] : q->high[first];
    return first;
}

/* The held entry whose release lowers the model most, or -1 at the minimum. */
static int releasable(const struct model *q, const bool *held, const double *p)
{
    double slope[N], most = 0;
    int best = -1;
    slope_at(q, p, slope);
    for (int i = 0; i < q->n; i++) {
        if (!held[i] || !(q->high[i] > q->low[i])) continue;
        const double gain = p[i] <= q->low[i] ? -slope[i] : slope[i];
        if (gain <= most + 1e-12 * fabs(q->g[i])) continue;
        most = gain;
        best = i;
    }
    return best;
}

static void minimise(const struct model *q, double *p)
{
    bool held[N] = {false};
    memset(p, 0, (size_t)q->n * sizeof *p);
    for (int round = 0; round < 8 * q->n + 8; round++) {
        double to[N];
        solve_free(q, held, p, to);
        const int stopped = advance(q, p, to);
        const int release = stopped < 0 ? releasable(q, held, p) : -1;
        if (stopped >= 0)
            held[stopped] = true;
        else if (release >= 0)
            held[release] = false;
        else
            return;
    }
}

static void make_model(struct model *q, const struct least_squares *p, const double *jacobian,
                       const struct residuals *here, const double *x)
{
    double largest = 0;
    memset(q, 0, sizeof *q);
    q->n = p->n;
    for (int k = 0; k < p->m; k++) {
        const double *row = jacobian + k * p->n, r = here->value[k] / here->error[k];
        for (int i = 0; i < p->n; i++) {
            q->g[i] += row[i] * r;
            for (int j = 0; j < p->n; j++) q->a[i][j] += row[i] * row[j];
        }
    }
    for (int i = 0; i < p->n; i++) largest = larger(largest, q->a[i][i]);
    for (int i = 0; i < p->n; i++) {
        q->a[i][i] += FLOOR * largest + 1e-300;
        q->low[i] = -x[i];
        q->high[i] = 1 - x[i];
    }
}

/* --- the function ------------------------------------------------------------------------------
 */

static struct residuals room(struct arena *memory, int m)
{
    return (struct residuals){.value = arena_alloc(memory, (size_t)m, sizeof(double)),
                              .error = arena_alloc(memory, (size_t)m, sizeof(double))};
}

double residuals_chi_squared(const struct residuals *at, const double *error, int m)
{
    double sum = 0;
    for (int k = 0; k < m; k++) sum += at->value[k] / error[k] * (at->value[k] / error[k]);
    return sum;
}

/* Where the function is evaluated for the quotient of unknown j, as distances from x: both sides,
 * or the one that is inside, or the other where the first had no value. */
struct quotient {
    double to[2];
    struct residuals *at[2]; /* NULL: x itself */
};

static void evaluate_quotients(const struct least_squares *p, const double *x, struct quotient *q,
                               const bool *wanted, struct arena *memory)
{
    const int most = 2 * p->n;
    double *points = arena_alloc(memory, (size_t)(most * p->n), sizeof *points);
    struct residuals *at = arena_alloc(memory, (size_t)most, sizeof *at);
    int count = 0;
    for (int j = 0; j < p->n; j++)
        for (int side = 0; side < 2 && wanted[j]; side++) {
            q[j].at[side] = NULL;
            if (!(fabs(q[j].to[side]) > 0)) continue;
            memcpy(points + count * p->n, x, (size_t)p->n * sizeof *points);
            points[count * p->n + j] += q[j].to[side];
            at[count] = room(memory, p->m);
            q[j].at[side] = &at[count++];
        }
    if (count > 0) p->evaluate(p->context, count, points, at);
}

static bool has_values(const struct quotient *q)
{
    return (q->at[0] == NULL || q->at[0]->valid) && (q->at[1] == NULL || q->at[1]->valid);
}

int least_squares_jacobian(const struct least_squares *p, const double *x,
                           const struct residuals *here, bool central, double *jacobian)
{
    struct arena memory = {0};
    struct quotient q[N];
    bool wanted[N];
    int blocked = -1;
    for (int j = 0; j < p->n; j++) {
        const bool up = x[j] + p->step <= 1, down = x[j] - p->step >= 0;
        q[j] = (struct quotient){.to = {down && (central || !up) ? -p->step : 0, up ? p->step : 0}};
        wanted[j] = true;
    }
    evaluate_quotients(p, x, q, wanted, &memory);
    for (int j = 0; j < p->n; j++) { /* the side that has values, or the one not tried yet */
        wanted[j] = !has_values(&q[j]);
        if (!wanted[j]) continue;
        const bool up_fails = q[j].at[1] != NULL && !q[j].at[1]->valid;
        const bool up = !up_fails && x[j] + p->step <= 1, down = x[j] - p->step >= 0;
        q[j] = (struct quotient){.to = {up_fails && down ? -p->step : 0, up ? p->step : 0}};
    }
    evaluate_quotients(p, x, q, wanted, &memory);
    for (int j = 0; j < p->n; j++) {
        const struct residuals *low = q[j].at[0] ? q[j].at[0] : here;
        const struct residuals *high = q[j].at[1] ? q[j].at[1] : here;
        const bool good = low != high && has_values(&q[j]);
        if (!good && blocked < 0) blocked = j;
        for (int k = 0; k < p->m; k++)
            jacobian[k * p->n + j] =
                good ? (high->value[k] - low->value[k]) / (q[j].to[1] - q[j].to[0]) / here->error[k]
                     : 0;
    }
    arena_free(&memory);
    return blocked;
}

/* --- iteration ---------------------------------------------------------------------------------
 */

/* One step that lowers the sum of squares, and by how much; 0 when none is found. */
static double improve(const struct least_squares *p, const struct model *q, double *lambda,
                      double *x, struct residuals *here, struct residuals *spare)
{
    const double before = residuals_chi_squared(here, here->error, p->m);
    for (int try = 0; try < TRIES; try++, *lambda *= 10) {
        struct model damped = *q;
        double step[N], to[N];
        for (int i = 0; i < p->n; i++) damped.a[i][i] *= 1 + *lambda;
        minimise(&damped, step);
        if (try > 0 && decrease(q, step) <= p->enough) return 0;
        for (int i = 0; i < p->n; i++) to[i] = smaller(larger(x[i] + step[i], 0), 1);
        p->evaluate(p->context, 1, to, spare);
        const double after =
            spare->valid ? residuals_chi_squared(spare, here->error, p->m) : INFINITY;
        if (!(after < before)) continue;
        memcpy(x, to, (size_t)p->n * sizeof *x);
        const struct residuals other = *here;
        *here = *spare;
        *spare = other;
        *lambda = try > 0 ? *lambda : *lambda / 10;
        return before - after;
    }
    return 0;
}

/* Quotients to one side are cheap and off by their curvature: when they lead nowhere any more,
 * quotients to both sides have the last word. */
struct least_squares_end least_squares_fit(const struct least_squares *p, double *x)
{
    struct arena memory = {0};
    struct residuals here = room(&memory, p->m), spare = room(&memory, p->m);
    double *jacobian = arena_alloc(&memory, (size_t)(p->m * p->n), sizeof *jacobian);
    struct least_squares_end end = {.blocked = -1};
    double lambda = 1e-3;
    bool central = false;
    p->evaluate(p->context, 1, x, &here);
    while (end.iterations < p->iterations) {
        struct model q;
        double newton[N];
        end.blocked = least_squares_jacobian(p, x, &here, central, jacobian);
        if (end.blocked >= 0) break;
        make_model(&q, p, jacobian, &here, x);
        minimise(&q, newton);
        end.remaining = decrease(&q, newton);
        if (end.remaining <= p->enough) break;
        const double gain = improve(p, &q, &lambda, x, &here, &spare);
        end.iterations++;
        if (gain > 0 && p->progress)
            p->progress(p->context, end.iterations, residuals_chi_squared(&here, here.error, p->m));
        if (gain <= p->enough && central) break;
        if (gain <= p->enough) lambda = 1e-3;
        central = central || gain <= p->enough;
    }
    arena_free(&memory);
    return end;
}

/* --- what is left afterwards -------------------------------------------------------------------
 */

void least_squares_covariance(const double *jacobian, int m, int n, const bool *free, double ridge,
                              double *a)
{
    double l[N][N], scale[N] = {0};
    int index[N], size = 0;
    memset(a, 0, (size_t)(n * n) * sizeof *a);
    for (int j = 0; j < n; j++)
        if (free[j]) index[size++] = j;
    for (int i = 0; i < size; i++) {
        for (int j = 0; j <= i; j++) {
            l[i][j] = i == j ? ridge : 0;
            for (int k = 0; k < m; k++)
                l[i][j] += jacobian[k * n + index[i]] * jacobian[k * n + index[j]];
        }
        scale[i] = l[i][i];
    }
    (void)cholesky_factor(&l[0][0], size, N, scale);
    for (int j = 0; j < size; j++) {
        double column[N] = {0};
        column[j] = 1;
        cholesky_forward(&l[0][0], size, N, column);
        cholesky_backward(&l[0][0], size, N, column);
        for (int i = 0; i < size; i++) a[index[i] * n + index[j]] = column[i];
    }
}

void symmetric_eigen(double *a, int n, double *values, double *vectors)
{
    const size_t size = (size_t)n;
    gsl_matrix_view matrix = gsl_matrix_view_array(a, size, size);
    gsl_vector *value = gsl_vector_alloc(size);
    gsl_matrix *vector = gsl_matrix_alloc(size, size);
    gsl_eigen_symmv_workspace *w = gsl_eigen_symmv_alloc(size);
    (void)gsl_eigen_symmv(&matrix.matrix, value, vector, w);
    (void)gsl_eigen_symmv_sort(value, vector, GSL_EIGEN_SORT_VAL_ASC);
    for (int k = 0; k < n; k++) {
        double largest = 0;
        values[k] = gsl_vector_get(value, (size_t)k);
        for (int i = 0; i < n; i++) {
            const double x = gsl_matrix_get(vector, (size_t)i, (size_t)k);
            if (fabs(x) > fabs(largest)) largest = x;
        }
        for (int i = 0; i < n; i++)
            vectors[k * n + i] =
                gsl_matrix_get(vector, (size_t)i, (size_t)k) * copysign(1, largest);
    }
    gsl_eigen_symmv_free(w);
    gsl_matrix_free(vector);
    gsl_vector_free(value);
}
