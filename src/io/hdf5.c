/* hdf5.c - see hdf5.h: files, groups, texts, attributes.  SPDX-License-Identifier: MIT */
#include "io/hdf5_library.h"

#include <stdio.h>
#include <string.h>

/* The innermost cause, or the system's where there is one: the library wraps that in times and
 * addresses. */
struct cause {
    char text[200];
    bool system;
};

static herr_t find_cause(unsigned n, const H5E_error2_t *error, void *data)
{
    struct cause *c = data;
    const char *begin = error->desc ? strstr(error->desc, "error message = '") : NULL;
    if (begin != NULL && !c->system) {
        begin += strlen("error message = '");
        (void)snprintf(c->text, sizeof c->text, "%.*s", (int)strcspn(begin, "'"), begin);
        c->system = true;
    } else if (n == 0 && error->desc != NULL)
        (void)snprintf(c->text, sizeof c->text, "%s", error->desc);
    return 0;
}

void hdf5_fail(struct hdf5 *f, const char *what)
{
    if (f->status != STATUS_OK) return;
    struct cause c = {"the HDF5 library gives no reason", false};
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_cause, &c);
    f->status = f->writing
                    ? error_add(f->errors, STATUS_IO, "%s: cannot write: %s", f->name, c.text)
                    : error_add(f->errors, STATUS_IO, "%s: damaged: cannot read %s (HDF5: %s)",
                                f->name, what, c.text);
}

void hdf5_damaged(struct hdf5 *f, const char *format, ...)
{
    if (f->status != STATUS_OK) return;
    char text[300];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    f->status = error_add(f->errors, STATUS_IO, "%s: damaged: %s", f->name, text);
}

