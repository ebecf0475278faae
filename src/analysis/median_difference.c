/* median_difference.c - shift of location: Hodges-Lehmann, difference of sample medians, or
 * regression of the median.
 * SPDX-License-Identifier: MIT */
#include "analysis/quantile_difference.h"
#include "stat/bootstrap_median.h"
#include "stat/difference.h"
#include "stat/rank.h"

#include <float.h>
#include <math.h>

struct median_difference {
    int estimator, ci;
};
enum { HODGES_LEHMANN, MEDIANS, QUANTILE_REGRESSION };
enum { CI_DEFAULT, CI_BOOTSTRAP, CI_SANDWICH, CI_RANK_INVERSION };

static const struct param median_difference_params[] = {
    {PARAM_AT(struct median_difference, estimator), .type = PARAM_CHOICE,
     .choices = "hodges_lehmann|medians|quantile_regression",
     .help = "median of all pairs' differences, difference of the two medians, or the arm's "
             "coefficient in a regression of the median (with adjust and strata)"},
    {PARAM_AT(struct median_difference, ci), .type = PARAM_CHOICE,
     .choices = "default|bootstrap|sandwich|rank_inversion",
     .help = "limits: `medians` percentiles of the exact bootstrap distribution; "
             "`quantile_regression` sandwich (its default) or rank_inversion"},
    {0},
};

/* The rank sum statistic of the values less the shift that is tested. */
static struct mann_whitney shifted_test(const struct sample *s, const struct tally *t, double null,
                                        struct scratch *w)
{
    if (!(fabs(null) > 0)) return mann_whitney(t);
    double *value = scratch_doubles(w, s->n);
    for (int i = 0; i < s->n; i++) value[i] = s->value[i] - (s->arm[i] ? null : 0);
    const struct tally shifted = tally_make(value, s->arm, s->n, w);
    return mann_whitney(&shifted);
}

/* Hollander & Wolfe 1999, Nonparametric Statistical Methods, section 4.3 (large samples): limits
 * are the c-th smallest and largest difference, c = floor(n1 n0 / 2 - z sd(U)) and at least 1, here
 * with the variance of U corrected for ties. Their distance over 2 z estimates the standard error
 * (Lehmann 1963, Ann Math Stat 34:1507). */
static void hodges_lehmann(const struct inference *in, const struct sample *s, struct scratch *w,
                           struct result *out)
{
    const struct tally t = tally_make(s->value, s->arm, s->n, w);
    const struct mann_whitney m = mann_whitney(&t);
    const struct mann_whitney test = shifted_test(s, &t, in->null, w);
    if (!(m.sd > 0) || !(test.sd > 0)) {
        *out = result_undefined(UNDEFINED_NO_VARIATION, s->n, 0);
        return;
    }
    const double half = 0.5 * s->n_arm[0] * s->n_arm[1];
    if (half < 1) { /* limits would be the one difference there is */
        *out = result_undefined(UNDEFINED_TOO_FEW, s->n, 0);
        return;
    }
    const struct shift shift = shift_between(&t, fmax(1, floor(half - in->z * m.sd)), w);
    const double z = (test.u - half) / test.sd;
    *out = (struct result){.estimate = shift.median,
                           .se = (shift.high - shift.low) / (2 * in->z),
                           .ci_low = shift.low,
                           .ci_high = shift.high,
                           .statistic = z,
                           .p_value = p_normal(in, z),
                           .n = s->n};
}

static double *arm_sorted(const struct sample *s, int arm, struct scratch *w)
{
    double *x = scratch_doubles(w, s->n_arm[arm]);
    const struct scratch_mark mark = scratch_save(w);
    struct weighted *a = scratch_take(w, (size_t)s->n_arm[arm] + 1, sizeof *a);
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        a[n].value = s->value[i];
        n += s->arm[i] == arm;
    }
    weighted_sort(a, n, w);
    for (int i = 0; i < n; i++) x[i] = a[i].value;
    scratch_restore(w, mark);
    return x;
}

static double median_sorted(const double *x, int n)
{
    const double low = x[(n - 1) / 2], high = x[n / 2];
    return low + (high - low) / 2;
}

static double extent(const struct discrete *d)
{
    return fmax(fabs(d->value[0]), fabs(d->value[d->n - 1]));
}

/* Differences are compared with the null but for rounding, and a level counts as reached within
 * 1e-11, which covers the weights left out. */
