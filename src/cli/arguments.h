/* arguments.h - taking a command line apart.  SPDX-License-Identifier: MIT */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "cli/command.h"

/* Options may stand anywhere; "--" ends them; both "--name value" and "--name=value" are taken.
 * Mistakes are reported with the nearest valid name. help: --help was given. Memory from the arena.
 */
enum status arguments_read(const struct command *c, int n, char *const *word, struct arena *memory,
                           struct arguments *a, bool *help, struct errors *e);
void arguments_help(struct buffer *out, const struct command *c);

#endif
