/* cox_start.c - see cox_start.h.  SPDX-License-Identifier: MIT
 *
 * Newton's method in single precision, with Breslow's likelihood whatever the ties: one term a time
 * of death, with all who die then at risk (partial_likelihood.c has the formulas). Single precision
 * and the last step leave some 1e-6 standard errors. A step by the gradient in double precision and
 * the information of the last one leaves about 1e-9, and below 1e-6 in small samples, without ties;
 * with ties the start is less near.
 *
 * It gives no answer where the question is hard: for many or nearly collinear columns, and when it
 * does not converge at once. */
#include "analysis/cox_start.h"

#include "base/dispatch.h"
#include "stat/cholesky.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { STRIP = 16, WIDE = 8, CHAINS = 4, ITERATIONS_MAX = 6 };
typedef float wide __attribute__((vector_size(WIDE * sizeof(float)), may_alias));
typedef int whole __attribute__((vector_size(WIDE * sizeof(int)), may_alias));

#define NEAR       0.035 /* length of a step, in standard errors, after which the rest is small */
#define SLOW       0.7   /* of the step before: so long a step shows no convergence */
#define COLLINEAR  1e-3  /* variance left to a column given those before it, as a share */
#define FAR        30.0F /* a linear predictor: hazards this far apart are left to others */
#define LONG_START 0.1   /* in standard deviations of a column: no short step at a true maximum */

struct start {
    const struct partial_likelihood *f;
    int room, times_room; /* rows and times in whole strips; what is beyond is 0 */
    float *column;        /* [8][room] */
    wide *row;            /* [rows] */
    int *closing;         /* [rows] 1: the last row at risk at a time of death */
    float *deaths;        /* [times] */
    struct derivatives d;

    /* At the coefficients evaluated last: */
    float *weight, *v; /* [rows] exp(linear predictor); expected deaths */
    float *hazard;     /* [rows] its increment at the time that the row closes, else 0 */
    wide *sum;         /* [times] S1, */
    float *sum_column; /* [8][times_room] the same by column */
    float *total;      /* [times] S0, then deaths / S0 */
    float *minus;      /* [times] -deaths / S0^2 */
};

static int whole_strips(int n)
{
    return (n + STRIP - 1) / STRIP * STRIP;
}

static struct start start_new(const struct partial_likelihood *f, struct scratch *w)
{
    const struct risk_sets *sets = f->sets;
    const size_t n = (size_t)sets->n, times = (size_t)sets->n_times;
    const int stride = f->z->blocks * LANES, room = whole_strips(sets->n);
    const int times_room = whole_strips(sets->n_times);
    struct start s = {
        .f = f,
        .room = room,
        .times_room = times_room,
        .column = scratch_take(w, (size_t)(WIDE * room), sizeof *s.column),
        .row = scratch_take(w, (size_t)room, sizeof *s.row),
        .closing = scratch_ints(w, sets->n),
        .deaths = scratch_take(w, times, sizeof *s.deaths),
        .d = {.gradient = scratch_doubles(w, stride),
              .information = scratch_doubles(w, stride * stride),
              .scale = scratch_doubles(w, stride)},
        .weight = scratch_take(w, (size_t)room, sizeof *s.weight),
        .v = scratch_take(w, (size_t)room, sizeof *s.v),
        .hazard = scratch_take(w, n, sizeof *s.hazard),
        .sum = scratch_take(w, (size_t)times_room, sizeof *s.sum),
        .sum_column = scratch_take(w, (size_t)(WIDE * times_room), sizeof *s.sum_column),
        .total = scratch_take(w, times, sizeof *s.total),
        .minus = scratch_take(w, (size_t)times_room, sizeof *s.minus),
    };
    memset(s.closing, 0, n * sizeof *s.closing);
    memset(s.hazard, 0, n * sizeof *s.hazard);
    memset(s.column + f->z->p * room, 0, (size_t)((WIDE - f->z->p) * room) * sizeof *s.column);
    for (int i = sets->n; i < room; i++) s.v[i] = 0;
    for (int k = sets->n_times; k < times_room; k++) s.sum[k] = (wide){0}, s.minus[k] = 0;
    for (int k = 0; k < sets->n_times; k++) {
        s.closing[sets->time[k].end - 1] = 1;
        s.deaths[k] = (float)sets->time[k].deaths;
    }
    return s;
}

