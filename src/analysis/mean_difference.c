/* mean_difference.c - difference of two means: Welch, Student, analysis of covariance.
 * SPDX-License-Identifier: MIT */
#include "analysis/columns.h"
#include "base/dispatch.h"
#include "model/missing.h"
#include "stat/distribution.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define COLLINEAR 1e-7  /* what is left of a column beside those before it, as a share */
#define ROUNDING  1e-13 /* residuals that are only rounding error, as a share of the outcome's */
#define FAR       64    /* squares about a value over those about the mean: two digits lost */

struct mean_difference {
    int variance;
};
enum { VARIANCE_UNEQUAL, VARIANCE_EQUAL };

static const struct param mean_difference_params[] = {
    {PARAM_AT(struct mean_difference, variance), .type = PARAM_CHOICE, .choices = "unequal|equal",
     .help = "Welch's or Student's t; with `adjust` always equal"},
    {0},
};

struct t_test {
    double estimate, se, df;
    enum undefined why;
};

/* Blocks of eight patients in two halves; masks are -1 for yes and 0 for no. */
typedef int64_t masks __attribute__((vector_size(sizeof(lanes)), may_alias));
enum { HALVES = 2, BLOCK = HALVES * LANES };

MULTIVERSION_PART double total(const lanes half[HALVES])
{
    const lanes sum = half[0] + half[1];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* The treated as masks, none in the room for a whole last block. */
MULTIVERSION static void mask_treated(const unsigned char *restrict arm, int64_t *restrict treated,
                                      int n)
{
    for (int i = 0; i < n; i++) treated[i] = -(int64_t)arm[i];
    for (int i = n; i < n + BLOCK; i++) treated[i] = 0;
}

struct sums {
    lanes arm[2][HALVES], square[2][HALVES];
};

MULTIVERSION_PART void add_block(struct sums *sum, const double *y, const int64_t *treated,
                                 const double origin[2])
{
    for (int k = 0; k < HALVES; k++) {
        lanes v;
        masks m;
        memcpy(&v, y + k * LANES, sizeof v);
        memcpy(&m, treated + k * LANES, sizeof m);
        const lanes c = (lanes)((masks)(v - origin[0]) & ~m);
        const lanes e = (lanes)((masks)(v - origin[1]) & m);
        sum->arm[0][k] += c;
        sum->arm[1][k] += e;
        sum->square[0][k] += c * c;
        sum->square[1][k] += e * e;
    }
}

/* The sums of y - origin[a] over arm a, and of its square. The last block is filled up with
 * controls at their origin, who add nothing. */
MULTIVERSION static void arm_sums(const struct sample *s, const int64_t *treated,
                                  const double origin[2], double sum[2], double square[2])
{
    const int whole = s->n - s->n % BLOCK;
    struct sums t = {{{{0}}}, {{{0}}}};
    for (int i = 0; i < whole; i += BLOCK) add_block(&t, s->value + i, treated + i, origin);
    double last[BLOCK];
    for (int k = 0; k < BLOCK; k++) last[k] = whole + k < s->n ? s->value[whole + k] : origin[0];
    add_block(&t, last, treated + whole, origin);
    for (int a = 0; a < 2; a++) {
        sum[a] = total(t.arm[a]);
        square[a] = total(t.square[a]);
    }
}

/* mean[a] of arm a less `first`, square[a] the sum of squares about it. All are taken from a value
 * of the sample, so that a large constant in all of them costs no digits; once more from the means,
 * where that value is so far from one that the squares would lose some. False on overflow. */
static bool find_moments(const struct sample *s, double first, double mean[2], double square[2],
                         struct scratch *w)
{
    double origin[2] = {first, first}, sum[2];
    int64_t *treated = scratch_take(w, (size_t)s->n + BLOCK, sizeof *treated);
    mask_treated(s->arm, treated, s->n);
    arm_sums(s, treated, origin, sum, square);
    bool near = true;
    for (int a = 0; a < 2; a++) {
        mean[a] = sum[a] / s->n_arm[a];
        origin[a] = first + mean[a];
        const double about = square[a] - sum[a] * mean[a];
        near = near && square[a] <= FAR * about;
        square[a] = about;
    }
    if (!isfinite(mean[0]) || !isfinite(mean[1])) return false;
    if (near) return true;
    arm_sums(s, treated, origin, sum, square);
    for (int a = 0; a < 2; a++) square[a] = fmax(0, square[a] - sum[a] * sum[a] / s->n_arm[a]);
    return true;
}

static struct t_test compare_means(const struct sample *s, int variance, struct scratch *w)
{
    const double first = s->value[0], n[2] = {s->n_arm[0], s->n_arm[1]};
    double mean[2], v[2]; /* sums of squares, then variances of the means */
    if (!find_moments(s, first, mean, v, w)) return (struct t_test){.why = UNDEFINED_OVERFLOW};
    struct t_test t = {.estimate = mean[1] - mean[0], .why = UNDEFINED_NO};
    if (variance == VARIANCE_EQUAL) {
        t.df = n[0] + n[1] - 2;
        t.se = sqrt((v[0] + v[1]) / t.df * (1 / n[0] + 1 / n[1]));
    } else {
        for (int a = 0; a < 2; a++) v[a] /= (n[a] - 1) * n[a];
        t.se = sqrt(v[0] + v[1]);
        const double share[2] = {v[0] / (v[0] + v[1]), v[1] / (v[0] + v[1])}; /* of no unit */
        t.df = 1 / (share[0] * share[0] / (n[0] - 1) + share[1] * share[1] / (n[1] - 1));
    }
    const double farthest = fmax(fabs(first + mean[0]), fabs(first + mean[1]));
    if (t.se <= 10 * DBL_EPSILON * farthest) t.why = UNDEFINED_NO_VARIATION;
    return t;
}

static void subtract_multiple(double *x, double factor, const double *q, int n)
{
    for (int i = 0; i < n; i++) x[i] -= factor * q[i];
}

/* A copy of x less its mean; false when nothing but rounding is left. */
static bool centre(double *to, const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i] - x[0];
    const double mean = sum / n;
    double largest = 0;
    for (int i = 0; i < n; i++) {
        to[i] = x[i] - x[0] - mean;
        largest = fmax(largest, fabs(to[i]));
    }
    return largest > 1e-14 * fabs(x[0]);
}

