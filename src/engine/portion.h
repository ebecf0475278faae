/* portion.h - which part of a run one job of a job array does.  SPDX-License-Identifier: MIT
 *
 * Blocks of replicates go round the shards, at each point from another shard on: shards are equal
 * to within a block a point, slow and fast points are spread over all of them, and with more
 * replicates a shard keeps the blocks it has. Points' truths go round from the last shard on. */
#ifndef ENGINE_PORTION_H
#define ENGINE_PORTION_H

#include <stdbool.h>
#include <stdint.h>

enum { PORTIONS_MAX = 100000 };

/* Shard k of n, 1 <= k <= n <= PORTIONS_MAX; 1 of 1 is the whole. */
struct portion {
    int k, n;
};

int portion_of_block(int n, int point, int64_t replicate); /* the shard of a replicate's block */
int portion_of_truth(int n, int point);
/* Replicates from … to-1 that are the shard's, all points together. */
int64_t portion_replicates(struct portion s, int n_points, int64_t from, int64_t to);

#endif
