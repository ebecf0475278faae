/* sobol.c - see sobol.h.  SPDX-License-Identifier: MIT */
#include "stat/sobol.h"
#include "base/memory.h"

#include <gsl/gsl_qrng.h>
#include <stdlib.h>
#include <string.h>

struct sobol {
    int dimensions;
    gsl_qrng *points;
    double shift[SOBOL_DIMENSIONS];
};

struct sobol *sobol_new(int dimensions, const double *shift)
{
    struct sobol *s = xcalloc(1, sizeof *s);
    s->dimensions = dimensions;
    s->points = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)dimensions);
    memcpy(s->shift, shift, (size_t)dimensions * sizeof *shift);
    return s;
}

void sobol_fill(struct sobol *s, double *const *q, int n)
{
    double u[SOBOL_DIMENSIONS];
    for (int i = 0; i < n; i++) {
        (void)gsl_qrng_get(s->points, u);
        for (int d = 0; d < s->dimensions; d++) {
            double x = u[d] + s->shift[d];
            x -= x >= 1;
            q[d][i] = x - 0.5;
        }
    }
}

void sobol_free(struct sobol *s)
{
    gsl_qrng_free(s->points);
    free(s);
}
