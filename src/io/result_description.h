/* result_description.h - what a result file says besides its results, and how it is told apart.
 * SPDX-License-Identifier: MIT
 *
 * Two checksums are kept in a file: `checksum` of the results (tables and replicates, in their
 * canonical bytes), which is the digest, and `description_checksum` of everything else. Both are
 * taken of what was to be written and compared with what is read whenever a file is opened; a new
 * file is compared with what was put into it before it replaces an old one (result_check.h). */
#ifndef IO_RESULT_DESCRIPTION_H
#define IO_RESULT_DESCRIPTION_H

#include "engine/study.h"
#include "io/chunk.h"
#include "io/hdf5.h"
#include "io/result_tables.h"

enum { RESULT_BLOCK = CHUNK_ROWS }; /* replicates read and written at a time */

/* What a file is: the results of a run, or one shard on its way to them. */
enum describes { DESCRIBES_RESULTS, DESCRIBES_SHARD };

/* Attributes, texts, published figures and the list of reasons why a result is undefined. */
void description_put(struct hdf5 *f, const struct study *s, enum describes what);
void description_put_reasons(struct hdf5 *f);

/* Fails when the file is something else, of another version, or damaged. */
void description_take(struct hdf5 *f, struct study *s, enum describes what);

/* Reads a table of the file into the study; t is empty before, and for the caller to free. */
void result_table_read(struct hdf5 *f, enum result_table which, struct study *s, struct table *t);

const char *replicates_path(struct arena *memory, const char *answer);

#endif
