/* endpoint.c - what endpoints share when they are checked.  SPDX-License-Identifier: MIT */
#include "model/endpoint.h"
#include "base/dispatch.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

bool endpoint_wants(const struct endpoint_question *q, bool available, const char *component)
{
    if (!available)
        error_at(q->r->errors, q->at, "endpoint '%s' needs course.%s", q->name, component);
    return available;
}

enum support endpoint_support(const struct endpoint_question *q, const char *name, struct place at,
                              struct course_needs *needs)
{
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        if (strcmp(name, support_names[k]) != 0) continue;
        if (endpoint_wants(q, q->context->available->support[k], name)) needs->support[k] = true;
        return (enum support)k;
    }
    const char *near = text_nearest(name, support_names, SUPPORT_COUNT);
    error_at(q->r->errors, at, "endpoint '%s': unknown support '%s'%s", q->name, name,
             did_you_mean(near).text);
    return SUPPORT_COUNT;
}

void endpoint_sofa_day(const struct endpoint_question *q, double day, struct course_needs *needs)
{
    if (fabs(day - rint(day)) > 0 || day < 0 || day > SOFA_DAYS_MAX) {
        error_at(q->r->errors, q->at, "endpoint '%s': SOFA days are whole, from 0 to %d, not %g",
                 q->name, SOFA_DAYS_MAX, day);
        return;
    }
    if (day < 1) {
        if (!q->context->has_sofa_covariate)
            error_at(q->r->errors, q->at,
                     "endpoint '%s': the SOFA of day 0 is the covariate 'sofa', which is missing",
                     q->name);
        return;
    }
    if (endpoint_wants(q, q->context->available->sofa_day > 0, "sofa") && day > needs->sofa_day)
        needs->sofa_day = (int)day;
}

MULTIVERSION static void find_known(const double *restrict excluded,
                                    const double *restrict followed, const double *restrict death,
                                    double *restrict known, int n)
{
    for (int i = 0; i < n; i++) {
        const bool counts = !(excluded[i] > 0) & (followed[i] >= 0);
        const double last = death[i] <= followed[i] ? INFINITY : followed[i];
        known[i] = counts ? last : -INFINITY;
    }
}

void endpoint_known(const struct patients *p, const double *death, double *known)
{
    find_known(p->excluded, p->followed, death, known, p->n);
}

MULTIVERSION static void keep_known(const double *known, double day, const double *x, double *kept,
                                    int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++) kept[i] = known[i] >= day ? x[i] : NAN;
}

void endpoint_keep_known(const struct patients *p, double day, const double *x, double *kept)
{
    keep_known(p->known, day, x, kept, p->n);
}
