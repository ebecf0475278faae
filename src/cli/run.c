/* run.c - simulates a scenario, or a shard of it.  SPDX-License-Identifier: MIT
 *
 * Results go to a spool beside the file as they come; when all are there the file is built from it
 * and the spool is removed. Whatever stops the program, the same command goes on from the last
 * block saved. */
#include "cli/advance.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "engine/findings.h"
#include "engine/ranks.h"
#include "io/shard.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 };

static const struct option_row options[] = {
    {"--output", "-o", "FILE.h5",
     "result file (default: the scenario's name with .h5, in this folder; of a shard "
     "NAME.shard-K-of-N.h5)"},
    {"--replicates", NULL, "N", "simulated trials a point"},
    {"--seed", NULL, "S", "of every random stream"},
    {"--threads", NULL, "T", "threads (default: all processors); results do not depend on it"},
    {"--set", NULL, "PATH=VALUE", "override a value of the scenario; may be repeated"},
    {"--shard", NULL, "K/N",
     "only part K of N, for job arrays; 'shocksim merge' makes one result file of all"},
    {"--time-limit", NULL, "SECONDS", "save and stop (exit 75) after so long; run again to go on"},
    {"--overwrite", NULL, NULL, "start afresh even where the file holds something else"},
    {"--no-replicates", NULL, NULL,
     "keep only estimates (32 bit) and rejections of single replicates"},
    {"--quiet", NULL, NULL, "no progress"},
    {0}};

struct run {
    struct advance advance;
    const char *path;
    bool is_shard, overwrite, keep_replicates;
    struct result_file *old; /* results of an earlier run with fewer replicates */
    struct shard old_shard;  /* or of a shard of it; its spool is NULL where there is none */
};

/* --- the rows of an earlier result file come before those of the spool ------------------------ */

/* How many of the replicates first … first + count - 1 the earlier file has. */
static int64_t count_from_old(const struct run *run, int64_t first, int64_t count)
{
    const int64_t left = run->advance.from - first;
    return left <= 0 ? 0 : left < count ? left : count;
}

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    const struct run *run = handle;
    const int64_t from_old = count_from_old(run, first, count);
    enum status status = STATUS_OK;
    if (from_old > 0) {
        const struct result_source old = result_file_rows(run->old);
        status = old.read(old.handle, point, answer, first, from_old, rows, e);
    }
    if (status == STATUS_OK && count > from_old) {
        const struct result_source fresh = spool_rows(run->advance.spool);
        status = fresh.read(fresh.handle, point, answer, first + from_old, count - from_old,
                            rows + from_old, e);
    }
    return status;
}

static enum status describe(void *handle, int point, int answer, int64_t first, int64_t count,
                            struct described to, struct errors *e)
{
    const struct run *run = handle;
    const int64_t from_old = count_from_old(run, first, count);
    enum status status = STATUS_OK;
    if (from_old > 0) {
        const struct result_source old = result_file_rows(run->old);
        status = results_describe(&old, point, answer, first, from_old, to, e);
    }
    if (status == STATUS_OK && count > from_old) {
        const struct result_source fresh = spool_rows(run->advance.spool);
        status = results_describe(&fresh, point, answer, first + from_old, count - from_old,
                                  described_from(to, from_old), e);
    }
    return status;
}

static enum status expect(void *handle, int point, int answer, struct errors *e)
{
    const struct run *run = handle;
    const struct result_source fresh = spool_rows(run->advance.spool);
    return results_expect(&fresh, point, answer, e);
}

static enum status write_results(struct run *run, struct errors *e)
{
    const struct plan *plan = run->advance.plan;
    const struct result_source rows = {
        .read = read_rows, .describe = describe, .expect = expect, .handle = run};
    struct study s;
    study_of_plan(plan, &s);
    s.keep_replicates = run->keep_replicates;
    enum status status = STATUS_OK;
    for (int p = 0; p < plan->n_points && status == STATUS_OK; p++) {
        const size_t at = (size_t)p * (size_t)plan->n_answers;
        status =
            spool_truth(run->advance.spool, p, plan->n_answers, s.truth + at, s.truth_se + at, e);
    }
    if (status == STATUS_OK)
        status = output_write(run->path, &s, plan, &rows, run->advance.threads, e);
    study_free(&s);
    return status;
}

