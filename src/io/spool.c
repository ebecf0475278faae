/* spool.c - see spool.h.  SPDX-License-Identifier: MIT
 *
 * Layout, native byte order (the header's magic recognises another one): a header, then records. A
 * record is a head with its own checksum and that of its body, then the body: count x n_answers
 * packed results. A record cut short at the end of the file is what a kill leaves: it is dropped. A
 * damaged record with a whole one behind it is no such thing and is reported. */
#include "io/spool.h"

#include "base/checksum.h"
#include "io/coverage.h"
#include "io/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
    uint64_t magic;
    unsigned char identity[16];
    int32_t n_points, n_answers;
    uint64_t checksum; /* of what is above */
};

struct head {
    uint64_t magic;
    int64_t point, first, count;
    uint64_t body;     /* checksum of the body */
    uint64_t checksum; /* of what is above */
};

struct packed {
    double estimate, se, ci_low, ci_high, statistic, p_value;
    int32_t n, events, why, zero;
};

static const uint64_t header_magic = UINT64_C(0x31304c4f4f505353); /* "SSPOOL01" */
static const uint64_t head_magic = UINT64_C(0x314b434f4c425353);   /* "SSBLOCK1" */

enum { COUNT_MAX = 1 << 20 }; /* replicates of one record */

struct spool {
    char *path;
    int fd, n_points, n_answers;
    int64_t end;               /* bytes of whole records */
    struct coverage *coverage; /* [n_points] */
    int64_t cached;            /* offset of the record in `body`, or -1 */
    struct packed *body;
    size_t body_capacity;
};

static enum status failed(const struct spool *s, struct errors *e)
{
    return error_add(e, STATUS_IO, "%s: %s", s->path, strerror(errno));
}

static enum status damaged(const struct spool *s, int64_t offset, struct errors *e)
{
    return error_add(e, STATUS_IO,
                     "%s: damaged at byte %" PRId64
                     "; remove it (or use --overwrite) to start over",
                     s->path, offset);
}

static bool read_at(int fd, void *bytes, size_t n, int64_t offset)
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

static size_t body_size(const struct spool *s, int64_t count)
{
    return (size_t)count * (size_t)s->n_answers * sizeof(struct packed);
}

static bool head_is_valid(const struct spool *s, const struct head *h)
{
    return h->magic == head_magic &&
           h->checksum == checksum64(h, offsetof(struct head, checksum)) && h->point >= 0 &&
           h->point < s->n_points && h->first >= 0 && h->count > 0 && h->count <= COUNT_MAX &&
           h->first <= INT64_MAX - h->count;
}

/* Reads the body of a record into s->body; false with errno 0 when it is not what its head says. */
static bool load_body(struct spool *s, const struct head *h, int64_t offset)
{
    const size_t size = body_size(s, h->count);
    s->cached = -1;
    if (size > s->body_capacity) {
        s->body = xrealloc(s->body, size, 1);
        s->body_capacity = size;
    }
    if (!read_at(s->fd, s->body, size, offset + (int64_t)sizeof *h)) return false;
    errno = 0;
    if (checksum64(s->body, size) != h->body) return false;
    s->cached = offset;
    return true;
}

enum found { RECORD_WHOLE, RECORD_BROKEN, RECORD_UNREADABLE };

static enum found read_record(struct spool *s, int64_t offset, int64_t file_size, struct head *h)
{
    if (file_size - offset < (int64_t)sizeof *h) return RECORD_BROKEN;
    if (!read_at(s->fd, h, sizeof *h, offset)) return RECORD_UNREADABLE;
    if (!head_is_valid(s, h)) return RECORD_BROKEN;
    const int64_t body = file_size - offset - (int64_t)sizeof *h;
    if ((int64_t)body_size(s, h->count) > body) return RECORD_BROKEN;
    if (load_body(s, h, offset)) return RECORD_WHOLE;
    return errno == 0 ? RECORD_BROKEN : RECORD_UNREADABLE;
}

/* Whether a whole record begins somewhere after `offset`; heads and bodies are multiples of 8
 * bytes. */
static enum found find_record(struct spool *s, int64_t offset, int64_t file_size)
{
    enum { WINDOW = 1 << 13 };
    uint64_t word[WINDOW];
    struct head h;
    int64_t at = offset + 8;
    while (file_size - at >= (int64_t)sizeof h) {
        const int64_t left = (file_size - at) / 8;
        const int n = left < WINDOW ? (int)left : WINDOW;
        if (!read_at(s->fd, word, (size_t)n * 8, at)) return RECORD_UNREADABLE;
        for (int i = 0; i < n; i++) {
            if (word[i] != head_magic) continue;
            const enum found found = read_record(s, at + 8 * i, file_size, &h);
            if (found != RECORD_BROKEN) return found;
        }
        at += 8 * (int64_t)n;
    }
    return RECORD_BROKEN;
}

