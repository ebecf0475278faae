/* test_spool.c - spools: what was appended comes back, whatever a kill, a disk or another process
 * does. SPDX-License-Identifier: MIT */
#include "example_study.h"
#include "io/coverage.h"
#include "io/spool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Two answers of 64 bytes and a descriptive of 16, each with a checksum before it. */
enum { POINTS = 2, ANSWERS = 3, COUNT = 5, RECORD = 40 + ANSWERS * 8 + COUNT * 144, HEADER = 40 };

static const struct answer answers[ANSWERS] = {
    {.method = "cox"}, {.method = "mean_difference"}, {.method = DESCRIBE_METHOD}};

static struct spool_run this_run(void)
{
    return (struct spool_run){
        .identity = "shocksim-tests!", .n_points = POINTS, .n_answers = ANSWERS, .answer = answers};
}

static char path[] = "/tmp/test_spool_XXXXXX";

static struct spool *open_spool(bool fresh)
{
    struct spool *s;
    struct errors e = {0};
    const struct spool_run run = this_run();
    if (spool_open(path, &run, fresh, &s, &e) != STATUS_OK) fail_msg("%s", e.text[0]);
    return s;
}

static enum status append(struct spool *s, int point, int64_t first, int64_t count,
                          struct errors *e)
{
    struct result rows[64 * ANSWERS];
    assert_true(count <= 64);
    for (int64_t i = 0; i < count * ANSWERS; i++)
        rows[i] = example_row(point, (int)(i % ANSWERS), first + i / ANSWERS);
    return spool_append(s, point, first, count, rows, e);
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool is_row(const struct result *r, int point, int answer, int64_t replicate)
{
    struct result want = example_row(point, answer, replicate);
    if (answer == ANSWERS - 1) { /* of a descriptive, these are kept */
        const struct result all = want;
        want = result_undefined(all.why, all.n, 0);
        want.estimate = all.estimate;
    }
    return same_bits(r->estimate, want.estimate) && same_bits(r->se, want.se) &&
           same_bits(r->ci_low, want.ci_low) && same_bits(r->ci_high, want.ci_high) &&
           same_bits(r->statistic, want.statistic) && same_bits(r->p_value, want.p_value) &&
           r->n == want.n && r->events == want.events && r->why == want.why;
}

/* The descriptive as columns: what its rows say. */
static void check_columns(const struct result_source *from, int point, int64_t first, int64_t count,
                          const struct result *rows)
{
    double estimate[256];
    int32_t n[256];
    uint8_t why[256];
    struct errors e = {0};
    const struct described to = {estimate, n, why};
    assert_int_equal(results_describe(from, point, ANSWERS - 1, first, count, to, &e), STATUS_OK);
    for (int64_t i = 0; i < count; i++)
        assert_true(same_bits(estimate[i], rows[i].estimate) && n[i] == rows[i].n &&
                    why[i] == (uint8_t)rows[i].why);
}

/* Reads and compares; false when reading is refused. Wrong rows fail the test. */
static bool reads(struct spool *s, int point, int64_t first, int64_t count)
{
    const struct result_source from = spool_rows(s);
    struct result rows[256];
    struct errors e = {0};
    bool all = true;
    for (int a = 0; a < ANSWERS; a++) {
        const bool read = from.read(from.handle, point, a, first, count, rows, &e) == STATUS_OK;
        for (int64_t i = 0; read && i < count; i++)
            if (!is_row(&rows[i], point, a, first + i)) fail_msg("a wrong row was read");
        if (read && a == ANSWERS - 1) check_columns(&from, point, first, count, rows);
        all = all && read;
    }
    errors_free(&e);
    return all;
}

/* Five records: replicates 0-24 of point 0. */
static void make_spool(void)
{
    struct errors e = {0};
    struct spool *s = open_spool(true);
    for (int i = 0; i < 5; i++) assert_int_equal(append(s, 0, i * COUNT, COUNT, &e), STATUS_OK);
    assert_int_equal(spool_sync(s, &e), STATUS_OK);
    spool_close(s, false);
}

static char *slurp(size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *bytes = xcalloc(1 << 20, 1);
    *n = fread(bytes, 1, 1 << 20, f);
    (void)fclose(f);
    return bytes;
}

static void spill(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void any_order_any_range(void **state)
{
    (void)state;
    struct errors e = {0};
    struct spool *s = open_spool(true);
    const int64_t first[] = {20, 0, 10, 5, 15};
    for (int i = 0; i < 5; i++) assert_int_equal(append(s, 1, first[i], COUNT, &e), STATUS_OK);
    assert_int_equal(append(s, 0, 0, 64, &e), STATUS_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 25 + 64);
        for (int64_t from = 0; from < 25; from++)
            for (int64_t n = 1; from + n <= 26; n++) {
                assert_int_equal(spool_has(s, 1, from, n), from + n <= 25);
                assert_int_equal(reads(s, 1, from, n), from + n <= 25);
            }
        assert_true(reads(s, 0, 3, 60));
        spool_close(s, false);
        s = open_spool(false);
    }
    spool_close(s, true);
    struct stat st;
    assert_int_equal(stat(path, &st), -1);
}

/* Blocks that overlap because the number of replicates was raised, and blocks done twice. */
static void overlapping_blocks(void **state)
{
    (void)state;
    struct errors e = {0};
    struct spool *s = open_spool(true);
    const int64_t block[][2] = {{0, 10}, {20, 3}, {20, 10}, {0, 10}, {5, 20}, {40, 5}, {30, 30}};
    for (int i = 0; i < 7; i++)
        assert_int_equal(append(s, 0, block[i][0], block[i][1], &e), STATUS_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 60);
        assert_true(spool_has(s, 0, 0, 60));
        assert_false(spool_has(s, 0, 59, 2));
        assert_true(reads(s, 0, 0, 60));
        spool_close(s, false);
        s = open_spool(false);
    }
    spool_close(s, true);
}

