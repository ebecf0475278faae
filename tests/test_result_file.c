/* test_result_file.c - result files: round trip, same bytes, damage, full disks.
 * SPDX-License-Identifier: MIT */
#include "example_study.h"
#include "io/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

static char directory[] = "/tmp/test_result_file_XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[4][256];
    static int turn;
    char *p = path[turn++ % 4];
    (void)snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

static struct study summarised(int64_t replicates)
{
    struct study s = example_study(replicates);
    const struct result_source rows = example_rows();
    struct errors e = {0};
    assert_int_equal(study_summarise(&s, &rows, NULL, &e), STATUS_OK);
    return s;
}

static void write_study(const char *path, const struct study *s)
{
    const struct result_source rows = example_rows();
    struct errors e = {0};
    const enum status status = result_file_write(path, s, &rows, 2, &e);
    if (status != STATUS_OK) fail_msg("%s", e.text[0]);
}

/* The same bits, or both not a number. */
static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void check_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void check_answers(const struct study *a, const struct study *b)
{
    assert_int_equal(a->n_answers, b->n_answers);
    for (int i = 0; i < a->n_answers; i++) {
        const struct answer *x = &a->answer[i], *y = &b->answer[i];
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->method, y->method);
        assert_int_equal(x->scale, y->scale);
        assert_true(same(x->null, y->null) && same(x->alpha, y->alpha));
        assert_int_equal(x->sides, y->sides);
        assert_int_equal(x->benefit, y->benefit);
    }
    for (int i = 0; i < a->n_points * a->n_answers; i++)
        assert_true(same(a->truth[i], b->truth[i]) && same(a->truth_se[i], b->truth_se[i]));
}

static void check_measures(const struct study *a, const struct study *b)
{
    assert_int_equal(a->n_measures, b->n_measures);
    for (int64_t i = 0; i < a->n_measures; i++) {
        const struct measure *x = &a->measure[i], *y = &b->measure[i];
        assert_true(x->point == y->point && x->look == y->look && x->answer == y->answer);
        assert_string_equal(x->name, y->name);
        assert_true(same(x->value, y->value) && same(x->mcse, y->mcse) && same(x->low, y->low) &&
                    same(x->high, y->high) && x->n == y->n);
    }
}

static void check_agreement(const struct study *a, const struct study *b)
{
    assert_int_equal(a->n_agreements, b->n_agreements);
    for (int64_t i = 0; i < a->n_agreements; i++) {
        const struct agreement *x = &a->agreement[i], *y = &b->agreement[i];
        assert_true(x->point == y->point && x->a == y->a && x->b == y->b && x->n == y->n);
        assert_string_equal(x->measure, y->measure);
        assert_true(same(x->both, y->both) && same(x->only_a, y->only_a) &&
                    same(x->only_b, y->only_b) && same(x->neither, y->neither) &&
                    same(x->difference, y->difference) && same(x->mcse, y->mcse) &&
                    same(x->low, y->low) && same(x->high, y->high));
    }
}

static void check_published(const struct study *a, const struct study *b)
{
    assert_int_equal(a->n_published, b->n_published);
    for (int i = 0; i < a->n_published; i++) {
        const struct published *x = &a->published[i], *y = &b->published[i];
        check_texts(x->subject, y->subject);
        check_texts(x->arm, y->arm);
        check_texts(x->where, y->where);
        check_texts(x->statistic, y->statistic);
        check_texts(x->use, y->use);
        check_texts(x->group, y->group);
        check_texts(x->alternative, y->alternative);
        check_texts(x->source, y->source);
        check_texts(x->reason, y->reason);
        assert_int_equal(x->shares_events, y->shares_events);
        assert_true(same(x->printed.value, y->printed.value) &&
                    x->printed.decimals == y->printed.decimals &&
                    x->printed.ratio == y->printed.ratio);
        const struct fit *f = &x->fit, *g = &y->fit;
        assert_true(same(f->simulated, g->simulated) && same(f->low, g->low) &&
                    same(f->high, g->high) && same(f->percentile, g->percentile) &&
                    same(f->z, g->z) && f->far == g->far && same(f->exact, g->exact) &&
                    same(f->conditional, g->conditional) &&
                    same(f->conditional_percentile, g->conditional_percentile));
    }
}

