/* arithmetic.c - the C library's transcendental functions, made the same everywhere.
 * SPDX-License-Identifier: MIT
 *
 * The C library picks its exp, log, … by processor (with or without fused multiply-add) and changes
 * them between versions, in the last digit. Results must not depend on either. The dynamic linker
 * binds every caller, GSL included, to the definitions below. exp and log, which analyses call
 * often, are single lanes of the kernels for columns; the others, and arguments outside the
 * kernels' range, SLEEF's scalar functions without fused multiply-add: within 1 unit in the last
 * place, the same operations on every processor (Shibata & Petrogalli 2020, IEEE Trans Parallel
 * Distrib Syst 31:1316). Square roots, fma and rounding are exact in any library and stay where
 * they are. */
#include "stat/vector_kernels.h"

#include <float.h>
#include <math.h>
#include <sleef.h>

MULTIVERSION static double exp_inside(double x)
{
    return exp_one(x);
}

MULTIVERSION static double log_inside(double x)
{
    return log_join(log_split(x));
}

double exp(double x)
{
    return fabs(x) < 700 ? exp_inside(x) : Sleef_cinz_expd1_u10purec(x);
}
double log(double x)
{
    return x >= DBL_MIN && x <= DBL_MAX ? log_inside(x) : Sleef_cinz_logd1_u10purec(x);
}

double acos(double x)
{
    return Sleef_cinz_acosd1_u10purec(x);
}
double acosh(double x)
{
    return Sleef_cinz_acoshd1_u10purec(x);
}
double asin(double x)
{
    return Sleef_cinz_asind1_u10purec(x);
}
double asinh(double x)
{
    return Sleef_cinz_asinhd1_u10purec(x);
}
double atan(double x)
{
    return Sleef_cinz_atand1_u10purec(x);
}
double atan2(double y, double x)
{
    return Sleef_cinz_atan2d1_u10purec(y, x);
}
double atanh(double x)
{
    return Sleef_cinz_atanhd1_u10purec(x);
}
double cbrt(double x)
{
    return Sleef_cinz_cbrtd1_u10purec(x);
}
double cos(double x)
{
    return Sleef_cinz_cosd1_u10purec(x);
}
double cosh(double x)
{
    return Sleef_cinz_coshd1_u10purec(x);
}
double expm1(double x)
{
    return Sleef_cinz_expm1d1_u10purec(x);
}
double hypot(double x, double y)
{
    return Sleef_cinz_hypotd1_u05purec(x, y);
}
double log10(double x)
{
    return Sleef_cinz_log10d1_u10purec(x);
}
double log1p(double x)
{
    return Sleef_cinz_log1pd1_u10purec(x);
}
double pow(double x, double y)
{
    return Sleef_cinz_powd1_u10purec(x, y);
}
double sin(double x)
{
    return Sleef_cinz_sind1_u10purec(x);
}
double sinh(double x)
{
    return Sleef_cinz_sinhd1_u10purec(x);
}
double tan(double x)
{
    return Sleef_cinz_tand1_u10purec(x);
}
double tanh(double x)
{
    return Sleef_cinz_tanhd1_u10purec(x);
}
