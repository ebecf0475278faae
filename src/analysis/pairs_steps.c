/* pairs_steps.c - see pairs_steps.h.  SPDX-License-Identifier: MIT */
#include "analysis/pairs_steps.h"
#include "base/dispatch.h"

enum { LANES = 4 };

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t lane_masks __attribute__((vector_size(LANES * sizeof(int64_t))));
typedef int whole_lanes
    __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int)), may_alias));

struct steps steps_make(int n, struct scratch *w)
{
    const int room = n + 1 + LANES;
    return (struct steps){0, scratch_ints(w, room), scratch_ints(w, room)};
}

/* Lanes reach beyond the last class: nobody is there. */
void steps_end(struct steps *s, int n)
{
    s->n = n;
    for (int k = n + 1; k <= n + LANES; k++) {
        s->controls[k] = s->controls[n];
        s->treated[k] = s->treated[n];
    }
}

/* Sums over classes, in lanes. */
struct sums {
    lanes wins, losses, win_squares[2], loss_squares[2], products[2];
};

/* LANES classes of a group: how many each has, and opponents within the group who are worse. */
struct few {
    lanes count[2], worse[2];
};

MULTIVERSION_PART void take_few(struct few *f, const struct steps *s, int from, int at, int to)
{
    const whole_lanes ordinal = {0, 1, 2, 3};
    const int *const before[2] = {s->controls, s->treated};
    for (int arm = 0; arm < 2; arm++) {
        const whole_lanes here = *(const whole_lanes *)(before[arm] + at);
        const whole_lanes next = *(const whole_lanes *)(before[arm] + at + 1);
        f->count[arm] = __builtin_convertvector((next - here) & (ordinal < to - at), lanes);
        f->worse[arm] = __builtin_convertvector(here - before[arm][from], lanes);
    }
}
_Static_assert(LANES == 4, "take_few");

/* Of each class those who count: all, or one who is alone. */
MULTIVERSION_PART void add_squares(struct sums *sum, const struct few *f, const struct group *g,
                                   const int n[2], bool alone)
{
    const lane_masks single = f->count[0] + f->count[1] < 2;
    for (int arm = 0; arm < 2; arm++) {
        const int other = 1 - arm;
        const lanes count = alone ? (lanes)((lane_masks)f->count[arm] & single) : f->count[arm];
        const lanes worse = f->worse[other] + g->in_front[other];
        const lanes better = n[other] - worse - f->count[other];
        const lanes wins = arm ? worse : better, losses = arm ? better : worse;
        sum->win_squares[arm] += count * wins * wins;
        sum->loss_squares[arm] += count * losses * losses;
        sum->products[arm] += count * wins * losses;
    }
}

static double total(const lanes *x)
{
    return ((*x)[0] + (*x)[1]) + ((*x)[2] + (*x)[3]);
}

static void flush(struct sums *sum, int tier, struct pairs *p)
{
    p->wins[tier] += (int64_t)total(&sum->wins);
    p->losses[tier] += (int64_t)total(&sum->losses);
    for (int arm = 0; arm < 2; arm++) {
        p->win_squares[arm] += total(&sum->win_squares[arm]);
        p->loss_squares[arm] += total(&sum->loss_squares[arm]);
        p->products[arm] += total(&sum->products[arm]);
    }
    *sum = (struct sums){0};
}

MULTIVERSION void steps_count(const struct steps *s, const struct group *groups, int n_groups,
                              int tier, enum settled settled, struct pairs *p)
{
    struct sums sum = {0};
    for (int g = 0, from = 0; g < n_groups; from = groups[g++].end) {
        const struct group *own = &groups[g];
        const int *n = p[own->stratum].n;
        for (int at = from; at < own->end; at += LANES) {
            struct few f;
            take_few(&f, s, from, at, own->end);
            sum.wins += f.count[1] * f.worse[0];
            sum.losses += f.count[0] * f.worse[1];
            if (settled != NOBODY) add_squares(&sum, &f, own, n, settled == ALONE);
        }
        if (g == n_groups - 1 || groups[g + 1].stratum != own->stratum)
            flush(&sum, tier, &p[own->stratum]);
    }
}