static double outcome_square(const struct sample *s, struct scratch *w)
{
    double *whole = scratch_doubles(w, s->n);
    (void)centre(whole, s->value, s->n);
    return lanes_dot(whole, whole, s->n);
}

/* y on 1, x and arm by modified Gram-Schmidt on centred columns (Björck 1967, BIT 7:1), the arm
 * last: its coefficient is that of what is left of y on what is left of the arm (Frisch & Waugh
 * 1933). A column of which less than 1e-7 is left makes the fit singular, as R's lm has it. */
static struct t_test adjust_means(const struct sample *s, struct scratch *w)
{
    const int n = s->n, p = s->n_x + 1;
    double **q = scratch_take(w, (size_t)p + 1, sizeof *q), *arm = scratch_doubles(w, n);
    for (int i = 0; i < n; i++) arm[i] = s->arm[i];
    for (int j = 0; j <= p; j++) {
        const double *x = j < s->n_x ? s->x[j] : j < p ? arm : s->value;
        q[j] = scratch_doubles(w, n);
        if (!centre(q[j], x, n)) {
            return (struct t_test){.why = j < p ? UNDEFINED_SINGULAR : UNDEFINED_NO_VARIATION};
        }
    }
    double square = 0, coefficient = 0;
    for (int j = 0; j < p; j++) {
        const double *x = j < s->n_x ? s->x[j] : arm;
        double *whole = scratch_doubles(w, n);
        (void)centre(whole, x, n);
        square = lanes_dot(q[j], q[j], n);
        const double of_whole = lanes_dot(whole, whole, n);
        if (!isfinite(of_whole)) return (struct t_test){.why = UNDEFINED_OVERFLOW};
        if (square <= COLLINEAR * COLLINEAR * of_whole)
            return (struct t_test){.why = UNDEFINED_SINGULAR};
        for (int k = j + 1; k <= p; k++) {
            coefficient = lanes_dot(q[j], q[k], n) / square;
            subtract_multiple(q[k], coefficient, q[j], n);
        }
    }
    const double df = n - p - 1, residual = lanes_dot(q[p], q[p], n);
    const double outcome = outcome_square(s, w);
    if (!isfinite(outcome)) return (struct t_test){.why = UNDEFINED_OVERFLOW};
    const bool exact = residual <= ROUNDING * ROUNDING * outcome;
    return (struct t_test){.estimate = coefficient,
                           .se = sqrt(residual / df / square),
                           .df = df,
                           .why = exact ? UNDEFINED_EXACT_FIT : UNDEFINED_NO};
}