#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* Eight rows become eight columns, `apart`, or the other way round. */
MULTIVERSION_PART void transpose(const wide x[WIDE], float *to, int apart)
{
    wide pair[WIDE], four[WIDE];
    for (int k = 0; k < WIDE; k += 2) {
        pair[k] = PICK(x[k], x[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[k + 1] = PICK(x[k], x[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int k = 0; k < WIDE; k += 4) {
        for (int h = 0; h < 2; h++) {
            four[k + 2 * h] = PICK(pair[k + h], pair[k + 2 + h], 0, 1, 8, 9, 4, 5, 12, 13);
            four[k + 2 * h + 1] = PICK(pair[k + h], pair[k + 2 + h], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int k = 0; k < WIDE / 2; k++) {
        *(wide *)(to + k * apart) = PICK(four[k], four[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(wide *)(to + (k + 4) * apart) = PICK(four[k], four[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

MULTIVERSION static void narrow(struct start *s)
{
    const int room = s->room;
    for (int j = 0; j < s->f->z->p; j++) {
        const double *restrict from = s->f->z->column + j * s->f->z->room;
        float *restrict to = s->column + j * room;
        for (int i = 0; i < room; i++) to[i] = (float)from[i];
    }
    for (int i = 0; i < room; i += WIDE) {
        wide x[WIDE];
        for (int j = 0; j < WIDE; j++) x[j] = *(const wide *)(s->column + j * room + i);
        transpose(x, (float *)(s->row + i), WIDE);
    }
}

/* exp(x) for |x| <= FAR, within 3e-7: 2^k times the series of the rest. */
MULTIVERSION_PART void exponential(wide *to, const wide *eta)
{
    const wide x = *eta;
    const wide to_whole = (wide){0} + 0x1.8p23F, k = (x * 1.44269504F + to_whole) - to_whole;
    const wide r = (x - k * 0.693359375F) + k * 2.12194440e-4F;
    const wide series =
        1 + r * (1 + r * (1.F / 2 + r * (1.F / 6 + r * (1.F / 24 + r * (1.F / 120)))));
    *to = series * (wide)((__builtin_convertvector(k, whole) + 127) << 23);
}

/* Weights at beta; false when linear predictors are far apart. */
MULTIVERSION static bool weigh(struct start *s, const double *beta)
{
    const int room = s->room;
    const float *restrict column = s->column;
    float *restrict weight = s->weight, b[WIDE] = {0};
    for (int j = 0; j < s->f->z->p; j++) b[j] = (float)beta[j];
    whole farthest = {0}; /* of absolute values, whose bits are in order */
    for (int i = 0; i < room; i += WIDE) {
        wide part[2] = {{0}, {0}};
        for (int j = 0; j < WIDE; j++) part[j % 2] += b[j] * *(const wide *)(column + j * room + i);
        const wide eta = part[0] + part[1];
        const whole apart = (whole)eta & INT_MAX, more = apart > farthest;
        farthest = (apart & more) | (farthest & ~more);
        exponential((wide *)(weight + i), &eta);
    }
    float most = 0;
    for (int k = 0; k < WIDE; k++) most = fmaxf(most, ((wide)farthest)[k]);
    return most <= FAR; /* none is NaN: columns and coefficients are finite */
}

/* S1 and S0 over rows that no order binds; four at a time, as each addition waits for the last. */
MULTIVERSION_PART void sum_rows(const struct start *s, int first, int end, wide *to, float *total)
{
    const float *weight = s->weight;
    wide sum[CHAINS] = {{0}, {0}, {0}, {0}};
    float weights[CHAINS] = {0};
    int i = first;
    for (; i + CHAINS <= end; i += CHAINS) {
        for (int k = 0; k < CHAINS; k++) {
            sum[k] += weight[i + k] * s->row[i + k];
            weights[k] += weight[i + k];
        }
    }
    for (; i < end; i++) {
        sum[0] += weight[i] * s->row[i];
        weights[0] += weight[i];
    }
    *total = (weights[0] + weights[2]) + (weights[1] + weights[3]);
    *to = (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* Sums over the risk sets of one stratum, its times from k on: what is written last in a time's
 * place is its sum. Returns the time after them. */
MULTIVERSION_PART int sum_stratum(struct start *s, int stratum, int k)
{
    const struct risk_sets *sets = s->f->sets;
    const int lead = sets->lead[stratum], end = sets->start[stratum + 1];
    const wide *restrict row = s->row;
    const float *restrict weight = s->weight;
    const int *restrict closing = s->closing;
    wide *restrict sums = s->sum, sum;
    float *restrict totals = s->total, total;
    sum_rows(s, sets->start[stratum], lead, &sum, &total);
    for (int i = lead; i < end; i++) {
        sums[k] = sum += weight[i] * row[i];
        totals[k] = total += weight[i];
        k += closing[i];
    }
    return k;
}

/* Expected deaths of the rows of one stratum, from the increments in the rows that close times. */
MULTIVERSION_PART void expect_stratum(struct start *s, int stratum)
{
    const struct risk_sets *sets = s->f->sets;
    const int start = sets->start[stratum], lead = sets->lead[stratum];
    const float *restrict weight = s->weight, *restrict increment = s->hazard;
    float *restrict v = s->v, hazard = 0;
    int i = sets->start[stratum + 1] - 1;
    for (; i - 3 >= lead; i -= 4) { /* so that additions wait for one in four */
        const float two = increment[i] + increment[i - 1];
        const float three = two + increment[i - 2];
        const float four = two + (increment[i - 2] + increment[i - 3]);
        v[i] = weight[i] * (hazard + increment[i]);
        v[i - 1] = weight[i - 1] * (hazard + two);
        v[i - 2] = weight[i - 2] * (hazard + three);
        v[i - 3] = weight[i - 3] * (hazard + four);
        hazard += four;
    }
    for (; i >= lead; i--) {
        hazard += increment[i];
        v[i] = weight[i] * hazard;
    }
    for (i = start; i < lead; i++) v[i] = weight[i] * hazard;
}

MULTIVERSION_PART double across(const wide *x)
{
    const float *a = (const float *)x;
    return (double)(((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7])));
}

/* information += sum_i weight[i] x[i] x[i]' and sum := sum_i weight[i] x[i], for columns first …
 * first + count - 1 and all from there on: as many sums as stay in registers. */
MULTIVERSION_PART void add_columns(struct start *s, const float *x, int room, const float *weight,
                                   double *sum, int first, int count)
{
    const int stride = s->f->z->blocks * LANES, end = first + count;
    wide product[WIDE][WIDE], total[WIDE];
    for (int j = first; j < end; j++) {
        total[j] = (wide){0};
        for (int k = j; k < WIDE; k++) product[j][k] = (wide){0};
    }
    for (int i = 0; i < room; i += WIDE) {
        for (int j = first; j < end; j++) {
            const wide y = *(const wide *)(weight + i) * *(const wide *)(x + j * room + i);
            total[j] += y;
            for (int k = j; k < WIDE; k++) product[j][k] += y * *(const wide *)(x + k * room + i);
        }
    }
    for (int j = first; j < end && j < stride; j++) {
        sum[j] = across(&total[j]);
        for (int k = j; k < stride; k++) s->d.information[k * stride + j] += across(&product[j][k]);
    }
}

MULTIVERSION_PART void add_products(struct start *s, const float *x, int room, const float *weight,
                                    double *sum)
{
    add_columns(s, x, room, weight, sum, 0, 2);
    add_columns(s, x, room, weight, sum, 2, 2);
    add_columns(s, x, room, weight, sum, 4, 4);
}

/* Gradient and information at s->weight. */
MULTIVERSION static void evaluate(struct start *s)
{
    const struct partial_likelihood *f = s->f;
    const int stride = f->z->blocks * LANES;
    for (int g = 0, k = 0; g < f->sets->n_strata; g++) k = sum_stratum(s, g, k);
    for (int k = 0; k < f->sets->n_times; k++) {
        const float increment = s->deaths[k] / s->total[k];
        s->minus[k] = -increment / s->total[k];
        s->total[k] = increment;
    }
    for (int k = 0; k < f->sets->n_times; k++) s->hazard[f->sets->time[k].end - 1] = s->total[k];
    for (int g = 0; g < f->sets->n_strata; g++) expect_stratum(s, g);
    double *information = s->d.information;
    memset(information, 0, (size_t)(stride * stride) * sizeof *information);
    double sum[WIDE];
    add_products(s, s->column, s->room, s->v, sum);
    for (int j = 0; j < stride; j++) {
        s->d.scale[j] = information[j * (stride + 1)];
        s->d.gradient[j] = ((const double *)f->observed)[j] - sum[j];
    }
    for (int k = 0; k < s->times_room; k += WIDE)
        transpose(s->sum + k, s->sum_column + k, s->times_room);
    add_products(s, s->sum_column, s->times_room, s->minus, sum);
}

/* Takes a step from beta by the gradient and the factored information. */
static struct newton_step take_step(struct start *s, double *beta)
{
    const int p = s->f->z->p, stride = s->f->z->blocks * LANES;
    const double *l = s->d.information;
    double *y = s->d.gradient, square = 0, longest = 0;
    cholesky_forward(l, p, stride, y);
    for (int j = 0; j < p; j++) square += y[j] * y[j];
    cholesky_backward(l, p, stride, y);
    for (int j = 0; j < p; j++) {
        longest = fmax(longest, fabs(y[j]));
        beta[j] += y[j];
    }
    return (struct newton_step){longest, sqrt(square), l[(p - 1) * (stride + 1)]};
}

/* Newton steps until what is left is small, the last of which is *made; false when it does not come
 * to that. */
static bool come_near(struct start *s, double *beta, struct newton_step *made)
{
    const int p = s->f->z->p, stride = s->f->z->blocks * LANES;
    double last = INFINITY;
    for (int i = 0; i < ITERATIONS_MAX; i++) {
        if (i == 0)
            for (int k = 0; k < s->room; k++) s->weight[k] = 1;
        else if (!weigh(s, beta))
            return false;
        evaluate(s);
        if (!(cholesky_factor(s->d.information, p, stride, s->d.scale) > COLLINEAR)) return false;
        *made = take_step(s, beta);
        if (made->length <= NEAR) return made->longest <= LONG_START;
        if (!(made->length <= SLOW * last)) return false;
        last = made->length;
    }
    return false;
}

bool cox_start(void *model, double *beta, struct newton_step *last, struct scratch *w)
{
    struct partial_likelihood *f = model;
    if (f->z->p > WIDE || f->offset != NULL) return false;
    const struct scratch_mark mark = scratch_save(w);
    struct start s = start_new(f, w);
    narrow(&s);
    memset(beta, 0, (size_t)f->z->p * sizeof *beta);
    const bool near = come_near(&s, beta, last);
    if (near) {
        partial_likelihood_gradient(f, beta, s.d.gradient);
        (void)take_step(&s, beta);
        if (f->n_terms > f->sets->n_times)
            *last = NO_STEP; /* by another likelihood's information */
    }
    scratch_restore(w, mark);
    return near;
}
