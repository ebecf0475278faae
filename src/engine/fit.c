/* fit.c - see fit.h.  SPDX-License-Identifier: MIT */
#include "engine/fit.h"
#include "base/dispatch.h"
#include "engine/quantile.h"
#include "engine/study.h"
#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double printed_unit(const struct printed *p)
{
    return pow(10, -p->decimals);
}

/* Units in 1. */
static double printed_scale(const struct printed *p)
{
    return pow(10, p->decimals);
}

double printed_digits(const struct printed *p, double x)
{
    return round(x * printed_scale(p));
}

struct fit fit_unknown(void)
{
    return (struct fit){.simulated = NAN,
                        .low = NAN,
                        .high = NAN,
                        .percentile = NAN,
                        .z = NAN,
                        .unanswered = NAN,
                        .exact = NAN,
                        .conditional = NAN,
                        .conditional_percentile = NAN};
}

/* The share of n that is smaller, and half of what is equal. */
static double mid_percentile(int smaller, int equal, int n)
{
    return (smaller + 0.5 * equal) / n;
}

struct share {
    int smaller, equal;
};

/* Of what x prints, how much is smaller than `digits` and how much as large. */
MULTIVERSION static struct share share_printed(double digits, double scale, const double *x, int n)
{
    int smaller = 0, larger = 0;
    for (int i = 0; i < n; i++) {
        const double d = round(x[i] * scale);
        smaller += d < digits;
        larger += d > digits;
    }
    return (struct share){smaller, n - smaller - larger};
}

static struct spread spread_of(const double *x, int n, bool ratio)
{
    enum { BLOCK = MOMENTS_BLOCK };
    struct moments m = {0};
    double logarithm[BLOCK];
    for (int at = 0; at < n; at += BLOCK) {
        const int here = n - at < BLOCK ? n - at : BLOCK;
        for (int i = 0; ratio && i < here; i++) logarithm[i] = log(x[at + i]);
        moments_add_all(&m, ratio ? logarithm : x + at, here);
    }
    return moments_spread(&m);
}

void fit_place_about(struct fit *f, const struct printed *p, const double *x, int n,
                     const struct spread *known, double *room)
{
    if (n == 0) return;
    const double scale = printed_scale(p);
    const struct share share = share_printed(round(p->value * scale), scale, x, n);
    const int64_t rank[2] = {(int64_t)(0.025 * (n - 1)), (int64_t)ceil(0.975 * (n - 1))};
    double limit[2];
    quantile_find(x, n, rank, 2, limit, room);
    f->percentile = mid_percentile(share.smaller, share.equal, n);
    f->low = limit[0];
    f->high = limit[1];
    if (known->n == 0) return;
    const double unit = p->ratio ? printed_unit(p) / p->value : printed_unit(p);
    const double variance = known->variance + unit * unit / 12;
    f->simulated = p->ratio ? exp(known->mean) : known->mean;
    f->z = ((p->ratio ? log(p->value) : p->value) - known->mean) / sqrt(variance);
}

void fit_place(struct fit *f, const struct printed *p, const double *x, int n, double *room)
{
    const struct spread spread = spread_of(x, n, p->ratio);
    fit_place_about(f, p, x, n, &spread, room);
}

bool fit_is_far(const struct printed *p, double simulated, double reach)
{
    const double off = p->ratio ? fabs(log(simulated / p->value)) : fabs(simulated - p->value);
    return off > fabs(reach) / 2 && fabs(simulated - p->value) > 2 * printed_unit(p);
}

double fit_exact(const struct printed p[3], double *const x[3], int n)
{
    int exact = 0;
    double scale[3], digits[3];
    for (int k = 0; k < 3; k++) {
        scale[k] = printed_scale(&p[k]);
        digits[k] = round(p[k].value * scale[k]);
    }
    for (int i = 0; i < n; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++)
            same = same && fabs(round(x[k][i] * scale[k]) - digits[k]) < 0.5;
        exact += same;
    }
    return n > 0 ? (double)exact / n : NAN;
}

/* --- given the deaths --------------------------------------------------------------------------
 */

/* Two outcomes on one covariate, and the inverse of their residual covariance. */
struct regression {
    double scale[3], unit[3]; /* of the outcomes and the covariate as printed */
    double mean[3];
    double slope[2];
    double inverse[2][2];
};

static bool usable(double *const x[3], int i)
{
    return isfinite(x[0][i]) && isfinite(x[1][i]) && isfinite(x[2][i]);
}

static double as_printed(const struct regression *r, int k, double x)
{
    return round(x * r->scale[k]) * r->unit[k];
}

/* Sums of squares and products about the means, in one pass (Chan, Golub & LeVeque 1983, Am Stat
 * 37:242, eq. 1.3). */
static int cross_products(struct regression *r, double *const x[3], int n, double s[3][3])
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (!usable(x, i)) continue;
        const double v[3] = {x[0][i], x[1][i], as_printed(r, 2, x[2][i])};
        const double d[3] = {v[0] - r->mean[0], v[1] - r->mean[1], v[2] - r->mean[2]};
        count++;
        for (int j = 0; j < 3; j++) r->mean[j] += d[j] / count;
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++) s[j][k] += d[j] * (v[k] - r->mean[k]);
    }
    return count;
}

