/* findings.c - see findings.h.  SPDX-License-Identifier: MIT */
#include "engine/findings.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void study_of_plan(const struct plan *plan, struct study *s)
{
    *s = (struct study){.name = plan->name,
                        .scenario = plan->text,
                        .resolved = plan->resolved,
                        .seed = plan->seed,
                        .replicates = plan->replicates,
                        .n_paths = plan->sweep.n_paths,
                        .path = plan->sweep.path,
                        .n_points = plan->n_points,
                        .setting = plan->sweep.setting,
                        .n_answers = plan->n_answers,
                        .answer = plan->answer,
                        .n_published = plan->n_published,
                        .published = plan->published,
                        .keep_replicates = true};
    const size_t cells = (size_t)plan->n_points * (size_t)plan->n_answers;
    s->truth = arena_alloc(&s->memory, cells, sizeof *s->truth);
    s->truth_se = arena_alloc(&s->memory, cells, sizeof *s->truth_se);
    for (size_t k = 0; k < cells; k++) s->truth[k] = s->truth_se[k] = NAN;
    s->pairing = arena_alloc(&s->memory, (size_t)plan->n_points, sizeof *s->pairing);
    for (int p = 0; p < plan->n_points; p++) s->pairing[p] = plan->point[p].pairing;
}

/* --- published beside simulated ----------------------------------------------------------------
 */

double published_statistic(const char *name, const struct result *r)
{
    double x;
    published_statistics(name, r, 1, &x);
    return x;
}

static double member(const struct result *r, size_t at)
{
    double x;
    memcpy(&x, (const char *)r + at, sizeof x);
    return x;
}

/* The members of a result that a statistic is; of a width, two. */
struct members {
    const char *statistic;
    size_t at, less;
};
static const struct members *members_of(const char *statistic)
{
    enum { NONE = sizeof(struct result) };
    static const struct members other[] = {
        {"ci_low", offsetof(struct result, ci_low), NONE},
        {"ci_high", offsetof(struct result, ci_high), NONE},
        {"ci_width", offsetof(struct result, ci_high), offsetof(struct result, ci_low)},
        {"p_value", offsetof(struct result, p_value), NONE},
        {"se", offsetof(struct result, se), NONE},
    };
    for (size_t k = 0; k < sizeof other / sizeof *other; k++)
        if (strcmp(statistic, other[k].statistic) == 0) return &other[k];
    return NULL;
}

void published_statistics(const char *name, const struct result *r, int64_t n, double *x)
{
    const struct members *of = members_of(name);
    for (int64_t i = 0; i < n; i++) x[i] = of ? member(&r[i], of->at) : r[i].estimate;
    if (of != NULL && of->less < sizeof *r)
        for (int64_t i = 0; i < n; i++) x[i] -= member(&r[i], of->less);
}

bool published_is_ratio(const struct answer *a, const char *statistic)
{
    return a->scale == SCALE_LOG &&
           (strcmp(statistic, "estimate") == 0 || strcmp(statistic, "ci_low") == 0 ||
            strcmp(statistic, "ci_high") == 0);
}

struct comparison {
    struct study *study;
    const struct plan *plan;
    const struct result_source *rows;
    struct errors *errors;
    struct result *chunk;
    struct described columns;
    double *x[3]; /* [replicates] a statistic of every trial each, NaN where it has none */
    bool *placed; /* [n_published] */
    int held[3];  /* the rows that they are about; -1: nothing, any more */
};

enum { CHUNK = 4096 };

/* Reads a block of what a row is about. */
static enum status take_block(struct comparison *c, int row, int64_t first, int64_t n, double *x)
{
    const struct published *p = &c->study->published[row];
    const int source = c->plan->published_source[row];
    if (answer_is_descriptive(&c->study->answer[source]) && members_of(p->statistic) == NULL) {
        const struct described to = {x, c->columns.n, c->columns.why};
        return results_describe(c->rows, 0, source, first, n, to, c->errors);
    }
    const enum status status =
        c->rows->read(c->rows->handle, 0, source, first, n, c->chunk, c->errors);
    if (status == STATUS_OK) published_statistics(p->statistic, c->chunk, n, x);
    return status;
}