static enum status write_shard(const struct run *run, struct errors *e)
{
    struct study s;
    study_of_plan(run->advance.plan, &s);
    const enum status status =
        shard_write(run->path, &s, run->advance.portion, run->advance.spool, e);
    study_free(&s);
    return status;
}

/* --- what is there already -------------------------------------------------------------------- */

static void say_complete(const struct run *run, int64_t replicates)
{
    if (!run->advance.quiet)
        (void)fprintf(stderr,
                      "shocksim: %s is complete: %lld replicates a point (raise --replicates "
                      "to add more)\n",
                      run->path, (long long)replicates);
}

/* *complete: nothing is left to do. */
static enum status open_old_results(struct run *run, bool *complete, struct errors *e)
{
    const struct plan *plan = run->advance.plan;
    struct study old;
    enum status status = output_open_old(run->path, plan->resolved, plan->seed, &run->old, &old, e);
    if (status != STATUS_OK || run->old == NULL) return status;
    *complete =
        old.replicates >= plan->replicates && (old.keep_replicates || !run->keep_replicates);
    if (*complete)
        say_complete(run, old.replicates);
    else if (!old.keep_replicates)
        status = error_add(e, STATUS_IO,
                           "%s: a run without replicates cannot be added to (use --overwrite)",
                           run->path);
    run->advance.from = old.replicates;
    study_free(&old);
    return status;
}

static enum status open_old_shard(struct run *run, bool *complete, struct errors *e)
{
    const struct plan *plan = run->advance.plan;
    const struct portion portion = run->advance.portion;
    struct shard *old = &run->old_shard;
    struct errors why = {0};
    if (access(run->path, F_OK) != 0) return STATUS_OK;
    enum status status = shard_open(run->path, old, &why);
    if (status != STATUS_OK)
        (void)error_add(e, status, "%s (use --overwrite to replace it)", why.text[0]);
    errors_free(&why);
    if (status != STATUS_OK) return status;
    if (old->portion.k != portion.k || old->portion.n != portion.n)
        return error_add(e, STATUS_IO, "%s holds shard %d of %d (use --overwrite to replace it)",
                         run->path, old->portion.k, old->portion.n);
    status = output_matches(run->path, &old->study, plan->resolved, plan->seed, e);
    *complete = status == STATUS_OK && old->study.replicates >= plan->replicates;
    if (*complete) say_complete(run, old->study.replicates);
    return status;
}

static enum status open_own_spool(struct run *run, bool fresh, struct errors *e)
{
    struct advance *a = &run->advance;
    const struct plan *plan = a->plan;
    struct spool_run of = {
        .n_points = plan->n_points, .n_answers = plan->n_answers, .answer = plan->answer};
    plan_identity(plan, a->portion, of.identity);
    return spool_open(a->spool_path, &of, fresh, &a->spool, e);
}

/* With --overwrite a spool of another run makes way; one of this very run is always continued. */
static enum status open_spool(struct run *run, struct errors *e)
{
    struct advance *a = &run->advance;
    struct errors why = {0};
    enum status status = open_own_spool(run, false, &why);
    if (status != STATUS_OK && run->overwrite)
        status = open_own_spool(run, true, e);
    else if (status != STATUS_OK)
        (void)error_add(e, status, "%s", why.text[0]);
    errors_free(&why);
    if (status == STATUS_OK && run->old_shard.spool != NULL)
        status = spool_append_all(a->spool, run->old_shard.spool, e);
    return status;
}

