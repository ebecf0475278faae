/* baseline.c - solves the control arm's course for what the scenario states of it.
 * SPDX-License-Identifier: MIT
 *
 * Every stated share, median, mean and SD is marginal: over covariates, latent severity and the
 * distribution of centres. The unknown constants (cumulative hazards, intercepts, locations) are
 * roots of averages over the quasi-Monte Carlo population of mixture.h. */
#include "base/text.h"
#include "cohort/marker.h"
#include "stat/distribution.h"
#include "stat/solve.h"
#include "stat/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns of one pass over the sampled population. */
enum {
    COLUMN_DEATH,
    COLUMN_SOFA,
    COLUMN_ADVERSE,
    COLUMN_SUPPORT,
    COLUMN_STAY = COLUMN_SUPPORT + 2 * SUPPORT_COUNT,
    COLUMN_COUNT = COLUMN_STAY + STAY_COUNT
};

/* --- death ------------------------------------------------------------------------------------ */

struct death_target {
    const struct mixture *mixture;
    double dead;
};

static double dead_minus_target(const void *context, double log_h)
{
    const struct death_target *t = context;
    return mixture_dead(t->mixture, exp(log_h)) - t->dead;
}

static void solve_death(struct reader *r, const double *log_hazard, struct baseline *b)
{
    const struct knots *table = &b->spec->mortality.cumulative;
    struct hazard *h = &b->hazard;
    b->death = mixture_of(log_hazard, NULL, MIXTURE_SIZE, r->memory);
    for (int set = 0; set < MIXTURE_SETS; set++)
        b->death_set[set] = mixture_of(log_hazard + (size_t)set * MIXTURE_SET_SIZE, NULL,
                                       MIXTURE_SET_SIZE, r->memory);
    h->n = table->n; /* knot 0 is day 0; the last table entry only closes the last slope */
    h->day = arena_alloc(r->memory, (size_t)table->n + 1, sizeof(double));
    h->cumulative = arena_alloc(r->memory, (size_t)table->n + 1, sizeof(double));
    h->slope = arena_alloc(r->memory, (size_t)table->n + 1, sizeof(double));
    b->solved = arena_alloc(r->memory, (size_t)table->n, sizeof(double));
    b->error = arena_alloc(r->memory, (size_t)table->n, sizeof(double));
    for (int k = 0; k < table->n; k++) {
        const struct death_target t = {&b->death, table->y[k]};
        double log_h = 0;
        if (!solve_between(dead_minus_target, &t, -60, 60, 1e-13, &log_h)) {
            error_at(r->errors, table->at, "cumulative: mortality %g cannot be reached",
                     table->y[k]);
            return;
        }
        h->day[k + 1] = table->x[k];
        h->cumulative[k + 1] = exp(log_h);
        h->slope[k] = (h->cumulative[k + 1] - h->cumulative[k]) / (h->day[k + 1] - h->day[k]);
        b->solved[k] = mixture_dead(&b->death, h->cumulative[k + 1]);
        double squares = 0;
        for (int set = 0; set < MIXTURE_SETS; set++) {
            const double d = mixture_dead(&b->death_set[set], h->cumulative[k + 1]) - b->solved[k];
            squares += d * d;
        }
        b->error[k] = sqrt(squares / (MIXTURE_SETS * (MIXTURE_SETS - 1)));
    }
}

/* --- shares and durations --------------------------------------------------------------------- */

/* Ever on a support, of those alive at its start: drawn as needed, or until death. */
struct needed_target {
    const double *log_odds, *alive, *dying; /* [MIXTURE_SIZE] at the start; from then to `within` */
    double until_death, needed;
};

static double expit(double x)
{
    return 1 / (1 + exp(-x));
}

static double needed_minus_target(const void *context, double intercept)
{
    const struct needed_target *t = context;
    double total = 0, alive = 0;
    for (int i = 0; i < MIXTURE_SIZE; i++) {
        const double not_drawn = 1 - expit(intercept + t->log_odds[i]);
        total += t->alive[i] - not_drawn * (t->alive[i] - t->until_death * t->dying[i]);
        alive += t->alive[i];
    }
    return total / alive - t->needed;
}

