/* hdf5_library.h - what the files that know the HDF5 library share.  SPDX-License-Identifier: MIT
 */
#ifndef IO_HDF5_LIBRARY_H
#define IO_HDF5_LIBRARY_H

#include "io/hdf5.h"

#include <hdf5.h>

/* Reports the library's failure to read `what`, or to write. */
void hdf5_fail(struct hdf5 *f, const char *what);
void hdf5_check(struct hdf5 *f, int64_t returned, const char *what); /* negative: failed */

hid_t hdf5_text_type(size_t size); /* UTF-8 of fixed length, padded with NUL */

#endif
