/* bernoulli.c - see bernoulli.h.  SPDX-License-Identifier: MIT */
#include "analysis/bernoulli.h"

#include "base/dispatch.h"
#include "stat/vector.h"

#include <math.h>

MULTIVERSION static int count_events(const double *restrict value, int n)
{
    int events = 0;
    for (int i = 0; i < n; i++) events += value[i] > 0;
    return events;
}

MULTIVERSION static int count_treated_events(const double *restrict value,
                                             const unsigned char *restrict arm, int n)
{
    int events = 0;
    for (int i = 0; i < n; i++) events += (value[i] > 0) & arm[i];
    return events;
}

struct bernoulli_events bernoulli_count(const struct sample *s)
{
    struct bernoulli_events e = {.total = count_events(s->value, s->n)};
    if (s->arm == NULL) return e;
    e.in_arm[1] = count_treated_events(s->value, s->arm, s->n);
    e.in_arm[0] = e.total - e.in_arm[1];
    return e;
}

enum undefined bernoulli_why_not(const struct sample *s, struct bernoulli_events e)
{
    if (s->n == 0) return UNDEFINED_NO_PATIENTS;
    if (s->arm != NULL && (s->n_arm[0] == 0 || s->n_arm[1] == 0)) return UNDEFINED_EMPTY_ARM;
    if (e.total == 0) return UNDEFINED_NO_EVENTS;
    if (e.total == s->n) return UNDEFINED_ALL_EVENTS;
    for (int k = 0; k < 2 && s->term < 0; k++) {
        if (e.in_arm[k] == 0) return UNDEFINED_NO_EVENTS_IN_ARM;
        if (e.in_arm[k] == s->n_arm[k]) return UNDEFINED_ALL_EVENTS_IN_ARM;
    }
    return UNDEFINED_NO;
}

/* With u = exp(-|eta|): log-likelihood  y eta - max(eta, 0) - log(1 + u)
 *                       variance        v = u / (1 + u)^2
 *                       residual        y - 1/(1 + exp(-eta)), without cancellation near 0 and 1.
 * u becomes 1 + u. */
MULTIVERSION static void terms(double *restrict u, double *restrict v, double *restrict residual,
                               double *restrict loglik, const double *restrict eta,
                               const double *restrict y, int n)
{
    for (int i = 0; i < n; i++) {
        const double whole = 1 + u[i], large = 1 / whole, small = u[i] * large;
        const double p = eta[i] > 0 ? large : small, q = eta[i] > 0 ? small : large;
        v[i] = small * large;
        residual[i] = y[i] * q - (1 - y[i]) * p;
        loglik[i] = y[i] * eta[i] - (eta[i] > 0 ? eta[i] : 0);
        u[i] = whole;
    }
}

void bernoulli_evaluate(const struct bernoulli *to, const double *eta, const double *y, int n)
{
    for (int i = 0; i < n; i++) to->whole[i] = -fabs(eta[i]);
    vector_exp(to->whole, to->whole, n);
    terms(to->whole, to->v, to->residual, to->loglik, eta, y, n);
}
