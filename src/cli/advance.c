/* advance.c - see advance.h.  SPDX-License-Identifier: MIT */
#include "cli/advance.h"
#include "cli/progress.h"
#include "engine/ranks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { TASKS_A_THREAD = 16 };
static const size_t WAVE_MEMORY = (size_t)256 << 20;   /* bytes of results that wait to be saved */
static const double SAVE_EVERY = 2, SHOW_EVERY = 10;   /* seconds */
static const double WAVE_SHORT = 0.1, WAVE_LONG = 0.4; /* seconds between looks at signals */

/* The only thing a signal handler may touch. */
static volatile sig_atomic_t stopped_by;

static void on_signal(int signal)
{
    stopped_by = signal;
}

static void watch(int signal)
{
    struct sigaction act = {.sa_handler = on_signal};
    (void)sigemptyset(&act.sa_mask);
    /* A second Ctrl-C ends the program at once. Batch systems send the others to a job's script and
     * to its processes, so that they may come twice. */
    if (signal == SIGINT) act.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(signal, &act, NULL);
}

void advance_watch_stops(void)
{
    watch(SIGTERM);
    watch(SIGUSR1);
}

void advance_watch_interrupts(void)
{
    watch(SIGINT);
}

static enum status stop_status(void)
{
    return stopped_by == SIGINT ? STATUS_INTERRUPTED : STATUS_STOPPED;
}

static bool must_stop(const struct advance *a)
{
    return stopped_by != 0 || (a->deadline > 0 && monotonic_seconds() > a->deadline);
}

/* --- replicates ------------------------------------------------------------------------------- */

/* Where the list of tasks has been read to. */
struct cursor {
    int point;
    int64_t at;
};

/* The next block that is the portion's and not in the spool; point -1 when there is none. */
static struct task next_task(const struct advance *a, struct cursor *c)
{
    const int64_t replicates = a->plan->replicates;
    while (c->point < a->plan->n_points) {
        if (c->at >= replicates) {
            c->point++;
            c->at = a->from;
            continue;
        }
        const int64_t block = (c->at / BLOCK_REPLICATES + 1) * BLOCK_REPLICATES;
        const int64_t end = block < replicates ? block : replicates;
        const struct task t = {c->point, c->at, end - c->at};
        c->at = end;
        if (portion_of_block(a->portion.n, t.point, t.first) == a->portion.k &&
            !spool_has(a->spool, t.point, t.first, t.count))
            return t;
    }
    return (struct task){-1, 0, 0};
}

static enum status save(const struct advance *a, const struct task *task, int n,
                        const struct result *rows, struct progress *progress, struct errors *e)
{
    const int n_answers = a->plan->n_answers;
    enum status status = STATUS_OK;
    for (int k = 0; k < n && status == STATUS_OK; k++) {
        const struct result *first = rows + (size_t)k * BLOCK_REPLICATES * (size_t)n_answers;
        status = spool_append(a->spool, task[k].point, task[k].first, task[k].count, first, e);
        progress->done += task[k].count;
        for (int64_t i = 0; i < task[k].count && task[k].point == 0; i++)
            progress_see(progress, first + i * n_answers);
    }
    return status;
}

/* Tasks of the next wave: threads idle at its end and wait while it is saved, so that a wave should
 * not be short; a signal waits for its end, so that it should not be long. */
static int next_size(int size, int least, int most, double seconds)
{
    if (seconds < WAVE_SHORT && 2 * size <= most) return 2 * size;
    return seconds > WAVE_LONG && size / 2 >= least ? size / 2 : size;
}

static enum status simulate_waves(const struct advance *a, struct simulator *simulator,
                                  struct progress *progress, bool *complete, struct effort *effort,
                                  struct errors *e)
{
    const int least = a->threads * ranks_count();
    const size_t block = BLOCK_REPLICATES * (size_t)a->plan->n_answers * sizeof(struct result);
    const size_t fit = WAVE_MEMORY / (block * (size_t)least);
    const int room = least * (fit > TASKS_A_THREAD ? TASKS_A_THREAD : fit > 1 ? (int)fit : 1);
    struct task *task = xcalloc((size_t)room, sizeof *task);
    struct result *rows =
        xcalloc((size_t)room * BLOCK_REPLICATES * (size_t)a->plan->n_answers, sizeof *rows);
    struct cursor cursor = {0, a->from};
    double saved = monotonic_seconds();
    enum status status = STATUS_OK;
    *complete = false;
    for (int size = least; status == STATUS_OK && !must_stop(a);) {
        int n = 0;
        while (n < size && (task[n] = next_task(a, &cursor)).point >= 0) n++;
        *complete = n == 0;
        if (n == 0) break;
        const double started = monotonic_seconds(), before = processor_seconds();
        ranks_simulate(simulator, task, n, rows);
        const double simulated = monotonic_seconds(), between = processor_seconds();
        status = save(a, task, n, rows, progress, e);
        if (status == STATUS_OK && simulated - saved > SAVE_EVERY) {
            status = spool_sync(a->spool, e);
            saved = simulated;
        }
        effort->seconds += simulated - started;
        effort->simulating += between - before;
        effort->storing += processor_seconds() - between;
        progress_show(progress, false);
        size = next_size(size, least, room, monotonic_seconds() - started);
    }
    free(rows);
    free(task);
    return status;
}

