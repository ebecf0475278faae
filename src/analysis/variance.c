/* variance.c - see variance.h.  SPDX-License-Identifier: MIT */
#include "analysis/variance.h"

#include <math.h>

#define LEAST     1e-12
#define GREATEST  1e6
#define WIDEN     4.0
#define NARROWEST 0.02 /* stride in the logarithm of the variance */
#define CLOSE     1e-8 /* the same: the last change */

struct point {
    double x, y; /* log variance, excess */
};

/* Regula falsi on the logarithm, Illinois variant (Dowell & Jarratt 1971, BIT 11:168): order 1.44,
 * few evaluations, and the bracket is never lost. */
static double refine(double (*excess)(void *context, double variance), void *context,
                     struct point low, struct point high)
{
    struct point old = low, new = high;
    double last = INFINITY;
    for (int i = 0; i < 100; i++) {
        struct point p = {.x = new.x - new.y *(new.x - old.x) / (new.y - old.y)};
        if (fabs(p.x - last) <= CLOSE) return exp(p.x);
        last = p.x;
        p.y = excess(context, exp(p.x));
        if (isnan(p.y)) return NAN;
        if ((p.y > 0) == (new.y > 0)) {
            old.y /= 2;
        } else {
            old = new;
        }
        new = p;
        if (!(fabs(p.y) > 0)) break;
    }
    return exp(new.x);
}

double variance_solve(double (*excess)(void *context, double variance), void *context, double start)
{
    struct point p = {log(start), excess(context, start)};
    while (isnan(p.y) && p.x > log(LEAST)) {
        p.x -= log(WIDEN);
        p.y = excess(context, exp(p.x));
    }
    double stride = p.y > 0 ? log(WIDEN) : -log(WIDEN);
    while (p.x > log(LEAST) && p.x < log(GREATEST) && fabs(stride) > NARROWEST) {
        struct point next = {.x = p.x + stride};
        next.y = excess(context, exp(next.x));
        if (isnan(next.y)) {
            stride /= 2;
        } else if ((next.y > 0) != (p.y > 0)) {
            return refine(excess, context, p, next);
        } else {
            p = next;
        }
    }
    if (isnan(p.y) || fabs(stride) <= NARROWEST) return NAN;
    return stride > 0 ? INFINITY : 0;
}
