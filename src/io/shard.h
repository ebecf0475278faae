/* shard.h - the file of one shard of a run: raw results for `merge`.  SPDX-License-Identifier: MIT
 *
 * An HDF5 file that says what a result file says of its run (attributes, /scenario, /resolved,
 * /points, /answers) and which shard it is (attributes shard, shards); /records holds the shard's
 * finished spool as it is, with its checksums. A shard has no operating characteristics: those are
 * found when all shards are there. */
#ifndef IO_SHARD_H
#define IO_SHARD_H

#include "engine/portion.h"
#include "io/spool.h"

struct shard {
    const char *path;
    struct portion portion;
    struct study study; /* without truths, measures and published figures */
    unsigned char identity[16];
    struct spool *spool;
};

/* Writes the file from a spool that holds all of the shard: to a temporary name beside it, read
 * back, synced, renamed. On failure the old file, if any, is untouched and nothing else is left. */
enum status shard_write(const char *path, const struct study *s, struct portion portion,
                        const struct spool *spool, struct errors *e);
/* Opens and verifies everything: format, checksums of what it says and of every record, and that
 * all of the shard is there. On failure there is nothing to close. */
enum status shard_open(const char *path, struct shard *shard, struct errors *e);
void shard_close(struct shard *shard);

#endif
