/* calibrate.c - fits a scenario's free parameters to published figures.
 * SPDX-License-Identifier: MIT */
#include "engine/calibrate.h"
#include "base/tree.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "engine/parallel.h"
#include "io/calibration_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row options[] = {
    {"--output", "-o", "OUT.yaml",
     "the fitted scenario (default: SCENARIO-calibrated.yaml beside it, when there is none yet)"},
    {"--trials", NULL, "N", "simulated trials at each setting (default: as calibrate.trials says)"},
    {"--seed", NULL, "S", "the same as simulation.seed: S in the scenario"},
    {"--threads", NULL, "T", "threads (default: all processors); the fit does not depend on it"},
    {"--quiet", NULL, NULL, "no progress"},
    {0}};

/* --- output ----------------------------------------------------------------------------------- */

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static bool same_folder(const char *a, const char *b, struct arena *memory)
{
    struct stat x, y;
    const size_t m = folder_length(a), n = folder_length(b);
    return stat(m ? arena_copy(memory, a, m) : ".", &x) == 0 &&
           stat(n ? arena_copy(memory, b, n) : ".", &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static const char *default_output(const char *scenario, struct arena *memory)
{
    const char *dot = strrchr(scenario + folder_length(scenario), '.');
    const int stem = dot ? (int)(dot - scenario) : (int)strlen(scenario);
    return arena_printf(memory, "%.*s-calibrated.yaml", stem, scenario);
}

/* What is wrong with writing there, before hours are spent on what to write. */
static const char *choose_output(const struct arguments *a, const char *scenario_text,
                                 struct arena *memory, struct errors *e)
{
    const char *scenario = a->operand[0], *path = argument_value(a, "--output");
    if (path == NULL) {
        path = default_output(scenario, memory);
        if (access(path, F_OK) == 0)
            (void)error_add(e, STATUS_USAGE, "%s is there already: -o %s replaces it", path, path);
        return path;
    }
    const struct node *root =
        tree_read_text(scenario_text, strlen(scenario_text), scenario, memory, e);
    const struct node *extends = root ? node_get(root, "extends") : NULL;
    if (extends != NULL && extends->text[0] != '/' && !same_folder(scenario, path, memory))
        (void)error_at(e, extends->at,
                       "what the scenario extends is looked for in its own folder: -o must be in "
                       "the same, not %s",
                       path);
    return path;
}

/* --- progress --------------------------------------------------------------------------------- */

struct watch {
    bool terminal, drawn;
    double started, shown;
};

static void tell(void *context, const char *stage, int evaluations, double chi_squared)
{
    struct watch *w = context;
    const double now = monotonic_seconds(), wait = w->terminal ? 0.2 : 10;
    if (now - w->shown < wait) return;
    w->shown = now;
    w->drawn = true;
    (void)fprintf(stderr, "%sshocksim: %d settings simulated, %.0f s; %s; sum of z squared %.2f%s",
                  w->terminal ? "\r" : "", evaluations, now - w->started, stage, chi_squared,
                  w->terminal ? "      " : "\n");
    (void)fflush(stderr);
}

/* --- command ---------------------------------------------------------------------------------- */

static enum status write_both(const struct targets *t, const struct calibration *c,
                              const char *scenario, const char *path, struct errors *e)
{
    struct buffer yaml = {0}, text = {0};
    struct document d;
    calibration_document(&d, scenario, t, c);
    report_text(&text, &d);
    document_free(&d);
    enum status status = calibration_write(&yaml, t, c, e);
    if (status == STATUS_OK) status = write_output(path, &yaml, e);
    const enum status shown = write_output(NULL, &text, e);
    buffer_free(&yaml);
    buffer_free(&text);
    return status != STATUS_OK ? status : shown;
}

static enum status fit(const struct arguments *a, const struct targets *t, const char *path,
                       struct errors *e)
{
    const bool quiet = argument_given(a, "--quiet");
    const double now = monotonic_seconds();
    struct watch watch = {.terminal = isatty(STDERR_FILENO) == 1, .started = now, .shown = now};
    const struct calibration_watch watcher = {tell, &watch};
    struct calibration c;
    enum status status = calibrate(t, quiet ? NULL : &watcher, &c, e);
    if (watch.drawn && watch.terminal) (void)fputc('\n', stderr);
    if (status == STATUS_OK) status = write_both(t, &c, a->operand[0], path, e);
    if (status == STATUS_OK && !quiet)
        (void)fprintf(stderr, "shocksim: %s written, %.1f s\n", path, monotonic_seconds() - now);
    if (status == STATUS_OK && !calibration_is_good(t, &c)) status = STATUS_NO;
    calibration_free(&c);
    return status;
}

static enum status run(const struct arguments *a, struct errors *e)
{
    struct targets t = {0};
    struct arena memory = {0};
    struct setting setting[8];
    const int n = argument_settings(a, setting, 8, &memory, e);
    const int64_t trials = argument_integer(a, "--trials", 100, 1000000, 0, e);
    const int threads = (int)argument_integer(a, "--threads", 1, 1024, parallel_threads(), e);
    enum status status =
        e->n ? STATUS_USAGE : targets_make(a->operand[0], setting, n, (int)trials, threads, &t, e);
    const char *path = NULL;
    if (status == STATUS_OK) path = choose_output(a, t.file_text, &memory, e);
    if (status == STATUS_OK) status = e->n > 0 ? e->status : fit(a, &t, path, e);
    targets_free(&t);
    arena_free(&memory);
    return status;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .brief = "Fits parameters of a scenario to published figures",
    .operands = "SCENARIO.yaml",
    .details =
        "Fits the parameters of the section 'calibrate' (see 'shocksim help calibrate') to the "
        "rows of 'published'\n"
        "that have use: calibrate, from their values in the scenario, and writes the scenario with "
        "the fitted values\n"
        "in place and every other byte as it was. z = (printed - simulated mean)/sqrt(sd² + "
        "u²/12), on the logarithm\n"
        "for ratios: sd over simulated trials of the published size, u the unit of the last "
        "printed digit. The sum of\n"
        "z squared is minimised; all settings see the same patients, which no run or validation "
        "sees. se is that of a\n"
        "fit to one such trial, whose rows depend on each other. The range that fits is where the "
        "sum rises by less than\n"
        "4, the other parameters following; a bracket marks where the range given ends it. Values "
        "are rounded below a\n"
        "tenth of their standard error.\n"
        "Exit status: 0 every target is met and every parameter identified within its range; 1 "
        "written, but a target is\n"
        "contradicted or not reached, or a parameter at the end of its range or not identified, as "
        "stated; 2 wrong\n"
        "usage or scenario; 3 input or output failed.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
