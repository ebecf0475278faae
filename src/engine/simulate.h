/* simulate.h - blocks of replicates over threads.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_SIMULATE_H
#define ENGINE_SIMULATE_H

#include "engine/plan.h"

enum { BLOCK_REPLICATES = 64 };

/* A block of replicates of one point. */
struct task {
    int point;
    int64_t first, count;
};

struct simulator {
    const struct plan *plan;
    int threads;
    struct scratch *scratch; /* [threads] */
};
struct simulator simulator_new(const struct plan *plan, int threads);
void simulator_free(struct simulator *s);

/* Runs n tasks; rows[k * BLOCK_REPLICATES * n_answers …] receives task k's results, replicate by
 * replicate. The results depend on nothing but the plan and the task. */
void simulate(struct simulator *s, const struct task *task, int n, struct result *rows);

#endif
