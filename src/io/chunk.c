/* chunk.c - see chunk.h.  SPDX-License-Identifier: MIT */
#include "io/chunk.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

size_t chunk_bound(size_t n)
{
    return compressBound(n);
}

/* The filter H5Z_FILTER_SHUFFLE on elements of a whole row: first bytes of all rows, then the
 * second ones, … */
static void shuffle(const unsigned char *bytes, size_t rows, size_t chunk_rows, size_t row_size,
                    unsigned char *out)
{
    memset(out, 0, chunk_rows * row_size);
    for (size_t k = 0; k < row_size; k++)
        for (size_t i = 0; i < rows; i++) out[k * chunk_rows + i] = bytes[i * row_size + k];
}

static void *take(void *scratch, unsigned n, unsigned size)
{
    return scratch_take(scratch, n, size);
}

static void leave(void *scratch, void *p) /* given back with the scratch */
{
    (void)scratch;
    (void)p;
}

size_t chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows, size_t row_size,
                  struct scratch *w, unsigned char *out)
{
    const struct scratch_mark mark = scratch_save(w);
    const size_t n = chunk_rows * row_size;
    unsigned char *shuffled = scratch_take(w, n, 1);
    shuffle(bytes, rows, chunk_rows, row_size, shuffled);
    z_stream z = {.zalloc = take, .zfree = leave, .opaque = w};
    if (deflateInit(&z, CHUNK_LEVEL) != Z_OK) abort(); /* the library is not the one compiled for */
    z.next_in = shuffled;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)chunk_bound(n);
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort(); /* never: there is room */
    const size_t packed = z.total_out;
    (void)deflateEnd(&z);
    scratch_restore(w, mark);
    return packed;
}

const char *chunk_library(void)
{
    return "zlib " ZLIB_VERSION;
}
