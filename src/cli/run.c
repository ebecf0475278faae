/* run.c - simulates a scenario and writes its result file.  SPDX-License-Identifier: MIT
 *
 * Results go to a spool beside the result file as they come; when all are there the result file is
 * built from it and the spool is removed. Whatever stops the program, the same command goes on from
 * the last block saved. */
#include "base/version.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "engine/findings.h"
#include "engine/parallel.h"
#include "engine/simulate.h"
#include "engine/truth.h"
#include "io/result_file.h"
#include "io/spool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64, TASKS_A_THREAD = 4 };
static const double SAVE_EVERY = 2;  /* seconds */
static const double ROWS_KEPT = 1e8; /* results of single trials kept whole: some 5 GB */

static const struct option_row options[] = {
    {"--output", "-o", "FILE.h5",
     "result file (default: the scenario's name with .h5, in this folder)"},
    {"--replicates", NULL, "N", "simulated trials a point"},
    {"--seed", NULL, "S", "of every random stream"},
    {"--threads", NULL, "T", "threads (default: all processors); results do not depend on it"},
    {"--set", NULL, "PATH=VALUE", "override a value of the scenario; may be repeated"},
    {"--time-limit", NULL, "SECONDS", "save and stop (exit 75) after so long; run again to go on"},
    {"--overwrite", NULL, NULL, "start afresh even where the file holds something else"},
    {"--no-replicates", NULL, NULL,
     "keep only estimates (32 bit) and rejections of single replicates"},
    {"--quiet", NULL, NULL, "no progress"},
    {0}};

/* The only thing a signal handler may touch. */
static volatile sig_atomic_t stopped_by;

static void on_signal(int signal)
{
    stopped_by = signal;
}

static void watch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    (void)sigemptyset(&act.sa_mask);
    act.sa_flags = (int)SA_RESETHAND; /* a second one ends the program at once */
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)sigaction(SIGUSR1, &act, NULL);
}

struct run {
    const struct plan *plan;
    struct study study;
    const char *path, *spool_path;
    int threads;
    bool quiet;
    double deadline;         /* 0: none */
    struct result_file *old; /* results of an earlier run with fewer replicates */
    int64_t old_replicates;
    struct spool *spool;
};

/* --- rows of an earlier result file come before those of the spool --------------------------- */

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    const struct run *run = handle;
    const int64_t left = run->old_replicates - first;
    const int64_t from_old = left <= 0 ? 0 : left < count ? left : count;
    enum status status = STATUS_OK;
    if (from_old > 0) {
        const struct result_source old = result_file_rows(run->old);
        status = old.read(old.handle, point, answer, first, from_old, rows, e);
    }
    if (status == STATUS_OK && count > from_old) {
        const struct result_source fresh = spool_rows(run->spool);
        status = fresh.read(fresh.handle, point, answer, first + from_old, count - from_old,
                            rows + from_old, e);
    }
    return status;
}

/* --- simulating --------------------------------------------------------------------------------
 */

static struct task next_task(const struct run *run, int *point, int64_t *at)
{
    struct task t = {-1, 0, 0};
    while (*point < run->plan->n_points) {
        if (*at >= run->plan->replicates) {
            (*point)++;
            *at = run->old_replicates;
            continue;
        }
        const int64_t block = (*at / BLOCK_REPLICATES + 1) * BLOCK_REPLICATES;
        const int64_t end = block < run->plan->replicates ? block : run->plan->replicates;
        t = (struct task){*point, *at, end - *at};
        *at = end;
        if (!spool_has(run->spool, t.point, t.first, t.count)) return t;
        t.point = -1;
    }
    return t;
}

static enum status stop_status(void)
{
    return stopped_by == SIGINT ? STATUS_INTERRUPTED : STATUS_STOPPED;
}

static bool must_stop(const struct run *run)
{
    return stopped_by != 0 || (run->deadline > 0 && monotonic_seconds() > run->deadline);
}

