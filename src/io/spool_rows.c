/* spool_rows.c - see spool.h: the results in a spool, one answer at a time.
 * SPDX-License-Identifier: MIT
 *
 * A record holds a short section an answer, so that one answer's results lie in many places. Who
 * reads answer after answer says so; then the sections of as many answers as fit in memory are read
 * at once, from every record in one piece. */
#include "io/spool_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status spool_failed(const struct spool *s, struct errors *e)
{
    return error_add(e, STATUS_IO, "%s: %s", s->path, strerror(errno));
}

enum status spool_damaged(const struct spool *s, int64_t offset, struct errors *e)
{
    return error_add(e, STATUS_IO, "%s: damaged at byte %" PRId64 "%s", s->path, offset,
                     s->sealed ? "" : "; remove it (or use --overwrite) to start over");
}

bool spool_read_at(int fd, void *bytes, size_t n, int64_t offset)
{
    char *p = bytes;
    while (n > 0) {
        const ssize_t done = pread(fd, p, n, offset);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            if (done == 0) errno = EIO; /* shorter than it was */
            return false;
        }
        p += done;
        n -= (size_t)done;
        offset += done;
    }
    return true;
}

void spool_reserve(struct spool *s, int64_t size)
{
    s->cached = -1;
    if (size <= s->capacity) return;
    s->bytes = xrealloc(s->bytes, (size_t)size, 1);
    s->capacity = size;
}

/* The head of a segment's record, which is still the one that was found there. */
static enum status read_head(const struct spool *s, int point, const struct segment *g,
                             struct record_head *h, struct errors *e)
{
    if (!spool_read_at(s->fd, h, sizeof *h, g->offset)) return spool_failed(s, e);
    const bool same = record_head_is_valid(&s->layout, h) && h->point == point &&
                      h->first == g->record_first && h->first + h->count >= g->first + g->count;
    return same ? STATUS_OK : spool_damaged(s, g->offset, e);
}

/* --- ahead ------------------------------------------------------------------------------------ */

/* Segments of replicates: truths are behind them. */
static int replicate_segments(const struct coverage *c)
{
    return coverage_after(c, SPOOL_TRUTH);
}

/* How many answers from `answer` on fit in memory. */
static int answers_ahead(const struct spool *s, const struct coverage *c, int n, int answer)
{
    int64_t rows = 0, size = 0;
    for (int i = 0; i < n; i++) rows += c->segment[i].count;
    for (int a = answer; a < s->layout.n_answers; a++) {
        size += record_section_size(&s->layout, a, rows) + n * (int64_t)sizeof(uint64_t);
        if (size > s->memory) return a - answer;
    }
    return s->layout.n_answers - answer;
}

static enum status read_part(struct spool *s, int point, const struct segment *g, struct part *part,
                             struct errors *e)
{
    struct ahead *a = &s->ahead;
    struct record_head h;
    const enum status status = read_head(s, point, g, &h, e);
    if (status != STATUS_OK) return status;
    const int64_t first = record_section_start(&s->layout, a->first_answer, h.count);
    const int64_t end = record_section_start(&s->layout, a->first_answer + a->n_answers, h.count);
    const int64_t at = g->offset + (int64_t)sizeof h;
    if (a->size + end - first > a->capacity) {
        a->capacity = a->size + a->size / 4 + end - first;
        a->bytes = xrealloc(a->bytes, (size_t)a->capacity, 1);
    }
    unsigned char *bytes = a->bytes + a->size;
    if (!spool_read_at(s->fd, bytes, (size_t)(end - first), at + first)) return spool_failed(s, e);
    for (int k = a->first_answer; k < a->first_answer + a->n_answers; k++) {
        const int64_t section = record_section_start(&s->layout, k, h.count);
        if (!record_section_is_whole(&s->layout, k, h.count, bytes + section - first))
            return spool_damaged(s, at + section, e);
    }
    *part = (struct part){a->size - first, h.count};
    a->size += end - first;
    return STATUS_OK;
}

