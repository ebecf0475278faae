/* stream_avx512.c - sixteen lanes of one stream in AVX-512 registers.  SPDX-License-Identifier: MIT
 *
 * A 128-bit state is three limbs of 52, 52 and 24 bits, because the 52-bit multiply-add (IFMA)
 * reads the low 52 bits of its factors and nothing above: a limb may carry garbage there, and is
 * never masked. With s = s0 + 2^52 s1 + 2^104 s2 and likewise a, modulo 2^128, s a = lo(s0 a0) +
 * 2^52 (hi(s0 a0) + lo(s0 a1) + lo(s1 a0))
 *         + 2^104 (hi(s0 a1) + hi(s1 a0) + lo(s0 a2) + lo(s1 a1) + lo(s2 a0)),
 * nine multiply-adds; each limb's carry is added to the next. */
#include "base/stream_paths.h"

#if defined __x86_64__ && defined __GNUC__ && defined __SIZEOF_INT128__

#include "base/dispatch.h"
#include "base/leapfrog.h"

#include <immintrin.h>

#define AVX512     __attribute__((target("avx512f,avx512dq,avx512ifma,avx512vbmi2")))
#define LOW_52     ((UINT64_C(1) << 52) - 1)
#define LIMB(x, k) _mm512_set1_epi64((long long)((uint64_t)((x) >> (52 * (k))) & LOW_52))

enum { LANES = 16, HALF = 8 };

/* Eight 128-bit numbers. */
struct limbs {
    __m512i l0, l1, l2;
};

struct leapfrog {
    struct limbs lane[2], multiplier, shift;
};

AVX512 static inline struct limbs limbs_everywhere(uint128 x)
{
    return (struct limbs){LIMB(x, 0), LIMB(x, 1), LIMB(x, 2)};
}

AVX512 static inline struct limbs limbs_load(const uint128 x[HALF])
{
    const __m512i a = _mm512_loadu_si512(x), b = _mm512_loadu_si512(x + HALF / 2);
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
    const __m512i low = _mm512_permutex2var_epi64(a, even, b);
    const __m512i high = _mm512_permutex2var_epi64(a, odd, b);
    return (struct limbs){low, _mm512_shrdi_epi64(low, high, 52), _mm512_srli_epi64(high, 40)};
}

/* s a + c, the sums ordered for short chains. */
AVX512 static inline struct limbs limbs_step(struct limbs s, struct limbs a, struct limbs c)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i r0 = _mm512_madd52lo_epu64(c.l0, s.l0, a.l0);
    __m512i r1 = _mm512_madd52lo_epu64(zero, s.l0, a.l1);
    r1 = _mm512_add_epi64(
        r1, _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(c.l1, s.l0, a.l0), s.l1, a.l0));
    __m512i r2 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(zero, s.l1, a.l0), s.l1, a.l1);
    __m512i t2 = _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(c.l2, s.l0, a.l1), s.l0, a.l2);
    r2 = _mm512_add_epi64(r2, _mm512_madd52lo_epu64(t2, s.l2, a.l0));
    r1 = _mm512_add_epi64(r1, _mm512_srli_epi64(r0, 52));
    r2 = _mm512_add_epi64(r2, _mm512_srli_epi64(r1, 52));
    return (struct limbs){r0, r1, r2};
}

/* XSL-RR: the halves of the state xored, rotated right by its top six bits. */
AVX512 static inline __m512i limbs_output(struct limbs s)
{
    const __m512i high = _mm512_shldi_epi64(s.l2, _mm512_slli_epi64(s.l1, 12), 40);
    const __m512i low = _mm512_ternarylogic_epi64(_mm512_slli_epi64(s.l1, 52), s.l0,
                                                  _mm512_set1_epi64((long long)LOW_52), 0xf8);
    return _mm512_rorv_epi64(_mm512_xor_si512(high, low), _mm512_srli_epi64(high, 58));
}

/* Exact, as in stream.c: (k + 1/2) 2^-53 - 1/2. */
AVX512 static inline __m512d centred(__m512i bits)
{
    const __m512d k = _mm512_cvtepu64_pd(_mm512_srli_epi64(bits, 11));
    return _mm512_fmadd_pd(k, _mm512_set1_pd(0x1p-53), _mm512_set1_pd(0x1p-54 - 0.5));
}

AVX512 static inline struct leapfrog leapfrog_of(const struct stream *s)
{
    uint128 lane[LANES];
    const struct leap leap = leapfrog_start(s, lane, LANES);
    const uint128 shift = leap.sum * uint128_of(s->increment_high, s->increment_low);
    return (struct leapfrog){{limbs_load(lane), limbs_load(lane + HALF)},
                             limbs_everywhere(leap.multiplier),
                             limbs_everywhere(shift)};
}

AVX512 static inline __m512i leapfrog_next(struct leapfrog *f, int half)
{
    const __m512i bits = limbs_output(f->lane[half]);
    f->lane[half] = limbs_step(f->lane[half], f->multiplier, f->shift);
    return bits;
}

AVX512 static void fill_bits(const struct stream *s, uint64_t *bits, int n)
{
    struct leapfrog f = leapfrog_of(s);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        _mm512_storeu_si512(bits + i, leapfrog_next(&f, 0));
        _mm512_storeu_si512(bits + i + HALF, leapfrog_next(&f, 1));
    }
    const unsigned left = (1u << (n - i)) - 1; /* one bit a lane */
    _mm512_mask_storeu_epi64(bits + i, (__mmask8)(left & 0xff), leapfrog_next(&f, 0));
    _mm512_mask_storeu_epi64(bits + i + HALF, (__mmask8)(left >> HALF), leapfrog_next(&f, 1));
}

AVX512 static void fill(const struct stream *s, double *q, int n)
{
    struct leapfrog f = leapfrog_of(s);
    int i = 0;
    for (; i + HALF < n; i += LANES) {
        _mm512_storeu_pd(q + i, centred(leapfrog_next(&f, 0)));
        _mm512_storeu_pd(q + i + HALF, centred(leapfrog_next(&f, 1)));
    }
    if (i < n) _mm512_storeu_pd(q + i, centred(leapfrog_next(&f, 0)));
}

/* The compiler's support library asked the processor and the operating system before main. */
static bool usable(void)
{
    return HAVE_AVX512(__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512ifma") &&
                       __builtin_cpu_supports("avx512vbmi2"));
}

bool stream_fill_bits_avx512(const struct stream *s, uint64_t *bits, int n)
{
    if (!usable()) return false;
    fill_bits(s, bits, n);
    return true;
}

bool stream_fill_avx512(const struct stream *s, double *q, int n)
{
    if (!usable()) return false;
    fill(s, q, n);
    return true;
}

#else

bool stream_fill_bits_avx512(const struct stream *s, uint64_t *bits, int n)
{
    (void)s, (void)bits, (void)n;
    return false;
}

bool stream_fill_avx512(const struct stream *s, double *q, int n)
{
    (void)s, (void)q, (void)n;
    return false;
}

#endif
