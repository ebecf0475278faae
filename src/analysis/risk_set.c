/* risk_set.c - see risk_set.h.  SPDX-License-Identifier: MIT */
#include "analysis/risk_set.h"

#include "stat/order.h"

#include <stdbool.h>
#include <string.h>

/* Appends one stratum, given its patients by ascending time. */
static void append_stratum(struct risk_sets *sets, const struct sample *s, const int *by_time,
                           int n)
{
    const int first = sets->n, times_before = sets->n_times;
    int row = first;
    for (int i = n - 1; i >= 0;) {
        const double t = s->time[by_time[i]];
        int deaths = 0, j = i;
        for (; j >= 0 && !(s->time[by_time[j]] < t); j--) deaths += s->event[by_time[j]] > 0;
        int censored_row = row, death_row = row + (i - j) - deaths;
        row += i - j;
        for (; i > j; i--) {
            const bool died = s->event[by_time[i]] > 0;
            sets->patient[died ? death_row : censored_row] = by_time[i];
            death_row += died;
            censored_row += !died;
        }
        sets->time[sets->n_times] = (struct death_time){first, row, deaths};
        sets->n_times += deaths > 0;
    }
    if (sets->n_times == times_before) return;
    sets->n = sets->time[sets->n_times - 1].end;
    sets->lead[sets->n_strata] = sets->time[times_before].end - sets->time[times_before].deaths;
    sets->start[++sets->n_strata] = sets->n;
}

/* A stable counting sort by stratum; start[k] … start[k+1]-1 are the patients of stratum k. */
static void split_by_stratum(int *split, int *start, const struct sample *s, const int *by_time)
{
    memset(start, 0, ((size_t)s->n_strata + 2) * sizeof *start);
    for (int i = 0; i < s->n; i++) start[s->stratum[i] + 2]++;
    for (int k = 0; k < s->n_strata; k++) start[k + 2] += start[k + 1];
    for (int i = 0; i < s->n; i++) split[start[s->stratum[by_time[i]] + 1]++] = by_time[i];
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
    int *by_time = scratch_ints(w, s->n);
    order_ascending(by_time, s->time, s->n, w);
    if (n_strata == 1) {
        append_stratum(sets, s, by_time, s->n);
    } else {
        int *split = scratch_ints(w, s->n), *start = scratch_ints(w, n_strata + 2);
        split_by_stratum(split, start, s, by_time);
        for (int k = 0; k < n_strata; k++) {
            append_stratum(sets, s, split + start[k], start[k + 1] - start[k]);
        }
    }
    scratch_restore(w, mark);
}
