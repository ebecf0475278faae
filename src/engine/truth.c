/* truth.c - see truth.h.  SPDX-License-Identifier: MIT */
#include "engine/truth.h"
#include "engine/parallel.h"
#include "engine/replicate.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH_TRIALS = 32, BATCH_LEAST = 1 << 14, BATCH_MOST = 1 << 19 };

struct finding {
    const struct plan *plan;
    const struct point *point;
    struct trial_plan trial;        /* the point's, with fewer patients where they are very many */
    int trials;                     /* a batch */
    struct scratch *draw, *analyse; /* [threads] */
    struct result *result;          /* [TRUTH_BATCHES][n_answers] */
};

/* One trial's patients in one arm. */
struct slice {
    struct patients p;
    struct course c;
    int arm;
    const double *allocated; /* [n] the arm of each patient in the trial */
};

static int largest_share(const struct trial_plan *t)
{
    int64_t most = 1;
    for (int a = 0; a < t->n_arms; a++) most = t->allocation[a] > most ? t->allocation[a] : most;
    return (int)most;
}

/* Who of a slice is in the cohort. Every patient has a course in every arm; of every `most`
 * patients an arm keeps as many as its share of the allocation, so that the cohort has the trial's
 * ratio. Where an analysis compares within strata the two courses of a patient must not meet:
 * there, the arm is the one allocated. */
struct membership {
    bool own_arm;
    int most;
    const int64_t *allocation;
};

static bool keeps(const struct membership *m, const struct slice *s, int i)
{
    return m->own_arm ? (int)s->allocated[i] == s->arm : i % m->most < m->allocation[s->arm];
}

static struct slice *draw_slices(const struct finding *f, int64_t batch, struct scratch *w)
{
    const struct point *point = f->point;
    const struct trial_plan *t = &f->trial;
    struct slice *slice = scratch_take(w, (size_t)(f->trials * t->n_arms), sizeof *slice);
    for (int j = 0; j < f->trials; j++) {
        const uint64_t replicate =
            replicate_in_domain(DOMAIN_TRUTH, (uint64_t)batch * (uint64_t)f->trials + (uint64_t)j);
        struct patients p;
        struct course c;
        trial_draw(t, point->seed, replicate, true, &point->needs, w, &p, &c);
        for (int a = 0; a < t->n_arms; a++) {
            struct slice *s = &slice[j * t->n_arms + a];
            *s = (struct slice){.p = p, .arm = a, .allocated = p.arm};
            s->p.arm = scratch_doubles(w, t->n);
            s->p.followed = scratch_doubles(w, t->n);
            trial_redraw(t, point->seed, replicate, a, &point->needs, w, &s->p, &s->c);
        }
    }
    return slice;
}

/* Closes the cohort as one large trial. */
static int close_cohort(const struct finding *f, const struct membership *m, struct slice *slice,
                        struct scratch *w)
{
    const struct trial_plan *t = &f->trial;
    const int room = f->trials * t->n_arms * t->n, n_slices = f->trials * t->n_arms;
    struct patients all = {.arrival = scratch_doubles(w, room),
                           .lost = scratch_doubles(w, room),
                           .followed = scratch_doubles(w, room),
                           .excluded = scratch_doubles(w, room)};
    double *death = scratch_doubles(w, room);
    for (int s = 0; s < n_slices; s++)
        for (int i = 0; i < t->n; i++) {
            if (!keeps(m, &slice[s], i)) continue;
            if (slice[s].p.arrival != NULL) all.arrival[all.n] = slice[s].p.arrival[i];
            all.lost[all.n] = slice[s].p.lost[i];
            all.excluded[all.n] = slice[s].p.excluded[i];
            death[all.n++] = slice[s].c.death[i];
        }
    t->spec->design.design->close(t->spec->design.params, t->spec->follow_up,
                                  (double)all.n / (double)t->spec->patients, death, &all, w);
    for (int s = 0, k = 0; s < n_slices; s++)
        for (int i = 0; i < t->n; i++)
            slice[s].p.followed[i] = keeps(m, &slice[s], i) ? all.followed[k++] : -1;
    return all.n;
}

/* A centre in `adjust` or `impute_with` keeps its code; otherwise centres of different trials are
 * different centres.
 */
static bool adjusts_for_centre(const struct point *point)
{
    for (int k = 0; k < point->scenario.analyses.n; k++)
        for (int j = 0; j < point->analysis[k].n_adjust + point->analysis[k].n_impute; j++)
            if (point->analysis[k].adjust[j].column == point->n_visible) return true;
    return false;
}

