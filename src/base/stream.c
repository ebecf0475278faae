/* stream.c - see stream.h.  SPDX-License-Identifier: MIT */
#include "base/stream.h"
#include "base/dispatch.h"
#include "base/stream_paths.h"

#ifdef __SIZEOF_INT128__
#include "base/leapfrog.h"
#endif

#include <string.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio, odd */

/* The two 64-bit finalisers of Steele, Lea & Flood 2014 (OOPSLA, doi:10.1145/2660193.2660195):
 * Stafford's variant 13, and that of MurmurHash3. Each is a bijection. */
static inline uint64_t mix_variant13(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t mix_murmur(uint64_t z)
{
    z = (z ^ z >> 33) * UINT64_C(0xff51afd7ed558ccd);
    z = (z ^ z >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return z ^ z >> 33;
}

/* Each chain takes in the three words one after the other. For given other two words a chain is a
 * bijection of the third, so streams that differ in one word only never meet; any other two meet
 * only if both chains do. */
struct streams streams_of(uint64_t seed, uint64_t replicate)
{
    const uint64_t a = mix_variant13(seed + GOLDEN), b = mix_murmur(seed - GOLDEN);
    return (struct streams){mix_variant13(a ^ (replicate + GOLDEN)),
                            mix_murmur(b ^ (replicate - GOLDEN))};
}

struct stream stream_of(struct streams s, uint64_t variable)
{
    const uint64_t a = mix_variant13(s.a ^ (variable + GOLDEN));
    const uint64_t b = mix_murmur(s.b ^ (variable - GOLDEN));
    return (struct stream){.state_high = mix_variant13(a + GOLDEN),
                           .state_low = mix_variant13(a + 2 * GOLDEN),
                           .increment_high = mix_murmur(b + GOLDEN),
                           .increment_low = mix_murmur(b + 2 * GOLDEN) | 1};
}

struct stream stream_for(uint64_t seed, uint64_t replicate, uint64_t variable)
{
    return stream_of(streams_of(seed, replicate), variable);
}

/* FNV-1a (Fowler, Noll & Vo 1991), then mixed, since short names leave its high bits poor. */
uint64_t stream_variable(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *c = name; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return mix_variant13(h);
}

uint64_t stream_indexed(uint64_t variable, uint64_t k)
{
    return mix_variant13(variable ^ mix_murmur(k + GOLDEN));
}

/* q = (k + 1/2) 2^-53 - 1/2, k the top 53 bits. Every operation is exact. The halves of k become
 * doubles as low bits of 2^84 and of 2^52, since few vector units convert 64-bit integers. */
MULTIVERSION_PART double centred(uint64_t bits)
{
    const uint64_t k = bits >> 11;
    const uint64_t high = k >> 32 | UINT64_C(0x4530000000000000); /* 2^84 + 2^32 (k >> 32) */
    const uint64_t low = (k & UINT32_MAX) | UINT64_C(0x4330000000000000); /* 2^52 + low half */
    double h, l;
    memcpy(&h, &high, sizeof h);
    memcpy(&l, &low, sizeof l);
    return (h - (0x1p84 + 0x1p53) + l + 0.5) * 0x1p-53;
}

double stream_uniform(struct stream *s)
{
    const double u = centred(stream_next(s)) + 0.5;
    return u < 1 ? u : 1 - 0x1p-53; /* the sum rounds, at the top to 1 */
}

#ifdef __SIZEOF_INT128__

enum { LANES = 4, BLOCK = 256 };

/* XSL-RR (O'Neill 2014): the halves xored, rotated right by the top six bits. */
MULTIVERSION_PART uint64_t output(uint128 state)
{
    const uint64_t high = (uint64_t)(state >> 64), x = high ^ (uint64_t)state;
    const unsigned r = (unsigned)(high >> 58);
    return x >> r | x << (-r & 63);
}

uint64_t stream_next(struct stream *s)
{
    const uint128 state = uint128_of(s->state_high, s->state_low) * leap_step().multiplier +
                          uint128_of(s->increment_high, s->increment_low);
    s->state_high = (uint64_t)(state >> 64);
    s->state_low = (uint64_t)state;
    return output(state);
}

struct leapfrog {
    uint128 lane[LANES], multiplier, shift;
};

MULTIVERSION_PART struct leapfrog leapfrog_of(const struct stream *s)
{
    struct leapfrog f;
    const struct leap leap = leapfrog_start(s, f.lane, LANES);
    f.multiplier = leap.multiplier;
    f.shift = leap.sum * uint128_of(s->increment_high, s->increment_low);
    return f;
}

MULTIVERSION_PART void leapfrog_next(struct leapfrog *f, uint64_t bits[LANES])
{
    for (int k = 0; k < LANES; k++) {
        bits[k] = output(f->lane[k]);
        f->lane[k] = f->lane[k] * f->multiplier + f->shift;
    }
}

void stream_fill_bits_leapfrog(const struct stream *s, uint64_t *bits, int n)
{
    struct leapfrog f = leapfrog_of(s);
    int i = 0;
    for (; i + LANES <= n; i += LANES) leapfrog_next(&f, bits + i);
    if (i >= n) return;
    uint64_t last[LANES];
    leapfrog_next(&f, last);
    memcpy(bits + i, last, (size_t)(n - i) * sizeof *bits);
}

MULTIVERSION void stream_fill_leapfrog(const struct stream *s, double *q, int n)
{
    struct leapfrog f = leapfrog_of(s);
    for (int i = 0; i < n; i += BLOCK) {
        uint64_t bits[BLOCK];
        const int m = n - i < BLOCK ? (n - i + 7) & -8 : BLOCK;
        for (int j = 0; j < m; j += LANES) leapfrog_next(&f, bits + j);
        for (int j = 0; j < m; j++) q[i + j] = centred(bits[j]);
    }
}

#else /* without 128-bit integers the library does the work */

uint64_t stream_next(struct stream *s)
{
    return stream_next_library(s);
}

void stream_fill_bits_leapfrog(const struct stream *s, uint64_t *bits, int n)
{
    stream_fill_bits_library(s, bits, n);
}

void stream_fill_leapfrog(const struct stream *s, double *q, int n)
{
    struct stream from = *s;
    for (int i = 0; i < (n + 7) / 8 * 8; i++) q[i] = centred(stream_next_library(&from));
}

#endif

void stream_fill_bits(const struct stream *s, uint64_t *bits, int n)
{
    if (!stream_fill_bits_avx512(s, bits, n)) stream_fill_bits_leapfrog(s, bits, n);
}

void stream_fill(const struct stream *s, double *q, int n)
{
    if (!stream_fill_avx512(s, q, n)) stream_fill_leapfrog(s, q, n);
}
