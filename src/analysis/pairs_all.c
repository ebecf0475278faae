/* pairs_all.c - counts wins and losses of any hierarchy over all pairs, see pairs.h.
 * SPDX-License-Identifier: MIT
 *
 * On every tier, margins and censoring or not, the controls whom a treated patient beats are the
 * first of the controls in the tier's order, but for some who cannot lose; those who beat him are
 * the last, but for some who cannot win. So two cuts a treated patient and two places a control say
 * it all, and pairs are compared as whole numbers, in blocks of controls. */
#include "analysis/pairs.h"
#include "base/dispatch.h"
#include "stat/order.h"

#include <limits.h>
#include <string.h>

enum { BLOCK = 256 };

/* One tier of one stratum: i wins when place_low[j] < cut_low[i], loses when
 * place_high[j] >= cut_high[i]. */
struct cuts {
    int *place_low, *place_high, *ends_control; /* [controls] ends: -1 where tie_if_both meets */
    int *cut_low, *cut_high, *ends_treated;     /* [treated] an event, else 0 */
};

/* One arm's patients of one stratum. */
struct side {
    int n;
    const int *patient;
};

/* The first of the ascending x[0..n) with x - a > m (`above`), or without a - x > m. Branches on
 * the comparison would be guessed wrong half the time. */
static int cut(const double *x, int n, double a, double m, bool above)
{
    int low = 0;
    while (n > 0) {
        const int half = n / 2;
        const double d = x[low + half] - a;
        const bool before = above ? !(d > m) : -d > m;
        low += before ? half + 1 : 0;
        n = before ? n - half - 1 : half;
    }
    return low;
}

/* A tier's column in its order: larger is better. */
static double merit(const struct tier *t, int patient)
{
    return t->time ? -t->better * t->time[patient] : t->better * t->value[patient];
}

static bool had_event(const struct tier *t, int patient)
{
    return t->event == NULL || t->event[patient] > 0;
}

static void place_controls(const struct tier *t, struct side controls, struct cuts *c,
                           double *sorted, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    double *x = scratch_doubles(w, controls.n);
    int *order = scratch_ints(w, controls.n);
    for (int j = 0; j < controls.n; j++) x[j] = merit(t, controls.patient[j]);
    order_ascending(order, x, controls.n, w);
    for (int place = 0; place < controls.n; place++) {
        const int j = order[place];
        const bool event = had_event(t, controls.patient[j]);
        const bool can_lose = t->time == NULL || t->better > 0 || event;
        const bool can_win = t->time == NULL || t->better < 0 || event;
        sorted[place] = x[j];
        c->place_low[j] = can_lose ? place : controls.n;
        c->place_high[j] = can_win ? place : -1;
        c->ends_control[j] = -(t->tie_if_both && event);
    }
    scratch_restore(w, mark);
}

static void cut_for_treated(const struct tier *t, struct side treated, struct cuts *c,
                            const double *sorted, int n_controls)
{
    for (int i = 0; i < treated.n; i++) {
        const double x = merit(t, treated.patient[i]);
        const bool event = had_event(t, treated.patient[i]);
        const bool can_lose = t->time == NULL || t->better > 0 || event;
        const bool can_win = t->time == NULL || t->better < 0 || event;
        c->cut_low[i] = can_win ? cut(sorted, n_controls, x, t->margin, false) : 0;
        c->cut_high[i] = can_lose ? cut(sorted, n_controls, x, t->margin, true) : n_controls;
        c->ends_treated[i] = -(t->tie_if_both && event);
    }
}

static struct cuts cuts_make(const struct tier *t, const struct side side[2], struct scratch *w)
{
    struct cuts c = {scratch_ints(w, side[0].n), scratch_ints(w, side[0].n),
                     scratch_ints(w, side[0].n), scratch_ints(w, side[1].n),
                     scratch_ints(w, side[1].n), scratch_ints(w, side[1].n)};
    const struct scratch_mark mark = scratch_save(w);
    double *sorted = scratch_doubles(w, side[0].n);
    place_controls(t, side[0], &c, sorted, w);
    cut_for_treated(t, side[1], &c, sorted, side[0].n);
    scratch_restore(w, mark);
    return c;
}

struct decided {
    int wins, losses;
};

/* A block of controls; those beyond n neither win nor lose. */
struct block {
    int n;
    int open[BLOCK];             /* -1 where the current treated patient's pair is not decided */
    int lost[BLOCK], won[BLOCK]; /* the control's pairs */
    struct {
        int place_low[BLOCK], place_high[BLOCK], ends[BLOCK];
    } tier[TIERS_MAX];
};

/* What one treated patient brings to one tier. */
struct contender {
    int cut_low, cut_high, ends;
};

MULTIVERSION static struct decided decide(struct block *b, int k, struct contender i)
{
    const int *low = b->tier[k].place_low, *high = b->tier[k].place_high, *ends = b->tier[k].ends;
    int wins = 0, losses = 0;
    for (int j = 0; j < BLOCK; j++) {
        const int win = b->open[j] & -(low[j] < i.cut_low);
        const int loss = b->open[j] & -(high[j] >= i.cut_high);
        b->open[j] &= ~(win | loss | (ends[j] & i.ends));
        b->lost[j] -= win;
        b->won[j] -= loss;
        wins -= win;
        losses -= loss;
    }
    return (struct decided){wins, losses};
}