/* Fills x[to] with what the row is about. */
static enum status take(struct comparison *c, int row, int to)
{
    const int64_t n = c->study->replicates;
    if (c->held[to] == row) return STATUS_OK;
    c->held[to] = -1;
    for (int64_t first = 0; first < n; first += CHUNK) {
        const int64_t count = n - first < CHUNK ? n - first : CHUNK;
        const enum status status = take_block(c, row, first, count, &c->x[to][first]);
        if (status != STATUS_OK) return status;
    }
    c->held[to] = row;
    return STATUS_OK;
}

/* Whether two rows are about the same patients. */
static bool same_patients(const struct published *a, const struct published *b)
{
    return strcmp(a->arm, b->arm) == 0 && strcmp(a->where, b->where) == 0;
}

/* The row about the same patients or analysis, in the same reading, with another statistic; -1. */
static int companion(const struct study *s, int row, const char *statistic)
{
    const struct published *p = &s->published[row];
    for (int k = 0; k < s->n_published; k++) {
        const struct published *q = &s->published[k];
        if (strcmp(q->subject, p->subject) == 0 && same_patients(q, p) &&
            strcmp(q->alternative, p->alternative) == 0 && strcmp(q->statistic, statistic) == 0)
            return k;
    }
    return -1;
}

/* What "far off" is measured by: the number itself where 0 is the end of its scale; for effects
 * and their limits, which may be anywhere, the interval printed with them; not for p-values. */
static double reach_of(const struct study *s, int row, const struct answer *a)
{
    const struct published *p = &s->published[row];
    if (strcmp(p->statistic, "p_value") == 0) return NAN;
    if (isnan(a->null) || strcmp(p->statistic, "ci_width") == 0 || strcmp(p->statistic, "se") == 0)
        return p->printed.value;
    const int low = companion(s, row, "ci_low"), high = companion(s, row, "ci_high");
    if (low < 0 || high < 0) return NAN;
    const double from = s->published[low].printed.value, to = s->published[high].printed.value;
    return p->printed.ratio ? log(to / from) : to - from;
}

/* What a row's fit says once its place among n trials' numbers is known. */
static void judge_place(struct comparison *c, int row, int64_t n)
{
    struct published *p = &c->study->published[row];
    const struct answer *a = &c->study->answer[c->plan->published_source[row]];
    p->fit.unanswered = 1 - (double)n / (double)c->study->replicates;
    if (2 * n < c->study->replicates) /* most trials have no such number: that is no fit */
        p->fit.percentile = NAN;
    p->fit.far = fit_is_far(&p->printed, p->fit.simulated, reach_of(c->study, row, a));
    c->placed[row] = true;
}

/* Places the rows that are about an answer's estimates. */
static void place_estimates(void *handle, int point, int answer, const struct estimates *all)
{
    struct comparison *c = handle;
    for (int row = 0; row < c->study->n_published; row++) {
        struct published *p = &c->study->published[row];
        if (point > 0 || c->plan->published_source[row] != answer ||
            members_of(p->statistic) != NULL)
            continue;
        fit_place_about(&p->fit, &p->printed, all->x, (int)all->n, &all->spread, all->room);
        judge_place(c, row, all->n);
    }
}

static enum status place(struct comparison *c, int row)
{
    struct published *p = &c->study->published[row];
    enum status status = results_expect(c->rows, 0, c->plan->published_source[row], c->errors);
    if (status == STATUS_OK) status = take(c, row, 0);
    if (status != STATUS_OK) return status;
    int n = 0;
    for (int64_t i = 0; i < c->study->replicates; i++)
        if (!isnan(c->x[0][i])) c->x[0][n++] = c->x[0][i];
    c->held[0] = c->held[1] = -1; /* they are worked in */
    fit_place(&p->fit, &p->printed, c->x[0], n, c->x[1]);
    judge_place(c, row, n);
    return STATUS_OK;
}

static enum status take_three(struct comparison *c, const int row[3], struct printed printed[3])
{
    enum status status = STATUS_OK;
    for (int k = 0; k < 3 && status == STATUS_OK; k++) {
        printed[k] = c->study->published[row[k]].printed;
        status = take(c, row[k], k);
    }
    return status;
}

static enum status count_exact(struct comparison *c, int row)
{
    const int three[3] = {row, companion(c->study, row, "ci_low"),
                          companion(c->study, row, "ci_high")};
    struct printed printed[3];
    if (three[1] < 0 || three[2] < 0) return STATUS_OK;
    const enum status status = take_three(c, three, printed);
    if (status == STATUS_OK)
        c->study->published[row].fit.exact = fit_exact(printed, c->x, (int)c->study->replicates);
    return status;
}

