/* two_by_two.c - see two_by_two.h.  SPDX-License-Identifier: MIT */
#include "analysis/two_by_two.h"

#include "base/dispatch.h"

#include <math.h>

MULTIVERSION struct two_by_two two_by_two_count(const struct sample *s)
{
    const double *value = s->value;
    const unsigned char *arm = s->arm;
    int events = 0, treated = 0;
    for (int i = 0; i < s->n; i++) {
        const int yes = value[i] > 0.5;
        events += yes;
        treated += yes & arm[i];
    }
    return (struct two_by_two){{s->n_arm[0], s->n_arm[1]}, {events - treated, treated}};
}

int two_by_two_events(const struct two_by_two *t)
{
    return (int)(t->events[0] + t->events[1]);
}

enum undefined two_by_two_why_not(const struct two_by_two *t)
{
    const double n = t->n[0] + t->n[1], events = t->events[0] + t->events[1];
    if (n < 1) return UNDEFINED_NO_PATIENTS;
    if (t->n[0] < 1 || t->n[1] < 1) return UNDEFINED_EMPTY_ARM;
    if (events < 1) return UNDEFINED_NO_EVENTS;
    if (events >= n) return UNDEFINED_ALL_EVENTS;
    return UNDEFINED_NO;
}

double two_by_two_difference(const struct two_by_two *t)
{
    return t->events[1] / t->n[1] - t->events[0] / t->n[0];
}

double two_by_two_difference_se(const struct two_by_two *t)
{
    const double p0 = t->events[0] / t->n[0], p1 = t->events[1] / t->n[1];
    return sqrt(p0 * (1 - p0) / t->n[0] + p1 * (1 - p1) / t->n[1]);
}

double two_by_two_yates(const struct two_by_two *t)
{
    return fmin(0.5 * (1 / t->n[0] + 1 / t->n[1]), fabs(two_by_two_difference(t)));
}

double two_by_two_chi(const struct two_by_two *t, double correction)
{
    const double d = two_by_two_difference(t);
    const double p = (t->events[0] + t->events[1]) / (t->n[0] + t->n[1]);
    const double se = sqrt(p * (1 - p) * (1 / t->n[0] + 1 / t->n[1]));
    return copysign((fabs(d) - correction) / se, d);
}

double two_by_two_margin_z(const struct two_by_two *t, double null, double correction)
{
    const double gap = two_by_two_difference(t) - null;
    return copysign(fmax(0, fabs(gap) - correction) / two_by_two_difference_se(t), gap);
}
