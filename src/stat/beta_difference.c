/* beta_difference.c - see beta_difference.h.  SPDX-License-Identifier: MIT
 *
 * With density f and distribution function F of X and G of Y,
 *     P(Y - X <= d) = integral of f(x) G(x + d) dx + 1 - F(1 - d),
 * where x and x + d are both within (0, 1); likewise its density, and P(Y - X > d) with 1 - G. The
 * integrand may be a power at either end: the tanh-sinh rule, x = 1 / (1 + exp(-pi sinh(t))) of the
 * interval's length, converges all the same. (Takahasi & Mori 1974, Publ RIMS 9:721.) */
#include "stat/beta_difference.h"

#include "stat/distribution.h"
#include "stat/root.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

enum { HALF_NODES = 68 };

#define NODE_STEP 0.05
#define DROP      40 /* the logarithm of the density at which X is left out, below its largest */

enum part { LOWER, UPPER, DENSITY };

static double log_density(struct beta_law l, double log_constant, double x, double rest)
{
    return (l.a - 1) * log(x) + (l.b - 1) * log(rest) - log_constant;
}

/* What the integrand has of Y, at y = x + d with rest = 1 - y. */
static double part_of_y(enum part part, struct beta_law l, double log_constant, double y,
                        double rest)
{
    switch (part) {
    case LOWER: return beta_cdf(y, l.a, l.b);
    case UPPER: return beta_cdf(rest, l.b, l.a);
    default: return y > 0 && rest > 0 ? exp(log_density(l, log_constant, y, rest)) : 0;
    }
}

static double log_logistic(double t)
{
    return t < 0 ? t - log1p(exp(t)) : -log1p(exp(-t));
}

/* The density of the logit of X is concave on the log scale, largest at log(a/b). */
static double log_fall(const void *context, double t)
{
    const struct beta_law *l = context;
    const double top = l->a * log(l->a / (l->a + l->b)) + l->b * log(l->b / (l->a + l->b));
    return l->a * log_logistic(t) + l->b * log_logistic(-t) - top + DROP;
}

/* The x below which there is next to nothing of X. */
static double lowest(struct beta_law l)
{
    return exp(log_logistic(root_between(log_fall, &l, -1000, log(l.a / l.b))));
}

/* The integral over x, from its end to end within which x + d is a share. */
static double integral(enum part part, struct beta_law y, struct beta_law x, double d)
{
    const struct beta_law turned = {x.b, x.a};
    const double low = fmax(-d, lowest(x)), above = fmax(d, lowest(turned)); /* of x, of 1 - x */
    const double length = 1 - above - low, pi = acos(-1.0);
    const double constant_x = gsl_sf_lnbeta(x.a, x.b), constant_y = gsl_sf_lnbeta(y.a, y.b);
    if (!(length > 0)) return 0;
    double sum = 0;
    for (int k = -HALF_NODES; k <= HALF_NODES; k++) {
        const double t = k * NODE_STEP, u = exp(-pi * fabs(sinh(t)));
        const double small = u / (1 + u), large = 1 / (1 + u);
        const double at = length * (t < 0 ? small : large), left = length * (t < 0 ? large : small);
        const double density = exp(log_density(x, constant_x, low + at, above + left));
        sum += cosh(t) * small * large * density *
               part_of_y(part, y, constant_y, (low + d) + at, (above - d) + left);
    }
    return NODE_STEP * pi * length * sum;
}

double beta_difference_lower(struct beta_law y, struct beta_law x, double d)
{
    return (d > 0 ? beta_cdf(d, x.b, x.a) : 0) + integral(LOWER, y, x, d);
}

double beta_difference_upper(struct beta_law y, struct beta_law x, double d)
{
    return (d < 0 ? beta_cdf(-d, x.a, x.b) : 0) + integral(UPPER, y, x, d);
}

static double mean(struct beta_law l)
{
    return l.a / (l.a + l.b);
}

static double variance(struct beta_law l)
{
    return mean(l) * (1 - mean(l)) / (l.a + l.b + 1);
}

/* Newton's method from the normal approximation, bisection where it leaves the bracket. */
double beta_difference_quantile(struct beta_law y, struct beta_law x, double p)
{
    const double sd = sqrt(variance(y) + variance(x));
    double low = -1, high = 1;
    double d = fmin(0.999, fmax(-0.999, mean(y) - mean(x) + sd * normal_quantile(p)));
    for (int i = 0; i < 60; i++) {
        const double excess = beta_difference_lower(y, x, d) - p;
        if (excess > 0)
            high = d;
        else
            low = d;
        const double next = d - excess / integral(DENSITY, y, x, d);
        if (fabs(next - d) < 1e-9 * sd) return next;
        d = next > low && next < high ? next : (low + high) / 2;
    }
    return d;
}
