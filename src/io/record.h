/* record.h - one block of replicates as a spool holds it.  SPDX-License-Identifier: MIT
 *
 * A record is a head and a body. The body holds one section an answer: its checksum, then its
 * result in every replicate of the block, so that one answer can be read, and trusted, without the
 * others. Native byte order; heads and sections are multiples of 8 bytes. */
#ifndef IO_RECORD_H
#define IO_RECORD_H

#include "engine/study.h"

#include <stdint.h>

struct record_head {
    uint64_t magic;
    int64_t point, first, count;
    uint64_t checksum; /* of what is above */
};

extern const uint64_t record_magic;

enum { RECORD_COUNT_MAX = 1 << 20 }; /* replicates of one record */

/* Where the answers stand. A descriptive has an estimate and nothing else worth keeping. */
struct record_layout {
    int n_points, n_answers;
    int64_t *before; /* [n_answers + 1] bytes a replicate of the answers before */
};
struct record_layout record_layout_make(int n_points, int n_answers, const struct answer *answer);
void record_layout_free(struct record_layout *l);

struct record_head record_head_make(int point, int64_t first, int64_t count);
bool record_head_is_valid(const struct record_layout *l, const struct record_head *h);

/* Bytes of a body; of an answer's section, and where it begins in the body. */
int64_t record_body_size(const struct record_layout *l, int64_t count);
int64_t record_section_size(const struct record_layout *l, int answer, int64_t count);
int64_t record_section_start(const struct record_layout *l, int answer, int64_t count);

/* Fills a body from rows[count][n_answers]. */
void record_pack(const struct record_layout *l, int64_t count, const struct result *rows,
                 unsigned char *body);
/* Whether a section, or every section of a body, is what its checksum says. */
bool record_section_is_whole(const struct record_layout *l, int answer, int64_t count,
                             const unsigned char *section);
bool record_body_is_whole(const struct record_layout *l, int64_t count, const unsigned char *body);
/* The results of the record's replicates at … at + n - 1. */
void record_results(const struct record_layout *l, int answer, int64_t at, int64_t n,
                    const unsigned char *section, struct result *rows);

/* The same of a descriptive. */
void record_described(const struct record_layout *l, int answer, int64_t at, int64_t n,
                      const unsigned char *section, struct described to);

#endif