/* Against a plain array of marks, over random records. */
static void coverage_is_a_set(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 200; trial++) {
        struct coverage c = {0};
        bool mark[100] = {false};
        for (uint64_t k = 0; k < 12; k++) {
            const int first = (int)(40 + 40 * example_noise(trial * 100 + 2 * k));
            const int count = (int)(11 + 10 * example_noise(trial * 100 + 2 * k + 1));
            coverage_add(&c, (int64_t)k, first, count);
            for (int i = 0; i < count; i++) mark[first + i] = true;
        }
        for (int r = 0; r < 100; r++) {
            const int at = coverage_after(&c, r);
            const bool held = at < c.n && c.segment[at].first <= r;
            assert_int_equal(held, mark[r]);
            if (held) assert_true(c.segment[at].record_first <= c.segment[at].first);
        }
        for (int i = 1; i < c.n; i++)
            assert_true(c.segment[i - 1].first + c.segment[i - 1].count <= c.segment[i].first);
        coverage_free(&c);
    }
}

/* Cut at every byte of the last record: the others stay, and it can be written again. */
static void cut_short(void **state)
{
    (void)state;
    make_spool();
    size_t n;
    char *bytes = slurp(&n);
    assert_int_equal(n, HEADER + 5 * RECORD);
    for (size_t cut = n - RECORD; cut < n; cut++) {
        struct errors e = {0};
        spill(bytes, cut);
        struct spool *s = open_spool(false);
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 4 * COUNT);
        assert_false(spool_has(s, 0, 4 * COUNT, COUNT));
        assert_true(reads(s, 0, 0, 4 * COUNT));
        assert_int_equal(append(s, 0, 4 * COUNT, COUNT, &e), STATUS_OK);
        assert_true(reads(s, 0, 0, 5 * COUNT));
        spool_close(s, false);
        size_t again;
        char *whole = slurp(&again);
        assert_int_equal(again, n);
        assert_memory_equal(whole, bytes, n);
        free(whole);
    }
    for (size_t cut = 0; cut < HEADER; cut++) { /* killed while it was created */
        spill(bytes, cut);
        struct spool *s = open_spool(false);
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 0);
        spool_close(s, false);
    }
    free(bytes);
}

static enum status try_open(struct spool **s, const struct spool_run *run, char *message)
{
    struct errors e = {0};
    const enum status status = spool_open(path, run, false, s, &e);
    (void)snprintf(message, 400, "%s", e.n > 0 ? e.text[0] : "");
    assert_int_equal(e.n, status != STATUS_OK);
    errors_free(&e);
    return status;
}

/* Each byte in turn loses a bit: in the last record that record is dropped, elsewhere the file is
 * refused; no wrong row is ever read, and a refused file is left as it is. */
static void flipped_bits(void **state)
{
    (void)state;
    make_spool();
    size_t n, m;
    char *bytes = slurp(&n), message[400];
    const struct spool_run run = this_run();
    for (size_t i = 0; i < n; i++) {
        struct spool *s;
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        spill(bytes, n);
        const enum status status = try_open(&s, &run, message);
        if (i >= n - RECORD) {
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 4 * COUNT);
            assert_true(reads(s, 0, 0, 4 * COUNT));
            spool_close(s, false);
        } else {
            assert_int_not_equal(status, STATUS_OK);
            assert_null(s);
            char *left = slurp(&m);
            assert_int_equal(m, n);
            assert_memory_equal(left, bytes, n);
            free(left);
        }
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
    }
    free(bytes);
}

