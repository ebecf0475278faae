/* sofa_day.c - see sofa_day.h.  SPDX-License-Identifier: MIT */
#include "endpoint/sofa_day.h"

#include <math.h>

static bool measured(const struct course *c, int i, int day)
{
    return day == 0 || !c->sofa_in_icu || c->stay_end[STAY_ICU][i] > day;
}

double sofa_on_day(const struct course *c, int i, int day, int death_rule)
{
    if (c->death[i] > day) return measured(c, i, day) ? c->sofa[day][i] : NAN;
    if (death_rule == SOFA_DEATH_WORST) return SOFA_WORST;
    if (death_rule == SOFA_DEATH_EXCLUDE) return NAN;
    int last = (int)ceil(c->death[i]) - 1; /* the last whole day alive */
    while (last > 0 && !measured(c, i, last)) last--;
    return c->sofa[last < 0 ? 0 : last][i];
}
