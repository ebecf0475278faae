/* report.c - shows what a result file says.  SPDX-License-Identifier: MIT */
#include "io/report.h"
#include "cli/command.h"
#include "io/result_file.h"

#include <string.h>

static const struct option_row options[] = {
    {"--format", NULL, "FORMAT", "text (default), csv, json, markdown or html"},
    {"--table", NULL, "TABLE",
     "operating_characteristics (default), or agreement: every pair of analyses"},
    {"--output", "-o", "OUT", "write to a file instead of standard output"},
    {0}};

/* What an option names, the first where it is absent; adds the mistake to e where nothing is. */
static int choice(const struct arguments *a, const char *option, const char *const *names, int n,
                  struct errors *e)
{
    const char *given = argument_value(a, option);
    struct arena memory = {0};
    const char *all = names[0];
    for (int i = 0; i < n; i++)
        if (given == NULL || strcmp(names[i], given) == 0) return i;
    for (int i = 1; i < n; i++) all = arena_printf(&memory, "%s, %s", all, names[i]);
    (void)error_add(e, STATUS_USAGE, "report: unknown %s '%s'%s (%s)", option + 2, given,
                    did_you_mean(text_nearest(given, names, n)).text, all);
    arena_free(&memory);
    return 0;
}

static enum status run(const struct arguments *a, struct errors *e)
{
    static const char *const formats[] = {"text", "csv", "json", "markdown", "html"};
    static const char *const tables[] = {"operating_characteristics", "agreement"};
    const enum report_format format = (enum report_format)choice(a, "--format", formats, 5, e);
    const bool agreement = choice(a, "--table", tables, 2, e) == 1;
    if (e->n) return STATUS_USAGE;
    if (agreement && format == REPORT_JSON)
        return error_add(e, STATUS_USAGE,
                         "report: json holds every table; --table is for the other formats");
    struct result_file *file = NULL;
    struct study s;
    enum status status = result_file_open(a->operand[0], &file, &s, e);
    if (status != STATUS_OK) return status;
    struct buffer text = {0};
    if (agreement)
        report_write_agreement(&text, &s, format);
    else
        report_write(&text, &s, format);
    status = write_output(argument_value(a, "--output"), &text, e);
    buffer_free(&text);
    study_free(&s);
    result_file_close(file);
    return status;
}

const struct command command_report = {
    .name = "report",
    .brief = "Shows the operating characteristics in a result file",
    .operands = "FILE.h5",
    .details =
        "Reads only the file. csv and json hold every measure with its Monte Carlo error. For\n"
        "people, the first analysis is compared with each of the others; with --table\n"
        "agreement, and in json, each with each.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
