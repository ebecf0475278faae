/* quantile_simplex.c - see quantile_simplex.h.  SPDX-License-Identifier: MIT
 *
 * A vertex is a plane through p points. Leaving one of them, the plane turns about the others, past
 * points until the objective would rise: a weighted median of the distances (Barrodale & Roberts
 * 1973, SIAM J Numer Anal 10:839; Koenker & d'Orey 1987, Appl Statist 36:383). With g the sum of
 * slope times x over the points off the plane, the multipliers of those on it are d = -B'^-1 g; the
 * minimum is reached when all are within tau - 1 … tau, and the derivative of the objective when
 * point l is left behind below (above) the raised (lowered) plane is 1 - tau + d_l (tau - d_l).
 *
 * The start holds all coefficients instead of points. Cost: n p a step, about 3 p steps. */
#include "stat/quantile_simplex.h"

#include "base/dispatch.h"
#include "base/stream.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { STEPS_MAX = 10000, ROUNDS_MAX = 4 };

enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

#define SHIFT     1e-10 /* largest shift of y, in units of the largest residual */
#define TOLERANCE 1e-10 /* by which a multiplier may be outside its bounds */
#define GAP       1e-12 /* between the objective and its lower bound, as a share */

struct quantile_simplex quantile_simplex_copy(const struct quantile_simplex *s, struct scratch *w)
{
    const size_t n = (size_t)s->n, p = (size_t)s->p;
    struct quantile_simplex t = *s;
    t.residual = scratch_doubles(w, s->n);
    t.slope = scratch_doubles(w, s->n);
    t.basis = scratch_ints(w, s->p);
    t.inverse = scratch_take(w, p * p, sizeof(double));
    t.gradient = scratch_doubles(w, s->p);
    t.dual = scratch_doubles(w, s->p);
    t.row = scratch_doubles(w, s->p);
    memcpy(t.residual, s->residual, n * sizeof(double));
    memcpy(t.slope, s->slope, n * sizeof(double));
    memcpy(t.basis, s->basis, p * sizeof(int));
    memcpy(t.inverse, s->inverse, p * p * sizeof(double));
    memcpy(t.gradient, s->gradient, p * sizeof(double));
    memcpy(t.dual, s->dual, p * sizeof(double));
    return t;
}

/* Shifts are unrelated: on a lattice sums of two would still meet. */
static void shift_by(struct quantile_simplex *s, double amount)
{
    const struct stream stream = stream_for(0, 0, stream_variable("quantile_simplex"));
    stream_fill(&stream, s->shifted, s->n);
    for (int i = 0; i < s->n; i++) s->shifted[i] = s->y[i] + amount * s->scale * s->shifted[i];
}

MULTIVERSION static void add_multiple(double *restrict to, double factor, const double *restrict x,
                                      int n)
{
    for (int i = 0; i < n; i++) to[i] += factor * x[i];
}

/* to := from + sign X b, or sign X b from NULL; columns in turn, a few rows at a time. */
MULTIVERSION static void add_columns(const struct quantile_simplex *s, double *to,
                                     const double *from, double sign, const double *b)
{
    int i = 0;
    for (; i + LANES <= s->n; i += LANES) {
        lanes sum = {0};
        if (from) memcpy(&sum, from + i, sizeof sum);
        for (int j = 0; j < s->p; j++) {
            lanes x;
            memcpy(&x, s->x[j] + i, sizeof x);
            sum += sign * b[j] * x;
        }
        memcpy(to + i, &sum, sizeof sum);
    }
    for (; i < s->n; i++) {
        double sum = from ? from[i] : 0;
        for (int j = 0; j < s->p; j++) sum += sign * b[j] * s->x[j][i];
        to[i] = sum;
    }
}

/* out[l] := row l of the inverse times v, four rows side by side */
static void times_inverse(const struct quantile_simplex *s, const double *v, double *out)
{
    const int p = s->p;
    int l = 0;
    for (; l + 4 <= p; l += 4) {
        const double *a = s->inverse + l * p;
        double sum[4] = {0, 0, 0, 0};
        for (int j = 0; j < p; j++)
            for (int k = 0; k < 4; k++) sum[k] += a[k * p + j] * v[j];
        memcpy(out + l, sum, sizeof sum);
    }
    for (; l < p; l++) {
        out[l] = 0;
        for (int j = 0; j < p; j++) out[l] += s->inverse[l * p + j] * v[j];
    }
}

