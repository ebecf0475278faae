/* replace.c - see replace.h.  SPDX-License-Identifier: MIT */
#include "base/replace.h"

#include "base/characters.h"

#include <stdlib.h>
#include <string.h>

/* The bytes before a place, or -1 when the text has no such place. */
static ptrdiff_t bytes_before(const char *text, struct place at)
{
    const size_t length = strlen(text);
    struct place here = {NULL, 1, 1};
    for (size_t i = 0, n; i < length; i += n) {
        if (here.line == at.line && here.column == at.column) return (ptrdiff_t)i;
        n = character_length(text + i, length - i);
        if (n == 0) n = 1;
        here.column++;
        if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n'))
            here = (struct place){NULL, here.line + 1, 1};
    }
    return -1;
}

struct found {
    const struct replacement *r;
    ptrdiff_t before;
};

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return (x->before > y->before) - (x->before < y->before);
}

enum status text_replace(struct buffer *out, const char *text, const struct replacement *r, int n,
                         struct errors *e)
{
    struct found *found = xcalloc((size_t)n, sizeof *found);
    const int errors_before = e->n;
    for (int k = 0; k < n; k++) {
        found[k] = (struct found){&r[k], bytes_before(text, r[k].at)};
        if (found[k].before < 0 || strncmp(text + found[k].before, r[k].old, strlen(r[k].old)) != 0)
            error_at(e, r[k].at, "'%s' is not written here: it cannot be replaced", r[k].old);
    }
    qsort(found, (size_t)n, sizeof *found, compare_found);
    ptrdiff_t done = 0;
    for (int k = 0; k < n && e->n == errors_before; k++) {
        buffer_add(out, text + done, (size_t)(found[k].before - done));
        buffer_puts(out, found[k].r->fresh);
        done = found[k].before + (ptrdiff_t)strlen(found[k].r->old);
    }
    buffer_puts(out, text + done);
    free(found);
    return e->n == errors_before ? STATUS_OK : STATUS_USAGE;
}
