/* path.c - draws patients' illness courses, column by column.  SPDX-License-Identifier: MIT
 *
 * Every variable has its own stream, one number a patient whatever the arm: both potential courses
 * of a patient exist, and a change of scenario moves only what it touches. */
#include "base/dispatch.h"
#include "base/number.h"
#include "cohort/course.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* What drawing one trial's courses needs at hand. */
struct drawing {
    const struct course_plan *plan;
    const struct patients *p;
    uint64_t seed, replicate;
    struct scratch *w;
    int n, n_arms;
};

static double *uniforms(const struct drawing *d, uint64_t variable)
{
    double *q = scratch_doubles(d->w, d->n);
    const struct stream s = stream_for(d->seed, d->replicate, variable);
    stream_fill(&s, q, d->n);
    return q;
}

static double *normals(const struct drawing *d, uint64_t variable)
{
    double *z = uniforms(d, variable);
    vector_normal_quantile(z, z, d->n);
    return z;
}

static double *zeros(const struct drawing *d)
{
    double *x = scratch_doubles(d->w, d->n);
    memset(x, 0, (size_t)d->n * sizeof *x);
    return x;
}

/* y[i] += effect e of arm a on patient i, who received it. Adds nothing, and costs little, where
 * there is no such effect. */
static void add_effect_of(const struct drawing *d, int a, const struct effect *e, double *y)
{
    const struct patients *p = d->p;
    if (fabs(e->value) > 0)
        for (int i = 0; i < d->n; i++) y[i] += p->received[i] == a ? e->value : 0;
    if (e->by.n == 0 && !(e->centre_sd > 0)) return;
    const struct scratch_mark mark = scratch_save(d->w);
    double *own = zeros(d);
    predictor_add(&e->by, (const double *const *)p->covariate, own, d->n);
    if (e->centre_sd > 0) {
        const int n_centres = (int)d->plan->baseline->population->centres.number;
        double *centre = scratch_doubles(d->w, n_centres);
        const struct stream s = stream_for(d->seed, d->replicate, e->variable);
        stream_fill(&s, centre, n_centres);
        vector_normal_quantile(centre, centre, n_centres);
        for (int i = 0; i < d->n; i++) own[i] += e->centre_sd * centre[p->centre[i]];
    }
    for (int i = 0; i < d->n; i++) y[i] += p->received[i] == a ? own[i] : 0;
    scratch_restore(d->w, mark);
}

/* y[i] += the effect on patient i of the arm that the patient received. `which` finds the effect in
 * an arm's plan. */
static void add_effect(const struct drawing *d, size_t which, double *y)
{
    for (int a = 0; a < d->n_arms; a++) {
        const void *e = (const char *)&d->plan->arm[a] + which;
        add_effect_of(d, a, e, y);
    }
}
#define ADD_EFFECT(d, field, y) add_effect(d, offsetof(struct arm_plan, field), y)

/* --- death ------------------------------------------------------------------------------------ */

static const double *draw_death(const struct drawing *d)
{
    const struct baseline *b = d->plan->baseline;
    double *time = uniforms(d, b->death_variable);
    vector_exponential(time, time, d->n);
    const struct scratch_mark mark = scratch_save(d->w);
    double *log_hazard = zeros(d);
    predictor_add(&b->log_hazard, (const double *const *)d->p->covariate, log_hazard, d->n);
    if (b->population->centres.log_hazard_sd > 0) {
        const struct centre_draw c = centres_draw(b->population, d->seed, d->replicate, d->w);
        for (int i = 0; i < d->n; i++) log_hazard[i] += c.effect[d->p->centre[i]];
    }
    ADD_EFFECT(d, mortality, log_hazard);
    for (int i = 0; i < d->n; i++) log_hazard[i] = -log_hazard[i];
    vector_exp(log_hazard, log_hazard, d->n);
    for (int i = 0; i < d->n; i++) {
        const struct hazard *h = &d->plan->arm[d->p->received[i]].hazard;
        time[i] = hazard_inverse(h, time[i] * log_hazard[i]);
    }
    scratch_restore(d->w, mark);
    return time;
}

/* --- supports and stays ------------------------------------------------------------------------
 */

static double *log_normal_times(const struct drawing *d, const struct predictor *explained,
                                size_t effect, double location, double spread, uint64_t variable)
{
    double *time = normals(d, variable);
    for (int i = 0; i < d->n; i++) time[i] = __builtin_fma(spread, time[i], location);
    predictor_add(explained, (const double *const *)d->p->covariate, time, d->n);
    add_effect(d, effect, time);
    vector_exp(time, time, d->n);
    return time;
}

