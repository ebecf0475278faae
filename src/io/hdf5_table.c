/* hdf5_table.c - see hdf5.h: tables as compound datasets, chunked and compressed.
 * SPDX-License-Identifier: MIT */
#include "io/chunk.h"
#include "io/hdf5_library.h"

static const size_t whole_table_limit = (size_t)1 << 32; /* bytes; more is not ours */

static hid_t field_type(const struct field *field)
{
    switch (field->kind) {
    case FIELD_INT8: return H5Tcopy(H5T_STD_I8LE);
    case FIELD_UINT8: return H5Tcopy(H5T_STD_U8LE);
    case FIELD_INT32: return H5Tcopy(H5T_STD_I32LE);
    case FIELD_INT64: return H5Tcopy(H5T_STD_I64LE);
    case FIELD_FLOAT: return H5Tcopy(H5T_IEEE_F32LE);
    case FIELD_DOUBLE: return H5Tcopy(H5T_IEEE_F64LE);
    case FIELD_TEXT: break;
    }
    return hdf5_text_type(field->size);
}

static hid_t row_type(const struct table *layout)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, layout->row_size);
    for (int i = 0; i < layout->n_fields; i++) {
        const struct field *field = &layout->field[i];
        const hid_t member = field_type(field);
        if (H5Tinsert(type, field->name, field->offset, member) < 0) {
            (void)H5Tclose(member);
            (void)H5Tclose(type);
            return -1;
        }
        (void)H5Tclose(member);
    }
    return type;
}

/* Which kind of field a member of a file's compound type is; false when it is none. */
static bool kind_of(hid_t member, enum field_kind *kind)
{
    const size_t size = H5Tget_size(member);
    switch (H5Tget_class(member)) {
    case H5T_INTEGER:
        if (size == 1)
            *kind = H5Tget_sign(member) == H5T_SGN_NONE ? FIELD_UINT8 : FIELD_INT8;
        else
            *kind = size == 4 ? FIELD_INT32 : FIELD_INT64;
        return size == 1 || size == 4 || size == 8;
    case H5T_FLOAT: *kind = size == 4 ? FIELD_FLOAT : FIELD_DOUBLE; return size == 4 || size == 8;
    case H5T_STRING: *kind = FIELD_TEXT; return H5Tis_variable_str(member) == 0;
    default: return false;
    }
}

static bool add_fields(struct table *layout, hid_t type)
{
    const int n = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
    for (int i = 0; i < n; i++) {
        enum field_kind kind;
        const hid_t member = H5Tget_member_type(type, (unsigned)i);
        char *name = H5Tget_member_name(type, (unsigned)i);
        const bool known = member >= 0 && name != NULL && kind_of(member, &kind);
        if (known) (void)table_add_field(layout, name, kind, H5Tget_size(member));
        (void)H5free_memory(name);
        if (member >= 0) (void)H5Tclose(member);
        if (!known) return false;
    }
    return n > 0;
}

size_t hdf5_rows_in_chunk(const struct hdf5_rows *r)
{
    return r->n < CHUNK_ROWS ? (size_t)r->n : CHUNK_ROWS;
}

void hdf5_rows_create(struct hdf5 *f, const char *path, const struct table *layout, int64_t n,
                      struct hdf5_rows *r)
{
    *r = (struct hdf5_rows){.dataset = -1, .type = -1, .n = n};
    if (f->status != STATUS_OK) return;
    const hsize_t dims = (hsize_t)n, chunk = hdf5_rows_in_chunk(r);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &dims, NULL);
    hdf5_check(f, H5Pset_obj_track_times(create, 0), path);
    if (n > 0) {
        hdf5_check(f, H5Pset_chunk(create, 1, &chunk), path);
        hdf5_check(f, H5Pset_shuffle(create), path);
        hdf5_check(f, H5Pset_deflate(create, CHUNK_LEVEL), path);
    }
    r->type = row_type(layout);
    hdf5_check(f, r->type, path);
    if (f->status == STATUS_OK)
        r->dataset = H5Dcreate2(f->id, path, r->type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    hdf5_check(f, r->dataset, path);
    (void)H5Sclose(space);
    (void)H5Pclose(create);
}