/* Damage that happens while the spool is open is seen when the rows are read. */
static void flipped_while_open(void **state)
{
    (void)state;
    make_spool();
    for (int64_t at = HEADER + RECORD; at < HEADER + 2 * RECORD; at++) {
        struct spool *s = open_spool(false);
        FILE *f = fopen(path, "r+b");
        assert_non_null(f);
        (void)fseek(f, (long)at, SEEK_SET);
        const int old = fgetc(f);
        (void)fseek(f, (long)at, SEEK_SET);
        (void)fputc(old ^ 4, f);
        (void)fflush(f);
        assert_false(reads(s, 0, COUNT, COUNT));
        assert_true(reads(s, 0, 0, COUNT));
        (void)fseek(f, (long)at, SEEK_SET);
        (void)fputc(old, f);
        (void)fclose(f);
        assert_true(reads(s, 0, COUNT, COUNT));
        spool_close(s, false);
    }
}

static void foreign_files(void **state)
{
    (void)state;
    struct spool_run run = this_run(), other = this_run(), larger = this_run();
    memcpy(other.identity, "another scenario", 16);
    larger.n_points++;
    char message[400], want[400];
    struct spool *s;
    size_t n, m;
    make_spool();
    char *bytes = slurp(&n);
    assert_int_equal(try_open(&s, &other, message), STATUS_IO);
    assert_non_null(strstr(message, ": unfinished results of another scenario"));
    assert_int_equal(try_open(&s, &larger, message), STATUS_IO);
    char *left = slurp(&m);
    assert_int_equal(m, n);
    assert_memory_equal(left, bytes, n);
    const char *text[] = {"notes\n",
                          "a longer text that is certainly not a spool of this program\n"};
    for (int i = 0; i < 2; i++) {
        spill(text[i], strlen(text[i]));
        assert_int_equal(try_open(&s, &run, message), STATUS_IO);
        (void)snprintf(want, sizeof want, "%s: not a spool of this program", path);
        assert_string_equal(message, want);
    }
    spill(bytes, n);
    struct errors e = {0};
    assert_int_equal(spool_open(path, &other, true, &s, &e), STATUS_OK); /* starts over */
    assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 0);
    spool_close(s, false);
    free(bytes);
    free(left);
}

static void one_process_at_a_time(void **state)
{
    (void)state;
    make_spool();
    struct spool *s = open_spool(false);
    const pid_t child = fork();
    if (child == 0) {
        struct spool *second;
        struct errors e = {0};
        char want[400];
        (void)snprintf(want, sizeof want, "%s: another process is working on it", path);
        const struct spool_run run = this_run();
        const enum status status = spool_open(path, &run, true, &second, &e);
        _exit(status == STATUS_IO && e.n == 1 && strcmp(e.text[0], want) == 0 ? 0 : 1);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    assert_true(reads(s, 0, 0, 5 * COUNT)); /* the refused one, though fresh, changed nothing */
    spool_close(s, false);
}

/* A limit on the size of files stands for a full disk: earlier records stay, and when there is room
 * again the record is written where it would have been. */
static void no_room(void **state)
{
    (void)state;
    struct rlimit limit, old;
    struct errors e = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < RECORD; room += 37) {
        make_spool();
        struct spool *s = open_spool(false);
        limit = (struct rlimit){HEADER + 5 * RECORD + room, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const enum status status = append(s, 0, 5 * COUNT, COUNT, &e);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(status, STATUS_IO);
        assert_non_null(strstr(e.text[0], "File too large"));
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 5 * COUNT);
        assert_true(reads(s, 0, 0, 5 * COUNT));
        assert_int_equal(append(s, 0, 5 * COUNT, COUNT, &e), STATUS_OK);
        spool_close(s, false);
        s = open_spool(false);
        assert_true(reads(s, 0, 0, 6 * COUNT));
        spool_close(s, false);
        errors_free(&e);
    }
    struct spool *s = NULL;
    const struct spool_run run = this_run();
    assert_int_equal(spool_open("/no/where.part", &run, false, &s, &e), STATUS_IO);
    assert_string_equal(e.text[0], "/no/where.part: No such file or directory");
    assert_null(s);
    errors_free(&e);
}

/* A writer is killed at many moments; what it had said to be durable is there, and only right rows
 * are. */
