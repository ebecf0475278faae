/* report.c - shows what a result file says.  SPDX-License-Identifier: MIT */
#include "io/report.h"
#include "cli/command.h"
#include "io/result_file.h"

#include <string.h>

static const struct option_row options[] = {
    {"--format", NULL, "FORMAT", "text (default), csv, json, markdown or html"},
    {"--output", "-o", "OUT", "write to a file instead of standard output"},
    {0}};

static enum status run(const struct arguments *a, struct errors *e)
{
    static const char *const names[] = {"text", "csv", "json", "markdown", "html"};
    const char *format = argument_value(a, "--format");
    int which = 0;
    while (format && which < 5 && strcmp(names[which], format) != 0) which++;
    if (which == 5) {
        const char *near = text_nearest(format, names, 5);
        return error_add(e, STATUS_USAGE,
                         "report: unknown format '%s'%s (text, csv, json, markdown, html)", format,
                         did_you_mean(near).text);
    }
    struct result_file *file = NULL;
    struct study s;
    enum status status = result_file_open(a->operand[0], &file, &s, e);
    if (status != STATUS_OK) return status;
    struct buffer text = {0};
    report_write(&text, &s, (enum report_format)which);
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
    .details = "Reads only the file. csv and json hold every measure with its Monte Carlo error.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
