/* summary.c - operating characteristics of simulated trials.  SPDX-License-Identifier: MIT
 *
 * Of R replicates, D have an answer. theta_i, on the scale of inference, is the estimate or its
 * logarithm; theta its truth, known with standard error tau; theta_0 the null; m and s the mean and
 * the standard deviation (divisor n - 1) of theta_i. Measures and their Monte Carlo standard
 * errors, after Morris, White & Crowther 2019 (Stat Med 38:2074, Table 6, doi:10.1002/sim.8086):
 *
 *   power, reject, reject_harm   share of all R; sqrt(p(1-p)/R). A replicate without an answer does
 *                                not reject
 *   undefined                    share of all R without an answer
 *   estimate_mean                m, or exp(m); s/sqrt(n), times exp(m)
 *   estimate_median              on the natural scale; see measure_median
 *   truth                        theta, or exp(theta); tau, times exp(theta). Rests on no replicate
 *   bias                         m - theta; sqrt(s²/n + tau²)
 *   relative_bias                m/theta - 1; sqrt(s²/n + (m tau/theta)²)/|theta|
 *   empirical_se                 s; s/sqrt(2(n-1))
 *   model_se                     M = sqrt(mean se²); sqrt(var(se²)/n)/(2M)
 *   mse                          q = mean (theta_i - theta)²; sqrt(var((theta_i - theta)²)/n +
 *                                (2 bias tau)²)
 *   coverage                     share with ci_low <= truth <= ci_high; tau is left out: near the
 *                                middle of its interval the truth moves coverage in second order
 *   ci_width                     mean width on the scale of inference; sd/sqrt(n)
 *   type_s                       among rejections, share with theta_i on the wrong side of theta_0
 *   type_m                       T = mean |theta_i - theta_0| / |theta - theta_0| of rejections;
 *                                sqrt(var/n + (T tau/(theta - theta_0))²)
 *                                (Gelman & Carlin 2014, Perspect Psychol Sci 9:641)
 *
 * relative_bias, type_s and type_m are empty where the truth cannot be told from the null (within 3
 * tau), relative_bias also where it cannot be told from 0. A ratio of 0 or infinity has no
 * logarithm: it counts in shares and medians, not in means, whose n says how many were left. Rows
 * about tests are left out where nothing is tested, rows about the truth where there is none. Sums
 * run over blocks of replicates in order, so a measure is a function of the rows alone. */
#include "engine/study.h"

#include "base/text.h"
#include "engine/agreement.h"
#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = MOMENTS_BLOCK, MEASURES_MAX = 16 };

void study_free(struct study *s)
{
    arena_free(&s->memory);
    *s = (struct study){0};
}

bool answer_is_descriptive(const struct answer *a)
{
    return strcmp(a->method, DESCRIBE_METHOD) == 0;
}

bool result_rejects(const struct answer *a, const struct result *r)
{
    return r->why == UNDEFINED_NO && r->p_value <= a->alpha;
}

bool result_favours_benefit(const struct answer *a, const struct result *r)
{
    if (a->benefit == 0) return true; /* a covariate's coefficient: either way */
    return a->benefit > 0 ? r->estimate > a->null : r->estimate < a->null;
}

static bool favours_harm(const struct answer *a, const struct result *r)
{
    if (a->benefit == 0) return false;
    return a->benefit > 0 ? r->estimate < a->null : r->estimate > a->null;
}

/* A one-sided test towards benefit rejects nothing else. */
static bool rejects_for_benefit(const struct answer *a, const struct result *r)
{
    return result_rejects(a, r) && (a->sides == 1 || result_favours_benefit(a, r));
}

static bool rejects_for_harm(const struct answer *a, const struct result *r)
{
    return result_rejects(a, r) && a->sides == 2 && favours_harm(a, r);
}

int result_finding(const struct answer *a, const struct result *r)
{
    if (isnan(a->null) || !result_rejects(a, r)) return 0;
    if (a->sides == 1 || isnan(r->estimate)) return 1;
    return result_favours_benefit(a, r) ? 1 : -1;
}

bool study_path_is_number(const struct study *s, int path)
{
    double x;
    for (int p = 0; p < s->n_points; p++)
        if (!text_to_double(s->setting[p * s->n_paths + path], &x)) return false;
    return true;
}

