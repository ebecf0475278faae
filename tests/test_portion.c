/* test_portion.c - how a run is divided among shards.  SPDX-License-Identifier: MIT
 *
 * Expected counts are those of a plain count over all blocks, written out here. */
#include "engine/portion.h"
#include "engine/simulate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Every replicate and truth is one shard's; shards are equal to within a block a point, and points
 * are spread evenly over the shards. */
static void shards_are_equal(void **state)
{
    (void)state;
    const int64_t replicates[] = {1, 63, 64, 65, 640, 1000, 10000};
    for (int n = 1; n <= 40; n++)
        for (int points = 1; points <= 7; points++)
            for (int i = 0; i < 7; i++) {
                int64_t of[40] = {0}, total = 0;
                int truths[40] = {0};
                for (int p = 0; p < points; p++) {
                    int64_t here[40] = {0};
                    truths[portion_of_truth(n, p) - 1]++;
                    for (int64_t r = 0; r < replicates[i]; r++)
                        here[portion_of_block(n, p, r) - 1]++;
                    for (int k = 0; k < n; k++) {
                        assert_true(here[k] <= replicates[i] / n + BLOCK_REPLICATES);
                        of[k] += here[k];
                    }
                }
                for (int k = 0; k < n; k++) {
                    const struct portion one = {k + 1, n};
                    assert_int_equal(portion_replicates(one, points, 0, replicates[i]), of[k]);
                    assert_true(truths[k] <= points / n + 1);
                    total += of[k];
                }
                assert_int_equal(total, points * replicates[i]);
            }
}

/* With more replicates a shard keeps its blocks: nothing asks how many there are; a block is not
 * divided. */
static void blocks_stay_whole(void **state)
{
    (void)state;
    for (int n = 1; n <= 10; n++)
        for (int64_t r = 0; r < 2000; r++)
            assert_int_equal(portion_of_block(n, 3, r),
                             portion_of_block(n, 3, r - r % BLOCK_REPLICATES));
    const struct portion one = {2, 3};
    for (int64_t from = 0; from < 700; from += 33)
        assert_int_equal(portion_replicates(one, 4, 0, from) +
                             portion_replicates(one, 4, from, 700),
                         portion_replicates(one, 4, 0, 700));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_are_equal),
        cmocka_unit_test(blocks_stay_whole),
    };
    return cmocka_run_group_tests_name("portion", tests, NULL, NULL);
}