static void medians(const struct inference *in, const struct sample *s, struct scratch *w,
                    struct result *out)
{
    const int n0 = s->n_arm[0], n1 = s->n_arm[1];
    const double *x = arm_sorted(s, 0, w), *y = arm_sorted(s, 1, w);
    if (!(x[n0 - 1] > x[0]) && !(y[n1 - 1] > y[0])) {
        *out = result_undefined(UNDEFINED_NO_VARIATION, s->n, 0);
        return;
    }
    const double m0 = median_sorted(x, n0), m1 = median_sorted(y, n1);
    const struct discrete d0 = bootstrap_median(x, n0, w), d1 = bootstrap_median(y, n1, w);
    const double whole = d0.below[d0.n] * d1.below[d1.n];
    const double slack = 8 * DBL_EPSILON * (extent(&d0) + extent(&d1) + fabs(in->null)) + DBL_MIN;
    const double not_above = difference_weight(&d1, &d0, in->null + slack, w);
    const double not_below = whole - difference_weight(&d1, &d0, in->null - slack, w);
    const double tail = in->alpha / in->sides, one_sided = in->benefit > 0 ? not_above : not_below;
    const double level[2] = {whole * tail - 1e-11, whole * (1 - tail) - 1e-11};
    double limit[2];
    difference_quantiles(&d1, &d0, 2, level, limit, w);
    const double p = in->sides == 1 ? one_sided : 2 * fmin(not_above, not_below);
    *out = (struct result){.estimate = m1 - m0,
                           .se = hypot(discrete_sd(&d0), discrete_sd(&d1)),
                           .ci_low = limit[0],
                           .ci_high = limit[1],
                           .statistic = NAN,
                           .p_value = fmin(1, fmax(0, p)),
                           .n = s->n};
}

static void median_difference_run(const void *params, const struct inference *in,
                                  const struct sample *s, struct scratch *w, struct result *out)
{
    const struct median_difference *method = params;
    if (s->n == 0 || s->n_arm[0] == 0 || s->n_arm[1] == 0) {
        *out = result_undefined(s->n == 0 ? UNDEFINED_NO_PATIENTS : UNDEFINED_EMPTY_ARM, s->n, 0);
        return;
    }
    const struct scratch_mark mark = scratch_save(w);
    if (method->estimator == QUANTILE_REGRESSION)
        *out = quantile_difference(s, in, method->ci == CI_RANK_INVERSION, w);
    else if (method->estimator == MEDIANS)
        medians(in, s, w, out);
    else
        hodges_lehmann(in, s, w, out);
    scratch_restore(w, mark);
}

static const char *median_difference_conflict(const void *params, bool adjusted, bool stratified)
{
    const struct median_difference *method = params;
    if (method->estimator == QUANTILE_REGRESSION) {
        return method->ci == CI_BOOTSTRAP ? "ci: bootstrap goes with estimator: medians" : NULL;
    }
    if (adjusted) return "adjust goes with estimator: quantile_regression";
    if (stratified) return "strata go with estimator: quantile_regression";
    if (method->ci == CI_SANDWICH || method->ci == CI_RANK_INVERSION) {
        return "ci: sandwich and rank_inversion go with estimator: quantile_regression";
    }
    if (method->estimator == HODGES_LEHMANN && method->ci == CI_BOOTSTRAP) {
        return "ci: bootstrap goes with estimator: medians";
    }
    return NULL;
}

static const struct output median_difference_outputs[] = {
    {.brief = "difference of location", .scale = SCALE_IDENTITY},
};

const struct analysis analysis_median_difference = {
    .name = "median_difference",
    .brief = "difference of location: Hodges-Lehmann, the two medians, or regression of the median",
    .formula =
        "hodges_lehmann: median of the n1 n0 differences treated - control; limits their c-th "
        "smallest\n"
        "and largest, c = max(1, floor(n1 n0 / 2 - z sd)), sd that of U given the ties; se their\n"
        "distance over 2 z; p of the rank sum test (normal, ties, no continuity correction).\n"
        "medians: median1 - median0; limits the alpha/2 and 1 - alpha/2 quantiles of the exact\n"
        "bootstrap distribution of the difference, se its standard deviation, p twice its smaller\n"
        "tail at the null, at most 1, tails to within 1e-12.\n"
        "quantile_regression: the arm's coefficient at the exact minimum of sum |y - b0 - b'x|, "
        "each\n"
        "stratum with its own b0; the middle of all best values where several are. sandwich: 1/4\n"
        "H^-1 X'X H^-1, H = sum f x x', f = 2h over the difference of the fitted quantiles 1/2 + "
        "h\n"
        "and 1/2 - h, h of Hall and Sheather; rank_inversion: where the rank score test for equal\n"
        "densities rejects, interpolated, se the distance of the limits over 2 t; p and limits by\n"
        "Student's t, n - p degrees of freedom",
    .reference =
        "Hollander & Wolfe 1999, Nonparametric Statistical Methods, 4.2-4.3; Efron 1979, Ann Stat "
        "7:1; Hutson & Ernst 2000, J R Stat Soc B 62:89; Koenker 2005, Quantile Regression, 3.4.2, "
        "3.5; R quantreg rq, summary.rq(se = \"nid\") and (se = \"rank\")",
    .outcome = OUTCOME_VALUE,
    .uses = USES_ADJUST | USES_STRATA,
    .params = median_difference_params,
    .params_size = sizeof(struct median_difference),
    .n_outputs = 1,
    .outputs = median_difference_outputs,
    .example = "{method: median_difference, endpoint: days}",
    .conflict = median_difference_conflict,
    .run = median_difference_run,
};
