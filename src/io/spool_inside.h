/* spool_inside.h - an open spool, for the files that work on it.  SPDX-License-Identifier: MIT */
#ifndef IO_SPOOL_INSIDE_H
#define IO_SPOOL_INSIDE_H

#include "io/coverage.h"
#include "io/record.h"
#include "io/spool.h"

/* Sections of adjacent answers of every record of a point, checked. */
struct ahead {
    int point, first_answer, n_answers; /* no answers: nothing is held */
    unsigned char *bytes;
    int64_t capacity, size;
    struct part {
        int64_t at, count; /* in bytes, and of the record */
    } * part;              /* [segments of the point] */
};

struct spool {
    char *path;
    int fd;
    int64_t start, end; /* in the file: of the header, behind the last whole record */
    bool sealed;        /* nothing is appended any more */
    struct record_layout layout;
    struct coverage *coverage; /* [n_points] */
    unsigned char *bytes;      /* of the body or section read last */
    int64_t capacity;
    int64_t cached; /* offset of the section in `bytes`, or -1 */
    int64_t memory; /* bytes that `ahead` may take */
    struct ahead ahead;
};

enum status spool_failed(const struct spool *s, struct errors *e);
enum status spool_damaged(const struct spool *s, int64_t offset, struct errors *e);
bool spool_read_at(int fd, void *bytes, size_t n, int64_t offset); /* false: errno says why */
void spool_reserve(struct spool *s, int64_t size);                 /* room in `bytes` */

#endif
