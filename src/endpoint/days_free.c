/* days_free.c - days alive and free of a set of supports.  SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "model/endpoint.h"

#include <math.h>

enum { UNIT_DAY, UNIT_HOUR };
enum { DEATH_ZERO, DEATH_COUNTED, DEATH_WORST };

struct days_free {
    struct names of;
    double within;
    int unit, death;
    bool from_last;
    int n;
    enum support support[SUPPORT_COUNT]; /* bound from `of` */
};

static const struct param params[] = {
    {PARAM_AT(struct days_free, of), .type = PARAM_NAMES, .flags = PARAM_REQUIRED,
     .help = "vasopressor, hyperlactataemia, ventilation, renal_replacement: none may be on"},
    {PARAM_AT(struct days_free, within), .type = PARAM_NUMBER, .unit = "days", .fallback = 28,
     .min = 0, .max = 3650, .flags = PARAM_OPEN_MIN, .help = "days counted, from randomisation"},
    {PARAM_AT(struct days_free, unit), .type = PARAM_CHOICE, .choices = "day|hour",
     .help = "calendar days free throughout and alive at the end, or fractional days"},
    {PARAM_AT(struct days_free, death), .type = PARAM_CHOICE, .choices = "zero|counted|worst",
     .help = "dead within: 0 days, the free days before death, or -1"},
    {PARAM_AT(struct days_free, from_last), .type = PARAM_FLAG,
     .help = "only days after the last support ended"},
    {0}};

static double horizon(const void *own)
{
    return ((const struct days_free *)own)->within;
}

static void check(void *own, const struct endpoint_question *q, struct course_needs *needs)
{
    struct days_free *d = own;
    needs->death = true;
    for (int k = 0; k < d->of.n && d->n < SUPPORT_COUNT; k++) {
        d->support[d->n] = endpoint_support(q, d->of.item[k].text, d->of.item[k].at, needs);
        d->n += d->support[d->n] < SUPPORT_COUNT;
    }
    if (d->unit == UNIT_DAY && fabs(d->within - rint(d->within)) > 0)
        error_at(q->r->errors, q->at, "endpoint '%s': within must be whole days, not %g", q->name,
                 d->within);
}

/* Length of (0, last] covered by the union of the intervals. */
static double covered(int n, double *start, double *end, double last)
{
    for (int k = 1; k < n; k++) /* by start; at most four */
        for (int j = k; j > 0 && start[j] < start[j - 1]; j--) {
            const double s = start[j], e = end[j];
            start[j] = start[j - 1], end[j] = end[j - 1];
            start[j - 1] = s, end[j - 1] = e;
        }
    double total = 0, reached = 0;
    for (int k = 0; k < n; k++) {
        const double from = larger(start[k], reached), to = smaller(end[k], last);
        if (to > from) {
            total += to - from;
            reached = to;
        }
    }
    return total;
}

static double free_days(const struct days_free *d, const struct course *c, int i)
{
    const bool by_day = d->unit == UNIT_DAY;
    const double death = c->death[i];
    const double alive = smaller(d->within, by_day ? ceil(death) - 1 : death);
    if (death <= d->within && d->death != DEATH_COUNTED) return d->death == DEATH_WORST ? -1 : 0;
    if (d->n == 1) {
        const double s = c->support_start[d->support[0]][i], e = c->support_end[d->support[0]][i];
        if (!(e > s) || s >= d->within) return alive;
        const double from = by_day ? floor(s) : s, to = by_day ? ceil(e) : e;
        return d->from_last ? larger(0, alive - to) : alive - larger(0, smaller(to, alive) - from);
    }
    double start[SUPPORT_COUNT], end[SUPPORT_COUNT], last = 0;
    int n = 0;
    for (int k = 0; k < d->n; k++) {
        const double s = c->support_start[d->support[k]][i], e = c->support_end[d->support[k]][i];
        if (!(e > s) || s >= d->within) continue; /* never on, or only after the window */
        start[n] = by_day ? floor(s) : s;
        end[n] = by_day ? ceil(e) : e;
        last = larger(last, end[n++]);
    }
    return d->from_last ? larger(0, alive - last) : alive - covered(n, start, end, alive);
}

static void compute(const void *own, const struct patients *p, const struct course *c,
                    struct outcome *out)
{
    const struct days_free *d = own;
    for (int i = 0; i < p->n; i++)
        out->value[i] = endpoint_knows(p, c->death[i], i, d->within) ? free_days(d, c, i) : NAN;
}

const struct endpoint endpoint_days_free = {
    .name = "days_free",
    .brief = "days alive with none of a set of supports on",
    .formula =
        "days in (0, within] alive and free; by calendar day d: free throughout (d-1, d] and "
        "alive at d",
    .reference = "Yehya et al. (2019) Am J Respir Crit Care Med 200:828",
    .params = params,
    .params_size = sizeof(struct days_free),
    .outcome = OUTCOME_VALUE,
    .has_value = true,
    .better = 1,
    .example = "{kind: days_free, of: [vasopressor], within: 28, death: zero}",
    .horizon = horizon,
    .check = check,
    .compute = compute,
};
