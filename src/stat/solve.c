/* solve.c - see solve.h.  SPDX-License-Identifier: MIT */
#include "stat/solve.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multiroots.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stddef.h>

struct scalar {
    double (*f)(const void *context, double x);
    const void *context;
};

static double scalar_call(double x, void *p)
{
    const struct scalar *s = p;
    return s->f(s->context, x);
}

bool solve_between(double (*f)(const void *context, double x), const void *context, double low,
                   double high, double tolerance, double *x)
{
    const double at_low = f(context, low), at_high = f(context, high);
    if (!(at_low * at_high <= 0)) return false;
    if (fabs(at_low) <= 0 || fabs(at_high) <= 0) {
        *x = fabs(at_low) <= 0 ? low : high;
        return true;
    }
    struct scalar s = {f, context};
    gsl_function g = {scalar_call, &s};
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    gsl_root_fsolver_set(solver, &g, low, high);
    for (int i = 0; i < 200; i++) {
        if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS) break;
        const double a = gsl_root_fsolver_x_lower(solver), b = gsl_root_fsolver_x_upper(solver);
        if (fabs(b - a) <= tolerance) break;
    }
    *x = gsl_root_fsolver_root(solver);
    gsl_root_fsolver_free(solver);
    return true;
}

struct system {
    void (*f)(const void *context, const double *x, double *f);
    const void *context;
    int n;
};

static int system_call(const gsl_vector *x, void *p, gsl_vector *y)
{
    const struct system *s = p;
    double at[SOLVE_MAX], value[SOLVE_MAX];
    for (int i = 0; i < s->n; i++) at[i] = gsl_vector_get(x, (size_t)i);
    s->f(s->context, at, value);
    for (int i = 0; i < s->n; i++) {
        if (!isfinite(value[i])) return GSL_EBADFUNC;
        gsl_vector_set(y, (size_t)i, value[i]);
    }
    return GSL_SUCCESS;
}

bool solve_system(int n, void (*f)(const void *context, const double *x, double *f),
                  const void *context, double *x, double tolerance)
{
    struct system s = {f, context, n};
    gsl_multiroot_function g = {system_call, (size_t)n, &s};
    gsl_vector *start = gsl_vector_alloc((size_t)n);
    for (int i = 0; i < n; i++) gsl_vector_set(start, (size_t)i, x[i]);
    gsl_multiroot_fsolver *solver =
        gsl_multiroot_fsolver_alloc(gsl_multiroot_fsolver_hybrids, (size_t)n);
    bool done = false;
    if (gsl_multiroot_fsolver_set(solver, &g, start) == GSL_SUCCESS)
        for (int i = 0; i < 500 && !done; i++) {
            const int rc = gsl_multiroot_fsolver_iterate(solver);
            done = true;
            for (int k = 0; k < n; k++) {
                x[k] = gsl_vector_get(solver->x, (size_t)k);
                if (!(fabs(gsl_vector_get(solver->f, (size_t)k)) <= tolerance)) done = false;
            }
            if (rc != GSL_SUCCESS) break;
        }
    gsl_multiroot_fsolver_free(solver);
    gsl_vector_free(start);
    return done;
}