struct median_target {
    const struct mixture *explained;
    double spread, log_median;
};

static double above_median(const void *context, double location)
{
    const struct median_target *t = context;
    double below = 0;
    for (int k = 0; k < t->explained->n; k++)
        below += t->explained->weight[k] *
                 normal_cdf((t->log_median - location - t->explained->at[k]) / t->spread);
    return below - 0.5;
}

/* log duration = location + explained + spread * e with the stated marginal median and sd. */
static bool solve_duration(const struct mixture *explained, double median, double sd_log,
                           double *location, double *spread)
{
    const double rest = sd_log * sd_log - mixture_variance(explained);
    if (!(rest > 1e-6)) return false;
    *spread = sqrt(rest);
    const struct median_target t = {explained, *spread, log(median)};
    return solve_between(above_median, &t, log(median) - 60, log(median) + 60, 1e-13, location);
}

/* The log odds of being drawn as needing it, besides what covariates add. */
static void solve_needed(struct reader *r, enum support k, const double *log_odds,
                         const double *log_hazard, struct baseline *b)
{
    const struct support_course *c = &b->spec->support[k];
    struct support_plan *s = &b->support[k];
    const double from = hazard_at(&b->hazard, c->start);
    const double to = hazard_at(&b->hazard, fmax(c->start, c->within));
    const double gone = mixture_dead(&b->death, from);
    const double until = c->until_death * (mixture_dead(&b->death, to) - gone) / (1 - gone);
    if (c->needed < until - 1e-12)
        error_at(r->errors, b->spec->support_at[k],
                 "%s: needed is %g, but until_death alone puts %.4f of the control arm on it",
                 support_names[k], c->needed, until);
    else if (c->needed > 1 - 1e-12)
        s->intercept = INFINITY;
    else if (c->needed <= until + 1e-12)
        s->intercept = -INFINITY;
    else if (s->log_odds.n == 0) {
        const double drawn = 1 - (1 - c->needed) / (1 - until);
        s->intercept = log(drawn / (1 - drawn));
    } else {
        double *alive = xcalloc(MIXTURE_SIZE, sizeof *alive);
        double *dying = xcalloc(MIXTURE_SIZE, sizeof *dying);
        for (int i = 0; i < MIXTURE_SIZE; i++) {
            const double ratio = exp(log_hazard[i]);
            alive[i] = exp(-from * ratio);
            dying[i] = alive[i] - exp(-to * ratio);
        }
        const struct needed_target t = {log_odds, alive, dying, c->until_death, c->needed};
        if (!solve_between(needed_minus_target, &t, -40, 40, 1e-9, &s->intercept))
            error_at(r->errors, b->spec->support_at[k], "%s: needed %g cannot be reached",
                     support_names[k], c->needed);
        free(alive);
        free(dying);
    }
}

static void solve_support(struct reader *r, enum support k, double *const *column,
                          struct baseline *b)
{
    const struct support_course *c = &b->spec->support[k];
    struct support_plan *s = &b->support[k];
    const double *log_odds = column[COLUMN_SUPPORT + 2 * (int)k];
    const double *log_time = column[COLUMN_SUPPORT + 2 * (int)k + 1];
    s->start = c->start;
    s->until_death = c->until_death;
    s->within = c->within;
    const int before = r->errors->n;
    solve_needed(r, k, log_odds, column[COLUMN_DEATH], b);
    if (r->errors->n > before) return;
    double *weight = NULL; /* durations are those of patients who need it */
    if (s->log_odds.n > 0 && isfinite(s->intercept)) {
        weight = xcalloc(MIXTURE_SIZE, sizeof *weight);
        for (int i = 0; i < MIXTURE_SIZE; i++) weight[i] = expit(s->intercept + log_odds[i]);
    }
    struct arena memory = {0};
    const struct mixture explained = mixture_of(log_time, weight, MIXTURE_SIZE, &memory);
    if (!solve_duration(&explained, c->median, c->sd_log, &s->location, &s->spread))
        error_at(r->errors, b->spec->support_at[k],
                 "%s: log_time explains a standard deviation of %.4g, sd_log is only %g",
                 support_names[k], sqrt(mixture_variance(&explained)), c->sd_log);
    arena_free(&memory);
    free(weight);
}