static void check_study(const struct study *a, const struct study *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->scenario, b->scenario);
    assert_string_equal(a->resolved, b->resolved);
    assert_true(a->seed == b->seed);
    assert_int_equal(a->replicates, b->replicates);
    assert_int_equal(a->keep_replicates, b->keep_replicates);
    assert_int_equal(a->n_paths, b->n_paths);
    assert_int_equal(a->n_points, b->n_points);
    for (int k = 0; k < a->n_paths; k++) assert_string_equal(a->path[k], b->path[k]);
    for (int k = 0; k < a->n_points * a->n_paths; k++)
        assert_string_equal(a->setting[k], b->setting[k]);
    for (int p = 0; p < a->n_points; p++) assert_string_equal(a->pairing[p], b->pairing[p]);
    check_answers(a, b);
    check_measures(a, b);
    check_agreement(a, b);
    check_published(a, b);
}

static bool same_result(const struct result *a, const struct result *b)
{
    return same(a->estimate, b->estimate) && same(a->se, b->se) && same(a->ci_low, b->ci_low) &&
           same(a->ci_high, b->ci_high) && same(a->statistic, b->statistic) &&
           same(a->p_value, b->p_value) && a->n == b->n && a->events == b->events &&
           a->why == b->why;
}

static void check_rows(struct result_file *file, const struct study *s, int64_t step)
{
    const struct result_source from = result_file_rows(file);
    struct errors e = {0};
    struct result *rows = xcalloc((size_t)step, sizeof *rows);
    for (int a = s->n_answers - 1; a >= 0; a--)
        for (int p = 0; p < s->n_points; p++)
            for (int64_t first = 0; first < s->replicates; first += step) {
                const int64_t left = s->replicates - first, n = left < step ? left : step;
                assert_int_equal(from.read(from.handle, p, a, first, n, rows, &e), STATUS_OK);
                for (int64_t i = 0; i < n; i++) {
                    const struct result want = example_row(p, a, first + i);
                    assert_true(same_result(&rows[i], &want));
                }
            }
    free(rows);
}

static void round_trip(void **state)
{
    (void)state;
    const int64_t replicates[] = {1, 100, 4096, 5000};
    for (int i = 0; i < 4; i++) {
        const char *path = in_directory("round.h5");
        struct study s = summarised(replicates[i]), again;
        struct result_file *file;
        struct errors e = {0};
        write_study(path, &s);
        assert_int_equal(result_file_open(path, &file, &again, &e), STATUS_OK);
        check_study(&s, &again);
        check_rows(file, &again, 777);
        result_file_close(file);
        study_free(&again);
        arena_free(&s.memory);
    }
}

/* Without swept paths, published figures, agreement, pairing and replicates. */
static void smallest_study(void **state)
{
    (void)state;
    const char *path = in_directory("small.h5");
    struct study s = summarised(50), again;
    struct result_file *file;
    struct errors e = {0};
    const char *pairing[] = {""};
    s.n_points = 1;
    s.n_paths = s.n_published = 0;
    s.pairing = pairing;
    s.keep_replicates = false;
    s.n_measures = s.n_agreements = 0;
    s.scenario = "";
    write_study(path, &s);
    assert_int_equal(result_file_open(path, &file, &again, &e), STATUS_OK);
    check_study(&s, &again);
    const struct result_source from = result_file_rows(file);
    struct result row;
    assert_int_equal(from.read(from.handle, 0, 0, 0, 1, &row, &e), STATUS_IO);
    assert_non_null(strstr(e.text[0], "small.h5: was written without its replicates"));
    errors_free(&e);
    result_file_close(file);
    study_free(&again);
    arena_free(&s.memory);
}

/* Settings that are numbers are stored as numbers: 0.70 comes back as 0.7. */
static void numbers_are_numbers(void **state)
{
    (void)state;
    const char *path = in_directory("numbers.h5");
    const char *setting[] = {"0.70", "fixed", "1e2", "fixed", "+3", "fixed"};
    struct study s = summarised(10), again;
    struct result_file *file;
    struct errors e = {0};
    s.setting = setting;
    write_study(path, &s);
    assert_int_equal(result_file_open(path, &file, &again, &e), STATUS_OK);
    assert_string_equal(again.setting[0], "0.7");
    assert_string_equal(again.setting[2], "100");
    assert_string_equal(again.setting[4], "3");
    result_file_close(file);
    study_free(&again);
    arena_free(&s.memory);
}

