/* columns.c - see columns.h.  SPDX-License-Identifier: MIT */
#include "analysis/columns.h"

#include "base/dispatch.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { SUMS = 8, STRIP = 16 };

#define COLLINEAR 1e-7 /* what is left of a column of mean square 1, beside those before it */

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

/* Takes `mean` off x and returns the sum of squares of what is left. */
MULTIVERSION static double squares_about(double *x, double mean, int n)
{
    double sum[SUMS] = {0};
    int i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (int k = 0; k < SUMS; k++) {
            x[i + k] -= mean;
            sum[k] += x[i + k] * x[i + k];
        }
    }
    for (int k = 0; i < n; i++, k++) {
        x[i] -= mean;
        sum[k] += x[i] * x[i];
    }
    return total(sum);
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

/* y := covariate of the patients less that of the first one; returns the sum. Not for every vector
 * width: processors gather no faster than this. */
static double gather(double *restrict y, const double *restrict covariate, const int *patient,
                     int n)
{
    const double offset = covariate[patient[0]];
    double sum[SUMS] = {0};
    int i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (int k = 0; k < SUMS; k++) sum[k] += y[i + k] = covariate[patient[i + k]] - offset;
    }
    for (int k = 0; i < n; i++, k++) sum[k] += y[i] = covariate[patient[i]] - offset;
    return total(sum);
}

/* x := the covariate in the rows' order, centred within groups; returns its sum of squares. A
 * group's first value is taken off before its mean is, so that a large common offset costs no
 * digits and a constant gives zeros. */
