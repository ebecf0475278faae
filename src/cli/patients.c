/* patients.c - prints the very patients of one replicate.  SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "engine/replicate.h"
#include "io/csv.h"

#include <math.h>

enum { SETTINGS_MAX = 64 };

static const struct option_row options[] = {
    {"--replicate", NULL, "R", "which replicate (from 1; default 1)"},
    {"--point", NULL, "P", "which point of the sweep (from 1; default 1)"},
    {"--set", NULL, "PATH=VALUE", "override a value; may be repeated"},
    {"--seed", NULL, "S", "the same as --set simulation.seed=S"},
    {"--output", "-o", "OUT", "write to a file instead of standard output"},
    {0}};

static void print_cell(struct buffer *out, const struct column *c, double x)
{
    if (isnan(x)) return;
    if (c->kind == COLUMN_CATEGORY)
        csv_write_field(out, c->levels[(int)x]);
    else
        buffer_printf(out, "%.17g", x);
}

/* What the trial knows of a patient besides columns that analyses read. Lost is who leaves while
 * alive and followed. */
static void print_course_of_trial(struct buffer *out, const struct patients *p,
                                  const struct course *c, int i)
{
    const bool lost = p->lost[i] <= p->followed[i] && !(c->death[i] <= p->lost[i]);
    buffer_printf(out, ",%.17g,%d,", p->arrival[i], p->excluded[i] > 0);
    if (lost) buffer_printf(out, "%.17g", p->lost[i]);
}

static void print_patients(struct buffer *out, const struct point *point, const struct patients *p,
                           const struct course *c, const struct dataset *d)
{
    buffer_puts(out, "patient,arm");
    for (int k = 0; k < d->schema->n; k++) buffer_printf(out, ",%s", d->schema->column[k].name);
    buffer_puts(out, ",arrival,excluded,lost\n");
    for (int i = 0; i < d->n; i++) {
        buffer_printf(out, "%d,%s", i + 1, point->scenario.arms.arm[(int)p->arm[i]].name);
        for (int k = 0; k < d->schema->n; k++) {
            buffer_puts(out, ",");
            print_cell(out, &d->schema->column[k], d->value[k][i]);
        }
        print_course_of_trial(out, p, c, i);
        buffer_puts(out, "\n");
    }
}

static enum status run(const struct arguments *a, struct errors *e)
{
    struct plan plan;
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX];
    const int n = argument_settings(a, setting, SETTINGS_MAX, &memory, e);
    const int64_t replicate = argument_integer(a, "--replicate", 1, INT64_MAX / 16, 1, e);
    const int64_t index = argument_integer(a, "--point", 1, 1000000, 1, e);
    enum status status = e->n ? STATUS_USAGE : plan_make(a->operand[0], setting, n, &plan, e);
    arena_free(&memory);
    if (status != STATUS_OK) return status;
    if (index > plan.n_points)
        status = error_add(e, STATUS_USAGE, "--point: the scenario has %d point%s", plan.n_points,
                           plan.n_points > 1 ? "s" : "");
    else {
        struct point *point = &plan.point[index - 1];
        point->needs.covariate = NULL; /* those that no analysis reads are shown as well */
        point->needs.without_arrivals = false;
        struct scratch w = {0};
        struct buffer text = {0};
        struct patients p;
        struct course c;
        const struct dataset d =
            replicate_dataset(point, (uint64_t)replicate - 1, false, &w, &p, &c);
        print_patients(&text, point, &p, &c, &d);
        status = write_output(argument_value(a, "--output"), &text, e);
        buffer_free(&text);
        scratch_free(&w);
    }
    plan_free(&plan);
    return status;
}

const struct command command_patients = {
    .name = "patients",
    .brief = "Prints the patients of one simulated trial as CSV",
    .operands = "SCENARIO.yaml",
    .details =
        "The very patients that `run` analyses: piped through 'shocksim analyze - "
        "SCENARIO.yaml' they give the\n"
        "stored results to the last digit. Latent covariates are not shown; empty cells are "
        "missing values\n"
        "(lost, not recorded, excluded after randomisation). The last columns are the day of "
        "arrival, counted\n"
        "from the opening of the trial, exclusion (1 or 0), and the day of loss to "
        "follow-up, if any, counted\n"
        "from randomisation; no analysis reads them.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
