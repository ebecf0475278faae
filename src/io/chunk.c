/* chunk.c - see chunk.h.  SPDX-License-Identifier: MIT */
#include "io/chunk.h"

#include "io/deflate.h"

#include <stdint.h>
#include <string.h>

_Static_assert((int)CHUNK_ROWS < (int)PLANE_MOST, "a chunk is of planes");

size_t chunk_bound(size_t rows, size_t row_size)
{
    return deflate_bound(row_size, rows);
}

/* Transposes 8 x 8 bytes: byte k of out[i] is byte i of in[k]. In three steps blocks of 4, 2 and 1
 * bytes beside the diagonal change places (Warren 2012, Hacker's Delight, 7-3). */
static void transpose(const uint64_t in[8], uint64_t out[8])
{
    uint64_t x[8];
    memcpy(x, in, sizeof x);
    for (int i = 0; i < 4; i++) {
        const uint64_t t = (x[i] >> 32 ^ x[i + 4]) & UINT64_C(0x00000000ffffffff);
        x[i + 4] ^= t;
        x[i] ^= t << 32;
    }
    for (int k = 0; k < 4; k++) {
        const int i = k / 2 * 4 + k % 2;
        const uint64_t t = (x[i] >> 16 ^ x[i + 2]) & UINT64_C(0x0000ffff0000ffff);
        x[i + 2] ^= t;
        x[i] ^= t << 16;
    }
    for (int i = 0; i < 8; i += 2) {
        const uint64_t t = (x[i] >> 8 ^ x[i + 1]) & UINT64_C(0x00ff00ff00ff00ff);
        x[i + 1] ^= t;
        x[i] ^= t << 8;
    }
    memcpy(out, x, sizeof x);
}

/* Planes of a chunk lie a power of two apart, so that the cache holds lines of few of them: eight
 * planes get a whole line of rows before the next eight have their turn. */
enum { LINE = 64 };

static size_t end_of_line(size_t i, size_t rows)
{
    return i + LINE < rows ? i + LINE : rows;
}

/* The filter H5Z_FILTER_SHUFFLE on elements of a whole row: first bytes of all rows, then the
 * second ones, … Eight rows and eight planes at a time, then what is left. */
static void shuffle(const unsigned char *bytes, size_t rows, size_t chunk_rows, size_t row_size,
                    unsigned char *out)
{
    const size_t whole_rows = rows / 8 * 8, whole_planes = row_size / 8 * 8;
    for (size_t line = 0; line < whole_rows; line += LINE)
        for (size_t k = 0; k < whole_planes; k += 8)
            for (size_t i = line; i < end_of_line(line, whole_rows); i += 8) {
                uint64_t block[8];
                for (size_t j = 0; j < 8; j++) memcpy(&block[j], bytes + (i + j) * row_size + k, 8);
                transpose(block, block);
                for (size_t j = 0; j < 8; j++) memcpy(out + (k + j) * chunk_rows + i, &block[j], 8);
            }
    for (size_t k = 0; k < row_size; k++) {
        const size_t from = k < whole_planes ? whole_rows : 0;
        for (size_t i = from; i < rows; i++) out[k * chunk_rows + i] = bytes[i * row_size + k];
        memset(out + k * chunk_rows + rows, 0, chunk_rows - rows);
    }
}

static void unshuffle(const unsigned char *planes, size_t rows, size_t chunk_rows, size_t row_size,
                      unsigned char *bytes)
{
    const size_t whole_rows = rows / 8 * 8, whole_planes = row_size / 8 * 8;
    for (size_t line = 0; line < whole_rows; line += LINE)
        for (size_t k = 0; k < whole_planes; k += 8)
            for (size_t i = line; i < end_of_line(line, whole_rows); i += 8) {
                uint64_t block[8];
                for (size_t j = 0; j < 8; j++)
                    memcpy(&block[j], planes + (k + j) * chunk_rows + i, 8);
                transpose(block, block);
                for (size_t j = 0; j < 8; j++) memcpy(bytes + (i + j) * row_size + k, &block[j], 8);
            }
    for (size_t k = 0; k < row_size; k++)
        for (size_t i = k < whole_planes ? whole_rows : 0; i < rows; i++)
            bytes[i * row_size + k] = planes[k * chunk_rows + i];
}

size_t chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows, size_t row_size,
                  struct scratch *w, unsigned char *out)
{
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *shuffled = scratch_take(w, chunk_rows * row_size, 1);
    shuffle(bytes, rows, chunk_rows, row_size, shuffled);
    const size_t packed = deflate_planes(shuffled, row_size, chunk_rows, out);
    scratch_restore(w, mark);
    return packed;
}

bool chunk_open(const unsigned char *packed, size_t n_packed, size_t rows, size_t chunk_rows,
                size_t row_size, struct scratch *w, unsigned char *bytes)
{
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *shuffled = scratch_take(w, chunk_rows * row_size, 1);
    const bool opened = deflate_open(packed, n_packed, shuffled, chunk_rows * row_size);
    if (opened) unshuffle(shuffled, rows, chunk_rows, row_size, bytes);
    scratch_restore(w, mark);
    return opened;
}
