/* checksum.c - see checksum.h.  SPDX-License-Identifier: MIT */
#include "base/checksum.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t checksum64(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

static struct checksum128 words(XXH128_hash_t h)
{
    return (struct checksum128){h.high64, h.low64};
}

struct checksum128 checksum128(const void *bytes, size_t n)
{
    return words(XXH3_128bits(bytes, n));
}

struct checksum_text checksum_text(struct checksum128 c)
{
    struct checksum_text t;
    (void)snprintf(t.text, sizeof t.text, "%016" PRIx64 "%016" PRIx64, c.high, c.low);
    return t;
}

/* The library's state wants more than malloc's alignment, which its own constructor provides. */
struct checksum {
    XXH3_state_t *state;
};

struct checksum *checksum_new(void)
{
    struct checksum *c = xcalloc(1, sizeof *c);
    c->state = XXH3_createState();
    if (c->state == NULL) abort(); /* no memory */
    (void)XXH3_128bits_reset(c->state);
    return c;
}

void checksum_add(struct checksum *c, const void *bytes, size_t n)
{
    if (n > 0) (void)XXH3_128bits_update(c->state, bytes, n);
}

void checksum_add_text(struct checksum *c, const char *text)
{
    const uint64_t length = strlen(text);
    checksum_add(c, &length, sizeof length);
    checksum_add(c, text, length);
}

struct checksum128 checksum_value(const struct checksum *c)
{
    return words(XXH3_128bits_digest(c->state));
}

void checksum_free(struct checksum *c)
{
    if (c == NULL) return;
    (void)XXH3_freeState(c->state);
    free(c);
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)
const char *checksum_library(void)
{
    return "xxHash " TEXT(XXH_VERSION_MAJOR) "." TEXT(XXH_VERSION_MINOR) "." TEXT(
        XXH_VERSION_RELEASE);
}
