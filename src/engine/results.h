/* results.h - where the results of replicates are read from: a file, a spool, memory.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_RESULTS_H
#define ENGINE_RESULTS_H

#include "base/error.h"
#include "model/analysis.h"

#include <stdint.h>

/* What a descriptive says, as columns: of what patients, and why it says nothing. */
struct described {
    double *estimate;
    int32_t *n;
    uint8_t *why;
};

/* Replicates first … first+count-1 of an answer at a point, in replicate order. */
struct result_source {
    enum status (*read)(void *handle, int point, int answer, int64_t first, int64_t count,
                        struct result *rows, struct errors *e);
    /* NULL, or reads of a descriptive what it says, faster than `read`. */
    enum status (*describe)(void *handle, int point, int answer, int64_t first, int64_t count,
                            struct described to, struct errors *e);
    /* NULL, or told that the reader will read every replicate of this answer, and then those of the
     * answers behind it. What comes instead is as right, but slower. */
    enum status (*expect)(void *handle, int point, int answer, struct errors *e);
    void *handle;
};
enum status results_expect(const struct result_source *from, int point, int answer,
                           struct errors *e);
enum status results_describe(const struct result_source *from, int point, int answer, int64_t first,
                             int64_t count, struct described to, struct errors *e);

struct described described_new(size_t n);
void described_free(struct described *d);
/* The columns from a row on. */
struct described described_from(struct described d, int64_t row);

#endif
