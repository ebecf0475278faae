/* output.c - see output.h.  SPDX-License-Identifier: MIT */
#include "cli/output.h"
#include "base/version.h"
#include "engine/findings.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double ROWS_KEPT = 1e8; /* results of single trials kept whole: some 5 GB */

enum status output_check(const char *path, struct errors *e)
{
    struct stat there;
    if (strcmp(path, "-") == 0)
        return error_add(e, STATUS_USAGE, "results need a file: '-' is none (or write ./-)");
    if (stat(path, &there) == 0)
        return S_ISREG(there.st_mode) ? STATUS_OK
                                      : error_add(e, STATUS_IO, "%s: not a regular file", path);
    return file_check_folder(path, e);
}

/* Whether a resolved scenario is the same but for the number of replicates. */
static bool same_but_replicates(const char *a, const char *b)
{
    static const char section[] = "\nsimulation:\n", key[] = "  replicates: ";
    const char *x = strstr(a, section), *y = strstr(b, section);
    x = strstr(x ? x : a, key);
    y = strstr(y ? y : b, key);
    if (x == NULL || y == NULL || x - a != y - b || strncmp(a, b, (size_t)(x - a)) != 0)
        return false;
    return strcmp(x + strcspn(x, "\n"), y + strcspn(y, "\n")) == 0;
}

enum status output_matches(const char *path, const struct study *old, const char *resolved,
                           uint64_t seed, struct errors *e)
{
    if (!same_but_replicates(old->resolved, resolved) || old->seed != seed)
        return error_add(
            e, STATUS_IO,
            "%s holds the results of another scenario, seed or setting (use --overwrite "
            "to replace it, or -o for another file)",
            path);
    if (old->revision != NULL && strcmp(old->revision, version_revision()) != 0)
        return error_add(e, STATUS_IO,
                         "%s was written by revision %s of the program, this is %s: their results "
                         "are not mixed (use --overwrite to replace it)",
                         path, old->revision, version_revision());
    return STATUS_OK;
}

enum status output_open_old(const char *path, const char *resolved, uint64_t seed,
                            struct result_file **file, struct study *old, struct errors *e)
{
    *file = NULL;
    if (access(path, F_OK) != 0) return STATUS_OK;
    struct errors why = {0};
    enum status status = result_file_open(path, file, old, &why);
    if (status != STATUS_OK)
        (void)error_add(e, STATUS_IO, "%s (use --overwrite to replace it)",
                        why.n ? why.text[0] : path);
    errors_free(&why);
    if (status != STATUS_OK) return status;
    status = output_matches(path, old, resolved, seed, e);
    if (status != STATUS_OK) {
        result_file_close(*file);
        study_free(old);
        *file = NULL;
    }
    return status;
}

bool output_keeps_replicates(const struct plan *plan, bool unwanted, bool quiet)
{
    const double rows = (double)plan->n_points * (double)plan->n_answers * (double)plan->replicates;
    if (rows > ROWS_KEPT && !quiet)
        (void)fprintf(stderr,
                      "shocksim: %.3g results: as with --no-replicates, only estimates and "
                      "rejections of single trials are kept\n",
                      rows);
    return !unwanted && rows <= ROWS_KEPT;
}

enum status output_write(const char *path, struct study *s, const struct plan *plan,
                         const struct result_source *rows, int threads, struct errors *e)
{
    enum status status = study_find(s, plan, rows, e);
    if (status == STATUS_OK) status = result_file_write(path, s, rows, threads, e);
    return status;
}
