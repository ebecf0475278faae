/* merge.c - makes one result file of the shards of a run.  SPDX-License-Identifier: MIT
 *
 * The file is the very one that a single run would have written: shards hold raw results, and what
 * they say is found here, in replicate order, in memory that does not grow with the replicates. */
#include "base/version.h"
#include "cli/command.h"
#include "cli/output.h"
#include "engine/findings.h"
#include "engine/parallel.h"
#include "engine/simulate.h"
#include "io/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 };

static const struct option_row options[] = {
    {"--missing", NULL, NULL,
     "only print the shards that are missing or damaged, as sbatch --array wants them"},
    {"--of", NULL, "SCENARIO.yaml",
     "with --missing: those still to be run of this scenario; SHARD.h5... are all of them, in "
     "order"},
    {"--replicates", NULL, "N", "with --of: simulated trials a point"},
    {"--seed", NULL, "S", "with --of: of every random stream"},
    {"--set", NULL, "PATH=VALUE", "with --of: override a value of the scenario; may be repeated"},
    {"--threads", NULL, "T", "threads (default: all processors); results do not depend on it"},
    {"--overwrite", NULL, NULL, "replace OUT.h5 even where it holds something else"},
    {"--no-replicates", NULL, NULL,
     "keep only estimates (32 bit) and rejections of single replicates"},
    {"--quiet", NULL, NULL, "say nothing when done"},
    {0}};

struct shards {
    int n_files;
    struct shard *file; /* [n_files] as given; the good ones have a spool */
    int n;              /* shards of the run; 0: no good file */
    struct shard **of;  /* [n] shard k at k - 1; NULL: missing */
};

/* Every shard keeps its file open, and there may be more than a process is allowed by default. */
static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* In what two shards differ that makes them shards of different runs; NULL: in nothing. */
static const char *difference(const struct shard *a, const struct shard *b)
{
    const struct study *x = &a->study, *y = &b->study;
    if (a->portion.n != b->portion.n) return "number of shards";
    if (strcmp(x->revision, y->revision) != 0) return "revision of the program";
    if (x->seed != y->seed) return "seed";
    if (x->replicates != y->replicates) return "number of replicates";
    if (strcmp(x->resolved, y->resolved) != 0) return "scenario or setting";
    return strcmp(x->scenario, y->scenario) != 0 ? "scenario file" : NULL;
}

/* Files a good shard under its number; anything else is an error that names it. */
static void take_shard(struct shards *all, struct shard *shard, struct errors *e)
{
    if (all->n == 0) {
        all->n = shard->portion.n;
        all->of = xcalloc((size_t)all->n, sizeof(struct shard *));
    } else {
        const struct shard *first = NULL;
        for (int k = 0; first == NULL; k++) first = all->of[k];
        const char *other = difference(shard, first);
        if (other != NULL) {
            (void)error_add(e, STATUS_IO, "%s: of another run than %s: another %s", shard->path,
                            first->path, other);
            return;
        }
    }
    struct shard **place = &all->of[shard->portion.k - 1];
    if (*place != NULL)
        (void)error_add(e, STATUS_IO, "%s: shard %d of %d, which %s is already", shard->path,
                        shard->portion.k, all->n, (*place)->path);
    else
        *place = shard;
}

static struct shards shards_open(const char *const *path, int n, struct errors *e)
{
    struct shards all = {.n_files = n, .file = xcalloc((size_t)n, sizeof(struct shard))};
    for (int i = 0; i < n; i++)
        if (shard_open(path[i], &all.file[i], e) == STATUS_OK) take_shard(&all, &all.file[i], e);
    return all;
}

static void shards_close(struct shards *all)
{
    for (int i = 0; i < all->n_files; i++) shard_close(&all->file[i]);
    free(all->file);
    free(all->of);
}

/* "2,5,7" */
static void list_shard(struct buffer *list, int k)
{
    buffer_printf(list, "%s%d", list->length > 0 ? "," : "", k);
}

/* The shards that are not there. */
static void list_missing(const struct shards *all, struct buffer *list)
{
    for (int k = 0; k < all->n; k++)
        if (all->of[k] == NULL) list_shard(list, k + 1);
}

/* STATUS_NO where the list is not empty. */
static enum status print_list(struct buffer *list, struct errors *e)
{
    if (list->length == 0) return STATUS_OK;
    buffer_puts(list, "\n");
    const enum status written = write_output(NULL, list, e);
    return written == STATUS_OK ? STATUS_NO : written;
}

static enum status print_missing(const struct shards *all, struct errors *e)
{
    if (all->n == 0)
        return error_add(e, STATUS_IO,
                         "merge: no shard can be read, so that the number of shards is unknown");
    struct buffer missing = {0};
    list_missing(all, &missing);
    const enum status status = print_list(&missing, e);
    buffer_free(&missing);
    return status;
}

/* Whether shard k of n of the plan is to be run: true where there is none or it has too few
 * replicates. A file of anything else is an error, for `run` would refuse it. */
