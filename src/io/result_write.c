/* result_write.c - see result_file.h: writing result files.  SPDX-License-Identifier: MIT */
#include "io/result_file.h"

#include "engine/parallel.h"
#include "io/file.h"
#include "io/result_check.h"
#include "io/result_description.h"

#include <stdlib.h>
#include <string.h>

static void put_table(struct hdf5 *f, const struct study *s, enum result_table which,
                      struct checksum *c, struct checksum *parts)
{
    struct table t = {0};
    result_table_make(s, which, &t);
    if (t.n > 0 || !result_table_is_optional(which)) {
        hdf5_put_table(f, result_table_path[which], &t);
        table_checksum(&t, c);
        table_checksum(&t, parts);
    }
    table_free(&t);
}

/* One chunk of an answer's replicates on its way to the file. */
struct item {
    int answer;
    int64_t first; /* row, of all points laid end to end */
    struct table block;
    enum replicate_fields fields; /* that it has */
    unsigned char *packed;
    size_t n_packed;
    bool stands_for_rows; /* or was not looked at */
};

/* Chunks are filled one after another, packed side by side, and written one after another. */
struct writer {
    struct hdf5 *file;
    const struct study *study;
    const struct result_source *from;
    struct checksum *checksum, *parts; /* of the results; of what the file consists of */
    int threads, capacity, n;
    struct item *item;       /* [capacity] */
    struct scratch *scratch; /* [threads] */
    struct result *rows;     /* [RESULT_BLOCK] */
    struct described columns;
    struct hdf5_rows open; /* of the answer being written */
};

enum { CHUNKS_A_THREAD = 2 };

static struct writer writer_new(struct hdf5 *f, const struct study *s,
                                const struct result_source *from, int threads, struct checksum *c,
                                struct checksum *parts)
{
    return (struct writer){
        .file = f,
        .study = s,
        .from = from,
        .checksum = c,
        .parts = parts,
        .threads = threads,
        .capacity = threads * CHUNKS_A_THREAD,
        .item = xcalloc((size_t)threads * CHUNKS_A_THREAD, sizeof(struct item)),
        .scratch = xcalloc((size_t)threads, sizeof(struct scratch)),
        .rows = xcalloc(RESULT_BLOCK, sizeof(struct result)),
        .columns = described_new(RESULT_BLOCK),
        .open = {.dataset = -1, .type = -1},
    };
}

static void writer_free(struct writer *w)
{
    hdf5_rows_close(w->file, &w->open);
    for (int i = 0; i < w->capacity; i++) {
        table_free(&w->item[i].block);
        free(w->item[i].packed);
    }
    for (int t = 0; t < w->threads; t++) scratch_free(&w->scratch[t]);
    free(w->item);
    free(w->scratch);
    free(w->rows);
    described_free(&w->columns);
}

/* Puts n replicates of a point into the item's block from row `at` on. */
static enum status fill_some(struct writer *w, struct item *item, int64_t at, int point,
                             int64_t replicate, int64_t n)
{
    const struct result_source *from = w->from;
    struct errors *e = w->file->errors;
    const int answer = item->answer;
    enum status status = STATUS_OK;
    if (w->study->n_points == 1) status = results_expect(from, 0, answer, e);
    if (status != STATUS_OK) return status;
    if (item->fields == REPLICATES_DESCRIBED) {
        status = results_describe(from, point, answer, replicate, n, w->columns, e);
        if (status == STATUS_OK)
            replicates_put_described(&item->block, at, point, replicate, w->columns, n);
        return status;
    }
    status = from->read(from->handle, point, answer, replicate, n, w->rows, e);
    if (status == STATUS_OK)
        replicates_put(&item->block, at, item->fields, point, replicate, &w->study->answer[answer],
                       w->rows, n);
    return status;
}

/* Fills the item's block with rows first … first+n-1 of all points laid end to end. */
static enum status fill(struct writer *w, struct item *item)
{
    const int64_t replicates = w->study->replicates;
    enum status status = STATUS_OK;
    for (int64_t done = 0; done < item->block.n && status == STATUS_OK;) {
        const int point = (int)((item->first + done) / replicates);
        const int64_t replicate = (item->first + done) % replicates;
        const int64_t left = replicates - replicate;
        const int64_t n = left < item->block.n - done ? left : item->block.n - done;
        status = fill_some(w, item, done, point, replicate, n);
        done += n;
    }
    return status;
}

static enum status begin_item(struct writer *w, int answer, int64_t first, int64_t total)
{
    struct item *item = &w->item[w->n];
    const int64_t left = total - first, rows = total < RESULT_BLOCK ? total : RESULT_BLOCK;
    const enum replicate_fields fields = replicates_of(w->study, answer);
    if (item->block.n_fields == 0 || fields != item->fields) {
        table_free(&item->block);
        replicates_layout(&item->block, fields);
        item->fields = fields;
    }
    if (first == 0) {
        item->block.n = 0;
        table_checksum(&item->block, w->checksum);
    }
    table_resize(&item->block, left < rows ? left : rows);
    item->answer = answer;
    item->first = first;
    item->packed = xrealloc(item->packed, chunk_bound((size_t)rows, item->block.row_size), 1);
    const enum status status = fill(w, item);
    if (status != STATUS_OK) return status;
    table_checksum_rows(&item->block, w->checksum);
    w->n++;
    return STATUS_OK;
}

