/* vector.h - elementary functions on columns, the same bits at every vector width.
 * SPDX-License-Identifier: MIT
 *
 * Columns are 64-byte aligned and padded: arrays have room for n rounded up to 8 and padding lanes
 * may be read and written. Explicit fused multiply-adds, fixed operation order: results do not
 * depend on whether AVX-512, AVX2 or neither runs them. `out` may be the same array as the input.
 */
#ifndef STAT_VECTOR_H
#define STAT_VECTOR_H

/* z = Phi^-1(q + 1/2) for |q| < 1/2; relative error below 1e-15. */
void vector_normal_quantile(double *z, const double *q, int n);
/* e = -log(q + 1/2): a standard exponential from a centred uniform; never negative. */
void vector_exponential(double *e, const double *q, int n);
/* exp(x); below -700: about 1e-304 or less, never negative; above 709: a large finite number or
 * infinity; relative error below 1e-15 inside. */
void vector_exp(double *y, const double *x, int n);
/* log(x) for positive normal x. */
void vector_log(double *y, const double *x, int n);

#endif