/* A block of replicates as columns; NaN: not counted. */
struct columns {
    double estimate[BLOCK], error_squared[BLOCK], se_squared[BLOCK]; /* on the scale of inference */
    double width[BLOCK], exaggeration[BLOCK];
};

/* What one pass over the rows of a point and answer gathers. */
struct tally {
    const struct answer *answer;
    double truth, truth_se, null; /* on the scale of inference; NaN: none */
    bool at_null;
    int64_t replicates, undefined, reject, benefit, harm, wrong_sign, covers, covers_of;
    struct moments estimate, se_squared, error_squared, width, exaggeration;
    int64_t n_estimates, not_counted; /* of replicates with and without an answer */
    double *estimates;                /* natural scale, for the median */
    double *room;                     /* [replicates] to find it in */
};

static double to_inference(enum scale scale, double x)
{
    return scale == SCALE_LOG ? log(x) : x;
}
static double to_natural(enum scale scale, double x)
{
    return scale == SCALE_LOG ? exp(x) : x;
}

static bool cannot_be_told(double truth, double from, double se)
{
    const double exact = 1e-12 * (1 + fabs(from)); /* what rounding leaves of log(exp(x)) */
    return fabs(truth - from) <= (se > 0 ? 3 * se : 0) + exact;
}

/* Returns how much the rejection exaggerates, or NaN. */
static double add_rejection(struct tally *t, const struct result *r, double theta)
{
    const bool benefit = rejects_for_benefit(t->answer, r), harm = rejects_for_harm(t->answer, r);
    t->reject++;
    t->benefit += benefit;
    t->harm += harm;
    if (isnan(t->truth)) return NAN;
    const double effect = t->truth - t->null;
    t->wrong_sign += effect > 0 ? theta < t->null : theta > t->null;
    return fabs(theta - t->null) / fabs(effect);
}

/* Whether there is an answer; its estimate, if it has one. */
static bool add_estimate(struct tally *t, double estimate, enum undefined why)
{
    if (why != UNDEFINED_NO) {
        t->undefined++;
        t->not_counted += !isnan(estimate);
        return false;
    }
    t->estimates[t->n_estimates] = estimate;
    t->n_estimates += !isnan(estimate);
    return true;
}

static void add(struct tally *t, const struct result *r, struct columns *c, int64_t i)
{
    const enum scale scale = t->answer->scale;
    c->estimate[i] = c->error_squared[i] = c->se_squared[i] = c->width[i] = NAN;
    c->exaggeration[i] = NAN;
    if (!add_estimate(t, r->estimate, r->why)) return;
    const double theta = to_inference(scale, r->estimate);
    if (result_rejects(t->answer, r)) c->exaggeration[i] = add_rejection(t, r, theta);
    c->estimate[i] = theta;
    c->error_squared[i] = (theta - t->truth) * (theta - t->truth);
    c->se_squared[i] = r->se * r->se;
    c->width[i] = to_inference(scale, r->ci_high) - to_inference(scale, r->ci_low);
    if (!isnan(r->ci_low) && !isnan(r->ci_high)) {
        const double truth = to_natural(scale, t->truth);
        t->covers_of++;
        t->covers += r->ci_low <= truth && truth <= r->ci_high;
    }
}

static void add_rows(struct tally *t, const struct result *r, int n, struct columns *c)
{
    t->replicates += n;
    for (int i = 0; i < n; i++) add(t, &r[i], c, i);
    moments_add_all(&t->estimate, c->estimate, n);
    moments_add_all(&t->error_squared, c->error_squared, n);
    moments_add_all(&t->se_squared, c->se_squared, n);
    moments_add_all(&t->width, c->width, n);
    moments_add_all(&t->exaggeration, c->exaggeration, n);
}

static void add_described(struct tally *t, struct described d, int n, struct columns *c)
{
    const enum scale scale = t->answer->scale;
    t->replicates += n;
    for (int i = 0; i < n; i++) {
        const bool has = add_estimate(t, d.estimate[i], d.why[i]);
        c->estimate[i] = has ? to_inference(scale, d.estimate[i]) : NAN;
    }
    moments_add_all(&t->estimate, c->estimate, n);
}

