/* mutate_hdf5.h - HDF5 files changed at random: objects (values, types, shapes, names, presence) as
 * another program might leave them.  SPDX-License-Identifier: MIT
 *
 * The library's own metadata carry its checksums. Damaged, they are refused; changed together with
 * their checksums, which no accident does, they crash the library itself (1.10.8), so they are not
 * forged here. */
#ifndef TESTS_MUTATE_HDF5_H
#define TESTS_MUTATE_HDF5_H

#include "mutate.h"

#include <hdf5.h>

/* --- objects ---------------------------------------------------------------------------------- */

/* A dataset or attribute as it is in memory. */
struct object {
    char name[128], owner[128]; /* owner: of an attribute, else "" */
    hid_t type;
    int rank; /* 0 or 1, or 2 where mutated to */
    hsize_t n;
    uint8_t *bytes; /* [n * H5Tget_size(type)] */
};

static inline hid_t space_of(const struct object *o)
{
    const hsize_t dims[] = {o->n, 1};
    return o->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(o->rank, dims, NULL);
}

/* Names a dataset or attribute that the file may have. */
static inline void pick(struct stream *s, struct object *o)
{
    static const char *const dataset[] = {
        "/points",   "/answers",   "/truth",     "/operating_characteristics",
        "/answers",  "/agreement", "/records",   "/replicates/primary",
        "/scenario", "/published", "/points",    "/replicates/cox",
        "/resolved", "/truth",     "/published", "/replicates/roc.sensitivity"};
    static const char *const attribute[] = {"format",   "version",
                                            "program",  "revision",
                                            "seed",     "replicates",
                                            "name",     "shard",
                                            "shards",   "description_checksum",
                                            "checksum", "undefined_reasons"};
    if (below(s, 3) > 0) {
        (void)snprintf(o->name, sizeof o->name, "%s", dataset[below(s, 16)]);
        return;
    }
    const uint64_t k = below(s, 12);
    (void)snprintf(o->name, sizeof o->name, "%s", attribute[k]);
    (void)snprintf(o->owner, sizeof o->owner, "%s", k == 11 ? "/replicates" : "/");
}

static inline bool object_read(hid_t file, struct object *o)
{
    enum { MOST = 1 << 20 };
    const bool attribute = o->owner[0] != '\0';
    const hid_t id = attribute ? H5Aopen_by_name(file, o->owner, o->name, H5P_DEFAULT, H5P_DEFAULT)
                               : H5Dopen2(file, o->name, H5P_DEFAULT);
    if (id < 0) return false;
    o->type = attribute ? H5Aget_type(id) : H5Dget_type(id);
    const hid_t space = attribute ? H5Aget_space(id) : H5Dget_space(id);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    o->rank = H5Sget_simple_extent_ndims(space);
    bool done = n >= 0 && o->rank >= 0 && o->rank < 2 && H5Tget_size(o->type) <= MOST &&
                n <= (hssize_t)(MOST / H5Tget_size(o->type)) &&
                H5Tdetect_class(o->type, H5T_VLEN) <= 0 && H5Tis_variable_str(o->type) <= 0;
    if (done) {
        o->n = (hsize_t)n;
        o->bytes = xcalloc(o->n + 1, H5Tget_size(o->type));
        done = (attribute ? H5Aread(id, o->type, o->bytes)
                          : H5Dread(id, o->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, o->bytes)) >= 0;
    }
    (void)H5Sclose(space);
    (void)(attribute ? H5Aclose(id) : H5Dclose(id));
    return done;
}

static inline void object_remove(hid_t file, const struct object *o)
{
    if (o->owner[0] != '\0')
        (void)H5Adelete_by_name(file, o->owner, o->name, H5P_DEFAULT);
    else
        (void)H5Ldelete(file, o->name, H5P_DEFAULT);
}

/* Writes the object in the place of the old one; rows too many for memory are left unwritten. */
static inline void object_write(hid_t file, const struct object *o, bool unwritten)
{
    const hid_t space = space_of(o), create = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {o->n < 64 ? o->n : 64, 1};
    if (o->rank > 0 && o->n > 0 && unwritten) {
        (void)H5Pset_chunk(create, o->rank, chunk);
        (void)H5Pset_deflate(create, 1);
    }
    object_remove(file, o);
    if (o->owner[0] != '\0') {
        const hid_t id = H5Acreate_by_name(file, o->owner, o->name, o->type, space, H5P_DEFAULT,
                                           H5P_DEFAULT, H5P_DEFAULT);
        if (id >= 0) (void)H5Awrite(id, o->type, o->bytes);
        if (id >= 0) (void)H5Aclose(id);
    } else {
        const hid_t id =
            H5Dcreate2(file, o->name, o->type, space, H5P_DEFAULT, create, H5P_DEFAULT);
        if (id >= 0 && !unwritten)
            (void)H5Dwrite(id, o->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, o->bytes);
        if (id >= 0) (void)H5Dclose(id);
    }
    (void)H5Pclose(create);
    (void)H5Sclose(space);
}

static inline void object_free(struct object *o)
{
    if (o->type > 0) (void)H5Tclose(o->type);
    free(o->bytes);
}

/* --- what happens to an object ---------------------------------------------------------------- */

