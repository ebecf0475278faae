/* vector_kernels.h - the bodies of vector.c, so that tests can compile each for each processor.
 * SPDX-License-Identifier: MIT
 *
 * Plain loops that a compiler vectorises: no branches on data, no calls, integer steps that AVX2
 * has too. "omp simd" says that iterations are independent even when out and in are one array.
 * The normal quantile runs in short stages over blocks that stay in the first-level cache: a long
 * loop body keeps too few iterations in flight. */
#ifndef STAT_VECTOR_KERNELS_H
#define STAT_VECTOR_KERNELS_H

#include "base/dispatch.h"
#include "base/number.h"
#include "stat/vector_coefficients.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { VECTOR_LANES = 8, VECTOR_BLOCK = 128 };

MULTIVERSION_PART uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

MULTIVERSION_PART double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* n rounded up to whole vectors. */
MULTIVERSION_PART int padded(int n)
{
    return (n + VECTOR_LANES - 1) & -VECTOR_LANES;
}

/* c[0] + c[1] x + ... + c[n-1] x^(n-1): Horner in x^4 over blocks of four terms, each after Estrin
 * (1960), for a fourth of Horner's latency. n is an even constant. */
MULTIVERSION_PART double polynomial(const double *c, int n, double x)
{
    const double x2 = x * x, x4 = x2 * x2;
    const int top = (n - 1) & -4;
    double y = 0;
    for (int k = top; k >= 0; k -= 4) {
        double block = __builtin_fma(x, c[k + 1], c[k]);
        if (k + 3 < n) block = __builtin_fma(x2, __builtin_fma(x, c[k + 3], c[k + 2]), block);
        y = k < top ? __builtin_fma(x4, y, block) : block;
    }
    return y;
}

/* log(x) = k log 2 + log(1/a) + log(1 + f): x = 2^k m with m in [2^(-1/4), 2^(3/4)), f = m a - 1
 * with a = 1 below 2^(1/4) and 1/sqrt(2) above, so that |f| < 0.19, and f = x - 1 around 1, where
 * only f's own accuracy counts. */
struct log_parts {
    double whole, f; /* k log 2 + log(1/a), f */
};

MULTIVERSION_PART struct log_parts log_split(double x)
{
    const uint64_t mantissa = (UINT64_C(1) << 52) - 1;
    const uint64_t t = bits_of(x) - (bits_of(LOG_LOWEST) - (UINT64_C(1024) << 52));
    const double k = double_of(t >> 52 | bits_of(0x1p52)) - (0x1p52 + 1024);
    const double m = double_of((t & mantissa) + bits_of(LOG_LOWEST));
    const double a = m < LOG_MIDDLE ? 1 : LOG_FACTOR;
    const double offset = m < LOG_MIDDLE ? 0 : LOG_OFFSET;
    return (struct log_parts){__builtin_fma(k, LN2, offset), __builtin_fma(m, a, -1)};
}

MULTIVERSION_PART double log_join(struct log_parts p)
{
    const double rest = polynomial(LOG_REST, sizeof LOG_REST / sizeof *LOG_REST, p.f);
    return p.whole + __builtin_fma(p.f * p.f, rest, p.f);
}

MULTIVERSION_PART void log_body(double *y, const double *x, int n)
{
    const int m = padded(n);
#pragma omp simd
    for (int i = 0; i < m; i++) y[i] = log_join(log_split(x[i]));
}

/* -log(q + 1/2) with u = q + 1/2 rounded: e = -log(u) - (q - (u - 1/2)). The difference is what
 * rounding lost, exactly (Dekker 1971); it counts only near u = 1, where d(log u) = du. */
MULTIVERSION_PART void exponential_body(double *e, const double *q, int n)
{
    const int m = padded(n);
#pragma omp simd
    for (int i = 0; i < m; i++) {
        const double u = q[i] + 0.5, lost = q[i] - (u - 0.5);
        e[i] = -log_join(log_split(u)) - lost;
    }
}

/* exp(x) = 2^k exp(r), k the integer nearest x/log 2, |r| <= log(2)/2 (Cody & Waite 1980).
 * Adding 1.5 2^52 rounds x/log 2 to an integer and leaves it in the low bits. The limits keep 2^k
 * normal. */
