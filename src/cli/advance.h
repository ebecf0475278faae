/* advance.h - simulates what is missing of a run, or of one shard of it.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_ADVANCE_H
#define CLI_ADVANCE_H

#include "engine/plan.h"
#include "engine/portion.h"
#include "io/spool.h"

struct advance {
    const struct plan *plan;
    struct portion portion;
    int64_t from;        /* replicates of every point that are elsewhere already */
    struct spool *spool; /* takes what is simulated */
    const char *spool_path;
    int threads;
    bool quiet;
    double deadline; /* seconds of monotonic_seconds; 0: none */
};

/* From here on SIGTERM and SIGUSR1, and SIGINT too, end advance() with everything saved, at once
 * when they came before it. */
void advance_watch_stops(void);
void advance_watch_interrupts(void);

/* What it took: seconds, and of processor time of all threads of this process. */
struct effort {
    int64_t trials;
    double seconds, simulating; /* until the trials' results are in memory */
    double storing;             /* processor time to bring them into the spool */
};

/* Simulates, then finds truths. STATUS_STOPPED or STATUS_INTERRUPTED, with a message, when a signal
 * or the deadline came first. */
enum status advance(const struct advance *a, struct effort *effort, struct errors *e);

#endif
