/* chunk.h - chunks of a table as HDF5's shuffle and deflate filters make them, so that many can be
 * made at once: the library works on one at a time.  SPDX-License-Identifier: MIT */
#ifndef IO_CHUNK_H
#define IO_CHUNK_H

#include "base/memory.h"

#include <stdbool.h>

enum { CHUNK_ROWS = 4096, CHUNK_LEVEL = 1 }; /* deflate above 1 costs much and gains nothing */

/* Room that so many rows never exceed when packed. */
size_t chunk_bound(size_t rows, size_t row_size);
/* Packs `rows` rows of `row_size` bytes and zeros up to `chunk_rows` rows; returns the bytes
 * written to `out`, which has room for chunk_bound(chunk_rows, row_size). */
size_t chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows, size_t row_size,
                  struct scratch *w, unsigned char *out);

/* The first `rows` rows of a packed chunk, of whatever writer; false: it is none of so many rows.
 */
bool chunk_open(const unsigned char *packed, size_t n_packed, size_t rows, size_t chunk_rows,
                size_t row_size, struct scratch *w, unsigned char *bytes);

#endif
