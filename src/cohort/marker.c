/* marker.c - solves markers for the marginals that a scenario states.  SPDX-License-Identifier: MIT
 *
 *     normal      x = location + scale (u - centre + noise z)
 *     lognormal   x = exp(location + scale (u - centre + noise z))
 *     yes_no      log odds of a yes = location + u
 *
 * with z a normal score, u the patient's predictor over covariates and noise^2 = 1 - var(u) in the
 * population. What is stated holds of those who have a value in the control arm: of the living when
 * it is taken, and where the dead are shifted, of those alive at the day that divides the groups.
 * Their u is weighted by the probability of being alive. */
#include "cohort/marker.h"
#include "stat/distribution.h"
#include "stat/solve.h"

#include <math.h>
#include <stdlib.h>

void marker_bind(struct reader *r, const struct population *p, const struct marker_course *m,
                 struct marker_plan *plan)
{
    const char *what = arena_printf(r->memory, "marker '%s'", m->name);
    *plan = (struct marker_plan){
        .predictor = m->distribution == MARKER_YES_NO
                         ? predictor_bind(p, &m->log_odds, r, what)
                         : predictor_standardised(p, &m->load, r, what),
        .variable = stream_variable(arena_printf(r->memory, "marker %s", m->name))};
}

/* The predictor's distribution among those whom the stated figures describe. */
static struct mixture described(const struct marker_course *m, const struct hazard *hazard,
                                const double *predictor, const double *log_hazard,
                                struct arena *memory)
{
    const double day = fabs(m->death_shift) > 0 ? fmax(m->taken, m->within) : m->taken;
    const double h = hazard_at(hazard, day);
    double *alive = xcalloc(MIXTURE_SIZE, sizeof *alive);
    for (int i = 0; i < MIXTURE_SIZE; i++) alive[i] = exp(-h * exp(log_hazard[i]));
    const struct mixture u = mixture_of(predictor, alive, MIXTURE_SIZE, memory);
    free(alive);
    return u;
}

struct target {
    const struct mixture *u;
    double centre, noise, wanted;
};

/* P(u + noise z < x) - 1/2 */
static double below_median(const void *context, double x)
{
    const struct target *t = context;
    double below = 0;
    for (int k = 0; k < t->u->n; k++)
        below += t->u->weight[k] * normal_cdf((x - t->u->at[k]) / t->noise);
    return below - 0.5;
}

/* log E exp(scale (u - centre + noise z)) */
static double cumulant(const struct target *t, double scale)
{
    double sum = 0;
    for (int k = 0; k < t->u->n; k++)
        sum += t->u->weight[k] * expm1(scale * (t->u->at[k] - t->centre));
    return log1p(sum) + scale * scale * t->noise * t->noise / 2;
}

/* log(1 + cv^2) of the exponential rises with the scale: cumulants are convex. */
static double spread_minus_wanted(const void *context, double log_scale)
{
    const struct target *t = context;
    const double scale = exp(log_scale);
    return cumulant(t, 2 * scale) - 2 * cumulant(t, scale) - t->wanted;
}

static bool solve_lognormal(const struct marker_course *m, const struct mixture *u,
                            struct marker_plan *plan)
{
    struct target t = {u, mixture_mean(u), plan->noise, 0};
    if (!isnan(m->median)) {
        plan->scale = m->sd_log / sqrt(mixture_variance(u) + t.noise * t.noise);
        plan->location = log(m->median);
        return solve_between(below_median, &t, -60, 60, 1e-13, &plan->centre);
    }
    const double cv = m->sd / m->mean;
    double log_scale;
    t.wanted = log1p(cv * cv);
    if (!solve_between(spread_minus_wanted, &t, -30, 3, 1e-13, &log_scale)) return false;
    plan->scale = exp(log_scale);
    plan->centre = t.centre;
    plan->location = log(m->mean) - cumulant(&t, plan->scale);
    return true;
}

static bool solve_shape(const struct marker_course *m, const struct mixture *u,
                        struct marker_plan *plan)
{
    switch ((enum marker_distribution)m->distribution) {
    case MARKER_YES_NO: return mixture_intercept(u, m->probability, &plan->location);
    case MARKER_LOGNORMAL: return solve_lognormal(m, u, plan);
    case MARKER_NORMAL: break;
    }
    plan->location = m->mean;
    plan->centre = mixture_mean(u);
    plan->scale = m->sd / sqrt(mixture_variance(u) + plan->noise * plan->noise);
    return true;
}

void marker_solve(struct reader *r, const struct marker_course *m, const struct hazard *hazard,
                  const double *predictor, const double *log_hazard, struct marker_plan *plan)
{
    struct arena memory = {0};
    double nothing = 0, everybody = 1;
    struct mixture u = {1, &nothing, &everybody};
    plan->noise = 1;
    if (plan->predictor.n > 0) {
        const struct mixture all = mixture_of(predictor, NULL, MIXTURE_SIZE, &memory);
        const double explained = mixture_variance(&all);
        if (m->distribution != MARKER_YES_NO && explained > 0.999) {
            error_at(r->errors, m->at, "marker '%s': the loads explain all of the variance (%.3f)",
                     m->name, explained);
            arena_free(&memory);
            return;
        }
        plan->noise = sqrt(fmax(0, 1 - explained));
        u = described(m, hazard, predictor, log_hazard, &memory);
    }
    if (!solve_shape(m, &u, plan))
        error_at(r->errors, m->at, "marker '%s': what is stated cannot be reached", m->name);
    arena_free(&memory);
}
