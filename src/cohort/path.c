/* path.c - draws patients' illness courses, column by column.  SPDX-License-Identifier: MIT
 *
 * Every variable has its own stream, one number a patient whatever the arm: both potential courses
 * of a patient exist, and a change of scenario moves only what it touches. */
#include "cohort/course.h"
#include "cohort/kernels.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

/* What drawing one trial's courses needs at hand. */
struct drawing {
    const struct course_plan *plan;
    const struct patients *p;
    struct streams streams;
    struct scratch *w;
    int n, n_arms;
};

static double *column(const struct drawing *d)
{
    return scratch_doubles(d->w, d->n);
}

static double *uniforms(const struct drawing *d, uint64_t variable)
{
    double *q = column(d);
    const struct stream s = stream_of(d->streams, variable);
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
    double *x = column(d);
    memset(x, 0, (size_t)d->n * sizeof *x);
    return x;
}

static void set_predictor(const struct drawing *d, const struct predictor *q, double *y)
{
    predictor_set(q, (const double *const *)d->p->covariate, y, d->n);
}

static void add_predictor(const struct drawing *d, const struct predictor *q, double *y)
{
    predictor_add(q, (const double *const *)d->p->covariate, y, d->n);
}

static const struct effect *effect_at(const struct arm_plan *arm, size_t which)
{
    return (const struct effect *)(const void *)((const char *)arm + which);
}

static bool effect_varies(const struct effect *e)
{
    return e->by.n > 0 || e->centre_sd > 0;
}

static bool has_effect(const struct drawing *d, size_t which)
{
    for (int a = 0; a < d->n_arms; a++) {
        const struct effect *e = effect_at(&d->plan->arm[a], which);
        if (fabs(e->value) > 0 || effect_varies(e)) return true;
    }
    return false;
}

/* y[i] += effect e of arm a on patient i, who received it. Adds nothing, and costs little, where
 * there is no such effect. */
static void add_effect_of(const struct drawing *d, int a, const struct effect *e, double *y)
{
    const struct patients *p = d->p;
    if (fabs(e->value) > 0) kernel_add_where(p->received, a, e->value, y, d->n);
    if (!effect_varies(e)) return;
    const struct scratch_mark mark = scratch_save(d->w);
    double *own = column(d);
    set_predictor(d, &e->by, own);
    if (e->centre_sd > 0) {
        const int n_centres = (int)d->plan->baseline->population->centres.number;
        double *centre = scratch_doubles(d->w, n_centres);
        const struct stream s = stream_of(d->streams, e->variable);
        stream_fill(&s, centre, n_centres);
        vector_normal_quantile(centre, centre, n_centres);
        kernel_add_centres(p->centre, centre, e->centre_sd, own, d->n);
    }
    kernel_add_column_where(p->received, a, own, y, d->n);
    scratch_restore(d->w, mark);
}

/* y[i] += the effect on patient i of the arm that the patient received. `which` finds the effect in
 * an arm's plan. */
static void add_effect(const struct drawing *d, size_t which, double *y)
{
    for (int a = 0; a < d->n_arms; a++) add_effect_of(d, a, effect_at(&d->plan->arm[a], which), y);
}
#define ADD_EFFECT(d, field, y) add_effect(d, offsetof(struct arm_plan, field), y)

/* --- death ------------------------------------------------------------------------------------ */

/* The days on which the received arms' cumulative hazards reach x. */
static void invert_hazards(const struct drawing *d, const double *x, double *time)
{
    const struct arm_plan *arm = d->plan->arm;
    const int *received = d->p->received;
    for (int a = 0; a < d->n_arms; a++)
        kernel_hazard_inverse(&arm[a].hazard, received, a == 0 ? -1 : a, x, time, d->n);
}

static const double *draw_death(const struct drawing *d)
{
    const struct baseline *b = d->plan->baseline;
    double *time = column(d);
    const struct scratch_mark mark = scratch_save(d->w);
    double *cumulative = uniforms(d, b->death_variable);
    vector_exponential(cumulative, cumulative, d->n);
    const bool centres = b->population->centres.log_hazard_sd > 0;
    if (b->log_hazard.n > 0 || centres || has_effect(d, offsetof(struct arm_plan, mortality))) {
        double *log_hazard = column(d);
        set_predictor(d, &b->log_hazard, log_hazard);
        if (centres) {
            const double *effect = centres_effects(b->population, d->streams, d->w);
            kernel_add_centres(d->p->centre, effect, 1, log_hazard, d->n);
        }
        ADD_EFFECT(d, mortality, log_hazard);
        kernel_negate(log_hazard, d->n);
        vector_exp(log_hazard, log_hazard, d->n);
        kernel_multiply(log_hazard, cumulative, d->n);
    }
    invert_hazards(d, cumulative, time);
    scratch_restore(d->w, mark);
    return time;
}

/* --- supports and stays ------------------------------------------------------------------------
 */

