/* distribution.c - see distribution.h.  SPDX-License-Identifier: MIT */
#include "stat/distribution.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

double normal_cdf(double z)
{
    return gsl_cdf_ugaussian_P(z);
}
double normal_upper(double z)
{
    return gsl_cdf_ugaussian_Q(z);
}
double normal_quantile(double p)
{
    return gsl_cdf_ugaussian_Pinv(p);
}
double normal_upper_quantile(double q)
{
    return gsl_cdf_ugaussian_Qinv(q);
}
double normal_density(double z)
{
    return gsl_ran_ugaussian_pdf(z);
}
double student_upper(double t, double df)
{
    return gsl_cdf_tdist_Q(t, df);
}
double student_upper_quantile(double q, double df)
{
    return gsl_cdf_tdist_Qinv(q, df);
}
double chi_squared_upper(double x, double df)
{
    return gsl_cdf_chisq_Q(x, df);
}
double gamma_quantile(double p, double shape, double scale)
{
    return gsl_cdf_gamma_Pinv(p, shape, scale);
}
double beta_quantile(double p, double a, double b)
{
    return gsl_cdf_beta_Pinv(p, a, b);
}
double beta_cdf(double x, double a, double b)
{
    return gsl_cdf_beta_P(x, a, b);
}
