/* test_result_check.c - what a new result file is compared with before it is kept.
 * SPDX-License-Identifier: MIT */
#include "example_study.h"
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

static void write_example(int64_t replicates, const struct result_source *rows)
{
    struct study s = example_study(replicates);
    const struct result_source summarised = example_rows();
    struct errors e = {0};
    assert_int_equal(study_summarise(&s, &summarised, NULL, &e), STATUS_OK);
    if (result_file_write(path, &s, rows, 2, &e) != STATUS_OK) fail_msg("%s", e.text[0]);
    arena_free(&s.memory);
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
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
