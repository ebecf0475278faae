/* sample.c - the complete cases of one analysis, from a dataset.  SPDX-License-Identifier: MIT */
#include "model/analysis_spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Clears keep[] where a column that the analysis reads is missing. */
static void drop_missing(const double *column, unsigned char *keep, int n)
{
    for (int i = 0; i < n; i++) keep[i] = keep[i] && !isnan(column[i]);
}

static void keep_complete(const struct bound_analysis *b, const struct dataset *d,
                          unsigned char *keep, struct scratch *w)
{
    const int n = d->n;
    const bool by_time = b->method->outcome == OUTCOME_TIME;
    memset(keep, 1, (size_t)n);
    if (b->where != NULL) expression_evaluate(b->where, d, keep, w);
    if (d->arm != NULL && b->arm[1] >= 0)
        for (int i = 0; i < n; i++)
            keep[i] = keep[i] && ((int)d->arm[i] == b->arm[0] || (int)d->arm[i] == b->arm[1]);
    drop_missing(d->value[by_time ? b->outcome.time : b->outcome.value], keep, n);
    if (by_time) drop_missing(d->value[b->outcome.event], keep, n);
    for (int k = 0; k < b->n_adjust; k++) {
        const double *x = d->value[b->adjust[k].column];
        drop_missing(x, keep, n);
        for (int i = 0; i < n && b->adjust[k].transform == TRANSFORM_LOG; i++)
            keep[i] = keep[i] && x[i] > 0;
        for (int i = 0; i < n && b->adjust[k].transform == TRANSFORM_SQRT; i++)
            keep[i] = keep[i] && x[i] >= 0;
    }
    for (int k = 0; k < b->n_strata; k++) drop_missing(d->value[b->stratum[k]], keep, n);
    if (b->marker >= 0) drop_missing(d->value[b->marker], keep, n);
}

static double *gather(const double *x, const int *row, int n, struct scratch *w)
{
    double *y = scratch_doubles(w, n);
    for (int i = 0; i < n; i++) y[i] = x[row[i]];
    return y;
}

/* Treatment contrasts of the levels that occur, against the first that does. */
static int add_contrasts(const struct column *c, const double *code, int n, const double **x,
                         struct scratch *w)
{
    int added = 0;
    bool first = true;
    for (int level = 0; level < c->n_levels; level++) {
        double *indicator = scratch_doubles(w, n);
        int count = 0;
        for (int i = 0; i < n; i++) {
            indicator[i] = (int)code[i] == level;
            count += (int)code[i] == level;
        }
        if (count == 0) continue;
        if (!first) x[added++] = indicator;
        first = false;
    }
    return added;
}

static void take_covariates(const struct bound_analysis *b, const struct dataset *d, const int *row,
                            struct sample *s, struct scratch *w)
{
    int room = 0;
    for (int k = 0; k < b->n_adjust; k++) {
        const struct column *c = &d->schema->column[b->adjust[k].column];
        room += c->kind == COLUMN_CATEGORY ? c->n_levels : 1;
    }
    const double **x = scratch_take(w, (size_t)room + 1, sizeof *x);
    s->term = -1;
    for (int k = 0; k < b->n_adjust; k++) {
        const struct column *c = &d->schema->column[b->adjust[k].column];
        double *column = gather(d->value[b->adjust[k].column], row, s->n, w);
        if (c->kind == COLUMN_CATEGORY) {
            s->n_x += add_contrasts(c, column, s->n, x + s->n_x, w);
            continue;
        }
        for (int i = 0; i < s->n && b->adjust[k].transform == TRANSFORM_LOG; i++)
            column[i] = log(column[i]);
        for (int i = 0; i < s->n && b->adjust[k].transform == TRANSFORM_SQRT; i++)
            column[i] = sqrt(column[i]);
        if (k == b->term) s->term = s->n_x;
        x[s->n_x++] = column;
    }
    s->x = x;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Replaces values by their rank among the distinct ones; returns how many there are. */
static int rank_distinct(double *value, int *code, int n, struct scratch *w)
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

static void take_strata(const struct bound_analysis *b, const struct dataset *d, const int *row,
                        struct sample *s, struct scratch *w)
{
    s->n_strata = 1;
    if (b->n_strata == 0 || s->n == 0) return;
    int *code = scratch_ints(w, s->n);
    const struct scratch_mark mark = scratch_save(w);
    double *joint = scratch_doubles(w, s->n);
    memset(joint, 0, (size_t)s->n * sizeof *joint);
    for (int k = 0; k < b->n_strata; k++) {
        double *column = gather(d->value[b->stratum[k]], row, s->n, w);
        const int levels = rank_distinct(column, code, s->n, w);
        for (int i = 0; i < s->n; i++) joint[i] = joint[i] * levels + code[i];
        s->n_strata = rank_distinct(joint, code, s->n, w);
        for (int i = 0; i < s->n; i++) joint[i] = code[i];
    }
    scratch_restore(w, mark);
    if (s->n_strata > 1) s->stratum = code;
}

struct sample sample_take(const struct bound_analysis *b, const struct dataset *d,
                          struct scratch *w, enum undefined *why)
{
    struct sample s = {.term = -1, .n_strata = 1};
    unsigned char *keep = scratch_take(w, (size_t)d->n + 1, 1);
    int *row = scratch_ints(w, d->n);
    keep_complete(b, d, keep, w);
    for (int i = 0; i < d->n; i++) {
        row[s.n] = i;
        s.n += keep[i];
    }
    const bool two_arms = d->arm != NULL && b->arm[1] >= 0;
    if (two_arms) {
        unsigned char *arm = scratch_take(w, (size_t)s.n + 16, 1);
        for (int i = 0; i < s.n; i++) arm[i] = (int)d->arm[row[i]] == b->arm[1];
        for (int i = 0; i < s.n; i++) s.n_arm[arm[i]]++;
        s.arm = arm;
    }
    *why = s.n == 0                                           ? UNDEFINED_NO_PATIENTS
           : two_arms && (s.n_arm[0] == 0 || s.n_arm[1] == 0) ? UNDEFINED_EMPTY_ARM
                                                              : UNDEFINED_NO;
    if (two_arms && b->method->uses & NEEDS_NO_ARM && s.n > 0) *why = UNDEFINED_NO;
    if (b->outcome.value >= 0) s.value = gather(d->value[b->outcome.value], row, s.n, w);
    if (b->outcome.time >= 0) {
        s.time = gather(d->value[b->outcome.time], row, s.n, w);
        double *event = gather(d->value[b->outcome.event], row, s.n, w);
        for (int i = 0; i < s.n && b->outcome.event_is_cause; i++) event[i] = (int)event[i] == 1;
        s.event = event;
    }
    take_covariates(b, d, row, &s, w);
    take_strata(b, d, row, &s, w);
    if (b->marker >= 0) s.marker = gather(d->value[b->marker], row, s.n, w);
    return s;
}

void analysis_run(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                  struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    enum undefined why;
    const struct sample s = sample_take(b, d, w, &why);
    if (why != UNDEFINED_NO)
        for (int k = 0; k < b->method->n_outputs; k++) out[k] = result_undefined(why, s.n, 0);
    else
        b->method->run(b->spec->params, &b->inference, &s, w, out);
    scratch_restore(w, mark);
}
