/* command.h - what a command of the program is.  SPDX-License-Identifier: MIT
 *
 * A command is one file in cli/ that ends in one `const struct command`, and one line in
 * commands.def. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/error.h"
#include "base/text.h"
#include "engine/scenario.h"

/* One option; the table drives parsing and --help. */
struct option_row {
    const char *name;       /* "--replicates"; NULL ends the table */
    const char *short_name; /* "-o" or NULL */
    const char *value;      /* "N" in help; NULL: a switch */
    const char *help;
};

/* A command line taken apart. Repeated options are kept in order. */
struct arguments {
    int n_operands;
    const char **operand;
    int n_options;
    const char **option; /* names */
    const char **value;  /* NULL for switches */
};
bool argument_given(const struct arguments *a, const char *option);
const char *argument_value(const struct arguments *a,
                           const char *option); /* the last; NULL: absent */
/* A whole number within [min, max] or a mistake in e; `fallback` when absent. */
int64_t argument_integer(const struct arguments *a, const char *option, int64_t min, int64_t max,
                         int64_t fallback, struct errors *e);
/* The settings behind --set, --seed and --replicates, in order. */
int argument_settings(const struct arguments *a, struct setting *out, int room,
                      struct arena *memory, struct errors *e);

struct command {
    const char *name, *brief, *operands; /* "SCENARIO.yaml" */
    const char *details;                 /* paragraphs of --help */
    const struct option_row *options;    /* --help is added to all */
    int min_operands, max_operands;      /* max -1: any number */
    enum status (*run)(const struct arguments *a, struct errors *e);
};

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND
extern const struct command *const commands[]; /* NULL-terminated */

/* Writes to standard output, or to `path` when not NULL, safely (temporary file, sync, rename). */
enum status write_output(const char *path, const struct buffer *text, struct errors *e);

#endif
