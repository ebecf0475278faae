/* shard.c - see shard.h.  SPDX-License-Identifier: MIT */
#include "io/shard.h"

#include "engine/simulate.h"
#include "io/file.h"
#include "io/result_description.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COPY_BYTES = 1 << 20 };

static void put_records(struct hdf5 *f, const struct spool *spool)
{
    const int64_t size = spool_size(spool);
    unsigned char *bytes = xcalloc(COPY_BYTES, 1);
    struct hdf5_bytes records;
    hdf5_bytes_create(f, "/records", size, &records);
    for (int64_t first = 0; first < size && f->status == STATUS_OK; first += COPY_BYTES) {
        const int64_t left = size - first, n = left < COPY_BYTES ? left : COPY_BYTES;
        const enum status read = spool_bytes(spool, first, n, bytes, f->errors);
        if (read == STATUS_OK)
            hdf5_bytes_write(f, &records, first, bytes, n);
        else
            f->status = read;
    }
    hdf5_bytes_close(f, &records);
    free(bytes);
}

static enum status write_contents(const char *temporary, const char *path, const struct study *s,
                                  struct portion portion, const struct spool *spool,
                                  struct errors *e)
{
    static const enum result_table tables[] = {TABLE_POINTS, TABLE_ANSWERS};
    struct hdf5 f;
    struct study run = *s;
    run.n_published = 0; /* nothing is compared yet */
    hdf5_create(&f, temporary, path, e);
    description_put(&f, &run, DESCRIBES_SHARD);
    hdf5_put_integer_attribute(&f, "/", "shard", (uint64_t)portion.k);
    hdf5_put_integer_attribute(&f, "/", "shards", (uint64_t)portion.n);
    for (int i = 0; i < 2; i++) {
        struct table t = {0};
        result_table_make(&run, tables[i], &t);
        hdf5_put_table(&f, result_table_path[tables[i]], &t);
        table_free(&t);
    }
    put_records(&f, spool);
    return hdf5_close(&f);
}

enum status shard_write(const char *path, const struct study *s, struct portion portion,
                        const struct spool *spool, struct errors *e)
{
    struct draft d;
    enum status status = draft_open(&d, path, e);
    if (status != STATUS_OK) return status;
    status = write_contents(d.temporary, path, s, portion, spool, e);
    if (status == STATUS_OK) {
        struct shard written;
        status = shard_open(d.temporary, &written, e);
        if (status == STATUS_OK) shard_close(&written);
    }
    if (status == STATUS_OK) return draft_keep(&d, e);
    draft_drop(&d);
    return status;
}

static void take_description(struct hdf5 *f, struct shard *shard, int64_t *start, int64_t *size)
{
    struct table points = {0}, answers = {0};
    description_take(f, &shard->study, DESCRIBES_SHARD);
    const uint64_t k = hdf5_integer_attribute(f, "/", "shard");
    const uint64_t n = hdf5_integer_attribute(f, "/", "shards");
    if (f->status == STATUS_OK && (k < 1 || k > n || n > PORTIONS_MAX))
        hdf5_damaged(f, "it does not say which shard it is");
    shard->portion = (struct portion){(int)k, (int)n};
    if (f->status == STATUS_OK) result_table_read(f, TABLE_POINTS, &shard->study, &points);
    if (f->status == STATUS_OK) result_table_read(f, TABLE_ANSWERS, &shard->study, &answers);
    *start = hdf5_bytes_place(f, "/records", size);
    table_free(&points);
    table_free(&answers);
}

static bool is_complete(const struct shard *shard)
{
    const struct study *s = &shard->study;
    const struct portion portion = shard->portion;
    for (int p = 0; p < s->n_points; p++) {
        if (portion_of_truth(portion.n, p) == portion.k && !spool_has_truth(shard->spool, p))
            return false;
        for (int64_t first = 0; first < s->replicates; first += BLOCK_REPLICATES) {
            const int64_t left = s->replicates - first;
            const int64_t n = left < BLOCK_REPLICATES ? left : BLOCK_REPLICATES;
            if (portion_of_block(portion.n, p, first) == portion.k &&
                !spool_has(shard->spool, p, first, n))
                return false;
        }
    }
    return true;
}

enum status shard_open(const char *path, struct shard *shard, struct errors *e)
{
    struct stat st;
    *shard = (struct shard){0};
    if (stat(path, &st) != 0) return error_add(e, STATUS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return error_add(e, STATUS_IO, "%s: not a regular file", path);
    struct study *s = &shard->study;
    struct hdf5 f;
    int64_t start = 0, size = 0;
    shard->path = arena_text(&s->memory, path);
    hdf5_open(&f, path, shard->path, e);
    take_description(&f, shard, &start, &size);
    enum status status = hdf5_close(&f);
    if (status == STATUS_OK) {
        struct spool_run run = {.n_points = s->n_points,
                                .n_answers = s->n_answers,
                                .answer = s->answer,
                                .memory = SPOOL_MEMORY / shard->portion.n + 1};
        status = spool_open_within(path, start, size, &run, &shard->spool, e);
        memcpy(shard->identity, run.identity, sizeof shard->identity);
    }
    if (status == STATUS_OK && !is_complete(shard))
        status = error_add(e, STATUS_IO, "%s: damaged: not all of shard %d of %d is there", path,
                           shard->portion.k, shard->portion.n);
    if (status != STATUS_OK) shard_close(shard);
    return status;
}

void shard_close(struct shard *shard)
{
    spool_close(shard->spool, false);
    study_free(&shard->study);
    *shard = (struct shard){0};
}