static int endpoint_named(const struct endpoint_specs *e, const char *name)
{
    for (int k = 0; k < e->n; k++)
        if (strcmp(e->item[k].name, name) == 0) return k;
    return -1;
}

/* The day by which an endpoint is known; infinite for stays. */
static double horizon(const struct endpoint_spec *e)
{
    const double day = e->kind->horizon(e->params);
    return day > 0 ? day : INFINITY;
}

/* The row with the printed deaths of the same patients, by the day nearest to the endpoint's own
 * (the last one for stays, the count before the percentage); -1 where there is none, or the
 * endpoint is itself death. */
static int deaths_of(const struct comparison *c, int row)
{
    const struct study *s = c->study;
    const struct endpoint_specs *e = &c->plan->point[0].scenario.endpoints;
    const struct published *p = &s->published[row];
    const int own = endpoint_named(e, p->subject);
    if (own < 0 || e->item[own].kind->outcome != OUTCOME_VALUE) return -1;
    const double day = fmin(horizon(&e->item[own]), c->plan->point[0].scenario.trial.follow_up);
    int best = -1;
    double nearest = INFINITY;
    for (int k = 0; k < s->n_published; k++) {
        const struct published *q = &s->published[k];
        const int at = endpoint_named(e, q->subject);
        const bool count = strcmp(q->statistic, "count") == 0;
        if (at < 0 || strcmp(e->item[at].kind->name, "death") != 0 || *q->alternative ||
            !(count || strcmp(q->statistic, "percent") == 0) || !same_patients(q, p))
            continue;
        const double off = fabs(horizon(&e->item[at]) - day);
        if (off > nearest || (!(off < nearest) && !count)) continue;
        nearest = off;
        best = k;
    }
    return best;
}

static enum status compare_given_deaths(struct comparison *c, int row)
{
    const int three[3] = {row, companion(c->study, row, "sd"), deaths_of(c, row)};
    struct printed printed[3];
    if (three[1] < 0 || three[2] < 0) return STATUS_OK;
    const enum status status = take_three(c, three, printed);
    if (status == STATUS_OK)
        fit_given_deaths(&c->study->published[row].fit, printed, c->x, (int)c->study->replicates);
    return status;
}

static struct comparison comparison_new(struct study *s, const struct plan *plan,
                                        const struct result_source *rows, struct errors *e)
{
    for (int k = 0; k < s->n_published; k++) s->published[k].fit = fit_unknown();
    return (struct comparison){.study = s,
                               .plan = plan,
                               .rows = rows,
                               .errors = e,
                               .placed = xcalloc((size_t)s->n_published, sizeof(bool))};
}

/* What needs more than one answer's estimates. */
static enum status compare(struct comparison *c)
{
    const struct study *s = c->study;
    enum status status = STATUS_OK;
    c->chunk = xcalloc(CHUNK, sizeof *c->chunk);
    c->columns = described_new(CHUNK);
    for (int k = 0; k < 3; k++) {
        c->x[k] = xcalloc((size_t)s->replicates, sizeof *c->x[k]);
        c->held[k] = -1;
    }
    for (int k = 0; k < s->n_published && status == STATUS_OK; k++) {
        if (!c->placed[k]) status = place(c, k);
        if (status == STATUS_OK && strcmp(s->published[k].statistic, "estimate") == 0)
            status = count_exact(c, k);
    }
    for (int k = 0; k < s->n_published && status == STATUS_OK; k++)
        if (strcmp(s->published[k].statistic, "mean") == 0) status = compare_given_deaths(c, k);
    return status;
}

static void comparison_free(struct comparison *c)
{
    for (int k = 0; k < 3; k++) free(c->x[k]);
    free(c->chunk);
    described_free(&c->columns);
    free(c->placed);
}

enum status study_compare(struct study *s, const struct plan *plan,
                          const struct result_source *rows, struct errors *e)
{
    struct comparison c = comparison_new(s, plan, rows, e);
    const enum status status = compare(&c);
    comparison_free(&c);
    return status;
}

enum status study_find(struct study *s, const struct plan *plan, const struct result_source *rows,
                       struct errors *e)
{
    struct comparison c = comparison_new(s, plan, rows, e);
    const struct estimates_reader reader = {place_estimates, &c};
    enum status status = study_summarise(s, rows, &reader, e);
    if (status == STATUS_OK && s->n_published > 0) status = compare(&c);
    comparison_free(&c);
    return status;
}
