/* discrete.c - see discrete.h.  SPDX-License-Identifier: MIT */
#include "stat/discrete.h"
#include "stat/order.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void weighted_sort(struct weighted *a, int n, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct weighted *copy = scratch_take(w, (size_t)n, sizeof *copy);
    double *key = scratch_doubles(w, n);
    int *order = scratch_ints(w, n);
    memcpy(copy, a, (size_t)n * sizeof *copy);
    for (int i = 0; i < n; i++) key[i] = a[i].value;
    order_ascending(order, key, n, w);
    for (int i = 0; i < n; i++) a[i] = copy[order[i]];
    scratch_restore(w, mark);
}

struct discrete discrete_from(struct weighted *points, int n, struct scratch *w)
{
    struct discrete d = {0, scratch_doubles(w, n), scratch_doubles(w, n + 1)};
    weighted_sort(points, n, w);
    double total = 0;
    for (int i = 0; i < n; i++) {
        if (i == 0 || points[i].value > points[i - 1].value) {
            d.value[d.n] = points[i].value;
            d.below[d.n++] = total;
        }
        total += points[i].weight;
    }
    d.below[d.n] = total;
    return d;
}

double discrete_sd(const struct discrete *d)
{
    const double total = d->below[d->n], origin = d->n > 0 ? d->value[d->n / 2] : 0;
    double mean = 0, square = 0;
    for (int k = 0; k < d->n; k++) {
        mean += (d->below[k + 1] - d->below[k]) * (d->value[k] - origin);
    }
    mean /= total;
    for (int k = 0; k < d->n; k++) {
        const double deviation = d->value[k] - origin - mean;
        square += (d->below[k + 1] - d->below[k]) * deviation * deviation;
    }
    return sqrt(square / total);
}
