/* result_file.h - result files in HDF5: the only place that knows the library.
 * SPDX-License-Identifier: MIT */
#ifndef IO_RESULT_FILE_H
#define IO_RESULT_FILE_H

#include "engine/study.h"

/* Writes a whole result file: to a temporary name beside it, read back (result_check.h), synced,
 * renamed.
 * On failure the old file, if any, is untouched and nothing else is left. The bytes do not depend
 * on `threads`. */
enum status result_file_write(const char *path, const struct study *s,
                              const struct result_source *rows, int threads, struct errors *e);

struct result_file; /* an open file */
/* Opens and verifies (format, version, completeness, checksum). The study's memory is its own. */
enum status result_file_open(const char *path, struct result_file **file, struct study *s,
                             struct errors *e);
struct result_source result_file_rows(struct result_file *file); /* refused without replicates */
void result_file_close(struct result_file *file);

/* 32 hexadecimal digits of a checksum of the results: points, answers, replicates, measures. */
enum status result_file_digest(const char *path, char digest[33], struct errors *e);

const char *result_file_library(void); /* "HDF5 1.10.8" */

#endif
