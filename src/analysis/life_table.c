/* life_table.c - see life_table.h.  SPDX-License-Identifier: MIT */
#include "analysis/life_table.h"

#include "stat/order.h"

#include <math.h>

static int patients_of(int *patient, const struct sample *s, int stratum)
{
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        patient[n] = i;
        n += stratum < 0 || s->stratum[i] == stratum;
    }
    return n;
}

static void add_patient(struct life_time *now, int arm, double cause, int of_interest)
{
    const bool event = (int)cause == of_interest;
    now->events[arm] += event;
    now->competing[arm] += cause > 0 && !event;
}

struct life_table life_table_build(const struct sample *s, const double *cause, int of_interest,
                                   int stratum, struct scratch *w)
{
    struct life_table t = {.at = scratch_take(w, (size_t)s->n + 1, sizeof *t.at),
                           .followed = {-INFINITY, -INFINITY}};
    const struct scratch_mark mark = scratch_save(w);
    int *patient = scratch_ints(w, s->n), *order = scratch_ints(w, s->n);
    double *time = scratch_doubles(w, s->n);
    const int n = patients_of(patient, s, stratum);
    int left[2] = {0};
    for (int i = 0; i < n; i++) {
        time[i] = s->time[patient[i]];
        left[s->arm[patient[i]]]++;
    }
    order_ascending(order, time, n, w);
    for (int i = 0; i < n;) {
        struct life_time now = {.time = time[order[i]], .at_risk = {left[0], left[1]}};
        for (; i < n && !(time[order[i]] > now.time); i++) {
            const int k = patient[order[i]], arm = s->arm[k];
            add_patient(&now, arm, cause[k], of_interest);
            left[arm]--;
            t.followed[arm] = now.time;
        }
        t.at[t.n] = now;
        t.n += now.events[0] + now.events[1] + now.competing[0] + now.competing[1] > 0;
        for (int arm = 0; arm < 2; arm++) t.events[arm] += now.events[arm];
    }
    scratch_restore(w, mark);
    return t;
}

double life_table_common(const struct life_table *t)
{
    return fmin(t->followed[0], t->followed[1]);
}

bool life_table_reaches(const struct life_table *t, int arm, double time)
{
    if (time <= t->followed[arm]) return true;
    for (int i = t->n - 1; i >= 0; i--) {
        const struct life_time *at = &t->at[i];
        if (at->at_risk[arm] > 0) return at->events[arm] + at->competing[arm] == at->at_risk[arm];
    }
    return false;
}

enum undefined life_table_why_not(const struct life_table *t, double time)
{
    const bool empty[2] = {isinf(t->followed[0]), isinf(t->followed[1])};
    if (empty[0] && empty[1]) return UNDEFINED_NO_PATIENTS;
    if (empty[0] || empty[1]) return UNDEFINED_EMPTY_ARM;
    if (!life_table_reaches(t, 0, time) || !life_table_reaches(t, 1, time)) {
        return UNDEFINED_BEYOND_FOLLOW_UP;
    }
    return UNDEFINED_NO;
}