static void solve_stay(struct reader *r, enum stay k, const double *log_time, struct baseline *b)
{
    const struct stay_course *c = &b->spec->stay[k];
    struct stay_plan *s = &b->stay[k];
    s->until_death = c->until_death;
    s->within = c->within;
    struct arena memory = {0};
    const struct mixture explained = mixture_of(log_time, NULL, MIXTURE_SIZE, &memory);
    if (!solve_duration(&explained, c->median, c->sd_log, &s->location, &s->spread))
        error_at(r->errors, b->spec->stay_at[k],
                 "%s: log_time explains a standard deviation of %.4g, sd_log is only %g",
                 stay_names[k], sqrt(mixture_variance(&explained)), c->sd_log);
    arena_free(&memory);
}

/* --- SOFA ---------------------------------------------------------------------------------------
 */

struct sofa_target {
    const struct mixture *load; /* of the living */
    double noise, mean, sd;
};

/* Mean and sd of round(location + scale (u + noise e)), limited to 0-24, over the living's u. */
static void sofa_moments(const void *context, const double *x, double *f)
{
    const struct sofa_target *t = context;
    const double location = x[0], scale = exp(x[1]);
    double mean = 0, squares = 0;
    for (int k = 0; k < t->load->n; k++) {
        const double centre = location + scale * t->load->at[k], spread = scale * t->noise;
        double above = 0, second = 0; /* sums of P(X >= s) and (2s-1) P(X >= s) */
        for (int s = 1; s <= SOFA_WORST; s++) {
            const double p = normal_upper((s - 0.5 - centre) / spread);
            above += p;
            second += (2 * s - 1) * p;
        }
        mean += t->load->weight[k] * above;
        squares += t->load->weight[k] * second;
    }
    f[0] = mean - t->mean;
    f[1] = sqrt(fmax(0, squares - mean * mean)) - t->sd;
}

static void solve_sofa(struct reader *r, double *const *column, struct baseline *b)
{
    const struct sofa_course *c = &b->spec->sofa;
    struct sofa_plan *s = &b->sofa;
    struct arena memory = {0};
    const struct mixture all = mixture_of(column[COLUMN_SOFA], NULL, MIXTURE_SIZE, &memory);
    const double explained = mixture_variance(&all);
    s->correlation = c->correlation;
    s->in_icu = c->measured == 1;
    s->location = arena_alloc(r->memory, SOFA_DAYS_MAX + 1, sizeof(double));
    s->scale = arena_alloc(r->memory, SOFA_DAYS_MAX + 1, sizeof(double));
    if (explained > 0.999) {
        error_at(r->errors, b->spec->sofa_at, "sofa: the loads explain all of the variance (%.3f)",
                 explained);
        arena_free(&memory);
        return;
    }
    s->noise = sqrt(1 - explained);
    double *alive = xcalloc(MIXTURE_SIZE, sizeof *alive);
    for (int k = 0; k < c->mean.n; k++) {
        const double h = hazard_at(&b->hazard, c->mean.x[k]);
        for (int i = 0; i < MIXTURE_SIZE; i++) alive[i] = exp(-h * exp(column[COLUMN_DEATH][i]));
        struct mixture living = mixture_of(column[COLUMN_SOFA], alive, MIXTURE_SIZE, &memory);
        mixture_coarsen(&living, 256);
        const struct sofa_target t = {&living, s->noise, c->mean.y[k], c->sd.y[k]};
        double x[2] = {c->mean.y[k], log(c->sd.y[k])};
        if (!solve_system(2, sofa_moments, &t, x, 1e-8)) {
            error_at(r->errors, b->spec->sofa_at,
                     "sofa: no distribution on 0-24 has mean %g and sd %g (day %g)", c->mean.y[k],
                     c->sd.y[k], c->mean.x[k]);
            break;
        }
        const int day = (int)c->mean.x[k];
        s->location[day] = x[0];
        s->scale[day] = exp(x[1]);
        const int from = k == 0 ? 0 : (int)c->mean.x[k - 1];
        for (int d = from + (k > 0); d < day; d++) { /* linear between stated days, level before */
            const double w = k == 0 ? 1 : (double)(d - from) / (day - from);
            s->location[d] = (1 - w) * s->location[from] * (k > 0) + w * x[0];
            s->scale[d] = (1 - w) * s->scale[from] * (k > 0) + w * exp(x[1]);
        }
        s->n_days = day;
    }
    for (int d = s->n_days + 1; d <= SOFA_DAYS_MAX; d++) {
        s->location[d] = s->location[s->n_days];
        s->scale[d] = s->scale[s->n_days];
    }
    free(alive);
    arena_free(&memory);
}

