/* needs.c - see needs.h.  SPDX-License-Identifier: MIT */
#include "engine/needs.h"

#include "model/missing.h"

static void close_course(struct course_needs *n, const struct baseline *b)
{
    if (n->sofa_day > 0 && b->sofa.in_icu) n->stay[STAY_ICU] = true;
    if (n->stay[STAY_HOSPITAL] && b->stay[STAY_HOSPITAL].after_icu) n->stay[STAY_ICU] = true;
    for (int s = 0; s < STAY_COUNT; s++)
        for (int k = 0; k < SUPPORT_COUNT && n->stay[s]; k++)
            if (b->stay[s].after_support[k]) n->support[k] = true;
}

static void want_predictor(bool *wanted, const struct predictor *q)
{
    for (int k = 0; k < q->n; k++) wanted[q->term[k].covariate] = true;
}

static void want_effects(bool *wanted, const struct arm_plan *a, int n_markers)
{
    want_predictor(wanted, &a->mortality.by);
    want_predictor(wanted, &a->sofa.by);
    want_predictor(wanted, &a->adverse_event.by);
    for (int k = 0; k < SUPPORT_COUNT; k++) want_predictor(wanted, &a->support_time[k].by);
    for (int k = 0; k < STAY_COUNT; k++) want_predictor(wanted, &a->stay_time[k].by);
    for (int k = 0; k < n_markers; k++) want_predictor(wanted, &a->marker[k].effect.by);
}

/* Of parts of the course that are drawn. */
static void want_course(bool *wanted, const struct course_needs *n, const struct baseline *b)
{
    want_predictor(wanted, &b->log_hazard);
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        if (!n->support[k]) continue;
        want_predictor(wanted, &b->support[k].log_odds);
        want_predictor(wanted, &b->support[k].log_time);
    }
    for (int k = 0; k < STAY_COUNT; k++)
        if (n->stay[k]) want_predictor(wanted, &b->stay[k].log_time);
    if (n->sofa_day > 0) want_predictor(wanted, &b->sofa.load);
    if (n->adverse_event) want_predictor(wanted, &b->adverse_log_odds);
    for (int k = 0; k < b->spec->markers.n; k++)
        if (n->marker[k]) want_predictor(wanted, &b->marker[k].predictor);
    if (b->sofa_covariate >= 0) wanted[b->sofa_covariate] = true; /* the SOFA of day 0 */
}

struct wanted_columns {
    const struct point *point;
    bool *wanted; /* [n covariates] */
};

/* Columns of the schema before the centre are the visible covariates. */
static void want_column(int column, void *to)
{
    const struct wanted_columns *w = to;
    if (column >= 0 && column < w->point->n_visible) w->wanted[w->point->visible[column]] = true;
}

static void want_analysis(struct wanted_columns *to, const struct bound_analysis *b)
{
    for (int k = 0; k < b->n_adjust + b->n_impute; k++) want_column(b->adjust[k].column, to);
    for (int k = 0; k < b->n_strata; k++) want_column(b->stratum[k], to);
    if (missing_reads_baseline(b)) want_column(b->outcome.baseline, to);
    want_column(b->marker, to);
    want_column(b->versus, to);
    want_column(b->cluster, to);
    if (b->where != NULL) expression_columns(b->where, want_column, to);
}

void needs_close(struct reader *r, const struct plan *plan, struct point *point)
{
    const struct baseline *b = point->baseline;
    const struct population *p = b->population;
    bool *wanted = arena_alloc(r->memory, (size_t)p->n_covariates, sizeof *wanted);
    close_course(&point->needs, b);
    want_course(wanted, &point->needs, b);
    for (int a = 0; a < point->course.n_arms; a++)
        want_effects(wanted, &point->course.arm[a], b->spec->markers.n);
    for (int k = 0; k < point->trial.n_stratifiers; k++) wanted[point->trial.stratifier[k]] = true;
    for (int k = 0; k < point->scenario.endpoints.n; k++)
        want_predictor(wanted, &point->recording[k].covariates);
    struct wanted_columns to = {point, wanted};
    for (int k = 0; k < point->scenario.analyses.n; k++) want_analysis(&to, &point->analysis[k]);
    for (int k = 0; k < plan->n_descriptions; k++) want_column(plan->description[k].column, &to);
    for (int k = 0; k < plan->n_groups; k++)
        if (plan->group[k].where) expression_columns(plan->group[k].where, want_column, &to);
    point->needs.covariate = wanted;
    point->needs.without_arrivals = point->trial.spec->design.design->ignores_arrivals;
}
