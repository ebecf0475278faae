/* fisher.c - Fisher's exact test and the conditional odds ratio.  SPDX-License-Identifier: MIT
 *
 * Given the margins, the number of events in the treated arm has Fisher's noncentral hypergeometric
 * distribution, w(x) = C(n1, x) C(n0, k - x) psi^x with k events in all (Cornfield 1956, Proc Third
 * Berkeley Symp 4:135). All sums start at its mode and end where the weights vanish: sqrt(n) terms.
 */
#include "analysis/two_by_two.h"
#include "base/dispatch.h"

#include <math.h>

struct margins {
    double n1, n0, k;        /* patients of the two arms, events in all */
    int low, size, x;        /* least possible events among the treated, of so many; those seen */
    const double *up, *down; /* [size] w(low + i) / w(low + i - 1), w(low + i) / w(low + i + 1) at
                                odds ratio 1, where there are both */
};

enum tail { UPPER, LOWER }; /* P(X >= x), P(X <= x) */

struct moments {
    double mean, variance;
    double tail, tail_mean; /* the share of the tail, and the mean in it */
};

MULTIVERSION static void find_ratios(const struct margins *m, double *restrict up,
                                     double *restrict down)
{
    for (int i = 1; i < m->size; i++) {
        const double x = m->low + i;
        const double ways = (m->n1 - x + 1) * (m->k - x + 1), back = x * (m->n0 - m->k + x);
        up[i] = ways / back;
        down[i - 1] = back / ways;
    }
}

static struct margins margins_of(const struct two_by_two *t, struct scratch *w)
{
    const double k = t->events[0] + t->events[1];
    struct margins m = {.n1 = t->n[1],
                        .n0 = t->n[0],
                        .k = k,
                        .low = (int)fmax(0, k - t->n[0]),
                        .x = (int)t->events[1]};
    m.size = (int)fmin(k, t->n[1]) - m.low + 1;
    double *up = scratch_doubles(w, m.size), *down = scratch_doubles(w, m.size);
    find_ratios(&m, up, down);
    m.up = up;
    m.down = down;
    return m;
}

/* The mode from `low`, the larger root of w(x) = w(x - 1) where psi > 1 and the smaller elsewhere,
 * rounded down (Liao & Rosen 2001, Am Stat 55:366). */
static int mode_of(const struct margins *m, double odds_ratio)
{
    const double a = odds_ratio - 1, c = odds_ratio * (m->n1 + 1) * (m->k + 1);
    const double b = -((m->n1 + m->k + 2) * odds_ratio + m->n0 - m->k);
    const double q = -(b + copysign(sqrt(fmax(0, b * b - 4 * a * c)), b)) / 2;
    const double mode = floor(b < 0 ? c / q : q / a);
    return (int)fmin(fmax(mode - m->low, 0), m->size - 1);
}

/* Sums over x, as distances from the mode where the weight is 1; tail: over it alone. */
struct weighted {
    double sum, first, second, tail, tail_first;
};

/* Adds the weights on one side of the mode. */
static inline void add_side(struct weighted *t, const struct margins *m, int mode, int step,
                            double factor, enum tail tail)
{
    const double nothing = 1e-280, *ratio = step > 0 ? m->up : m->down;
    const int x = m->x - m->low;
    double weight = 1, d = 0;
    for (int i = mode + step; i >= 0 && i < m->size; i += step) {
        weight *= factor * ratio[i];
        if (weight <= nothing) break;
        d += step;
        const double inside = (tail == UPPER ? i >= x : i <= x) ? weight : 0;
        t->sum += weight;
        t->first += weight * d;
        t->second += weight * d * d;
        t->tail += inside;
        t->tail_first += inside * d;
    }
}

static struct moments moments_at(const struct margins *m, double log_ratio, enum tail tail)
{
    const double psi = exp(log_ratio);
    const int mode = mode_of(m, psi), x = m->x - m->low;
    struct weighted t = {.sum = 1, .tail = tail == UPPER ? mode >= x : mode <= x};
    add_side(&t, m, mode, 1, psi, tail);
    add_side(&t, m, mode, -1, 1 / psi, tail);
    const double mean = t.first / t.sum, origin = m->low + mode;
    return (struct moments){origin + mean, t.second / t.sum - mean * mean, t.tail / t.sum,
                            origin + t.tail_first / t.tail};
}

/* Newton from `start`: the root of mean = x where target is 0, else of log share = log target. Both
 * are smooth and monotone in the log odds ratio; the log share is also concave, so that from the
 * second step on it is approached from one side. Newton's steps square the error: of a step, r
 * times as long as the one before, r^2 is left. Steps are held to `reach`. */