static struct measure empty(const char *name)
{
    return measure_value(name, NAN, NAN, 0);
}

static int tests(const struct tally *t, struct measure *m)
{
    const bool no_direction =
        t->answer->sides == 2 && t->n_estimates == 0 && t->undefined < t->replicates;
    m[0] = no_direction ? empty("power") : measure_share("power", t->benefit, t->replicates);
    m[1] = measure_share("reject", t->reject, t->replicates);
    m[2] =
        no_direction ? empty("reject_harm") : measure_share("reject_harm", t->harm, t->replicates);
    return 3;
}

static int location(const struct tally *t, struct measure *m)
{
    const enum scale scale = t->answer->scale;
    const struct measure mean = measure_mean("estimate_mean", &t->estimate);
    const double natural = to_natural(scale, mean.value);
    const double slope = scale == SCALE_LOG ? natural : 1;
    m[0] = measure_value(mean.name, natural, slope * mean.mcse, mean.n);
    m[1] = measure_median("estimate_median", t->estimates, t->n_estimates, t->room);
    return 2;
}

static int accuracy(const struct tally *t, struct measure *m)
{
    const double truth = t->truth, tau = t->truth_se > 0 ? t->truth_se : 0;
    const struct measure mean = measure_mean("", &t->estimate);
    const double natural = to_natural(t->answer->scale, truth);
    const double slope = t->answer->scale == SCALE_LOG ? natural : 1;
    m[0] = measure_value("truth", natural, slope * tau, 0);
    m[1] = measure_value("bias", mean.value - truth, hypot(mean.mcse, tau), mean.n);
    m[2] = t->at_null || cannot_be_told(truth, 0, tau)
               ? empty("relative_bias")
               : measure_value("relative_bias", mean.value / truth - 1,
                               hypot(mean.mcse, mean.value * tau / truth) / fabs(truth), mean.n);
    return 3;
}

static int precision(const struct tally *t, struct measure *m)
{
    const double s = sqrt(moments_variance(&t->estimate)), n = (double)t->estimate.n;
    const struct measure variance = measure_mean("", &t->se_squared);
    const double model = sqrt(variance.value);
    m[0] = measure_value("empirical_se", s, s / sqrt(2 * (n - 1)), t->estimate.n);
    m[1] = measure_value("model_se", model, variance.mcse / (2 * model), variance.n);
    return 2;
}

static int agreement(const struct tally *t, struct measure *m)
{
    const double tau = t->truth_se > 0 ? t->truth_se : 0;
    const double bias = t->estimate.mean - t->truth;
    m[0] = measure_mean("mse", &t->error_squared);
    m[0] = measure_value("mse", m[0].value, hypot(m[0].mcse, 2 * bias * tau), m[0].n);
    m[1] = measure_share("coverage", t->covers, t->covers_of);
    return 2;
}

static int design_analysis(const struct tally *t, struct measure *m)
{
    const double tau = t->truth_se > 0 ? t->truth_se : 0;
    m[0] = empty("type_s");
    m[1] = empty("type_m");
    if (t->at_null || t->n_estimates == 0) return 2;
    m[0] = measure_share("type_s", t->wrong_sign, t->reject);
    m[1] = measure_mean("type_m", &t->exaggeration);
    m[1] = measure_value("type_m", m[1].value,
                         hypot(m[1].mcse, m[1].value * tau / (t->truth - t->null)), m[1].n);
    return 2;
}

/* In the order of DESIGN's list, which is that of the tables. */
static int measures(const struct tally *t, struct measure *m)
{
    const bool tested = !isnan(t->answer->null), known = !isnan(t->truth);
    int n = 0;
    if (tested) n += tests(t, m);
    m[n++] = measure_share("undefined", t->undefined, t->replicates);
    n += location(t, m + n);
    if (known) n += accuracy(t, m + n);
    n += precision(t, m + n);
    if (known) n += agreement(t, m + n);
    m[n++] = measure_mean("ci_width", &t->width);
    if (known && tested) n += design_analysis(t, m + n);
    return n;
}

/* What the pass over the rows works in. */
struct pass {
    const struct result_source *from;
    const struct estimates_reader *reader; /* NULL: none */
    struct findings *findings;
    double *estimates, *room; /* [replicates] */
    struct result *rows;      /* [BLOCK] */
    struct described described;
    struct columns *columns;
};

