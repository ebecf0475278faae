/* win_ratio.c - win ratio, net benefit and win odds of a hierarchy of outcomes.
 * SPDX-License-Identifier: MIT */
#include "analysis/pairs.h"

#include <math.h>

/* Wins, losses and pairs over the strata, each weighted by 1/n, n its patients in both arms (Dong
 * et al. 2018, J Biopharm Stat 28:778; Mantel and Haenszel's weights). */
struct totals {
    double wins, losses, pairs, tier_wins[TIERS_MAX], tier_losses[TIERS_MAX];
};

static double weight_of(const struct pairs *p, int n_strata)
{
    return n_strata > 1 ? 1.0 / (p->n[0] + p->n[1]) : 1;
}

static int64_t sum(const int64_t *count, int n)
{
    int64_t total = 0;
    for (int k = 0; k < n; k++) total += count[k];
    return total;
}

static struct totals add_up(const struct pairs *p, int n_strata, int n_tiers)
{
    struct totals t = {0};
    for (int m = 0; m < n_strata; m++) {
        const double weight = weight_of(&p[m], n_strata);
        for (int k = 0; k < n_tiers; k++) {
            t.tier_wins[k] += weight * (double)p[m].wins[k];
            t.tier_losses[k] += weight * (double)p[m].losses[k];
        }
        t.wins += weight * (double)sum(p[m].wins, n_tiers);
        t.losses += weight * (double)sum(p[m].losses, n_tiers);
        t.pairs += weight * p[m].n[0] * p[m].n[1];
    }
    return t;
}

/* What is averaged over pairs: win W_ij - loss L_ij - centre, of mean 0. */
struct score {
    double win, loss, centre;
};

/* Variance of sum_ij Z_ij in one stratum, Z the score, i of n_1 treated, j of n_0 controls: the
 * U-statistic of Bebu & Lachin 2016 (Biostatistics 17:178, section 2), as in Dong et al. 2018:
 *     n_1 n_0 (n_0 a + n_1 b),  a = sum_i sum_{j != k} Z_ij Z_ik / (n_1 n_0 (n_0 - 1)), b likewise
 * where a and b estimate the covariance of two pairs that share a treated patient, or a control. As
 * W and L are 0 or 1 and never both 1, it needs only squares of each patient's wins and losses.
 * Without two patients in each arm a or b is unknown; then the variance of the finite sum,
 * sum_i sum_{j != k} Z_ij Z_ik + sum_j sum_{i != k} Z_ij Z_kj + sum_ij Z_ij^2, stands for it.
 * size: the sum of the terms' absolute values, to tell a variance of 0 from rounding. */
static double stratum_variance(const struct pairs *p, int n_tiers, struct score z, double *size)
{
    const double wins = (double)sum(p->wins, n_tiers), losses = (double)sum(p->losses, n_tiers);
    const double mean = z.win * wins - z.loss * losses, n[2] = {p->n[0], p->n[1]};
    const double own = z.win * z.win * wins + z.loss * z.loss * losses - 2 * z.centre * mean +
                       z.centre * z.centre * n[0] * n[1];
    const bool few = p->n[0] < 2 || p->n[1] < 2;
    double variance = few ? own : 0;
    for (int arm = 0; arm < 2; arm++) {
        const double others = n[1 - arm];
        const double squares =
            z.win * z.win * p->win_squares[arm] + z.loss * z.loss * p->loss_squares[arm];
        const double shared = squares - 2 * z.win * z.loss * p->products[arm] -
                              2 * z.centre * others * mean +
                              z.centre * z.centre * n[arm] * others * others - own;
        variance += few ? shared : others / (others - 1) * shared;
        *size += squares;
    }
    return variance;
}

/* 0 where it is not positive: too few patients, or all pairs alike. */
static double variance_of(const struct pairs *p, int n_strata, int n_tiers, struct score z)
{
    double variance = 0, size = 0;
    for (int m = 0; m < n_strata; m++) {
        const double weight = weight_of(&p[m], n_strata);
        double stratum_size = 0;
        variance += weight * weight * stratum_variance(&p[m], n_tiers, z, &stratum_size);
        size += weight * weight * stratum_size;
    }
    return variance > 1e-12 * size ? variance : 0;
}

enum { RATIO, NET_BENEFIT, ODDS, TIES, WINS, LOSSES, FIRST_TIER };

/* var(log ratio) is that of sum w (W / wins - L / losses), whose mean is 0 in every stratum when
 * the strata have one ratio. With d the net benefit, the win odds are (1 + d)/(1 - d). */
static void estimate(const struct inference *in, const struct pairs *p, const struct sample *s,
                     const struct totals *t, struct result *out)
{
    const double net = (t->wins - t->losses) / t->pairs;
    const struct score difference = {1 / t->pairs, 1 / t->pairs, net / t->pairs};
    const double net_se = sqrt(variance_of(p, s->n_strata, s->n_tiers, difference));
    struct inference plain = *in;
    if (t->wins > 0 && t->losses > 0) {
        const struct score ratio = {1 / t->wins, 1 / t->losses, 0};
        const double se = sqrt(variance_of(p, s->n_strata, s->n_tiers, ratio));
        out[RATIO].why = UNDEFINED_TOO_FEW;
        if (se > 0) result_wald(&out[RATIO], in, SCALE_LOG, log(t->wins / t->losses), se);
    }
    if (!(net_se > 0)) {
        if (fabs(net) < 1) out[NET_BENEFIT].why = out[ODDS].why = UNDEFINED_TOO_FEW;
        return;
    }
    plain.null = 0;
    result_wald(&out[NET_BENEFIT], &plain, SCALE_IDENTITY, net, net_se);
    out[NET_BENEFIT].ci_low = fmax(-1, out[NET_BENEFIT].ci_low);
    out[NET_BENEFIT].ci_high = fmin(1, out[NET_BENEFIT].ci_high);
    plain.null = 1;
    result_wald(&out[ODDS], &plain, SCALE_LOG, log1p(net) - log1p(-net),
                2 * net_se / (1 - net * net));
}

