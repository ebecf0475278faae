/* sample.c - the complete cases of one analysis, from a dataset.  SPDX-License-Identifier: MIT */
#include "base/dispatch.h"
#include "model/missing.h"
#include "stat/keep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Clears keep[] where a column that the analysis reads is missing. */
MULTIVERSION static void drop_missing(const double *restrict column, unsigned char *restrict keep,
                                      int n)
{
    for (int i = 0; i < n; i++) keep[i] = (unsigned char)(keep[i] & !isnan(column[i]));
}

/* Clears keep[] where a column is not above a bound (or, `or_equal`, at it). */
MULTIVERSION static void drop_below(const double *restrict column, double bound, bool or_equal,
                                    unsigned char *restrict keep, int n)
{
    for (int i = 0; i < n; i++) {
        const int above = or_equal ? column[i] >= bound : column[i] > bound;
        keep[i] = (unsigned char)(keep[i] & above);
    }
}

MULTIVERSION static void drop_other_arms(const unsigned char *restrict arm, const int of[2],
                                         unsigned char *restrict keep, int n)
{
    const unsigned char first = (unsigned char)of[0], second = (unsigned char)of[1];
    for (int i = 0; i < n; i++) {
        const int one = arm[i] == first, two = arm[i] == second;
        keep[i] = (unsigned char)(keep[i] & (one | two));
    }
}

static void drop_unknown(const struct endpoint_columns *e, bool by_time, const struct dataset *d,
                         unsigned char *keep)
{
    drop_missing(d->value[by_time ? e->time : e->value], keep, d->n);
    if (by_time) drop_missing(d->value[e->event], keep, d->n);
}

static void keep_complete(const struct bound_analysis *b, const struct dataset *d,
                          unsigned char *keep, struct scratch *w)
{
    const int n = d->n;
    const bool by_time = b->outcome_kind == OUTCOME_TIME;
    memset(keep, 1, (size_t)n);
    if (b->where != NULL) expression_evaluate(b->where, d, keep, w);
    const bool ignores_arms = b->method->uses & NEEDS_NO_ARM && !(b->method->uses & USES_TERM);
    const bool every_arm = ignores_arms && b->spec->contrast.n == 0;
    if (d->arm != NULL && b->arm[1] >= 0 && !every_arm) drop_other_arms(d->arm, b->arm, keep, n);
    if (b->n_tiers == 0) drop_unknown(&b->outcome, by_time, d, keep);
    for (int k = 0; k < b->n_tiers; k++)
        drop_unknown(&b->tier[k].outcome, b->tier[k].by_time, d, keep);
    for (int k = 0; k < b->n_adjust; k++) {
        const double *x = d->value[b->adjust[k].column];
        drop_missing(x, keep, n);
        if (b->adjust[k].transform != TRANSFORM_NONE)
            drop_below(x, 0, b->adjust[k].transform == TRANSFORM_SQRT, keep, n);
    }
    for (int k = 0; k < b->n_strata; k++) drop_missing(d->value[b->stratum[k]], keep, n);
    if (b->cluster >= 0) drop_missing(d->value[b->cluster], keep, n);
    if (b->marker >= 0) drop_missing(d->value[b->marker], keep, n);
    if (b->versus >= 0) drop_missing(d->value[b->versus], keep, n);
}

/* The patients that an analysis keeps. */
struct rows {
    const unsigned char *keep; /* [of] */
    int of, n;
};

MULTIVERSION static int count_kept(const unsigned char *keep, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) kept += keep[i];
    return kept;
}

/* A copy that may be changed. */
static double *copy(const double *x, const struct rows *r, struct scratch *w)
{
    double *y = scratch_doubles(w, r->n + KEEP_ROOM);
    if (r->n == r->of)
        memcpy(y, x, (size_t)r->n * sizeof *y);
    else
        (void)keep_column(x, r->keep, r->of, y);
    return y;
}

static const double *take(const double *x, const struct rows *r, struct scratch *w)
{
    return r->n == r->of ? x : copy(x, r, w);
}

/* indicator[i] := whether a code is that level; returns how many are. */
MULTIVERSION static int mark_level(double *restrict indicator, const double *restrict code,
                                   int level, int n)
{
    double count = 0; /* whole numbers: exact in any order */
#pragma omp simd reduction(+ : count)
    for (int i = 0; i < n; i++) {
        const double is = fabs(code[i] - level) < 0.5 ? 1 : 0;
        indicator[i] = is;
        count += is;
    }
    return (int)count;
}

