/* spool.h - results on their way to a result file, safe against kills.  SPDX-License-Identifier:
 * MIT
 *
 * An append-only file beside the result file (NAME.part). Each record holds the results of one
 * block of replicates at one point and its checksums; what a kill cut short is recognised and
 * dropped. The file is locked, so that two processes cannot work on one result. A finished spool
 * lives on inside a shard's file. */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include "engine/study.h"

struct spool;

/* Whose results a spool holds. */
struct spool_run {
    unsigned char identity[16]; /* names the run */
    int n_points, n_answers;
    const struct answer *answer; /* [n_answers] borrowed while a spool is opened */
    int64_t memory;              /* bytes for reading ahead; 0: SPOOL_MEMORY */
};
static const int64_t SPOOL_MEMORY = INT64_C(32) << 20;

/* Opens or creates. A spool of another run is refused and left as it is (unless `fresh`, which
 * starts over). Locked by another process: refused. */
enum status spool_open(const char *path, const struct spool_run *run, bool fresh,
                       struct spool **spool, struct errors *e);
/* Opens, for reading, the finished spool that is `size` bytes of a file from `start` on; every
 * record is checked. Sets run->identity. */
enum status spool_open_within(const char *path, int64_t start, int64_t size, struct spool_run *run,
                              struct spool **spool, struct errors *e);
/* Whether this block is already there. */
bool spool_has(const struct spool *s, int point, int64_t first, int64_t count);
/* How many of the replicates from … end - 1 are held, all points together. */
int64_t spool_replicates(const struct spool *s, int64_t from, int64_t end);
/* Appends rows[count][n_answers]; durable after spool_sync. */
enum status spool_append(struct spool *s, int point, int64_t first, int64_t count,
                         const struct result *rows, struct errors *e);
/* Appends the records of `from`, a spool of the same run, that are not there yet. */
enum status spool_append_all(struct spool *s, const struct spool *from, struct errors *e);

/* A point's truths on the scale of inference and their errors, [n_answers]; not kept of
 * descriptives, which have none. */
static const int64_t SPOOL_TRUTH = INT64_C(1) << 40; /* replicates are numbered below */
enum status spool_put_truth(struct spool *s, int point, int n_answers, const double *truth,
                            const double *error, struct errors *e);
bool spool_has_truth(const struct spool *s, int point);
enum status spool_truth(struct spool *s, int point, int n_answers, double *truth, double *error,
                        struct errors *e);

enum status spool_sync(struct spool *s, struct errors *e);
struct result_source spool_rows(struct spool *s); /* any range that the blocks cover */
/* The bytes of the whole spool, header and records. */
int64_t spool_size(const struct spool *s);
enum status spool_bytes(const struct spool *s, int64_t first, int64_t n, void *bytes,
                        struct errors *e);
void spool_close(struct spool *s,
                 bool remove); /* removes the file when its results are elsewhere */

#endif
