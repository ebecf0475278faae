/* dispatch.h - functions compiled once for every vector width.  SPDX-License-Identifier: MIT
 *
 * MULTIVERSION before a function makes the compiler emit it for AVX-512, for AVX2 with fused
 * multiply-add and for any x86-64; the loader binds the widest one that the processor and the
 * operating system support. Which one runs must never change a result: keep every operation
 * elementwise, or sum in a fixed number of lanes, and spell a fused multiply-add __builtin_fma.
 * Define NO_TARGET_CLONES where loader-bound functions are not wanted (sanitizers), NO_AVX512 to
 * measure what processors without it would do. */
#ifndef BASE_DISPATCH_H
#define BASE_DISPATCH_H

#include <stdint.h> /* glibc's names itself */

#if defined __x86_64__ && defined __GLIBC__ && __GNUC__ >= 12 && !defined __clang__
#define HAVE_X86_64_LEVELS 1
#else
#define HAVE_X86_64_LEVELS 0
#endif

#ifdef NO_AVX512
#define HAVE_AVX512(needs) 0
#define WIDTHS             "arch=x86-64-v3", "default"
#else
#define HAVE_AVX512(needs) (__builtin_cpu_supports("avx512f") && (needs))
#define WIDTHS             "arch=x86-64-v4", "arch=x86-64-v3", "default"
#endif

#if HAVE_X86_64_LEVELS && !defined NO_TARGET_CLONES
#define MULTIVERSION __attribute__((target_clones(WIDTHS)))
#else
#define MULTIVERSION
#endif

/* A part of a multiversioned function: compiled inside each version of its caller. */
#define MULTIVERSION_PART static inline __attribute__((always_inline))

#endif
