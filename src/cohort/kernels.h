/* kernels.h - elementwise steps of the illness course, column by column.  SPDX-License-Identifier:
 * MIT
 *
 * Compiled for every vector width (base/dispatch.h), without branches on patients. Columns have n
 * entries; the first argument that is not const is what is changed. */
#ifndef COHORT_KERNELS_H
#define COHORT_KERNELS_H

#include "cohort/course.h"

/* y[i] += value, or column[i], where group[i] is g. */
void kernel_add_where(const int *group, int g, double value, double *y, int n);
void kernel_add_column_where(const int *group, int g, const double *column, double *y, int n);
/* y[i] = value[group[i]] */
void kernel_choose(const int *group, const double *value, int n_groups, double *y, int n);
/* y[i] += by_centre[centre[i]] scale */
void kernel_add_centres(const int *centre, const double *by_centre, double scale, double *y, int n);

void kernel_fill(double value, double *x, int n);
void kernel_negate(double *x, int n);
void kernel_add(const double *x, double *y, int n);                       /* y += x */
void kernel_multiply(const double *x, double *y, int n);                  /* y *= x */
void kernel_linear(double slope, double offset, double *x, int n);        /* x = slope x + offset */
void kernel_blend(double a, const double *x, double b, double *y, int n); /* y = a x + (b y) */

/* y[i] = scale[i] (noise score[i] + (y[i] - centre)) + location */
void kernel_deviate(const double *scale, double noise, double centre, double location,
                    const double *score, double *y, int n);
/* y[i] += value where death[i] <= day. */
void kernel_add_before(const double *death, double day, double value, double *y, int n);
/* x[i] = NaN where death[i] <= day. */
void kernel_absent(const double *death, double day, double *x, int n);

/* time[i], a cumulative hazard, becomes the day on which h reaches it, where group[i] is g (g < 0:
 * everywhere). */
void kernel_hazard_inverse(const struct hazard *h, const int *group, int g,
                           const double *cumulative, double *time, int n);

/* q[i] = 1 where the uniform q + 1/2 lies below odds / (1 + odds), else 0. */
void kernel_happens(const double *odds, double *q, int n);
/* q[i] = 1 where q + 1/2 < probability and death[i] <= within, else 0. */
void kernel_until_death(double probability, double within, const double *death, double *q, int n);

/* A support: from s->start for time[i] where needed (NULL: everywhere), to death where until (NULL:
 * nowhere); start = end = 0 where it never comes. */
struct support_columns {
    const double *death, *until, *needed, *time;
};
void kernel_support(double from, const struct support_columns *x, double *start, double *end,
                    int n);
/* end[i], the start of a stay, becomes its end: after time[i], at death at the latest, and at death
 * where until (NULL: nowhere). */
void kernel_stay(const double *time, const double *until, const double *death, double *end, int n);
/* end[i] = the later of both */
void kernel_later(const double *other, double *end, int n);

/* shifted[i] becomes a SOFA score of location + scale (load + noise e) + shifted. */
struct sofa_scale {
    double location, scale, noise;
};
void kernel_sofa(struct sofa_scale s, const double *load, const double *e, double *shifted, int n);

#endif
