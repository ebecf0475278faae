/* sofa_day.c - see sofa_day.h.  SPDX-License-Identifier: MIT */
#include "endpoint/sofa_day.h"
#include "base/dispatch.h"

#include <math.h>

static bool measured(const struct course *c, int i, int day)
{
    return day == 0 || !c->sofa_in_icu || c->stay_end[STAY_ICU][i] > day;
}

/* left_icu NULL: always measured. */
MULTIVERSION static void scores_on_day(double day, const double *restrict sofa,
                                       const double *restrict death,
                                       const double *restrict left_icu, double of_dead,
                                       double *restrict score, int n)
{
    for (int i = 0; i < n; i++) {
        const bool there = left_icu == NULL || left_icu[i] > day;
        const double alive = there ? sofa[i] : NAN;
        score[i] = death[i] > day ? alive : of_dead;
    }
}

/* The last value of whoever is dead. */
static void carry_forward(const struct course *c, int day, int from, double *score, int n)
{
    for (int i = 0; i < n; i++) {
        const double death = c->death[from + i];
        if (death > day) continue;
        int last = (int)ceil(death) - 1; /* the last whole day alive */
        while (last > 0 && !measured(c, from + i, last)) last--;
        score[i] = c->sofa[last < 0 ? 0 : last][from + i];
    }
}

void sofa_on_day(const struct course *c, struct sofa_rule rule, int from, double *score, int n)
{
    const bool always = rule.day == 0 || !c->sofa_in_icu;
    scores_on_day(rule.day, c->sofa[rule.day] + from, c->death + from,
                  always ? NULL : c->stay_end[STAY_ICU] + from,
                  rule.death == SOFA_DEATH_WORST ? SOFA_WORST : NAN, score, n);
    if (rule.death == SOFA_DEATH_LAST) carry_forward(c, rule.day, from, score, n);
}
