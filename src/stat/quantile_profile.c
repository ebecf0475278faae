/* quantile_profile.c - see quantile_profile.h.  SPDX-License-Identifier: MIT
 *
 * The minimum over the other coefficients, as a function of one, is convex and piecewise linear:
 * its slope is the multiplier of that coefficient when it is held. Parametric programming walks
 * from break to break: at each a point meets the plane, and either is passed or takes the place of
 * one that leaves it, whichever bound a multiplier reaches first (Koenker & d'Orey 1994, Appl
 * Statist 43:410). Slopes of equal absolute value make the rank score test's limits (Koenker 1994,
 * Handbook of Statistics 11:349). Cost: n p a break. */
#include "stat/quantile_profile.h"

#include <math.h>

enum { BREAKS_MAX = 100000 };

#define LEVEL 1e-9 /* slope that is none */
#define SAME                                                                                       \
    1e-11 /* distance between two breaks that are one, in units of the largest residual            \
           */

struct walk {
    struct quantile_simplex s;
    int column, held; /* the slot of the basis that holds the coefficient */
    double way, at;
    double *rise, *share;
};

/* How far all multipliers of the basis can go along -share * direction before the first reaches a
 * bound; `limit` where none does. */
struct bound {
    double step;
    int slot; /* or -1 */
};

static struct bound first_bound(const struct walk *k, double direction, double limit)
{
    struct bound first = {limit, -1};
    for (int l = 0; l < k->s.p; l++) {
        const double speed = -direction * k->share[l];
        if (l == k->held || !(fabs(speed) > LEVEL)) continue;
        const double room = speed > 0 ? k->s.tau - k->s.dual[l] : k->s.dual[l] - (k->s.tau - 1);
        const double step = fmax(0, room / fabs(speed));
        if (step < first.step) first = (struct bound){step, l};
    }
    return first;
}

/* The point of the slot leaves the plane, to the side to which its multiplier went. */
static void leave(struct walk *k, int slot, double direction)
{
    const int point = k->s.basis[slot];
    const bool above = -direction * k->share[slot] > 0;
    quantile_tilt(&k->s, point, above ? k->s.tau : k->s.tau - 1);
}

/* The coefficient is held instead of the point whose multiplier first reaches a bound. */
static bool hold(struct walk *k)
{
    for (int l = 0; l < k->s.p; l++) k->share[l] = k->s.inverse[l * k->s.p + k->column];
    k->held = -1;
    const struct bound b = first_bound(k, k->way, INFINITY);
    if (b.slot < 0) return false;
    leave(k, b.slot, k->way);
    quantile_exchange(&k->s, b.slot, HELD, k->share);
    k->held = b.slot;
    quantile_duals(&k->s);
    return true;
}

static double slope(const struct walk *k)
{
    return k->way * k->s.dual[k->held];
}

/* The value of the coefficient at which the point meets the plane through the basis, by y itself.
 */
static double value_at(const struct walk *k, int point)
{
    double rest = k->s.y[point];
    for (int l = 0; l < k->s.p; l++) {
        if (l != k->held) rest -= k->share[l] * k->s.y[k->s.basis[l]];
    }
    return rest / k->share[k->held];
}

/* To the next break, and through it. False at the end of the profile. */
static bool pass_break(struct walk *k)
{
    struct quantile_simplex *s = &k->s;
    int point = -1;
    double nearest = INFINITY;
    quantile_rise(s, k->held, k->way, k->rise);
    for (int i = 0; i < s->n; i++) {
        if (!(s->slope[i] * k->rise[i] > 0)) continue;
        const double distance = fmax(0, s->residual[i] / k->rise[i]);
        if (distance < nearest && fabs(k->rise[i]) > LEVEL) {
            nearest = distance;
            point = i;
        }
    }
    if (point < 0) return false;
    for (int i = 0; i < s->n; i++) s->residual[i] -= nearest * k->rise[i];
    quantile_shares(s, point, k->share);
    k->at = value_at(k, point);
    const double direction = s->slope[point] > 0 ? -1 : 1;
    const struct bound b = first_bound(k, direction, 1);
    if (b.slot < 0) {
        quantile_tilt(s, point, direction);
    } else {
        leave(k, b.slot, direction);
        quantile_tilt(s, point, -s->slope[point]);
        quantile_exchange(s, b.slot, point, k->share);
    }
    for (int l = 0; l < s->p; l++) {
        if (s->basis[l] != HELD) s->residual[s->basis[l]] = 0;
    }
    if (b.slot < 0) s->residual[point] = 0;
    quantile_duals(s);
    return true;
}

/* What has been learnt of one side: the current break c, and the one before with the slope between
 * them; `risen` once the slope is above none. */
struct record {
    struct profile_side side;
    double c, before, slope_before;
    bool risen, crossed, answered;
};

/* Between the break r->c and `next` the slope is t. */
static void add_segment(struct record *r, const struct profile_question *q, double next, double t,
                        double same)
{
    if (!r->risen && !(t > LEVEL)) {
        r->side.flat = r->c = next;
        r->answered |= q->way * (q->at - next) <= same;
        return;
    }
    if (!r->crossed && t >= q->cutoff) {
        const double share = (q->cutoff - r->slope_before) / (t - r->slope_before);
        r->side.crossing = r->risen ? r->before + (r->c - r->before) * share : r->c;
        r->crossed = true;
    }
    if (!r->answered && q->way * (next - q->at) > same) {
        const bool at_break = fabs(q->at - r->c) <= same;
        r->side.slope = at_break ? (r->slope_before + t) / 2 : t;
        r->answered = true;
    }
    r->risen = true;
    r->before = r->c;
    r->slope_before = t;
    r->c = next;
}

struct profile_side quantile_profile(const struct quantile_simplex *s, struct profile_question q,
                                     struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const double same = SAME * s->scale;
    double *b = scratch_doubles(w, s->p);
    struct walk k = {.s = quantile_simplex_copy(s, w),
                     .column = q.column,
                     .way = q.way,
                     .rise = scratch_doubles(w, s->n),
                     .share = scratch_doubles(w, s->p)};
    (void)quantile_plane(s, b, w);
    struct record r = {.side = {b[q.column], q.way * INFINITY, NAN}, .c = b[q.column]};
    r.answered = !(q.way * (q.at - r.c) > same);
    bool going = hold(&k);
    for (int i = 0; going && i < BREAKS_MAX && !(r.crossed && r.answered); i++) {
        const double t = slope(&k);
        going = pass_break(&k);
        const double next = going ? k.at : q.way * INFINITY;
        if (q.way * (next - r.c) > same) add_segment(&r, &q, next, t, same);
    }
    scratch_restore(w, mark);
    return r.side;
}
