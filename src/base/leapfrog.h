/* leapfrog.h - many steps of a PCG64 at once; for stream*.c only.  SPDX-License-Identifier: MIT
 *
 * Sequential steps s -> A s + c wait for each other's multiplication. Here lane k of L holds the
 * k-th state, and every lane goes on by s -> A^L s + (1 + A + ... + A^(L-1)) c on its own: the same
 * stream. */
#ifndef BASE_LEAPFROG_H
#define BASE_LEAPFROG_H

#include "base/stream.h"

__extension__ typedef unsigned __int128 uint128;

static inline uint128 uint128_of(uint64_t high, uint64_t low)
{
    return (uint128)high << 64 | low;
}

/* n steps at once: multiplier A^n, sum 1 + A + ... + A^(n-1) (Brown 1994, Trans. Am. Nucl. Soc.
 * 71). */
struct leap {
    uint128 multiplier, sum;
};

/* A: the library's default for 128 bits (pcg_random.hpp). */
#define MULTIPLIER ((uint128)2549297995355413924u << 64 | 4865540595714422341u)

static inline struct leap leap_step(void)
{
    return (struct leap){MULTIPLIER, 1};
}

static inline struct leap leap_twice(struct leap a)
{
    return (struct leap){a.multiplier * a.multiplier, a.sum * (1 + a.multiplier)};
}

/* The first n states after s, n a power of two. Returns the leap by n. */
__attribute__((always_inline)) static inline struct leap leapfrog_start(const struct stream *s,
                                                                        uint128 *lane, int n)
{
    const uint128 increment = uint128_of(s->increment_high, s->increment_low);
    struct leap leap = leap_step();
    lane[0] = uint128_of(s->state_high, s->state_low) * leap.multiplier + increment;
    for (int k = 1; k < n; k *= 2) {
        const uint128 shift = leap.sum * increment;
        for (int j = 0; j < k; j++) lane[k + j] = lane[j] * leap.multiplier + shift;
        leap = leap_twice(leap);
    }
    return leap;
}

#endif
