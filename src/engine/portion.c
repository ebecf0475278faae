/* portion.c - see portion.h.  SPDX-License-Identifier: MIT */
#include "engine/portion.h"
#include "engine/simulate.h"

int portion_of_block(int n, int point, int64_t replicate)
{
    return (int)((point + replicate / BLOCK_REPLICATES) % n) + 1;
}

int portion_of_truth(int n, int point)
{
    return n - point % n;
}

int64_t portion_replicates(struct portion s, int n_points, int64_t from, int64_t to)
{
    int64_t n = 0;
    for (int p = 0; p < n_points; p++)
        for (int64_t r = from; r < to;) {
            const int64_t next = (r / BLOCK_REPLICATES + 1) * BLOCK_REPLICATES;
            const int64_t end = next < to ? next : to;
            if (portion_of_block(s.n, p, r) == s.k) n += end - r;
            r = end;
        }
    return n;
}