static double *log_normal_times(const struct drawing *d, const struct predictor *explained,
                                size_t effect, double location, double spread, uint64_t variable)
{
    double *time = normals(d, variable);
    kernel_linear(spread, location, time, d->n);
    add_predictor(d, explained, time);
    add_effect(d, effect, time);
    vector_exp(time, time, d->n);
    return time;
}

/* 1 where a patient who dies by `within` is on it until death; NULL where nobody is. */
static const double *draw_until_death(const struct drawing *d, double probability, double within,
                                      uint64_t variable, const double *death)
{
    if (!(probability > 0)) return NULL;
    double *until = uniforms(d, variable);
    kernel_until_death(probability, within, death, until, d->n);
    return until;
}

/* Each patient's odds where they differ by arm only; log_odds[n_arms] is changed. */
static void set_odds(const struct drawing *d, double *log_odds, double *odds)
{
    vector_exp(log_odds, log_odds, d->n_arms);
    kernel_choose(d->p->received, log_odds, d->n_arms, odds, d->n);
}

/* 1 where the patient is drawn as needing the support; NULL where everybody is. */
static const double *draw_needed(const struct drawing *d, enum support k)
{
    const struct support_plan *s = &d->plan->baseline->support[k];
    if (isinf(s->intercept)) return s->intercept > 0 ? NULL : zeros(d);
    double *needed = uniforms(d, s->needed_variable);
    const struct scratch_mark mark = scratch_save(d->w);
    double *odds = column(d), *of_arm = scratch_doubles(d->w, d->n_arms);
    for (int a = 0; a < d->n_arms; a++)
        of_arm[a] = s->intercept + d->plan->arm[a].support_log_odds[k];
    if (s->log_odds.n == 0)
        set_odds(d, of_arm, odds);
    else {
        kernel_choose(d->p->received, of_arm, d->n_arms, odds, d->n);
        add_predictor(d, &s->log_odds, odds);
        vector_exp(odds, odds, d->n);
    }
    kernel_happens(odds, needed, d->n);
    scratch_restore(d->w, mark);
    return needed;
}

static void draw_support(const struct drawing *d, enum support k, struct course *out)
{
    const struct support_plan *s = &d->plan->baseline->support[k];
    double *start = column(d), *end = column(d);
    const struct scratch_mark mark = scratch_save(d->w);
    const struct support_columns x = {
        .death = out->death,
        .until = draw_until_death(d, s->until_death, s->within, s->until_variable, out->death),
        .needed = draw_needed(d, k),
        .time = log_normal_times(d, &s->log_time,
                                 offsetof(struct arm_plan, support_time) +
                                     (size_t)k * sizeof(struct effect),
                                 s->location, s->spread, s->time_variable)};
    kernel_support(s->start, &x, start, end, d->n);
    scratch_restore(d->w, mark);
    out->support_start[k] = start;
    out->support_end[k] = end;
}

static void draw_stay(const struct drawing *d, enum stay k, struct course *out)
{
    const struct stay_plan *s = &d->plan->baseline->stay[k];
    double *end = zeros(d);
    const struct scratch_mark mark = scratch_save(d->w);
    const double *until =
        draw_until_death(d, s->until_death, s->within, s->until_variable, out->death);
    const double *time = log_normal_times(
        d, &s->log_time, offsetof(struct arm_plan, stay_time) + (size_t)k * sizeof(struct effect),
        s->location, s->spread, s->time_variable);
    for (int j = 0; j < SUPPORT_COUNT; j++)
        if (s->after_support[j]) kernel_later(out->support_end[j], end, d->n);
    if (s->after_icu) kernel_later(out->stay_end[STAY_ICU], end, d->n);
    kernel_stay(time, until, out->death, end, d->n);
    scratch_restore(d->w, mark);
    out->stay_end[k] = end;
}

/* --- SOFA, adverse events, markers --- */

/* y[i]: the received arm's shift of a day. */
static void shift_day(const struct drawing *d, int day, double *y)
{
    const struct scratch_mark mark = scratch_save(d->w);
    double *points = scratch_doubles(d->w, d->n_arms);
    for (int a = 0; a < d->n_arms; a++) points[a] = d->plan->arm[a].sofa_shift[day];
    kernel_choose(d->p->received, points, d->n_arms, y, d->n);
    scratch_restore(d->w, mark);
}