static bool to_be_run(const char *path, const struct plan *plan, struct portion portion,
                      struct errors *e)
{
    struct shard shard;
    if (access(path, F_OK) != 0) return true;
    enum status status = shard_open(path, &shard, e);
    if (status != STATUS_OK) return true;
    if (shard.portion.k != portion.k || shard.portion.n != portion.n)
        status = error_add(e, STATUS_IO, "%s: shard %d of %d, not %d of %d", path, shard.portion.k,
                           shard.portion.n, portion.k, portion.n);
    else
        status = output_matches(path, &shard.study, plan->resolved, plan->seed, e);
    const bool more = status != STATUS_OK || shard.study.replicates < plan->replicates;
    shard_close(&shard);
    return more;
}

/* Prints the shards of a scenario that are still to be run. */
static enum status print_to_be_run(const struct arguments *a, struct errors *e)
{
    struct plan plan;
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX];
    struct buffer list = {0};
    const int n_settings = argument_settings(a, setting, SETTINGS_MAX, &memory, e);
    const int n = a->n_operands - 1;
    enum status status = e->n > 0
                             ? STATUS_USAGE
                             : plan_make(argument_value(a, "--of"), setting, n_settings, &plan, e);
    if (status == STATUS_OK) {
        for (int k = 1; k <= n; k++) {
            struct errors found = {0};
            if (to_be_run(a->operand[k], &plan, (struct portion){k, n}, &found))
                list_shard(&list, k);
            for (int i = 0; i < found.n && !argument_given(a, "--overwrite"); i++)
                status = error_add(e, STATUS_IO, "%s", found.text[i]);
            errors_free(&found);
        }
        plan_free(&plan);
    }
    if (status == STATUS_OK) status = print_list(&list, e);
    buffer_free(&list);
    arena_free(&memory);
    return status;
}

static enum status check_missing(const struct shards *all, const char *path, struct errors *e)
{
    struct buffer missing = {0};
    list_missing(all, &missing);
    enum status status = STATUS_OK;
    if (missing.length > 0)
        status = error_add(e, STATUS_IO, "%s is not written: of %d shards, missing: %s", path,
                           all->n, buffer_text(&missing));
    buffer_free(&missing);
    return status;
}

/* --- one result file -------------------------------------------------------------------------- */

/* Blocks of replicates take turns among shards. */
static const struct shard *shard_of(const struct shards *all, int point, int64_t replicate)
{
    return all->of[portion_of_block(all->n, point, replicate) - 1];
}

static int64_t until_next_block(int64_t replicate, int64_t most)
{
    const int64_t block = BLOCK_REPLICATES - replicate % BLOCK_REPLICATES;
    return block < most ? block : most;
}

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    const struct shards *all = handle;
    enum status status = STATUS_OK;
    for (int64_t done = 0; done < count && status == STATUS_OK;) {
        const int64_t at = first + done, n = until_next_block(at, count - done);
        const struct result_source from = spool_rows(shard_of(all, point, at)->spool);
        status = from.read(from.handle, point, answer, at, n, rows + done, e);
        done += n;
    }
    return status;
}

static enum status describe(void *handle, int point, int answer, int64_t first, int64_t count,
                            struct described to, struct errors *e)
{
    const struct shards *all = handle;
    enum status status = STATUS_OK;
    for (int64_t done = 0; done < count && status == STATUS_OK;) {
        const int64_t at = first + done, n = until_next_block(at, count - done);
        const struct result_source from = spool_rows(shard_of(all, point, at)->spool);
        status = results_describe(&from, point, answer, at, n, described_from(to, done), e);
        done += n;
    }
    return status;
}

static enum status expect(void *handle, int point, int answer, struct errors *e)
{
    const struct shards *all = handle;
    enum status status = STATUS_OK;
    for (int k = 0; k < all->n && status == STATUS_OK; k++) {
        const struct result_source from = spool_rows(all->of[k]->spool);
        status = results_expect(&from, point, answer, e);
    }
    return status;
}

/* A study of the plan with what simulating has found. */
static enum status fill_study(const struct shards *all, const struct plan *plan, struct study *s,
                              struct errors *e)
{
    const struct study *described = &all->of[0]->study;
    study_of_plan(plan, s);
    s->scenario = described->scenario;
    s->resolved = described->resolved;
    s->pairing = described->pairing;
    enum status status = STATUS_OK;
    for (int p = 0; p < s->n_points && status == STATUS_OK; p++) {
        struct spool *spool = all->of[portion_of_truth(all->n, p) - 1]->spool;
        const size_t at = (size_t)p * (size_t)s->n_answers;
        status = spool_truth(spool, p, s->n_answers, s->truth + at, s->truth_se + at, e);
    }
    return status;
}

/* The shards are of this plan, by this very build: their identities say so. */
static enum status check_identities(const struct shards *all, const struct plan *plan,
                                    struct errors *e)
{
    for (int k = 0; k < all->n; k++) {
        unsigned char identity[16];
        plan_identity(plan, (struct portion){k + 1, all->n}, identity);
        if (memcmp(identity, all->of[k]->identity, sizeof identity) != 0)
            return error_add(e, STATUS_IO, "%s: damaged: its records are not of its scenario",
                             all->of[k]->path);
    }
    return STATUS_OK;
}

