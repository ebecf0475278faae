/* mantel_haenszel.c - see mantel_haenszel.h.  SPDX-License-Identifier: MIT
 *
 * In a stratum x1 of n1 treated and x0 of n0 controls have the event, n = n1 + n0. A stratum with
 * one arm only adds nothing to any sum. */
#include "analysis/mantel_haenszel.h"

#include "analysis/two_by_two.h"

#include <math.h>
#include <string.h>

static const struct two_by_two *tables_of(const struct sample *s, struct scratch *w)
{
    struct two_by_two *t = scratch_take(w, (size_t)s->n_strata, sizeof *t);
    memset(t, 0, (size_t)s->n_strata * sizeof *t);
    for (int i = 0; i < s->n; i++) {
        struct two_by_two *mine = &t[s->stratum != NULL ? s->stratum[i] : 0];
        mine->n[s->arm[i]] += 1;
        mine->events[s->arm[i]] += s->value[i] > 0.5;
    }
    return t;
}

/* R / S with R = sum x1 n0 / n, S = sum x0 n1 / n; the variance of its logarithm is
 *     sum (n1 n0 (x1 + x0) - x1 x0 n) / n^2 / (R S)
 * (Greenland & Robins 1985, Biometrics 41:55, equation 13), the numerator here in the form
 * x1 n1 (n0 - x0) + x0 n0 (n1 - x1), which does not cancel. */
struct common_effect mantel_haenszel_ratio(const struct sample *s, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct two_by_two *t = tables_of(s, w);
    double treated = 0, control = 0, spread = 0, pairs = 0;
    for (int k = 0; k < s->n_strata; k++) {
        const double n0 = t[k].n[0], n1 = t[k].n[1], n = n0 + n1;
        const double x0 = t[k].events[0], x1 = t[k].events[1];
        treated += x1 * n0 / n;
        control += x0 * n1 / n;
        spread += (x1 * n1 * (n0 - x0) + x0 * n0 * (n1 - x1)) / (n * n);
        pairs += n0 * n1;
    }
    scratch_restore(w, mark);
    struct common_effect e = {log(treated / control), sqrt(spread / (treated * control)),
                              UNDEFINED_NO};
    if (!(pairs > 0))
        e.why = UNDEFINED_NO_STRATUM;
    else if (!(treated > 0) || !(control > 0))
        e.why = UNDEFINED_NO_EVENTS_IN_ARM;
    else if (!(spread > 0))
        e.why = UNDEFINED_NO_VARIATION;
    return e;
}

/* D = sum w (x1/n1 - x0/n0) / sum w with w = n1 n0 / n; its variance, right for few large and for
 * many small strata, is (D sum P + sum Q) / (sum w)^2 with
 *     P = (n1^2 x0 - n0^2 x1 + n1 n0 (n0 - n1) / 2) / n^2
 *     Q = (x1 (n0 - x0) + x0 (n1 - x1)) / (2 n)
 * (Sato 1989, Biometrics 45:1323). */
struct common_effect mantel_haenszel_difference(const struct sample *s, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct two_by_two *t = tables_of(s, w);
    double weight = 0, gap = 0, p = 0, q = 0, size = 0;
    for (int k = 0; k < s->n_strata; k++) {
        const double n0 = t[k].n[0], n1 = t[k].n[1], n = n0 + n1;
        const double x0 = t[k].events[0], x1 = t[k].events[1];
        if (!(n0 * n1 > 0)) continue;
        weight += n0 * n1 / n;
        gap += (x1 * n0 - x0 * n1) / n;
        const double one = (n1 * n1 * x0 - n0 * n0 * x1 + n1 * n0 * (n0 - n1) / 2) / (n * n);
        p += one;
        q += (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n);
        size += fabs(one);
    }
    scratch_restore(w, mark);
    struct common_effect e = {.estimate = gap / weight, .why = UNDEFINED_NO};
    const double variance = e.estimate * p + q;
    e.se = sqrt(variance) / weight;
    if (!(weight > 0))
        e.why = UNDEFINED_NO_STRATUM;
    else if (!(variance > 1e-13 * (size + q)))
        e.why = UNDEFINED_NO_VARIATION;
    return e;
}
