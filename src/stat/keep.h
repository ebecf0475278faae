/* keep.h - columns of the rows that are kept.  SPDX-License-Identifier: MIT */
#ifndef STAT_KEEP_H
#define STAT_KEEP_H

/* What is written may end in so many places of no meaning. */
enum { KEEP_ROOM = 8, KEEP_BYTES_ROOM = 64, KEEP_INDICES_ROOM = 16 };

/* out[0 … kept) := x of the rows with keep[i] = 1 (the others 0), in their order; out has room for
 * KEEP_ROOM more. Returns how many are kept. */
int keep_column(const double *x, const unsigned char *keep, int n, double *out);
/* The same of bytes; out has room for KEEP_BYTES_ROOM more. */
int keep_bytes(const unsigned char *x, const unsigned char *keep, int n, unsigned char *out);
/* Of their indices; out has room for KEEP_INDICES_ROOM more. */
int keep_indices(const unsigned char *keep, int n, int *out);

#endif
