/* bench_kernels.c - nanoseconds a value of every path of streams and vector kernels; no test.
 * SPDX-License-Identifier: MIT */
#include "base/stream_paths.h"
#include "vector_paths.h"

#include <stdio.h>
#include <time.h>

enum { N = 424, ROOM = 432, CALLS = 500, REPEATS = 40 };

struct columns {
    struct stream stream;
    _Alignas(64) double in[ROOM], out[ROOM];
    _Alignas(64) uint64_t bits[ROOM];
};

struct job {
    const char *name, *path;
    void (*fill)(const struct stream *s, double *q, int n);
    void (*fill_bits)(const struct stream *s, uint64_t *bits, int n);
    vector_function *function;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run(const struct job *job, struct columns *c, uint64_t replicate)
{
    if (job->function) {
        job->function(c->out, c->in, N);
        return;
    }
    c->stream = stream_for(1, replicate, 2);
    if (job->fill) job->fill(&c->stream, c->out, N);
    if (job->fill_bits) job->fill_bits(&c->stream, c->bits, N);
}

/* The fastest of several repeats: others only ever slow it down. */
static void measure(const struct job *job, struct columns *c)
{
    double best = 1e300;
    for (int r = 0; r < REPEATS; r++) {
        const double start = now();
        for (int k = 0; k < CALLS; k++) run(job, c, (uint64_t)k);
        const double ns = (now() - start) / ((double)CALLS * N);
        best = ns < best ? ns : best;
    }
    printf("%-16s %-12s %7.2f ns\n", job->name, job->path, best);
}

static void fill_bits_avx512(const struct stream *s, uint64_t *bits, int n)
{
    (void)stream_fill_bits_avx512(s, bits, n);
}

static void fill_avx512(const struct stream *s, double *q, int n)
{
    (void)stream_fill_avx512(s, q, n);
}

static void bench_streams(struct columns *c)
{
    const struct job job[] = {
        {"bits", "library", .fill_bits = stream_fill_bits_library},
        {"bits", "leapfrog", .fill_bits = stream_fill_bits_leapfrog},
        {"bits", "avx512", .fill_bits = fill_bits_avx512},
        {"uniform", "leapfrog", .fill = stream_fill_leapfrog},
        {"uniform", "avx512", .fill = fill_avx512},
        {"uniform", "dispatched", .fill = stream_fill},
    };
    const bool avx512 = stream_fill_bits_avx512(&c->stream, c->bits, N);
    for (size_t j = 0; j < sizeof job / sizeof *job; j++)
        if (avx512 || strcmp(job[j].path, "avx512") != 0) measure(&job[j], c);
}

static void bench_functions(struct columns *c)
{
    static const char *const name[N_FUNCTIONS] = {"normal quantile", "exponential", "exp", "log"};
    struct vector_path path[MAX_VECTOR_PATHS];
    const int n_paths = vector_paths(path);
    for (int f = 0; f < N_FUNCTIONS; f++) {
        stream_fill(&c->stream, c->in, N);
        for (int i = 0; f >= EXP && i < ROOM; i++) c->in[i] += f == LOG ? 0.5 + 0x1p-53 : 0;
        for (int p = 0; p < n_paths; p++)
            measure(&(struct job){name[f], path[p].name, .function = path[p].function[f]}, c);
    }
}

int main(void)
{
    struct columns c = {.stream = stream_for(1, 1, 1)};
    printf("column of %d values, fastest of %d repeats\n", N, REPEATS);
    bench_streams(&c);
    bench_functions(&c);
    return 0;
}
