/* parallel.h - independent pieces of work over threads: the only place that knows OpenMP.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_PARALLEL_H
#define ENGINE_PARALLEL_H

#include <stdint.h>

/* Threads that a run uses unless told otherwise: OMP_NUM_THREADS, or the processors it may use. */
int parallel_threads(void);

/* Calls body(context, index, worker) for every index in [0, n), in any order, worker in [0,
 * threads). What body writes must depend on index alone. */
void parallel_for(int64_t n, int threads, void (*body)(void *context, int64_t index, int worker),
                  void *context);

const char *parallel_library(void); /* "OpenMP 201511" */

#endif
