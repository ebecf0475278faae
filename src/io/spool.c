/* spool.c - see spool.h.  SPDX-License-Identifier: MIT
 *
 * Layout, native byte order (the header's magic recognises another one): a header, then records
 * (record.h). A record cut short at the end of the file is what a kill leaves: it is dropped. A
 * damaged record with a whole one behind it is no such thing and is reported. */
#include "io/spool_inside.h"

#include "base/checksum.h"
#include "io/file.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
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
_Static_assert(sizeof(struct header) == 40, "headers have no gaps");

static const uint64_t header_magic = UINT64_C(0x32304c4f4f505353); /* "SSPOOL02" */

enum found { RECORD_WHOLE, RECORD_BROKEN, RECORD_UNREADABLE };

static enum found read_record(struct spool *s, int64_t offset, int64_t file_end,
                              struct record_head *h)
{
    if (file_end - offset < (int64_t)sizeof *h) return RECORD_BROKEN;
    if (!spool_read_at(s->fd, h, sizeof *h, offset)) return RECORD_UNREADABLE;
    if (!record_head_is_valid(&s->layout, h)) return RECORD_BROKEN;
    const int64_t size = record_body_size(&s->layout, h->count);
    if (size > file_end - offset - (int64_t)sizeof *h) return RECORD_BROKEN;
    spool_reserve(s, size);
    if (!spool_read_at(s->fd, s->bytes, (size_t)size, offset + (int64_t)sizeof *h))
        return RECORD_UNREADABLE;
    return record_body_is_whole(&s->layout, h->count, s->bytes) ? RECORD_WHOLE : RECORD_BROKEN;
}

/* Whether a whole record begins somewhere after `offset`. */
static enum found find_record(struct spool *s, int64_t offset, int64_t file_end)
{
    enum { WINDOW = 1 << 13 };
    uint64_t word[WINDOW];
    struct record_head h;
    int64_t at = offset + 8;
    while (file_end - at >= (int64_t)sizeof h) {
        const int64_t left = (file_end - at) / 8;
        const int n = left < WINDOW ? (int)left : WINDOW;
        if (!spool_read_at(s->fd, word, (size_t)n * 8, at)) return RECORD_UNREADABLE;
        for (int i = 0; i < n; i++) {
            if (word[i] != record_magic) continue;
            const enum found found = read_record(s, at + 8 * i, file_end, &h);
            if (found != RECORD_BROKEN) return found;
        }
        at += 8 * (int64_t)n;
    }
    return RECORD_BROKEN;
}

static enum status recover(struct spool *s, int64_t file_end, struct errors *e)
{
    s->end = s->start + (int64_t)sizeof(struct header);
    while (s->end < file_end) {
        struct record_head h;
        enum found found = read_record(s, s->end, file_end, &h);
        if (found == RECORD_BROKEN) {
            if (!s->sealed) found = find_record(s, s->end, file_end);
            if (found == RECORD_WHOLE || s->sealed) return spool_damaged(s, s->end, e);
            if (found == RECORD_BROKEN) break;
        }
        if (found == RECORD_UNREADABLE) return spool_failed(s, e);
        coverage_add(&s->coverage[h.point], s->end, h.first, h.count);
        s->end += (int64_t)sizeof h + record_body_size(&s->layout, h.count);
    }
    if (s->end < file_end && ftruncate(s->fd, s->end) != 0) return spool_failed(s, e);
    return STATUS_OK;
}

static enum status start(struct spool *s, const struct header *h, struct errors *e)
{
    if (ftruncate(s->fd, 0) != 0 || lseek(s->fd, 0, SEEK_SET) != 0 ||
        !file_put(s->fd, h, sizeof *h) || fsync(s->fd) != 0)
        return spool_failed(s, e);
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
        if (s->fd < 0 || fstat(s->fd, &held) != 0) return spool_failed(s, e);
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
    if (fstat(s->fd, &file) != 0) return spool_failed(s, e);
    const size_t n = file.st_size < (off_t)sizeof h ? (size_t)file.st_size : sizeof h;
    if (!fresh && n > 0) {
        if (!spool_read_at(s->fd, &h, n, 0)) return spool_failed(s, e);
        if (n < sizeof h && memcmp(&h, want, n) == 0) return start(s, want, e); /* cut short */
        if (n < sizeof h || h.magic != header_magic)
            return error_add(e, STATUS_IO, "%s: not a spool of this program", s->path);
        if (h.checksum != checksum64(&h, offsetof(struct header, checksum)))
            return spool_damaged(s, 0, e);
        if (memcmp(&h, want, sizeof h) != 0)
            return error_add(e, STATUS_IO,
                             "%s: unfinished results of another scenario or version of the "
                             "program; remove it (or use --overwrite) to start over",
                             s->path);
        return recover(s, file.st_size, e);
    }
    return start(s, want, e);
}

static struct spool *new_spool(const char *path, const struct spool_run *run, struct header *want)
{
    *want = (struct header){
        .magic = header_magic, .n_points = run->n_points, .n_answers = run->n_answers};
    memcpy(want->identity, run->identity, sizeof want->identity);
    want->checksum = checksum64(want, offsetof(struct header, checksum));
    struct spool *s = xcalloc(1, sizeof *s);
    s->path = xcalloc(strlen(path) + 1, 1);
    strcpy(s->path, path);
    s->layout = record_layout_make(run->n_points, run->n_answers, run->answer);
    s->coverage = xcalloc((size_t)run->n_points, sizeof *s->coverage);
    s->cached = -1;
    s->memory = run->memory > 0 ? run->memory : SPOOL_MEMORY;
    return s;
}

