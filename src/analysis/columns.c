/* columns.c - see columns.h.  SPDX-License-Identifier: MIT */
#include "analysis/columns.h"

#include "base/dispatch.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { SUMS = 8 };

MULTIVERSION_PART double total(const double s[SUMS])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

MULTIVERSION double lanes_dot(const double *x, const double *y, int n)
{
    double sum[SUMS] = {0};
    int i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (int k = 0; k < SUMS; k++) sum[k] += x[i + k] * y[i + k];
    }
    for (int k = 0; i < n; i++, k++) sum[k] += x[i] * y[i];
    return total(sum);
}

MULTIVERSION double lanes_sum(const double *x, int n)
{
    double sum[SUMS] = {0};
    int i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (int k = 0; k < SUMS; k++) sum[k] += x[i + k];
    }
    for (int k = 0; i < n; i++, k++) sum[k] += x[i];
    return total(sum);
}

MULTIVERSION static void scale_by(double *x, double factor, int n)
{
    for (int i = 0; i < n; i++) x[i] *= factor;
}

/* Arm and covariates in the sample's units, the question's column last. */
static const double **question_last(const struct sample *s, int *n_columns, struct scratch *w)
{
    const double **list = scratch_take(w, (size_t)s->n_x + 1, sizeof *list);
    const double *arm = NULL;
    if (s->arm != NULL) {
        double *copy = scratch_doubles(w, s->n);
        for (int i = 0; i < s->n; i++) copy[i] = s->arm[i];
        arm = copy;
    }
    int n = 0;
    if (arm != NULL && s->term >= 0) list[n++] = arm;
    for (int j = 0; j < s->n_x; j++) {
        if (j != s->term) list[n++] = s->x[j];
    }
    const double *question = s->term >= 0 ? s->x[s->term] : arm;
    assert(question != NULL);
    list[n++] = question;
    *n_columns = n;
    return list;
}

/* x := the covariate in the rows' order, centred within groups. A group's first value is taken off
 * before its mean is, so that a large common offset costs no digits and a constant gives zeros. */
static void centre(double *x, const double *covariate, const struct rows *rows)
{
    for (int g = 0; g < rows->n_groups; g++) {
        const int first = rows->start[g], n = rows->start[g + 1] - first;
        double *y = x + first;
        if (rows->patient != NULL) {
            const int *patient = rows->patient + first;
            const double offset = covariate[patient[0]];
            for (int i = 0; i < n; i++) y[i] = covariate[patient[i]] - offset;
        } else {
            for (int i = 0; i < n; i++) y[i] = covariate[first + i] - covariate[first];
        }
        const double mean = lanes_sum(y, n) / n;
        for (int i = 0; i < n; i++) y[i] -= mean;
    }
}

static double root_mean_square(const double *x, int n)
{
    return sqrt(lanes_dot(x, x, n) / n);
}

/* What is left of a column when its rounding error alone would leave as much is nothing. */
static bool varies(double rms, double largest)
{
    return rms > 4 * DBL_EPSILON * largest;
}

static double largest_magnitude(const double *covariate, const struct rows *rows)
{
    double largest = 0;
    for (int g = 0; g < rows->n_groups; g++) {
        const int first = rows->start[g];
        largest = fmax(largest, fabs(covariate[rows->patient ? rows->patient[first] : first]));
    }
    return largest;
}

static void fill_rows(struct columns *z)
{
    const size_t room = (size_t)z->room;
    double *to = (double *)z->row;
    for (int i = 0; i < z->n; i++) {
        for (int j = 0; j < z->p; j++) *to++ = z->column[(size_t)j * room + (size_t)i];
        for (int j = z->p; j < z->blocks * LANES; j++) *to++ = 0;
    }
}

