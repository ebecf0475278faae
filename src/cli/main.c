/* main.c - finds the command, runs it, sets the exit status.  SPDX-License-Identifier: MIT */
#include "base/checksum.h"
#include "base/tree.h"
#include "base/version.h"
#include "cli/arguments.h"
#include "engine/parallel.h"
#include "io/deflate.h"
#include "io/result_file.h"

#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
    NULL};

static void write_usage(struct buffer *out)
{
    buffer_puts(out, "usage: shocksim COMMAND [arguments]\n\n"
                     "Simulates septic-shock trials and reports the operating characteristics of "
                     "their analyses.\n\nCommands\n");
    for (const struct command *const *c = commands; *c; c++)
        buffer_printf(out, "  %-10s %s\n", (*c)->name, (*c)->brief);
    buffer_puts(out, "\n'shocksim COMMAND --help' explains a command, 'shocksim help NAME' an "
                     "analysis, an endpoint,\na design or a component of the illness course; "
                     "'shocksim --version' names the libraries.\n");
}

static void write_version(struct buffer *out)
{
    buffer_printf(out, "shocksim %s (revision %s)\n", version_program(), version_revision());
    buffer_printf(out, "GSL %s\n%s\n%s\nlibfyaml %s\n%s\n%s\n", gsl_version, result_file_library(),
                  deflate_library(), tree_library_version(), checksum_library(),
                  parallel_library());
    buffer_puts(out, "PCG64 XSL-RR 128/64\n");
}

static enum status print(void (*write)(struct buffer *out), struct errors *e)
{
    struct buffer text = {0};
    write(&text);
    const enum status status = write_output(NULL, &text, e);
    buffer_free(&text);
    return status;
}

static enum status unknown_command(const char *word, struct errors *e)
{
    const char *names[sizeof commands / sizeof *commands];
    int n = 0;
    for (; commands[n]; n++) names[n] = commands[n]->name;
    const char *near = text_nearest(word, names, n);
    return error_add(e, STATUS_USAGE, "unknown command '%s'%s (see 'shocksim --help')", word,
                     did_you_mean(near).text);
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

static enum status dispatch(int n, char *const *word, struct errors *e)
{
    if (n == 0) {
        struct buffer usage = {0};
        write_usage(&usage);
        (void)fputs(buffer_text(&usage), stderr);
        buffer_free(&usage);
        return STATUS_USAGE;
    }
    if (strcmp(word[0], "--help") == 0 || strcmp(word[0], "-h") == 0) return print(write_usage, e);
    if (strcmp(word[0], "--version") == 0) return print(write_version, e);
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, word[0]) == 0) return run_command(*c, n - 1, word + 1, e);
    return unknown_command(word[0], e);
}

/* A file opened where a standard stream is closed would get its number, and what is meant for the
 * stream. Reading only: what is written there still fails. */
static void occupy_standard_streams(void)
{
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) == -1) (void)open("/dev/null", O_RDONLY);
}

int main(int argc, char *argv[])
{
    occupy_standard_streams();
    (void)gsl_set_error_handler_off(); /* a failed evaluation is a value here, not an abort */
    struct errors e = {0};
    enum status status = dispatch(argc - 1, argv + 1, &e);
    errors_print(&e);
    if (status == STATUS_OK && e.n > 0) status = e.status;
    errors_free(&e);
    return status;
}