/* 1 where a patient who dies by `within` is on it until death. */
static void draw_until_death(const struct drawing *d, double probability, double within,
                             uint64_t variable, const double *death, double *until)
{
    if (!(probability > 0)) {
        memset(until, 0, (size_t)d->n * sizeof *until);
        return;
    }
    const struct stream s = stream_for(d->seed, d->replicate, variable);
    stream_fill(&s, until, d->n);
    for (int i = 0; i < d->n; i++) until[i] = until[i] + 0.5 < probability && death[i] <= within;
}

/* 1 where the patient is drawn as needing the support. */
static double *draw_needed(const struct drawing *d, enum support k)
{
    const struct support_plan *s = &d->plan->baseline->support[k];
    double *needed = uniforms(d, s->needed_variable);
    if (isinf(s->intercept)) {
        for (int i = 0; i < d->n; i++) needed[i] = s->intercept > 0;
        return needed;
    }
    const struct scratch_mark mark = scratch_save(d->w);
    double *odds = scratch_doubles(d->w, d->n);
    for (int i = 0; i < d->n; i++)
        odds[i] = s->intercept + d->plan->arm[d->p->received[i]].support_log_odds[k];
    predictor_add(&s->log_odds, (const double *const *)d->p->covariate, odds, d->n);
    vector_exp(odds, odds, d->n);
    for (int i = 0; i < d->n; i++) needed[i] = (needed[i] + 0.5) * (1 + odds[i]) < odds[i];
    scratch_restore(d->w, mark);
    return needed;
}

static void draw_support(const struct drawing *d, enum support k, struct course *out)
{
    const struct support_plan *s = &d->plan->baseline->support[k];
    double *start = scratch_doubles(d->w, d->n), *end = scratch_doubles(d->w, d->n);
    const struct scratch_mark mark = scratch_save(d->w);
    double *until = scratch_doubles(d->w, d->n);
    draw_until_death(d, s->until_death, s->within, s->until_variable, out->death, until);
    const double *needed = draw_needed(d, k);
    const double *time = log_normal_times(d, &s->log_time,
                                          offsetof(struct arm_plan, support_time) +
                                              (size_t)k * sizeof(struct effect),
                                          s->location, s->spread, s->time_variable);
    for (int i = 0; i < d->n; i++) {
        const double death = out->death[i];
        const double last = until[i] > 0    ? death
                            : needed[i] > 0 ? smaller(s->start + time[i], death)
                                            : 0;
        start[i] = last > s->start ? s->start : 0;
        end[i] = last > s->start ? last : 0;
    }
    scratch_restore(d->w, mark);
    out->support_start[k] = start;
    out->support_end[k] = end;
}

static void draw_stay(const struct drawing *d, enum stay k, struct course *out)
{
    const struct stay_plan *s = &d->plan->baseline->stay[k];
    double *end = scratch_doubles(d->w, d->n);
    const struct scratch_mark mark = scratch_save(d->w);
    double *until = scratch_doubles(d->w, d->n);
    draw_until_death(d, s->until_death, s->within, s->until_variable, out->death, until);
    const double *time = log_normal_times(
        d, &s->log_time, offsetof(struct arm_plan, stay_time) + (size_t)k * sizeof(struct effect),
        s->location, s->spread, s->time_variable);
    memset(end, 0, (size_t)d->n * sizeof *end);
    for (int j = 0; j < SUPPORT_COUNT; j++)
        for (int i = 0; i < d->n && s->after_support[j]; i++)
            end[i] = larger(end[i], out->support_end[j][i]);
    for (int i = 0; i < d->n && s->after_icu; i++)
        end[i] = larger(end[i], out->stay_end[STAY_ICU][i]);
    for (int i = 0; i < d->n; i++)
        end[i] = until[i] > 0 ? out->death[i] : smaller(end[i] + time[i], out->death[i]);
    scratch_restore(d->w, mark);
    out->stay_end[k] = end;
}

/* --- SOFA, adverse events, markers --- */

MULTIVERSION static void sofa_score(double location, double scale, double noise, const double *load,
                                    const double *noise_score, double *shifted, int n)
{
    for (int i = 0; i < n; i++) {
        const double latent = __builtin_fma(noise, noise_score[i], load[i]);
        const double x = __builtin_floor(__builtin_fma(scale, latent, location + shifted[i]) + 0.5);
        shifted[i] = x < 0 ? 0 : x > SOFA_WORST ? SOFA_WORST : x;
    }
}