bool columns_build(struct columns *z, const struct sample *s, const struct rows *rows,
                   bool intercept, struct scratch *w)
{
    const int p = (s->arm != NULL) + s->n_x + intercept;
    const int n = rows->n, room = (n + LANES - 1) / LANES * LANES;
    const int blocks = (p + LANES - 1) / LANES;
    *z = (struct columns){n, p, room, blocks, .unit = 1};
    z->column = scratch_take(w, (size_t)p * (size_t)room, sizeof *z->column);
    z->row = scratch_take(w, (size_t)n * (size_t)blocks, sizeof *z->row);
    const struct scratch_mark mark = scratch_save(w);
    int n_columns;
    const double **covariate = question_last(s, &n_columns, w);
    double *x = z->column;
    if (intercept) {
        for (int i = 0; i < n; i++) x[i] = 1;
        x += room;
    }
    bool every_one_varies = true;
    for (int j = 0; j < n_columns; j++, x += room) {
        centre(x, covariate[j], rows);
        const double rms = root_mean_square(x, n);
        every_one_varies &= varies(rms, largest_magnitude(covariate[j], rows)) && isfinite(rms);
        scale_by(x, 1 / rms, n);
        z->unit = rms;
    }
    scratch_restore(w, mark);
    if (every_one_varies) fill_rows(z);
    return every_one_varies;
}

/* Modified Gram-Schmidt, twice (Giraud, Langou & Rozloznik 2005, Comput. Math. Appl. 50:1069):
 * orthogonal to rounding. Columns come with mean square 1. */
bool columns_orthogonalise(struct columns *z)
{
    bool something_left = true;
    for (int j = 0; j < z->p; j++) {
        double *x = z->column + (size_t)j * (size_t)z->room;
        for (int pass = 0; pass < 2; pass++) {
            for (int k = 0; k < j; k++) {
                const double *y = z->column + (size_t)k * (size_t)z->room;
                const double share = lanes_dot(x, y, z->n) / z->n;
                for (int i = 0; i < z->n; i++) x[i] -= share * y[i];
            }
        }
        const double rms = root_mean_square(x, z->n);
        something_left &= varies(rms, 1);
        scale_by(x, 1 / rms, z->n);
        if (j == z->p - 1) z->unit *= rms;
    }
    z->orthogonal = true;
    fill_rows(z);
    return something_left;
}

MULTIVERSION void columns_predict(const struct columns *z, const double *beta, double *eta)
{
    memset(eta, 0, (size_t)z->n * sizeof *eta);
    for (int j = 0; j < z->p; j++) {
        const double *x = z->column + (size_t)j * (size_t)z->room;
        const double b = beta[j];
        for (int i = 0; i < z->n; i++) eta[i] += b * x[i];
    }
}

MULTIVERSION void rows_add(lanes *to, const lanes *row, int n, int blocks, const double *weight)
{
    for (int b = 0; b < blocks; b++) {
        const lanes *x = row + b;
        lanes even = to[b], odd = {0};
        int i = 0;
        for (; i + 1 < n; i += 2) {
            even += weight[i] * x[(size_t)i * (size_t)blocks];
            odd += weight[i + 1] * x[(size_t)(i + 1) * (size_t)blocks];
        }
        if (i < n) even += weight[i] * x[(size_t)i * (size_t)blocks];
        to[b] = even + odd;
    }
}

/* Rows first … first+count-1 and columns column … column+3 of the products: at most eight sums of
 * four, which stay in registers. */
MULTIVERSION_PART void add_strip(double *to, const double *row, int n, int stride,
                                 const double *weight, int first, int count, int column)
{
    lanes sum[2 * LANES];
    for (int k = 0; k < count; k++) sum[k] = *(lanes *)(to + (first + k) * stride + column);
    for (int i = 0; i < n; i++, row += stride) {
        const lanes y = weight[i] * *(const lanes *)(row + column);
        for (int k = 0; k < count; k++) sum[k] += row[first + k] * y;
    }
    for (int k = 0; k < count; k++) *(lanes *)(to + (first + k) * stride + column) = sum[k];
}

MULTIVERSION void rows_add_products(double *to, const lanes *row, int n, int blocks,
                                    const double *weight)
{
    const double *x = (const double *)row;
    const int stride = blocks * LANES;
    for (int c = 0; c < stride; c += LANES) {
        int b = c;
        for (; b + LANES < stride; b += 2 * LANES) {
            add_strip(to, x, n, stride, weight, b, 2 * LANES, c);
        }
        if (b < stride) add_strip(to, x, n, stride, weight, b, LANES, c);
    }
}
