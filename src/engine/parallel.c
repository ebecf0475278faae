/* parallel.c - see parallel.h.  SPDX-License-Identifier: MIT */
#include "engine/parallel.h"

#include <omp.h>

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

int parallel_threads(void)
{
    return omp_get_max_threads();
}

void parallel_for(int64_t n, int threads, void (*body)(void *context, int64_t index, int worker),
                  void *context)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int64_t i = 0; i < n; i++) body(context, i, omp_get_thread_num());
}

const char *parallel_library(void)
{
    return "OpenMP " TEXT(_OPENMP);
}
