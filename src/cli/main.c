/* main.c - finds the command, runs it, sets the exit status.  SPDX-License-Identifier: MIT */
#include "base/version.h"
#include "cli/arguments.h"
#include "engine/parallel.h"
#include "io/result_file.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
    NULL};

static void print_usage(FILE *to)
{
    (void)fprintf(
        to, "usage: shocksim COMMAND [arguments]\n\n"
            "Simulates septic-shock trials and reports the operating characteristics of their "
            "analyses.\n\nCommands\n");
    for (const struct command *const *c = commands; *c; c++)
        (void)fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->brief);
    (void)fprintf(
        to,
        "\n'shocksim COMMAND --help' explains a command, 'shocksim help NAME' an analysis, an "
        "endpoint,\na design or a component of the illness course; 'shocksim --version' names the "
        "libraries.\n");
}

static void print_version(void)
{
    (void)printf("shocksim %s (revision %s)\nGSL %s\n%s\n%s\nPCG64 XSL-RR 128/64\n",
                 version_program(), version_revision(), gsl_version, result_file_library(),
                 parallel_library());
}

static enum status unknown_command(const char *word, struct errors *e)
{
    const char *names[sizeof commands / sizeof *commands];
    int n = 0;
    for (; commands[n]; n++) names[n] = commands[n]->name;
    const char *near = text_nearest(word, names, n);
    return error_add(e, STATUS_USAGE, "unknown command '%s'%s%s%s (see 'shocksim --help')", word,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum status run_command(const struct command *c, int n, char *const *word, struct errors *e)
{
    struct arena memory = {0};
    struct arguments a;
    bool help;
    enum status status = arguments_read(c, n, word, &memory, &a, &help, e);
    if (status == STATUS_OK && help) {
        struct buffer text = {0};
        arguments_help(&text, c);
        status = write_output(NULL, &text, e);
        buffer_free(&text);
    } else if (status == STATUS_OK)
        status = c->run(&a, e);
    arena_free(&memory);
    return status;
}

int main(int argc, char *argv[])
{
    (void)gsl_set_error_handler_off(); /* a failed evaluation is a value here, not an abort */
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return STATUS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return STATUS_OK;
    }
    struct errors e = {0};
    enum status status = STATUS_USAGE;
    const struct command *found = NULL;
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, argv[1]) == 0) found = *c;
    if (found == NULL)
        (void)unknown_command(argv[1], &e);
    else
        status = run_command(found, argc - 2, argv + 2, &e);
    errors_print(&e);
    if (status == STATUS_OK && e.n > 0) status = e.status;
    errors_free(&e);
    return status;
}
