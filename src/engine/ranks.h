/* ranks.h - the processes of one run: MPI's ranks, or this process alone.
 * SPDX-License-Identifier: MIT
 *
 * Every rank makes the same plan. Rank 0 decides what to do next, stores and speaks; the others
 * serve it until it ends them. Which rank worked on what never changes a result. A rank that dies
 * takes the run with it (MPI's default); what rank 0 has stored remains. Without MPI (or without
 * its launcher) there is one rank and every call is local. */
#ifndef ENGINE_RANKS_H
#define ENGINE_RANKS_H

#include "engine/simulate.h"

/* Starts MPI where the program was built with it; returns this process's rank. */
int ranks_start(void);
int ranks_count(void);
/* Threads a rank uses unless told otherwise: the processors it may use, shared evenly with the
 * ranks that may use the same ones. */
int ranks_threads(void);

/* The worst status of all ranks: every rank calls it at the same time. */
enum status ranks_agree(enum status own);

/* Rank 0: as simulate(), spread over the ranks. */
void ranks_simulate(struct simulator *s, const struct task *task, int n, struct result *rows);
/* Rank 0: truth_find() at n <= ranks_count() points; truth, error: [n][n_answers]. */
void ranks_truths(const struct simulator *s, const int *point, int n, double *truth, double *error);
/* The other ranks: serve until rank 0 calls ranks_dismiss(). */
void ranks_serve(struct simulator *s);
void ranks_dismiss(void);

/* Ends MPI; the last call. */
void ranks_end(void);

const char *ranks_library(void); /* "Open MPI 4.1", "" without MPI */

#endif
