/* test_fuzz_spool.c - spools as killed runs and bad disks leave them, from fixed seeds, are gone on
 * from, or refused in one line.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_spool.c" /* LLVMFuzzerTestOneInput, LLVMFuzzerCustomMutator */

enum { ITERATIONS = 4000, ROOM = 1 << 17 };

static void mutants_are_gone_on_from_or_refused(void **state)
{
    (void)state;
    uint8_t *example = xcalloc(ROOM, 1), *bytes = xcalloc(ROOM, 1);
    const size_t length = example_file(EXAMPLE_SPOOL, example, ROOM);
    int taken = take(example, length);
    assert_int_equal(taken, 1);
    for (unsigned k = 0; k < ITERATIONS; k++) {
        size_t n = length;
        memcpy(bytes, example, n);
        for (unsigned m = 0; m <= k % 3; m++)
            n = LLVMFuzzerCustomMutator(bytes, n, ROOM, 3 * k + m);
        taken += take(bytes, n);
    }
    assert_in_range(taken, ITERATIONS / 10, ITERATIONS - ITERATIONS / 10);
    free(example);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutants_are_gone_on_from_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