static void killed_writers(void **state)
{
    (void)state;
    for (int k = 0; k < 40; k++) {
        int to_parent[2];
        spool_close(open_spool(true), false);
        assert_int_equal(pipe(to_parent), 0);
        const pid_t child = fork();
        if (child == 0) {
            struct errors e = {0};
            struct spool *s = open_spool(false);
            for (int64_t i = 0; i < 200; i++)
                if (append(s, 1, i * COUNT, COUNT, &e) != STATUS_OK ||
                    write(to_parent[1], "", 1) != 1)
                    _exit(1);
            (void)pause();
        }
        (void)close(to_parent[1]);
        char byte;
        int64_t said = 0;
        while (said < 1 + k * 4 && read(to_parent[0], &byte, 1) == 1) said++;
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(to_parent[0], &byte, 1) == 1) said++;
        (void)close(to_parent[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct spool *s = open_spool(false);
        assert_true(spool_has(s, 1, 0, said * COUNT));
        for (int64_t i = 0; i < spool_replicates(s, 0, SPOOL_TRUTH); i += COUNT)
            assert_true(reads(s, 1, i, COUNT));
        spool_close(s, false);
    }
}

/* Truths come back, are no replicates, and stay when the spool is opened again. */
static void truths(void **state)
{
    (void)state;
    const double truth[ANSWERS] = {-0.1, 0.25, NAN}, error[ANSWERS] = {0.01, 0, NAN};
    double got[ANSWERS], got_error[ANSWERS];
    struct errors e = {0};
    make_spool();
    struct spool *s = open_spool(false);
    assert_false(spool_has_truth(s, 1));
    assert_int_equal(spool_put_truth(s, 1, ANSWERS, truth, error, &e), STATUS_OK);
    for (int again = 0; again < 2; again++) {
        assert_true(spool_has_truth(s, 1) && !spool_has_truth(s, 0));
        assert_int_equal(spool_replicates(s, 0, SPOOL_TRUTH), 5 * COUNT);
        assert_int_equal(spool_truth(s, 1, ANSWERS, got, got_error, &e), STATUS_OK);
        for (int k = 0; k < 2; k++)
            assert_true(same_bits(got[k], truth[k]) && same_bits(got_error[k], error[k]));
        assert_true(isnan(got[2]) && isnan(got_error[2]));
        spool_close(s, false);
        s = open_spool(false);
    }
    assert_int_equal(spool_truth(s, 0, ANSWERS, got, got_error, &e), STATUS_IO);
    errors_free(&e);
    spool_close(s, true);
}

/* What another spool holds is taken over once. */
static void taken_over(void **state)
{
    (void)state;
    struct errors e = {0};
    struct spool_run run = this_run();
    char copy[sizeof path + 5];
    struct spool *s, *old;
    size_t n;
    make_spool();
    char *bytes = slurp(&n);
    (void)snprintf(copy, sizeof copy, "%s.old", path);
    FILE *f = fopen(copy, "wb");
    assert_int_equal(fwrite("before", 1, 6, f), 6);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    (void)fclose(f);
    memset(run.identity, 0, sizeof run.identity);
    assert_int_equal(spool_open_within(copy, 6, (int64_t)n, &run, &old, &e), STATUS_OK);
    assert_memory_equal(run.identity, this_run().identity, sizeof run.identity);
    s = open_spool(true);
    assert_int_equal(append(s, 0, COUNT, COUNT, &e), STATUS_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(spool_append_all(s, old, &e), STATUS_OK);
        assert_true(reads(s, 0, 0, 5 * COUNT));
        assert_int_equal(spool_size(s), HEADER + 5 * RECORD);
    }
    spool_close(old, true);
    spool_close(s, false);
    free(bytes);
}

/* A finished spool inside another file: every flipped bit and every wrong length is seen. */
static void damaged_within(void **state)
{
    (void)state;
    struct spool_run run = this_run();
    struct spool *s;
    size_t n;
    make_spool();
    char *bytes = slurp(&n);
    for (size_t i = 0; i < n; i += 3) {
        struct errors e = {0};
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        spill(bytes, n);
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        assert_int_equal(spool_open_within(path, 0, (int64_t)n, &run, &s, &e), STATUS_IO);
        assert_int_equal(e.n, 1);
        errors_free(&e);
    }
    spill(bytes, n);
    for (int64_t off = -3; off <= 3; off += 2) {
        struct errors e = {0};
        assert_int_equal(spool_open_within(path, 0, (int64_t)n + off, &run, &s, &e), STATUS_IO);
        assert_int_equal(spool_open_within(path, off, (int64_t)n, &run, &s, &e), STATUS_IO);
        errors_free(&e);
    }
    free(bytes);
}

static int make_path(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_any_range),
        cmocka_unit_test(overlapping_blocks),
        cmocka_unit_test(coverage_is_a_set),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(flipped_while_open),
        cmocka_unit_test(foreign_files),
        cmocka_unit_test(one_process_at_a_time),
        cmocka_unit_test(no_room),
        cmocka_unit_test(killed_writers),
        cmocka_unit_test(truths),
        cmocka_unit_test(taken_over),
        cmocka_unit_test(damaged_within),
    };
    return cmocka_run_group_tests_name("spool", tests, make_path, remove_path);
}