static enum undefined why_not(const struct sample *s, const struct totals *t)
{
    if (s->n == 0) return UNDEFINED_NO_PATIENTS;
    if (!(t->pairs > 0)) return s->n_strata > 1 ? UNDEFINED_NO_STRATUM : UNDEFINED_EMPTY_ARM;
    if (s->n_arm[0] < 2 || s->n_arm[1] < 2) return UNDEFINED_TOO_FEW;
    if (!(t->wins + t->losses > 0)) return UNDEFINED_NO_VARIATION;
    return t->wins > 0 && t->losses > 0 ? UNDEFINED_NO : UNDEFINED_ONE_ARM_WINS;
}

static void share(struct result *r, double part, const struct totals *t)
{
    r->estimate = part / t->pairs;
    r->why = UNDEFINED_NO;
}

static void win_ratio_run(const void *params, const struct inference *in, const struct sample *s,
                          struct scratch *w, struct result *out)
{
    (void)params;
    const struct scratch_mark mark = scratch_save(w);
    struct pairs *p = scratch_take(w, (size_t)s->n_strata, sizeof *p);
    struct totals t = {0};
    if (s->n_arm[0] > 0 && s->n_arm[1] > 0) {
        pairs_count(s, w, p);
        t = add_up(p, s->n_strata, s->n_tiers);
    }
    const enum undefined why = why_not(s, &t);
    for (int k = 0; k < FIRST_TIER + 2 * s->n_tiers; k++)
        out[k] = result_undefined(why == UNDEFINED_NO ? UNDEFINED_TOO_FEW : why, s->n, 0);
    if (why == UNDEFINED_NO || why == UNDEFINED_ONE_ARM_WINS) estimate(in, p, s, &t, out);
    if (t.pairs > 0) {
        share(&out[TIES], t.pairs - t.wins - t.losses, &t);
        share(&out[WINS], t.wins, &t);
        share(&out[LOSSES], t.losses, &t);
        for (int k = 0; k < s->n_tiers; k++) {
            share(&out[FIRST_TIER + 2 * k], t.tier_wins[k], &t);
            share(&out[FIRST_TIER + 2 * k + 1], t.tier_losses[k], &t);
        }
    }
    scratch_restore(w, mark);
}

#define TIER(k)                                                                                    \
    {"tier" #k "_wins", "share of pairs that the treated patient wins on tier " #k,                \
     SCALE_IDENTITY, NAN, BENEFIT_HIGH},                                                           \
    {                                                                                              \
        "tier" #k "_losses", "share of pairs that the treated patient loses on tier " #k,          \
            SCALE_IDENTITY, NAN, BENEFIT_OF_ENDPOINT                                               \
    }
static const struct output win_ratio_outputs[OUTPUTS_MAX] = {
    {NULL, "wins of the treated divided by losses", SCALE_LOG, 1, BENEFIT_HIGH},
    {"net_benefit", "share of pairs won less share lost", SCALE_IDENTITY, 0, BENEFIT_HIGH},
    {"win_odds", "wins and half the ties divided by losses and half the ties", SCALE_LOG, 1,
     BENEFIT_HIGH},
    {"ties", "share of pairs that no tier decides", SCALE_IDENTITY, NAN, BENEFIT_OF_ENDPOINT},
    {"wins", "share of pairs that the treated patient wins", SCALE_IDENTITY, NAN, BENEFIT_HIGH},
    {"losses", "share of pairs that the treated patient loses", SCALE_IDENTITY, NAN,
     BENEFIT_OF_ENDPOINT},
    TIER(1),
    TIER(2),
    TIER(3),
    TIER(4),
    TIER(5),
    TIER(6),
};
#undef TIER
_Static_assert(TIERS_MAX == 6, "one row of outputs a tier");

const struct analysis analysis_win_ratio = {
    .name = "win_ratio",
    .brief = "win ratio, net benefit and win odds of a hierarchy of outcomes",
    .formula =
        "every treated patient against every control of the stratum: the first tier that differs "
        "by more than its\n"
        "margin decides. W = sum of wins/n, L of losses/n, P of pairs/n over strata of n patients; "
        "win ratio W/L,\n"
        "net benefit (W-L)/P, win odds (1+nb)/(1-nb); variance of the U-statistic, Wald limits and "
        "p. compare: time:\n"
        "who has the event (that is harm) first loses, if the other was followed beyond it by more "
        "than the margin;\n"
        "a competing event ends the follow-up",
    .reference =
        "Pocock et al. 2012, Eur Heart J 33:176; Finkelstein & Schoenfeld 1999, Stat Med 18:1341; "
        "variance: Bebu & Lachin 2016, Biostatistics 17:178; Dong et al. 2016, Pharm Stat 15:430; "
        "strata: Dong et al. 2018, J Biopharm Stat 28:778; win odds: Dong et al. 2020, Stat "
        "Biopharm Res 12:99",
    .outcome = OUTCOME_VALUE,
    .uses = USES_HIERARCHY | USES_STRATA,
    .n_outputs = FIRST_TIER,
    .outputs_per_tier = 2,
    .outputs = win_ratio_outputs,
    .example = "{method: win_ratio, hierarchy: [{endpoint: death, tie_if_both: true}, "
               "{endpoint: days, better: higher}]}",
    .run = win_ratio_run,
};