/* Deflate makes a byte of at most 1032 (zlib 1.2, technical details), so a table of more is not all
 * there: told before memory is taken for it. */
static bool may_be_stored(const struct hdf5_rows *r, size_t row_size)
{
    enum { DEFLATE_MOST = 1032 };
    return (uint64_t)r->n / DEFLATE_MOST <= H5Dget_storage_size(r->dataset) / row_size;
}

/* Rows of a chunk that went through the filters shuffle and deflate, as here, and no others; 0. */
static int64_t packed_rows(hid_t dataset)
{
    hsize_t rows = 0;
    unsigned flags;
    const hid_t create = H5Dget_create_plist(dataset);
    const bool packed =
        create >= 0 && H5Pget_layout(create) == H5D_CHUNKED && H5Pget_nfilters(create) == 2 &&
        H5Pget_filter2(create, 0, &flags, NULL, NULL, 0, NULL, NULL) == H5Z_FILTER_SHUFFLE &&
        H5Pget_filter2(create, 1, &flags, NULL, NULL, 0, NULL, NULL) == H5Z_FILTER_DEFLATE &&
        H5Pget_chunk(create, 1, &rows) == 1 && rows <= CHUNK_ROWS;
    if (create >= 0) (void)H5Pclose(create);
    return packed ? (int64_t)rows : 0;
}

void hdf5_rows_open(struct hdf5 *f, const char *path, struct table *layout, struct hdf5_rows *r)
{
    *r = (struct hdf5_rows){.dataset = -1, .type = -1};
    if (f->status != STATUS_OK) return;
    r->dataset = H5Dopen2(f->id, path, H5P_DEFAULT);
    hdf5_check(f, r->dataset, path);
    if (r->dataset < 0) return;
    const hid_t type = H5Dget_type(r->dataset), space = H5Dget_space(r->dataset);
    if (type < 0 || space < 0)
        hdf5_fail(f, path);
    else if (H5Sget_simple_extent_ndims(space) != 1 || !add_fields(layout, type))
        hdf5_damaged(f, "%s is not a table of this format", path);
    else {
        r->n = H5Sget_simple_extent_npoints(space);
        r->type = row_type(layout);
        hdf5_check(f, r->type, path);
        r->packed_rows = H5Tequal(type, r->type) > 0 ? packed_rows(r->dataset) : 0;
        if (!may_be_stored(r, layout->row_size))
            hdf5_damaged(f, "the rows of %s are not all there", path);
    }
    if (type >= 0) (void)H5Tclose(type);
    if (space >= 0) (void)H5Sclose(space);
}

/* The range of rows first … first+n-1, in memory and on file. */
static bool select_rows(struct hdf5 *f, const struct hdf5_rows *r, int64_t first, int64_t n,
                        hid_t *memory, hid_t *file)
{
    const hsize_t start_at = (hsize_t)first, count = (hsize_t)n;
    *memory = H5Screate_simple(1, &count, NULL);
    *file = H5Dget_space(r->dataset);
    const herr_t selected =
        H5Sselect_hyperslab(*file, H5S_SELECT_SET, &start_at, NULL, &count, NULL);
    const bool done = *memory >= 0 && *file >= 0 && selected >= 0;
    if (!done) hdf5_fail(f, "a range of rows");
    return done;
}

void hdf5_rows_write(struct hdf5 *f, struct hdf5_rows *r, int64_t first, const struct table *t)
{
    if (f->status != STATUS_OK || t->n == 0) return;
    hid_t memory, file;
    if (select_rows(f, r, first, t->n, &memory, &file))
        hdf5_check(f, H5Dwrite(r->dataset, r->type, memory, file, H5P_DEFAULT, t->rows), "");
    (void)H5Sclose(memory);
    (void)H5Sclose(file);
}

