/* fuzz_spool.c - whatever bytes a killed run left behind, going on from them ends, and well: what
 * is taken over can be read, what is added is there when the spool is opened again.
 * SPDX-License-Identifier: MIT
 *
 * The entries of libFuzzer; scripts/soak builds and runs it, test_fuzz_result.c is a slice for
 * every day. */
#include "mutate_result.h"

#include "example_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed);

static void no_mistake(const struct errors *e)
{
    must(e->n == 0, "a mistake of its own", e->n > 0 ? e->text[0] : "");
}

/* Every third replicate (of both blocks, the last too) that a spool says it has, and no other. */
static void read_everything(struct spool *spool, int64_t replicates)
{
    const struct result_source rows = spool_rows(spool);
    struct errors e = {0};
    struct result row;
    for (int p = 0; p < EXAMPLE_POINTS; p++)
        for (int64_t i = 0; i < replicates; i += 3)
            for (int a = 0; a < EXAMPLE_ANSWERS; a++) {
                const enum status status = rows.read(rows.handle, p, a, i, 1, &row, &e);
                must((status == STATUS_OK) == spool_has(spool, p, i, 1), "read or absent", "");
            }
    errors_free(&e);
}

/* Whether the bytes were taken for a spool. */
static bool take(const uint8_t *bytes, size_t length)
{
    struct errors e = {0};
    struct study s = example_study(EXAMPLE_REPLICATES);
    const struct spool_run run = example_run(&s);
    const struct brief_file m = brief_file_new(bytes, length);
    struct spool *spool;
    const enum status status = spool_open(m.path, &run, false, &spool, &e);
    must((status == STATUS_OK) == (e.n == 0), "a spool or a message", "neither or both");
    if (status == STATUS_OK) {
        const int64_t had = spool_replicates(spool, 0, SPOOL_TRUTH);
        const bool new_block = !spool_has(spool, 1, 0, 1);
        read_everything(spool, EXAMPLE_REPLICATES);
        if (new_block) example_append(spool, 1, 0, 1, &e);
        spool_close(spool, false);
        no_mistake(&e);
        (void)spool_open(m.path, &run, false, &spool, &e);
        no_mistake(&e);
        must(spool_replicates(spool, 0, SPOOL_TRUTH) == had + new_block, "as many as before", "");
        must(spool_has(spool, 1, 0, 1), "what was added", "");
        spool_close(spool, false);
    }
    brief_file_remove(&m);
    study_free(&s);
    errors_free(&e);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    (void)take(bytes, length);
    return 0;
}

/* A piece of the file once more, or missing. */
static size_t repeat_or_drop(struct stream *s, uint8_t *bytes, size_t n, size_t room)
{
    const size_t at = (size_t)below(s, n), longest = n - at;
    size_t length = (size_t)below(s, longest) + 1;
    if (below(s, 2) == 0) length = (length + 7) & ~(size_t)7;
    if (length > longest) length = longest;
    if (below(s, 2) == 0) {
        memmove(bytes + at, bytes + at + length, longest - length);
        return n - length;
    }
    if (length > room - n) return n;
    memmove(bytes + at + length, bytes + at, longest);
    return n + length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t room, unsigned seed)
{
    struct stream s = stream_for(seed, length, stream_variable("fuzz spool"));
    struct study study = example_study(EXAMPLE_REPLICATES);
    if (length < SPOOL_HEADER) return example_file(EXAMPLE_SPOOL, bytes, room);
    if (below(&s, 3) == 0) length = repeat_or_drop(&s, bytes, length, room);
    struct record_layout l = record_layout_make(study.n_points, study.n_answers, study.answer);
    if (length > 0) mutate_spool(&s, bytes, length, &l);
    record_layout_free(&l);
    study_free(&study);
    return length;
}
