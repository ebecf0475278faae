/* fisher.c - Fisher's exact test and the conditional odds ratio.  SPDX-License-Identifier: MIT
 *
 * Given the margins, the number of events in the treated arm has Fisher's noncentral hypergeometric
 * distribution, w(x) = C(n1, x) C(n0, k - x) psi^x with k events in all (Cornfield 1956, Proc Third
 * Berkeley Symp 4:135). All sums start at its mode and end where the weights vanish: sqrt(n) terms.
 */
#include "analysis/two_by_two.h"

#include <math.h>

struct margins {
    double n1, n0, k;    /* patients of the two arms, events in all */
    int low, high, x;    /* least and largest possible events among the treated; those seen */
    const double *ratio; /* [high - low] w(low + i + 1) / w(low + i) at odds ratio 1 */
};

enum tail { UPPER, LOWER }; /* P(X >= x), P(X <= x) */

struct moments {
    double mean, variance;
    double tail, tail_mean; /* the share of the tail, and the mean in it */
};

static struct margins margins_of(const struct two_by_two *t, struct scratch *w)
{
    const double k = t->events[0] + t->events[1];
    struct margins m = {
        t->n[1],           t->n[0], k, (int)fmax(0, k - t->n[0]), (int)fmin(k, t->n[1]),
        (int)t->events[1], NULL};
    double *ratio = scratch_doubles(w, m.high - m.low + 1);
    for (int i = 0; i < m.high - m.low; i++) {
        const double x = m.low + i;
        ratio[i] = (m.n1 - x) * (k - x) / ((x + 1) * (m.n0 - k + x + 1));
    }
    m.ratio = ratio;
    return m;
}

/* The mode, the larger root of w(x) = w(x - 1) where psi > 1 and the smaller elsewhere, rounded
 * down (Liao & Rosen 2001, Am Stat 55:366). */
static int mode_of(const struct margins *m, double odds_ratio)
{
    const double a = odds_ratio - 1, c = odds_ratio * (m->n1 + 1) * (m->k + 1);
    const double b = -((m->n1 + m->k + 2) * odds_ratio + m->n0 - m->k);
    const double q = -(b + copysign(sqrt(fmax(0, b * b - 4 * a * c)), b)) / 2;
    const double mode = floor(b < 0 ? c / q : q / a);
    return (int)fmin(fmax(mode, m->low), m->high);
}

static struct moments moments_at(const struct margins *m, double log_ratio, enum tail tail)
{
    const double psi = exp(log_ratio), nothing = 1e-280;
    const int mode = mode_of(m, psi);
    double sum = 0, first = 0, second = 0, in_tail = 0, tail_first = 0, weight = 1;
    for (int x = mode; x <= m->high && weight > nothing; x++) {
        const double d = x - mode, inside = (tail == UPPER ? x >= m->x : x <= m->x) ? weight : 0;
        sum += weight;
        first += weight * d;
        second += weight * d * d;
        in_tail += inside;
        tail_first += inside * d;
        if (x < m->high) weight *= psi * m->ratio[x - m->low];
    }
    weight = 1;
    for (int x = mode - 1; x >= m->low && weight > nothing; x--) {
        weight /= psi * m->ratio[x - m->low];
        const double d = x - mode, inside = (tail == UPPER ? x >= m->x : x <= m->x) ? weight : 0;
        sum += weight;
        first += weight * d;
        second += weight * d * d;
        in_tail += inside;
        tail_first += inside * d;
    }
    first /= sum;
    return (struct moments){mode + first, second / sum - first * first, in_tail / sum,
                            mode + tail_first / in_tail};
}

/* Newton from `start`: the root of mean = x where target is 0, else of log share = log target. Both
 * are smooth and monotone in the log odds ratio; the log share is also concave, so that from the
 * second step on it is approached from one side. Steps are held to `reach`. */
static double solve(const struct margins *m, double start, double reach, enum tail tail,
                    double target)
{
    double at = start;
    for (int i = 0; i < 100; i++) {
        const struct moments f = moments_at(m, at, tail);
        const double step = target > 0 ? log(target / f.tail) / (f.tail_mean - f.mean)
                                       : (m->x - f.mean) / f.variance;
        const double held = isnan(step) ? 0 : fmax(-reach, fmin(reach, step));
        at += held;
        if (fabs(held) <= 1e-8 * (1 + fabs(at))) break;
    }
    return at;
}

/* P under the odds ratio psi: of no more likely tables, or of the tail towards benefit. Tables
 * count as equally likely within 1e-7, as in R. */
static double p_exact(const struct margins *m, const struct inference *in, struct scratch *w)
{
    const double psi = in->null;
    if (in->sides == 1) return moments_at(m, log(psi), in->benefit > 0 ? UPPER : LOWER).tail;
    const int size = m->high - m->low + 1, mode = mode_of(m, psi) - m->low;
    double *weight = scratch_doubles(w, size), sum = 0, no_more = 0;
    weight[mode] = 1;
    for (int i = mode + 1; i < size; i++) weight[i] = weight[i - 1] * psi * m->ratio[i - 1];
    for (int i = mode - 1; i >= 0; i--) weight[i] = weight[i + 1] / (psi * m->ratio[i]);
    const double most = weight[m->x - m->low] * (1 + 1e-7);
    for (int i = 0; i < size; i++) {
        sum += weight[i];
        no_more += weight[i] <= most ? weight[i] : 0;
    }
    return no_more / sum;
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
    const double a = t.events[1] + 0.5, b = t.n[1] - t.events[1] + 0.5;
    const double c = t.events[0] + 0.5, d = t.n[0] - t.events[0] + 0.5;
    const double rough = log(a * d / (b * c)), se = sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    const double tail = in->alpha / in->sides, reach = 4 * se;
    const bool least = m.x == m.low, most = m.x == m.high;
    *out = (struct result){
        .estimate = least  ? 0
                    : most ? INFINITY
                           : exp(solve(&m, rough, reach, UPPER, 0)),
        .se = NAN,
        .ci_low = least ? 0 : exp(solve(&m, rough - in->z * se, reach, UPPER, tail)),
        .ci_high = most ? INFINITY : exp(solve(&m, rough + in->z * se, reach, LOWER, tail)),
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
