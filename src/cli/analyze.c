/* analyze.c - a trial's analyses on data from a file.  SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "engine/data_plan.h"
#include "io/analysis_table.h"
#include "io/csv.h"

#include <stdlib.h>
#include <string.h>

static const struct option_row options[] = {
    {"--format", NULL, "FORMAT", "csv (default), text or json"},
    {"--output", "-o", "OUT", "write to a file instead of standard output"},
    {"--set", NULL, "PATH=VALUE", "override a value of the plan; may be repeated"},
    {0}};

static enum status read_format(const struct arguments *a, enum analysis_format *format,
                               struct errors *e)
{
    static const char *const name[] = {"csv", "text", "json"};
    enum { FORMATS = sizeof name / sizeof *name };
    const char *word = argument_value(a, "--format");
    *format = ANALYSIS_CSV;
    for (int k = 0; k < FORMATS && word != NULL; k++)
        if (strcmp(name[k], word) == 0) {
            *format = (enum analysis_format)k;
            return STATUS_OK;
        }
    if (word == NULL) return STATUS_OK;
    const char *near = text_nearest(word, name, FORMATS);
    return error_add(e, STATUS_USAGE, "analyze: unknown format '%s'%s", word,
                     did_you_mean(near).text);
}

static enum status answer(const struct arguments *a, const struct data_plan *plan,
                          enum analysis_format format, struct errors *e)
{
    struct buffer text = {0};
    struct scratch w = {0};
    struct result *result = xcalloc((size_t)plan->n_answers, sizeof *result);
    data_plan_run(plan, &w, result);
    scratch_free(&w);
    analysis_table_write(&text, plan, result, format);
    free(result);
    const enum status status = write_output(argument_value(a, "--output"), &text, e);
    buffer_free(&text);
    return status;
}

static enum status run(const struct arguments *a, struct errors *e)
{
    struct arena memory = {0};
    struct text_table table = {0};
    struct data_plan plan = {0};
    enum analysis_format format;
    struct setting *setting = arena_alloc(&memory, (size_t)a->n_options, sizeof *setting);
    const int n = argument_settings(a, setting, a->n_options, &memory, e);
    enum status status = read_format(a, &format, e);
    if (e->n > 0) status = STATUS_USAGE;
    if (status == STATUS_OK) status = csv_read(a->operand[0], &table, e);
    if (status == STATUS_OK) status = data_plan_make(a->operand[1], setting, n, &table, &plan, e);
    if (status == STATUS_OK) status = answer(a, &plan, format, e);
    data_plan_free(&plan);
    text_table_free(&table);
    arena_free(&memory);
    return status;
}

const struct command command_analyze = {
    .name = "analyze",
    .brief = "Runs a trial's analyses on data from a CSV file",
    .operands = "DATA.csv PLAN.yaml",
    .details =
        "DATA.csv (- for standard input) has a row of column names and a row a patient; empty "
        "fields, NA, NaN\n"
        "and single points are missing values. PLAN.yaml names the columns:\n"
        "\n"
        "  data: {arm: trt, control: \"0\"}       # without arm: a study without arms\n"
        "  endpoints: {death: {time: futime, event: fustat}, days: {value: vfd, better: higher}}\n"
        "  analyses: {hr: {method: cox, endpoint: death, adjust: [age]}}\n"
        "\n"
        "An endpoint is a value (0 and 1 for yes/no), or a time with event (0, 1) or cause (0, 1, "
        "2). Without\n"
        "endpoints the columns are those that 'shocksim patients' prints. A scenario file is a "
        "plan too: so\n"
        "'shocksim patients S.yaml | shocksim analyze - S.yaml' repeats what 'run' stored of that "
        "replicate.\n"
        "Columns of texts are categories. The comparison is of the second arm with the first, the "
        "control.",
    .options = options,
    .min_operands = 2,
    .max_operands = 2,
    .run = run,
};