static enum status recover(struct spool *s, int64_t file_size, struct errors *e)
{
    s->end = (int64_t)sizeof(struct header);
    while (s->end < file_size) {
        struct head h;
        enum found found = read_record(s, s->end, file_size, &h);
        if (found == RECORD_BROKEN) {
            found = find_record(s, s->end, file_size);
            if (found == RECORD_WHOLE) return damaged(s, s->end, e);
            if (found == RECORD_BROKEN) break;
        }
        if (found == RECORD_UNREADABLE) return failed(s, e);
        coverage_add(&s->coverage[h.point], s->end, h.first, h.count);
        s->end += (int64_t)(sizeof h + body_size(s, h.count));
    }
    if (s->end < file_size && ftruncate(s->fd, s->end) != 0) return failed(s, e);
    return STATUS_OK;
}

static enum status start(struct spool *s, const struct header *h, struct errors *e)
{
    if (ftruncate(s->fd, 0) != 0 || lseek(s->fd, 0, SEEK_SET) != 0 ||
        !file_put(s->fd, h, sizeof *h) || fsync(s->fd) != 0)
        return failed(s, e);
    file_sync_directory(s->path);
    s->end = (int64_t)sizeof *h;
    return STATUS_OK;
}

/* Opens the file and takes its lock; again when it was removed or replaced in between. */
static enum status open_locked(struct spool *s, struct errors *e)
{
    for (;;) {
        struct stat held, named;
        s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (s->fd < 0 || fstat(s->fd, &held) != 0) return failed(s, e);
        if (!S_ISREG(held.st_mode))
            return error_add(e, STATUS_IO, "%s: not a regular file", s->path);
        if (!file_lock(s->fd))
            return error_add(e, STATUS_IO, "%s: another process is working on it", s->path);
        if (stat(s->path, &named) == 0 && named.st_dev == held.st_dev &&
            named.st_ino == held.st_ino)
            return STATUS_OK;
        (void)close(s->fd);
    }
}

static enum status open_contents(struct spool *s, const struct header *want, bool fresh,
                                 struct errors *e)
{
    struct header h = {0};
    struct stat file;
    if (fstat(s->fd, &file) != 0) return failed(s, e);
    const size_t n = file.st_size < (off_t)sizeof h ? (size_t)file.st_size : sizeof h;
    if (!fresh && n > 0) {
        if (!read_at(s->fd, &h, n, 0)) return failed(s, e);
        if (n < sizeof h && memcmp(&h, want, n) == 0) return start(s, want, e); /* cut short */
        if (n < sizeof h || h.magic != header_magic)
            return error_add(e, STATUS_IO, "%s: not a spool of this program", s->path);
        if (h.checksum != checksum64(&h, offsetof(struct header, checksum)))
            return damaged(s, 0, e);
        if (memcmp(&h, want, sizeof h) != 0)
            return error_add(e, STATUS_IO,
                             "%s: unfinished results of another scenario or version of the "
                             "program; remove it (or use --overwrite) to start over",
                             s->path);
        return recover(s, file.st_size, e);
    }
    return start(s, want, e);
}

enum status spool_open(const char *path, const unsigned char identity[16], int n_points,
                       int n_answers, bool fresh, struct spool **spool, struct errors *e)
{
    _Static_assert(sizeof(struct header) == 40 && sizeof(struct head) == 48 &&
                       sizeof(struct packed) == 64,
                   "records have no gaps");
    struct header want = {.magic = header_magic, .n_points = n_points, .n_answers = n_answers};
    memcpy(want.identity, identity, sizeof want.identity);
    want.checksum = checksum64(&want, offsetof(struct header, checksum));
    struct spool *s = xcalloc(1, sizeof *s);
    s->path = xcalloc(strlen(path) + 1, 1);
    strcpy(s->path, path);
    s->n_points = n_points;
    s->n_answers = n_answers;
    s->coverage = xcalloc((size_t)n_points, sizeof *s->coverage);
    s->cached = -1;
    enum status status = open_locked(s, e);
    if (status == STATUS_OK) status = open_contents(s, &want, fresh, e);
    if (status != STATUS_OK) {
        spool_close(s, false);
        s = NULL;
    }
    *spool = s;
    return status;
}

