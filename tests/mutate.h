/* mutate.h - files for a moment and the chance that changes their bytes, for the fuzzers.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "base/memory.h"
#include "base/stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What must hold, in a build without assertions too. */
static inline void must(bool holds, const char *what, const char *text)
{
    if (holds) return;
    (void)fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

/* --- files ------------------------------------------------------------------------------------ */

/* A file of these bytes; libhdf5 opens names only, and none that is gone. */
struct brief_file {
    char path[256];
};

static inline struct brief_file brief_file_new(const uint8_t *bytes, size_t n)
{
    struct brief_file b;
    const char *directory = getenv("TMPDIR");
    (void)snprintf(b.path, sizeof b.path, "%s/brief_XXXXXX", directory ? directory : "/tmp");
    const int fd = mkstemp(b.path);
    must(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0, "no file", b.path);
    return b;
}

static inline void brief_file_remove(const struct brief_file *b)
{
    (void)unlink(b->path);
}

/* Takes the bytes back unless they are more than `room`; returns how many there are now. */
static inline size_t brief_file_end(const struct brief_file *b, uint8_t *bytes, size_t n,
                                    size_t room)
{
    struct stat st;
    FILE *file = fopen(b->path, "rb");
    if (file != NULL && fstat(fileno(file), &st) == 0 && st.st_size > 0 &&
        (uint64_t)st.st_size <= room)
        n = fread(bytes, 1, room, file);
    if (file != NULL) (void)fclose(file);
    brief_file_remove(b);
    return n;
}

/* --- chance ----------------------------------------------------------------------------------- */

static inline uint64_t below(struct stream *s, uint64_t n)
{
    return n > 0 ? stream_next(s) % n : 0;
}

/* Numbers that readers trip over. */
static inline uint64_t odd_number(struct stream *s)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   2,
                                   7,
                                   63,
                                   64,
                                   65,
                                   127,
                                   128,
                                   255,
                                   256,
                                   4096,
                                   65535,
                                   1 << 20,
                                   (1 << 20) + 1,
                                   INT32_MAX,
                                   UINT64_C(1) << 31,
                                   UINT32_MAX,
                                   UINT64_C(1) << 32,
                                   UINT64_C(1) << 40,
                                   INT64_MAX - 63,
                                   INT64_MAX,
                                   UINT64_C(1) << 63,
                                   UINT64_MAX - 1,
                                   UINT64_MAX,
                                   UINT64_C(0x7ff0000000000000),  /* infinity */
                                   UINT64_C(0x7ff8000000000000),  /* not a number */
                                   UINT64_C(0x7fefffffffffffff)}; /* the largest double */
    const uint64_t k = below(s, 2 * sizeof odd / sizeof *odd);
    return k < sizeof odd / sizeof *odd ? odd[k] : stream_next(s) >> below(s, 64);
}

static inline void overwrite(struct stream *s, uint8_t *bytes, size_t n)
{
    if (n == 0) return;
    const size_t at = (size_t)below(s, n);
    const uint64_t x = odd_number(s);
    size_t width = (size_t)1 << below(s, 4);
    if (width > n - at) width = n - at;
    if (below(s, 4) == 0)
        bytes[at] ^= (uint8_t)(1u << below(s, 8));
    else
        memcpy(bytes + at, &x, width); /* the low bytes come first */
}

#endif
