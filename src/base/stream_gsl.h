/* stream_gsl.h - a stream as a generator for GSL's samplers.  SPDX-License-Identifier: MIT
 *
 * For distributions too rare to be worth an inversion of our own:
 *     gsl_rng r = stream_gsl(&s);
 *     x = gsl_ran_gamma(&r, shape, scale);
 * A sampler that rejects takes a varying number of draws: give each patient or centre a stream of
 * its own where pairing matters. */
#ifndef BASE_STREAM_GSL_H
#define BASE_STREAM_GSL_H

#include "base/stream.h"

#include <gsl/gsl_rng.h>

/* Draws from s, which must outlive it and is advanced by it. Owns nothing: never freed. */
gsl_rng stream_gsl(struct stream *s);

extern const gsl_rng_type stream_gsl_type; /* seeded by gsl_rng_set: the stream (seed, 0, 0) */

#endif
