/* vector_paths.h - the kernels of vector.c compiled for each vector width, to be called by name.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_VECTOR_PATHS_H
#define TESTS_VECTOR_PATHS_H

#include "stat/vector.h"
#include "stat/vector_kernels.h"

#include <stdbool.h>

typedef void vector_function(double *out, const double *in, int n);

enum { NORMAL_QUANTILE, EXPONENTIAL, EXP, LOG, N_FUNCTIONS };

struct vector_path {
    const char *name;
    vector_function *function[N_FUNCTIONS];
};

#define VECTOR_PATH(level, target)                                                                 \
    target static void normal_quantile_##level(double *out, const double *in, int n)               \
    {                                                                                              \
        normal_quantile_body(out, in, n);                                                          \
    }                                                                                              \
    target static void exponential_##level(double *out, const double *in, int n)                   \
    {                                                                                              \
        exponential_body(out, in, n);                                                              \
    }                                                                                              \
    target static void exp_##level(double *out, const double *in, int n)                           \
    {                                                                                              \
        exp_body(out, in, n);                                                                      \
    }                                                                                              \
    target static void log_##level(double *out, const double *in, int n)                           \
    {                                                                                              \
        log_body(out, in, n);                                                                      \
    }                                                                                              \
    static const struct vector_path path_##level = {                                               \
        #level, {normal_quantile_##level, exponential_##level, exp_##level, log_##level}};

VECTOR_PATH(baseline, )
#if HAVE_X86_64_LEVELS
VECTOR_PATH(v3, __attribute__((target("arch=x86-64-v3"))))
VECTOR_PATH(v4, __attribute__((target("arch=x86-64-v4"))))
#endif

static const struct vector_path path_dispatched = {
    "dispatched", {vector_normal_quantile, vector_exponential, vector_exp, vector_log}};

enum { MAX_VECTOR_PATHS = 4 };

/* The paths that this processor can run. */
static inline int vector_paths(struct vector_path path[MAX_VECTOR_PATHS])
{
    int n = 0;
    path[n++] = path_baseline;
    path[n++] = path_dispatched;
#if HAVE_X86_64_LEVELS
    if (__builtin_cpu_supports("x86-64-v3")) path[n++] = path_v3;
    if (__builtin_cpu_supports("x86-64-v4")) path[n++] = path_v4;
#endif
    return n;
}

#endif