static enum status save(struct run *run, const struct task *task, int n, const struct result *rows,
                        struct progress *progress, struct errors *e)
{
    const int n_answers = run->plan->n_answers;
    enum status status = STATUS_OK;
    for (int k = 0; k < n && status == STATUS_OK; k++) {
        const struct result *first = rows + (size_t)k * BLOCK_REPLICATES * (size_t)n_answers;
        status = spool_append(run->spool, task[k].point, task[k].first, task[k].count, first, e);
        progress->done += task[k].count;
        for (int64_t i = 0; i < task[k].count && task[k].point == 0; i++)
            progress_see(progress, first + i * n_answers);
    }
    return status;
}

static enum status simulate_all(struct run *run, struct progress *progress, struct errors *e)
{
    const int room = run->threads * TASKS_A_THREAD;
    struct simulator simulator = simulator_new(run->plan, run->threads);
    struct task *task = xcalloc((size_t)room, sizeof *task);
    struct result *rows =
        xcalloc((size_t)room * BLOCK_REPLICATES * (size_t)run->plan->n_answers, sizeof *rows);
    int point = 0, n = 1;
    int64_t at = run->old_replicates;
    double saved = monotonic_seconds();
    enum status status = STATUS_OK;
    while (n > 0 && status == STATUS_OK && !must_stop(run)) {
        for (n = 0; n < room; n++) {
            task[n] = next_task(run, &point, &at);
            if (task[n].point < 0) break;
        }
        simulate(&simulator, task, n, rows);
        status = save(run, task, n, rows, progress, e);
        progress_show(progress, false);
        if (status == STATUS_OK && monotonic_seconds() - saved > SAVE_EVERY) {
            status = spool_sync(run->spool, e);
            saved = monotonic_seconds();
        }
    }
    progress_show(progress, true);
    free(rows);
    free(task);
    simulator_free(&simulator);
    if (status == STATUS_OK) status = spool_sync(run->spool, e);
    if (status != STATUS_OK || n == 0) return status;
    (void)fprintf(
        stderr,
        "shocksim: stopped; %lld of %lld trials are saved in %s: run the same command to go on\n",
        (long long)progress->done, (long long)progress->total, run->spool_path);
    return stop_status();
}

/* A point's truths wait in the spool as one more replicate, far behind the others: estimate and se.
 */
static const int64_t TRUTH_REPLICATE = INT64_C(1) << 40;

static enum status find_truth(struct run *run, int point, struct result *row, struct errors *e)
{
    const int n = run->plan->n_answers;
    double *truth = run->study.truth + (size_t)point * (size_t)n;
    double *error = run->study.truth_se + (size_t)point * (size_t)n;
    if (spool_has(run->spool, point, TRUTH_REPLICATE, 1)) {
        const struct result_source rows = spool_rows(run->spool);
        enum status status = STATUS_OK;
        for (int k = 0; k < n && status == STATUS_OK; k++) {
            status = rows.read(rows.handle, point, k, TRUTH_REPLICATE, 1, row, e);
            truth[k] = row->estimate;
            error[k] = row->se;
        }
        return status;
    }
    truth_find(run->plan, &run->plan->point[point], run->threads, truth, error);
    for (int k = 0; k < n; k++) {
        row[k] = result_undefined(UNDEFINED_NO, 0, 0);
        row[k].estimate = truth[k];
        row[k].se = error[k];
    }
    return spool_append(run->spool, point, TRUTH_REPLICATE, 1, row, e);
}

static enum status find_truths(struct run *run, struct errors *e)
{
    struct result *row = xcalloc((size_t)run->plan->n_answers, sizeof *row);
    double shown = monotonic_seconds();
    enum status status = STATUS_OK;
    int p = 0;
    for (; p < run->plan->n_points && status == STATUS_OK && !must_stop(run); p++) {
        status = find_truth(run, p, row, e);
        if (status != STATUS_OK || monotonic_seconds() - shown < SAVE_EVERY) continue;
        status = spool_sync(run->spool, e);
        shown = monotonic_seconds();
        if (!run->quiet)
            (void)fprintf(stderr, "shocksim: truths of %d of %d points\n", p + 1,
                          run->plan->n_points);
    }
    free(row);
    if (status == STATUS_OK) status = spool_sync(run->spool, e);
    if (status != STATUS_OK || p == run->plan->n_points) return status;
    (void)fprintf(
        stderr,
        "shocksim: stopped; all trials and the truths of %d of %d points are saved in %s: "
        "run the same command to go on\n",
        p, run->plan->n_points, run->spool_path);
    return stop_status();
}

