/* missing.c - see missing.h.  SPDX-License-Identifier: MIT */
#include "model/missing.h"
#include "base/checksum.h"
#include "base/stream.h"
#include "model/binder.h"
#include "stat/distribution.h"
#include "stat/imputation.h"
#include "stat/order.h"

#include <math.h>
#include <string.h>

/* --- binding ---------------------------------------------------------------------------------- */

static bool is_constant(enum missing m)
{
    return m >= MISSING_WORST && m <= MISSING_BEST_WORST;
}

/* Why this outcome cannot be filled in that way, or NULL. */
static const char *refusal(const struct bound_analysis *b)
{
    const bool arms = b->arm[1] >= 0;
    if (b->n_tiers > 0 || b->method->uses & USES_HIERARCHY)
        return "a hierarchy takes no missing: its tiers compare what is known";
    if (b->outcome_kind == OUTCOME_TIME)
        return "a time to event takes no missing: who is not followed is censored";
    if ((b->missing == MISSING_WORST_BEST || b->missing == MISSING_BEST_WORST) && !arms)
        return "missing: worst_best and best_worst need two arms";
    if (is_constant(b->missing) && isnan(b->outcome.bounds.lowest + b->outcome.bounds.highest))
        return "missing: an endpoint without a lowest and a highest value has no worst and best; a "
               "plan states them as range: [lowest, highest]";
    if (b->missing == MISSING_SINGLE && b->outcome_kind != OUTCOME_VALUE)
        return "missing: single predicts numbers; a yes/no value takes worst, best, worst_best or "
               "best_worst";
    if (b->missing == MISSING_MULTIPLE && !(b->method->uses & POOLS_IMPUTATIONS))
        return "missing: multiple is there for mean_difference only";
    return NULL;
}

bool missing_reads_baseline(const struct bound_analysis *b)
{
    return is_constant(b->missing) && b->outcome.baseline >= 0;
}

void missing_bind(const struct binder *k, struct bound_analysis *b)
{
    const struct analysis_spec *a = b->spec;
    b->missing = (enum missing)a->missing;
    if (b->outcome_kind == OUTCOME_BINARY) b->outcome.bounds = (struct bounds){0, 1};
    for (int i = 0; i < a->impute_with.n; i++)
        b->adjust[b->n_adjust + b->n_impute++] = binder_adjustment(k, &a->impute_with.item[i]);
    const bool predicts = b->missing == MISSING_SINGLE || b->missing == MISSING_MULTIPLE;
    if (a->impute_with.n > 0 && !predicts)
        error_at(k->r->errors, a->impute_with.item[0].at,
                 "%s: impute_with needs missing: single or missing: multiple", k->what);
    const char *why = b->missing == MISSING_COMPLETE ? NULL : refusal(b);
    if (why != NULL) error_at(k->r->errors, a->at, "%s: %s", k->what, why);
}

/* --- data with one more column ------------------------------------------------------------------
 */

/* The dataset with a column of its own for the outcome, so that conditions and covariates that read
 * the outcome see it as it was. */
struct filling {
    struct bound_analysis complete; /* the analysis, of that column, without missing values */
    struct dataset data;
    double *outcome; /* [n] that column */
};

static struct filling begin_filling(const struct bound_analysis *b, const struct dataset *d,
                                    struct scratch *w)
{
    const int own = d->schema->n;
    const double *known = d->value[b->outcome.value];
    const double *eligible = b->outcome.eligible >= 0 ? d->value[b->outcome.eligible] : NULL;
    const double **value = scratch_take(w, (size_t)own + 1, sizeof *value);
    struct filling f = {*b, *d, scratch_doubles(w, d->n)};
    memcpy(value, d->value, (size_t)own * sizeof *value);
    value[own] = f.outcome;
    for (int i = 0; i < d->n; i++) f.outcome[i] = !eligible || eligible[i] > 0 ? known[i] : NAN;
    f.data.value = value;
    f.complete.outcome.value = own;
    f.complete.missing = MISSING_COMPLETE;
    return f;
}

/* --- one value for all --------------------------------------------------------------------------
 */

static void fill_constant(const struct bound_analysis *b, const struct dataset *d, double *outcome)
{
    const struct bounds range = b->outcome.bounds;
    const bool high = b->outcome.better > 0;
    const double worst = high ? range.lowest : range.highest,
                 best = high ? range.highest : range.lowest;
    const bool worst_in[2] = {b->missing == MISSING_WORST || b->missing == MISSING_BEST_WORST,
                              b->missing == MISSING_WORST || b->missing == MISSING_WORST_BEST};
    const double *eligible = b->outcome.eligible >= 0 ? d->value[b->outcome.eligible] : NULL;
    const double *baseline = b->outcome.baseline >= 0 ? d->value[b->outcome.baseline] : NULL;
    for (int i = 0; i < d->n; i++) {
        const bool treated = d->arm != NULL && d->arm[i] == b->arm[1];
        if (isnan(outcome[i]) && (!eligible || eligible[i] > 0))
            outcome[i] = (worst_in[treated] ? worst : best) - (baseline ? baseline[i] : 0);
    }
}

