/* digest.c - one line that is equal for equal results.  SPDX-License-Identifier: MIT */
#include "cli/command.h"
#include "io/result_file.h"

static enum status run(const struct arguments *a, struct errors *e)
{
    char digest[33];
    enum status status = result_file_digest(a->operand[0], digest, e);
    if (status != STATUS_OK) return status;
    struct buffer text = {0};
    buffer_printf(&text, "%s\n", digest);
    status = write_output(NULL, &text, e);
    buffer_free(&text);
    return status;
}

const struct command command_digest = {
    .name = "digest",
    .brief = "Prints a checksum of a file's results",
    .operands = "FILE.h5",
    .details = "Equal if and only if points, truths, every replicate's results and every measure "
               "are equal;\n"
               "compression and layout of the file do not matter.",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
