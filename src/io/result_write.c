/* result_write.c - see result_file.h: writing result files.  SPDX-License-Identifier: MIT */
#include "io/result_file.h"

#include "base/checksum.h"
#include "io/file.h"
#include "io/result_description.h"

#include <stdlib.h>

static void put_table(struct hdf5 *f, const struct study *s, enum result_table which,
                      struct checksum *c)
{
    struct table t = {0};
    result_table_make(s, which, &t);
    hdf5_put_table(f, result_table_path[which], &t);
    table_checksum(&t, c);
    table_free(&t);
}

/* Fills the block with rows first … first+n-1 of all points laid end to end. */
static enum status fill(struct table *block, const struct study *s, int answer, int64_t first,
                        const struct result_source *from, struct result *rows, struct errors *e)
{
    for (int64_t done = 0; done < block->n;) {
        const int point = (int)((first + done) / s->replicates);
        const int64_t replicate = (first + done) % s->replicates;
        const int64_t left = s->replicates - replicate;
        const int64_t n = left < block->n - done ? left : block->n - done;
        const enum status status = from->read(from->handle, point, answer, replicate, n, rows, e);
        if (status != STATUS_OK) return status;
        for (int64_t i = 0; i < n; i++)
            replicates_put(block, done + i, point, replicate + i, &s->answer[answer], &rows[i]);
        done += n;
    }
    return STATUS_OK;
}

static enum status put_replicates(struct hdf5 *f, const struct study *s, int answer,
                                  const struct result_source *from, struct checksum *c)
{
    const int64_t total = s->n_points * s->replicates;
    struct arena memory = {0};
    struct table block = {0};
    struct result *rows = xcalloc(RESULT_BLOCK, sizeof *rows);
    struct hdf5_rows r;
    replicates_layout(&block, s->keep_replicates);
    hdf5_rows_create(f, replicates_path(&memory, s->answer[answer].name), &block, total, &r);
    table_checksum(&block, c);
    enum status status = f->status;
    for (int64_t first = 0; first < total && status == STATUS_OK; first += RESULT_BLOCK) {
        table_resize(&block, total - first < RESULT_BLOCK ? total - first : RESULT_BLOCK);
        status = fill(&block, s, answer, first, from, rows, f->errors);
        if (status != STATUS_OK) break;
        hdf5_rows_write(f, &r, first, &block);
        table_checksum_rows(&block, c);
        status = f->status;
    }
    hdf5_rows_close(f, &r);
    table_free(&block);
    arena_free(&memory);
    free(rows);
    return status != STATUS_OK ? status : f->status;
}

static enum status write_contents(const char *temporary, const char *path, const struct study *s,
                                  const struct result_source *rows, struct errors *e)
{
    struct hdf5 f;
    struct checksum *c = checksum_new();
    hdf5_create(&f, temporary, path, e);
    description_put(&f, s);
    for (int which = 0; which < TABLE_PUBLISHED; which++)
        put_table(&f, s, (enum result_table)which, c);
    hdf5_put_group(&f, "/replicates");
    description_put_reasons(&f);
    enum status status = f.status;
    for (int a = 0; a < s->n_answers && status == STATUS_OK; a++)
        status = put_replicates(&f, s, a, rows, c);
    hdf5_put_text_attribute(&f, "/", "checksum", checksum_text(checksum_value(c)).text);
    checksum_free(c);
    const enum status closed = hdf5_close(&f);
    return status != STATUS_OK ? status : closed;
}

enum status result_file_write(const char *path, const struct study *s,
                              const struct result_source *rows, struct errors *e)
{
    struct draft d;
    enum status status = draft_open(&d, path, e);
    if (status != STATUS_OK) return status;
    status = write_contents(d.temporary, path, s, rows, e);
    if (status == STATUS_OK) {
        struct result_file *written;
        struct study again;
        status = result_file_open(d.temporary, &written, &again, e);
        if (status == STATUS_OK) study_free(&again);
        result_file_close(written);
    }
    if (status == STATUS_OK) return draft_keep(&d, e);
    draft_drop(&d);
    return status;
}