static void set_residuals(struct quantile_simplex *s, const double *b)
{
    add_columns(s, s->residual, s->shifted, -1, b);
    for (int l = 0; l < s->p; l++) {
        if (s->basis[l] != HELD) s->residual[s->basis[l]] = 0;
    }
}

static void set_slopes(struct quantile_simplex *s)
{
    for (int i = 0; i < s->n; i++) s->slope[i] = s->residual[i] > 0 ? s->tau : s->tau - 1;
    for (int l = 0; l < s->p; l++) {
        if (s->basis[l] != HELD) s->slope[s->basis[l]] = 0;
    }
    int j = 0;
    for (; j + 4 <= s->p; j += 4) {
        double sum[4] = {0, 0, 0, 0};
        for (int i = 0; i < s->n; i++)
            for (int k = 0; k < 4; k++) sum[k] += s->slope[i] * s->x[j + k][i];
        memcpy(s->gradient + j, sum, sizeof sum);
    }
    for (; j < s->p; j++) {
        s->gradient[j] = 0;
        for (int i = 0; i < s->n; i++) s->gradient[j] += s->slope[i] * s->x[j][i];
    }
}

struct quantile_simplex quantile_simplex_make(int n, int p, const double *const *x, const double *y,
                                              const double *start, struct scratch *w)
{
    struct quantile_simplex s = {n, p, x, y, .tau = 0.5};
    s.shifted = scratch_doubles(w, n);
    s.residual = scratch_doubles(w, n);
    s.slope = scratch_doubles(w, n);
    s.basis = scratch_ints(w, p);
    s.inverse = scratch_take(w, (size_t)p * (size_t)p, sizeof(double));
    s.gradient = scratch_doubles(w, p);
    s.dual = scratch_doubles(w, p);
    s.row = scratch_doubles(w, p);
    memset(s.inverse, 0, (size_t)p * (size_t)p * sizeof(double));
    for (int l = 0; l < p; l++) {
        s.basis[l] = HELD;
        s.inverse[l * p + l] = 1;
    }
    shift_by(&s, 0);
    set_residuals(&s, start);
    for (int i = 0; i < n; i++) {
        s.scale = fmax(s.scale, fmax(fabs(s.residual[i]), 1e-3 * fabs(y[i])));
    }
    shift_by(&s, SHIFT);
    set_residuals(&s, start);
    return s;
}

void quantile_duals(struct quantile_simplex *s)
{
    times_inverse(s, s->gradient, s->dual);
    for (int l = 0; l < s->p; l++) s->dual[l] = -s->dual[l];
}

void quantile_rise(const struct quantile_simplex *s, int slot, double way, double *rise)
{
    add_columns(s, rise, NULL, way, s->inverse + slot * s->p);
}

void quantile_tilt(struct quantile_simplex *s, int point, double change)
{
    s->slope[point] += change;
    for (int j = 0; j < s->p; j++) s->gradient[j] += change * s->x[j][point];
}

void quantile_shares(const struct quantile_simplex *s, int point, double *share)
{
    for (int j = 0; j < s->p; j++) s->row[j] = s->x[j][point];
    times_inverse(s, s->row, share);
}

void quantile_exchange(struct quantile_simplex *s, int slot, int point, const double *share)
{
    const int p = s->p;
    double *pivot = s->inverse + slot * p;
    for (int j = 0; j < p; j++) pivot[j] /= share[slot];
    for (int l = 0; l < p; l++) {
        for (int j = 0; j < p && l != slot; j++) s->inverse[l * p + j] -= share[l] * pivot[j];
    }
    s->basis[slot] = point;
}

struct turn {
    int slot;    /* which point is left, or -1: none */
    double way;  /* 1: the plane rises there, -1: it falls */
    double gain; /* by which the objective falls per unit of rise, at first */
};

