/* kernels.c - see kernels.h.  SPDX-License-Identifier: MIT */
#include "cohort/kernels.h"
#include "base/dispatch.h"
#include "base/number.h"

#include <math.h>

MULTIVERSION void kernel_add_where(const int *restrict group, int g, double value,
                                   double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] += group[i] == g ? value : 0;
}

MULTIVERSION void kernel_add_column_where(const int *restrict group, int g,
                                          const double *restrict column, double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] += group[i] == g ? column[i] : 0;
}

/* Groups are few: a select for each but the first is cheaper than looking values up. */
MULTIVERSION void kernel_choose(const int *restrict group, const double *restrict value,
                                int n_groups, double *restrict y, int n)
{
    const double first = value[0], second = value[n_groups > 1];
    for (int i = 0; i < n; i++) y[i] = group[i] == 0 ? first : second;
    for (int g = 2; g < n_groups; g++) {
        const double own = value[g];
        for (int i = 0; i < n; i++) y[i] = group[i] == g ? own : y[i];
    }
}

/* Looked up one by one: gathers are slower than loads on some processors and no faster on others.
 */
void kernel_add_centres(const int *restrict centre, const double *restrict by_centre, double scale,
                        double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] += scale * by_centre[centre[i]];
}

MULTIVERSION void kernel_fill(double value, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = value;
}

MULTIVERSION void kernel_negate(double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = -x[i];
}

MULTIVERSION void kernel_add(const double *restrict x, double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] += x[i];
}

MULTIVERSION void kernel_multiply(const double *restrict x, double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] *= x[i];
}

MULTIVERSION void kernel_linear(double slope, double offset, double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = __builtin_fma(slope, x[i], offset);
}

MULTIVERSION void kernel_blend(double a, const double *restrict x, double b, double *restrict y,
                               int n)
{
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(a, x[i], b * y[i]);
}

MULTIVERSION void kernel_deviate(const double *restrict scale, double noise, double centre,
                                 double location, const double *restrict score, double *restrict y,
                                 int n)
{
    for (int i = 0; i < n; i++) {
        const double deviation = __builtin_fma(noise, score[i], y[i] - centre);
        y[i] = __builtin_fma(scale[i], deviation, location);
    }
}

MULTIVERSION void kernel_add_before(const double *restrict death, double day, double value,
                                    double *restrict y, int n)
{
    for (int i = 0; i < n; i++) y[i] += death[i] <= day ? value : 0;
}

MULTIVERSION void kernel_absent(const double *restrict death, double day, double *restrict x, int n)
{
    for (int i = 0; i < n; i++) x[i] = death[i] <= day ? NAN : x[i];
}

/* The knots of a hazard, at most KNOTS at a time; the last one repeated fills the rest. */
enum { KNOTS = 8 };
struct knot_table {
    double day[KNOTS], cumulative[KNOTS], slope[KNOTS];
};

static struct knot_table knots_from(const struct hazard *h, int first)
{
    struct knot_table t;
    for (int k = 0; k < KNOTS; k++) {
        const int j = first + k < h->n ? first + k : h->n - 1;
        t.day[k] = h->day[j];
        t.cumulative[k] = h->cumulative[j];
        t.slope[k] = h->slope[j];
    }
    return t;
}

/* Cumulative hazards rise with the knots, so the last knot passed holds: a select for each. `knots`
 * is a constant. */
MULTIVERSION_PART void invert_body(const struct knot_table *t, int knots, bool first,
                                   const int *restrict group, int g, const double *restrict x,
                                   double *restrict time, int n)
{
    for (int i = 0; i < n; i++) {
        double passed = t->cumulative[0], slope = t->slope[0], day = t->day[0];
        for (int k = 1; k < knots; k++) {
            const bool at = x[i] >= t->cumulative[k];
            passed = at ? t->cumulative[k] : passed;
            slope = at ? t->slope[k] : slope;
            day = at ? t->day[k] : day;
        }
        const double over = x[i] - passed, later = day + over / slope;
        const double result = over > 0 ? later : day;
        const bool mine = (first | (x[i] >= t->cumulative[0])) & ((g < 0) | (group[i] == g));
        time[i] = mine ? result : time[i];
    }
}

