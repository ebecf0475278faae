/* coverage.h - which replicates of a point are on file, and where.  SPDX-License-Identifier: MIT */
#ifndef IO_COVERAGE_H
#define IO_COVERAGE_H

#include <stdint.h>

/* Replicates first … first+count-1, found in the record at `offset`, which begins with replicate
 * `record_first`. */
struct segment {
    int64_t first, count, offset, record_first;
};

/* Segments in order, disjoint. A zeroed one is empty. */
struct coverage {
    int n, capacity;
    struct segment *segment;
};

/* Adds the part of a record that is not covered yet: a replicate is the same wherever it is found.
 * Constant time for records that come in order. */
void coverage_add(struct coverage *c, int64_t offset, int64_t first, int64_t count);
/* The first segment that ends after `replicate`; c->n when there is none. */
int coverage_after(const struct coverage *c, int64_t replicate);
void coverage_free(struct coverage *c);

#endif