/* The steepest descent; held coefficients come first, and each must go. */
static struct turn steepest(const struct quantile_simplex *s)
{
    struct turn best = {-1, 0, TOLERANCE};
    bool holding = false;
    for (int l = 0; l < s->p; l++) {
        const double d = s->dual[l];
        const bool held = s->basis[l] == HELD;
        const double gain = held ? fabs(d) : d > 0 ? d - s->tau : s->tau - 1 - d;
        if (held < holding || (held == holding && !(gain > best.gain))) continue;
        best = (struct turn){l, d > 0 ? -1 : 1, gain};
        holding = held;
    }
    return best;
}

struct meeting { /* of the turning plane with a point */
    double at, weight;
    int point;
};

static void swap(struct meeting *a, struct meeting *b)
{
    const struct meeting held = *a;
    *a = *b;
    *b = held;
}

/* The first by distance with which the weights reach `needed` > 0; nearer ones are moved before it
 * (Hoare 1961, Communications of the ACM 4:321, on weights). */
static int weighted_quantile(struct meeting *m, int n, double needed)
{
    int low = 0, high = n - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (m[middle].at < m[low].at) swap(&m[middle], &m[low]);
        if (m[high].at < m[low].at) swap(&m[high], &m[low]);
        if (m[high].at < m[middle].at) swap(&m[high], &m[middle]);
        const double pivot = m[middle].at;
        double weight = 0;
        int i = low, j = high;
        while (i <= j) {
            while (m[i].at < pivot) i++;
            while (pivot < m[j].at) j--;
            if (i <= j) swap(&m[i++], &m[j--]);
        }
        for (int k = low; k <= j; k++) weight += m[k].weight;
        if (weight >= needed) {
            high = j;
            continue;
        }
        needed -= weight;
        for (int k = j + 1; k < i; k++) {
            if (m[k].weight >= needed) return k;
            needed -= m[k].weight;
        }
        low = i;
    }
    return low < n ? low : n - 1;
}

/* Points that the plane comes nearer to, by how far it has to go. */
static int list_meetings(const struct quantile_simplex *s, const double *rise, struct meeting *m)
{
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        m[n] = (struct meeting){s->residual[i] / rise[i], fabs(rise[i]), i};
        n += s->slope[i] * rise[i] > 0;
    }
    for (int k = 0; k < n; k++) m[k].at = m[k].at > 0 ? m[k].at : 0;
    return n;
}

static bool turn_plane(struct quantile_simplex *s, struct turn turn, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *rise = scratch_doubles(w, s->n), *share = scratch_doubles(w, s->p);
    struct meeting *m = scratch_take(w, (size_t)s->n + 1, sizeof *m);
    quantile_rise(s, turn.slot, turn.way, rise);
    const int n = list_meetings(s, rise, m);
    if (n > 0) {
        const int last = weighted_quantile(m, n, fmax(turn.gain, DBL_MIN));
        const int point = m[last].point, left = s->basis[turn.slot];
        for (int k = 0; k < last; k++) {
            quantile_tilt(s, m[k].point, s->slope[m[k].point] > 0 ? -1 : 1);
        }
        quantile_tilt(s, point, -s->slope[point]);
        add_multiple(s->residual, -m[last].at, rise, s->n);
        for (int l = 0; l < s->p; l++) {
            if (s->basis[l] != HELD) s->residual[s->basis[l]] = 0;
        }
        s->residual[point] = 0;
        if (left != HELD) {
            s->residual[left] = -turn.way * m[last].at;
            quantile_tilt(s, left, turn.way > 0 ? s->tau - 1 : s->tau);
        }
        quantile_shares(s, point, share);
        quantile_exchange(s, turn.slot, point, share);
    }
    scratch_restore(w, mark);
    return n > 0;
}

static bool descend(struct quantile_simplex *s, struct scratch *w)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        quantile_duals(s);
        const struct turn turn = steepest(s);
        if (turn.slot < 0) return true;
        if (!turn_plane(s, turn, w)) return false;
    }
    return false;
}

