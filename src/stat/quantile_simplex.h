/* quantile_simplex.h - regression quantiles: planes that leave a share tau of the points below.
 * SPDX-License-Identifier: MIT
 *
 * Minimises sum rho(y - x'b), rho(r) = tau r above the plane and (tau - 1) r below (Koenker &
 * Bassett 1978, Econometrica 46:33), exactly: by a simplex method whose vertices are planes through
 * p points. The result is checked by the dual solution, which bounds the minimum from below. */
#ifndef STAT_QUANTILE_SIMPLEX_H
#define STAT_QUANTILE_SIMPLEX_H

#include "base/memory.h"

#include <stdbool.h>

enum { HELD = -1 }; /* in the basis: no point, but a coefficient that is held at its value */

struct quantile_simplex {
    int n, p;
    const double *const *x; /* [p][n] columns, independent and of similar size */
    const double *y;        /* [n], about zero: digits are lost to a large constant */
    double tau;
    double scale;     /* largest residual of the start, and not much below the largest |y| */
    double *shifted;  /* [n] y, each moved by its own tiny amount, so that no two vertices meet */
    double *residual; /* [n] of shifted, 0 in the basis */
    double *slope;    /* [n] of rho: tau above the plane, tau - 1 below, 0 in the basis */
    int *basis;       /* [p] points on the plane */
    double *inverse;  /* [p][p] row l: the change of b that raises the plane by 1 at point l of the
                         basis and by 0 at the others */
    double *gradient; /* [p] X' slope */
    double *row;      /* [p] room for a point's x */
    double *dual;     /* [p] of the basis: multipliers, within tau - 1 … tau at the minimum */
};

/* Starts at the coefficients `start`, near which the answer should be. Lives in w. */
struct quantile_simplex quantile_simplex_make(int n, int p, const double *const *x, const double *y,
                                              const double *start, struct scratch *w);
struct quantile_simplex quantile_simplex_copy(const struct quantile_simplex *s, struct scratch *w);

/* Goes to a minimum from where it stands; at a new tau too. False when rounding errors win. */
bool quantile_minimise(struct quantile_simplex *s, double tau, struct scratch *w);

/* b := the plane through the points of the basis; returns its objective. */
double quantile_plane(const struct quantile_simplex *s, double *b, struct scratch *w);

/* Steps of the simplex method, for those who walk on from a minimum (quantile_profile.c). */
void quantile_duals(struct quantile_simplex *s);
/* The plane's change at every point when b changes by row `slot` of the inverse times `way`. */
void quantile_rise(const struct quantile_simplex *s, int slot, double way, double *rise);
/* The slope of a point that is not in the basis changes by `change`. */
void quantile_tilt(struct quantile_simplex *s, int point, double change);
/* share[l] := the rise at the point for row l of the inverse. */
void quantile_shares(const struct quantile_simplex *s, int point, double *share);
/* The point takes the slot's place; share as above, or that of a held coefficient. */
void quantile_exchange(struct quantile_simplex *s, int slot, int point, const double *share);

#endif
