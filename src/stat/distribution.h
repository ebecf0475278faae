/* distribution.h - tails and quantiles of standard distributions.  SPDX-License-Identifier: MIT
 *
 * Thin names over GSL, so that the rest of the program says what it means; full relative accuracy
 * in the tails. */
#ifndef STAT_DISTRIBUTION_H
#define STAT_DISTRIBUTION_H

double normal_cdf(double z);
double normal_upper(double z);          /* P(Z > z) */
double normal_quantile(double p);       /* 0 < p < 1 */
double normal_upper_quantile(double q); /* z with P(Z > z) = q */
double normal_density(double z);
double student_upper(double t, double df);
double student_upper_quantile(double q, double df);
double chi_squared_upper(double x, double df);
double gamma_quantile(double p, double shape, double scale);
double beta_quantile(double p, double a, double b);
double beta_cdf(double x, double a, double b);

#endif