static double centre(double *x, const double *covariate, const struct rows *rows)
{
    double squares = 0;
    for (int g = 0; g < rows->n_groups; g++) {
        const int first = rows->start[g], n = rows->start[g + 1] - first;
        double *y = x + first, sum;
        if (rows->patient != NULL) {
            sum = gather(y, covariate, rows->patient + first, n);
        } else {
            for (int i = 0; i < n; i++) y[i] = covariate[first + i] - covariate[first];
            sum = lanes_sum(y, n);
        }
        squares += squares_about(y, sum / n, n);
    }
    return squares;
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

/* Four columns' lanes become four rows' lanes, `stride` apart. */
MULTIVERSION_PART void transpose(const lanes x[LANES], lanes *to, size_t stride)
{
    const lanes even_01 = __builtin_shufflevector(x[0], x[1], 0, 4, 2, 6);
    const lanes odd_01 = __builtin_shufflevector(x[0], x[1], 1, 5, 3, 7);
    const lanes even_23 = __builtin_shufflevector(x[2], x[3], 0, 4, 2, 6);
    const lanes odd_23 = __builtin_shufflevector(x[2], x[3], 1, 5, 3, 7);
    to[0] = __builtin_shufflevector(even_01, even_23, 0, 1, 4, 5);
    to[stride] = __builtin_shufflevector(odd_01, odd_23, 0, 1, 4, 5);
    to[2 * stride] = __builtin_shufflevector(even_01, even_23, 2, 3, 6, 7);
    to[3 * stride] = __builtin_shufflevector(odd_01, odd_23, 2, 3, 6, 7);
}

MULTIVERSION static void fill_rows(struct columns *z)
{
    const size_t blocks = (size_t)z->blocks, room = (size_t)z->room;
    for (int b = 0; b < z->blocks; b++) {
        double *column = z->column + (size_t)(b * LANES) * room;
        const int n_columns = z->p - b * LANES;
        for (int i = 0; i < z->n; i += LANES) {
            lanes x[LANES] = {{0}, {0}, {0}, {0}};
            for (int k = 0; k < LANES; k++) {
                if (k < n_columns) x[k] = *(lanes *)(column + (size_t)k * room + i);
            }
            transpose(x, z->row + (size_t)i * blocks + (size_t)b, blocks);
        }
    }
}

bool columns_build(struct columns *z, const struct sample *s, const struct rows *rows,
                   bool intercept, struct scratch *w)
{
    const int p = (s->arm != NULL) + s->n_x + intercept;
    const int n = rows->n, room = (n + STRIP - 1) / STRIP * STRIP;
    const int blocks = (p + LANES - 1) / LANES;
    *z = (struct columns){n, p, room, blocks, .unit = 1};
    z->column = scratch_take(w, (size_t)p * (size_t)room, sizeof *z->column);
    z->row = scratch_take(w, (size_t)room * (size_t)blocks, sizeof *z->row);
    const struct scratch_mark mark = scratch_save(w);
    int n_columns;
    const double **covariate = question_last(s, &n_columns, w);
    double *x = z->column;
    for (int j = 0; j < p; j++) {
        for (int i = n; i < room; i++) x[j * room + i] = 0;
    }
    if (intercept) {
        for (int i = 0; i < n; i++) x[i] = 1;
        x += room;
    }
    bool every_one_varies = true;
    for (int j = 0; j < n_columns; j++, x += room) {
        const double rms = sqrt(centre(x, covariate[j], rows) / n);
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
        something_left &= rms > COLLINEAR;
        scale_by(x, rms > COLLINEAR ? 1 / rms : 0, z->n);
        if (j == z->p - 1) z->unit *= rms;
    }
    z->orthogonal = true;
    fill_rows(z);
    return something_left;
}

/* Sixteen rows at a time stay in registers. */
MULTIVERSION void columns_predict(const struct columns *z, const double *beta, double *eta)
{
    for (int i = 0; i < z->n; i += STRIP) {
        const double *x = z->column + i;
        lanes sum[STRIP / LANES] = {{0}, {0}, {0}, {0}};
        for (int j = 0; j < z->p; j++, x += z->room) {
            for (int k = 0; k < STRIP / LANES; k++) sum[k] += beta[j] * ((const lanes *)x)[k];
        }
        for (int k = 0; k < STRIP / LANES; k++) ((lanes *)(eta + i))[k] = sum[k];
    }
}

/* One or two blocks of the columns; four rows at a time, as each addition waits for the last. */
MULTIVERSION_PART void add_rows(lanes *to, const lanes *row, int n, size_t blocks,
                                const double *weight, int count)
{
    lanes sum[4][2] = {{{0}, {0}}, {{0}, {0}}, {{0}, {0}}, {{0}, {0}}};
    int i = 0;
    for (; i + 4 <= n; i += 4, row += 4 * blocks) {
        for (size_t r = 0; r < 4; r++) {
            for (int b = 0; b < count; b++)
                sum[r][b] += weight[i + (int)r] * row[r * blocks + (size_t)b];
        }
    }
    for (; i < n; i++, row += blocks) {
        for (int b = 0; b < count; b++) sum[0][b] += weight[i] * row[b];
    }
    for (int b = 0; b < count; b++) {
        to[b] += (sum[0][b] + sum[2][b]) + (sum[1][b] + sum[3][b]);
    }
}

MULTIVERSION void rows_add(lanes *to, const lanes *row, int n, int blocks, const double *weight)
{
    int b = 0;
    for (; b + 2 <= blocks; b += 2) add_rows(to + b, row + b, n, (size_t)blocks, weight, 2);
    if (b < blocks) add_rows(to + b, row + b, n, (size_t)blocks, weight, 1);
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

/* The triangle of one or two blocks of columns from `first` on, and their own sums, in one pass. */
MULTIVERSION_PART void add_triangle(double *to, lanes *own, const double *row, int n, int stride,
                                    const double *weight, int first, int count)
{
    lanes left[2 * LANES], right[LANES], total[2] = {{0}, {0}};
    double *corner = to + first * (stride + 1);
    for (int k = 0; k < count * LANES; k++) left[k] = *(lanes *)(corner + k * stride);
    for (int k = 0; k < LANES && count > 1; k++)
        right[k] = *(lanes *)(corner + (LANES + k) * stride + LANES);
    row += first;
    for (int i = 0; i < n; i++, row += stride) {
        const lanes y = weight[i] * *(const lanes *)row;
        total[0] += y;
        for (int k = 0; k < count * LANES; k++) left[k] += row[k] * y;
        if (count == 1) continue;
        const lanes z = weight[i] * *(const lanes *)(row + LANES);
        total[1] += z;
        for (int k = 0; k < LANES; k++) right[k] += row[LANES + k] * z;
    }
    for (int k = 0; k < count * LANES; k++) *(lanes *)(corner + k * stride) = left[k];
    for (int k = 0; k < LANES && count > 1; k++)
        *(lanes *)(corner + (LANES + k) * stride + LANES) = right[k];
    for (int b = 0; b < count && own != NULL; b++) own[b] += total[b];
}

MULTIVERSION void rows_add_products(double *to, lanes *sum, const lanes *row, int n, int blocks,
                                    const double *weight)
{
    const double *x = (const double *)row;
    const int stride = blocks * LANES;
    for (int b = 0; b < blocks; b += 2) {
        lanes *own = sum != NULL ? sum + b : NULL;
        const int c = b * LANES;
        if (b + 1 == blocks)
            add_triangle(to, own, x, n, stride, weight, c, 1);
        else
            add_triangle(to, own, x, n, stride, weight, c, 2);
        for (int first = c + 2 * LANES; first < stride; first += 2 * LANES) {
            for (int column = c; column <= c + LANES; column += LANES) {
                if (first + LANES < stride)
                    add_strip(to, x, n, stride, weight, first, 2 * LANES, column);
                else
                    add_strip(to, x, n, stride, weight, first, LANES, column);
            }
        }
    }
}
