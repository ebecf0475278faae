/* deflate.h - planes of bytes as a stream that zlib reads (RFC 1950, 1951).
 * SPDX-License-Identifier: MIT */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

enum { PLANE_MOST = 1 << 14 }; /* bytes of a plane; fewer */

/* Room that the stream of n_planes planes of `size` bytes needs at most. */
size_t deflate_bound(size_t n_planes, size_t size);
/* Writes the stream of planes laid end to end to `out`; returns its length. */
size_t deflate_planes(const unsigned char *planes, size_t n_planes, size_t size,
                      unsigned char *out);
/* The n bytes that a stream, of whatever writer, stands for; false: it stands for something else.
 */
bool deflate_open(const unsigned char *stream, size_t n_stream, unsigned char *out, size_t n);

const char *deflate_library(void); /* "zlib 1.2.13"; of the headers compiled with */

#endif