/* A result file of the same run may be replaced unless it knows more. */
static enum status check_old(const char *path, const struct study *run, struct errors *e)
{
    struct result_file *file;
    struct study old;
    enum status status = output_open_old(path, run->resolved, run->seed, &file, &old, e);
    if (status != STATUS_OK || file == NULL) return status;
    if (old.replicates > run->replicates)
        status = error_add(e, STATUS_IO,
                           "%s holds %lld replicates a point, the shards %lld (use --overwrite to "
                           "replace it)",
                           path, (long long)old.replicates, (long long)run->replicates);
    result_file_close(file);
    study_free(&old);
    return status;
}

static enum status merge(const struct shards *all, const struct arguments *a, int threads,
                         struct errors *e)
{
    const char *path = a->operand[0];
    const struct study *described = &all->of[0]->study;
    const bool quiet = argument_given(a, "--quiet");
    struct plan plan;
    struct study s = {0};
    if (strcmp(described->revision, version_revision()) != 0)
        return error_add(e, STATUS_IO,
                         "%s was written by revision %s of the program, this is %s: merge with "
                         "the program that simulated",
                         all->of[0]->path, described->revision, version_revision());
    enum status status = output_check(path, e);
    if (status == STATUS_OK && !argument_given(a, "--overwrite"))
        status = check_old(path, described, e);
    if (status != STATUS_OK) return status;
    status = plan_outline(described->resolved, all->of[0]->path, &plan, e);
    if (status != STATUS_OK) return status;
    status = check_identities(all, &plan, e);
    if (status == STATUS_OK) status = fill_study(all, &plan, &s, e);
    if (status == STATUS_OK) {
        const struct result_source rows = {.read = read_rows,
                                           .describe = describe,
                                           .expect = expect,
                                           .handle = (void *)(uintptr_t)all};
        s.keep_replicates =
            output_keeps_replicates(&plan, argument_given(a, "--no-replicates"), quiet);
        status = output_write(path, &s, &plan, &rows, threads, e);
    }
    if (status == STATUS_OK && !quiet)
        (void)fprintf(stderr, "shocksim: %s: %d shard%s, %d point%s x %lld trials\n", path, all->n,
                      all->n > 1 ? "s" : "", s.n_points, s.n_points > 1 ? "s" : "",
                      (long long)s.replicates);
    study_free(&s);
    plan_free(&plan);
    return status;
}

/* "merge SHARD.h5..." without the file to write would replace the first shard. */
static enum status check_first(const char *path, struct errors *e)
{
    struct errors unread = {0};
    struct shard shard;
    const bool is_shard = shard_open(path, &shard, &unread) == STATUS_OK;
    if (is_shard) shard_close(&shard);
    errors_free(&unread);
    if (!is_shard) return STATUS_OK;
    return error_add(e, STATUS_USAGE, "merge: '%s' is a shard; the first file is the one to write",
                     path);
}

static enum status run(const struct arguments *a, struct errors *e)
{
    const int threads = (int)argument_integer(a, "--threads", 1, 1024, parallel_threads(), e);
    if (e->n > 0) return STATUS_USAGE;
    enum status status = check_first(a->operand[0], e);
    if (status != STATUS_OK) return status;
    if (argument_value(a, "--of") != NULL) {
        if (argument_given(a, "--missing")) return print_to_be_run(a, e);
        return error_add(e, STATUS_USAGE, "merge: --of goes with --missing");
    }
    raise_open_files();
    struct shards all = shards_open(a->operand + 1, a->n_operands - 1, e);
    if (argument_given(a, "--missing"))
        status = print_missing(&all, e);
    else {
        if (all.n > 0) (void)check_missing(&all, a->operand[0], e);
        status = e->n > 0 ? e->status : merge(&all, a, threads, e);
    }
    shards_close(&all);
    return status;
}

const struct command command_merge = {
    .name = "merge",
    .brief = "Makes one result file of the shards of a run",
    .operands = "OUT.h5 SHARD.h5...",
    .details =
        "Writes the very file that one run would have written, in memory that does not grow with "
        "the\n"
        "replicates. Shards that are missing, given twice, damaged or of another run are named, "
        "and nothing\n"
        "is written. A result file of the same run is replaced.\n"
        "With --missing, nothing is written either: the numbers of shards that are missing or "
        "damaged are\n"
        "printed as 2,5,7 and the exit status is 1, or 0 when all are there. OUT.h5 is not looked "
        "at. With\n"
        "--of SCENARIO.yaml, so are those that have fewer replicates; a file of another scenario, "
        "setting or\n"
        "program, or a damaged one, is named (exit status 3), or listed with --overwrite.\n"
        "Exit status: 0 done, 1 shards are missing (--missing), 2 wrong usage, 3 input or output "
        "failed.",
    .options = options,
    .min_operands = 2,
    .max_operands = -1,
    .run = run,
};