static struct dataset stack(const struct finding *f, const struct membership *m,
                            const struct slice *slice, int n, struct scratch *w,
                            struct scratch *own)
{
    const struct point *point = f->point;
    const struct trial_plan *t = &f->trial;
    const int n_columns = point->schema.n, centre = point->n_visible;
    const double fresh =
        adjusts_for_centre(point) ? 0 : (double)point->baseline->population->centres.number;
    double **column = scratch_take(own, (size_t)n_columns, sizeof *column);
    for (int k = 0; k < n_columns; k++) column[k] = scratch_doubles(own, n);
    unsigned char *arm = scratch_take(own, (size_t)n, sizeof *arm);
    int at = 0;
    for (int s = 0; s < f->trials * t->n_arms; s++) {
        const struct scratch_mark mark = scratch_save(w);
        const struct dataset d = endpoint_dataset(point, &slice[s].p, &slice[s].c, 0, true, w);
        for (int i = 0; i < t->n; i++) {
            if (!keeps(m, &slice[s], i)) continue;
            for (int k = 0; k < n_columns; k++)
                if (d.value[k] != NULL) column[k][at] = d.value[k][i];
            column[centre][at] += fresh * (s / t->n_arms);
            arm[at++] = (unsigned char)slice[s].arm;
        }
        scratch_restore(w, mark);
    }
    return (struct dataset){.schema = &point->schema,
                            .n = n,
                            .n_arms = t->n_arms > 1 ? t->n_arms : 0,
                            .arm = t->n_arms > 1 ? arm : NULL,
                            .value = (const double *const *)column};
}

/* Whether patients are compared with, or grouped with, those of their own stratum or centre. */
static bool compares_within(const struct bound_analysis *b)
{
    return b->n_strata > 0 || b->cluster >= 0;
}

static void analyse_cohort(const struct finding *f, bool own_arm, struct slice *slice,
                           struct scratch *w, struct scratch *own, struct result *out)
{
    const struct point *point = f->point;
    const int n_analyses = point->scenario.analyses.n;
    bool any = false;
    for (int k = 0; k < n_analyses; k++)
        any = any || compares_within(&point->analysis[k]) == own_arm;
    if (!any) return;
    const struct membership m = {own_arm, largest_share(&f->trial), f->trial.allocation};
    const int n = close_cohort(f, &m, slice, w);
    const struct dataset all = stack(f, &m, slice, n, w, own);
    for (int k = 0; k < n_analyses; k++) {
        if (compares_within(&point->analysis[k]) == own_arm)
            analysis_run(&point->analysis[k], &all, own, out);
        out += point->analysis[k].n_outputs;
    }
}

static void find_batch(void *context, int64_t batch, int worker)
{
    const struct finding *f = context;
    struct scratch *w = &f->draw[worker], *own = &f->analyse[worker];
    struct result *out = f->result + batch * f->plan->n_answers;
    scratch_reset(w);
    scratch_reset(own);
    struct slice *slice = draw_slices(f, batch, w);
    analyse_cohort(f, false, slice, w, own, out);
    analyse_cohort(f, true, slice, w, own, out);
}

static double on_scale(const struct answer *a, double estimate)
{
    return a->scale == SCALE_LOG ? log(estimate) : estimate;
}

void truth_find(const struct plan *plan, const struct point *point, int threads, double *truth,
                double *error)
{
    struct finding f = {
        .plan = plan, .point = point, .trial = point->trial, .trials = BATCH_TRIALS};
    if (f.trial.n > BATCH_MOST) f.trial.n = BATCH_MOST;
    if (f.trials > BATCH_MOST / f.trial.n) f.trials = BATCH_MOST / f.trial.n;
    if (f.trials < BATCH_LEAST / f.trial.n + 1) f.trials = BATCH_LEAST / f.trial.n + 1;
    f.draw = xcalloc((size_t)threads, sizeof *f.draw);
    f.analyse = xcalloc((size_t)threads, sizeof *f.analyse);
    f.result = xcalloc((size_t)(TRUTH_BATCHES * plan->n_answers), sizeof *f.result);
    parallel_for(TRUTH_BATCHES, threads, find_batch, &f);
    for (int k = 0; k < plan->n_answers; k++) {
        double mean = 0, squares = 0;
        for (int b = 0; b < TRUTH_BATCHES; b++) {
            const struct result *r = &f.result[b * plan->n_answers + k];
            const bool found = k < plan->n_answers - plan->n_descriptives && r->why == UNDEFINED_NO;
            const double x = found ? on_scale(&plan->answer[k], r->estimate) : NAN;
            const double d = x - mean;
            mean += d / (b + 1);
            squares += d * (x - mean);
        }
        const double null = on_scale(&plan->answer[k], plan->answer[k].null);
        const bool exact =
            fabs(mean - null) < 1e-12; /* equal courses in both arms, but for rounding */
        truth[k] = exact ? null : mean;
        error[k] = exact ? 0 : sqrt(squares / (TRUTH_BATCHES * (TRUTH_BATCHES - 1.0)));
    }
    for (int t = 0; t < threads; t++) {
        scratch_free(&f.draw[t]);
        scratch_free(&f.analyse[t]);
    }
    free(f.draw);
    free(f.analyse);
    free(f.result);
}
