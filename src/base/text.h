/* text.h - strict parsing of numbers, growing texts, nearest names.  SPDX-License-Identifier: MIT
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The whole text must be one finite decimal number (no hexadecimal, no "inf", no spaces). */
bool text_to_double(const char *text, double *value);
/* The whole text must be one integer, digits only after an optional sign. */
bool text_to_int64(const char *text, int64_t *value);

/* The name among names[0..n) that the user most likely meant, or NULL when none is near
 * (Damerau-Levenshtein distance at most a third of the length). */
const char *text_nearest(const char *word, const char *const *names, int n);

/* "; did you mean 'near'?" for the end of a message, "" when near is NULL. */
struct suggestion {
    char text[160];
};
struct suggestion did_you_mean(const char *near);

/* A text that grows. A zeroed buffer is the empty text. */
struct buffer {
    char *text; /* always ends in NUL once something was added */
    size_t length, capacity;
};
__attribute__((format(printf, 2, 3))) void buffer_printf(struct buffer *b, const char *format, ...);
void buffer_add(struct buffer *b, const char *bytes, size_t length);
void buffer_puts(struct buffer *b, const char *text);
const char *buffer_text(const struct buffer *b); /* "" when empty; borrowed */
void buffer_free(struct buffer *b);

/* The shortest decimal text that reads back as exactly x. */
struct number_text {
    char text[32];
};
struct number_text number_shortest(double x);

#endif