static enum status expect(void *handle, int point, int answer, struct errors *e)
{
    struct spool *s = handle;
    struct ahead *a = &s->ahead;
    const struct coverage *c = &s->coverage[point];
    if (a->n_answers > 0 && a->point == point && answer >= a->first_answer &&
        answer < a->first_answer + a->n_answers)
        return STATUS_OK;
    const int n = replicate_segments(c), n_answers = n > 0 ? answers_ahead(s, c, n, answer) : 0;
    a->point = point;
    a->first_answer = answer;
    a->n_answers = n_answers;
    a->size = 0;
    if (n_answers > 0) a->part = xrealloc(a->part, (size_t)n, sizeof *a->part);
    enum status status = STATUS_OK;
    for (int i = 0; n_answers > 0 && i < n && status == STATUS_OK; i++)
        status = read_part(s, point, &c->segment[i], &a->part[i], e);
    if (status != STATUS_OK) a->n_answers = 0;
    return status;
}

/* An answer's section of the point's segment i, where it is held; NULL where it is not. */
static const unsigned char *held(const struct spool *s, int point, int i, int answer)
{
    const struct ahead *a = &s->ahead;
    if (a->point != point || answer < a->first_answer || answer >= a->first_answer + a->n_answers ||
        s->coverage[point].segment[i].first >= SPOOL_TRUTH)
        return NULL;
    return a->bytes + a->part[i].at + record_section_start(&s->layout, answer, a->part[i].count);
}

/* Sections lie too far from each other for the processor to see what comes next. */
static void prefetch(const struct spool *s, const unsigned char *section, int answer)
{
    enum { LINE = 64, USUAL = 64 };
    const int64_t size = record_section_size(&s->layout, answer, USUAL);
    for (int64_t at = 0; section != NULL && at < size; at += LINE) __builtin_prefetch(section + at);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Makes an answer's section of a segment's record the cached one. */
static enum status load(struct spool *s, int point, const struct segment *g, int answer,
                        struct errors *e)
{
    struct record_head h;
    const enum status status = read_head(s, point, g, &h, e);
    if (status != STATUS_OK) return status;
    const int64_t at =
        g->offset + (int64_t)sizeof h + record_section_start(&s->layout, answer, h.count);
    if (s->cached == at) return STATUS_OK;
    const int64_t size = record_section_size(&s->layout, answer, h.count);
    spool_reserve(s, size);
    if (!spool_read_at(s->fd, s->bytes, (size_t)size, at)) return spool_failed(s, e);
    if (!record_section_is_whole(&s->layout, answer, h.count, s->bytes))
        return spool_damaged(s, at, e);
    s->cached = at;
    return STATUS_OK;
}

/* Where results go: to rows, or where there are none to columns. */
struct to {
    struct result *rows;
    struct described columns;
};

static enum status find_section(struct spool *s, int point, int at, int answer,
                                const unsigned char **section, struct errors *e)
{
    const struct coverage *c = &s->coverage[point];
    *section = held(s, point, at, answer);
    if (*section != NULL) {
        if (at + 2 < c->n) prefetch(s, held(s, point, at + 2, answer), answer);
        return STATUS_OK;
    }
    const enum status status = load(s, point, &c->segment[at], answer, e);
    *section = s->bytes;
    return status;
}

static enum status read_results(struct spool *s, int point, int answer, int64_t first,
                                int64_t count, struct to to, struct errors *e)
{
    const struct coverage *c = &s->coverage[point];
    const int64_t end = first + count;
    int at = coverage_after(c, first);
    for (int64_t r = first; r < end; at++) {
        if (at == c->n || c->segment[at].first > r)
            return error_add(e, STATUS_IO, "%s: replicate %" PRId64 " of point %d is missing",
                             s->path, r + 1, point + 1);
        const struct segment *g = &c->segment[at];
        const unsigned char *section;
        const enum status status = find_section(s, point, at, answer, &section, e);
        if (status != STATUS_OK) return status;
        const int64_t stop = g->first + g->count < end ? g->first + g->count : end;
        const int64_t within = r - g->record_first, n = stop - r;
        if (to.rows != NULL)
            record_results(&s->layout, answer, within, n, section, to.rows + (r - first));
        else
            record_described(&s->layout, answer, within, n, section,
                             described_from(to.columns, r - first));
        r = stop;
    }
    return STATUS_OK;
}

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    return read_results(handle, point, answer, first, count, (struct to){.rows = rows}, e);
}

static enum status describe(void *handle, int point, int answer, int64_t first, int64_t count,
                            struct described columns, struct errors *e)
{
    return read_results(handle, point, answer, first, count, (struct to){.columns = columns}, e);
}

struct result_source spool_rows(struct spool *s)
{
    return (struct result_source){
        .read = read_rows, .describe = describe, .expect = expect, .handle = s};
}
