/* difference.c - see difference.h.  SPDX-License-Identifier: MIT
 *
 * Row i of the matrix of differences y[j] - x[i] rises along its columns j, and columns fall from
 * row to row: what lies below a pivot is a staircase, found by halving all rows together. */
#include "stat/difference.h"
#include "base/dispatch.h"
#include "stat/distribution.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* first[i] += how many of the `width` columns from first[i] on are below the pivot in row i, that
 * is y[j] - x[i] < pivot. All rows are halved together: no branch depends on data. y[] is
 * increasing and goes on with infinity. */
MULTIVERSION static void skip_below(int *restrict first, const double *y, const double *x, int n,
                                    int width, double pivot)
{
    for (int left = width; left > 0; left /= 2) {
        const int step = left - left / 2;
        for (int i = 0; i < n; i++) first[i] += step & -(y[first[i] + step - 1] - x[i] < pivot);
    }
}

/* y's values, then infinity as often as there are and once more. */
static double *endless_column(const struct discrete *y, struct scratch *w)
{
    double *column = scratch_doubles(w, 2 * y->n + 1);
    memcpy(column, y->value, (size_t)y->n * sizeof *column);
    for (int j = y->n; j <= 2 * y->n; j++) column[j] = INFINITY;
    return column;
}

/* The first column of each row whose difference is > at. */
static const int *first_above(const struct discrete *y, const struct discrete *x, double at,
                              struct scratch *w)
{
    int *first = scratch_ints(w, x->n);
    memset(first, 0, (size_t)x->n * sizeof *first);
    skip_below(first, endless_column(y, w), x->value, x->n, y->n, nextafter(at, INFINITY));
    return first;
}

double difference_weight(const struct discrete *y, const struct discrete *x, double at,
                         struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int *first = first_above(y, x, at, w);
    double weight = 0;
    for (int i = 0; i < x->n; i++) weight += (x->below[i + 1] - x->below[i]) * y->below[first[i]];
    scratch_restore(w, mark);
    return weight;
}

double difference_above(const struct discrete *y, const struct discrete *x, double at,
                        struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const int *first = first_above(y, x, at, w);
    const double *column = endless_column(y, w);
    double least = INFINITY;
    for (int i = 0; i < x->n; i++) {
        const double difference = column[first[i]] - x->value[i];
        least = difference < least ? difference : least;
    }
    scratch_restore(w, mark);
    return least;
}

/* --- quantiles -------------------------------------------------------------------------------- */

/* Two staircases: row i has columns before less[i] below the pivot and before not_above[i] not
 * above it; and the weights of those pairs. */
struct cut {
    double at, weight_less, weight_not_above;
    int *less, *not_above;
};

/* Cuts that are known serve the next quantile too. */
enum { CUTS_MAX = 48 };
struct matrix {
    const struct discrete *y, *x;
    const double *column; /* y's values, then infinity */
    double total;         /* weight */
    int n_cuts;
    struct cut cut[CUTS_MAX]; /* the whole first: nothing is below, nothing above */
};

/* The pairs still in question: columns low->not_above[i] … high->less[i] - 1 of row i, at most
 * `width`. */
struct band {
    const struct cut *low, *high;
    int width;
    int64_t n;
};

static struct cut cut_room(const struct matrix *m, double at, struct scratch *w)
{
    return (struct cut){
        .at = at, .less = scratch_ints(w, m->x->n), .not_above = scratch_ints(w, m->x->n)};
}

