/* stream_paths.h - the ways to compute one and the same stream; for stream*.c and their tests.
 * SPDX-License-Identifier: MIT
 *
 * The PCG library defines the outputs; the leapfrogs (leapfrog.h) give the same bits faster. */
#ifndef BASE_STREAM_PATHS_H
#define BASE_STREAM_PATHS_H

#include "base/stream.h"

#include <stdbool.h>

/* pcg.cpp: the library's own pcg64. */
uint64_t stream_next_library(struct stream *s);
void stream_fill_bits_library(const struct stream *s, uint64_t *bits, int n);
struct stream stream_seeded_library(uint64_t state, uint64_t sequence); /* pcg64(state, sequence) */

/* stream.c: four lanes of 128-bit integers. q as in stream_fill. */
void stream_fill_bits_leapfrog(const struct stream *s, uint64_t *bits, int n);
void stream_fill_leapfrog(const struct stream *s, double *q, int n);

/* stream_avx512.c: sixteen lanes in vector registers. False, and nothing done, where the processor
 * lacks AVX-512 IFMA or VBMI2. */
bool stream_fill_bits_avx512(const struct stream *s, uint64_t *bits, int n);
bool stream_fill_avx512(const struct stream *s, double *q, int n);

#endif
