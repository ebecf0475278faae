/* coverage.c - see coverage.h.  SPDX-License-Identifier: MIT */
#include "io/coverage.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int coverage_after(const struct coverage *c, int64_t replicate)
{
    int low = 0, high = c->n;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        const struct segment *s = &c->segment[middle];
        if (s->first + s->count <= replicate)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(struct coverage *c, int at, struct segment s)
{
    if (c->n == c->capacity) {
        c->capacity = c->capacity ? 2 * c->capacity : 16;
        c->segment = xrealloc(c->segment, (size_t)c->capacity, sizeof *c->segment);
    }
    memmove(&c->segment[at + 1], &c->segment[at], (size_t)(c->n - at) * sizeof s);
    c->segment[at] = s;
    c->n++;
}

void coverage_add(struct coverage *c, int64_t offset, int64_t first, int64_t count)
{
    const int64_t end = first + count;
    int64_t from = first;
    while (from < end) {
        const int at = coverage_after(c, from);
        const bool more = at < c->n && c->segment[at].first < end;
        const int64_t gap_end = more ? c->segment[at].first : end;
        const int64_t next = more ? c->segment[at].first + c->segment[at].count : end;
        if (from < gap_end) insert(c, at, (struct segment){from, gap_end - from, offset, first});
        from = next;
    }
}

void coverage_free(struct coverage *c)
{
    free(c->segment);
    *c = (struct coverage){0};
}
