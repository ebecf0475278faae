/* pairs_all.c - counts wins and losses of any hierarchy over all pairs, see pairs.h.
 * SPDX-License-Identifier: MIT
 *
 * On every tier, margins and censoring or not, the opponents whom a patient beats are the first of
 * the opponents in the tier's order, but for some who cannot lose; those who beat him are the last,
 * but for some who cannot win. Sets of opponents are words of bits, a bit an opponent: with a table
 * of the first 0, 1, 2, … of them, a tier of 256 pairs is decided by two places in the order and a
 * few operations on sets. Both arms in turn meet the other, as each patient's count is needed. Cost
 * n^2/256 and n log n. */
#include "analysis/pairs.h"
#include "base/dispatch.h"
#include "stat/order.h"

#include <string.h>

enum { WORDS = 4, BITS = 64, BLOCK = WORDS * BITS };

/* Of a block of opponents. */
typedef uint64_t set __attribute__((vector_size(WORDS * sizeof(uint64_t))));

/* One arm's patients of one stratum. */
struct side {
    int n;
    const int *patient;
};

/* One tier of one side against the other: the opponents in their order, and of each patient how
 * many of the first he beats and from which on they beat him. */
struct cuts {
    bool tie_if_both;
    int *order;                           /* [opponents] from the worst to the best */
    bool *can_win, *can_lose, *had_event; /* [opponents] */
    int *beaten, *beating;                /* [patients] */
    bool *event;                          /* [patients] */
};

/* --- places in the order ---------------------------------------------------------------------- */

/* A tier's column in its order: larger is better. */
static double merit(const struct tier *t, int patient)
{
    return t->time ? -t->better * t->time[patient] : t->better * t->value[patient];
}

static bool had_event(const struct tier *t, int patient)
{
    return t->event == NULL || t->event[patient] > 0;
}

/* Of times, the event is needed: to lose where it is harm, to win where it is benefit. */
static bool can_win(const struct tier *t, int patient)
{
    return t->time == NULL || t->better < 0 || had_event(t, patient);
}

static bool can_lose(const struct tier *t, int patient)
{
    return t->time == NULL || t->better > 0 || had_event(t, patient);
}

/* beaten[i] of the ascending y[0..m) have x[i] - y > margin, and y - x[i] > margin from beating[i]
 * on. All patients are searched for together: no branch depends on data. */
MULTIVERSION static void find_places(const double *restrict x, int n, const double *restrict y,
                                     int m, double margin, int *restrict beaten,
                                     int *restrict beating)
{
    for (int left = m; left > 0; left /= 2) {
        const int step = left - left / 2;
        for (int i = 0; i < n; i++) {
            beaten[i] += step & -(x[i] - y[beaten[i] + step - 1] > margin);
            beating[i] += step & -!(y[beating[i] + step - 1] - x[i] > margin);
        }
    }
}

static struct cuts cuts_room(int n, int n_opponents, struct scratch *w)
{
    struct cuts c = {.order = scratch_ints(w, n_opponents),
                     .beaten = scratch_ints(w, n),
                     .beating = scratch_ints(w, n)};
    c.can_win = scratch_take(w, (size_t)n_opponents, sizeof *c.can_win);
    c.can_lose = scratch_take(w, (size_t)n_opponents, sizeof *c.can_lose);
    c.had_event = scratch_take(w, (size_t)n_opponents, sizeof *c.had_event);
    c.event = scratch_take(w, (size_t)n, sizeof *c.event);
    return c;
}

static struct cuts cuts_make(const struct tier *t, struct side own, struct side other,
                             struct scratch *w)
{
    struct cuts c = cuts_room(own.n, other.n, w);
    const struct scratch_mark mark = scratch_save(w);
    double *x = scratch_doubles(w, own.n), *y = scratch_doubles(w, other.n);
    double *sorted = scratch_doubles(w, other.n);
    c.tie_if_both = t->tie_if_both;
    for (int i = 0; i < own.n; i++) x[i] = merit(t, own.patient[i]);
    for (int j = 0; j < other.n; j++) y[j] = merit(t, other.patient[j]);
    order_ascending(c.order, y, other.n, w);
    for (int j = 0; j < other.n; j++) {
        sorted[j] = y[c.order[j]];
        c.can_win[j] = can_win(t, other.patient[j]);
        c.can_lose[j] = can_lose(t, other.patient[j]);
        c.had_event[j] = had_event(t, other.patient[j]);
    }
    memset(c.beaten, 0, (size_t)own.n * sizeof *c.beaten);
    memset(c.beating, 0, (size_t)own.n * sizeof *c.beating);
    find_places(x, own.n, sorted, other.n, t->margin, c.beaten, c.beating);
    for (int i = 0; i < own.n; i++) {
        c.event[i] = had_event(t, own.patient[i]);
        c.beaten[i] = can_win(t, own.patient[i]) ? c.beaten[i] : 0;
        c.beating[i] = can_lose(t, own.patient[i]) ? c.beating[i] : other.n;
    }
    scratch_restore(w, mark);
    return c;
}

/* --- sets ------------------------------------------------------------------------------------- */

/* A block of opponents on one tier. */
struct block {
    set can_win, can_lose, ends;
    set *first; /* [opponents + 1] those in the block of the first 0, 1, … in the order */
};