/* --- the file --- */

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

/* The result file replaces what has its name: never a folder or a device. */
static enum status check_output(const char *path, struct errors *e)
{
    struct stat there;
    if (stat(path, &there) != 0 || S_ISREG(there.st_mode)) return STATUS_OK;
    return error_add(e, STATUS_IO, "%s: not a regular file", path);
}

/* Looks at a file that is already there. *complete: nothing is left to do. */
static enum status open_old(struct run *run, bool keep_replicates, bool *complete, struct errors *e)
{
    *complete = false;
    if (access(run->path, F_OK) != 0) return STATUS_OK;
    struct study old;
    struct errors why = {0};
    if (result_file_open(run->path, &run->old, &old, &why) != STATUS_OK) {
        const enum status status = error_add(e, STATUS_IO, "%s (use --overwrite to replace it)",
                                             why.n ? why.text[0] : run->path);
        errors_free(&why);
        return status;
    }
    errors_free(&why);
    enum status status = STATUS_OK;
    if (!same_but_replicates(old.resolved, run->plan->resolved) || old.seed != run->plan->seed)
        status =
            error_add(e, STATUS_IO,
                      "%s holds the results of another scenario, seed or setting (use --overwrite "
                      "to replace it, or -o for another file)",
                      run->path);
    else if (old.revision != NULL && strcmp(old.revision, version_revision()) != 0)
        status =
            error_add(e, STATUS_IO,
                      "%s was written by revision %s of the program, this is %s: their results "
                      "are not mixed (use --overwrite to replace it)",
                      run->path, old.revision, version_revision());
    else if (old.replicates >= run->plan->replicates && (old.keep_replicates || !keep_replicates)) {
        *complete = true;
        if (!run->quiet)
            (void)fprintf(stderr,
                          "shocksim: %s is complete: %lld replicates a point (raise --replicates "
                          "to add more)\n",
                          run->path, (long long)old.replicates);
    } else if (!old.keep_replicates)
        status = error_add(e, STATUS_IO,
                           "%s: a run without replicates cannot be added to (use --overwrite)",
                           run->path);
    run->old_replicates = old.replicates;
    study_free(&old);
    return status;
}

static enum status write_file(struct run *run, bool keep_replicates, struct errors *e)
{
    const struct result_source rows = {read_rows, run};
    run->study.keep_replicates = keep_replicates;
    enum status status = study_compare(&run->study, run->plan, &rows, e);
    if (status == STATUS_OK) status = study_summarise(&run->study, &rows, e);
    if (status == STATUS_OK) status = result_file_write(run->path, &run->study, &rows, e);
    return status;
}

/* With `overwrite` a spool of another run makes way; one of this very run is always continued. */
static enum status open_spool(struct run *run, const unsigned char identity[16], bool overwrite,
                              struct errors *e)
{
    const int n_points = run->plan->n_points, n_answers = run->plan->n_answers;
    struct errors why = {0};
    enum status status =
        spool_open(run->spool_path, identity, n_points, n_answers, false, &run->spool, &why);
    if (status != STATUS_OK && overwrite)
        status = spool_open(run->spool_path, identity, n_points, n_answers, true, &run->spool, e);
    else if (status != STATUS_OK)
        (void)error_add(e, status, "%s", why.text[0]);
    errors_free(&why);
    return status;
}

