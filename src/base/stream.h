/* stream.h - random streams, each a pure function of (seed, replicate, variable).
 * SPDX-License-Identifier: MIT
 *
 * A stream is a PCG64 (XSL-RR 128/64, O'Neill 2014, HMC-CS-2014-0905) whose whole state, 128 bits
 * of state and 127 of increment, is hashed from the three words by two separate chains: a single
 * 64-bit hash for both would repeat streams among 10^10, and replicate numbers put into a PCG state
 * directly give visibly correlated streams (tests/test_stream.c shows it). Draws therefore depend
 * neither on threads nor on what other variables were drawn. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdint.h>

struct stream {
    uint64_t state_high, state_low, increment_high, increment_low;
};

struct stream stream_for(uint64_t seed, uint64_t replicate, uint64_t variable);

/* The streams of one replicate: what all of its variables share is hashed once.
 * stream_for(seed, replicate, variable) is stream_of(streams_of(seed, replicate), variable). */
struct streams {
    uint64_t a, b;
};
struct streams streams_of(uint64_t seed, uint64_t replicate);
struct stream stream_of(struct streams s, uint64_t variable);

/* The number of a variable, from its name ("covariate age"): a 64-bit hash, so that adding a
 * variable moves no other. */
uint64_t stream_variable(const char *name);
/* The k-th of a numbered family (days, strata, centres). */
uint64_t stream_indexed(uint64_t variable, uint64_t k);

uint64_t stream_next(struct stream *s);
double stream_uniform(struct stream *s); /* (k + 1/2) 2^-53, in (0, 1), never 0 nor 1 */

/* Fill with the first n outputs of the stream. */
void stream_fill_bits(const struct stream *s, uint64_t *bits, int n);
/* q = u - 1/2 in (-1/2, 1/2), symmetric, exact in double precision: u itself would round to 1 at
 * the top and lose the upper tail. q[0..n rounded up to 8) is written: up to STREAM_BEYOND more. */
enum { STREAM_BEYOND = 7 };
void stream_fill(const struct stream *s, double *q, int n);

#endif