static void draw_sofa(const struct drawing *d, int last_day, struct course *out)
{
    const struct baseline *b = d->plan->baseline;
    const struct sofa_plan *s = &b->sofa;
    const double **day = scratch_take(d->w, (size_t)last_day + 1, sizeof *day);
    double **score = scratch_take(d->w, (size_t)last_day + 1, sizeof *score);
    for (int k = 1; k <= last_day; k++) day[k] = score[k] = column(d);
    day[0] = b->sofa_covariate >= 0 ? d->p->covariate[b->sofa_covariate] : zeros(d);
    const struct scratch_mark mark = scratch_save(d->w);
    double *load = column(d), *shift = NULL;
    set_predictor(d, &s->load, load);
    if (has_effect(d, offsetof(struct arm_plan, sofa))) {
        shift = zeros(d);
        ADD_EFFECT(d, sofa, shift);
    }
    const double *e = NULL;
    const double fresh = sqrt(1 - s->correlation * s->correlation);
    for (int k = 1; k <= last_day; k++) {
        double *z = normals(d, stream_indexed(s->variable, (uint64_t)k));
        if (e != NULL) kernel_blend(s->correlation, e, fresh, z, d->n);
        e = z;
        shift_day(d, k, score[k]);
        if (shift != NULL) kernel_add(shift, score[k], d->n);
        const struct sofa_scale scale = {s->location[k], s->scale[k], s->noise};
        kernel_sofa(scale, load, e, score[k], d->n);
    }
    scratch_restore(d->w, mark);
    out->sofa = day;
    out->sofa_in_icu = s->in_icu;
}

static const double *draw_adverse(const struct drawing *d)
{
    const struct baseline *b = d->plan->baseline;
    double *event = uniforms(d, b->adverse_variable);
    const struct scratch_mark mark = scratch_save(d->w);
    double *odds = column(d);
    kernel_fill(b->adverse_intercept, odds, d->n);
    add_predictor(d, &b->adverse_log_odds, odds);
    ADD_EFFECT(d, adverse_event, odds);
    vector_exp(odds, odds, d->n);
    kernel_happens(odds, event, d->n);
    scratch_restore(d->w, mark);
    return event;
}

/* y: the predictor in, the value or its logarithm out, without effects; see marker.c. */
static void deviate(const struct drawing *d, int k, const double *score, double *y)
{
    const struct marker_plan *m = &d->plan->baseline->marker[k];
    const struct scratch_mark mark = scratch_save(d->w);
    double *scale = column(d), *of_arm = scratch_doubles(d->w, d->n_arms);
    for (int a = 0; a < d->n_arms; a++) of_arm[a] = m->scale * d->plan->arm[a].marker[k].sd_ratio;
    kernel_choose(d->p->received, of_arm, d->n_arms, scale, d->n);
    kernel_deviate(scale, m->noise, m->centre, m->location, score, y, d->n);
    scratch_restore(d->w, mark);
}

/* What death and the received arm add. */
static void shift_marker(const struct drawing *d, int k, const double *death, double *y)
{
    const struct marker_course *m = &d->plan->baseline->spec->markers.item[k];
    if (fabs(m->death_shift) > 0) kernel_add_before(death, m->within, m->death_shift, y, d->n);
    for (int a = 0; a < d->n_arms; a++) add_effect_of(d, a, &d->plan->arm[a].marker[k].effect, y);
}

/* The odds of a yes. */
static void marker_odds(const struct drawing *d, int k, const double *death, double *y)
{
    const struct marker_course *m = &d->plan->baseline->spec->markers.item[k];
    const struct marker_plan *plan = &d->plan->baseline->marker[k];
    double *of_arm = scratch_doubles(d->w, d->n_arms);
    bool by_arm = plan->predictor.n == 0 && !(fabs(m->death_shift) > 0);
    for (int a = 0; a < d->n_arms; a++) {
        const struct effect *e = &d->plan->arm[a].marker[k].effect;
        by_arm = by_arm && !effect_varies(e);
        of_arm[a] = plan->location + e->value;
    }
    if (by_arm) {
        set_odds(d, of_arm, y);
        return;
    }
    set_predictor(d, &plan->predictor, y);
    kernel_linear(1, plan->location, y, d->n);
    shift_marker(d, k, death, y);
    vector_exp(y, y, d->n);
}

static void marker_value(const struct drawing *d, int k, const double *death, const double *score,
                         double *y)
{
    const struct marker_course *m = &d->plan->baseline->spec->markers.item[k];
    const struct marker_plan *plan = &d->plan->baseline->marker[k];
    set_predictor(d, &plan->predictor, y);
    deviate(d, k, score, y);
    shift_marker(d, k, death, y);
    if (m->distribution != MARKER_NORMAL) vector_exp(y, y, d->n);
}

static const double *draw_marker(const struct drawing *d, int k, const double *death)
{
    const struct marker_course *m = &d->plan->baseline->spec->markers.item[k];
    const uint64_t variable = d->plan->baseline->marker[k].variable;
    const bool yes_no = m->distribution == MARKER_YES_NO;
    double *x = yes_no ? uniforms(d, variable) : column(d);
    const struct scratch_mark mark = scratch_save(d->w);
    if (yes_no) {
        double *odds = column(d);
        marker_odds(d, k, death, odds);
        kernel_happens(odds, x, d->n);
    } else {
        marker_value(d, k, death, normals(d, variable), x);
    }
    kernel_absent(death, m->taken, x, d->n);
    scratch_restore(d->w, mark);
    return x;
}

void course_draw(const struct course_plan *plan, const struct patients *p, struct streams streams,
                 const struct course_needs *needs, struct scratch *w, struct course *out)
{
    const struct drawing d = {plan, p, streams, w, p->n, plan->n_arms};
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