/* Whether a chunk is opened again (result_check.h). */
static bool is_checked(const struct item *item, int64_t total)
{
    const int64_t k = item->first / RESULT_BLOCK, each = (total + RESULT_BLOCK - 1) / RESULT_BLOCK;
    return item->answer * each + k < CHECK_ALL || (item->answer + k) % CHECK_EACH == 0;
}

static bool stands_for_rows(const struct item *item, size_t chunk_rows, struct scratch *w)
{
    const struct table *t = &item->block;
    const size_t rows = (size_t)t->n;
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *again = scratch_take(w, rows * t->row_size, 1);
    const bool same =
        chunk_open(item->packed, item->n_packed, rows, chunk_rows, t->row_size, w, again) &&
        memcmp(again, t->rows, rows * t->row_size) == 0;
    scratch_restore(w, mark);
    return same;
}

static void pack_item(void *context, int64_t index, int worker)
{
    const struct writer *w = context;
    struct item *item = &w->item[index];
    const int64_t total = w->study->n_points * w->study->replicates;
    const size_t chunk_rows = total < CHUNK_ROWS ? (size_t)total : CHUNK_ROWS;
    item->n_packed = chunk_pack(item->block.rows, (size_t)item->block.n, chunk_rows,
                                item->block.row_size, &w->scratch[worker], item->packed);
    item->stands_for_rows =
        !is_checked(item, total) || stands_for_rows(item, chunk_rows, &w->scratch[worker]);
}

static void create_rows(struct writer *w, struct item *item, int64_t total)
{
    struct arena memory = {0};
    struct table layout = {0};
    const char *name = w->study->answer[item->answer].name;
    replicates_layout(&layout, item->fields);
    table_checksum(&layout, w->parts);
    hdf5_rows_close(w->file, &w->open);
    hdf5_rows_create(w->file, replicates_path(&memory, name), &layout, total, &w->open);
    table_free(&layout);
    arena_free(&memory);
}

static void write_items(struct writer *w)
{
    struct hdf5 *f = w->file;
    const int64_t total = w->study->n_points * w->study->replicates;
    parallel_for(w->n, w->threads, pack_item, w);
    for (int i = 0; i < w->n; i++) {
        struct item *item = &w->item[i];
        if (item->first == 0) create_rows(w, item, total);
        hdf5_rows_write_packed(f, &w->open, item->first, item->packed, item->n_packed);
        written_add_chunk(w->parts, item->packed, item->n_packed);
        if (!item->stands_for_rows && f->status == STATUS_OK)
            f->status = error_add(f->errors, STATUS_IO,
                                  "%s: not written: packed rows do not open to what they were, "
                                  "which is a defect of the program or of the machine",
                                  f->name);
    }
    w->n = 0;
}

static enum status put_replicates(struct writer *w)
{
    const int64_t total = w->study->n_points * w->study->replicates;
    enum status status = w->file->status;
    for (int a = 0; a < w->study->n_answers; a++)
        for (int64_t first = 0; first < total && status == STATUS_OK; first += RESULT_BLOCK) {
            status = begin_item(w, a, first, total);
            if (status == STATUS_OK && w->n == w->capacity) write_items(w);
            if (status == STATUS_OK) status = w->file->status;
        }
    if (status == STATUS_OK) write_items(w);
    return status != STATUS_OK ? status : w->file->status;
}

static enum status write_contents(const char *temporary, const char *path, const struct study *s,
                                  const struct result_source *rows, int threads,
                                  struct written *written, struct errors *e)
{
    struct hdf5 f;
    struct checksum *c = checksum_new();
    hdf5_create(&f, temporary, path, e);
    description_put(&f, s, DESCRIBES_RESULTS);
    for (int which = 0; which < TABLE_PUBLISHED; which++)
        put_table(&f, s, (enum result_table)which, c, written->parts);
    hdf5_put_group(&f, "/replicates");
    description_put_reasons(&f);
    struct writer w = writer_new(&f, s, rows, threads, c, written->parts);
    const enum status status = put_replicates(&w);
    writer_free(&w);
    written->digest = checksum_text(checksum_value(c));
    hdf5_put_text_attribute(&f, "/", "checksum", written->digest.text);
    checksum_free(c);
    const enum status closed = hdf5_close(&f);
    return status != STATUS_OK ? status : closed;
}

enum status result_file_write(const char *path, const struct study *s,
                              const struct result_source *rows, int threads, struct errors *e)
{
    struct draft d;
    enum status status = draft_open(&d, path, e);
    if (status != STATUS_OK) return status;
    struct written written = {.parts = checksum_new()};
    status = write_contents(d.temporary, path, s, rows, threads, &written, e);
    if (status == STATUS_OK) status = written_check(d.temporary, &written, e);
    checksum_free(written.parts);
    if (status == STATUS_OK) return draft_keep(&d, e);
    draft_drop(&d);
    return status;
}