MULTIVERSION_PART double exp_one(double x)
{
    const double v = smaller(709.7, larger(-708, x)); /* NaN stays */
    const double shifted = __builtin_fma(v, LOG2_E, 0x1.8p52), k = shifted - 0x1.8p52;
    const double r = __builtin_fma(k, -LN2_REST, __builtin_fma(k, -LN2, v));
    const double rest = polynomial(EXP_REST, sizeof EXP_REST / sizeof *EXP_REST, r);
    const double exp_r = 1 + __builtin_fma(r * r, rest, r);
    return double_of(bits_of(exp_r) + (bits_of(shifted) << 52));
}

MULTIVERSION_PART void exp_body(double *y, const double *x, int n)
{
    const int m = padded(n);
#pragma omp simd
    for (int i = 0; i < m; i++) y[i] = exp_one(x[i]);
}

/* Phi^-1(q + 1/2) by inversion in w = -log(4 p (1 - p)) = -log(1 - 4 q^2), p = 1/2 - |q| (after
 * Giles 2011, "Approximating the erfinv function"): z/q is a smooth function of w for w <= 6.5
 * (99.92 % of uniform q), |z| one of sqrt(w) beyond. 1 - 4 q^2 rounds once, so that w is exact to
 * the last bits even at p = 2^-54. Errors at most about 7e-16 of z; odd in q, bit by bit. */
MULTIVERSION_PART double normal_centre(double q, double w)
{
    const int terms = sizeof NORMAL_CENTRE / sizeof *NORMAL_CENTRE;
    return q * polynomial(NORMAL_CENTRE, terms, w - CENTRE_ORIGIN);
}

MULTIVERSION_PART double normal_tail(double q, double w)
{
    const int terms = sizeof NORMAL_TAIL / sizeof *NORMAL_TAIL;
    return copysign(polynomial(NORMAL_TAIL, terms, sqrt(w) - TAIL_ORIGIN), q);
}

/* Its sign bit says whether w lies in the tail. */
MULTIVERSION_PART uint64_t tail_sign(double w)
{
    return bits_of(TAIL_FROM - w);
}

/* Tails are rare: only the vectors that have one pay for it. */
MULTIVERSION_PART void normal_tails(double *restrict z, const double *restrict q,
                                    const double *restrict w, int n)
{
    for (int i = 0; i < n; i += VECTOR_LANES) {
        uint64_t signs = 0;
        for (int j = i; j < i + VECTOR_LANES; j++) signs |= tail_sign(w[j]);
        if (signs >> 63 == 0) continue;
        for (int j = i; j < i + VECTOR_LANES; j++) {
            const double tail = normal_tail(q[j], w[j]);
            z[j] = w[j] > TAIL_FROM ? tail : z[j];
        }
    }
}

MULTIVERSION_PART void normal_block(double *z, const double *q, int n)
{
    double w[VECTOR_BLOCK], f[VECTOR_BLOCK], kept[VECTOR_BLOCK];
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const double twice = q[i] + q[i]; /* exact */
        const struct log_parts p = log_split(__builtin_fma(-twice, twice, 1));
        w[i] = p.whole;
        f[i] = p.f;
    }
    uint64_t signs = 0;
#pragma omp simd reduction(| : signs)
    for (int i = 0; i < n; i++) {
        w[i] = -log_join((struct log_parts){w[i], f[i]});
        signs |= tail_sign(w[i]);
    }
    const bool tails = signs >> 63 != 0;
    if (tails) memcpy(kept, q, (size_t)n * sizeof *q); /* z may be q */
#pragma omp simd
    for (int i = 0; i < n; i++) z[i] = normal_centre(q[i], w[i]);
    if (tails) normal_tails(z, kept, w, n);
}

MULTIVERSION_PART void normal_quantile_body(double *z, const double *q, int n)
{
    const int m = padded(n);
    for (int i = 0; i < m; i += VECTOR_BLOCK)
        normal_block(z + i, q + i, m - i < VECTOR_BLOCK ? m - i : VECTOR_BLOCK);
}

#endif
