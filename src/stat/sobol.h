/* sobol.h - Sobol' points, randomly shifted.  SPDX-License-Identifier: MIT */
#ifndef STAT_SOBOL_H
#define STAT_SOBOL_H

struct sobol;

enum { SOBOL_DIMENSIONS = 40 };

/* shift[dimensions] in [0, 1) is added modulo 1 (Cranley & Patterson 1976). dimensions <= 40. */
struct sobol *sobol_new(int dimensions, const double *shift);
/* The next n points, centred: q[d][0..n) = u - 1/2. */
void sobol_fill(struct sobol *s, double *const *q, int n);
void sobol_free(struct sobol *s);

#endif