/* Of a descriptive, estimate, n and reason are kept, in a fraction of the room. */
static void descriptives_are_narrow(void **state)
{
    (void)state;
    const char *path = in_directory("narrow.h5");
    struct study s = summarised(5000), again;
    struct answer answer[EXAMPLE_ANSWERS];
    struct result_file *file;
    struct errors e = {0};
    struct result rows[100];
    memcpy(answer, s.answer, sizeof answer);
    s.answer = answer;
    answer[0].method = DESCRIBE_METHOD; /* the one with undefined replicates */
    write_study(path, &s);
    assert_int_equal(result_file_open(path, &file, &again, &e), STATUS_OK);
    assert_true(again.keep_replicates);
    const struct result_source from = result_file_rows(file);
    assert_int_equal(from.read(from.handle, 2, 0, 4900, 100, rows, &e), STATUS_OK);
    for (int64_t i = 0; i < 100; i++) {
        const struct result want = example_row(2, 0, 4900 + i);
        assert_true(same(rows[i].estimate, want.estimate) && rows[i].n == want.n &&
                    rows[i].why == want.why && rows[i].events == 0);
        assert_true(isnan(rows[i].se) && isnan(rows[i].p_value) && isnan(rows[i].ci_low));
    }
    assert_int_equal(from.read(from.handle, 2, 1, 4900, 100, rows, &e), STATUS_OK);
    for (int64_t i = 0; i < 100; i++) {
        const struct result want = example_row(2, 1, 4900 + i);
        assert_true(same_result(&rows[i], &want));
    }
    result_file_close(file);
    study_free(&again);
    arena_free(&s.memory);
}

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *bytes = xcalloc(1 << 22, 1);
    *n = fread(bytes, 1, 1 << 22, f);
    (void)fclose(f);
    return bytes;
}

