/* replace.h - replacing values in a text and leaving every other byte as it is.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_REPLACE_H
#define BASE_REPLACE_H

#include "base/error.h"
#include "base/text.h"

struct replacement {
    struct place at; /* where the old value begins; columns are characters, as in messages */
    const char *old, *fresh;
};

/* Writes the text with n values replaced. Reports where the text does not hold the old value: the
 * file has changed, or the value is not written there as it is read. */
enum status text_replace(struct buffer *out, const char *text, const struct replacement *r, int n,
                         struct errors *e);

#endif