MULTIVERSION static void invert_knots(const struct knot_table *t, int knots, bool first,
                                      const int *restrict group, int g, const double *restrict x,
                                      double *restrict time, int n)
{
    const struct knot_table local = *t;
    if (knots == 1)
        invert_body(&local, 1, first, group, g, x, time, n);
    else if (knots <= KNOTS / 2)
        invert_body(&local, KNOTS / 2, first, group, g, x, time, n);
    else
        invert_body(&local, KNOTS, first, group, g, x, time, n);
}

void kernel_hazard_inverse(const struct hazard *h, const int *restrict group, int g,
                           const double *restrict cumulative, double *restrict time, int n)
{
    for (int first = 0; first < h->n; first += KNOTS) {
        const struct knot_table t = knots_from(h, first);
        const int knots = h->n - first < KNOTS ? h->n - first : KNOTS;
        invert_knots(&t, knots, first == 0, group, g, cumulative, time, n);
    }
}

MULTIVERSION void kernel_happens(const double *restrict odds, double *restrict q, int n)
{
    for (int i = 0; i < n; i++) q[i] = (q[i] + 0.5) * (1 + odds[i]) < odds[i];
}

MULTIVERSION void kernel_until_death(double probability, double within,
                                     const double *restrict death, double *restrict q, int n)
{
    for (int i = 0; i < n; i++) q[i] = (q[i] + 0.5 < probability) & (death[i] <= within);
}

/* Specialised by its callers for the columns that are there. */
MULTIVERSION_PART void support_body(double from, const struct support_columns *x, bool until,
                                    bool needed, double *restrict start, double *restrict end,
                                    int n)
{
    const double *restrict death = x->death, *restrict time = x->time;
    const double *restrict until_death = x->until, *restrict is_needed = x->needed;
    for (int i = 0; i < n; i++) {
        const double over = smaller(from + time[i], death[i]);
        const double drawn = !needed || is_needed[i] > 0 ? over : 0;
        const double last = until && until_death[i] > 0 ? death[i] : drawn;
        start[i] = last > from ? from : 0;
        end[i] = last > from ? last : 0;
    }
}

MULTIVERSION void kernel_support(double from, const struct support_columns *x,
                                 double *restrict start, double *restrict end, int n)
{
    if (x->until != NULL && x->needed != NULL)
        support_body(from, x, true, true, start, end, n);
    else if (x->until != NULL)
        support_body(from, x, true, false, start, end, n);
    else if (x->needed != NULL)
        support_body(from, x, false, true, start, end, n);
    else
        support_body(from, x, false, false, start, end, n);
}

MULTIVERSION_PART void stay_body(const double *restrict time, const double *restrict until,
                                 bool any, const double *restrict death, double *restrict end,
                                 int n)
{
    for (int i = 0; i < n; i++) {
        const double over = smaller(end[i] + time[i], death[i]);
        end[i] = any && until[i] > 0 ? death[i] : over;
    }
}

MULTIVERSION void kernel_stay(const double *restrict time, const double *restrict until,
                              const double *restrict death, double *restrict end, int n)
{
    if (until != NULL)
        stay_body(time, until, true, death, end, n);
    else
        stay_body(time, until, false, death, end, n);
}

MULTIVERSION void kernel_later(const double *restrict other, double *restrict end, int n)
{
    for (int i = 0; i < n; i++) end[i] = larger(end[i], other[i]);
}

MULTIVERSION void kernel_sofa(struct sofa_scale s, const double *restrict load,
                              const double *restrict e, double *restrict shifted, int n)
{
    for (int i = 0; i < n; i++) {
        const double latent = __builtin_fma(s.noise, e[i], load[i]);
        const double x =
            __builtin_floor(__builtin_fma(s.scale, latent, s.location + shifted[i]) + 0.5);
        shifted[i] = smaller(SOFA_WORST, larger(0, x));
    }
}
