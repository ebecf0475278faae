/* list.c - names of everything a scenario can use.  SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "cli/plugins.h"

#include <string.h>

static enum status run(const struct arguments *a, struct errors *e)
{
    const char *names[PLUGIN_KINDS];
    int which = -1;
    for (int k = 0; k < PLUGIN_KINDS; k++) {
        names[k] = plugin_kinds[k].name;
        if (a->n_operands == 1 && strcmp(names[k], a->operand[0]) == 0) which = k;
    }
    if (a->n_operands == 1 && which < 0) {
        const char *near = text_nearest(a->operand[0], names, PLUGIN_KINDS);
        return error_add(e, STATUS_USAGE, "list: unknown kind '%s'%s (%s)", a->operand[0],
                         did_you_mean(near).text, command_list.operands);
    }
    struct buffer out = {0};
    for (int k = 0; k < PLUGIN_KINDS; k++) {
        if (which >= 0 && which != k) continue;
        if (which < 0) buffer_printf(&out, "%s%s\n", k ? "\n" : "", names[k]);
        for (int i = 0; plugin_at(k, i).name != NULL; i++) {
            const struct plugin p = plugin_at(k, i);
            buffer_printf(&out, "%s%-20s %s\n", which < 0 ? "  " : "", p.name, p.brief);
        }
    }
    const enum status status = write_output(NULL, &out, e);
    buffer_free(&out);
    return status;
}

const struct command command_list = {
    .name = "list",
    .brief = "Lists what scenarios can use",
    .operands = "[covariates|components|endpoints|analyses|designs]",
    .details = "'shocksim help NAME' explains each name: its keys, formula and reference.",
    .min_operands = 0,
    .max_operands = 1,
    .run = run,
};
