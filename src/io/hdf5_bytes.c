/* hdf5_bytes.c - see hdf5.h: plain bytes in one piece.  SPDX-License-Identifier: MIT */
#include "io/hdf5_library.h"

void hdf5_bytes_create(struct hdf5 *f, const char *path, int64_t n, struct hdf5_bytes *b)
{
    *b = (struct hdf5_bytes){-1};
    if (f->status != STATUS_OK) return;
    const hsize_t size = (hsize_t)n;
    const hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &size, NULL);
    hdf5_check(f, H5Pset_obj_track_times(create, 0), path);
    hdf5_check(f, H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY), path);
    hdf5_check(f, H5Pset_fill_time(create, H5D_FILL_TIME_NEVER), path);
    if (f->status == STATUS_OK)
        b->dataset = H5Dcreate2(f->id, path, H5T_STD_U8LE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    hdf5_check(f, b->dataset, path);
    (void)H5Sclose(space);
    (void)H5Pclose(create);
}

void hdf5_bytes_write(struct hdf5 *f, struct hdf5_bytes *b, int64_t first, const void *bytes,
                      int64_t n)
{
    if (f->status != STATUS_OK || n == 0) return;
    const hsize_t at = (hsize_t)first, count = (hsize_t)n;
    const hid_t memory = H5Screate_simple(1, &count, NULL), file = H5Dget_space(b->dataset);
    hdf5_check(f, memory, "");
    hdf5_check(f, H5Sselect_hyperslab(file, H5S_SELECT_SET, &at, NULL, &count, NULL), "");
    if (f->status == STATUS_OK)
        hdf5_check(f, H5Dwrite(b->dataset, H5T_STD_U8LE, memory, file, H5P_DEFAULT, bytes), "");
    (void)H5Sclose(memory);
    (void)H5Sclose(file);
}

void hdf5_bytes_close(struct hdf5 *f, struct hdf5_bytes *b)
{
    if (b->dataset >= 0) hdf5_check(f, H5Dclose(b->dataset), "");
    b->dataset = -1;
}

int64_t hdf5_bytes_place(struct hdf5 *f, const char *path, int64_t *n)
{
    *n = 0;
    if (f->status != STATUS_OK) return 0;
    const hid_t data = H5Dopen2(f->id, path, H5P_DEFAULT);
    hdf5_check(f, data, path);
    if (data < 0) return 0;
    const hid_t type = H5Dget_type(data), space = H5Dget_space(data);
    const haddr_t place = H5Dget_offset(data);
    if (place == HADDR_UNDEF || H5Tget_class(type) != H5T_INTEGER || H5Tget_size(type) != 1 ||
        H5Sget_simple_extent_ndims(space) != 1)
        hdf5_damaged(f, "%s is not bytes in one piece", path);
    else
        *n = H5Sget_simple_extent_npoints(space);
    if (f->status == STATUS_OK &&
        ((uint64_t)*n > H5Dget_storage_size(data) || place > (haddr_t)(INT64_MAX - *n)))
        hdf5_damaged(f, "the bytes of %s are not all there", path);
    (void)H5Tclose(type);
    (void)H5Sclose(space);
    (void)H5Dclose(data);
    return f->status == STATUS_OK ? (int64_t)place : 0;
}