static enum undefined why_not(const struct sample *s, int variance)
{
    const int n0 = s->n_arm[0], n1 = s->n_arm[1];
    if (s->n == 0) return UNDEFINED_NO_PATIENTS;
    if (n0 == 0 || n1 == 0) return UNDEFINED_EMPTY_ARM;
    if (s->adjusted) return s->n > s->n_x + 2 ? UNDEFINED_NO : UNDEFINED_TOO_FEW;
    const bool enough = variance == VARIANCE_EQUAL ? n0 + n1 > 2 : n0 > 1 && n1 > 1;
    return enough ? UNDEFINED_NO : UNDEFINED_TOO_FEW;
}

static struct t_test compare(const void *params, const struct sample *s, struct scratch *w)
{
    const struct mean_difference *method = params;
    struct t_test t = {.why = why_not(s, method->variance)};
    if (t.why == UNDEFINED_NO) {
        const struct scratch_mark mark = scratch_save(w);
        t = s->adjusted ? adjust_means(s, w) : compare_means(s, method->variance, w);
        scratch_restore(w, mark);
    }
    return t;
}

static struct result answer(const struct t_test *t, const struct inference *in, int n)
{
    if (t->why != UNDEFINED_NO) return result_undefined(t->why, n, 0);
    const double width = student_upper_quantile(in->alpha / in->sides, t->df) * t->se;
    const double statistic = (t->estimate - in->null) / t->se;
    return (struct result){.estimate = t->estimate,
                           .se = t->se,
                           .ci_low = t->estimate - width,
                           .ci_high = t->estimate + width,
                           .statistic = statistic,
                           .p_value = p_student(in, statistic, t->df),
                           .n = n};
}

static void mean_difference_run(const void *params, const struct inference *in,
                                const struct sample *s, struct scratch *w, struct result *out)
{
    const struct t_test t = compare(params, s, w);
    *out = answer(&t, in, s->n);
}

/* One sample, none of it imputed. */
static void pooled_run(const void *params, const struct inference *in, const struct sample *s,
                       struct scratch *w, struct result *out)
{
    const struct t_test t = compare(params, s, w);
    for (int k = 0; k < POOLED_OUTPUTS; k++) out[k] = result_undefined(t.why, s->n, 0);
    out[POOLED] = answer(&t, in, s->n);
    if (t.why != UNDEFINED_NO) return;
    out[POOLED_DF].estimate = t.df;
    out[POOLED_WITHIN].estimate = t.se;
    out[POOLED_BETWEEN].estimate = out[POOLED_INFORMATION].estimate = 0;
}

static const struct output mean_difference_outputs[POOLED_OUTPUTS] = {
    [POOLED] = {.brief = "mean difference", .scale = SCALE_IDENTITY},
    [POOLED_DF] = {"df", "degrees of freedom, by Barnard & Rubin", SCALE_IDENTITY, NAN,
                   BENEFIT_OF_ENDPOINT},
    [POOLED_WITHIN] = {"within", "se within imputations", SCALE_IDENTITY, NAN, BENEFIT_OF_ENDPOINT},
    [POOLED_BETWEEN] = {"between", "sd of estimates between imputations", SCALE_IDENTITY, NAN,
                        BENEFIT_OF_ENDPOINT},
    [POOLED_INFORMATION] = {"missing_information", "fraction of information missing",
                            SCALE_IDENTITY, NAN, BENEFIT_OF_ENDPOINT},
};

static const struct analysis mean_difference_pooled = {
    .name = "mean_difference",
    .outcome = OUTCOME_VALUE,
    .uses = USES_ADJUST | POOLS_IMPUTATIONS,
    .params = mean_difference_params,
    .params_size = sizeof(struct mean_difference),
    .n_outputs = POOLED_OUTPUTS,
    .outputs = mean_difference_outputs,
    .run = pooled_run,
};

const struct analysis analysis_mean_difference = {
    .name = "mean_difference",
    .brief = "difference of means, Welch or Student; adjusted by analysis of covariance",
    .formula = "mean1 - mean0; se sqrt(s1^2/n1 + s0^2/n0) with Welch's degrees of freedom, or "
               "pooled; with\n"
               "covariates the arm's least-squares coefficient in y = 1 + x + arm; p and limits by "
               "Student's t. With\n"
               "missing: multiple also .df, .within, .between, .missing_information: see 'shocksim "
               "help missing'",
    .reference = "Welch 1947, Biometrika 34:28; R t.test, lm",
    .outcome = OUTCOME_VALUE,
    .uses = USES_ADJUST,
    .params = mean_difference_params,
    .params_size = sizeof(struct mean_difference),
    .n_outputs = 1,
    .outputs = mean_difference_outputs,
    .example = "{method: mean_difference, endpoint: days}",
    .run = mean_difference_run,
    .with_imputations = &mean_difference_pooled,
};
