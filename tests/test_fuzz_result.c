/* test_fuzz_result.c - result files and shards, mutated at random from fixed seeds, mostly with
 * checksums that match, are read and reported, or refused in one line.  SPDX-License-Identifier:
 * MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz_result.c" /* LLVMFuzzerTestOneInput, LLVMFuzzerCustomMutator */

enum { ITERATIONS = 1500, ROOM = 1 << 17 };

static void as_it_is(void **state)
{
    (void)state;
    uint8_t *bytes = xcalloc(ROOM, 1);
    for (int shard = 0; shard < 2; shard++) {
        const size_t n = example_file(shard ? EXAMPLE_SHARD : EXAMPLE_RESULT, bytes, ROOM);
        const struct taken t = take(bytes, n);
        assert_int_equal(t.shard, shard);
        assert_int_equal(t.result, !shard);
    }
    free(bytes);
}

/* Of the mutants some are still whole to the reader: what comes after the checks is tested too. */
static void mutants_are_read_or_refused(void **state)
{
    (void)state;
    uint8_t *example[2], *bytes = xcalloc(ROOM, 1);
    size_t length[2];
    int results = 0, shards = 0;
    for (int shard = 0; shard < 2; shard++) {
        example[shard] = xcalloc(ROOM, 1);
        length[shard] = example_file(shard ? EXAMPLE_SHARD : EXAMPLE_RESULT, example[shard], ROOM);
    }
    for (unsigned k = 0; k < ITERATIONS; k++) {
        size_t n = length[k % 2];
        memcpy(bytes, example[k % 2], n);
        for (unsigned m = 0; m <= k % 3; m++)
            n = LLVMFuzzerCustomMutator(bytes, n, ROOM, 3 * k + m);
        const struct taken t = take(bytes, n);
        results += t.result;
        shards += t.shard;
    }
    assert_in_range(results, ITERATIONS / 50, ITERATIONS / 2);
    assert_in_range(shards, ITERATIONS / 50, ITERATIONS / 2);
    for (int shard = 0; shard < 2; shard++) free(example[shard]);
    free(bytes);
}

/* Points are counted from 1; whatever stands there, taking 1 off must not leave the numbers. */
static void points_that_are_not_there(void **state)
{
    (void)state;
    static const char *const path[] = {"/operating_characteristics", "/agreement"};
    static const int32_t number[] = {INT32_MIN, -1, 0, EXAMPLE_POINTS + 1, INT32_MAX};
    uint8_t *bytes = xcalloc(ROOM, 1);
    const size_t n = example_file(EXAMPLE_RESULT, bytes, ROOM);
    for (int k = 0; k < 10; k++) {
        struct errors e = {0};
        struct result_file *opened;
        struct study s;
        struct object o = {.type = -1};
        const struct brief_file m = brief_file_new(bytes, n);
        const hid_t file = open_file(m.path);
        (void)snprintf(o.name, sizeof o.name, "%s", path[k % 2]);
        assert_true(object_read(file, &o));
        memcpy(o.bytes, &number[k / 2], sizeof number[0]); /* the first field */
        object_write(file, &o, false);
        object_free(&o);
        assert_true(H5Fclose(file) >= 0);
        sign_results(m.path);
        assert_int_equal(result_file_open(m.path, &opened, &s, &e), STATUS_IO);
        assert_non_null(strstr(e.text[0], "names a point or analysis that does not exist"));
        errors_free(&e);
        brief_file_remove(&m);
    }
    free(bytes);
}

/* A small file must not make its reader take memory, or time, without end. */
static void rows_that_are_not_there(void **state)
{
    (void)state;
    static const char *const path[] = {"/points", "/answers", "/truth", "/replicates/primary"};
    uint8_t *bytes = xcalloc(ROOM, 1);
    for (int k = 0; k < 4; k++) {
        struct errors e = {0};
        struct result_file *opened;
        struct study s;
        struct object o = {.type = -1};
        const size_t n = example_file(EXAMPLE_RESULT, bytes, ROOM);
        const struct brief_file m = brief_file_new(bytes, n);
        const hid_t file = open_file(m.path);
        (void)snprintf(o.name, sizeof o.name, "%s", path[k]);
        assert_true(object_read(file, &o));
        o.n = 1 << 30;
        object_write(file, &o, true);
        object_free(&o);
        assert_true(H5Fclose(file) >= 0);
        assert_int_equal(result_file_open(m.path, &opened, &s, &e), STATUS_IO);
        assert_int_equal(e.n, 1);
        char *wanted =
            arena_printf(&e.memory, "damaged: the rows of %s are not all there", path[k]);
        assert_non_null(strstr(e.text[0], wanted));
        errors_free(&e);
        brief_file_remove(&m);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_is),
        cmocka_unit_test(rows_that_are_not_there),
        cmocka_unit_test(points_that_are_not_there),
        cmocka_unit_test(mutants_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