static void matrix_start(struct matrix *m, const struct discrete *y, const struct discrete *x,
                         struct scratch *w)
{
    const double least = y->below[1] * (x->below[x->n] - x->below[x->n - 1]);
    const double largest = (y->below[y->n] - y->below[y->n - 1]) * x->below[1];
    *m = (struct matrix){.y = y, .x = x, .column = endless_column(y, w), .n_cuts = 2};
    m->total = y->below[y->n] * x->below[x->n];
    m->cut[0] = cut_room(m, y->value[0] - x->value[x->n - 1], w);
    m->cut[1] = cut_room(m, y->value[y->n - 1] - x->value[0], w);
    m->cut[0].weight_not_above = least;
    m->cut[1].weight_less = m->total - largest;
    m->cut[1].weight_not_above = m->total;
    for (int i = 0; i < x->n; i++) {
        m->cut[0].not_above[i] = 0;
        m->cut[1].less[i] = y->n;
    }
}

/* The smallest value at which the weight of a[0..n) reaches `weight`, by partition without branches
 * on the values; a is reordered. */
static double weighted_select(struct weighted *a, int n, double weight, struct scratch *w)
{
    struct weighted *below = scratch_take(w, (size_t)n, sizeof *below);
    struct weighted *above = scratch_take(w, (size_t)n, sizeof *above);
    while (n > 1) {
        const double u = a[0].value, v = a[n / 2].value, t = a[n - 1].value;
        const double pivot = fmax(fmin(u, v), fmin(fmax(u, v), t));
        int n_below = 0, n_above = 0;
        double weight_below = 0, weight_at = 0;
        for (int i = 0; i < n; i++) {
            const struct weighted p = a[i];
            const bool is_below = p.value<pivot, is_above = p.value> pivot;
            below[n_below] = above[n_above] = p;
            n_below += is_below;
            n_above += is_above;
            weight_below += is_below * p.weight;
            weight_at += (!is_below & !is_above) * p.weight;
        }
        struct weighted **next = n_below > 0 && weight <= weight_below ? &below : &above;
        if (next == &above) {
            if (weight <= weight_below + weight_at || n_above == 0) return pivot;
            weight -= weight_below + weight_at;
        }
        n = next == &above ? n_above : n_below;
        struct weighted *spare = a;
        a = *next;
        *next = spare;
    }
    return a[0].value;
}

static int width_of(const struct cut *low, const struct cut *high, int n)
{
    int width = 0;
    for (int i = 0; i < n; i++) {
        const int here = high->less[i] - low->not_above[i];
        width = here > width ? here : width;
    }
    return width;
}

static struct band band_between(const struct cut *low, const struct cut *high, int n)
{
    struct band b = {low, high, width_of(low, high, n), 0};
    for (int i = 0; i < n; i++) b.n += high->less[i] - low->not_above[i];
    return b;
}

/* Where there is no room for another cut, those of the band are kept. */
static void make_room(struct matrix *m, const struct band *b)
{
    if (m->n_cuts < CUTS_MAX) return;
    const struct cut low = *b->low, high = *b->high;
    m->cut[2] = low;
    m->cut[3] = high;
    m->n_cuts = 4;
}

/* Cuts the band at the pivot. */
static void add_cut(struct matrix *m, const struct band *b, double pivot, struct scratch *w)
{
    const struct discrete *y = m->y, *x = m->x;
    struct cut c = cut_room(m, pivot, w);
    memcpy(c.less, b->low->not_above, (size_t)x->n * sizeof *c.less);
    skip_below(c.less, m->column, x->value, x->n, b->width, pivot);
    for (int i = 0; i < x->n; i++) {
        int j = c.less[i];
        const double row = x->below[i + 1] - x->below[i];
        c.weight_less += row * y->below[j];
        while (j < y->n && y->value[j] - x->value[i] <= pivot) j++;
        c.weight_not_above += row * y->below[j];
        c.not_above[i] = j;
    }
    make_room(m, b);
    m->cut[m->n_cuts++] = c;
}

/* One of the pairs in question, the choice spread evenly over them by a hash of the pass: expected
 * progress whatever the data are, and the same for the same data. */
