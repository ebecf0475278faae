/* keep.c - see keep.h.  SPDX-License-Identifier: MIT
 *
 * Without branches, since who is kept is random. */
#include "stat/keep.h"
#include "base/dispatch.h"

#include <stdint.h>
#include <string.h>

static int keep_rows(const double *x, const unsigned char *keep, int n, double *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        out[kept] = x[i];
        kept += keep[i];
    }
    return kept;
}

static int keep_byte_rows(const unsigned char *x, const unsigned char *keep, int n,
                          unsigned char *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        out[kept] = x[i];
        kept += keep[i];
    }
    return kept;
}

/* From `first` on. */
static int keep_index_rows(const unsigned char *keep, int first, int n, int *out)
{
    int kept = 0;
    for (int i = first; i < n; i++) {
        out[kept] = i;
        kept += keep[i];
    }
    return kept;
}

#if defined __x86_64__ && defined __GNUC__

#include <immintrin.h>

enum { LANES = 8 };

/* Bit k of the mask is byte k of the eight. */
__attribute__((target("avx512f,bmi2,popcnt"))) static int keep_lanes(const double *x,
                                                                     const unsigned char *keep,
                                                                     int n, double *out)
{
    int kept = 0, i = 0;
    for (; i + LANES <= n; i += LANES) {
        uint64_t bytes;
        memcpy(&bytes, keep + i, sizeof bytes);
        const unsigned mask = (unsigned)_pext_u64(bytes, UINT64_C(0x0101010101010101));
        const __m512d values = _mm512_loadu_pd(x + i);
        _mm512_storeu_pd(out + kept, _mm512_maskz_compress_pd((__mmask8)mask, values));
        kept += __builtin_popcount(mask);
    }
    return kept + keep_rows(x + i, keep + i, n - i, out + kept);
}

int keep_column(const double *x, const unsigned char *keep, int n, double *out)
{
    if (HAVE_AVX512(__builtin_cpu_supports("bmi2"))) return keep_lanes(x, keep, n, out);
    return keep_rows(x, keep, n, out);
}

__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))) static int keep_byte_lanes(
    const unsigned char *x, const unsigned char *keep, int n, unsigned char *out)
{
    enum { BYTES = 64 };
    int kept = 0, i = 0;
    for (; i + BYTES <= n; i += BYTES) {
        const __m512i kept_bytes = _mm512_loadu_si512(keep + i);
        const __mmask64 mask = _mm512_test_epi8_mask(kept_bytes, kept_bytes);
        const __m512i values = _mm512_loadu_si512(x + i);
        _mm512_storeu_si512(out + kept, _mm512_maskz_compress_epi8(mask, values));
        kept += __builtin_popcountll(mask);
    }
    return kept + keep_byte_rows(x + i, keep + i, n - i, out + kept);
}

int keep_bytes(const unsigned char *x, const unsigned char *keep, int n, unsigned char *out)
{
    if (HAVE_AVX512(__builtin_cpu_supports("avx512vbmi2"))) return keep_byte_lanes(x, keep, n, out);
    return keep_byte_rows(x, keep, n, out);
}

__attribute__((target("avx512f,avx512bw,avx512vl,popcnt"))) static int keep_index_lanes(
    const unsigned char *keep, int n, int *out)
{
    enum { INDICES = 16 };
    int kept = 0, i = 0;
    __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; i + INDICES <= n; i += INDICES) {
        const __m128i kept_bytes = _mm_loadu_si128((const __m128i *)(keep + i));
        const __mmask16 mask = _mm_test_epi8_mask(kept_bytes, kept_bytes);
        _mm512_storeu_si512(out + kept, _mm512_maskz_compress_epi32(mask, index));
        index = _mm512_add_epi32(index, _mm512_set1_epi32(INDICES));
        kept += __builtin_popcount(mask);
    }
    return kept + keep_index_rows(keep, i, n, out + kept);
}

int keep_indices(const unsigned char *keep, int n, int *out)
{
    if (HAVE_AVX512(__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")))
        return keep_index_lanes(keep, n, out);
    return keep_index_rows(keep, 0, n, out);
}

#else

int keep_indices(const unsigned char *keep, int n, int *out)
{
    return keep_index_rows(keep, 0, n, out);
}

int keep_bytes(const unsigned char *x, const unsigned char *keep, int n, unsigned char *out)
{
    return keep_byte_rows(x, keep, n, out);
}

int keep_column(const double *x, const unsigned char *keep, int n, double *out)
{
    return keep_rows(x, keep, n, out);
}

#endif