static void spill(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void equal_studies_equal_files(void **state)
{
    (void)state;
    struct study s = summarised(5000);
    size_t n, m;
    write_study(in_directory("a.h5"), &s);
    char *a = slurp(in_directory("a.h5"), &n);
    sleep(1); /* a time of day, had one been stored, would differ */
    write_study(in_directory("b.h5"), &s);
    char *b = slurp(in_directory("b.h5"), &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
    arena_free(&s.memory);
}

/* Chunks are packed by many threads, and stand as one thread would have put them. */
static void any_threads_same_bytes(void **state)
{
    (void)state;
    const struct result_source rows = example_rows();
    struct errors e = {0};
    struct study s = summarised(9000);
    size_t n, m;
    assert_int_equal(result_file_write(in_directory("t1.h5"), &s, &rows, 1, &e), STATUS_OK);
    char *a = slurp(in_directory("t1.h5"), &n);
    for (int threads = 2; threads <= 9; threads++) {
        assert_int_equal(result_file_write(in_directory("t2.h5"), &s, &rows, threads, &e),
                         STATUS_OK);
        char *b = slurp(in_directory("t2.h5"), &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        free(b);
    }
    free(a);
    arena_free(&s.memory);
}

static void digest_of(const char *path, char digest[33])
{
    struct errors e = {0};
    assert_int_equal(result_file_digest(path, digest, &e), STATUS_OK);
    assert_int_equal(strspn(digest, "0123456789abcdef"), 32);
}

static enum status nudged_read(void *handle, int point, int answer, int64_t first, int64_t count,
                               struct result *rows, struct errors *e)
{
    (void)example_read(NULL, point, answer, first, count, rows, e);
    const int64_t at = *(int64_t *)handle;
    if (point == 2 && answer == 1 && first <= at && at < first + count)
        rows[at - first].se = nextafter(rows[at - first].se, 1);
    return STATUS_OK;
}

static void digest_sees_results_only(void **state)
{
    (void)state;
    char first[33], other[33];
    struct errors e = {0};
    struct study s = summarised(5000);
    write_study(in_directory("one.h5"), &s);
    digest_of(in_directory("one.h5"), first);
    s.scenario = "another text, the same results";
    s.seed = 1;
    write_study(in_directory("two.h5"), &s);
    digest_of(in_directory("two.h5"), other);
    assert_string_equal(first, other);
    int64_t last = 4999;
    const struct result_source nudged = {.read = nudged_read, .handle = &last};
    assert_int_equal(result_file_write(in_directory("two.h5"), &s, &nudged, 2, &e), STATUS_OK);
    digest_of(in_directory("two.h5"), other);
    assert_string_not_equal(first, other); /* one bit of one number of the last replicate */
    s.measure[7].mcse = nextafter(s.measure[7].mcse, 1);
    write_study(in_directory("two.h5"), &s);
    digest_of(in_directory("two.h5"), other);
    assert_string_not_equal(first, other);
    arena_free(&s.memory);
}

/* The digest does not depend on how the library lays the file out. */
static void digest_survives_repacking(void **state)
{
    (void)state;
    char first[33], other[33], command[700];
    struct study s = summarised(5000);
    if (system("command -v h5repack >/dev/null") != 0) skip();
    write_study(in_directory("packed.h5"), &s);
    (void)snprintf(command, sizeof command, "h5repack -f GZIP=6 -l CHUNK=100 %s %s",
                   in_directory("packed.h5"), in_directory("loose.h5"));
    assert_int_equal(system(command), 0);
    digest_of(in_directory("packed.h5"), first);
    digest_of(in_directory("loose.h5"), other);
    assert_string_equal(first, other);
    arena_free(&s.memory);
}

static void expect_refusal(const char *path, const char *message)
{
    struct result_file *file;
    struct study s;
    struct errors e = {0};
    assert_int_equal(result_file_open(path, &file, &s, &e), STATUS_IO);
    assert_null(file);
    assert_int_equal(e.n, 1);
    assert_int_equal(strncmp(e.text[0], path, strlen(path)), 0);
    if (strcmp(e.text[0] + strlen(path), message) != 0)
        fail_msg("\"%s\" instead of \"%s\"", e.text[0] + strlen(path), message);
    errors_free(&e);
}

static void not_a_result_file(void **state)
{
    (void)state;
    expect_refusal(in_directory("absent.h5"), ": No such file or directory");
    expect_refusal(directory, ": not a regular file");
    spill(in_directory("text.h5"), "name: example\n", 14);
    expect_refusal(in_directory("text.h5"), ": not an HDF5 file");
    spill(in_directory("empty.h5"), "", 0);
    expect_refusal(in_directory("empty.h5"), ": not an HDF5 file");
    char command[600];
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 -c \"import h5py; h5py.File('%s', 'w')['x'] = [1, 2]\"",
                   in_directory("other.h5"));
    assert_int_equal(system(command), 0);
    expect_refusal(in_directory("other.h5"), ": not a result file of shocksim");
}

/* Opens a damaged file: refused with one message, or, where the damage is in a byte that means
 * nothing, read as if it were whole. Returns whether it was refused. */
static bool refused_or_whole(const char *path, const struct study *s)
{
    struct result_file *file;
    struct study again;
    struct errors e = {0};
    const enum status status = result_file_open(path, &file, &again, &e);
    if (status == STATUS_OK) {
        assert_int_equal(e.n, 0);
        check_study(s, &again);
        check_rows(file, &again, 100);
        result_file_close(file);
        study_free(&again);
        return false;
    }
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(e.n, 1);
    errors_free(&e);
    return true;
}

static void damaged_files(void **state)
{
    (void)state;
    const char *path = in_directory("damaged.h5");
    struct study s = summarised(60);
    size_t n;
    write_study(path, &s);
    char *bytes = slurp(path, &n);
    const char *all = getenv("EVERY_BYTE"); /* the whole sweep takes minutes */
    const size_t step = all ? 1 : n / 400;
    int refused = 0, whole = 0;
    for (size_t i = 0; i < n; i += step) {
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        spill(path, bytes, n);
        bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
        if (refused_or_whole(path, &s))
            refused++;
        else
            whole++;
    }
    if (all) print_message("# %d flips refused, %d in bytes without meaning\n", refused, whole);
    assert_true(refused > whole / 4);
    for (size_t length = 0; length < n; length += n / 50) {
        spill(path, bytes, length);
        assert_true(refused_or_whole(path, &s));
    }
    free(bytes);
    arena_free(&s.memory);
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static void expect_failed_write(const char *path, const struct study *s,
                                const struct result_source *rows, const char *message)
{
    struct errors e = {0};
    char temporary[300];
    (void)snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_equal(result_file_write(path, s, rows, 2, &e), STATUS_IO);
    assert_int_equal(e.n, 1);
    if (strstr(e.text[0], message) == NULL) fail_msg("%s", e.text[0]);
    errors_free(&e);
    assert_false(exists(temporary));
}

/* A limit on the size of files fails writes late, like a full disk: at every size something goes
 * wrong, the old file stays, and writing works again when there is room. */
static void no_room(void **state)
{
    (void)state;
    const char *path = in_directory("room.h5");
    struct study s = summarised(60), large = summarised(5000);
    const struct result_source rows = example_rows();
    struct rlimit limit, old;
    size_t n, m;
    write_study(path, &s);
    char *before = slurp(path, &n);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 0; size < 800000; size = size * 5 / 3 + 500) {
        limit = (struct rlimit){size, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        expect_failed_write(path, &large, &rows, "room.h5: cannot write: File too large");
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    char *after = slurp(path, &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    write_study(path, &large);
    free(before);
    free(after);
    arena_free(&s.memory);
    arena_free(&large.memory);
}

static enum status failing_read(void *handle, int point, int answer, int64_t first, int64_t count,
                                struct result *rows, struct errors *e)
{
    (void)example_read(handle, point, answer, first, count, rows, e);
    return point < 1 ? STATUS_OK : error_add(e, STATUS_IO, "spool: damaged");
}

static void refused_writes(void **state)
{
    (void)state;
    struct study s = summarised(60);
    const struct result_source rows = example_rows(),
                               broken = {.read = failing_read, .handle = NULL};
    expect_failed_write(directory, &s, &rows, "Is a directory");
    expect_failed_write("/dev/null", &s, &rows, "/dev/null: not a regular file");
    assert_true(exists("/dev/null"));
    expect_failed_write(in_directory("no/where.h5"), &s, &rows, "No such file or directory");
    expect_failed_write(in_directory("broken.h5"), &s, &broken, "spool: damaged");
    assert_false(exists(in_directory("broken.h5")));

    struct errors e = {0};
    const int fd = open(in_directory("locked.h5.tmp"), O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(result_file_write(in_directory("locked.h5"), &s, &rows, 2, &e), STATUS_IO);
    assert_non_null(strstr(e.text[0], "locked.h5: another process is writing it"));
    errors_free(&e);
    (void)close(fd); /* what a killed writer leaves is no obstacle */
    write_study(in_directory("locked.h5"), &s);
    assert_false(exists(in_directory("locked.h5.tmp")));
    arena_free(&s.memory);
}

static void through_a_link(void **state)
{
    (void)state;
    struct study s = summarised(60);
    struct stat st;
    write_study(in_directory("target.h5"), &s);
    assert_int_equal(symlink("target.h5", in_directory("link.h5")), 0);
    s.seed = 5;
    write_study(in_directory("link.h5"), &s);
    assert_int_equal(lstat(in_directory("link.h5"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    struct result_file *file;
    struct study again;
    struct errors e = {0};
    assert_int_equal(result_file_open(in_directory("target.h5"), &file, &again, &e), STATUS_OK);
    assert_int_equal(again.seed, 5);
    result_file_close(file);
    study_free(&again);
    arena_free(&s.memory);
}

static void read_by_h5py(void **state)
{
    (void)state;
    struct study s = summarised(5000);
    char command[600];
    for (int keep = 0; keep < 2; keep++) {
        s.keep_replicates = keep;
        write_study(in_directory("python.h5"), &s);
        (void)snprintf(command, sizeof command, "/usr/bin/python3 tests/h5py_reads.py %s >%s",
                       in_directory("python.h5"), in_directory("python.tap"));
        if (system(command) != 0) {
            size_t n;
            fail_msg("%s", slurp(in_directory("python.tap"), &n));
        }
    }
    arena_free(&s.memory);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[100];
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(smallest_study),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(descriptives_are_narrow),
        cmocka_unit_test(equal_studies_equal_files),
        cmocka_unit_test(any_threads_same_bytes),
        cmocka_unit_test(digest_sees_results_only),
        cmocka_unit_test(digest_survives_repacking),
        cmocka_unit_test(not_a_result_file),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(no_room),
        cmocka_unit_test(refused_writes),
        cmocka_unit_test(through_a_link),
        cmocka_unit_test(read_by_h5py),
    };
    return cmocka_run_group_tests_name("result_file", tests, make_directory, remove_directory);
}