static double pivot_among_pairs(const struct matrix *m, const struct band *b, uint64_t pass)
{
    uint64_t h = (pass + 1) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    int64_t k = (int64_t)((double)(h >> 11) * 0x1p-53 * (double)b->n);
    const int *low = b->low->not_above, *high = b->high->less;
    int i = 0;
    while (i + 1 < m->x->n && k >= high[i] - low[i]) {
        k -= high[i] - low[i];
        i++;
    }
    return m->y->value[low[i] + (int)k] - m->x->value[i];
}

static double probit(double share)
{
    return normal_quantile(fmin(fmax(share, 1e-300), 1 - 1e-16));
}

/* Interpolates between the ends of the band on the scale of normal quantiles, which makes most
 * distributions nearly straight, but a little past the target (side 1: above it, -1: below), so
 * that the end on that side closes in. */
static double pivot_by_weight(const struct matrix *m, const struct band *b, double weight, int side)
{
    const double bottom = probit(b->low->weight_not_above / m->total);
    const double top = probit(b->high->weight_less / m->total), target = probit(weight / m->total);
    const double aim = (target - bottom) / (top - bottom) + 0.03 * side;
    return b->low->at + fmin(fmax(aim, 0.02), 0.98) * (b->high->at - b->low->at);
}

/* The pairs between the nearest cuts known; true where one of them is the answer, *found. */
static bool narrow(const struct matrix *m, double weight, struct band *b, double *found)
{
    const struct cut *low = &m->cut[0], *high = &m->cut[1];
    for (int k = 2; k < m->n_cuts; k++) {
        const struct cut *c = &m->cut[k];
        if (weight <= c->weight_less)
            high = c->at < high->at ? c : high;
        else if (weight > c->weight_not_above)
            low = c->at > low->at ? c : low;
        else
            *found = c->at;
    }
    *b = band_between(low, high, m->x->n);
    return !isnan(*found);
}

static double band_select(const struct matrix *m, const struct band *b, double weight,
                          struct scratch *w)
{
    const struct discrete *y = m->y, *x = m->x;
    const struct scratch_mark mark = scratch_save(w);
    struct weighted *a = scratch_take(w, (size_t)b->n, sizeof *a);
    int n = 0;
    for (int i = 0; i < x->n; i++) {
        const double row = x->below[i + 1] - x->below[i];
        weight -= row * y->below[b->low->not_above[i]];
        for (int j = b->low->not_above[i]; j < b->high->less[i]; j++)
            a[n++] =
                (struct weighted){y->value[j] - x->value[i], row * (y->below[j + 1] - y->below[j])};
    }
    const double found = weighted_select(a, n, weight, w);
    scratch_restore(w, mark);
    return found;
}

/* Selection in a matrix with sorted rows and columns by cutting a band at pivots until few pairs
 * are left, after Monahan 1984, ACM Trans Math Softw 10:265 (algorithm 616). */
static double quantile(struct matrix *m, double weight, struct scratch *w)
{
    const int64_t few = (int64_t)m->x->n + m->y->n;
    int64_t before = INT64_MAX;
    int slow = 0, side = 1; /* slow: passes in a row that kept more than half of the pairs */
    double found = NAN;
    struct band b;
    for (uint64_t pass = 0; !narrow(m, weight, &b, &found) && b.n > few; pass++) {
        slow = b.n > before / 2 ? slow + 1 : 0;
        before = b.n;
        const double pivot =
            slow % 4 == 3 ? pivot_among_pairs(m, &b, pass) : pivot_by_weight(m, &b, weight, side);
        add_cut(m, &b, pivot, w);
        side = weight > m->cut[m->n_cuts - 1].weight_not_above ? 1 : -1;
    }
    return isnan(found) ? band_select(m, &b, weight, w) : found;
}

void difference_quantiles(const struct discrete *y, const struct discrete *x, int n,
                          const double *weight, double *value, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct matrix m;
    matrix_start(&m, y, x, w);
    for (int k = 0; k < n; k++) value[k] = quantile(&m, weight[k], w);
    scratch_restore(w, mark);
}
