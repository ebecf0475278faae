/* file.c - see file.h.  SPDX-License-Identifier: MIT */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_put(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        const ssize_t done = write(fd, p, n);
        if (done < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

bool file_lock(int fd)
{
    int status;
    do status = flock(fd, LOCK_EX | LOCK_NB);
    while (status != 0 && errno == EINTR);
    return status == 0 || errno != EWOULDBLOCK;
}

static const char *folder_of(const char *path, struct arena *memory)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return ".";
    return slash == path ? "/" : arena_copy(memory, path, (size_t)(slash - path));
}

enum status file_check_folder(const char *path, struct errors *e)
{
    struct arena memory = {0};
    const char *folder = folder_of(path, &memory);
    struct stat there;
    enum status status = STATUS_OK;
    if (stat(folder, &there) != 0)
        status = error_add(e, STATUS_IO, "%s: %s: %s", path, folder, strerror(errno));
    else if (!S_ISDIR(there.st_mode))
        status = error_add(e, STATUS_IO, "%s: %s: %s", path, folder, strerror(ENOTDIR));
    arena_free(&memory);
    return status;
}

void file_sync_directory(const char *path)
{
    struct arena memory = {0};
    const int fd = open(folder_of(path, &memory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* some file systems cannot; the rename itself has happened */
        (void)close(fd);
    }
    arena_free(&memory);
}

static enum status failed(struct errors *e, const char *path)
{
    return error_add(e, STATUS_IO, "%s: %s", path, strerror(errno));
}

static void forget(struct draft *d)
{
    free(d->path);
    free(d->temporary);
    *d = (struct draft){0};
}

static char *text_join(const char *a, const char *b)
{
    char *p = xcalloc(strlen(a) + strlen(b) + 1, 1);
    strcpy(p, a);
    return strcat(p, b);
}

/* The lock is worth something only while the name still leads to the locked file: a writer that was
 * waited for renames or removes it. */
static bool still_named(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* Where a file of that name would be made: a symbolic link stays one, and leads to it, even when
 * there is no such file yet. */
static char *followed(const char *path)
{
    enum { LINKS_MOST = 40, ROOM = 4096 };
    char *at = text_join(path, ""), target[ROOM];
    for (int k = 0; k < LINKS_MOST; k++) {
        const ssize_t n = readlink(at, target, sizeof target - 1);
        if (n < 0) break;
        target[n] = '\0';
        char *slash = strrchr(at, '/');
        if (slash != NULL) slash[1] = '\0';
        char *next = text_join(target[0] == '/' || slash == NULL ? "" : at, target);
        free(at);
        at = next;
    }
    return at;
}

enum status draft_open(struct draft *d, const char *path, struct errors *e)
{
    *d = (struct draft){0};
    struct stat old;
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        return error_add(e, STATUS_IO, "%s: %s", path,
                         S_ISDIR(old.st_mode) ? strerror(EISDIR) : "not a regular file");
    d->path = followed(path);
    d->temporary = text_join(d->path, ".tmp");
    d->fd = open(d->temporary, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->fd < 0) {
        const enum status status = failed(e, path);
        forget(d);
        return status;
    }
    if (!file_lock(d->fd) || !still_named(d->fd, d->temporary)) {
        (void)close(d->fd);
        forget(d);
        return error_add(e, STATUS_IO, "%s: another process is writing it", path);
    }
    if (ftruncate(d->fd, 0) != 0) {
        const enum status status = failed(e, path);
        draft_drop(d);
        return status;
    }
    return STATUS_OK;
}

void draft_drop(struct draft *d)
{
    if (d->path == NULL) return;
    (void)unlink(d->temporary);
    (void)close(d->fd);
    forget(d);
}

enum status draft_keep(struct draft *d, struct errors *e)
{
    if (fsync(d->fd) != 0 || rename(d->temporary, d->path) != 0) {
        const enum status status = failed(e, d->path);
        draft_drop(d);
        return status;
    }
    file_sync_directory(d->path);
    (void)close(d->fd); /* synced: there is nothing left that could fail */
    forget(d);
    return STATUS_OK;
}

static enum status write_in_place(const char *path, const void *bytes, size_t n, struct errors *e)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return failed(e, path);
    const bool done = file_put(fd, bytes, n);
    const enum status status = done ? STATUS_OK : failed(e, path);
    if (close(fd) != 0 && done) return failed(e, path);
    return status;
}

enum status file_write(const char *path, const void *bytes, size_t n, struct errors *e)
{
    struct stat old;
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode))
        return write_in_place(path, bytes, n, e);
    struct draft d;
    const enum status status = draft_open(&d, path, e);
    if (status != STATUS_OK) return status;
    if (!file_put(d.fd, bytes, n)) {
        const enum status late = failed(e, path);
        draft_drop(&d);
        return late;
    }
    return draft_keep(&d, e);
}
