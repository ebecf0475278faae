/* select.c - see select.h.  SPDX-License-Identifier: MIT
 *
 * Hoare (1961) Communications of the ACM 4:321, algorithm 65, with the median of three as pivot. */
#include "stat/select.h"

static void swap(double *a, double *b)
{
    const double held = *a;
    *a = *b;
    *b = held;
}

double select_smallest(double *x, int n, int k)
{
    int low = 0, high = n - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (x[middle] < x[low]) swap(&x[middle], &x[low]);
        if (x[high] < x[low]) swap(&x[high], &x[low]);
        if (x[high] < x[middle]) swap(&x[high], &x[middle]);
        const double pivot = x[middle];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i <= j) swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return x[k];
}
