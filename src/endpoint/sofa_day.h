/* sofa_day.h - a patient's SOFA on one day, with the rule for the dead.  SPDX-License-Identifier:
 * MIT */
#ifndef ENDPOINT_SOFA_DAY_H
#define ENDPOINT_SOFA_DAY_H

#include "model/endpoint.h"

enum { SOFA_DEATH_EXCLUDE, SOFA_DEATH_WORST, SOFA_DEATH_LAST };
#define SOFA_DEATH_CHOICES "exclude|worst|last"
#define SOFA_DEATH_HELP    "dead by then: missing, 24, or the last value before death"

struct sofa_rule {
    int day, death;
};
/* Scores of the n patients after the first `from`; NaN where there is no value: dead and excluded,
 * or alive and not measured. */
void sofa_on_day(const struct course *c, struct sofa_rule rule, int from, double *score, int n);

#endif
