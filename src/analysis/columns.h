/* columns.h - covariates made ready for a likelihood: centred, scaled, the question's column last.
 * SPDX-License-Identifier: MIT
 *
 * Every sum runs in an order fixed by the data's order and by lanes of eight, so that results are
 * the same bits at every vector width. */
#ifndef ANALYSIS_COLUMNS_H
#define ANALYSIS_COLUMNS_H

#include "model/analysis.h"

#include <stdbool.h>

/* Four doubles that are worked on together: a vector type, so that compilers need not guess; of a
 * size that every width handles well. */
typedef double lanes __attribute__((vector_size(32), may_alias));
enum { LANES = 4 };

/* Which patients are rows, and in which groups of rows a shift of a column changes nothing. */
struct rows {
    int n;
    const int *patient; /* [n], or NULL: row i is patient i */
    int n_groups;
    const int *start; /* [n_groups + 1], from 0 to n */
};

/* The same numbers twice: by column, and by row in blocks of four columns padded with zeros. */
struct columns {
    int n, p, room; /* rows, columns, distance between columns */
    int blocks;     /* of four columns */
    double *column; /* [p][room] */
    lanes *row;     /* [n][blocks] */
    double unit;    /* coefficient of the last column per coefficient of the patients' units */
    bool orthogonal;
};

/* Columns: a constant 1 when there is an intercept, then arm and covariates, the question's last;
 * each but the constant has mean 0 within groups and mean square 1. A column that does not vary is
 * reported by returning false. Memory comes from w and is the caller's to give back. */
bool columns_build(struct columns *z, const struct sample *s, const struct rows *rows,
                   bool intercept, struct scratch *w);

/* Makes each column orthogonal to those before it, mean square 1; the coefficient of the last
 * column keeps its meaning, in a new unit. For columns that are nearly collinear. Returns false
 * when less than 1e-7 is left of one, which is where R's lm and glm call it collinear, and that one
 * is 0. */
bool columns_orthogonalise(struct columns *z);

/* eta := Z beta; eta has room for n rounded up to 16 */
void columns_predict(const struct columns *z, const double *beta, double *eta);

/* to[0 … 4 blocks) += sum_i weight[i] row[i] */
void rows_add(lanes *to, const lanes *row, int n, int blocks, const double *weight);

/* to[4 blocks][4 blocks] += sum_i weight[i] row[i] row[i]', lower triangle (more may be written),
 * and unless it is NULL sum[blocks] += sum_i weight[i] row[i] */
void rows_add_products(double *to, lanes *sum, const lanes *row, int n, int blocks,
                       const double *weight);

/* sum_i x[i] and sum_i x[i] y[i] in eight lanes */
double lanes_sum(const double *x, int n);
double lanes_dot(const double *x, const double *y, int n);

#endif
