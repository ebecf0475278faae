/* checksum.h - XXH3 checksums of 64 and 128 bits.  SPDX-License-Identifier: MIT
 *
 * They recognise accidents (torn writes, flipped bits, another file), not forgery. */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

struct checksum128 {
    uint64_t high, low;
};

/* 32 lower-case hexadecimal digits, high word first. */
struct checksum_text {
    char text[33];
};

uint64_t checksum64(const void *bytes, size_t n);
struct checksum128 checksum128(const void *bytes, size_t n);
struct checksum_text checksum_text(struct checksum128 c);

/* The 128-bit checksum of bytes that come in pieces: equal to that of the pieces laid end to end.
 */
struct checksum;
struct checksum *checksum_new(void);
void checksum_add(struct checksum *c, const void *bytes, size_t n);
void checksum_add_text(struct checksum *c, const char *text); /* with its length before it */
struct checksum128 checksum_value(const struct checksum *c);
void checksum_free(struct checksum *c);

const char *checksum_library(void); /* "xxHash 0.8.1" */

#endif
