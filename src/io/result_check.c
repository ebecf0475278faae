/* result_check.c - see result_check.h.  SPDX-License-Identifier: MIT */
#include "io/result_check.h"

#include "io/result_description.h"

#include <stdio.h>
#include <string.h>

void written_add_chunk(struct checksum *parts, const unsigned char *packed, size_t n)
{
    checksum_add(parts, &n, sizeof n);
    checksum_add(parts, packed, n);
}

static void read_replicates(struct hdf5 *f, const struct study *s, int answer,
                            struct checksum *parts)
{
    struct arena memory = {0};
    struct table layout = {0};
    struct hdf5_rows rows;
    const char *path = replicates_path(&memory, s->answer[answer].name);
    hdf5_rows_open(f, path, &layout, &rows);
    table_checksum(&layout, parts);
    if (f->status == STATUS_OK && (rows.n != s->n_points * s->replicates ||
                                   (size_t)rows.packed_rows != hdf5_rows_in_chunk(&rows)))
        hdf5_damaged(f, "%s is not complete", path);
    for (int64_t first = 0; first < rows.n && f->status == STATUS_OK; first += CHUNK_ROWS) {
        size_t n;
        const unsigned char *packed = hdf5_rows_read_packed(f, &rows, first, &n);
        if (packed != NULL) written_add_chunk(parts, packed, n);
    }
    hdf5_rows_close(f, &rows);
    table_free(&layout);
    arena_free(&memory);
}

static void read_parts(struct hdf5 *f, struct study *s, struct checksum *parts)
{
    description_take(f, s, DESCRIBES_RESULTS);
    for (int which = 0; which < TABLE_PUBLISHED && f->status == STATUS_OK; which++) {
        struct table t = {0};
        result_table_read(f, (enum result_table)which, s, &t);
        if (t.n > 0 || !result_table_is_optional((enum result_table)which))
            table_checksum(&t, parts);
        table_free(&t);
    }
    for (int a = 0; a < s->n_answers && f->status == STATUS_OK; a++)
        read_replicates(f, s, a, parts);
}

enum status written_read(const char *path, struct written *w, struct errors *e)
{
    struct hdf5 f;
    struct study s = {0};
    hdf5_open(&f, path, path, e);
    read_parts(&f, &s, w->parts);
    (void)snprintf(w->digest.text, sizeof w->digest.text, "%s",
                   hdf5_text_attribute(&f, "/", "checksum", &s.memory));
    study_free(&s);
    return hdf5_close(&f);
}

enum status written_check(const char *path, const struct written *w, struct errors *e)
{
    struct written again = {.parts = checksum_new()};
    enum status status = written_read(path, &again, e);
    const struct checksum128 meant = checksum_value(w->parts), read = checksum_value(again.parts);
    if (status == STATUS_OK && (meant.high != read.high || meant.low != read.low ||
                                strcmp(w->digest.text, again.digest.text) != 0))
        status = error_add(e, STATUS_IO, "%s: damaged: it does not hold what was written", path);
    checksum_free(again.parts);
    return status;
}
