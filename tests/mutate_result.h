/* mutate_result.h - result files, shards and spools, damaged at random.  SPDX-License-Identifier:
 * MIT
 *
 * Mostly every checksum is then made to match what it stands for, so that what a reader checks
 * behind the checksums is met. */
#ifndef TESTS_MUTATE_RESULT_H
#define TESTS_MUTATE_RESULT_H

#include "mutate_hdf5.h"

#include "base/checksum.h"
#include "io/record.h"
#include "io/result_description.h"

/* --- shocksim's own checksums ----------------------------------------------------------------- */

static inline void put_attribute_text(const char *path, const char *name, const char *text)
{
    const hid_t file = open_file(path);
    if (file < 0) return;
    struct object o = {.type = H5Tcopy(H5T_C_S1), .owner = "/", .rank = 0, .n = 1};
    (void)snprintf(o.name, sizeof o.name, "%s", name);
    (void)H5Tset_size(o.type, strlen(text));
    o.bytes = xcalloc(strlen(text) + 1, 1);
    memcpy(o.bytes, text, strlen(text));
    object_write(file, &o, false);
    object_free(&o);
    (void)H5Fclose(file);
}

/* Of what result_description.c describes. */
static inline void sign_description(const char *path)
{
    struct errors e = {0};
    struct arena memory = {0};
    struct hdf5 f;
    struct study none = {0};
    struct table published = {0};
    struct checksum *c = checksum_new();
    hdf5_open(&f, path, path, &e);
    const char *const attribute[] = {"program", "revision", "name"};
    for (int k = 0; k < 3; k++)
        checksum_add_text(c, hdf5_text_attribute(&f, "/", attribute[k], &memory));
    checksum_add_text(c, hdf5_text(&f, "/scenario", &memory));
    checksum_add_text(c, hdf5_text(&f, "/resolved", &memory));
    const uint64_t seed = hdf5_integer_attribute(&f, "/", "seed");
    const uint64_t replicates = hdf5_integer_attribute(&f, "/", "replicates");
    checksum_add(c, &seed, sizeof seed);
    checksum_add(c, &replicates, sizeof replicates);
    result_table_read(&f, TABLE_PUBLISHED, &none, &published);
    table_checksum(&published, c);
    if (hdf5_close(&f) == STATUS_OK)
        put_attribute_text(path, "description_checksum", checksum_text(checksum_value(c)).text);
    table_free(&published);
    study_free(&none);
    checksum_free(c);
    arena_free(&memory);
    errors_free(&e);
}

/* Adds a table as it stands, an optional one unless it is empty; false when it is none, or has more
 * rows than a test should read. */
static inline bool add_table(struct hdf5 *f, const char *path, bool optional, struct checksum *c)
{
    struct table t = {0};
    struct hdf5_rows rows;
    hdf5_rows_open(f, path, &t, &rows);
    const bool reasonable = rows.n >= 0 && rows.n < 1 << 16;
    if (f->status == STATUS_OK && reasonable) {
        table_resize(&t, rows.n);
        hdf5_rows_read(f, &rows, 0, &t);
        if (rows.n > 0 || !optional) table_checksum(&t, c);
    }
    hdf5_rows_close(f, &rows);
    table_free(&t);
    return f->status == STATUS_OK && reasonable;
}

/* Of what result_file.c takes for results. */
static inline void sign_results(const char *path)
{
    struct errors e = {0};
    struct arena memory = {0};
    struct hdf5 f;
    struct study s = {0};
    struct table answers = {0};
    struct checksum *c = checksum_new();
    hdf5_open(&f, path, path, &e);
    bool done = f.status == STATUS_OK;
    for (int which = 0; which < TABLE_PUBLISHED && done; which++) {
        const bool optional = result_table_is_optional((enum result_table)which);
        if (!optional || hdf5_has(&f, result_table_path[which]))
            done = add_table(&f, result_table_path[which], optional, c);
    }
    if (done) result_table_read(&f, TABLE_ANSWERS, &s, &answers);
    for (int a = 0; done && f.status == STATUS_OK && a < s.n_answers; a++)
        done = add_table(&f, replicates_path(&memory, s.answer[a].name), false, c);
    if (hdf5_close(&f) == STATUS_OK && done)
        put_attribute_text(path, "checksum", checksum_text(checksum_value(c)).text);
    table_free(&answers);
    study_free(&s);
    checksum_free(c);
    arena_free(&memory);
    errors_free(&e);
}