static enum status simulate_all(const struct advance *a, struct simulator *s,
                                struct progress *progress, struct effort *effort, struct errors *e)
{
    bool complete;
    enum status status = simulate_waves(a, s, progress, &complete, effort, e);
    effort->trials = progress->done - progress->before;
    progress_show(progress, true);
    if (status == STATUS_OK) status = spool_sync(a->spool, e);
    if (status != STATUS_OK || complete) return status;
    (void)fprintf(
        stderr,
        "shocksim: stopped; %lld of %lld trials are saved in %s: run the same command to go on\n",
        (long long)progress->done, (long long)progress->total, a->spool_path);
    return stop_status();
}

/* --- truths ----------------------------------------------------------------------------------- */

/* The next point from `point` on whose truths are the portion's and not in the spool. */
static int next_truth(const struct advance *a, int point)
{
    while (point < a->plan->n_points && (portion_of_truth(a->portion.n, point) != a->portion.k ||
                                         spool_has_truth(a->spool, point)))
        point++;
    return point;
}

static enum status find_truths(const struct advance *a, struct simulator *s, struct errors *e)
{
    const int n_points = a->plan->n_points, n_answers = a->plan->n_answers, room = ranks_count();
    int *point = xcalloc((size_t)room, sizeof *point);
    const size_t cells = (size_t)room * (size_t)n_answers;
    double *truth = xcalloc(cells, sizeof *truth), *error = xcalloc(cells, sizeof *error);
    double saved = monotonic_seconds(), shown = saved;
    enum status status = STATUS_OK;
    int next = next_truth(a, 0);
    while (next < n_points && status == STATUS_OK && !must_stop(a)) {
        int n = 0;
        for (; n < room && next < n_points; next = next_truth(a, next + 1)) point[n++] = next;
        ranks_truths(s, point, n, truth, error);
        for (int k = 0; k < n && status == STATUS_OK; k++) {
            const size_t at = (size_t)k * (size_t)n_answers;
            status = spool_put_truth(a->spool, point[k], n_answers, truth + at, error + at, e);
        }
        const double now = monotonic_seconds();
        if (status == STATUS_OK && now - saved > SAVE_EVERY) {
            status = spool_sync(a->spool, e);
            saved = now;
        }
        if (a->quiet || now - shown < SHOW_EVERY) continue;
        (void)fprintf(stderr, "shocksim: truths of %d of %d points\n", next, n_points);
        shown = now;
    }
    free(error);
    free(truth);
    free(point);
    if (status == STATUS_OK) status = spool_sync(a->spool, e);
    if (status != STATUS_OK || next == n_points) return status;
    (void)fprintf(
        stderr,
        "shocksim: stopped; all trials and the truths of %d of %d points are saved in %s: "
        "run the same command to go on\n",
        next, n_points, a->spool_path);
    return stop_status();
}

enum status advance(const struct advance *a, struct effort *effort, struct errors *e)
{
    const struct plan *plan = a->plan;
    const int64_t total = portion_replicates(a->portion, plan->n_points, 0, plan->replicates);
    const int64_t elsewhere = portion_replicates(a->portion, plan->n_points, 0, a->from);
    const int64_t before = spool_replicates(a->spool, a->from, plan->replicates) + elsewhere;
    struct progress progress = progress_start(a->quiet, total, before, &plan->answer[0]);
    if (!a->quiet && before > 0)
        (void)fprintf(stderr, "shocksim: going on from %lld trials already simulated\n",
                      (long long)before);
    struct simulator simulator = simulator_new(plan, a->threads);
    *effort = (struct effort){0};
    enum status status = simulate_all(a, &simulator, &progress, effort, e);
    if (status == STATUS_OK) status = find_truths(a, &simulator, e);
    simulator_free(&simulator);
    return status;
}
