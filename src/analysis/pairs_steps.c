/* pairs_steps.c - see pairs_steps.h.  SPDX-License-Identifier: MIT
 *
 * A patient is better than those in front of his class and worse than those behind it. */
#include "analysis/pairs_steps.h"
#include "base/dispatch.h"

enum { LANES = 4 };

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int whole_lanes
    __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int)), may_alias));

struct steps steps_make(int n, struct scratch *w)
{
    return (struct steps){0, scratch_ints(w, n + 1), scratch_ints(w, n + 1)};
}

/* Sums over some classes, in lanes: each of a patient's wins and losses, their squares and product.
 */
struct sums {
    lanes wins, losses, win_squares[2], loss_squares[2], products[2];
};

/* Adds LANES classes of a stratum that begins at `before` and has n patients. */
MULTIVERSION_PART void add_classes(struct sums *sum, const int *controls, const int *treated,
                                   const int before[2], const int n[2])
{
    const int *const in_front[2] = {controls, treated};
    lanes count[2], worse[2], better[2];
    for (int arm = 0; arm < 2; arm++) {
        const whole_lanes from = *(const whole_lanes *)in_front[arm];
        const whole_lanes to = *(const whole_lanes *)(in_front[arm] + 1);
        count[arm] = __builtin_convertvector(to - from, lanes);
        worse[arm] = __builtin_convertvector(from - before[arm], lanes);
        better[arm] = __builtin_convertvector(n[arm] + before[arm] - to, lanes);
    }
    for (int arm = 0; arm < 2; arm++) {
        const int other = 1 - arm;
        const lanes wins = arm ? worse[other] : better[other];
        const lanes losses = arm ? better[other] : worse[other];
        const lanes all_wins = count[arm] * wins, all_losses = count[arm] * losses;
        if (arm) sum->wins += all_wins;
        if (arm) sum->losses += all_losses;
        sum->win_squares[arm] += all_wins * wins;
        sum->loss_squares[arm] += all_losses * losses;
        sum->products[arm] += all_wins * losses;
    }
}

static double total(lanes x)
{
    return (x[0] + x[1]) + (x[2] + x[3]);
}

/* Classes from … to - 1, which are a stratum's. Sums are of whole numbers, exact below 2^53;
 * squares are those of the tier counted last. */
MULTIVERSION static void count_stratum(const struct steps *s, int from, int to, int tier,
                                       struct pairs *p)
{
    const int before[2] = {s->controls[from], s->treated[from]};
    const int n[2] = {s->controls[to] - before[0], s->treated[to] - before[1]};
    struct sums sum = {0};
    for (; from + LANES <= to; from += LANES)
        add_classes(&sum, s->controls + from, s->treated + from, before, n);
    int controls[LANES + 1], treated[LANES + 1];
    for (int k = 0; k <= LANES; k++) {
        controls[k] = s->controls[from + k < to ? from + k : to];
        treated[k] = s->treated[from + k < to ? from + k : to];
    }
    add_classes(&sum, controls, treated, before, n);
    p->wins[tier] = (int64_t)total(sum.wins);
    p->losses[tier] = (int64_t)total(sum.losses);
    for (int arm = 0; arm < 2; arm++) {
        p->win_squares[arm] = total(sum.win_squares[arm]);
        p->loss_squares[arm] = total(sum.loss_squares[arm]);
        p->products[arm] = total(sum.products[arm]);
    }
}

/* The first step from `from` on that has `patients` before it. */
static int step_after(const struct steps *s, int from, int patients)
{
    int above = s->n;
    while (from < above) {
        const int middle = from + (above - from) / 2;
        if (s->controls[middle] + s->treated[middle] < patients)
            from = middle + 1;
        else
            above = middle;
    }
    return from;
}

void steps_count(const struct steps *s, int tier, int n_strata, struct pairs *p)
{
    for (int k = 0, from = 0, patients = 0; k < n_strata; k++) {
        patients += p[k].n[0] + p[k].n[1];
        const int to = step_after(s, from, patients);
        count_stratum(s, from, to, tier, &p[k]);
        from = to;
    }
}
