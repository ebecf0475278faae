/* roc_curve.c - see roc_curve.h.  SPDX-License-Identifier: MIT */
#include "analysis/roc_curve.h"
#include "stat/order.h"

#include <math.h>

struct levels roc_levels(const struct sample *s, const double *marker, struct scratch *w)
{
    struct levels l = {.level = scratch_take(w, (size_t)s->n + 1, sizeof *l.level),
                       .of = scratch_ints(w, s->n)};
    const struct scratch_mark mark = scratch_save(w);
    int *index = scratch_ints(w, s->n);
    order_ascending(index, marker, s->n, w);
    for (int i = 0; i < s->n; i++) {
        const double x = marker[index[i]];
        if (i == 0 || x > l.level[l.n - 1].marker)
            l.level[l.n++] = (struct level){x, 0, 0, l.n_cases, l.n_controls};
        const int is_case = s->value[index[i]] > 0;
        l.of[index[i]] = l.n - 1;
        l.level[l.n - 1].cases += is_case;
        l.level[l.n - 1].controls += !is_case;
        l.n_cases += is_case;
        l.n_controls += !is_case;
    }
    scratch_restore(w, mark);
    return l;
}

double roc_case_placement(const struct levels *l, int k)
{
    return (l->level[k].controls_below + 0.5 * l->level[k].controls) / l->n_controls;
}

double roc_control_placement(const struct levels *l, int k)
{
    return (l->n_cases - l->level[k].cases_below - 0.5 * l->level[k].cases) / l->n_cases;
}

/* AUC is the mean placement; its variance is var(case placements) / cases plus var(control
 * placements) / controls, with divisors m-1 (DeLong, DeLong & Clarke-Pearson 1988, Biometrics
 * 44:837, in the form of Sun & Xu 2014, IEEE Signal Process Lett 21:1389). Limits are cut to [0,
 * 1]. */
struct result roc_area(const struct levels *l, const struct inference *in)
{
    if (l->n_cases < 2 || l->n_controls < 2) return result_undefined(UNDEFINED_TOO_FEW, 0, 0);
    if (l->n < 2) return result_undefined(UNDEFINED_CONSTANT_MARKER, 0, 0);
    const double n1 = l->n_cases, n0 = l->n_controls;
    double auc = 0, of_cases = 0, of_controls = 0;
    for (int k = 0; k < l->n; k++) auc += l->level[k].cases * roc_case_placement(l, k);
    auc /= n1;
    for (int k = 0; k < l->n; k++) {
        const double a = roc_case_placement(l, k) - auc;
        const double b = roc_control_placement(l, k) - auc;
        of_cases += l->level[k].cases * a * a;
        of_controls += l->level[k].controls * b * b;
    }
    const double se = sqrt(of_cases / (n1 - 1) / n1 + of_controls / (n0 - 1) / n0);
    struct result r = {0};
    result_wald(&r, in, SCALE_IDENTITY, auc, se);
    r.ci_low = fmax(r.ci_low, 0);
    r.ci_high = fmin(r.ci_high, 1);
    if (!(se > 0)) r.statistic = r.p_value = NAN;
    return r;
}