/* --- adverse event, markers --- */

static void solve_adverse(struct reader *r, const double *log_odds, struct baseline *b)
{
    struct arena memory = {0};
    const struct mixture m = mixture_of(log_odds, NULL, MIXTURE_SIZE, &memory);
    const double share = b->spec->adverse_event.probability;
    if (!mixture_intercept(&m, share, &b->adverse_intercept))
        error_at(r->errors, b->spec->adverse_at, "adverse_event: probability %g cannot be reached",
                 share);
    arena_free(&memory);
}

/* Columns beyond the first COLUMN_COUNT are those of the markers that depend on covariates. */
static void solve_markers(struct reader *r, double *const *column, struct baseline *b)
{
    for (int k = 0, j = COLUMN_COUNT; k < b->spec->markers.n; k++) {
        struct marker_plan *m = &b->marker[k];
        const double *predictor = m->predictor.n > 0 ? column[j++] : NULL;
        marker_solve(r, &b->spec->markers.item[k], &b->hazard, predictor, column[COLUMN_DEATH], m);
    }
}

/* --- all of it --- */

static uint64_t variable_of(struct arena *memory, const char *component, const char *part)
{
    return stream_variable(arena_printf(memory, "%s %s", component, part));
}

/* Marks what a stay waits for. */
static void bind_after(struct reader *r, enum stay k, struct baseline *b)
{
    const struct stay_course *c = &b->spec->stay[k];
    struct stay_plan *s = &b->stay[k];
    const char *names[SUPPORT_COUNT + 1];
    bool *mark[SUPPORT_COUNT + 1];
    int n = 0;
    for (int j = 0; j < SUPPORT_COUNT; j++) {
        if (!b->spec->has_support[j]) continue;
        names[n] = support_names[j];
        mark[n++] = &s->after_support[j];
    }
    if (k == STAY_HOSPITAL && b->spec->has_stay[STAY_ICU]) {
        names[n] = stay_names[STAY_ICU];
        mark[n++] = &s->after_icu;
    }
    for (int i = 0; i < c->after.n; i++) {
        const struct named_text *name = &c->after.item[i];
        bool known = false;
        for (int j = 0; j < n && !known; j++)
            if (strcmp(name->text, names[j]) == 0) known = *mark[j] = true;
        const char *near = known ? NULL : text_nearest(name->text, names, n);
        if (!known)
            error_at(r->errors, name->at, "%s: after names '%s', which the course does not have%s",
                     stay_names[k], name->text, did_you_mean(near).text);
    }
}

