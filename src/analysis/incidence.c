/* incidence.c - see incidence.h.  SPDX-License-Identifier: MIT */
#include "analysis/incidence.h"

#include <math.h>

/* One arm's survival of every event, and incidence of the event, on both sides of a time. */
struct state {
    double survival, survival_after, incidence, incidence_after;
};

static const struct state at_start = {1, 1, 0, 0};

static struct state state_next(struct state s, const struct life_time *at, int arm)
{
    const double n = at->at_risk[arm], d = at->events[arm], c = at->competing[arm];
    struct state next = {s.survival_after, s.survival_after, s.incidence_after, s.incidence_after};
    if (n > 0) {
        next.survival_after *= (n - d - c) / n;
        next.incidence_after += next.survival * d / n;
    }
    return next;
}

/* What is left of the variance of d deaths among n when they are tied. */
static double tied(double d, double n)
{
    return d > 1 ? 1 - (d - 1) / (n - 1) : 1;
}

/* F = sum S(s-) d/n over times s up to t, S the survival of every event. With the share
 * r = (F(t) - F(s)) / S(s), and c competing events,
 *     variance = sum (S(s-)/n)^2 (d (1 - r)^2 + c r^2),
 * where d and c of more than one are multiplied by 1 - (d-1)/(n-1); r is 0 where S(s) is.
 * Aalen 1978, Ann Stat 6:534; Gray 1988, Ann Stat 16:1141 (R cmprsk cuminc). */
struct incidence incidence_at(const struct life_table *t, int arm, double time)
{
    struct incidence found = {0, 0};
    struct state s = at_start;
    int n = 0;
    for (; n < t->n && t->at[n].time <= time; n++) s = state_next(s, &t->at[n], arm);
    found.share = s.incidence_after;
    s = at_start;
    for (int i = 0; i < n; i++) {
        const struct life_time *at = &t->at[i];
        const double r = at->at_risk[arm], d = at->events[arm], c = at->competing[arm];
        s = state_next(s, at, arm);
        if (!(d + c > 0)) continue;
        const double left = found.share - s.incidence_after;
        const double share = s.survival_after > 0 ? left / s.survival_after : 0;
        const double own = d * tied(d, r) * (1 - share) * (1 - share);
        const double other = c * tied(c, r) * share * share;
        found.variance += s.survival * s.survival / (r * r) * (own + other);
    }
    return found;
}

/* What the variance of Gray's score adds up, at one time in one arm. */
struct variance_term {
    double a, c;       /* the score's weight, and its integral up to now */
    double own, other; /* variance of an event and of a competing one */
    double slope, other_slope;
};

/* Gray 1988, Ann Stat 16:1141, section 2, with weight 1. With h = n/S(t-), R = h (1 - F(t-)) of an
 * arm, h. and R. their sums over the arms and d. the events of both,
 *     score = sum d_1 - d. R_1/R.
 * and F0 the incidence from steps d./h.. Its variance is a sum over arms r and times of
 *     (a + u (c(end) - c))^2 d. / (h. h_r)        a = h_1 ([r = 1] - h_r/h.), u = 1 - (1 - F0)/S_r
 *     ((1 - u) (c(end) - c))^2 (S_r(t-)/n_r)^2 d_2r        c = sum a d. / (h. (1 - F0(t-)))
 * with ties as in incidence_at. Where one arm only is at risk a is 0, and F0 may reach 1. */
struct gray_test gray_test(const struct life_table *t, struct scratch *w)
{
    struct gray_test test = {0, 0};
    struct state s[2] = {at_start, at_start};
    const struct scratch_mark mark = scratch_save(w);
    struct variance_term *term = scratch_take(w, 2 * (size_t)t->n + 1, sizeof *term);
    double pooled = 0, c[2] = {0};
    for (int i = 0; i < t->n; i++) {
        const struct life_time *at = &t->at[i];
        double h[2] = {0}, risk[2] = {0};
        for (int r = 0; r < 2; r++) {
            s[r] = state_next(s[r], at, r);
            if (at->at_risk[r] > 0) h[r] = at->at_risk[r] / s[r].survival;
            risk[r] = h[r] * (1 - s[r].incidence);
        }
        const double d = at->events[0] + at->events[1], all = h[0] + h[1], step = d / all;
        test.score += at->events[1] - d * risk[1] / (risk[0] + risk[1]);
        for (int r = 0; r < 2; r++) {
            struct variance_term *now = &term[2 * i + r];
            *now = (struct variance_term){0};
            if (at->at_risk[r] == 0) continue;
            const double n = at->at_risk[r], other = at->competing[r], after = s[r].survival_after;
            now->a = h[1] * ((r == 1) - h[r] / all);
            if (fabs(now->a) > 0) c[r] += now->a * step / (1 - pooled);
            now->c = c[r];
            now->other_slope = after > 0 ? (1 - pooled - step) / after : 0;
            now->slope = 1 - now->other_slope;
            now->own = step / h[r] * tied(d, all * s[r].survival);
            now->other = after > 0 ? other * tied(other, n) / (h[r] * h[r]) : 0;
        }
        pooled += step;
    }
    for (int i = 0; i < 2 * t->n; i++) {
        const struct variance_term *now = &term[i];
        const double rest = c[i % 2] - now->c, own = now->a + now->slope * rest;
        const double other = now->other_slope * rest;
        test.variance += own * own * now->own + other * other * now->other;
    }
    scratch_restore(w, mark);
    return test;
}