static bool regress(struct regression *r, const struct printed p[3], double *const x[3], int n)
{
    double s[3][3] = {{0}}, residual[2][2];
    *r = (struct regression){0};
    for (int k = 0; k < 3; k++) {
        r->scale[k] = printed_scale(&p[k]);
        r->unit[k] = printed_unit(&p[k]);
    }
    const int count = cross_products(r, x, n, s);
    if (count < 4) return false;
    for (int j = 0; j < 2; j++) r->slope[j] = s[2][2] > 0 ? s[j][2] / s[2][2] : 0;
    for (int j = 0; j < 2; j++)
        for (int k = 0; k < 2; k++) {
            residual[j][k] = (s[j][k] - r->slope[j] * s[2][k]) / (count - 2);
            if (j == k) residual[j][k] += r->unit[j] * r->unit[j] / 12;
        }
    const double det = residual[0][0] * residual[1][1] - residual[0][1] * residual[0][1];
    r->inverse[0][0] = residual[1][1] / det;
    r->inverse[1][1] = residual[0][0] / det;
    r->inverse[0][1] = r->inverse[1][0] = -residual[0][1] / det;
    return det > 0;
}

/* Of a pair and deaths, all as printed. */
static double chi_squared(const struct regression *r, const double v[3])
{
    double e[2];
    const double deaths = as_printed(r, 2, v[2]) - r->mean[2];
    for (int j = 0; j < 2; j++) e[j] = as_printed(r, j, v[j]) - r->mean[j] - r->slope[j] * deaths;
    return e[0] * e[0] * r->inverse[0][0] + 2 * e[0] * e[1] * r->inverse[0][1] +
           e[1] * e[1] * r->inverse[1][1];
}

void fit_given_deaths(struct fit *f, const struct printed p[3], double *const x[3], int n)
{
    struct regression r;
    if (!regress(&r, p, x, n)) return;
    const double v[3] = {p[0].value, p[1].value, p[2].value}, far = chi_squared(&r, v);
    int nearer = 0, equal = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (!usable(x, i)) continue;
        const double own = chi_squared(&r, (const double[]){x[0][i], x[1][i], x[2][i]});
        nearer += own < far;
        equal += !(own < far) && !(own > far);
        count++;
    }
    f->conditional = far;
    f->conditional_percentile = mid_percentile(nearer, equal, count);
}

/* --- judgement ---------------------------------------------------------------------------------
 */

/* The smaller tail: of the number, or of the pair given the deaths, whose distance has one tail. */
static double tail_of(const struct fit *f)
{
    const double own = fmin(f->percentile, 1 - f->percentile);
    const double pair = (1 - f->conditional_percentile) / 2;
    return isnan(pair) ? own : fmin(own, pair);
}

enum judgement fit_judge(const struct fit *f)
{
    const double outside = 0.025, far_outside = 0.001, tail = tail_of(f);
    if (isnan(f->percentile) || tail < far_outside) return FAR_OUTSIDE;
    return tail < outside ? OUTSIDE : WITHIN;
}

enum judgement published_judge(const struct published *p)
{
    const bool counts = strcmp(p->use, "info") != 0 && *p->alternative == '\0';
    return counts ? fit_judge(&p->fit) : NOT_COUNTED;
}

bool same_fact(const struct published *a, const struct published *b)
{
    return *a->group != '\0' && strcmp(a->group, b->group) == 0;
}

static bool is_worse(const struct published *a, const struct published *b)
{
    const enum judgement x = published_judge(a), y = published_judge(b);
    return x != y ? x > y : tail_of(&a->fit) < tail_of(&b->fit);
}

int facts_find(const struct published *row, int n, struct fact *fact)
{
    int n_facts = 0;
    for (int i = 0; i < n; i++) {
        if (published_judge(&row[i]) == NOT_COUNTED) continue;
        int k = 0;
        while (k < n_facts && !same_fact(&row[fact[k].first], &row[i])) k++;
        if (k == n_facts) fact[n_facts++] = (struct fact){.first = i, .worst = i};
        if (is_worse(&row[i], &row[fact[k].worst])) fact[k].worst = i;
        fact[k].judgement = published_judge(&row[fact[k].worst]);
        fact[k].calibrated = fact[k].calibrated || strcmp(row[i].use, "calibrate") == 0;
        fact[k].shares_events = fact[k].shares_events || row[i].shares_events;
        fact[k].far_off = fact[k].far_off || row[i].fit.far;
    }
    return n_facts;
}

struct verdict verdict_of(const struct fact *fact, int n)
{
    struct verdict v = {.facts = n};
    for (int k = 0; k < n; k++) {
        const bool within = fact[k].judgement == WITHIN, far = fact[k].judgement == FAR_OUTSIDE;
        v.within += within;
        v.far_off += fact[k].far_off;
        if (fact[k].calibrated) {
            v.calibrated++;
            v.calibrated_far += far;
            continue;
        }
        v.predicted++;
        v.predicted_far += far;
        v.sharing += fact[k].shares_events;
    }
    v.fits = n > 0 && 10 * v.within >= 9 * n && v.calibrated_far == 0 && v.predicted_far <= 1;
    return v;
}