/* What one stratum's comparison works on. */
struct match {
    int n_tiers;
    const struct cuts *cuts;  /* [n_tiers] */
    int *wins[2], *losses[2]; /* [n] of the treated, in pairs with this patient */
    struct pairs *pairs;
    struct block *block;
};

static void fill_block(const struct match *m, int first)
{
    struct block *b = m->block;
    const int left = m->pairs->n[0] - first;
    b->n = left < BLOCK ? left : BLOCK;
    memset(b->lost, 0, sizeof b->lost);
    memset(b->won, 0, sizeof b->won);
    for (int k = 0; k < m->n_tiers; k++)
        for (int j = 0; j < BLOCK; j++) {
            b->tier[k].place_low[j] = j < b->n ? m->cuts[k].place_low[first + j] : INT_MAX;
            b->tier[k].place_high[j] = j < b->n ? m->cuts[k].place_high[first + j] : -1;
            b->tier[k].ends[j] = j < b->n ? m->cuts[k].ends_control[first + j] : 0;
        }
}

static void compare_block(const struct match *m, int first)
{
    struct block *b = m->block;
    fill_block(m, first);
    for (int i = 0; i < m->pairs->n[1]; i++) {
        int left = b->n;
        memset(b->open, -1, sizeof b->open);
        for (int k = 0; k < m->n_tiers && left > 0; k++) {
            const struct cuts *c = &m->cuts[k];
            const struct decided d =
                decide(b, k, (struct contender){c->cut_low[i], c->cut_high[i], c->ends_treated[i]});
            m->pairs->wins[k] += d.wins;
            m->pairs->losses[k] += d.losses;
            m->wins[1][i] += d.wins;
            m->losses[1][i] += d.losses;
            left -= d.wins + d.losses;
        }
    }
    memcpy(m->wins[0] + first, b->lost, (size_t)b->n * sizeof(int));
    memcpy(m->losses[0] + first, b->won, (size_t)b->n * sizeof(int));
}

static void compare(const struct sample *s, const struct side side[2], struct pairs *p,
                    struct scratch *w)
{
    struct cuts cuts[TIERS_MAX];
    struct match m = {.n_tiers = s->n_tiers,
                      .cuts = cuts,
                      .pairs = p,
                      .block = scratch_take(w, 1, sizeof *m.block)};
    for (int k = 0; k < s->n_tiers; k++) cuts[k] = cuts_make(&s->tier[k], side, w);
    for (int arm = 0; arm < 2; arm++) {
        p->n[arm] = side[arm].n;
        m.wins[arm] = scratch_ints(w, side[arm].n);
        m.losses[arm] = scratch_ints(w, side[arm].n);
        memset(m.wins[arm], 0, (size_t)side[arm].n * sizeof(int));
        memset(m.losses[arm], 0, (size_t)side[arm].n * sizeof(int));
    }
    for (int first = 0; first < side[0].n; first += BLOCK) compare_block(&m, first);
    for (int arm = 0; arm < 2; arm++)
        for (int i = 0; i < side[arm].n; i++) {
            const double wins = m.wins[arm][i], losses = m.losses[arm][i];
            p->win_squares[arm] += wins * wins;
            p->loss_squares[arm] += losses * losses;
            p->products[arm] += wins * losses;
        }
}

/* Patients by stratum and, within, by arm: group 2 stratum + arm is patient[start[g] …
 * start[g + 1]). */
static const int *group(const struct sample *s, int *patient, struct scratch *w)
{
    const int n_groups = 2 * s->n_strata;
    int *start = scratch_ints(w, n_groups + 2);
    memset(start, 0, ((size_t)n_groups + 2) * sizeof *start);
    for (int i = 0; i < s->n; i++) start[2 * (s->stratum ? s->stratum[i] : 0) + s->arm[i] + 2]++;
    for (int g = 0; g < n_groups; g++) start[g + 2] += start[g + 1];
    for (int i = 0; i < s->n; i++)
        patient[start[2 * (s->stratum ? s->stratum[i] : 0) + s->arm[i] + 1]++] = i;
    return start;
}

void pairs_count_all(const struct sample *s, struct scratch *w, struct pairs *out)
{
    const struct scratch_mark mark = scratch_save(w);
    int *patient = scratch_ints(w, s->n);
    const int *start = group(s, patient, w);
    memset(out, 0, (size_t)s->n_strata * sizeof *out);
    for (int k = 0; k < s->n_strata; k++, start += 2) {
        const struct side side[2] = {{start[1] - start[0], patient + start[0]},
                                     {start[2] - start[1], patient + start[1]}};
        const struct scratch_mark here = scratch_save(w);
        compare(s, side, &out[k], w);
        scratch_restore(w, here);
    }
    scratch_restore(w, mark);
}

void pairs_count(const struct sample *s, struct scratch *w, struct pairs *out)
{
    if (!pairs_count_ordered(s, w, out)) pairs_count_all(s, w, out);
}
