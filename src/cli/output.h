/* output.h - the result file of a run: what may be there already, and writing it.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "engine/plan.h"
#include "io/result_file.h"

/* Refuses what is no regular file. */
enum status output_check(const char *path, struct errors *e);

/* Whether results of `resolved` and `seed`, but for the number of replicates, by this very build of
 * the program may stand beside those of `old`, read from `path`. */
enum status output_matches(const char *path, const struct study *old, const char *resolved,
                           uint64_t seed, struct errors *e);

/* Opens the result file that is there and matches; *file is NULL when there is none. */
enum status output_open_old(const char *path, const char *resolved, uint64_t seed,
                            struct result_file **file, struct study *old, struct errors *e);

/* Whether results of single replicates are kept whole: unless the user wants less, up to a limit,
 * beyond which a message says so. */
bool output_keeps_replicates(const struct plan *plan, bool unwanted, bool quiet);

/* Finds what the study says and writes the file; the study has its truths. */
enum status output_write(const char *path, struct study *s, const struct plan *plan,
                         const struct result_source *rows, int threads, struct errors *e);

#endif
