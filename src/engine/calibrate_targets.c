/* calibrate_targets.c - which targets a calibration meets, and why not, see calibrating.h.
 * SPDX-License-Identifier: MIT
 *
 * A target is not met when its z is beyond 3, or when what the fit leaves of it is more than 3
 * times what a fit leaves of figures that come from one trial, and more than one of its own
 * standard errors: two rows that should agree to the digit, printed 2 standard errors apart, leave
 * z = -1 and +1. What a fit leaves has the covariance (I - H) (S + T) (I - H)', H = J (J'J)^-1 J'
 * and S the correlation of the rows over trials; T = I/16 allows the model to be off by a quarter
 * of each row's error. The false alarm is 0.0027 a target at most. */
#include "base/number.h"
#include "engine/calibrating.h"

#include <math.h>
#include <string.h>

static const double FAR = 3, NOTED = 1, TOLERANCE = 1.0 / 16, RIDGE = 0.01;

/* --- dependence of rows ----------------------------------------------------------------------- */

static double covariance_of(const double *x, const double *y, int n)
{
    double mean_x = 0, mean_y = 0, sum = 0;
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) continue;
        count++;
        const double d = x[i] - mean_x;
        mean_x += d / count;
        mean_y += (y[i] - mean_y) / count;
        sum += d * (y[i] - mean_y);
    }
    return count > 1 ? sum / (count - 1) : 0;
}

void calibrating_correlation(const struct calibrating *k, double *correlation)
{
    const struct targets *t = k->t;
    const struct simulated *s = &k->final;
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j <= i; j++) {
            const double *x = s->trial + (ptrdiff_t)i * t->trials;
            const double *y = s->trial + (ptrdiff_t)j * t->trials;
            const double rounding = i == j ? t->item[i].rounding : 0;
            const double both = covariance_of(x, y, t->trials) + rounding;
            correlation[i * t->n + j] = correlation[j * t->n + i] =
                both / (calibrating_error(k, i) * calibrating_error(k, j));
        }
}

/* --- what a fit leaves ------------------------------------------------------------------------ */

static void standardise(struct calibrating *k)
{
    const int m = k->problem.m, n = k->problem.n;
    struct arena memory = {0};
    double *covariance = arena_alloc(&memory, (size_t)(n * n), sizeof *covariance);
    double *correlation = arena_alloc(&memory, (size_t)(m * m), sizeof *correlation);
    double *left = arena_alloc(&memory, (size_t)m, sizeof *left);
    least_squares_covariance(k->jacobian, m, n, k->free, RIDGE, covariance);
    calibrating_correlation(k, correlation);
    for (int i = 0; i < m; i++) correlation[i * m + i] += TOLERANCE;
    for (int i = 0; i < m; i++) {
        for (int l = 0; l < m; l++) { /* row i of I - H */
            left[l] = l == i;
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++)
                    left[l] -=
                        k->jacobian[i * n + a] * covariance[a * n + b] * k->jacobian[l * n + b];
        }
        double variance = 0;
        for (int l = 0; l < m; l++)
            for (int o = 0; o < m; o++) variance += left[l] * correlation[l * m + o] * left[o];
        const double z = k->c->target[i].fitted_z;
        k->c->target[i].standardised = variance > 0 ? z / sqrt(variance) : z;
    }
    arena_free(&memory);
}

static bool is_met(const struct target_fit *f)
{
    return !(fabs(f->fitted_z) > FAR) &&
           !(fabs(f->standardised) > FAR && fabs(f->fitted_z) > NOTED);
}

/* --- reach ------------------------------------------------------------------------------------ */

/* Moves every parameter towards the end of its range that brings target i closer, the whole way
 * or, where no such scenario exists, a half or a quarter of it. */
enum { WAYS = 3 };
static void ways_towards(const struct calibrating *k, int i, double *x)
{
    const int n = k->problem.n;
    for (int w = 0; w < WAYS; w++)
        for (int j = 0; j < n; j++) {
            const double slope = k->jacobian[i * n + j] * k->here.value[i];
            const double end = slope > 0 ? 0 : slope < 0 ? 1 : k->x[j];
            x[w * n + j] = k->x[j] + ldexp(end - k->x[j], -w);
        }
}

static void judge(struct calibrating *k, int i)
{
    const int m = k->problem.m, n = k->problem.n;
    struct target_fit *f = &k->c->target[i];
    struct arena memory = {0};
    double most = 0;
    for (int j = 0; j < n; j++) most = larger(fabs(k->jacobian[i * n + j]), most);
    f->verdict = TARGET_UNMOVED;
    f->closest = f->fitted;
    if (most > 0.02) {
        double *x = arena_alloc(&memory, (size_t)(WAYS * n), sizeof *x);
        struct residuals at[WAYS];
        for (int w = 0; w < WAYS; w++)
            at[w] = (struct residuals){.value = arena_alloc(&memory, (size_t)m, sizeof(double)),
                                       .error = arena_alloc(&memory, (size_t)m, sizeof(double))};
        ways_towards(k, i, x);
        k->problem.evaluate(k->problem.context, WAYS, x, at);
        double least = fabs(k->here.value[i]);
        f->verdict = TARGET_UNREACHABLE;
        for (int w = 0; w < WAYS; w++) {
            const double left = at[w].value[i];
            if (!at[w].valid) continue;
            if (left * k->here.value[i] <= 0 || fabs(left) < NOTED * k->here.error[i])
                f->verdict = TARGET_CONTRADICTED;
            if (fabs(left) >= least) continue;
            least = fabs(left);
            const double mean = k->t->item[i].value - left;
            f->closest = k->t->item[i].ratio ? exp(mean) : mean;
        }
    }
    arena_free(&memory);
}

/* --- opponents -------------------------------------------------------------------------------- */

/* How strongly target o pulls the parameters against target i, as a share of what i pulls: at the
 * minimum the pulls J_i z_i of all targets balance. */
static double opposition(const struct calibrating *k, int i, int o)
{
    const int n = k->problem.n;
    const double zi = k->here.value[i] / k->here.error[i], zo = k->here.value[o] / k->here.error[o];
    double both = 0, own = 0;
    for (int j = 0; j < n; j++) {
        if (!k->free[j]) continue;
        both += k->jacobian[i * n + j] * zi * k->jacobian[o * n + j] * zo;
        own += k->jacobian[i * n + j] * zi * k->jacobian[i * n + j] * zi;
    }
    return own > 0 ? -both / own : 0;
}

static void find_opponents(struct calibrating *k, int i)
{
    struct target_fit *f = &k->c->target[i];
    double share[OPPONENTS_MAX];
    for (int o = 0; o < k->problem.m; o++) {
        const double against = o == i ? 0 : opposition(k, i, o);
        if (against < 0.15) continue;
        int at = f->n_opponents;
        while (at > 0 && share[at - 1] < against) at--;
        if (at == OPPONENTS_MAX) continue;
        if (f->n_opponents < OPPONENTS_MAX) f->n_opponents++;
        for (int l = f->n_opponents - 1; l > at; l--) {
            share[l] = share[l - 1];
            f->opponent[l] = f->opponent[l - 1];
        }
        share[at] = against;
        f->opponent[at] = o;
    }
}

void calibrating_targets(struct calibrating *k)
{
    standardise(k);
    for (int i = 0; i < k->problem.m; i++) {
        if (is_met(&k->c->target[i])) continue;
        judge(k, i);
        if (k->c->target[i].verdict == TARGET_CONTRADICTED) find_opponents(k, i);
    }
}
