/* fuzz_result.c - whatever bytes come as a result file or a shard, reading them ends, and well.
 * SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer; scripts/soak builds and runs it. What is read goes through a file in
 * memory, as libhdf5 opens names only. */
#define _GNU_SOURCE /* memfd_create */
#include "io/result_file.h"
#include "io/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

static void check_messages(enum status status, struct errors *e)
{
    must((status == STATUS_OK) == (e->n == 0), "a result or a message");
    for (int k = 0; k < e->n; k++) must(strchr(e->text[k], '\n') == NULL, "a message of two lines");
    errors_free(e);
    *e = (struct errors){0};
}

static void read_result(const char *path)
{
    struct errors e = {0};
    struct result_file *file = NULL;
    struct study s;
    const enum status status = result_file_open(path, &file, &s, &e);
    check_messages(status, &e);
    if (status != STATUS_OK) return;
    struct result row;
    const struct result_source rows = result_file_rows(file);
    for (int k = 0; k < s.n_answers && s.replicates > 0 && s.keep_replicates; k++)
        check_messages(rows.read(rows.handle, 0, k, 0, 1, &row, &e), &e);
    study_free(&s);
    result_file_close(file);
    char digest[33];
    check_messages(result_file_digest(path, digest, &e), &e);
}

static void read_shard(const char *path)
{
    struct errors e = {0};
    struct shard shard = {0};
    const enum status status = shard_open(path, &shard, &e);
    check_messages(status, &e);
    if (status == STATUS_OK) shard_close(&shard);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char path[64];
    const int fd = memfd_create("fuzz", 0);
    must(fd >= 0 && write(fd, bytes, length) == (ssize_t)length, "no file in memory");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_result(path);
    read_shard(path);
    (void)close(fd);
    return 0;
}
