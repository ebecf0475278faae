/* file.h - writing files so that a kill, a full disk or a second writer never leaves half a file.
 * SPDX-License-Identifier: MIT */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/error.h"

#include <stddef.h>

/* Writes all bytes at the file's position, through interruptions and short writes. On failure
 * returns false with errno set. */
bool file_put(int fd, const void *bytes, size_t n);

/* Takes the file's lock for as long as it is open; false when another process holds it. File
 * systems without locks (some cluster mounts) give it to everyone. */
bool file_lock(int fd);

/* A file on its way: what is written to `temporary` becomes `path` by draft_keep, or nothing.
 * A zeroed draft is none. */
struct draft {
    char *path, *temporary; /* a symbolic link's target, and beside it NAME.tmp */
    int fd;                 /* of the temporary file, locked */
};
/* Refused when `path` is something other than a regular file, or is being written by another. */
enum status draft_open(struct draft *d, const char *path, struct errors *e);
/* Syncs, renames over the old file and syncs the directory. The draft is over whether or not it
 * succeeds; on failure the old file stays. */
enum status draft_keep(struct draft *d, struct errors *e);
void draft_drop(struct draft *d);

/* A whole file at once. Devices and pipes, which cannot be replaced, are written in place. */
enum status file_write(const char *path, const void *bytes, size_t n, struct errors *e);

/* Fails where a file of that name would have no folder. */
enum status file_check_folder(const char *path, struct errors *e);
/* Makes a name in the directory of `path` survive a power failure; best effort. */
void file_sync_directory(const char *path);

#endif
