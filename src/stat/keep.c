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

#else

int keep_column(const double *x, const unsigned char *keep, int n, double *out)
{
    return keep_rows(x, keep, n, out);
}

#endif
