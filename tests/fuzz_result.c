/* fuzz_result.c - whatever a result file or a shard holds, reading and reporting it ends, and well.
 * SPDX-License-Identifier: MIT
 *
 * The entries of libFuzzer; scripts/soak builds and runs it, test_fuzz_result.c is a slice for
 * every day. What mutates is in mutate_result.h. */
#include "mutate_result.h"

#include "example_files.h"
#include "io/report.h"
#include "io/result_file.h"
#include "io/shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);

static void check_messages(enum status status, struct errors *e)
{
    must((status == STATUS_OK) == (e->n == 0), "a result or a message", "neither or both");
    for (int k = 0; k < e->n; k++)
        must(strchr(e->text[k], '\n') == NULL, "a message of two lines", e->text[k]);
    errors_free(e);
    *e = (struct errors){0};
}

/* The library keeps what is never closed, so that leak checkers do not see it. (A damaged file it
 * may fail to close.) */
static void nothing_is_open(void)
{
    const unsigned kinds = H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_DATATYPE | H5F_OBJ_ATTR;
    must(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, kinds) == 0, "left open", "");
}

static void read_rows(const struct result_source *rows, const struct study *s)
{
    struct errors e = {0};
    struct result row[3];
    for (int p = 0; p < s->n_points && p < 4; p++)
        for (int k = 0; k < s->n_answers; k++) {
            const int64_t n = s->replicates < 3 ? s->replicates : 3;
            if (n > 0)
                check_messages(rows->read(rows->handle, p, k, s->replicates - n, n, row, &e), &e);
        }
}

static void report(const struct study *s, enum report_format format)
{
    struct buffer out = {0};
    report_write(&out, s, format);
    if (format != REPORT_JSON) report_write_agreement(&out, s, format);
    if (format != REPORT_HTML) report_published(&out, s, 1, format);
    buffer_free(&out);
}

static bool read_result(const char *path, enum report_format format)
{
    struct errors e = {0};
    struct result_file *file = NULL;
    struct study s;
    const enum status status = result_file_open(path, &file, &s, &e);
    check_messages(status, &e);
    if (status != STATUS_OK) return false;
    const struct result_source rows = result_file_rows(file);
    if (s.keep_replicates) read_rows(&rows, &s);
    report(&s, format);
    study_free(&s);
    result_file_close(file);
    char digest[33];
    check_messages(result_file_digest(path, digest, &e), &e);
    return true;
}

static bool read_shard(const char *path)
{
    struct errors e = {0};
    struct shard shard = {0};
    const enum status status = shard_open(path, &shard, &e);
    check_messages(status, &e);
    if (status != STATUS_OK) return false;
    const struct result_source rows = spool_rows(shard.spool);
    const struct study *s = &shard.study;
    for (int k = 0; k < s->n_answers; k++) { /* of the first block, where it is this shard's */
        struct result row;
        if (spool_has(shard.spool, 0, 0, 1))
            check_messages(rows.read(rows.handle, 0, k, 0, 1, &row, &e), &e);
    }
    shard_close(&shard);
    return true;
}

/* Whether the bytes were taken for results, and for a shard. */
struct taken {
    bool result, shard;
};

static struct taken take(const uint8_t *bytes, size_t length)
{
    const struct brief_file m = brief_file_new(bytes, length);
    const uint64_t sum = checksum64(bytes, length);
    struct taken t;
    t.result = read_result(m.path, (enum report_format)(sum % (REPORT_HTML + 1)));
    nothing_is_open();
    t.shard = read_shard(m.path);
    nothing_is_open();
    brief_file_remove(&m);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct taken t = take(bytes, length);
    must(!t.result || !t.shard, "results and a shard in one", "");
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed)
{
    struct stream s = stream_for(seed, length, stream_variable("fuzz result"));
    if (!is_hdf5(bytes, length))
        return example_file(below(&s, 2) == 0 ? EXAMPLE_RESULT : EXAMPLE_SHARD, bytes, room);
    return mutate_file(&s, bytes, length, room);
}