/* Once so many replicates are written, what goes further serves a later run; the rest, nothing. */
static void close_written(struct spool *s, int64_t replicates)
{
    spool_close(s, spool_replicates(s, replicates, SPOOL_TRUTH) == 0);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void say_done(const struct run *run, const struct effort *effort, double seconds)
{
    const double rate = effort->seconds > 0 ? (double)effort->trials / effort->seconds : 0;
    const struct advance *a = &run->advance;
    const struct plan *plan = a->plan;
    if (a->quiet) return;
    (void)fprintf(stderr, "shocksim: %s: ", run->path);
    if (run->is_shard)
        (void)fprintf(
            stderr, "shard %d of %d, %lld trials", a->portion.k, a->portion.n,
            (long long)portion_replicates(a->portion, plan->n_points, 0, plan->replicates));
    else
        (void)fprintf(stderr, "%d point%s x %lld trials", plan->n_points,
                      plan->n_points > 1 ? "s" : "", (long long)plan->replicates);
    (void)fprintf(stderr,
                  ", %.0f trials a second on %d thread%s, %.1f s in all (processor time: trials "
                  "%.2f s, files %.2f s)\n",
                  rate, a->threads, a->threads > 1 ? "s" : "", seconds, effort->simulating,
                  effort->storing);
}

static enum status continue_run(struct run *run, struct errors *e)
{
    struct advance *a = &run->advance;
    const double started = monotonic_seconds();
    struct effort effort = {0};
    advance_watch_interrupts();
    enum status status = open_spool(run, e);
    if (status == STATUS_OK) status = advance(a, &effort, e);
    const double found = processor_seconds();
    if (status == STATUS_OK) status = run->is_shard ? write_shard(run, e) : write_results(run, e);
    effort.storing += processor_seconds() - found;
    if (status == STATUS_OK) say_done(run, &effort, monotonic_seconds() - started);
    if (status == STATUS_OK)
        close_written(a->spool, a->plan->replicates);
    else
        spool_close(a->spool, false);
    return status;
}

/* A spool beside complete results is left by a run that was killed before it removed it, or goes
 * further. One of another scenario or process is not touched. */
static void tidy(struct run *run)
{
    const int64_t replicates = run->is_shard ? run->old_shard.study.replicates : run->advance.from;
    struct errors unheard = {0};
    if (access(run->advance.spool_path, F_OK) != 0) return;
    if (open_own_spool(run, false, &unheard) == STATUS_OK)
        close_written(run->advance.spool, replicates);
    errors_free(&unheard);
}

static const char *default_output(const struct run *run, struct arena *memory)
{
    const char *scenario = run->advance.plan->path;
    const char *slash = strrchr(scenario, '/'), *base = slash ? slash + 1 : scenario;
    const char *dot = strrchr(base, '.');
    const int length = dot ? (int)(dot - base) : (int)strlen(base);
    if (run->is_shard)
        return arena_printf(memory, "%.*s.shard-%d-of-%d.h5", length, base, run->advance.portion.k,
                            run->advance.portion.n);
    return arena_printf(memory, "%.*s.h5", length, base);
}

static enum status run_plan(const struct arguments *arguments, struct run *run,
                            struct arena *memory, struct errors *e)
{
    const bool no_replicates = argument_given(arguments, "--no-replicates");
    if (run->path == NULL) run->path = default_output(run, memory);
    run->advance.spool_path = arena_printf(memory, "%s.part", run->path);
    run->keep_replicates =
        run->is_shard ||
        output_keeps_replicates(run->advance.plan, no_replicates, run->advance.quiet);
    bool complete = false;
    enum status status = output_check(run->path, e);
    if (status == STATUS_OK && !run->overwrite)
        status =
            run->is_shard ? open_old_shard(run, &complete, e) : open_old_results(run, &complete, e);
    if (status == STATUS_OK && complete)
        tidy(run);
    else if (status == STATUS_OK)
        status = continue_run(run, e);
    result_file_close(run->old);
    shard_close(&run->old_shard);
    return status;
}

static bool take_portion(const char *text, struct portion *portion)
{
    const char *slash = strchr(text, '/');
    char first[16];
    int64_t k, n;
    if (slash == NULL || slash - text >= (ptrdiff_t)sizeof first) return false;
    (void)snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
    if (!text_to_int64(first, &k) || !text_to_int64(slash + 1, &n) || k < 1 || k > n ||
        n > PORTIONS_MAX)
        return false;
    *portion = (struct portion){(int)k, (int)n};
    return true;
}

static struct run run_options(const struct arguments *a, struct errors *e)
{
    struct run run = {.path = argument_value(a, "--output"),
                      .overwrite = argument_given(a, "--overwrite")};
    run.advance.portion = (struct portion){1, 1};
    run.advance.quiet = argument_given(a, "--quiet");
    run.advance.threads = (int)argument_integer(a, "--threads", 1, 1024, ranks_threads(), e);
    const int64_t limit = argument_integer(a, "--time-limit", 1, 100000000, 0, e);
    if (limit > 0) run.advance.deadline = monotonic_seconds() + (double)limit;
    const char *shard = argument_value(a, "--shard");
    run.is_shard = shard != NULL;
    if (shard != NULL && !take_portion(shard, &run.advance.portion))
        (void)error_add(e, STATUS_USAGE,
                        "--shard must be K/N, shard K of N, from 1/N to N/N, N at most %d, not "
                        "'%s'",
                        PORTIONS_MAX, shard);
    if (shard != NULL && argument_given(a, "--no-replicates"))
        (void)error_add(e, STATUS_USAGE,
                        "run: a shard keeps every result; give --no-replicates to merge instead");
    return run;
}

/* Ranks other than 0 have made the same plan and speak only of what went wrong there alone. */
static enum status serve(const struct run *run)
{
    struct simulator s = simulator_new(run->advance.plan, run->advance.threads);
    advance_watch_interrupts(); /* a signal to all ranks: rank 0 decides */
    ranks_serve(&s);
    simulator_free(&s);
    return STATUS_OK;
}

static enum status run_command(const struct arguments *a, struct errors *e)
{
    const int rank = ranks_start();
    advance_watch_stops(); /* batch systems send them while a large sweep is planned, too */
    struct plan plan;
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX];
    const int n = argument_settings(a, setting, SETTINGS_MAX, &memory, e);
    struct run run = run_options(a, e);
    const enum status own = e->n ? STATUS_USAGE : plan_make(a->operand[0], setting, n, &plan, e);
    enum status status = ranks_agree(own);
    const enum status first = ranks_agree(rank == 0 ? own : STATUS_OK);
    if (rank != 0 && own != STATUS_OK && first == STATUS_OK)
        (void)error_add(e, own, "this was met by rank %d of %d alone", rank, ranks_count());
    else if (rank != 0)
        errors_free(e);
    run.advance.plan = &plan;
    if (status == STATUS_OK && rank != 0) status = serve(&run);
    if (status == STATUS_OK && rank == 0) {
        status = run_plan(a, &run, &memory, e);
        ranks_dismiss();
    }
    if (own == STATUS_OK) plan_free(&plan);
    arena_free(&memory);
    status = ranks_agree(status);
    ranks_end();
    return status;
}

const struct command command_run = {
    .name = "run",
    .brief = "Simulates a scenario and stores its operating characteristics",
    .operands = "SCENARIO.yaml",
    .details =
        "Goes on where an earlier run of the same scenario stopped; raising --replicates adds "
        "replicates.\n"
        "With --shard K/N, one job of a job array does its part and writes NAME.shard-K-of-N.h5; "
        "'shocksim\n"
        "merge' makes of all N the very file that one run would have written. Built by 'make "
        "MPI=1' and started\n"
        "by mpirun --bind-to none, the ranks share one run.\n"
        "Exit status: 0 done, 2 wrong usage or scenario, 3 input or output failed, 75 stopped by "
        "the time\n"
        "limit, SIGTERM or SIGUSR1 with everything saved, 130 interrupted with everything saved.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_command,
};
