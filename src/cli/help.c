/* help.c - explains commands, plug-ins and sections of a scenario.  SPDX-License-Identifier: MIT */
#include "cli/arguments.h"
#include "cli/plugins.h"
#include "cli/topics.h"

#include <stdio.h>
#include <string.h>

struct section {
    const char *name, *brief;
    const struct param *params;
};
static const struct section sections[] = {
    {"population", "who is enrolled: covariates, their correlation, centres", population_params},
    {"simulation", "how often, and from which random numbers", simulation_params},
    {"centres", "population.centres: heterogeneity between centres", centres_params},
    {"trial", "design, size, randomisation, recruitment, follow-up and loss", trial_params},
    {"calibrate", "which parameters 'shocksim calibrate' fits; nothing else reads it",
     calibrate_params},
    {"published", "figures that papers print, shown beside simulated ones", published_params},
    {0}};

static void show_table(struct buffer *out, const char *title, const struct param *table)
{
    if (table == NULL || table->type == PARAM_END) return;
    buffer_printf(out, "\n%s\n", title);
    params_help(out, table, "  ");
}

/* A paragraph in lines of at most 100 characters. */
static void show_wrapped(struct buffer *out, const char *head, const char *text)
{
    size_t column = strlen(head);
    buffer_printf(out, "\n%s", head);
    while (*text) {
        const size_t word = strcspn(text, " \n");
        if (column + 1 + word > 100 && column > 0) {
            buffer_puts(out, "\n");
            column = 0;
        }
        if (column > 0 && word > 0) {
            buffer_puts(out, " ");
            column++;
        }
        buffer_add(out, text, word);
        column += word;
        text += word;
        text += *text != '\0';
    }
    buffer_puts(out, "\n");
}

static void show_plugin(struct buffer *out, const char *kind, const struct plugin *p)
{
    buffer_printf(out, "%s (%s): %s\n", p->name, kind, p->brief);
    if (p->formula && *p->formula) show_wrapped(out, "", p->formula);
    if (p->reference && *p->reference) show_wrapped(out, "Reference:", p->reference);
    if (p->example && *p->example) buffer_printf(out, "\nExample: %s\n", p->example);
    show_table(out, "Keys", p->params);
    show_table(out, "Keys of every such", p->common);
    show_table(out, "Effects an arm can have on it (arms.NAME.effects)", p->effects);
}

/* A whole kind: its names, and the keys that all of them share. */
static void show_kind(struct buffer *out, int kind)
{
    buffer_printf(out, "%s\n", plugin_kinds[kind].name);
    for (int i = 0; plugin_at(kind, i).name != NULL; i++)
        buffer_printf(out, "  %-20s %s\n", plugin_at(kind, i).name, plugin_at(kind, i).brief);
    show_table(out, kind == 0 ? "Keys" : "Keys of every such",
               kind == 0 ? plugin_at(kind, 0).params : plugin_at(kind, 0).common);
}

static bool explain(struct buffer *out, const char *name)
{
    bool found = false;
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0) {
            arguments_help(out, *c);
            found = true;
        }
    for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
        if (strcmp(plugin_kinds[kind].name, name) == 0) {
            show_kind(out, kind);
            found = true;
        }
        for (int i = 0; plugin_at(kind, i).name != NULL; i++) {
            const struct plugin p = plugin_at(kind, i);
            if (strcmp(p.name, name) != 0) continue;
            if (found) buffer_puts(out, "\n----\n\n"); /* a name of two kinds: sofa */
            show_plugin(out, plugin_kinds[kind].singular, &p);
            found = true;
        }
    }
    for (const struct section *s = sections; s->name; s++)
        if (strcmp(s->name, name) == 0) {
            buffer_printf(out, "%s (section of a scenario): %s\n", s->name, s->brief);
            show_table(out, "Keys", s->params);
            found = true;
        }
    for (const struct topic *t = topics; t->name; t++)
        if (strcmp(t->name, name) == 0) {
            buffer_puts(out, t->text);
            found = true;
        }
    return found;
}

static void overview(struct buffer *out)
{
    buffer_puts(out, "'shocksim help NAME' explains one of these:\n\ncommands   ");
    for (const struct command *const *c = commands; *c; c++) buffer_printf(out, " %s", (*c)->name);
    buffer_puts(out, "\nsections   ");
    for (const struct section *s = sections; s->name; s++) buffer_printf(out, " %s", s->name);
    buffer_puts(out, "\ntopics     ");
    for (const struct topic *t = topics; t->name; t++) buffer_printf(out, " %s", t->name);
    for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
        buffer_printf(out, "\n%-11s", plugin_kinds[kind].name);
        for (int i = 0; plugin_at(kind, i).name != NULL; i++)
            buffer_printf(out, " %s", plugin_at(kind, i).name);
    }
    buffer_puts(out, "\n");
}

static enum status unknown_name(const char *name, struct errors *e)
{
    const char *names[128];
    int n = 0;
    for (const struct command *const *c = commands; *c; c++) names[n++] = (*c)->name;
    for (const struct section *s = sections; s->name; s++) names[n++] = s->name;
    for (const struct topic *t = topics; t->name; t++) names[n++] = t->name;
    for (int kind = 0; kind < PLUGIN_KINDS; kind++)
        for (int i = 0; plugin_at(kind, i).name != NULL && n < 128; i++)
            names[n++] = plugin_at(kind, i).name;
    const char *near = text_nearest(name, names, n);
    return error_add(e, STATUS_USAGE, "help: nothing is called '%s'%s", name,
                     did_you_mean(near).text);
}

static enum status run(const struct arguments *a, struct errors *e)
{
    struct buffer out = {0};
    enum status status = STATUS_OK;
    if (a->n_operands == 0)
        overview(&out);
    else if (!explain(&out, a->operand[0]))
        status = unknown_name(a->operand[0], e);
    if (status == STATUS_OK) status = write_output(NULL, &out, e);
    buffer_free(&out);
    return status;
}

const struct command command_help = {
    .name = "help",
    .brief = "Explains a command, a plug-in or a section of a scenario",
    .operands = "[COMMAND|NAME]",
    .min_operands = 0,
    .max_operands = 1,
    .run = run,
};