/* Treatment contrasts of the levels that occur, against the first that does. */
static int add_contrasts(const struct column *c, const double *code, int n, const double **x,
                         struct scratch *w)
{
    int added = 0;
    bool first = true;
    for (int level = 0; level < c->n_levels; level++) {
        double *indicator = scratch_doubles(w, n);
        if (mark_level(indicator, code, level, n) == 0) continue;
        if (!first) x[added++] = indicator;
        first = false;
    }
    return added;
}

static void transform_column(double *x, enum transform transform, int n)
{
    for (int i = 0; i < n && transform == TRANSFORM_LOG; i++) x[i] = log(x[i]);
    for (int i = 0; i < n && transform == TRANSFORM_SQRT; i++) x[i] = sqrt(x[i]);
}

static void take_covariates(const struct bound_analysis *b, const struct dataset *d,
                            const struct rows *r, struct sample *s, struct scratch *w)
{
    int room = 0;
    for (int k = 0; k < b->n_adjust; k++) {
        const struct column *c = &d->schema->column[b->adjust[k].column];
        room += c->kind == COLUMN_CATEGORY ? c->n_levels : 1;
    }
    const double **x = scratch_take(w, (size_t)room + 1, sizeof *x);
    for (int k = 0; k < b->n_adjust; k++) {
        const struct column *c = &d->schema->column[b->adjust[k].column];
        const double *value = d->value[b->adjust[k].column];
        if (c->kind == COLUMN_CATEGORY) {
            s->n_x += add_contrasts(c, take(value, r, w), s->n, x + s->n_x, w);
            continue;
        }
        if (k == b->term) s->term = s->n_x;
        if (b->adjust[k].transform == TRANSFORM_NONE) {
            x[s->n_x++] = take(value, r, w);
            continue;
        }
        double *changed = copy(value, r, w);
        transform_column(changed, b->adjust[k].transform, s->n);
        x[s->n_x++] = changed;
    }
    s->x = x;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Replaces values by their rank among the distinct ones; returns how many there are. */
static int rank_distinct(const double *value, int *code, int n, struct scratch *w)
{
    double *sorted = scratch_doubles(w, n);
    memcpy(sorted, value, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
    int distinct = 0;
    for (int i = 0; i < n; i++)
        if (i == 0 || sorted[i] > sorted[distinct - 1]) sorted[distinct++] = sorted[i];
    for (int i = 0; i < n; i++) {
        const double *at =
            bsearch(&value[i], sorted, (size_t)distinct, sizeof *sorted, compare_doubles);
        code[i] = (int)(at - sorted);
    }
    return distinct;
}

static void take_strata(const struct bound_analysis *b, const struct dataset *d,
                        const struct rows *r, struct sample *s, struct scratch *w)
{
    s->n_strata = 1;
    if (b->n_strata == 0 || s->n == 0) return;
    int *code = scratch_ints(w, s->n);
    const struct scratch_mark mark = scratch_save(w);
    double *joint = scratch_doubles(w, s->n);
    memset(joint, 0, (size_t)s->n * sizeof *joint);
    for (int k = 0; k < b->n_strata; k++) {
        const int levels = rank_distinct(take(d->value[b->stratum[k]], r, w), code, s->n, w);
        for (int i = 0; i < s->n; i++) joint[i] = joint[i] * levels + code[i];
        s->n_strata = rank_distinct(joint, code, s->n, w);
        for (int i = 0; i < s->n; i++) joint[i] = code[i];
    }
    scratch_restore(w, mark);
    if (s->n_strata > 1) s->stratum = code;
}

static void take_clusters(const struct bound_analysis *b, const struct dataset *d,
                          const struct rows *r, struct sample *s, struct scratch *w)
{
    int *code = scratch_ints(w, s->n + 1);
    const struct scratch_mark mark = scratch_save(w);
    s->n_clusters = rank_distinct(take(d->value[b->cluster], r, w), code, s->n, w);
    s->cluster = code;
    scratch_restore(w, mark);
}

/* arm[i] := whether patient i is in the second arm of the contrast; returns how many are. */
MULTIVERSION static int mark_treated(unsigned char *restrict arm, const unsigned char *restrict of,
                                     int second, int n)
{
    const unsigned char number = (unsigned char)second;
    int treated = 0;
    for (int i = 0; i < n; i++) {
        arm[i] = of[i] == number;
        treated += arm[i];
    }
    return treated;
}

static void take_arms(const struct bound_analysis *b, const struct dataset *d, const struct rows *r,
                      struct sample *s, struct scratch *w)
{
    unsigned char *arm = scratch_take(w, (size_t)r->n + 16, 1), *kept = NULL;
    if (r->n < r->of) {
        kept = scratch_take(w, (size_t)r->n + KEEP_BYTES_ROOM, 1);
        (void)keep_bytes(d->arm, r->keep, r->of, kept);
    }
    const int treated = mark_treated(arm, kept != NULL ? kept : d->arm, b->arm[1], r->n);
    s->n_arm[0] = r->n - treated;
    s->n_arm[1] = treated;
    s->arm = arm;
}

/* 1 where the cause is the event, else 0. */
static const double *events_of(const struct endpoint_columns *e, const double *cause, int n,
                               struct scratch *w)
{
    if (!e->event_is_cause) return cause;
    double *event = scratch_doubles(w, n);
    for (int i = 0; i < n; i++) event[i] = (int)cause[i] == 1;
    return event;
}

static void take_outcome(const struct bound_analysis *b, const struct dataset *d,
                         const struct rows *r, struct sample *s, struct scratch *w)
{
    if (b->outcome_kind != OUTCOME_TIME) {
        s->value = take(d->value[b->outcome.value], r, w);
        return;
    }
    s->time = take(d->value[b->outcome.time], r, w);
    s->cause = take(d->value[b->outcome.event], r, w);
    s->event = events_of(&b->outcome, s->cause, r->n, w);
}

static void take_tiers(const struct bound_analysis *b, const struct dataset *d,
                       const struct rows *r, struct sample *s, struct scratch *w)
{
    struct tier *tier = scratch_take(w, (size_t)b->n_tiers, sizeof *tier);
    for (int k = 0; k < b->n_tiers; k++) {
        const struct bound_tier *t = &b->tier[k];
        tier[k] =
            (struct tier){.better = t->better, .margin = t->margin, .tie_if_both = t->tie_if_both};
        if (t->by_time) {
            tier[k].time = take(d->value[t->outcome.time], r, w);
            tier[k].event = events_of(&t->outcome, take(d->value[t->outcome.event], r, w), r->n, w);
        } else {
            tier[k].value = take(d->value[t->outcome.value], r, w);
            if (t->tie_if_both) tier[k].event = tier[k].value;
        }
    }
    s->n_tiers = b->n_tiers;
    s->tier = tier;
}

struct sample sample_take(const struct bound_analysis *b, const struct dataset *d,
                          struct scratch *w, enum undefined *why)
{
    struct sample s = {.term = -1, .n_strata = 1, .adjusted = b->n_adjust > 0};
    unsigned char *keep = scratch_take(w, (size_t)d->n + 1, 1);
    keep_complete(b, d, keep, w);
    const struct rows r = {keep, d->n, count_kept(keep, d->n)};
    s.n = r.n;
    const bool two_arms = d->arm != NULL && b->arm[1] >= 0;
    if (two_arms) take_arms(b, d, &r, &s, w);
    const bool needs_both = two_arms && !(b->method->uses & NEEDS_NO_ARM);
    *why = s.n == 0                                             ? UNDEFINED_NO_PATIENTS
           : needs_both && (s.n_arm[0] == 0 || s.n_arm[1] == 0) ? UNDEFINED_EMPTY_ARM
                                                                : UNDEFINED_NO;
    if (b->n_tiers > 0)
        take_tiers(b, d, &r, &s, w);
    else
        take_outcome(b, d, &r, &s, w);
    take_covariates(b, d, &r, &s, w);
    take_strata(b, d, &r, &s, w);
    if (b->cluster >= 0) take_clusters(b, d, &r, &s, w);
    if (b->marker >= 0) s.marker = take(d->value[b->marker], &r, w);
    if (b->versus >= 0) s.versus = take(d->value[b->versus], &r, w);
    return s;
}

static void run_method(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                       struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    enum undefined why;
    const struct sample s = sample_take(b, d, w, &why);
    if (why != UNDEFINED_NO)
        for (int k = 0; k < b->n_outputs; k++) out[k] = result_undefined(why, s.n, 0);
    else
        b->method->run(b->spec->params, &b->inference, &s, w, out);
    scratch_restore(w, mark);
}

/* Squares of values near the ends of the range of numbers leave it: what comes of them is none. */
void analysis_run(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                  struct result *out)
{
    if (b->missing != MISSING_COMPLETE)
        missing_run(b, d, w, out);
    else
        run_method(b, d, w, out);
    for (int k = 0; k < b->n_outputs; k++)
        if (out[k].why == UNDEFINED_NO && (isnan(out[k].estimate) || isinf(out[k].se)))
            out[k] = result_undefined(UNDEFINED_OVERFLOW, out[k].n, out[k].events);
}
