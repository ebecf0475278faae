/* example_files.h - the example study as files: results, a shard, a spool. SPDX-License-Identifier:
 * MIT */
#ifndef TESTS_EXAMPLE_FILES_H
#define TESTS_EXAMPLE_FILES_H

#include "engine/simulate.h"
#include "example_study.h"
#include "io/result_file.h"
#include "io/shard.h"
#include "mutate.h"

enum example_kind { EXAMPLE_RESULT, EXAMPLE_SHARD, EXAMPLE_SPOOL };

enum { EXAMPLE_REPLICATES = 70 }; /* two blocks */

static inline struct spool_run example_run(const struct study *s)
{
    return (struct spool_run){
        .n_points = s->n_points, .n_answers = s->n_answers, .answer = s->answer};
}

static inline void example_append(struct spool *spool, int point, int64_t first, int64_t n,
                                  struct errors *e)
{
    struct result *rows = xcalloc((size_t)n * EXAMPLE_ANSWERS, sizeof *rows);
    for (int64_t i = 0; i < n * EXAMPLE_ANSWERS; i++)
        rows[i] = example_row(point, (int)(i % EXAMPLE_ANSWERS), first + i / EXAMPLE_ANSWERS);
    (void)spool_append(spool, point, first, n, rows, e);
    free(rows);
}

/* What belongs to shard `portion` of the study. */
static inline struct spool *example_spool(const char *path, const struct study *s,
                                          struct portion portion, struct errors *e)
{
    struct spool *spool;
    const struct spool_run run = example_run(s);
    if (spool_open(path, &run, true, &spool, e) != STATUS_OK) return NULL;
    for (int p = 0; p < s->n_points; p++) {
        for (int64_t at = 0; at < s->replicates; at += BLOCK_REPLICATES) {
            const int64_t left = s->replicates - at;
            if (portion_of_block(portion.n, p, at) == portion.k)
                example_append(spool, p, at, left < BLOCK_REPLICATES ? left : BLOCK_REPLICATES, e);
        }
        if (portion_of_truth(portion.n, p) == portion.k)
            (void)spool_put_truth(spool, p, s->n_answers, &s->truth[p * s->n_answers],
                                  &s->truth_se[p * s->n_answers], e);
    }
    return spool;
}

static inline void example_write(const char *path, enum example_kind kind, struct errors *e)
{
    const struct portion first_of_two = {1, 2};
    const struct result_source rows = example_rows();
    char spool_path[300];
    struct study s = example_study(EXAMPLE_REPLICATES);
    (void)snprintf(spool_path, sizeof spool_path, "%s.part", path);
    if (kind == EXAMPLE_RESULT) {
        if (study_summarise(&s, &rows, NULL, e) == STATUS_OK)
            (void)result_file_write(path, &s, &rows, 1, e);
    } else {
        const bool shard = kind == EXAMPLE_SHARD;
        struct spool *spool = example_spool(shard ? spool_path : path, &s, first_of_two, e);
        if (shard && spool != NULL) (void)shard_write(path, &s, first_of_two, spool, e);
        spool_close(spool, shard);
    }
    study_free(&s);
}

/* Its bytes, at most `room`; returns how many. */
static inline size_t example_file(enum example_kind kind, uint8_t *bytes, size_t room)
{
    struct errors e = {0};
    const struct brief_file b = brief_file_new(NULL, 0);
    example_write(b.path, kind, &e);
    must(e.n == 0, "no example", b.path);
    return brief_file_end(&b, bytes, 0, room);
}

#endif