/* What one side's comparison works on. */
struct match {
    int n, n_opponents, n_tiers;
    const struct cuts *cuts; /* [n_tiers] */
    struct block *block;     /* [n_tiers] */
    int *wins, *losses;      /* [n] */
    int64_t *tier_wins, *tier_losses;
};

static void fill_set(set *s, const bool *member, int n)
{
    uint64_t word[WORDS] = {0};
    for (int j = 0; j < n; j++) word[j / BITS] |= (uint64_t)member[j] << j % BITS;
    memcpy(s, word, sizeof *s);
}

/* The first places of the order, of the opponents from `from` on. */
MULTIVERSION static void fill_first(set *first, const int *order, int n, int from)
{
    const set words = {0, 1, 2, 3};
    set s = {0};
    for (int place = 0; place < n; place++) {
        const uint64_t j = (uint64_t)(order[place] - from);
        first[place] = s;
        s |= (set)(words == j / BITS) & (uint64_t)1 << j % BITS;
    }
    first[n] = s;
}
_Static_assert(WORDS == 4, "fill_first");

static void fill_block(const struct match *m, int from, int n)
{
    for (int k = 0; k < m->n_tiers; k++) {
        const struct cuts *c = &m->cuts[k];
        struct block *b = &m->block[k];
        fill_set(&b->can_win, c->can_win + from, n);
        fill_set(&b->can_lose, c->can_lose + from, n);
        fill_set(&b->ends, c->had_event + from, c->tie_if_both ? n : 0);
        fill_first(b->first, c->order, m->n_opponents, from);
    }
}

MULTIVERSION_PART int size_of(const set *s)
{
    int n = 0;
    for (int k = 0; k < WORDS; k++) n += __builtin_popcountll((*s)[k]);
    return n;
}

MULTIVERSION static void compare_block(const struct match *m, const set *all)
{
    int64_t tier_wins[TIERS_MAX] = {0}, tier_losses[TIERS_MAX] = {0};
    for (int i = 0; i < m->n; i++) {
        int wins = 0, losses = 0;
        set open = *all;
        for (int k = 0; k < m->n_tiers; k++) {
            const struct cuts *c = &m->cuts[k];
            const struct block *b = &m->block[k];
            const set won = open & b->first[c->beaten[i]] & b->can_lose;
            const set lost = open & ~b->first[c->beating[i]] & b->can_win;
            const int n_won = size_of(&won), n_lost = size_of(&lost);
            open &= ~(won | lost | (b->ends & -(uint64_t)c->event[i]));
            tier_wins[k] += n_won;
            tier_losses[k] += n_lost;
            wins += n_won;
            losses += n_lost;
        }
        m->wins[i] += wins;
        m->losses[i] += losses;
    }
    for (int k = 0; k < m->n_tiers; k++) {
        m->tier_wins[k] += tier_wins[k];
        m->tier_losses[k] += tier_losses[k];
    }
}

/* All of one side against all of the other. */
static void compare(const struct match *m, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    bool everyone[BLOCK];
    memset(everyone, true, sizeof everyone);
    for (int k = 0; k < m->n_tiers; k++)
        m->block[k].first = scratch_take(w, (size_t)m->n_opponents + 1, sizeof(set));
    for (int from = 0; from < m->n_opponents; from += BLOCK) {
        const int left = m->n_opponents - from, n = left < BLOCK ? left : BLOCK;
        set all;
        fill_set(&all, everyone, n);
        fill_block(m, from, n);
        compare_block(m, &all);
    }
    scratch_restore(w, mark);
}

/* --- strata ----------------------------------------------------------------------------------- */

/* The wins of controls are losses of the treated. */
static void count_side(const struct sample *s, int arm, const struct side side[2], struct pairs *p,
                       struct scratch *w)
{
    struct cuts cuts[TIERS_MAX];
    struct block block[TIERS_MAX];
    int64_t wins[TIERS_MAX] = {0}, losses[TIERS_MAX] = {0};
    const struct side own = side[arm], other = side[1 - arm];
    const struct match m = {
        own.n, other.n, s->n_tiers, cuts, block, scratch_ints(w, own.n), scratch_ints(w, own.n),
        wins,  losses};
    for (int k = 0; k < s->n_tiers; k++) cuts[k] = cuts_make(&s->tier[k], own, other, w);
    memset(m.wins, 0, (size_t)own.n * sizeof *m.wins);
    memset(m.losses, 0, (size_t)own.n * sizeof *m.losses);
    compare(&m, w);
    for (int k = 0; k < s->n_tiers; k++) {
        p->wins[k] = arm ? wins[k] : losses[k];
        p->losses[k] = arm ? losses[k] : wins[k];
    }
    for (int i = 0; i < own.n; i++) {
        const double better = m.wins[i], worse = m.losses[i];
        p->win_squares[arm] += arm ? better * better : worse * worse;
        p->loss_squares[arm] += arm ? worse * worse : better * better;
        p->products[arm] += better * worse;
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
        for (int arm = 0; arm < 2; arm++) {
            out[k].n[arm] = side[arm].n;
            count_side(s, arm, side, &out[k], w);
        }
        scratch_restore(w, here);
    }
    scratch_restore(w, mark);
}

void pairs_count(const struct sample *s, struct scratch *w, struct pairs *out)
{
    if (!pairs_count_ordered(s, w, out)) pairs_count_all(s, w, out);
}