static void bind_predictors(struct reader *r, struct baseline *b)
{
    const struct population *p = b->population;
    const struct course_spec *c = b->spec;
    b->log_hazard = predictor_bind(p, &c->mortality.log_hazard, r, "mortality.log_hazard");
    b->death_variable = variable_of(r->memory, "mortality", "time");
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        const char *name = support_names[k];
        b->support[k] =
            (struct support_plan){.log_odds = predictor_bind(p, &c->support[k].log_odds, r, name),
                                  .log_time = predictor_bind(p, &c->support[k].log_time, r, name),
                                  .needed_variable = variable_of(r->memory, name, "needed"),
                                  .time_variable = variable_of(r->memory, name, "time"),
                                  .until_variable = variable_of(r->memory, name, "until death")};
    }
    for (int k = 0; k < STAY_COUNT; k++)
        b->stay[k] = (struct stay_plan){
            .log_time = predictor_bind(p, &c->stay[k].log_time, r, stay_names[k]),
            .time_variable = variable_of(r->memory, stay_names[k], "time"),
            .until_variable = variable_of(r->memory, stay_names[k], "until death")};
    b->sofa = (struct sofa_plan){.load = predictor_standardised(p, &c->sofa.load, r, "sofa.load"),
                                 .variable = stream_variable("sofa day")};
    b->adverse_log_odds = predictor_bind(p, &c->adverse_event.log_odds, r, "adverse_event");
    b->adverse_variable = variable_of(r->memory, "adverse_event", "drawn");
    b->marker = arena_alloc(r->memory, (size_t)c->markers.n, sizeof *b->marker);
    for (int k = 0; k < c->markers.n; k++) marker_bind(r, p, &c->markers.item[k], &b->marker[k]);
    b->sofa_covariate = population_covariate(p, "sofa");
}

void baseline_bind(struct reader *r, const struct population *p, const struct course_spec *c,
                   struct baseline *b)
{
    *b = (struct baseline){.population = p, .spec = c};
    bind_predictors(r, b);
    for (int k = 0; k < STAY_COUNT; k++) bind_after(r, k, b);
    if (c->has_sofa && c->sofa.measured == 1 && !c->has_stay[STAY_ICU])
        error_at(r->errors, c->sofa_at, "sofa: measured in_icu needs course.icu_stay");
}

void baseline_solve(struct reader *r, struct baseline *b)
{
    const struct population *p = b->population;
    const struct course_spec *c = b->spec;
    int n_columns = COLUMN_COUNT;
    struct mixture_column *column =
        arena_alloc(r->memory, (size_t)(COLUMN_COUNT + c->markers.n), sizeof *column);
    column[COLUMN_DEATH] = (struct mixture_column){&b->log_hazard, p->centres.log_hazard_sd};
    column[COLUMN_SOFA].predictor = &b->sofa.load;
    column[COLUMN_ADVERSE].predictor = &b->adverse_log_odds;
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        column[COLUMN_SUPPORT + 2 * k].predictor = &b->support[k].log_odds;
        column[COLUMN_SUPPORT + 2 * k + 1].predictor = &b->support[k].log_time;
    }
    for (int k = 0; k < STAY_COUNT; k++) column[COLUMN_STAY + k].predictor = &b->stay[k].log_time;
    for (int k = 0; k < c->markers.n; k++)
        if (b->marker[k].predictor.n > 0) column[n_columns++].predictor = &b->marker[k].predictor;
    double **value = arena_alloc(r->memory, (size_t)n_columns, sizeof *value);
    mixture_sample(p, column, n_columns, value);
    solve_death(r, value[COLUMN_DEATH], b);
    if (r->errors->n == 0) {
        for (int k = 0; k < SUPPORT_COUNT; k++)
            if (c->has_support[k]) solve_support(r, k, value, b);
        for (int k = 0; k < STAY_COUNT; k++)
            if (c->has_stay[k]) solve_stay(r, k, value[COLUMN_STAY + k], b);
        if (c->has_sofa) solve_sofa(r, value, b);
        if (c->has_adverse) solve_adverse(r, value[COLUMN_ADVERSE], b);
        solve_markers(r, value, b);
    }
    for (int j = 0; j < n_columns; j++) free(value[j]);
}