/* --- spools ----------------------------------------------------------------------------------- */

enum { SPOOL_HEADER = 40, SPOOL_SUMMED = 32 }; /* spool.c: the header, what its checksum is of */

static inline void sign_head(uint8_t *head)
{
    const uint64_t sum = checksum64(head, SPOOL_SUMMED);
    memcpy(head + SPOOL_SUMMED, &sum, sizeof sum);
}

/* Makes header, heads and sections match their checksums, as far as records follow each other. */
static inline void sign_spool(uint8_t *bytes, size_t n, const struct record_layout *l)
{
    if (n < SPOOL_HEADER) return;
    sign_head(bytes);
    for (size_t at = SPOOL_HEADER; n - at >= sizeof(struct record_head);) {
        struct record_head h;
        sign_head(bytes + at);
        memcpy(&h, bytes + at, sizeof h);
        at += sizeof h;
        if (!record_head_is_valid(l, &h) || (uint64_t)record_body_size(l, h.count) > n - at) return;
        for (int a = 0; a < l->n_answers; a++) {
            uint8_t *section = bytes + at + record_section_start(l, a, h.count);
            const size_t size = (size_t)record_section_size(l, a, h.count) - sizeof(uint64_t);
            const uint64_t sum = checksum64(section + sizeof(uint64_t), size);
            memcpy(section, &sum, sizeof sum);
        }
        at += (size_t)record_body_size(l, h.count);
    }
}

/* Changes the records of a shard, or any bytes of a spool; signs them half the time. */
static inline void mutate_spool(struct stream *s, uint8_t *bytes, size_t n,
                                const struct record_layout *l)
{
    for (uint64_t m = below(s, 3) + 1; m > 0; m--) overwrite(s, bytes, n);
    if (below(s, 2) == 0) sign_spool(bytes, n, l);
}

static inline void mutate_records(struct stream *s, const char *path, uint8_t *bytes, size_t n)
{
    struct errors e = {0};
    struct study study = {0};
    struct table answers = {0};
    struct hdf5 f;
    int64_t size = 0;
    hdf5_open(&f, path, path, &e);
    result_table_read(&f, TABLE_ANSWERS, &study, &answers);
    const int64_t place = hdf5_bytes_place(&f, "/records", &size);
    if (hdf5_close(&f) == STATUS_OK && place > 0 && size > 0 && place <= (int64_t)n &&
        size <= (int64_t)n - place) {
        struct record_layout l = record_layout_make(1 << 20, study.n_answers, study.answer);
        mutate_spool(s, bytes + place, (size_t)size, &l);
        record_layout_free(&l);
    }
    table_free(&answers);
    study_free(&study);
    errors_free(&e);
}

/* --- whole files ------------------------------------------------------------------------------ */

static inline bool is_hdf5(const uint8_t *bytes, size_t n)
{
    return n > 8 && memcmp(bytes, "\211HDF\r\n\032\n", 8) == 0;
}

/* Changes n bytes of a result file or shard, `room` for them; returns how many there are now. */
static inline size_t mutate_file(struct stream *s, uint8_t *bytes, size_t n, size_t room)
{
    const uint64_t what = below(s, 8);
    if (what == 0) {
        for (uint64_t m = below(s, 4) + 1; m > 0; m--) overwrite(s, bytes, n);
        return n;
    }
    struct brief_file m = brief_file_new(bytes, n);
    if (what == 1) {
        mutate_records(s, m.path, bytes, n);
        brief_file_remove(&m);
        return n;
    }
    mutate_objects(s, m.path);
    if (what > 2) sign_results(m.path);
    if (what > 2) sign_description(m.path);
    return brief_file_end(&m, bytes, n, room);
}

#endif