/* Room for `n` elements of `size` bytes, of which the first hold what was there. */
static inline void resize(struct object *o, hsize_t n, size_t size)
{
    const size_t had = (size_t)o->n * H5Tget_size(o->type), now = (size_t)n * size;
    uint8_t *bytes = xcalloc((size_t)n + 1, size);
    memcpy(bytes, o->bytes, had < now ? had : now);
    free(o->bytes);
    o->bytes = bytes;
    o->n = n;
}

static inline void change_values(struct stream *s, struct object *o)
{
    const size_t size = H5Tget_size(o->type);
    for (uint64_t m = below(s, 4) + 1; m > 0 && o->n > 0; m--) {
        uint8_t *row = o->bytes + below(s, o->n) * size;
        size_t at = 0, width = size;
        if (H5Tget_class(o->type) == H5T_COMPOUND && below(s, 4) > 0) {
            const unsigned k = (unsigned)below(s, (uint64_t)H5Tget_nmembers(o->type));
            const hid_t member = H5Tget_member_type(o->type, k);
            at = H5Tget_member_offset(o->type, k);
            width = H5Tget_size(member);
            (void)H5Tclose(member);
        }
        const uint64_t x = odd_number(s);
        if (width <= 8 && below(s, 2) == 0)
            memcpy(row + at, &x, width);
        else if (below(s, 4) == 0)
            memcpy(row, o->bytes + below(s, o->n) * size, size); /* a row twice */
        else
            overwrite(s, row + at, width);
    }
}

static inline bool change_shape(struct stream *s, struct object *o)
{
    const hsize_t n = below(s, 3) == 0 ? odd_number(s) : o->n + below(s, 3) - 1;
    o->rank = (int)below(s, 8) == 0 ? (int)below(s, 3) : 1;
    if (o->rank == 0 || n > (1 << 16) / H5Tget_size(o->type)) {
        o->n = o->rank == 0 ? 1 : n;
        return o->rank > 0; /* too many to be written */
    }
    resize(o, n, H5Tget_size(o->type));
    return false;
}

static inline hid_t some_type(struct stream *s)
{
    hid_t text;
    switch (below(s, 8)) {
    case 0: return H5Tcopy(H5T_STD_I8LE);
    case 1: return H5Tcopy(H5T_STD_I32BE);
    case 2: return H5Tcopy(H5T_STD_U64LE);
    case 3: return H5Tcopy(H5T_IEEE_F64LE);
    case 4: return H5Tcopy(H5T_IEEE_F32LE);
    case 5: return H5Tcopy(H5T_STD_B16LE);
    default:
        text = H5Tcopy(H5T_C_S1);
        (void)H5Tset_size(text, 1 + below(s, 40));
        return text;
    }
}

/* A compound type with one member dropped, renamed, of another type, or in another place. */
static inline hid_t other_members(struct stream *s, hid_t type)
{
    const int n = H5Tget_nmembers(type);
    const int at = (int)below(s, (uint64_t)n), with = (int)below(s, (uint64_t)n);
    const uint64_t what = below(s, 4);
    hid_t member[100];
    size_t size = 1, offset = 0;
    if (n > 100) return H5Tcopy(type);
    for (int i = 0; i < n; i++) {
        const int from = what == 3 && i == at ? with : what == 3 && i == with ? at : i;
        member[i] = what == 2 && i == at ? some_type(s) : H5Tget_member_type(type, (unsigned)from);
        size += H5Tget_size(member[i]);
    }
    const hid_t other = H5Tcreate(H5T_COMPOUND, size);
    for (int i = 0; i < n; i++) {
        const int from = what == 3 && i == at ? with : what == 3 && i == with ? at : i;
        char *name = H5Tget_member_name(type, (unsigned)from);
        if (what != 0 || i != at)
            (void)H5Tinsert(other, what == 1 && i == at ? "other" : name, offset, member[i]);
        offset += H5Tget_size(member[i]);
        (void)H5free_memory(name);
        (void)H5Tclose(member[i]);
    }
    return other;
}

static inline void change_type(struct stream *s, struct object *o)
{
    const bool members = H5Tget_class(o->type) == H5T_COMPOUND && below(s, 5) > 0;
    const hid_t type = members ? other_members(s, o->type) : some_type(s);
    resize(o, o->n, H5Tget_size(type));
    (void)H5Tclose(o->type);
    o->type = type;
}

static inline void mutate_object(struct stream *s, hid_t file)
{
    struct object o = {.type = -1};
    pick(s, &o);
    const uint64_t what = below(s, 16);
    bool unwritten = false;
    if (what == 0)
        object_remove(file, &o);
    else if (object_read(file, &o)) {
        if (what <= 2) unwritten = change_shape(s, &o);
        if (what == 3 || what == 4) change_type(s, &o);
        if (what > 4) change_values(s, &o);
        if (what == 5) /* in the place of another object */
            (void)snprintf(o.name, sizeof o.name, "%s", below(s, 2) ? "/points" : "/truth");
        if (unwritten && o.owner[0] != '\0') /* the library cannot */
            object_remove(file, &o);
        else
            object_write(file, &o, unwritten);
    }
    object_free(&o);
}

static inline hid_t open_file(const char *path)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    (void)H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
    (void)H5Pclose(access);
    return file;
}

static inline void mutate_objects(struct stream *s, const char *path)
{
    const hid_t file = open_file(path);
    if (file < 0) return;
    for (uint64_t m = below(s, 2) + 1; m > 0; m--) mutate_object(s, file);
    (void)H5Fclose(file);
}

#endif
