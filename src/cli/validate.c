/* validate.c - simulates published trials and judges whether what they printed fits.
 * SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "cli/progress.h"
#include "engine/findings.h"
#include "engine/parallel.h"
#include "engine/simulate.h"
#include "io/report.h"

#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 64, TASKS_A_THREAD = 4, FEW_REPLICATES = 1000 };
#define DEFAULT_REPLICATES "10000" /* ten trials beyond each limit of 0.1 % */

static const struct option_row options[] = {
    {"--replicates", NULL, "N",
     "simulated trials of each scenario (default " DEFAULT_REPLICATES ")"},
    {"--seed", NULL, "S", "of every random stream (default: the scenario's)"},
    {"--threads", NULL, "T", "threads (default: all processors); results do not depend on it"},
    {"--set", NULL, "PATH=VALUE", "override a value of every scenario; may be repeated"},
    {"--format", NULL, "FORMAT", "text (default), csv, json or markdown"},
    {"--output", "-o", "OUT", "write to a file instead of standard output"},
    {"--quiet", NULL, NULL, "no progress, no warnings"},
    {0}};

/* All results of one scenario in memory: replicate by replicate. */
struct results {
    const struct plan *plan;
    struct result *row; /* [replicates][n_answers] */
};

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    const struct results *r = handle;
    (void)point;
    (void)e;
    for (int64_t i = 0; i < count; i++) rows[i] = r->row[(first + i) * r->plan->n_answers + answer];
    return STATUS_OK;
}

static void simulate_all(const struct plan *plan, int threads, bool quiet, struct result *row)
{
    struct progress progress = progress_start(quiet, plan->replicates, 0, &plan->answer[0]);
    struct simulator simulator = simulator_new(plan, threads);
    const int room = threads * TASKS_A_THREAD;
    struct task *task = xcalloc((size_t)room, sizeof *task);
    for (int64_t at = 0; at < plan->replicates;) {
        struct result *first = row + at * plan->n_answers;
        int n = 0;
        for (; n < room && at < plan->replicates; n++) {
            const int64_t left = plan->replicates - at;
            task[n] = (struct task){0, at, left < BLOCK_REPLICATES ? left : BLOCK_REPLICATES};
            at += task[n].count;
        }
        simulate(&simulator, task, n, first);
        progress.done = at;
        progress_show(&progress, at == plan->replicates);
    }
    free(task);
    simulator_free(&simulator);
}

static enum status validate(const struct plan *plan, int threads, bool quiet, struct study *s,
                            struct errors *e)
{
    const size_t n = (size_t)plan->replicates * (size_t)plan->n_answers;
    struct results results = {plan, xcalloc(n, sizeof *results.row)};
    simulate_all(plan, threads, quiet, results.row);
    study_of_plan(plan, s);
    const struct result_source rows = {.read = read_rows, .handle = &results};
    const enum status status = study_compare(s, plan, &rows, e);
    free(results.row);
    return status;
}

/* A scenario that can be validated: one setting, and figures. */
static enum status make_plan(const char *path, const struct setting *setting, int n_settings,
                             struct plan *plan, struct errors *e)
{
    if (plan_make(path, setting, n_settings, plan, e) != STATUS_OK) return STATUS_USAGE;
    if (plan->n_points > 1)
        return error_add(e, STATUS_USAGE,
                         "%s: has a sweep: published figures are compared with one setting", path);
    if (plan->n_published == 0)
        return error_add(e, STATUS_USAGE, "%s: has no published figures (section 'published')",
                         path);
    return STATUS_OK;
}

static void warn(const struct plan *plan)
{
    if (*plan->unmarked)
        (void)fprintf(stderr,
                      "shocksim: %s: called predicted, but of the same endpoint and arm as a "
                      "calibrated fact (mark shares_events: true): %s\n",
                      plan->path, plan->unmarked);
    if (plan->replicates < FEW_REPLICATES)
        (void)fprintf(stderr,
                      "shocksim: %s: %lld trials are few for limits of 0.1 and 99.9 %%: use at "
                      "least %d\n",
                      plan->path, (long long)plan->replicates, FEW_REPLICATES);
}