static struct tally tally_of(const struct study *s, int point, int answer, const struct pass *pass)
{
    const struct answer *a = &s->answer[answer];
    const int at = point * s->n_answers + answer;
    struct tally t = {.answer = a,
                      .truth = s->truth[at],
                      .truth_se = s->truth_se[at],
                      .null = to_inference(a->scale, a->null),
                      .estimates = pass->estimates,
                      .room = pass->room};
    t.at_null = cannot_be_told(t.truth, t.null, t.truth_se);
    return t;
}

/* A descriptive without a truth has nothing but its estimates. */
static bool is_described(const struct tally *t)
{
    return answer_is_descriptive(t->answer) && isnan(t->answer->null) && isnan(t->truth);
}

static enum status add_block(struct study *s, struct tally *t, int point, int answer, int64_t first,
                             const struct pass *pass, struct errors *e)
{
    const struct result_source *from = pass->from;
    const int64_t left = s->replicates - first, n = left < BLOCK ? left : BLOCK;
    enum status status;
    if (is_described(t)) {
        status = results_describe(from, point, answer, first, n, pass->described, e);
        if (status == STATUS_OK) add_described(t, pass->described, (int)n, pass->columns);
        return status;
    }
    status = from->read(from->handle, point, answer, first, n, pass->rows, e);
    if (status != STATUS_OK) return status;
    add_rows(t, pass->rows, (int)n, pass->columns);
    findings_add(pass->findings, s, answer, first, pass->rows, n);
    return status;
}

static enum status summarise(struct study *s, int point, int answer, const struct pass *pass,
                             struct errors *e)
{
    struct tally t = tally_of(s, point, answer, pass);
    enum status status = results_expect(pass->from, point, answer, e);
    for (int64_t first = 0; first < s->replicates && status == STATUS_OK; first += BLOCK)
        status = add_block(s, &t, point, answer, first, pass, e);
    if (status != STATUS_OK) return status;
    struct measure *m = &s->measure[s->n_measures];
    const int n = measures(&t, m);
    for (int i = 0; i < n; i++) {
        m[i].point = point;
        m[i].answer = answer;
    }
    s->n_measures += n;
    if (pass->reader != NULL && t.not_counted == 0) {
        const struct estimates all = {t.estimates, t.n_estimates, moments_spread(&t.estimate),
                                      t.room};
        pass->reader->read(pass->reader->handle, point, answer, &all);
    }
    return STATUS_OK;
}

static struct pass pass_new(const struct study *s, const struct result_source *from,
                            const struct estimates_reader *reader)
{
    const size_t replicates = (size_t)s->replicates;
    return (struct pass){.from = from,
                         .reader = reader,
                         .findings = findings_new(s),
                         .estimates = xcalloc(replicates + 1, sizeof(double)),
                         .room = xcalloc(replicates, sizeof(double)),
                         .rows = xcalloc(BLOCK, sizeof(struct result)),
                         .described = described_new(BLOCK),
                         .columns = xcalloc(1, sizeof(struct columns))};
}

static void pass_free(struct pass *p)
{
    findings_free(p->findings);
    free(p->estimates);
    free(p->room);
    free(p->rows);
    described_free(&p->described);
    free(p->columns);
}

enum status study_summarise(struct study *s, const struct result_source *rows,
                            const struct estimates_reader *reader, struct errors *e)
{
    const size_t most = (size_t)s->n_points * (size_t)s->n_answers * MEASURES_MAX;
    struct measure *all = arena_alloc(&s->memory, (size_t)s->n_measures + most, sizeof *all);
    for (int64_t i = 0; i < s->n_measures; i++) all[i] = s->measure[i];
    s->measure = all;
    s->n_agreements = 0;
    s->agreement = NULL;
    struct pass pass = pass_new(s, rows, reader);
    enum status status = STATUS_OK;
    for (int p = 0; p < s->n_points && status == STATUS_OK; p++) {
        for (int a = 0; a < s->n_answers && status == STATUS_OK; a++)
            status = summarise(s, p, a, &pass, e);
        if (status == STATUS_OK) findings_compare(pass.findings, s, p);
    }
    pass_free(&pass);
    return status;
}
