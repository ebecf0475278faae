/* result_check.h - whether what was just written to a result file is what was meant.
 * SPDX-License-Identifier: MIT
 *
 * Opening a result file verifies it to the last number, and inflating takes as long as packing did.
 * A file that this very program has just written is compared with what was meant: the writer notes
 * the checksum of the tables' rows and of every chunk as it is packed, and the file is opened anew,
 * before it is synced and named, and those are read and compared. That packed chunks stand for
 * their rows is what the tests of deflate.c show of every kind of plane; the first CHECK_ALL
 * chunks, which is many a file whole, and one in CHECK_EACH of the others, chosen by its place, are
 * opened again as soon as they are packed. */
#ifndef IO_RESULT_CHECK_H
#define IO_RESULT_CHECK_H

#include "base/checksum.h"
#include "engine/study.h"
#include "io/table.h"

enum { CHECK_ALL = 64, CHECK_EACH = 16 };

/* What a file consists of, in the order of a file. */
struct written {
    struct checksum *parts;
    struct checksum_text digest; /* of the results, as the file says */
};
void written_add_chunk(struct checksum *parts, const unsigned char *packed, size_t n);

/* Adds what a file consists of to w->parts. */
enum status written_read(const char *path, struct written *w, struct errors *e);
/* Fails unless the file consists of that. */
enum status written_check(const char *path, const struct written *w, struct errors *e);

#endif
