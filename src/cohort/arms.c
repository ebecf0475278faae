/* arms.c - solves each arm's effects: what is stated marginally becomes a constant hazard ratio.
 * SPDX-License-Identifier: MIT */
#include "cohort/course.h"
#include "stat/solve.h"

#include <math.h>
#include <stdlib.h>

/* --- cumulative hazard under a hazard ratio in steps ---------------------------------------- */

static double ratio_at(const struct knots *steps, double day)
{
    double ratio = steps->n > 0 ? steps->y[0] : 1;
    for (int k = 0; k < steps->n; k++)
        if (steps->x[k] <= day) ratio = steps->y[k];
    return ratio;
}

static int compare_days(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct hazard hazard_times(const struct hazard *base, const struct knots *steps,
                                  struct arena *memory)
{
    struct hazard h = {0};
    const size_t room = (size_t)(base->n + steps->n) + 1;
    h.day = arena_alloc(memory, room, sizeof(double));
    h.cumulative = arena_alloc(memory, room, sizeof(double));
    h.slope = arena_alloc(memory, room, sizeof(double));
    for (int k = 0; k < base->n; k++) h.day[h.n++] = base->day[k];
    for (int k = 0; k < steps->n; k++)
        if (steps->x[k] > 0) h.day[h.n++] = steps->x[k];
    qsort(h.day, (size_t)h.n, sizeof(double), compare_days);
    int n = 1;
    for (int k = 1; k < h.n; k++)
        if (h.day[k] > h.day[n - 1]) h.day[n++] = h.day[k];
    h.n = n;
    for (int k = 0, b = 0; k < n; k++) {
        while (b + 1 < base->n && base->day[b + 1] <= h.day[k]) b++;
        h.slope[k] = base->slope[b] * ratio_at(steps, h.day[k]);
        if (k > 0)
            h.cumulative[k] = h.cumulative[k - 1] + h.slope[k - 1] * (h.day[k] - h.day[k - 1]);
    }
    return h;
}

/* --- marginal statements -------------------------------------------------------------------- */

/* The arm's own distribution of the log hazard: effects that vary between patients or centres
 * widen it. */
static struct mixture arm_mixture(const struct baseline *b, const struct effect *e,
                                  struct arena *memory)
{
    if (e->by.n == 0 && !(e->centre_sd > 0)) return b->death;
    const struct mixture_column column[2] = {{&b->log_hazard, b->population->centres.log_hazard_sd},
                                             {&e->by, e->centre_sd}};
    double *value[2];
    mixture_sample(b->population, column, 2, value);
    for (int i = 0; i < MIXTURE_SIZE; i++) value[0][i] += value[1][i];
    const struct mixture m = mixture_of(value[0], NULL, MIXTURE_SIZE, memory);
    free(value[0]);
    free(value[1]);
    return m;
}

struct risk_target {
    const struct mixture *mixture;
    double cumulative, dead;
};

static double risk_minus_target(const void *context, double log_ratio)
{
    const struct risk_target *t = context;
    return mixture_dead(t->mixture, t->cumulative * exp(log_ratio)) - t->dead;
}

/* How an arm is compared with the control: over so many days, with so many patients to one control.
 */
struct comparison {
    double horizon, weight;
};

/* The limit of an unadjusted Cox estimate solves, with w treated patients to one control,
 *   sum over time of w dF1 - (dF0 + w dF1) w S1 b / (S0 + w S1 b) = 0
 * for the ratio b (Struthers & Kalbfleisch 1986, Biometrika 73:363, eq. 2.4). */
enum { STEPS = 256 };
struct cox_target {
    const struct mixture *control, *arm;
    const struct hazard *hazard;
    double horizon, ratio, weight; /* weight: w */
};

static double cox_score(const void *context, double log_ratio)
{
    const struct cox_target *t = context;
    const double total = hazard_at(t->hazard, t->horizon);
    double s0 = 1, s1 = 1, score = 0;
    for (int k = 1; k <= STEPS; k++) {
        const double h = total * k / STEPS;
        const double n0 = 1 - mixture_dead(t->control, h);
        const double n1 = 1 - mixture_dead(t->arm, h * exp(log_ratio));
        const double m0 = (s0 + n0) / 2, m1 = (s1 + n1) / 2;
        const double d0 = s0 - n0, d1 = t->weight * (s1 - n1), treated = t->weight * m1 * t->ratio;
        score += d1 - (d0 + d1) * treated / (m0 + treated);
        s0 = n0;
        s1 = n1;
    }
    return score;
}

static int stated(const struct mortality_effect *e)
{
    return (e->hazard_ratio.n > 0) + (e->risk.n > 0) + (e->risk_difference.n > 0) +
           (e->relative_risk.n > 0) + !isnan(e->marginal_hazard_ratio);
}

/* The constant log hazard ratio that yields what is stated marginally. */
static double solve_log_ratio(struct reader *r, const struct baseline *b, const struct arm_spec *a,
                              const struct effect *e, const struct comparison *c)
{
    const struct mortality_effect *m = &a->mortality;
    struct arena memory = {0};
    struct mixture own = arm_mixture(b, e, &memory), control = b->death;
    double log_ratio = 0;
    bool found;
    if (!isnan(m->marginal_hazard_ratio)) {
        double *at = arena_alloc(&memory, (size_t)control.n, sizeof *at);
        double *weight = arena_alloc(&memory, (size_t)control.n, sizeof *weight);
        for (int k = 0; k < control.n; k++) at[k] = control.at[k], weight[k] = control.weight[k];
        const bool same = own.at == control.at;
        control.at = at;
        control.weight = weight;
        mixture_coarsen(&control, 256);
        if (same)
            own = control;
        else
            mixture_coarsen(&own, 256);
        const struct cox_target t = {
            &control, &own, &b->hazard, c->horizon, m->marginal_hazard_ratio, c->weight};
        found = solve_between(cox_score, &t, -15, 15, 1e-10, &log_ratio);
    } else {
        const struct knots *k = m->risk.n              ? &m->risk
                                : m->risk_difference.n ? &m->risk_difference
                                                       : &m->relative_risk;
        const double h = hazard_at(&b->hazard, k->x[0]), control_risk = mixture_dead(&b->death, h);
        const double dead = m->risk.n              ? k->y[0]
                            : m->risk_difference.n ? control_risk + k->y[0]
                                                   : control_risk * k->y[0];
        const struct risk_target t = {&own, h, dead};
        found = dead > 0 && dead < 1 &&
                solve_between(risk_minus_target, &t, -40, 40, 1e-13, &log_ratio);
        if (!found)
            error_at(r->errors, k->at,
                     "arm '%s': no hazard ratio gives a mortality of %.4g by day %g (control %.4g)",
                     a->name, dead, k->x[0], control_risk);
        found = true;
    }
    if (!found)
        error_at(r->errors, a->mortality_at, "arm '%s': marginal_hazard_ratio %g cannot be reached",
                 a->name, m->marginal_hazard_ratio);
    arena_free(&memory);
    return log_ratio;
}

static void solve_mortality(struct reader *r, const struct baseline *b, const struct arm_spec *a,
                            const struct comparison *c, struct arm_plan *plan)
{
    const struct mortality_effect *m = &a->mortality;
    struct knots steps = m->hazard_ratio;
    double one_day = 0, ratio = 1;
    if (steps.n == 0) {
        if (stated(m) == 1) ratio = exp(solve_log_ratio(r, b, a, &plan->mortality, c));
        steps = (struct knots){.n = 1, .x = &one_day, .y = &ratio};
    }
    plan->hazard_ratio = steps.n == 1 ? steps.y[0] : NAN;
    plan->hazard = hazard_times(&b->hazard, &steps, r->memory);
}

double course_risk(const struct course_plan *plan, const struct arm_plan *arm, double day)
{
    struct arena memory = {0};
    const struct mixture m = arm_mixture(plan->baseline, &arm->mortality, &memory);
    const double risk = mixture_dead(&m, hazard_at(&arm->hazard, day));
    arena_free(&memory);
    return risk;
}

/* --- the other effects ---------------------------------------------------------------------- */

static struct effect bind_effect(struct reader *r, const struct population *p, const char *arm,
                                 const char *component, double value, const struct terms *by,
                                 double centre_sd)
{
    const char *what = arena_printf(r->memory, "%s effect of arm '%s'", component, arm);
    return (struct effect){
        value, predictor_bind(p, by, r, what), centre_sd,
        stream_variable(arena_printf(r->memory, "centre %s %s", arm, component))};
}

static double shift_on(const struct knots *k, double day)
{
    if (k->n == 0) return 0;
    if (day <= k->x[0]) return k->y[0];
    for (int j = 1; j < k->n; j++)
        if (day <= k->x[j])
            return k->y[j - 1] +
                   (k->y[j] - k->y[j - 1]) * (day - k->x[j - 1]) / (k->x[j] - k->x[j - 1]);
    return k->y[k->n - 1];
}

static void check_mortality(struct reader *r, const struct arm_spec *a)
{
    const struct mortality_effect *m = &a->mortality;
    if (stated(m) > 1)
        error_at(r->errors, a->mortality_at,
                 "arm '%s': only one of hazard_ratio, risk, risk_difference, relative_risk and "
                 "marginal_hazard_ratio can be stated",
                 a->name);
    const struct knots *const marginal[] = {&m->risk, &m->risk_difference, &m->relative_risk};
    for (int k = 0; k < 3; k++) {
        if (marginal[k]->n > 1)
            error_at(r->errors, marginal[k]->at, "arm '%s': a marginal statement is for one day",
                     a->name);
        if (marginal[k]->n > 0 && !(marginal[k]->x[0] > 0))
            error_at(r->errors, marginal[k]->at,
                     "arm '%s': day %g must be later than randomisation (0)", a->name,
                     marginal[k]->x[0]);
    }
}

/* One of shift, ratio and odds_ratio can be stated: which, the marker's distribution says. */
static void bind_markers(struct reader *r, const struct baseline *b, const struct arm_spec *a,
                         struct arm_plan *plan)
{
    plan->marker = arena_alloc(r->memory, (size_t)a->markers.n, sizeof *plan->marker);
    for (int k = 0; k < a->markers.n; k++) {
        const struct marker_effect *e = &a->markers.item[k];
        const char *component = arena_printf(r->memory, "marker %s", e->name);
        const double value = !isnan(e->shift)        ? e->shift
                             : !isnan(e->ratio)      ? log(e->ratio)
                             : !isnan(e->odds_ratio) ? log(e->odds_ratio)
                                                     : 0;
        plan->marker[k].effect =
            bind_effect(r, b->population, a->name, component, value, &e->by, e->centre_sd);
        plan->marker[k].sd_ratio = isnan(e->sd_ratio) ? 1 : e->sd_ratio;
    }
}

static void bind_arm(struct reader *r, const struct baseline *b, const struct arm_spec *a,
                     struct arm_plan *plan)
{
    const struct population *p = b->population;
    plan->mortality =
        bind_effect(r, p, a->name, "mortality", 0, &a->mortality.by, a->mortality.centre_sd);
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        const struct duration_effect *e = &a->support[k];
        plan->support_time[k] =
            bind_effect(r, p, a->name, support_names[k], log(e->time_ratio), &e->by, e->centre_sd);
        plan->support_log_odds[k] = log(e->needed_odds_ratio);
    }
    for (int k = 0; k < STAY_COUNT; k++) {
        const struct duration_effect *e = &a->stay[k];
        plan->stay_time[k] =
            bind_effect(r, p, a->name, stay_names[k], log(e->time_ratio), &e->by, e->centre_sd);
    }
    plan->sofa = bind_effect(r, p, a->name, "sofa", 0, &a->sofa.by, a->sofa.centre_sd);
    plan->sofa_shift = arena_alloc(r->memory, SOFA_DAYS_MAX + 1, sizeof(double));
    for (int d = 0; d <= SOFA_DAYS_MAX; d++) plan->sofa_shift[d] = shift_on(&a->sofa.shift, d);
    plan->adverse_event =
        bind_effect(r, p, a->name, "adverse_event", log(a->adverse_event.odds_ratio),
                    &a->adverse_event.by, a->adverse_event.centre_sd);
    bind_markers(r, b, a, plan);
    check_mortality(r, a);
}

void course_bind(struct reader *r, const struct baseline *b, const struct arms *arms,
                 struct course_plan *plan)
{
    *plan = (struct course_plan){.baseline = b, .n_arms = arms->n};
    plan->arm = arena_alloc(r->memory, (size_t)arms->n, sizeof *plan->arm);
    for (int k = 0; k < arms->n; k++) bind_arm(r, b, &arms->arm[k], &plan->arm[k]);
}

void course_solve(struct reader *r, const struct arms *arms, double horizon,
                  const struct numbers *allocation, struct course_plan *plan)
{
    for (int k = 0; k < arms->n; k++) {
        const bool stated_ratio = allocation->n == arms->n;
        const struct comparison c = {
            horizon, stated_ratio ? allocation->value[k] / allocation->value[0] : 1};
        solve_mortality(r, plan->baseline, &arms->arm[k], &c, &plan->arm[k]);
    }
}
