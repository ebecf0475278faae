/* results.c - see results.h.  SPDX-License-Identifier: MIT */
#include "engine/results.h"

#include <stdlib.h>

enum { SOME = 1024 }; /* rows read at a time where there are no columns */

struct described described_new(size_t n)
{
    return (struct described){xcalloc(n, sizeof(double)), xcalloc(n, sizeof(int32_t)),
                              xcalloc(n, sizeof(uint8_t))};
}

void described_free(struct described *d)
{
    free(d->estimate);
    free(d->n);
    free(d->why);
    *d = (struct described){0};
}

enum status results_expect(const struct result_source *from, int point, int answer,
                           struct errors *e)
{
    return from->expect != NULL ? from->expect(from->handle, point, answer, e) : STATUS_OK;
}

struct described described_from(struct described d, int64_t row)
{
    return (struct described){d.estimate + row, d.n + row, d.why + row};
}

enum status results_describe(const struct result_source *from, int point, int answer, int64_t first,
                             int64_t count, struct described to, struct errors *e)
{
    if (from->describe != NULL)
        return from->describe(from->handle, point, answer, first, count, to, e);
    struct result rows[SOME];
    for (int64_t done = 0; done < count; done += SOME) {
        const int64_t n = count - done < SOME ? count - done : SOME;
        const enum status status =
            from->read(from->handle, point, answer, first + done, n, rows, e);
        if (status != STATUS_OK) return status;
        for (int64_t i = 0; i < n; i++) {
            to.estimate[done + i] = rows[i].estimate;
            to.n[done + i] = rows[i].n;
            to.why[done + i] = (uint8_t)rows[i].why;
        }
    }
    return STATUS_OK;
}
