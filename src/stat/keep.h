/* keep.h - columns of the rows that are kept.  SPDX-License-Identifier: MIT */
#ifndef STAT_KEEP_H
#define STAT_KEEP_H

enum { KEEP_ROOM = 8 }; /* what is written may end in so many places of no meaning */

/* out[0 … kept) := x of the rows with keep[i] = 1 (the others 0), in their order; out has room for
 * KEEP_ROOM more. Returns how many are kept. */
int keep_column(const double *x, const unsigned char *keep, int n, double *out);

#endif
