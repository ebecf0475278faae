/* ranks.c - see ranks.h.  SPDX-License-Identifier: MIT */
#ifdef USE_MPI
#define _GNU_SOURCE /* sched_getaffinity */
#include <mpi.h>
#include <sched.h>
#endif

#include "engine/parallel.h"
#include "engine/ranks.h"
#include "engine/truth.h"

#include <stdlib.h>
#include <string.h>

#ifndef USE_MPI

int ranks_start(void)
{
    return 0;
}

int ranks_count(void)
{
    return 1;
}

int ranks_threads(void)
{
    return parallel_threads();
}

enum status ranks_agree(enum status own)
{
    return own;
}

void ranks_simulate(struct simulator *s, const struct task *task, int n, struct result *rows)
{
    simulate(s, task, n, rows);
}

void ranks_truths(const struct simulator *s, const int *point, int n, double *truth, double *error)
{
    for (int k = 0; k < n; k++)
        truth_find(s->plan, &s->plan->point[point[k]], s->threads,
                   truth + (size_t)k * (size_t)s->plan->n_answers,
                   error + (size_t)k * (size_t)s->plan->n_answers);
}

void ranks_serve(struct simulator *s)
{
    (void)s;
}

void ranks_dismiss(void) {}

void ranks_end(void) {}

const char *ranks_library(void)
{
    return "";
}

#else

enum kind { ORDER_END, ORDER_SIMULATE, ORDER_TRUTHS };
struct order {
    enum kind kind;
    int n; /* tasks of ORDER_SIMULATE, points of ORDER_TRUTHS; they follow */
};

static int own_rank(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int ranks_start(void)
{
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    return own_rank();
}

int ranks_count(void)
{
    int n;
    MPI_Comm_size(MPI_COMM_WORLD, &n);
    return n;
}

int ranks_threads(void)
{
    MPI_Comm node;
    int n_here;
    cpu_set_t own, common, any;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &n_here);
    CPU_ZERO(&own);
    (void)sched_getaffinity(0, sizeof own, &own);
    MPI_Allreduce(&own, &common, sizeof own, MPI_BYTE, MPI_BAND, node);
    MPI_Allreduce(&own, &any, sizeof own, MPI_BYTE, MPI_BOR, node);
    MPI_Comm_free(&node);
    const int threads = parallel_threads();
    if (getenv("OMP_NUM_THREADS") != NULL || !CPU_EQUAL(&common, &any)) return threads;
    return threads > n_here ? threads / n_here : 1;
}

enum status ranks_agree(enum status own)
{
    const int mine = (int)own;
    int worst;
    MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return (enum status)worst;
}

static void tell(struct order *order)
{
    MPI_Bcast(order, sizeof *order, MPI_BYTE, 0, MPI_COMM_WORLD);
}

/* --- simulating: rank r works on tasks [share(r), share(r + 1)) ----------------------------------
 */

static int share(int n, int rank, int n_ranks)
{
    return (int)((int64_t)n * rank / n_ranks);
}

/* Gathers every rank's rows on rank 0, in task order. */
static void collect(const struct result *own, int n, const struct plan *plan, struct result *rows)
{
    const int n_ranks = ranks_count(), rank = own_rank();
    int *count = xcalloc((size_t)n_ranks, sizeof *count);
    int *from = xcalloc((size_t)n_ranks, sizeof *from);
    for (int r = 0; r < n_ranks; r++) {
        from[r] = share(n, r, n_ranks);
        count[r] = share(n, r + 1, n_ranks) - from[r];
    }
    MPI_Datatype row, block;
    MPI_Type_contiguous((int)sizeof(struct result), MPI_BYTE, &row);
    MPI_Type_contiguous(BLOCK_REPLICATES * plan->n_answers, row, &block);
    MPI_Type_commit(&block);
    MPI_Gatherv(rank == 0 ? MPI_IN_PLACE : own, count[rank], block, rows, count, from, block, 0,
                MPI_COMM_WORLD);
    MPI_Type_free(&block);
    MPI_Type_free(&row);
    free(from);
    free(count);
}

void ranks_simulate(struct simulator *s, const struct task *task, int n, struct result *rows)
{
    tell(&(struct order){ORDER_SIMULATE, n});
    MPI_Bcast((void *)(uintptr_t)task, n * (int)sizeof *task, MPI_BYTE, 0, MPI_COMM_WORLD);
    simulate(s, task, share(n, 1, ranks_count()), rows);
    collect(NULL, n, s->plan, rows);
}

static void serve_simulate(struct simulator *s, int n)
{
    struct task *task = xcalloc((size_t)n, sizeof *task);
    MPI_Bcast(task, n * (int)sizeof *task, MPI_BYTE, 0, MPI_COMM_WORLD);
    const int n_ranks = ranks_count(), first = share(n, own_rank(), n_ranks);
    const int count = share(n, own_rank() + 1, n_ranks) - first;
    struct result *rows =
        xcalloc((size_t)(count + 1) * BLOCK_REPLICATES * (size_t)s->plan->n_answers, sizeof *rows);
    simulate(s, task + first, count, rows);
    collect(rows, n, s->plan, NULL);
    free(rows);
    free(task);
}

/* --- truths: rank r works on the r-th point ------------------------------------------------------
 */

/* Gathers every rank's truths, then errors, on rank 0: all [ranks][2][n_answers]. */
static void find_truth(const struct simulator *s, const int *point, int n, double *all)
{
    const int n_answers = s->plan->n_answers, rank = own_rank();
    double *own = xcalloc(2 * (size_t)n_answers, sizeof *own);
    if (rank < n)
        truth_find(s->plan, &s->plan->point[point[rank]], s->threads, own, own + n_answers);
    MPI_Gather(own, 2 * n_answers, MPI_DOUBLE, all, 2 * n_answers, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    free(own);
}

void ranks_truths(const struct simulator *s, const int *point, int n, double *truth, double *error)
{
    const size_t n_answers = (size_t)s->plan->n_answers;
    double *all = xcalloc(2 * n_answers * (size_t)ranks_count(), sizeof *all);
    tell(&(struct order){ORDER_TRUTHS, n});
    MPI_Bcast((void *)(uintptr_t)point, n, MPI_INT, 0, MPI_COMM_WORLD);
    find_truth(s, point, n, all);
    for (size_t k = 0; k < (size_t)n; k++) {
        memcpy(truth + k * n_answers, all + 2 * k * n_answers, n_answers * sizeof *truth);
        memcpy(error + k * n_answers, all + (2 * k + 1) * n_answers, n_answers * sizeof *error);
    }
    free(all);
}

static void serve_truths(const struct simulator *s, int n)
{
    int *point = xcalloc((size_t)n, sizeof *point);
    MPI_Bcast(point, n, MPI_INT, 0, MPI_COMM_WORLD);
    find_truth(s, point, n, NULL);
    free(point);
}

/* --- serving --- */

void ranks_serve(struct simulator *s)
{
    for (;;) {
        struct order order;
        tell(&order);
        switch (order.kind) {
        case ORDER_END: return;
        case ORDER_SIMULATE: serve_simulate(s, order.n); break;
        case ORDER_TRUTHS: serve_truths(s, order.n); break;
        }
    }
}

void ranks_dismiss(void)
{
    tell(&(struct order){ORDER_END, 0});
}

void ranks_end(void)
{
    MPI_Finalize();
}

const char *ranks_library(void)
{
#ifdef OPEN_MPI
    return "Open MPI";
#else
    return "MPI";
#endif
}

#endif
