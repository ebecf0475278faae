/* spool.h - results on their way to a result file, safe against kills.  SPDX-License-Identifier:
 * MIT
 *
 * An append-only file beside the result file (NAME.part). Each record holds the results of one
 * block of replicates at one point and its checksum; what a kill cut short is recognised and
 * dropped. The file is locked, so that two processes cannot work on one result. */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include "engine/study.h"

struct spool;

/* Opens or creates; `identity` (16 bytes) names the run: a spool of another run is refused and
 * left as it is (unless `fresh`, which starts over). Locked by another process: refused. */
enum status spool_open(const char *path, const unsigned char identity[16], int n_points,
                       int n_answers, bool fresh, struct spool **spool, struct errors *e);
/* Whether this block is already there. */
bool spool_has(const struct spool *s, int point, int64_t first, int64_t count);
int64_t spool_replicates(const struct spool *s); /* rows held, all points together */
/* Appends rows[count][n_answers]; durable after spool_sync. */
enum status spool_append(struct spool *s, int point, int64_t first, int64_t count,
                         const struct result *rows, struct errors *e);
enum status spool_sync(struct spool *s, struct errors *e);
struct result_source spool_rows(struct spool *s); /* any range that the blocks cover */
void spool_close(struct spool *s,
                 bool remove); /* removes the file when its results are elsewhere */

#endif