/* Hands out an opened spool, or gives it up. */
static enum status opened(struct spool *s, enum status status, struct spool **spool)
{
    *spool = status == STATUS_OK ? s : NULL;
    if (status != STATUS_OK) spool_close(s, false);
    return status;
}

enum status spool_open(const char *path, const struct spool_run *run, bool fresh,
                       struct spool **spool, struct errors *e)
{
    struct header want;
    struct spool *s = new_spool(path, run, &want);
    enum status status = open_locked(s, e);
    if (status == STATUS_OK) status = open_contents(s, &want, fresh, e);
    return opened(s, status, spool);
}

enum status spool_open_within(const char *path, int64_t start, int64_t size, struct spool_run *run,
                              struct spool **spool, struct errors *e)
{
    struct header want, h;
    struct spool *s = new_spool(path, run, &want);
    s->start = start;
    s->sealed = true;
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status = STATUS_OK;
    if (s->fd < 0 || !spool_read_at(s->fd, &h, sizeof h, start))
        status = spool_failed(s, e);
    else if (size < (int64_t)sizeof h || h.magic != header_magic ||
             h.checksum != checksum64(&h, offsetof(struct header, checksum)) ||
             h.n_points != run->n_points || h.n_answers != run->n_answers)
        status = spool_damaged(s, start, e);
    else {
        memcpy(run->identity, h.identity, sizeof h.identity);
        status = recover(s, start + size, e);
    }
    return opened(s, status, spool);
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

int64_t spool_replicates(const struct spool *s, int64_t from, int64_t end)
{
    int64_t n = 0;
    for (int p = 0; p < s->layout.n_points; p++)
        for (int i = 0; i < s->coverage[p].n; i++) {
            const struct segment *g = &s->coverage[p].segment[i];
            const int64_t first = g->first > from ? g->first : from;
            const int64_t last = g->first + g->count < end ? g->first + g->count : end;
            if (last > first) n += last - first;
        }
    return n;
}

/* Writes whole records at the end, or nothing. */
static enum status put_records(struct spool *s, const void *bytes, int64_t n, struct errors *e)
{
    if (lseek(s->fd, s->end, SEEK_SET) == s->end && file_put(s->fd, bytes, (size_t)n))
        return STATUS_OK;
    const enum status status = spool_failed(s, e);
    (void)ftruncate(s->fd, s->end); /* if this fails too, the next open drops the tail */
    return status;
}

enum status spool_append(struct spool *s, int point, int64_t first, int64_t count,
                         const struct result *rows, struct errors *e)
{
    const struct record_head h = record_head_make(point, first, count);
    assert(!s->sealed && record_head_is_valid(&s->layout, &h));
    const int64_t size = (int64_t)sizeof h + record_body_size(&s->layout, count);
    spool_reserve(s, size);
    memcpy(s->bytes, &h, sizeof h);
    record_pack(&s->layout, count, rows, s->bytes + sizeof h);
    const enum status status = put_records(s, s->bytes, size, e);
    if (status != STATUS_OK) return status;
    coverage_add(&s->coverage[point], s->end, first, count);
    s->end += size;
    s->ahead.n_answers = 0; /* it holds what was there before */
    return STATUS_OK;
}

enum status spool_append_all(struct spool *s, const struct spool *from, struct errors *e)
{
    enum status status = STATUS_OK;
    for (int64_t at = from->start + (int64_t)sizeof(struct header); at < from->end;) {
        struct record_head h;
        if (!spool_read_at(from->fd, &h, sizeof h, at)) return spool_failed(from, e);
        if (!record_head_is_valid(&from->layout, &h)) return spool_damaged(from, at, e);
        const int64_t size = (int64_t)sizeof h + record_body_size(&s->layout, h.count);
        const int64_t offset = at;
        at += size;
        if (spool_has(s, (int)h.point, h.first, h.count)) continue;
        spool_reserve(s, size);
        if (!spool_read_at(from->fd, s->bytes, (size_t)size, offset)) return spool_failed(from, e);
        status = put_records(s, s->bytes, size, e);
        if (status != STATUS_OK) return status;
        coverage_add(&s->coverage[h.point], s->end, h.first, h.count);
        s->end += size;
    }
    s->ahead.n_answers = 0;
    return status;
}

enum status spool_sync(struct spool *s, struct errors *e)
{
    return fdatasync(s->fd) == 0 ? STATUS_OK : spool_failed(s, e);
}

int64_t spool_size(const struct spool *s)
{
    return s->end - s->start;
}

enum status spool_bytes(const struct spool *s, int64_t first, int64_t n, void *bytes,
                        struct errors *e)
{
    return spool_read_at(s->fd, bytes, (size_t)n, s->start + first) ? STATUS_OK
                                                                    : spool_failed(s, e);
}

void spool_close(struct spool *s, bool remove)
{
    if (s == NULL) return;
    if (remove) (void)unlink(s->path);
    if (s->fd >= 0) (void)close(s->fd);
    for (int p = 0; p < s->layout.n_points; p++) coverage_free(&s->coverage[p]);
    free(s->coverage);
    free(s->bytes);
    free(s->ahead.bytes);
    free(s->ahead.part);
    record_layout_free(&s->layout);
    free(s->path);
    free(s);
}