/* --- predicted values ---------------------------------------------------------------------------
 */

/* The patients of the analysis, outcome known or not, and who of them has none. */
struct gaps {
    struct sample sample; /* value: their rows in the dataset */
    const double *outcome;
    int n_missing, *missing; /* in an order that does not depend on that of the patients */
    uint64_t key;            /* a checksum of all of them in any order */
    struct imputation model;
};

static struct sample take_all(const struct bound_analysis *b, const struct filling *f,
                              struct scratch *w, enum undefined *why)
{
    struct filling all = *f;
    const double *eligible = b->outcome.eligible >= 0 ? f->data.value[b->outcome.eligible] : NULL;
    all.complete.n_adjust += all.complete.n_impute;
    all.complete.n_impute = 0;
    const double **value = scratch_take(w, (size_t)f->complete.outcome.value + 1, sizeof *value);
    double *row = scratch_doubles(w, f->data.n);
    memcpy(value, f->data.value, (size_t)f->complete.outcome.value * sizeof *value);
    value[f->complete.outcome.value] = row;
    for (int i = 0; i < f->data.n; i++) row[i] = !eligible || eligible[i] > 0 ? (double)i : NAN;
    all.data.value = value;
    return sample_take(&all.complete, &all.data, w, why);
}

/* Orders who is missing and sums up the data by checksums of patients: outcome, arm, covariates. */
static void look_at_patients(struct gaps *g, struct scratch *w)
{
    const struct sample *s = &g->sample;
    double *patient = scratch_doubles(w, s->n_x + 3), *rank = scratch_doubles(w, s->n);
    int *position = scratch_ints(w, s->n), *found = scratch_ints(w, s->n);
    for (int i = 0; i < s->n; i++) {
        const bool missing = isnan(g->outcome[i]);
        patient[0] = missing;
        patient[1] = missing ? 0 : g->outcome[i] + 0.0; /* one zero, not two */
        patient[2] = s->arm != NULL ? s->arm[i] : 0;
        for (int j = 0; j < s->n_x; j++) patient[3 + j] = s->x[j][i] + 0.0;
        const uint64_t sum = checksum64(patient, (size_t)(3 + s->n_x) * sizeof *patient);
        g->key += sum;
        if (!missing) continue;
        rank[g->n_missing] = (double)(sum >> 11);
        found[g->n_missing++] = i;
    }
    g->missing = scratch_ints(w, g->n_missing + 1);
    order_ascending(position, rank, g->n_missing, w);
    for (int k = 0; k < g->n_missing; k++) g->missing[k] = found[position[k]];
}

static enum undefined fit(struct gaps *g, bool draws, struct scratch *w)
{
    const struct sample *s = &g->sample;
    const double **x = scratch_take(w, (size_t)s->n_x + 1, sizeof *x);
    double *arm = scratch_doubles(w, s->n);
    int n_x = 0, known[2] = {0, 0};
    for (int i = 0; i < s->n; i++) {
        arm[i] = s->arm != NULL ? s->arm[i] : 0;
        known[(int)arm[i]] += !isnan(g->outcome[i]);
    }
    if (known[0] + known[1] == 0) return UNDEFINED_NO_PATIENTS;
    if (s->arm != NULL && (known[0] == 0 || known[1] == 0)) return UNDEFINED_EMPTY_ARM;
    if (s->arm != NULL) x[n_x++] = arm;
    for (int j = 0; j < s->n_x; j++) x[n_x++] = s->x[j];
    g->model = imputation_fit(g->outcome, x, n_x, s->n, w);
    return draws && g->model.n_known <= g->model.rank ? UNDEFINED_TOO_FEW : UNDEFINED_NO;
}

static struct gaps find_gaps(const struct bound_analysis *b, const struct filling *f,
                             struct scratch *w, enum undefined *why)
{
    struct gaps g = {.sample = take_all(b, f, w, why)};
    if (*why != UNDEFINED_NO) return g;
    double *outcome = scratch_doubles(w, g.sample.n);
    for (int i = 0; i < g.sample.n; i++) outcome[i] = f->outcome[(int)g.sample.value[i]];
    g.outcome = outcome;
    look_at_patients(&g, w);
    if (g.n_missing > 0) *why = fit(&g, b->missing == MISSING_MULTIPLE, w);
    return g;
}

