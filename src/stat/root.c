/* root.c - see root.h.  SPDX-License-Identifier: MIT */
#include "stat/root.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Chandrupatla 1997, Adv Eng Softw 28:145: inverse quadratic interpolation where it is safe,
 * bisection elsewhere. a is the newest point, [a, b] the bracket, c the point left out last;
 * infinite values fail the safety condition and so bisect. */
double root_between(double (*f)(const void *context, double x), const void *context, double low,
                    double high)
{
    double a = high, b = low, c = low;
    double fa = f(context, a), fb = f(context, b), fc = fb;
    if ((fa > 0) == (fb > 0)) return fabs(fa) < fabs(fb) ? a : b;
    double t = 0.5;
    for (int i = 0; i < 200; i++) {
        const double x = a + t * (b - a), fx = f(context, x);
        const bool same_side = (fx > 0) == (fa > 0);
        c = same_side ? a : b;
        fc = same_side ? fa : fb;
        if (!same_side) {
            b = a;
            fb = fa;
        }
        a = x;
        fa = fx;
        const double best = fabs(fa) < fabs(fb) ? a : b;
        const double least = (2 * DBL_EPSILON * fabs(best) + 1e-16) / fabs(b - a);
        if (least > 0.5 || !(fabs(fa) > 0)) return best;
        const double xi = (a - b) / (c - b), phi = (fa - fb) / (fc - fb);
        t = 0.5;
        if (phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi) {
            t = fa / (fb - fa) * (fc / (fb - fc)) +
                (c - a) / (b - a) * (fa / (fc - fa)) * (fb / (fc - fb));
        }
        t = fmin(fmax(t, least), 1 - least);
    }
    return a;
}
