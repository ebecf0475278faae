/* range.c - see range.h.  SPDX-License-Identifier: MIT */
#include "stat/range.h"
#include "base/dispatch.h"

enum { LANES = 8 };

MULTIVERSION struct range range_of(const double *x, int n)
{
    double low[LANES], high[LANES];
    for (int k = 0; k < LANES; k++) low[k] = high[k] = x[0];
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
            high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
        }
    struct range r = {low[0], high[0]};
    for (int k = 1; k < LANES; k++) {
        r.low = low[k] < r.low ? low[k] : r.low;
        r.high = high[k] > r.high ? high[k] : r.high;
    }
    for (; i < n; i++) {
        r.low = x[i] < r.low ? x[i] : r.low;
        r.high = x[i] > r.high ? x[i] : r.high;
    }
    return r;
}

MULTIVERSION struct extent extent_of(const double *restrict x, int n)
{
    double low = x[0], high = x[0], sum = 0;
#pragma omp simd reduction(min : low) reduction(max : high) reduction(+ : sum)
    for (int i = 0; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        sum += x[i];
    }
    return (struct extent){low, high, sum / n};
}