static void fill_predicted(const struct gaps *g, double *outcome)
{
    for (int k = 0; k < g->n_missing; k++)
        outcome[(int)g->sample.value[g->missing[k]]] = imputation_mean(&g->model, g->missing[k]);
}

/* --- Rubin's rules ------------------------------------------------------------------------------
 */

/* T = W + (1 + 1/m) B; share of the variance due to missing values l = (1 + 1/m) B / T; degrees of
 * freedom (1/v + 1/v_obs)^-1 with v = (m - 1) / l^2 and v_obs = (v_com + 1) / (v_com + 3) v_com
 * (1 - l) (Barnard & Rubin 1999, Biometrika 86:948); fraction of missing information
 * (r + 2 / (df + 3)) / (r + 1) with r = (1 + 1/m) B / W (Rubin 1987, p. 77 and 93). */
void missing_pool(const struct imputations *of, const struct inference *in, struct result *out)
{
    const double added = (1 + 1.0 / of->m) * of->between, total = of->within + added;
    const double share = added / total, r = added / of->within;
    const double observed = (of->df + 1) / (of->df + 3) * of->df * (1 - share);
    const double df = 1 / (share * share / (of->m - 1) + 1 / observed), se = sqrt(total);
    const double width = student_upper_quantile(in->alpha / in->sides, df) * se;
    const double t = (of->estimate - in->null) / se;
    for (int k = 0; k < POOLED_OUTPUTS; k++) out[k] = result_undefined(UNDEFINED_NO, 0, 0);
    out[POOLED] = (struct result){.estimate = of->estimate,
                                  .se = se,
                                  .ci_low = of->estimate - width,
                                  .ci_high = of->estimate + width,
                                  .statistic = t,
                                  .p_value = p_student(in, t, df)};
    out[POOLED_DF].estimate = df;
    out[POOLED_WITHIN].estimate = sqrt(of->within);
    out[POOLED_BETWEEN].estimate = sqrt(of->between);
    out[POOLED_INFORMATION].estimate = (r + 2 / (df + 3)) / (r + 1);
}

/* Fills in and analyses as often as asked; a completed sample without an answer leaves none. */
static void run_multiple(const struct bound_analysis *b, struct filling *f, const struct gaps *g,
                         struct scratch *w, struct result *out)
{
    struct imputations sum = {.m = (int)b->spec->imputations};
    const int n_draws = imputation_draws(&g->model, g->n_missing);
    double *u = scratch_doubles(w, n_draws), *drawn = scratch_doubles(w, g->sample.n);
    double squares = 0;
    for (int m = 0; m < sum.m; m++) {
        const struct stream s = stream_for(g->key, (uint64_t)m, stream_variable("imputation"));
        stream_fill(&s, u, n_draws);
        imputation_draw(&g->model, u, g->missing, g->n_missing, drawn);
        for (int k = 0; k < g->n_missing; k++)
            f->outcome[(int)g->sample.value[g->missing[k]]] = drawn[g->missing[k]];
        analysis_run(&f->complete, &f->data, w, out);
        if (out[POOLED].why != UNDEFINED_NO) return;
        const double away = out[POOLED].estimate - sum.estimate;
        sum.estimate += away / (m + 1);
        squares += away * (out[POOLED].estimate - sum.estimate);
        sum.within += (out[POOLED].se * out[POOLED].se - sum.within) / (m + 1);
        sum.df += (out[POOLED_DF].estimate - sum.df) / (m + 1);
    }
    const int n = out[POOLED].n;
    sum.between = squares / (sum.m - 1);
    missing_pool(&sum, &b->inference, out);
    for (int k = 0; k < POOLED_OUTPUTS; k++) out[k].n = n;
}

void missing_run(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                 struct result *out)
{
    const struct scratch_mark mark = scratch_save(w);
    struct filling f = begin_filling(b, d, w);
    enum undefined why = UNDEFINED_NO;
    struct gaps g = {0};
    if (is_constant(b->missing))
        fill_constant(b, d, f.outcome);
    else
        g = find_gaps(b, &f, w, &why);
    if (b->missing == MISSING_SINGLE && why == UNDEFINED_NO) fill_predicted(&g, f.outcome);
    if (why != UNDEFINED_NO)
        for (int k = 0; k < b->n_outputs; k++) out[k] = result_undefined(why, g.sample.n, 0);
    else if (b->missing == MISSING_MULTIPLE && g.n_missing > 0)
        run_multiple(b, &f, &g, w, out);
    else
        analysis_run(&f.complete, &f.data, w, out);
    scratch_restore(w, mark);
}