static void draw_sofa(const struct drawing *d, int last_day, struct course *out)
{
    const struct baseline *b = d->plan->baseline;
    const struct sofa_plan *s = &b->sofa;
    double **day = scratch_take(d->w, (size_t)last_day + 1, sizeof *day);
    for (int k = 0; k <= last_day; k++) day[k] = scratch_doubles(d->w, d->n);
    const struct scratch_mark mark = scratch_save(d->w);
    double *load = zeros(d), *shift = zeros(d);
    predictor_add(&s->load, (const double *const *)d->p->covariate, load, d->n);
    ADD_EFFECT(d, sofa, shift);
    if (b->sofa_covariate >= 0)
        memcpy(day[0], d->p->covariate[b->sofa_covariate], (size_t)d->n * sizeof(double));
    else
        memset(day[0], 0, (size_t)d->n * sizeof(double));
    double *e = NULL;
    const double fresh = sqrt(1 - s->correlation * s->correlation);
    for (int k = 1; k <= last_day; k++) {
        double *z = normals(d, stream_indexed(s->variable, (uint64_t)k));
        for (int i = 0; i < d->n && e != NULL; i++)
            z[i] = __builtin_fma(s->correlation, e[i], fresh * z[i]);
        e = z;
        for (int i = 0; i < d->n; i++)
            day[k][i] = shift[i] + d->plan->arm[d->p->received[i]].sofa_shift[k];
        sofa_score(s->location[k], s->scale[k], s->noise, load, e, day[k], d->n);
    }
    scratch_restore(d->w, mark);
    out->sofa = (const double *const *)day;
    out->sofa_in_icu = s->in_icu;
}

static const double *draw_adverse(const struct drawing *d)
{
    const struct baseline *b = d->plan->baseline;
    double *event = uniforms(d, b->adverse_variable);
    const struct scratch_mark mark = scratch_save(d->w);
    double *odds = scratch_doubles(d->w, d->n);
    for (int i = 0; i < d->n; i++) odds[i] = b->adverse_intercept;
    predictor_add(&b->adverse_log_odds, (const double *const *)d->p->covariate, odds, d->n);
    ADD_EFFECT(d, adverse_event, odds);
    vector_exp(odds, odds, d->n);
    for (int i = 0; i < d->n; i++) event[i] = (event[i] + 0.5) * (1 + odds[i]) < odds[i];
    scratch_restore(d->w, mark);
    return event;
}

/* y: the predictor in, the value or its logarithm out, without effects; see marker.c. */
static void deviate(const struct drawing *d, int k, const double *score, double *y)
{
    const struct marker_plan *m = &d->plan->baseline->marker[k];
    for (int i = 0; i < d->n; i++) {
        const double scale = m->scale * d->plan->arm[d->p->received[i]].marker[k].sd_ratio;
        y[i] =
            __builtin_fma(scale, __builtin_fma(m->noise, score[i], y[i] - m->centre), m->location);
    }
}

static const double *draw_marker(const struct drawing *d, int k, const double *death)
{
    const struct marker_course *m = &d->plan->baseline->spec->markers.item[k];
    const struct marker_plan *plan = &d->plan->baseline->marker[k];
    const bool yes_no = m->distribution == MARKER_YES_NO;
    double *x = yes_no ? uniforms(d, plan->variable) : normals(d, plan->variable);
    const struct scratch_mark mark = scratch_save(d->w);
    double *y = zeros(d);
    predictor_add(&plan->predictor, (const double *const *)d->p->covariate, y, d->n);
    if (yes_no)
        for (int i = 0; i < d->n; i++) y[i] += plan->location;
    else
        deviate(d, k, x, y);
    for (int i = 0; i < d->n; i++) y[i] += death[i] <= m->within ? m->death_shift : 0;
    for (int a = 0; a < d->n_arms; a++) add_effect_of(d, a, &d->plan->arm[a].marker[k].effect, y);
    if (m->distribution != MARKER_NORMAL) vector_exp(y, y, d->n); /* value, or odds of a yes */
    for (int i = 0; i < d->n; i++) {
        const double value = yes_no ? (x[i] + 0.5) * (1 + y[i]) < y[i] : y[i];
        x[i] = death[i] <= m->taken ? NAN : value;
    }
    scratch_restore(d->w, mark);
    return x;
}

void course_draw(const struct course_plan *plan, const struct patients *p, uint64_t seed,
                 uint64_t replicate, const struct course_needs *needs, struct scratch *w,
                 struct course *out)
{
    const struct drawing d = {plan, p, seed, replicate, w, p->n, plan->n_arms};
    const struct course_spec *spec = plan->baseline->spec;
    *out = (struct course){.n = p->n};
    out->death = draw_death(&d);
    for (int k = 0; k < SUPPORT_COUNT; k++)
        if (needs->support[k]) draw_support(&d, k, out);
    for (int k = 0; k < STAY_COUNT; k++)
        if (needs->stay[k]) draw_stay(&d, k, out);
    if (needs->sofa_day > 0) draw_sofa(&d, needs->sofa_day, out);
    if (needs->adverse_event) out->adverse_event = draw_adverse(&d);
    if (spec->markers.n > 0 && needs->marker != NULL) {
        const double **marker = scratch_take(w, (size_t)spec->markers.n, sizeof *marker);
        for (int k = 0; k < spec->markers.n; k++)
            marker[k] = needs->marker[k] ? draw_marker(&d, k, out->death) : NULL;
        out->marker = marker;
    }
}