static enum status continue_run(struct run *run, bool overwrite, bool keep_replicates,
                                struct errors *e)
{
    unsigned char identity[16];
    plan_identity(run->plan, identity);
    enum status status = open_spool(run, identity, overwrite, e);
    if (status != STATUS_OK) return status;
    int64_t before = spool_replicates(run->spool) + run->old_replicates * run->plan->n_points;
    for (int p = 0; p < run->plan->n_points; p++)
        before -= spool_has(run->spool, p, TRUTH_REPLICATE, 1);
    struct progress progress = progress_start(
        run->quiet, run->plan->replicates * run->plan->n_points, before, &run->plan->answer[0]);
    if (!run->quiet && before > 0)
        (void)fprintf(stderr, "shocksim: going on from %lld trials already simulated\n",
                      (long long)before);
    status = simulate_all(run, &progress, e);
    const double rate = progress_rate(&progress);
    if (status == STATUS_OK) status = find_truths(run, e);
    if (status == STATUS_OK) status = write_file(run, keep_replicates, e);
    if (status == STATUS_OK && !run->quiet)
        (void)fprintf(stderr,
                      "shocksim: %s: %d point%s x %lld trials, %.0f trials a second on %d "
                      "thread%s, %.1f s in all\n",
                      run->path, run->plan->n_points, run->plan->n_points > 1 ? "s" : "",
                      (long long)run->plan->replicates, rate, run->threads,
                      run->threads > 1 ? "s" : "", progress_seconds(&progress));
    const bool more =
        spool_replicates(run->spool) > (run->plan->replicates + 1) * run->plan->n_points;
    spool_close(run->spool,
                status == STATUS_OK && !more); /* what goes further serves a later run */
    return status;
}

static const char *default_output(const char *scenario, struct arena *memory)
{
    const char *slash = strrchr(scenario, '/'), *base = slash ? slash + 1 : scenario;
    const char *dot = strrchr(base, '.');
    return arena_printf(memory, "%.*s.h5", dot ? (int)(dot - base) : (int)strlen(base), base);
}

static struct run run_options(const struct arguments *a, struct errors *e)
{
    struct run run = {.quiet = argument_given(a, "--quiet"), .path = argument_value(a, "--output")};
    run.threads = (int)argument_integer(a, "--threads", 1, 1024, parallel_threads(), e);
    const int64_t limit = argument_integer(a, "--time-limit", 1, 100000000, 0, e);
    if (limit > 0) run.deadline = monotonic_seconds() + (double)limit;
    return run;
}

static enum status run_plan(const struct arguments *a, struct run *run, struct arena *memory,
                            struct errors *e)
{
    if (run->path == NULL) run->path = default_output(run->plan->path, memory);
    run->spool_path = arena_printf(memory, "%s.part", run->path);
    const bool overwrite = argument_given(a, "--overwrite");
    const double rows =
        (double)run->plan->n_points * (double)run->plan->n_answers * (double)run->plan->replicates;
    const bool keep_replicates = !argument_given(a, "--no-replicates") && rows <= ROWS_KEPT;
    if (rows > ROWS_KEPT && !run->quiet)
        (void)fprintf(stderr,
                      "shocksim: %.3g results: as with --no-replicates, only estimates and "
                      "rejections of single trials are kept\n",
                      rows);
    bool complete = false;
    enum status status = check_output(run->path, e);
    if (status == STATUS_OK && !overwrite) status = open_old(run, keep_replicates, &complete, e);
    if (status == STATUS_OK && !complete) {
        watch_signals();
        study_of_plan(run->plan, &run->study);
        status = continue_run(run, overwrite, keep_replicates, e);
        study_free(&run->study);
    }
    if (run->old) result_file_close(run->old);
    return status;
}

static enum status run_command(const struct arguments *a, struct errors *e)
{
    struct plan plan;
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX];
    const int n = argument_settings(a, setting, SETTINGS_MAX, &memory, e);
    struct run run = run_options(a, e);
    enum status status = e->n ? STATUS_USAGE : plan_make(a->operand[0], setting, n, &plan, e);
    if (status == STATUS_OK) {
        run.plan = &plan;
        status = run_plan(a, &run, &memory, e);
        plan_free(&plan);
    }
    arena_free(&memory);
    return status;
}

const struct command command_run = {
    .name = "run",
    .brief = "Simulates a scenario and stores its operating characteristics",
    .operands = "SCENARIO.yaml",
    .details =
        "Goes on where an earlier run of the same scenario stopped; raising --replicates adds "
        "replicates.\n"
        "Exit status: 0 done, 2 wrong usage or scenario, 3 input or output failed, 75 stopped by "
        "the time\n"
        "limit, SIGTERM or SIGUSR1 with everything saved, 130 interrupted with everything saved.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_command,
};