void hdf5_rows_write_packed(struct hdf5 *f, struct hdf5_rows *r, int64_t first,
                            const unsigned char *packed, size_t n)
{
    if (f->status != STATUS_OK) return;
    const hsize_t offset = (hsize_t)first;
    hdf5_check(f, H5Dwrite_chunk(r->dataset, H5P_DEFAULT, 0, &offset, n, packed), "");
}

/* A chunk as it is stored, in the file's scratch; NULL: it cannot be read. */
static const unsigned char *read_chunk(struct hdf5 *f, const struct hdf5_rows *r, int64_t first,
                                       size_t *n)
{
    const hsize_t offset = (hsize_t)first;
    const size_t most = chunk_bound((size_t)r->packed_rows, H5Tget_size(r->type));
    hsize_t size = 0;
    uint32_t skipped = 1;
    if (H5Dget_chunk_storage_size(r->dataset, &offset, &size) < 0 || size == 0 || size > most)
        return NULL;
    scratch_reset(&f->scratch);
    unsigned char *packed = scratch_take(&f->scratch, size, 1);
    *n = size;
    return H5Dread_chunk(r->dataset, H5P_DEFAULT, &offset, &skipped, packed) >= 0 && skipped == 0
               ? packed
               : NULL;
}

const unsigned char *hdf5_rows_read_packed(struct hdf5 *f, const struct hdf5_rows *r, int64_t first,
                                           size_t *n)
{
    if (f->status != STATUS_OK) return NULL;
    const unsigned char *packed = r->packed_rows > 0 ? read_chunk(f, r, first, n) : NULL;
    if (packed == NULL) hdf5_damaged(f, "a chunk of a table cannot be read");
    return packed;
}

/* Reads a whole chunk without the library's filters, which are slow. False when it is not one, or
 * anything is wrong with it: the library says what. */
static bool read_packed(struct hdf5 *f, const struct hdf5_rows *r, int64_t first,
                        const struct table *t)
{
    const int64_t left = r->n - first;
    size_t n;
    if (r->packed_rows == 0 || first % r->packed_rows != 0 ||
        t->n != (left < r->packed_rows ? left : r->packed_rows))
        return false;
    const unsigned char *packed = read_chunk(f, r, first, &n);
    return packed != NULL && chunk_open(packed, n, (size_t)t->n, (size_t)r->packed_rows,
                                        t->row_size, &f->scratch, t->rows);
}

void hdf5_rows_read(struct hdf5 *f, struct hdf5_rows *r, int64_t first, struct table *t)
{
    if (f->status != STATUS_OK || t->n == 0 || read_packed(f, r, first, t)) return;
    hid_t memory, file;
    if (select_rows(f, r, first, t->n, &memory, &file))
        hdf5_check(f, H5Dread(r->dataset, r->type, memory, file, H5P_DEFAULT, t->rows), "rows");
    (void)H5Sclose(memory);
    (void)H5Sclose(file);
}

void hdf5_rows_close(struct hdf5 *f, struct hdf5_rows *r)
{
    if (r->dataset >= 0) hdf5_check(f, H5Dclose(r->dataset), "a table");
    if (r->type >= 0) (void)H5Tclose(r->type);
    r->dataset = r->type = -1;
}

void hdf5_put_table(struct hdf5 *f, const char *path, const struct table *t)
{
    struct hdf5_rows r;
    hdf5_rows_create(f, path, t, t->n, &r);
    hdf5_rows_write(f, &r, 0, t);
    hdf5_rows_close(f, &r);
}

void hdf5_table(struct hdf5 *f, const char *path, struct table *t)
{
    struct hdf5_rows r;
    hdf5_rows_open(f, path, t, &r);
    if (r.n > 0 && (uint64_t)r.n > whole_table_limit / t->row_size)
        hdf5_damaged(f, "%s has %lld rows", path, (long long)r.n);
    if (f->status == STATUS_OK) table_resize(t, r.n);
    hdf5_rows_read(f, &r, 0, t);
    hdf5_rows_close(f, &r);
}
