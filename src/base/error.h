/* error.h - the one way to report a user's or the machine's fault.  SPDX-License-Identifier: MIT */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/memory.h"

#include <stdbool.h>

/* The values are the exit statuses of the program. */
enum status {
    STATUS_OK = 0,
    STATUS_NO = 1,       /* done, and the answer is "no" */
    STATUS_USAGE = 2,    /* wrong command line, scenario or plan */
    STATUS_IO = 3,       /* input or output failed */
    STATUS_STOPPED = 75, /* stopped with everything saved: run again to go on */
    STATUS_INTERRUPTED = 130,
};

/* Where in a file a text stands; line and column start at 1, line 0 means "no line". */
struct place {
    const char *file;
    int line, column;
};

/* Messages collected while reading, in the order they were met. A zeroed struct is empty. */
struct errors {
    enum status status; /* of the first message */
    int n, capacity;
    char **text;
    struct arena memory;
};

/* Adds "file:line:column: message" and returns the status, so a caller can write
 * `return error_at(e, ...)`. */
__attribute__((format(printf, 3, 4))) enum status error_at(struct errors *e, struct place at,
                                                           const char *format, ...);
/* Adds a message without a place. */
__attribute__((format(printf, 3, 4))) enum status error_add(struct errors *e, enum status status,
                                                            const char *format, ...);
void errors_print(const struct errors *e); /* to standard error, one line each */
void errors_free(struct errors *e);

#endif