static double solve(const struct margins *m, double start, double reach, enum tail tail,
                    double target)
{
    double at = start, last = 0;
    for (int i = 0; i < 100; i++) {
        const struct moments f = moments_at(m, at, tail);
        const double step = target > 0 ? log(target / f.tail) / (f.tail_mean - f.mean)
                                       : (m->x - f.mean) / f.variance;
        const double held = isnan(step) ? 0 : fmax(-reach, fmin(reach, step));
        at += held;
        const double r = held / last, left = fabs(held) * fmin(1, r * r);
        if (fabs(held) <= 1e-3 && left <= 1e-13 * (1 + fabs(at))) break;
        last = held;
    }
    return at;
}

/* P under the odds ratio psi: of no more likely tables, or of the tail towards benefit. Tables
 * count as equally likely within 1e-7, as in R. */
static double p_exact(const struct margins *m, const struct inference *in, struct scratch *w)
{
    const double psi = in->null;
    if (in->sides == 1) return moments_at(m, log(psi), in->benefit > 0 ? UPPER : LOWER).tail;
    const int size = m->size, mode = mode_of(m, psi);
    double *weight = scratch_doubles(w, size), sum = 0, no_more = 0;
    weight[mode] = 1;
    for (int i = mode + 1; i < size; i++) weight[i] = weight[i - 1] * (psi * m->up[i]);
    for (int i = mode - 1; i >= 0; i--) weight[i] = weight[i + 1] * (m->down[i] / psi);
    const double most = weight[m->x - m->low] * (1 + 1e-7);
    for (int i = 0; i < size; i++) {
        sum += weight[i];
        no_more += weight[i] <= most ? weight[i] : 0;
    }
    return no_more / sum;
}

/* The limits and the estimate of odds(treated) / odds(control). */
struct limits {
    double low, estimate, high;
};

/* Newton starts from Woolf's estimate with 1/2 added to each count and, as the distribution is
 * discrete, from his limits after half a patient has been moved outwards. */
static struct limits find_limits(const struct two_by_two *t, const struct margins *m,
                                 const struct inference *in)
{
    const double a = t->events[1] + 0.5, b = t->n[1] - t->events[1] + 0.5;
    const double c = t->events[0] + 0.5, d = t->n[0] - t->events[0] + 0.5;
    const double se = sqrt(1 / a + 1 / b + 1 / c + 1 / d), reach = 4 * se, least = 0.25;
    const double low = log(fmax(a - 1, least) * fmax(d - 1, least) / (b * c)) - in->z * se;
    const double high = log(a * d / (fmax(b - 1, least) * fmax(c - 1, least))) + in->z * se;
    const double tail = in->alpha / in->sides;
    struct limits f = {0, 0, INFINITY};
    if (m->x > m->low) f.low = exp(solve(m, low, reach, UPPER, tail));
    if (m->x < m->low + m->size - 1) {
        f.high = exp(solve(m, high, reach, LOWER, tail));
        if (m->x > m->low) f.estimate = exp(solve(m, log(a * d / (b * c)), reach, UPPER, 0));
    } else {
        f.estimate = INFINITY;
    }
    return f;
}

static void fisher_run(const void *params, const struct inference *in, const struct sample *s,
                       struct scratch *w, struct result *out)
{
    (void)params;
    const struct two_by_two t = two_by_two_count(s);
    const int events = two_by_two_events(&t);
    const enum undefined why = two_by_two_why_not(&t);
    if (why != UNDEFINED_NO) {
        *out = result_undefined(why, s->n, events);
        return;
    }
    const struct scratch_mark mark = scratch_save(w);
    const struct margins m = margins_of(&t, w);
    const struct limits f = find_limits(&t, &m, in);
    *out = (struct result){
        .estimate = f.estimate,
        .se = NAN,
        .ci_low = f.low,
        .ci_high = f.high,
        .statistic = NAN,
        .p_value = p_exact(&m, in, w),
        .n = s->n,
        .events = events,
    };
    scratch_restore(w, mark);
}

static const struct output fisher_outputs[] = {
    {.brief = "conditional odds ratio", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_fisher = {
    .name = "fisher",
    .brief = "Fisher's exact test",
    .formula = "conditional maximum-likelihood odds ratio (0 or infinite when the table is at an "
               "end of its\n"
               "range), exact limits with alpha/2 in each tail; p the sum over tables no more "
               "likely than the\n"
               "one seen, or one-sided the tail towards benefit",
    .reference = "Fisher 1935, J R Stat Soc 98:39; Cornfield 1956; R fisher.test",
    .outcome = OUTCOME_BINARY,
    .n_outputs = 1,
    .outputs = fisher_outputs,
    .example = "{method: fisher, endpoint: death}",
    .run = fisher_run,
};
