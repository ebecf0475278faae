/* vector.c - see vector.h.  SPDX-License-Identifier: MIT */
#include "stat/vector.h"
#include "stat/vector_kernels.h"

MULTIVERSION void vector_normal_quantile(double *z, const double *q, int n)
{
    normal_quantile_body(z, q, n);
}

MULTIVERSION void vector_exponential(double *e, const double *q, int n)
{
    exponential_body(e, q, n);
}

MULTIVERSION void vector_exp(double *y, const double *x, int n)
{
    exp_body(y, x, n);
}

MULTIVERSION void vector_log(double *y, const double *x, int n)
{
    log_body(y, x, n);
}
