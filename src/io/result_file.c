/* result_file.c - see result_file.h: opening and reading result files.
 * SPDX-License-Identifier: MIT */
#include "io/result_file.h"

#include "base/checksum.h"
#include "io/result_description.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct result_file {
    struct hdf5 file;
    int n_points, n_answers, open_answer; /* -1: none */
    int64_t replicates;
    bool complete;
    const char **answer_path; /* [n_answers] */
    struct hdf5_rows rows;    /* of open_answer */
    enum replicate_fields open_fields;
    struct table block;
    struct checksum_text digest;
    struct arena memory;
};

static void check_replicates(struct result_file *r, int answer, struct checksum *c)
{
    struct hdf5 *f = &r->file;
    struct table block = {0};
    struct hdf5_rows rows;
    hdf5_rows_open(f, r->answer_path[answer], &block, &rows);
    const enum replicate_fields fields = replicates_fields(&block);
    if (f->status == STATUS_OK && (fields == REPLICATES_UNKNOWN || rows.n % r->n_points != 0 ||
                                   rows.n / r->n_points != r->replicates))
        hdf5_damaged(f, "%s is not complete", r->answer_path[answer]);
    r->complete = r->complete && fields != REPLICATES_REDUCED;
    table_checksum(&block, c);
    for (int64_t first = 0; first < rows.n && f->status == STATUS_OK; first += RESULT_BLOCK) {
        table_resize(&block, rows.n - first < RESULT_BLOCK ? rows.n - first : RESULT_BLOCK);
        hdf5_rows_read(f, &rows, first, &block);
        table_checksum_rows(&block, c);
        if (f->status == STATUS_OK && !replicates_are_known(&block))
            hdf5_damaged(f, "%s has an unknown reason", r->answer_path[answer]);
    }
    hdf5_rows_close(f, &rows);
    table_free(&block);
}

static void take_results(struct result_file *r, struct study *s)
{
    struct hdf5 *f = &r->file;
    struct checksum *c = checksum_new();
    for (int which = 0; which < TABLE_PUBLISHED && f->status == STATUS_OK; which++) {
        struct table t = {0};
        result_table_read(f, (enum result_table)which, s, &t);
        if (t.n > 0 || !result_table_is_optional((enum result_table)which)) table_checksum(&t, c);
        table_free(&t);
    }
    r->n_points = s->n_points;
    r->n_answers = s->n_answers;
    r->replicates = s->replicates;
    r->complete = true;
    r->answer_path = arena_alloc(&r->memory, (size_t)s->n_answers, sizeof *r->answer_path);
    for (int a = 0; a < s->n_answers; a++)
        r->answer_path[a] = replicates_path(&r->memory, s->answer[a].name);
    for (int a = 0; a < s->n_answers && f->status == STATUS_OK; a++) check_replicates(r, a, c);
    s->keep_replicates = r->complete;
    r->digest = checksum_text(checksum_value(c));
    checksum_free(c);
    const char *kept = hdf5_text_attribute(f, "/", "checksum", &r->memory);
    if (f->status == STATUS_OK && strcmp(kept, r->digest.text) != 0)
        hdf5_damaged(f, "the results do not match their checksum");
}

enum status result_file_open(const char *path, struct result_file **file, struct study *s,
                             struct errors *e)
{
    struct stat st;
    *file = NULL;
    *s = (struct study){0};
    if (stat(path, &st) != 0) return error_add(e, STATUS_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return error_add(e, STATUS_IO, "%s: not a regular file", path);
    struct result_file *r = xcalloc(1, sizeof *r);
    r->open_answer = -1;
    r->rows = (struct hdf5_rows){.dataset = -1, .type = -1};
    hdf5_open(&r->file, path, arena_text(&r->memory, path), e);
    description_take(&r->file, s, DESCRIBES_RESULTS);
    if (r->file.status == STATUS_OK) take_results(r, s);
    const enum status status = r->file.status;
    if (status == STATUS_OK)
        *file = r;
    else {
        result_file_close(r);
        study_free(s);
    }
    return status;
}

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    struct result_file *r = handle;
    struct hdf5 *f = &r->file;
    f->errors = e;
    if (!r->complete)
        return error_add(e, STATUS_IO, "%s: was written without its replicates", f->name);
    if (answer != r->open_answer) {
        hdf5_rows_close(f, &r->rows);
        table_free(&r->block);
        hdf5_rows_open(f, r->answer_path[answer], &r->block, &r->rows);
        r->open_answer = answer;
        r->open_fields = replicates_fields(&r->block);
    }
    if (f->status == STATUS_OK) table_resize(&r->block, count);
    hdf5_rows_read(f, &r->rows, point * r->replicates + first, &r->block);
    if (f->status == STATUS_OK && !replicates_are_known(&r->block))
        hdf5_damaged(f, "it changed since it was opened");
    for (int64_t i = 0; i < count && f->status == STATUS_OK; i++)
        replicates_take(&r->block, i, r->open_fields, &rows[i]);
    return f->status;
}

struct result_source result_file_rows(struct result_file *file)
{
    return (struct result_source){.read = read_rows, .handle = file};
}

void result_file_close(struct result_file *file)
{
    if (file == NULL) return;
    struct errors unread = {0};
    file->file.errors = &unread; /* nothing is lost when closing what was only read fails */
    hdf5_rows_close(&file->file, &file->rows);
    (void)hdf5_close(&file->file);
    errors_free(&unread);
    table_free(&file->block);
    arena_free(&file->memory);
    free(file);
}

enum status result_file_digest(const char *path, char digest[33], struct errors *e)
{
    struct result_file *file;
    struct study s;
    const enum status status = result_file_open(path, &file, &s, e);
    if (status != STATUS_OK) return status;
    memcpy(digest, file->digest.text, sizeof file->digest.text);
    result_file_close(file);
    study_free(&s);
    return STATUS_OK;
}

const char *result_file_library(void)
{
    return hdf5_version();
}
