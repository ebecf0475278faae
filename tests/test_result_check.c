/* test_result_check.c - what a new result file is compared with before it is kept.
 * SPDX-License-Identifier: MIT */
#include "example_study.h"
#include "io/chunk.h"
#include "io/result_check.h"
#include "io/result_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
/* The HDF5 library itself loses memory where it fails. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}
#endif

static char path[] = "/tmp/test_result_check_XXXXXX";

static enum status read_nudged(void *handle, int point, int answer, int64_t first, int64_t count,
                               struct result *rows, struct errors *e)
{
    (void)example_read(handle, point, answer, first, count, rows, e);
    if (point == 2 && answer == 1 && first + count > 59)
        rows[59 - first].se = nextafter(rows[59 - first].se, 1);
    return STATUS_OK;
}

static enum status write_on(int threads, int64_t replicates, const struct result_source *rows,
                            struct errors *e)
{
    struct study s = example_study(replicates);
    const struct result_source summarised = example_rows();
    assert_int_equal(study_summarise(&s, &summarised, NULL, e), STATUS_OK);
    const enum status status = result_file_write(path, &s, rows, threads, e);
    arena_free(&s.memory);
    return status;
}

static void write_example(int64_t replicates, const struct result_source *rows)
{
    struct errors e = {0};
    if (write_on(2, replicates, rows, &e) != STATUS_OK) fail_msg("%s", e.text[0]);
}

static struct written example_written(int64_t replicates)
{
    const struct result_source rows = example_rows();
    struct written w = {.parts = checksum_new()};
    struct errors e = {0};
    write_example(replicates, &rows);
    assert_int_equal(written_read(path, &w, &e), STATUS_OK);
    assert_int_equal(written_check(path, &w, &e), STATUS_OK);
    return w;
}

/* One bit of one number of the last replicate. */
static void other_results_are_refused(void **unused)
{
    (void)unused;
    struct written w = example_written(60);
    const struct result_source nudged = {.read = read_nudged};
    struct errors e = {0};
    write_example(60, &nudged);
    assert_int_equal(written_check(path, &w, &e), STATUS_IO);
    assert_non_null(strstr(e.text[0], "it does not hold what was written"));
    errors_free(&e);
    checksum_free(w.parts);
}

static void spill(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* Whether the check passes; then verifying every number must pass too, with the same digest. */
static bool passes(const struct written *w)
{
    struct errors e = {0};
    char digest[33];
    const bool same = written_check(path, w, &e) == STATUS_OK;
    if (same) {
        assert_int_equal(result_file_digest(path, digest, &e), STATUS_OK);
        assert_string_equal(digest, w->digest.text);
    }
    errors_free(&e);
    return same;
}

/* Of tables of 4200 rows, two chunks. A flipped bit anywhere, and a file cut short: nothing passes
 * that opening would not. */
static void damage_is_refused(void **unused)
{
    (void)unused;
    enum { MOST = 1 << 20 };
    struct written w = example_written(1400);
    char *bytes = xcalloc(MOST, 1);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(bytes, 1, MOST, f);
    (void)fclose(f);
    assert_true(n > 100000 && n < MOST);
    int refused = 0, passed = 0;
    for (size_t i = 0; i < n; i += n / 300) {
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        spill(bytes, n);
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        if (passes(&w))
            passed++;
        else
            refused++;
    }
    assert_true(refused > 20 * passed); /* nearly all bytes are those of chunks */
    for (size_t length = 0; length < n; length += n / 20) {
        spill(bytes, length);
        assert_false(passes(&w));
    }
    free(bytes);
    checksum_free(w.parts);
}

/* The chunk that is packed wrong, counted from 0 as one thread packs them; none below 0. */
static int wrong_chunk = -1;

size_t __real_chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows,
                         size_t row_size, struct scratch *w, unsigned char *out);
size_t __wrap_chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows,
                         size_t row_size, struct scratch *w, unsigned char *out);
/* A wrong chunk is a valid one, of rows that differ in a bit. */
size_t __wrap_chunk_pack(const unsigned char *bytes, size_t rows, size_t chunk_rows,
                         size_t row_size, struct scratch *w, unsigned char *out)
{
    if (wrong_chunk < 0 || wrong_chunk-- > 0)
        return __real_chunk_pack(bytes, rows, chunk_rows, row_size, w, out);
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *other = scratch_take(w, rows * row_size, 1);
    memcpy(other, bytes, rows * row_size);
    other[rows * row_size / 2] ^= 1;
    const size_t n = __real_chunk_pack(other, rows, chunk_rows, row_size, w, out);
    scratch_restore(w, mark);
    return n;
}

/* 33 chunks an answer, 99 in all. Opened again are the first 64 and, of the others, chunk k of
 * answer a where a + k is a multiple of 16, both from 0: k = 31 of the second, 14 and 30 of the
 * third, which are 64, 80 and 96 of all. A wrong one elsewhere is written, and refused when the
 * file is opened. */
static void packing_that_goes_wrong_is_noticed(void **unused)
{
    (void)unused;
    static const struct {
        int number;
        bool opened_again;
    } chunk[] = {{0, true},   {5, true},  {32, true},  {33, true}, {63, true}, {64, true},
                 {65, false}, {80, true}, {95, false}, {96, true}, {98, false}};
    const struct result_source rows = example_rows();
    for (size_t i = 0; i < sizeof chunk / sizeof *chunk; i++) {
        struct errors e = {0};
        (void)unlink(path);
        wrong_chunk = chunk[i].number;
        const enum status status = write_on(1, 33 * CHUNK_ROWS / EXAMPLE_POINTS, &rows, &e);
        assert_int_equal(wrong_chunk, -1);
        if (chunk[i].opened_again) {
            assert_int_equal(status, STATUS_IO);
            assert_non_null(strstr(e.text[0], "packed rows do not open to what they were"));
            assert_int_not_equal(access(path, F_OK), 0);
        } else {
            char digest[33];
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(result_file_digest(path, digest, &e), STATUS_IO);
        }
        errors_free(&e);
    }
}

static int make_path(void **unused)
{
    (void)unused;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_path(void **unused)
{
    (void)unused;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_results_are_refused),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(packing_that_goes_wrong_is_noticed),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