/* The inverse anew, by Gauss and Jordan's elimination with row pivots. */
static bool invert_basis(struct quantile_simplex *s, struct scratch *w)
{
    const int p = s->p;
    const struct scratch_mark mark = scratch_save(w);
    double *a = scratch_take(w, (size_t)p * (size_t)p, sizeof *a), *inverse = s->inverse;
    bool regular = true;
    memset(inverse, 0, (size_t)p * (size_t)p * sizeof *inverse);
    for (int l = 0; l < p; l++) { /* columns of a are the basis' points */
        for (int j = 0; j < p; j++) a[j * p + l] = s->x[j][s->basis[l]];
        inverse[l * p + l] = 1;
    }
    for (int c = 0; c < p && regular; c++) {
        int best = c;
        for (int j = c + 1; j < p; j++) {
            if (fabs(a[j * p + c]) > fabs(a[best * p + c])) best = j;
        }
        regular = fabs(a[best * p + c]) > 0;
        for (int k = 0; k < p; k++) {
            const double up = a[best * p + k], right = inverse[best * p + k];
            a[best * p + k] = a[c * p + k];
            inverse[best * p + k] = inverse[c * p + k];
            a[c * p + k] = up;
            inverse[c * p + k] = right;
        }
        const double pivot = a[c * p + c];
        for (int k = 0; k < p; k++) {
            a[c * p + k] /= pivot;
            inverse[c * p + k] /= pivot;
        }
        for (int j = 0; j < p; j++) {
            const double factor = a[j * p + c];
            for (int k = 0; k < p && j != c; k++) {
                a[j * p + k] -= factor * a[c * p + k];
                inverse[j * p + k] -= factor * inverse[c * p + k];
            }
        }
    }
    scratch_restore(w, mark);
    return regular;
}

/* The plane through the basis at heights y: each pass mends one point after the other, the second
 * what rounding left. */
static void solve_basis(const struct quantile_simplex *s, const double *y, double *b)
{
    memset(b, 0, (size_t)s->p * sizeof *b);
    for (int pass = 0; pass < 2; pass++) {
        for (int l = 0; l < s->p; l++) {
            double below = y[s->basis[l]];
            for (int j = 0; j < s->p; j++) below -= s->x[j][s->basis[l]] * b[j];
            for (int j = 0; j < s->p; j++) b[j] += below * s->inverse[l * s->p + j];
        }
    }
}

/* The objective at b, and how far it is above the value of the dual solution: sum rho(r) - slope r,
 * not a term of which is negative. */
struct bounds {
    double objective, gap;
};

static struct bounds bounds_at(const struct quantile_simplex *s, const double *b, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct bounds sum = {0, 0};
    double *residual = scratch_doubles(w, s->n);
    add_columns(s, residual, s->y, -1, b);
    for (int i = 0; i < s->n; i++) {
        const double r = residual[i];
        const double rho = r > 0 ? s->tau * r : (s->tau - 1) * r;
        sum.objective += rho;
        sum.gap += fabs(s->slope[i]) > 0 ? rho - s->slope[i] * r : 0;
    }
    scratch_restore(w, mark);
    return sum;
}

double quantile_plane(const struct quantile_simplex *s, double *b, struct scratch *w)
{
    solve_basis(s, s->y, b);
    return bounds_at(s, b, w).objective;
}

/* Down to where, with everything computed anew, no turn is left. */
static bool settle(struct quantile_simplex *s, double *b, struct scratch *w)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (!descend(s, w) || !invert_basis(s, w)) return false;
        solve_basis(s, s->shifted, b);
        set_residuals(s, b);
        set_slopes(s);
        quantile_duals(s);
        if (steepest(s).slot < 0) return true;
    }
    return false;
}

bool quantile_minimise(struct quantile_simplex *s, double tau, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *b = scratch_doubles(w, s->p), amount = SHIFT;
    bool found = false, lost = false;
    s->tau = tau;
    set_slopes(s);
    for (int round = 0; round < ROUNDS_MAX && !found && !lost; round++) {
        lost = !settle(s, b, w);
        if (lost) break;
        solve_basis(s, s->y, b);
        const struct bounds at = bounds_at(s, b, w);
        found = at.gap <= GAP * (at.objective + s->scale);
        if (found) break;
        amount = round + 2 < ROUNDS_MAX ? amount / 100 : 0; /* so small that the order of points */
        shift_by(s, amount);                                /* about the plane is y's own */
        solve_basis(s, s->shifted, b);
        set_residuals(s, b);
        set_slopes(s);
    }
    scratch_restore(w, mark);
    return found;
}
