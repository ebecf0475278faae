/* solve.h - roots of one equation and of small systems.  SPDX-License-Identifier: MIT */
#ifndef STAT_SOLVE_H
#define STAT_SOLVE_H

#include <stdbool.h>

/* The x in [low, high] with f(x) = 0, f of different signs at the ends (Brent). Returns false where
 * the signs are the same. tolerance is absolute, on x. */
bool solve_between(double (*f)(const void *context, double x), const void *context, double low,
                   double high, double tolerance, double *x);

enum { SOLVE_MAX = 4 };

/* Solves f(x) = 0 for n <= SOLVE_MAX unknowns from the start in x (Powell's hybrid method); true
 * when every |f| <= tolerance. */
bool solve_system(int n, void (*f)(const void *context, const double *x, double *f),
                  const void *context, double *x, double tolerance);

#endif