static int format_named(const struct arguments *a, struct errors *e)
{
    static const char *const names[] = {"text", "csv", "json", "markdown"};
    static const enum report_format format[] = {REPORT_TEXT, REPORT_CSV, REPORT_JSON,
                                                REPORT_MARKDOWN};
    const char *given = argument_value(a, "--format");
    for (int k = 0; k < 4; k++)
        if (given == NULL || strcmp(given, names[k]) == 0) return (int)format[k];
    const char *near = text_nearest(given, names, 4);
    (void)error_add(e, STATUS_USAGE, "validate: unknown format '%s'%s (text, csv, json, markdown)",
                    given, did_you_mean(near).text);
    return REPORT_TEXT;
}

static enum status report(const struct arguments *a, enum report_format format,
                          const struct study *s, int n, struct errors *e)
{
    struct buffer text = {0};
    struct arena memory = {0};
    report_published(&text, s, n, format);
    enum status status = write_output(argument_value(a, "--output"), &text, e);
    for (int k = 0; k < n && status != STATUS_IO; k++) {
        if (format == REPORT_CSV && !argument_given(a, "--quiet"))
            (void)fprintf(stderr, "shocksim: %s: %s\n", s[k].name,
                          published_verdict(&memory, &s[k]));
        if (!published_fits(&s[k])) status = STATUS_NO;
    }
    arena_free(&memory);
    buffer_free(&text);
    return status;
}

static enum status run(const struct arguments *a, struct errors *e)
{
    const int n = a->n_operands,
              threads = (int)argument_integer(a, "--threads", 1, 1024, parallel_threads(), e);
    const bool quiet = argument_given(a, "--quiet");
    const enum report_format format = (enum report_format)format_named(a, e);
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX + 1] = {{"simulation.replicates", DEFAULT_REPLICATES}};
    const int n_settings = 1 + argument_settings(a, setting + 1, SETTINGS_MAX, &memory, e);
    struct plan *plan = xcalloc((size_t)n, sizeof *plan);
    struct study *study = xcalloc((size_t)n, sizeof *study);
    const bool ready = e->n == 0;
    for (int k = 0; k < n && ready; k++)
        (void)make_plan(a->operand[k], setting, n_settings, &plan[k], e);
    enum status status = e->n ? e->status : STATUS_OK;
    for (int k = 0; k < n && status == STATUS_OK; k++) {
        if (!quiet) warn(&plan[k]);
        status = validate(&plan[k], threads, quiet, &study[k], e);
    }
    if (status == STATUS_OK) status = report(a, format, study, n, e);
    for (int k = 0; k < n; k++) {
        study_free(&study[k]);
        plan_free(&plan[k]);
    }
    free(study);
    free(plan);
    arena_free(&memory);
    return status;
}

const struct command command_validate = {
    .name = "validate",
    .brief = "Compares published figures with simulated trials",
    .operands = "SCENARIO.yaml...",
    .details =
        "Simulates each scenario's trial at its size and places every row of `published` among the "
        "simulated\n"
        "trials: their mean, the range of 95 % of them, the percentile of the printed number "
        "(simulated ones\n"
        "rounded as printed, ties counting half) and z. Rows of one group are one fact, judged by "
        "its worst row.\n"
        "Means with SDs are also judged together given the deaths of the arm, which exposes a "
        "wrong rule for the\n"
        "dead. 'shocksim help published' lists the keys of a row.\n"
        "A scenario fits when at least 90 % of its facts lie within 2.5-97.5 %, and outside "
        "0.1-99.9 % lie no\n"
        "calibrated fact and at most one predicted. Exit status: 0 all fit, 1 one does not, 2 "
        "wrong usage or\n"
        "scenario, 3 output failed.",
    .options = options,
    .min_operands = 1,
    .max_operands = -1,
    .run = run,
};
