/* hazard.c - piecewise exponential times.  SPDX-License-Identifier: MIT */
#include "cohort/course.h"

#include <math.h>

double hazard_at(const struct hazard *h, double day)
{
    int k = 0;
    while (k + 1 < h->n && h->day[k + 1] <= day) k++;
    return h->cumulative[k] + h->slope[k] * (day - h->day[k]);
}

double hazard_inverse(const struct hazard *h, double cumulative)
{
    int k = 0;
    while (k + 1 < h->n && h->cumulative[k + 1] <= cumulative) k++;
    const double over = cumulative - h->cumulative[k];
    return over > 0 ? h->day[k] + over / h->slope[k] : h->day[k];
}
