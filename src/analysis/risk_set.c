/* risk_set.c - see risk_set.h.  SPDX-License-Identifier: MIT */
#include "analysis/risk_set.h"

#include "base/dispatch.h"
#include "base/number.h"
#include "stat/keep.h"
#include "stat/order.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Appends one stratum, given its patients by falling time, at equal times the censored before the
 * deaths, the first n_lead of them censored. From the first death on no branch depends on who died:
 * deaths come at random. */
static void append_stratum(struct risk_sets *sets, const struct sample *s, const int *falling,
                           int n_lead, int n)
{
    const int first = sets->n, before = sets->n_times;
    memmove(sets->patient + first, falling, (size_t)n * sizeof *falling);
    struct death_time at = {first, first, 0};
    double time = INFINITY;
    int n_times = before;
    int i = n_lead;
    while (i < n && !(s->event[falling[i]] > 0)) i++;
    for (; i < n; i++) {
        const int patient = falling[i];
        const bool died = s->event[patient] > 0, new = died &(s->time[patient] < time);
        n_times += new;
        at.deaths = new ? 1 : at.deaths + died;
        at.end = died ? first + i + 1 : at.end;
        time = died ? s->time[patient] : time;
        sets->time[n_times] = at; /* one beyond the times before, until the first death */
    }
    if (n_times == before) return;
    memmove(sets->time + before, sets->time + before + 1,
            (size_t)(n_times - before) * sizeof *sets->time);
    sets->n_times = n_times;
    sets->n = at.end;
    sets->lead[sets->n_strata] = sets->time[before].end - sets->time[before].deaths;
    sets->start[++sets->n_strata] = sets->n;
}

enum { CHAINS = 32 }; /* a maximum waits for the one before */

MULTIVERSION static double latest_death(const double *time, const double *event, int n)
{
    double latest[CHAINS];
    for (int k = 0; k < CHAINS; k++) latest[k] = -INFINITY;
    int i = 0;
    for (; i + CHAINS <= n; i += CHAINS)
        for (int k = 0; k < CHAINS; k++)
            latest[k] = larger(latest[k], event[i + k] > 0 ? time[i + k] : -INFINITY);
    for (int k = 0; i < n; i++, k++)
        latest[k] = larger(latest[k], event[i] > 0 ? time[i] : -INFINITY);
    for (int k = 1; k < CHAINS; k++) latest[0] = larger(latest[0], latest[k]);
    return latest[0];
}

/* The dead; the censored before the last death, and those at or after it, who lead. */
struct fates {
    unsigned char *dead, *other, *lead; /* [n] each patient in one of them */
};

MULTIVERSION static void tell_fates(const double *restrict time, const double *restrict event,
                                    double last_death, struct fates fates, int n)
{
    unsigned char *restrict dead = fates.dead, *restrict other = fates.other,
                            *restrict lead = fates.lead;
    for (int i = 0; i < n; i++) {
        const int died = event[i] > 0, leads = (1 - died) & (time[i] >= last_death);
        dead[i] = (unsigned char)died;
        lead[i] = (unsigned char)leads;
        other[i] = (unsigned char)(1 - died - leads);
    }
}

/* Patients by falling time, at equal times the censored before the deaths; falling[] has room for
 * KEEP_INDICES_ROOM more. Those censored at or after the last death lead, in no order: often most
 * of a trial, followed to one horizon. Returns how many they are. */
static int order_falling(int *falling, const struct sample *s, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int n = s->n;
    unsigned char *fate = scratch_take(w, 3 * (size_t)n, 1);
    const struct fates fates = {fate, fate + n, fate + 2 * n};
    tell_fates(s->time, s->event, latest_death(s->time, s->event, n), fates, n);
    const int n_lead = keep_indices(fates.lead, n, falling), n_ordered = n - n_lead;
    int *other = scratch_ints(w, n_ordered + KEEP_INDICES_ROOM);
    const int n_other = keep_indices(fates.other, n, other);
    (void)keep_indices(fates.dead, n, other + n_other);
    double *minus = scratch_doubles(w, n_ordered);
    int *rank = scratch_ints(w, n_ordered);
    for (int k = 0; k < n_ordered; k++) minus[k] = -s->time[other[k]];
    order_ascending(rank, minus, n_ordered, w);
    for (int k = 0; k < n_ordered; k++) falling[n_lead + k] = other[rank[k]];
    scratch_restore(w, mark);
    return n_lead;
}

/* A stable counting sort by stratum; start[k] … start[k+1]-1 are the patients of stratum k. */
static void split_by_stratum(int *split, int *start, const struct sample *s, const int *falling)
{
    memset(start, 0, ((size_t)s->n_strata + 2) * sizeof *start);
    for (int i = 0; i < s->n; i++) start[s->stratum[i] + 2]++;
    for (int k = 0; k < s->n_strata; k++) start[k + 2] += start[k + 1];
    for (int i = 0; i < s->n; i++) split[start[s->stratum[falling[i]] + 1]++] = falling[i];
}

void risk_sets_build(struct risk_sets *sets, const struct sample *s, struct scratch *w)
{
    const int n_strata = s->stratum ? s->n_strata : 1;
    *sets = (struct risk_sets){.patient = scratch_ints(w, s->n),
                               .start = scratch_ints(w, n_strata + 1),
                               .lead = scratch_ints(w, n_strata),
                               .time = scratch_take(w, (size_t)s->n + 1, sizeof *sets->time)};
    sets->start[0] = 0;
    const struct scratch_mark mark = scratch_save(w);
    int *falling = scratch_ints(w, s->n + KEEP_INDICES_ROOM);
    const int n_lead = order_falling(falling, s, w);
    if (n_strata == 1) {
        append_stratum(sets, s, falling, n_lead, s->n);
    } else {
        int *split = scratch_ints(w, s->n), *start = scratch_ints(w, n_strata + 2);
        split_by_stratum(split, start, s, falling);
        for (int k = 0; k < n_strata; k++) {
            append_stratum(sets, s, split + start[k], 0, start[k + 1] - start[k]);
        }
    }
    scratch_restore(w, mark);
}