void hdf5_check(struct hdf5 *f, int64_t returned, const char *what)
{
    if (returned < 0) hdf5_fail(f, what);
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *hdf5_version(void)
{
    return "HDF5 " TEXT(H5_VERS_MAJOR) "." TEXT(H5_VERS_MINOR) "." TEXT(H5_VERS_RELEASE);
}

/* The library's exit handler crashes after a failed close (a full disk), so it is never installed;
 * files are closed here. */
static void start(struct hdf5 *f, const char *name, bool writing, struct errors *e)
{
    *f =
        (struct hdf5){.id = -1, .name = name, .writing = writing, .errors = e, .status = STATUS_OK};
    (void)H5dont_atexit();
    (void)H5open();
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Result files are written under a name of their own and never changed, so they need no locks,
 * which some cluster file systems lack. */
static hid_t file_access(void)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    (void)H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    (void)H5Pset_fclose_degree(access, H5F_CLOSE_WEAK);
#if H5_VERSION_GE(1, 10, 7)
    (void)H5Pset_file_locking(access, 0, 1);
#endif
    return access;
}

void hdf5_create(struct hdf5 *f, const char *path, const char *name, struct errors *e)
{
    start(f, name, true, e);
    const hid_t access = file_access(), create = H5Pcreate(H5P_FILE_CREATE);
    hdf5_check(f, H5Pset_obj_track_times(create, 0), path);
    f->id = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    hdf5_check(f, f->id, path);
    (void)H5Pclose(create);
    (void)H5Pclose(access);
}

void hdf5_open(struct hdf5 *f, const char *path, const char *name, struct errors *e)
{
    start(f, name, false, e);
    if (H5Fis_hdf5(path) <= 0) {
        f->status = error_add(e, STATUS_IO, "%s: not an HDF5 file", name);
        return;
    }
    const hid_t access = file_access();
    f->id = H5Fopen(path, H5F_ACC_RDONLY, access);
    hdf5_check(f, f->id, "the file");
    (void)H5Pclose(access);
}

enum status hdf5_close(struct hdf5 *f)
{
    const hid_t id = f->id;
    scratch_free(&f->scratch);
    f->id = -1; /* an id whose close failed must not be used again */
    if (id < 0) return f->status;
    if (f->writing) hdf5_check(f, H5Fflush(id, H5F_SCOPE_LOCAL), "");
    hdf5_check(f, H5Fclose(id), "to the end");
    return f->status;
}

void hdf5_put_group(struct hdf5 *f, const char *path)
{
    if (f->status != STATUS_OK) return;
    const hid_t create = H5Pcreate(H5P_GROUP_CREATE);
    hdf5_check(f, H5Pset_obj_track_times(create, 0), path);
    const hid_t group = H5Gcreate2(f->id, path, H5P_DEFAULT, create, H5P_DEFAULT);
    hdf5_check(f, group, path);
    if (group >= 0) hdf5_check(f, H5Gclose(group), path);
    (void)H5Pclose(create);
}

bool hdf5_has(struct hdf5 *f, const char *path)
{
    if (f->status != STATUS_OK) return false;
    const htri_t has = H5Lexists(f->id, path, H5P_DEFAULT);
    hdf5_check(f, has, path);
    return has > 0;
}

hid_t hdf5_text_type(size_t size)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(type, size);
    (void)H5Tset_strpad(type, H5T_STR_NULLPAD);
    (void)H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

void hdf5_put_text(struct hdf5 *f, const char *path, const char *text)
{
    if (f->status != STATUS_OK) return;
    const size_t length = strlen(text);
    const hid_t type = hdf5_text_type(length > 0 ? length : 1), space = H5Screate(H5S_SCALAR);
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hdf5_check(f, H5Pset_obj_track_times(create, 0), path);
    const hid_t data = H5Dcreate2(f->id, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    hdf5_check(f, data, path);
    if (data >= 0) {
        hdf5_check(f, H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text), path);
        hdf5_check(f, H5Dclose(data), path);
    }
    (void)H5Pclose(create);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

/* Whether type and space are texts of fixed length: one (0 dimensions) or a list (1). */
static bool is_text(hid_t type, hid_t space, int dimensions)
{
    return type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
           H5Tis_variable_str(type) == 0 && H5Sget_simple_extent_ndims(space) == dimensions;
}

const char *hdf5_text(struct hdf5 *f, const char *path, struct arena *memory)
{
    char *text = arena_text(memory, "");
    if (f->status != STATUS_OK) return text;
    const hid_t data = H5Dopen2(f->id, path, H5P_DEFAULT);
    hdf5_check(f, data, path);
    if (data < 0) return text;
    const hid_t type = H5Dget_type(data), space = H5Dget_space(data);
    if (!is_text(type, space, 0))
        hdf5_damaged(f, "%s is not a text", path);
    else if (H5Dget_storage_size(data) < H5Tget_size(type))
        hdf5_damaged(f, "the text of %s is not all there", path);
    else {
        text = arena_alloc(memory, H5Tget_size(type) + 1, 1);
        hdf5_check(f, H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text), path);
    }
    if (type >= 0) (void)H5Tclose(type);
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(data);
    return text;
}

static void put_attribute(struct hdf5 *f, const char *path, const char *name, hid_t type,
                          hid_t space, const void *value)
{
    const hid_t a = f->status == STATUS_OK
                        ? H5Acreate_by_name(f->id, path, name, type, space, H5P_DEFAULT,
                                            H5P_DEFAULT, H5P_DEFAULT)
                        : -1;
    hdf5_check(f, a, name);
    if (a >= 0) {
        hdf5_check(f, H5Awrite(a, type, value), name);
        hdf5_check(f, H5Aclose(a), name);
    }
    (void)H5Sclose(space);
}

void hdf5_put_integer_attribute(struct hdf5 *f, const char *path, const char *name, uint64_t x)
{
    put_attribute(f, path, name, H5T_STD_U64LE, H5Screate(H5S_SCALAR), &x);
}

void hdf5_put_text_attribute(struct hdf5 *f, const char *path, const char *name, const char *text)
{
    const size_t length = strlen(text);
    const hid_t type = hdf5_text_type(length > 0 ? length : 1);
    put_attribute(f, path, name, type, H5Screate(H5S_SCALAR), text);
    (void)H5Tclose(type);
}

void hdf5_put_texts_attribute(struct hdf5 *f, const char *path, const char *name,
                              const struct table *texts)
{
    const hsize_t n = (hsize_t)texts->n;
    const hid_t type = hdf5_text_type(texts->row_size);
    put_attribute(f, path, name, type, H5Screate_simple(1, &n, NULL), texts->rows);
    (void)H5Tclose(type);
}

bool hdf5_has_attribute(struct hdf5 *f, const char *path, const char *name)
{
    if (f->status != STATUS_OK) return false;
    const htri_t has = H5Aexists_by_name(f->id, path, name, H5P_DEFAULT);
    hdf5_check(f, has, name);
    return has > 0;
}

/* Opens an attribute with its type and space; all -1 after a failure. */
struct attribute {
    hid_t id, type, space;
};

static struct attribute open_attribute(struct hdf5 *f, const char *path, const char *name)
{
    struct attribute a = {-1, -1, -1};
    if (f->status != STATUS_OK) return a;
    a.id = H5Aopen_by_name(f->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    hdf5_check(f, a.id, name);
    if (a.id < 0) return a;
    a.type = H5Aget_type(a.id);
    a.space = H5Aget_space(a.id);
    if (a.type < 0 || a.space < 0) hdf5_fail(f, name);
    return a;
}

static void close_attribute(struct attribute a)
{
    if (a.type >= 0) (void)H5Tclose(a.type);
    if (a.space >= 0) (void)H5Sclose(a.space);
    if (a.id >= 0) (void)H5Aclose(a.id);
}

static const hssize_t attribute_limit = 1 << 20; /* bytes; more is not ours */

/* Whether the attribute is texts of that many dimensions, and not too long. */
static bool holds_text(struct attribute a, int dimensions)
{
    return is_text(a.type, a.space, dimensions) &&
           H5Sget_simple_extent_npoints(a.space) <= attribute_limit / (hssize_t)H5Tget_size(a.type);
}

uint64_t hdf5_integer_attribute(struct hdf5 *f, const char *path, const char *name)
{
    uint64_t x = 0;
    const struct attribute a = open_attribute(f, path, name);
    if (f->status == STATUS_OK) {
        if (H5Tget_class(a.type) != H5T_INTEGER || H5Sget_simple_extent_ndims(a.space) != 0)
            hdf5_damaged(f, "attribute %s is not an integer", name);
        else
            hdf5_check(f, H5Aread(a.id, H5T_NATIVE_UINT64, &x), name);
    }
    close_attribute(a);
    return x;
}

const char *hdf5_text_attribute(struct hdf5 *f, const char *path, const char *name,
                                struct arena *memory)
{
    char *text = arena_text(memory, "");
    const struct attribute a = open_attribute(f, path, name);
    if (f->status == STATUS_OK) {
        if (!holds_text(a, 0))
            hdf5_damaged(f, "attribute %s is not a text", name);
        else {
            text = arena_alloc(memory, H5Tget_size(a.type) + 1, 1);
            hdf5_check(f, H5Aread(a.id, a.type, text), name);
        }
    }
    close_attribute(a);
    return text;
}

void hdf5_texts_attribute(struct hdf5 *f, const char *path, const char *name, struct table *texts)
{
    const struct attribute a = open_attribute(f, path, name);
    if (f->status == STATUS_OK) {
        if (!holds_text(a, 1))
            hdf5_damaged(f, "attribute %s is not a list of texts", name);
        else {
            (void)table_add_field(texts, name, FIELD_TEXT, H5Tget_size(a.type));
            table_resize(texts, H5Sget_simple_extent_npoints(a.space));
            hdf5_check(f, H5Aread(a.id, a.type, texts->rows), name);
        }
    }
    close_attribute(a);
}
