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
#define LIMB(x, k) ((uint64_t)((x) >> (52 * (k))) & LOW_52)

enum { LANES = 16, HALF = 8 };

/* A^k and 1 + A + ... + A^(k-1) for k up to LANES, by the bits of k. */
#define A_2               (MULTIPLIER * MULTIPLIER)
#define A_4               (A_2 * A_2)
#define A_8               (A_4 * A_4)
#define A_16              (A_8 * A_8)
#define FACTOR(k, bit, a) ((k) & (bit) ? (a) : (uint128)1)
#define POWER(k)                                                                                   \
    (FACTOR(k, 1, MULTIPLIER) * FACTOR(k, 2, A_2) * FACTOR(k, 4, A_4) * FACTOR(k, 8, A_8) *        \
     FACTOR(k, 16, A_16))
#define SUM_2                       (1 + MULTIPLIER)
#define SUM_4                       (SUM_2 * (1 + A_2))
#define SUM_8                       (SUM_4 * (1 + A_4))
#define SUM_16                      (SUM_8 * (1 + A_8))
#define AFTER(k, bit, sum, a, rest) ((k) & (bit) ? (sum) + (a) * (rest) : (rest))
#define SUM(k)                                                                                     \
    AFTER(k, 1, 1, MULTIPLIER,                                                                     \
          AFTER(k, 2, SUM_2, A_2,                                                                  \
                AFTER(k, 4, SUM_4, A_4, AFTER(k, 8, SUM_8, A_8, (k)&16 ? SUM_16 : (uint128)0))))

/* Limb l of each lane's. */
#define HALF_LIMBS(of, k, l)                                                                       \
    LIMB(of(k), l), LIMB(of(k + 1), l), LIMB(of(k + 2), l), LIMB(of(k + 3), l),                    \
        LIMB(of(k + 4), l), LIMB(of(k + 5), l), LIMB(of(k + 6), l), LIMB(of(k + 7), l)
#define LANE_LIMBS(of, l)                                                                          \
    {                                                                                              \
        HALF_LIMBS(of, 1, l), HALF_LIMBS(of, 9, l)                                                 \
    }
#define ALL_LIMBS(of)                                                                              \
    {                                                                                              \
        LANE_LIMBS(of, 0), LANE_LIMBS(of, 1), LANE_LIMBS(of, 2)                                    \
    }
static const uint64_t lane_power[3][LANES] = ALL_LIMBS(POWER), lane_sum[3][LANES] = ALL_LIMBS(SUM);

/* Eight 128-bit numbers. */
struct limbs {
    __m512i l0, l1, l2;
};

struct leapfrog {
    struct limbs lane[2], multiplier, shift;
};

AVX512 static inline struct limbs limbs_everywhere(uint128 x)
{
    return (struct limbs){_mm512_set1_epi64((long long)LIMB(x, 0)),
                          _mm512_set1_epi64((long long)LIMB(x, 1)),
                          _mm512_set1_epi64((long long)LIMB(x, 2))};
}

AVX512 static inline struct limbs limbs_load(const uint64_t x[3][LANES], int from)
{
    return (struct limbs){_mm512_loadu_si512(x[0] + from), _mm512_loadu_si512(x[1] + from),
                          _mm512_loadu_si512(x[2] + from)};
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
    return _mm512_rorv_epi64(_mm512_xor_si512(high, low), _mm512_srli_epi64(s.l2, 18));
}

/* Exact, as in stream.c: (k + 1/2) 2^-53 - 1/2. */
AVX512 static inline __m512d centred(__m512i bits)
{
    const __m512d k = _mm512_cvtepu64_pd(_mm512_and_si512(bits, _mm512_set1_epi64(-2048)));
    return _mm512_fmadd_pd(k, _mm512_set1_pd(0x1p-64), _mm512_set1_pd(0x1p-54 - 0.5));
}

/* Lane k starts at A^(k+1) s + (1 + A + ... + A^k) c. What is added must not carry garbage. */
AVX512 static inline struct limbs lanes_from(struct limbs state, struct limbs increment, int from)
{
    const __m512i zero = _mm512_setzero_si512(), low = _mm512_set1_epi64((long long)LOW_52);
    struct limbs c =
        limbs_step(increment, limbs_load(lane_sum, from), (struct limbs){zero, zero, zero});
    c.l0 = _mm512_and_si512(c.l0, low);
    c.l1 = _mm512_and_si512(c.l1, low);
    return limbs_step(state, limbs_load(lane_power, from), c);
}

AVX512 static inline struct leapfrog leapfrog_of(const struct stream *s)
{
    const uint128 c = uint128_of(s->increment_high, s->increment_low);
    const struct limbs state = limbs_everywhere(uint128_of(s->state_high, s->state_low));
    const struct limbs increment = limbs_everywhere(c);
    return (struct leapfrog){{lanes_from(state, increment, 0), lanes_from(state, increment, HALF)},
                             limbs_everywhere(POWER(LANES)),
                             limbs_everywhere(SUM(LANES) * c)};
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