bool spool_has(const struct spool *s, int point, int64_t first, int64_t count)
{
    const struct coverage *c = &s->coverage[point];
    int64_t from = first;
    for (int i = coverage_after(c, first); from < first + count; i++) {
        if (i == c->n || c->segment[i].first > from) return false;
        from = c->segment[i].first + c->segment[i].count;
    }
    return true;
}

int64_t spool_replicates(const struct spool *s)
{
    int64_t n = 0;
    for (int p = 0; p < s->n_points; p++)
        for (int i = 0; i < s->coverage[p].n; i++) n += s->coverage[p].segment[i].count;
    return n;
}

static struct packed pack(const struct result *r)
{
    return (struct packed){r->estimate, r->se, r->ci_low, r->ci_high,      r->statistic,
                           r->p_value,  r->n,  r->events, (int32_t)r->why, 0};
}

static struct result unpack(const struct packed *p)
{
    return (struct result){p->estimate, p->se,        p->ci_low,
                           p->ci_high,  p->statistic, p->p_value,
                           p->n,        p->events,    (enum undefined)p->why};
}

enum status spool_append(struct spool *s, int point, int64_t first, int64_t count,
                         const struct result *rows, struct errors *e)
{
    assert(point >= 0 && point < s->n_points && first >= 0 && count > 0 && count <= COUNT_MAX);
    const size_t size = body_size(s, count), n = size / sizeof(struct packed);
    struct head *h = xcalloc(1, sizeof *h + size);
    struct packed *body = (struct packed *)(void *)(h + 1);
    for (size_t i = 0; i < n; i++) body[i] = pack(&rows[i]);
    *h = (struct head){.magic = head_magic, .point = point, .first = first, .count = count};
    h->body = checksum64(body, size);
    h->checksum = checksum64(h, offsetof(struct head, checksum));
    enum status status = STATUS_OK;
    if (lseek(s->fd, s->end, SEEK_SET) != s->end || !file_put(s->fd, h, sizeof *h + size)) {
        status = failed(s, e);
        (void)ftruncate(s->fd, s->end); /* if this fails too, the next open drops the tail */
    } else {
        coverage_add(&s->coverage[point], s->end, first, count);
        s->end += (int64_t)(sizeof *h + size);
    }
    free(h);
    return status;
}

enum status spool_sync(struct spool *s, struct errors *e)
{
    return fdatasync(s->fd) == 0 ? STATUS_OK : failed(s, e);
}

/* Makes the record of a segment the cached one. */
static enum status load(struct spool *s, const struct segment *g, struct errors *e)
{
    if (s->cached == g->offset) return STATUS_OK;
    struct head h;
    if (!read_at(s->fd, &h, sizeof h, g->offset)) return failed(s, e);
    if (!head_is_valid(s, &h) || h.first != g->record_first) return damaged(s, g->offset, e);
    if (load_body(s, &h, g->offset)) return STATUS_OK;
    return errno == 0 ? damaged(s, g->offset, e) : failed(s, e);
}

static enum status read_rows(void *handle, int point, int answer, int64_t first, int64_t count,
                             struct result *rows, struct errors *e)
{
    struct spool *s = handle;
    const struct coverage *c = &s->coverage[point];
    const int64_t end = first + count;
    for (int64_t r = first; r < end;) {
        const int at = coverage_after(c, r);
        if (at == c->n || c->segment[at].first > r)
            return error_add(e, STATUS_IO, "%s: replicate %" PRId64 " of point %d is missing",
                             s->path, r + 1, point + 1);
        const struct segment *g = &c->segment[at];
        const enum status status = load(s, g, e);
        if (status != STATUS_OK) return status;
        const int64_t stop = g->first + g->count < end ? g->first + g->count : end;
        for (; r < stop; r++)
            rows[r - first] = unpack(&s->body[(r - g->record_first) * s->n_answers + answer]);
    }
    return STATUS_OK;
}

struct result_source spool_rows(struct spool *s)
{
    return (struct result_source){read_rows, s};
}

void spool_close(struct spool *s, bool remove)
{
    if (s == NULL) return;
    if (remove) (void)unlink(s->path);
    if (s->fd >= 0) (void)close(s->fd);
    for (int p = 0; p < s->n_points; p++) coverage_free(&s->coverage[p]);
    free(s->coverage);
    free(s->body);
    free(s->path);
    free(s);
}
