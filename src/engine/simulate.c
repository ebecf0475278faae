/* simulate.c - see simulate.h.  SPDX-License-Identifier: MIT */
#include "engine/simulate.h"
#include "engine/parallel.h"
#include "engine/replicate.h"

#include <stdlib.h>

struct simulator simulator_new(const struct plan *plan, int threads)
{
    return (struct simulator){plan, threads, xcalloc((size_t)threads, sizeof(struct scratch))};
}

void simulator_free(struct simulator *s)
{
    for (int t = 0; t < s->threads; t++) scratch_free(&s->scratch[t]);
    free(s->scratch);
    *s = (struct simulator){0};
}

struct wave {
    struct simulator *s;
    const struct task *task;
    struct result *rows;
};

static void run_task(void *context, int64_t index, int worker)
{
    const struct wave *wave = context;
    const struct task *t = &wave->task[index];
    const struct plan *plan = wave->s->plan;
    struct result *out = wave->rows + index * BLOCK_REPLICATES * plan->n_answers;
    for (int64_t k = 0; k < t->count; k++)
        replicate_run(plan, &plan->point[t->point], (uint64_t)(t->first + k),
                      &wave->s->scratch[worker], out + k * plan->n_answers);
}

void simulate(struct simulator *s, const struct task *task, int n, struct result *rows)
{
    struct wave wave = {s, task, rows};
    parallel_for(n, s->threads, run_task, &wave);
}
