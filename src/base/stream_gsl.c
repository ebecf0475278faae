/* stream_gsl.c - see stream_gsl.h.  SPDX-License-Identifier: MIT */
#include "base/stream_gsl.h"

#include <assert.h>
#include <limits.h>

static_assert(ULONG_MAX == UINT64_MAX, "GSL hands out unsigned long");

static void set(void *state, unsigned long seed)
{
    struct stream *s = state;
    *s = stream_for(seed, 0, 0);
}

static unsigned long get(void *state)
{
    return stream_next(state);
}

static double get_double(void *state)
{
    return stream_uniform(state);
}

const gsl_rng_type stream_gsl_type = {.name = "shocksim-pcg64",
                                      .max = ULONG_MAX,
                                      .min = 0,
                                      .size = sizeof(struct stream),
                                      .set = set,
                                      .get = get,
                                      .get_double = get_double};

gsl_rng stream_gsl(struct stream *s)
{
    return (gsl_rng){.type = &stream_gsl_type, .state = s};
}
