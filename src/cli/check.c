/* check.c - checks a scenario and prints it resolved.  SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "engine/plan.h"

enum { SETTINGS_MAX = 64 };

static const struct option_row options[] = {
    {"--set", NULL, "PATH=VALUE", "override a value; may be repeated"},
    {"--replicates", NULL, "N", "the same as --set simulation.replicates=N"},
    {"--seed", NULL, "S", "the same as --set simulation.seed=S"},
    {0}};

static enum status run(const struct arguments *a, struct errors *e)
{
    struct plan plan;
    struct arena memory = {0};
    struct setting setting[SETTINGS_MAX];
    const int n = argument_settings(a, setting, SETTINGS_MAX, &memory, e);
    enum status status = e->n ? STATUS_USAGE : plan_make(a->operand[0], setting, n, &plan, e);
    if (status == STATUS_OK) {
        struct buffer text = {0};
        buffer_printf(&text, "# %s is valid: %d point%s x %lld replicates, %d answers\n",
                      a->operand[0], plan.n_points, plan.n_points > 1 ? "s" : "",
                      (long long)plan.replicates, plan.n_answers);
        plan_describe(&text, &plan, 0);
        buffer_puts(&text, plan.resolved);
        status = write_output(NULL, &text, e);
        buffer_free(&text);
        plan_free(&plan);
    }
    arena_free(&memory);
    return status;
}

const struct command command_check = {
    .name = "check",
    .brief = "Checks a scenario and prints it with every default",
    .operands = "SCENARIO.yaml",
    .details = "Every mistake is shown with file:line:column. A valid scenario is printed "
               "resolved, with what was\n"
               "solved for it (hazards, marginal mortality, hazard ratios) in comments; the output "
               "runs as it is.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
