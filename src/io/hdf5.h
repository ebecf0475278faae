/* hdf5.h - tables, texts and attributes in an HDF5 file.  SPDX-License-Identifier: MIT
 *
 * After the first failure, which is reported, every function on the file does nothing and what is
 * asked for is empty: `status` is looked at where it matters. Every return value of the library is
 * checked: H5Fclose alone reports success after chunks were lost on a full disk. */
#ifndef IO_HDF5_H
#define IO_HDF5_H

#include "base/error.h"
#include "io/table.h"

#include <stdint.h>

struct hdf5 {
    int64_t id;       /* the library's; negative: none */
    const char *name; /* for messages */
    bool writing;
    struct errors *errors;
    enum status status;
    struct scratch scratch; /* chunks are opened in it */
};

/* Creates or truncates; metadata carries the library's own checksums, and no times. */
void hdf5_create(struct hdf5 *f, const char *path, const char *name, struct errors *e);
void hdf5_open(struct hdf5 *f, const char *path, const char *name, struct errors *e);
enum status hdf5_close(struct hdf5 *f); /* safe twice */

/* Reports that the file is not what it should be: "NAME: damaged: …". */
__attribute__((format(printf, 2, 3))) void hdf5_damaged(struct hdf5 *f, const char *format, ...);

void hdf5_put_group(struct hdf5 *f, const char *path);
void hdf5_put_text(struct hdf5 *f, const char *path, const char *text);
void hdf5_put_table(struct hdf5 *f, const char *path, const struct table *t);
bool hdf5_has(struct hdf5 *f, const char *path); /* the groups above must exist */
const char *hdf5_text(struct hdf5 *f, const char *path, struct arena *memory); /* never NULL */
void hdf5_table(struct hdf5 *f, const char *path, struct table *t);

/* Attributes of the object at `path`. */
void hdf5_put_integer_attribute(struct hdf5 *f, const char *path, const char *name, uint64_t x);
void hdf5_put_text_attribute(struct hdf5 *f, const char *path, const char *name, const char *text);
void hdf5_put_texts_attribute(struct hdf5 *f, const char *path, const char *name,
                              const struct table *texts); /* of one field */
bool hdf5_has_attribute(struct hdf5 *f, const char *path, const char *name);
uint64_t hdf5_integer_attribute(struct hdf5 *f, const char *path, const char *name);
const char *hdf5_text_attribute(struct hdf5 *f, const char *path, const char *name,
                                struct arena *memory);
void hdf5_texts_attribute(struct hdf5 *f, const char *path, const char *name, struct table *texts);

/* A table too long for memory, by ranges of rows. Closed when its id is negative. */
struct hdf5_rows {
    int64_t dataset, type;
    int64_t n;
    int64_t packed_rows; /* of a chunk that chunk.h opens; 0: the library reads it alone */
};
void hdf5_rows_create(struct hdf5 *f, const char *path, const struct table *layout, int64_t n,
                      struct hdf5_rows *r);
void hdf5_rows_write(struct hdf5 *f, struct hdf5_rows *r, int64_t first, const struct table *t);
/* Writes a chunk that is packed already (chunk.h). The first row is that of a chunk. */
size_t hdf5_rows_in_chunk(const struct hdf5_rows *r);
void hdf5_rows_write_packed(struct hdf5 *f, struct hdf5_rows *r, int64_t first,
                            const unsigned char *packed, size_t n);
/* The chunk that begins with that row as it is stored, until the file is read again; NULL after a
 * failure. */
const unsigned char *hdf5_rows_read_packed(struct hdf5 *f, const struct hdf5_rows *r, int64_t first,
                                           size_t *n);
/* Adds the fields to `layout`, which is empty. */
void hdf5_rows_open(struct hdf5 *f, const char *path, struct table *layout, struct hdf5_rows *r);
void hdf5_rows_read(struct hdf5 *f, struct hdf5_rows *r, int64_t first, struct table *t);
void hdf5_rows_close(struct hdf5 *f, struct hdf5_rows *r);

/* Plain bytes in one piece, uncompressed: their place in the file is told, so that they can be read
 * without the library. Closed when its id is negative. */
struct hdf5_bytes {
    int64_t dataset;
};
void hdf5_bytes_create(struct hdf5 *f, const char *path, int64_t n, struct hdf5_bytes *b);
void hdf5_bytes_write(struct hdf5 *f, struct hdf5_bytes *b, int64_t first, const void *bytes,
                      int64_t n);
void hdf5_bytes_close(struct hdf5 *f, struct hdf5_bytes *b);
/* Where the first byte stands, and how many there are. */
int64_t hdf5_bytes_place(struct hdf5 *f, const char *path, int64_t *n);

const char *hdf5_version(void); /* "HDF5 1.10.8"; of the headers compiled with */

#endif
