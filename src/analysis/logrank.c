/* logrank.c - the log-rank test and its weighted family.  SPDX-License-Identifier: MIT */
#include "analysis/risk_set.h"
#include "base/dispatch.h"
#include "stat/order.h"
#include "stat/range.h"

#include <math.h>

struct weights {
    double rho, gamma;
};

struct logrank {
    struct weights weights;
};

static const struct param weights_params[] = {
    {PARAM_AT(struct weights, rho), .type = PARAM_NUMBER, .max = 10,
     .help = "power of the survival just before a death: early differences count more"},
    {PARAM_AT(struct weights, gamma), .type = PARAM_NUMBER, .max = 10,
     .help = "power of one minus that survival: late differences count more"},
    {0},
};

static const struct param logrank_params[] = {
    {PARAM_AT(struct logrank, weights), .type = PARAM_GROUP, .group = weights_params,
     .help = "Fleming-Harrington weights S^rho (1-S)^gamma"},
    {0},
};

struct score {
    double u, v; /* observed minus expected deaths of the treated, and the variance */
};

/* (O - E, V) over one stratum, from its earliest death on. With n at risk, n_1 of them treated, d
 * deaths, and W the weight from the pooled Kaplan-Meier estimate just before the time:
 *     O - E = sum W (d_1 - d n_1/n)      V = sum W^2 d (n_1/n) (1 - n_1/n) (n-d)/(n-1)
 * Mantel 1966, Cancer Chemother Rep 50:163; Fleming & Harrington 1991, (7.1.1). treated[i] counts
 * the treated among rows 0 … i-1. */
static struct score stratum_score(const struct death_time *time, int n_times, const int *treated,
                                  struct weights k)
{
    struct score sum = {0};
    const bool weighted = k.rho > 0 || k.gamma > 0;
    double survival = 1;
    for (int i = n_times - 1; i >= 0; i--) {
        const int first = time[i].first, end = time[i].end;
        const double d = time[i].deaths, n = end - first;
        const double share = (treated[end] - treated[first]) / n;
        const double d1 = treated[end] - treated[end - time[i].deaths];
        const double weight = weighted ? pow(survival, k.rho) * pow(1 - survival, k.gamma) : 1;
        const double correction = n > 1 ? (n - d) / (n - 1) : 0;
        sum.u += weight * (d1 - d * share);
        sum.v += weight * weight * d * share * (1 - share) * correction;
        survival *= (n - d) / n;
    }
    return sum;
}

/* Patients as the risk sets see them: those censored at or after the last death are in every one,
 * the others have a time and a tag. */
enum { TREATED = 1, DIED = 2, COUNTED = 4 };
struct timeline {
    int n, n_treated, beyond, beyond_treated;
    double *time;
    unsigned char *tag;
};

MULTIVERSION static void times_of_death(const double *restrict time, const double *restrict event,
                                        double *restrict death, int n)
{
    for (int i = 0; i < n; i++) death[i] = event[i] > 0 ? time[i] : 0;
}

MULTIVERSION static void mark_patients(const struct sample *s, double last,
                                       unsigned char *restrict tag)
{
    const double *restrict time = s->time, *restrict event = s->event;
    const unsigned char *restrict arm = s->arm;
    for (int i = 0; i < s->n; i++) {
        const int died = event[i] > 0, before = time[i] < last;
        tag[i] = (unsigned char)(arm[i] | died * DIED | (died | before) * COUNTED);
    }
}

MULTIVERSION static int count_treated(const unsigned char *tag, int n)
{
    int treated = 0;
    for (int i = 0; i < n; i++) treated += tag[i] & TREATED;
    return treated;
}

static struct timeline timeline_of(const struct sample *s, struct scratch *w)
{
    struct timeline t = {.time = scratch_doubles(w, s->n + 1),
                         .tag = scratch_take(w, (size_t)s->n + 1, 1)};
    unsigned char *tag = scratch_take(w, (size_t)s->n, 1);
    times_of_death(s->time, s->event, t.time, s->n);
    mark_patients(s, range_of(t.time, s->n).high, tag);
    for (int i = 0; i < s->n; i++) {
        t.time[t.n] = s->time[i];
        t.tag[t.n] = tag[i];
        t.n += (tag[i] & COUNTED) > 0;
    }
    t.n_treated = count_treated(t.tag, t.n);
    t.beyond = s->n - t.n;
    t.beyond_treated = s->n_arm[1] - t.n_treated;
    return t;
}

/* At risk at each death, the earliest first, and whether a treated patient died. */
struct deaths {
    int n;
    int *at_risk, *treated_at_risk, *treated;
};

static struct deaths deaths_in_order(const struct timeline *t, const unsigned char *tag,
                                     struct scratch *w)
{
    struct deaths d = {0, scratch_ints(w, t->n + 1), scratch_ints(w, t->n + 1),
                       scratch_ints(w, t->n + 1)};
    int treated = t->n_treated + t->beyond_treated;
    for (int i = 0; i < t->n; i++) {
        d.at_risk[d.n] = t->n - i + t->beyond;
        d.treated_at_risk[d.n] = treated;
        d.treated[d.n] = tag[i] & TREATED;
        d.n += (tag[i] & DIED) > 0;
        treated -= tag[i] & TREATED;
    }
    return d;
}

MULTIVERSION static void single_terms(const struct deaths *d, double *restrict u,
                                      double *restrict v)
{
    const int *restrict at_risk = d->at_risk, *restrict treated_at_risk = d->treated_at_risk;
    const int *restrict treated = d->treated;
    for (int i = 0; i < d->n; i++) {
        const double share = (double)treated_at_risk[i] / at_risk[i];
        u[i] = treated[i] - share;
        v[i] = at_risk[i] > 1 ? share * (1 - share) : 0;
    }
}

/* Tags in the order of time; whether no two times are equal. */
static bool tags_by_time(const struct timeline *t, unsigned char *tag, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    int *order = scratch_ints(w, t->n), tied = 0;
    double before = -INFINITY;
    order_ascending(order, t->time, t->n, w);
    for (int i = 0; i < t->n; i++) {
        const double time = t->time[order[i]];
        tag[i] = t->tag[order[i]];
        tied |= !(time > before);
        before = time;
    }
    scratch_restore(w, mark);
    return !tied;
}

/* The same sums as stratum_score, term by term, for one unweighted stratum whose patients up to the
 * last death have distinct times: d = 1. False where they have not. */
static bool distinct_score(const struct sample *s, struct score *sum, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    const struct timeline t = timeline_of(s, w);
    unsigned char *tag = scratch_take(w, (size_t)t.n + 1, 1);
    const bool distinct = tags_by_time(&t, tag, w);
    if (distinct) {
        const struct deaths d = deaths_in_order(&t, tag, w);
        double *u = scratch_doubles(w, d.n), *v = scratch_doubles(w, d.n);
        single_terms(&d, u, v);
        *sum = (struct score){0};
        for (int i = 0; i < d.n; i++) {
            sum->u += u[i];
            sum->v += v[i];
        }
    }
    scratch_restore(w, mark);
    return distinct;
}

static struct score general_score(const struct sample *s, struct weights k, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    struct risk_sets sets;
    risk_sets_build(&sets, s, w);
    int *treated = scratch_ints(w, sets.n + 1);
    treated[0] = 0;
    for (int i = 0; i < sets.n; i++) treated[i + 1] = treated[i] + s->arm[sets.patient[i]];
    struct score total = {0};
    for (int i = 0; i < sets.n_times;) {
        int end = i + 1;
        while (end < sets.n_times && sets.time[end].first == sets.time[i].first) end++;
        const struct score one = stratum_score(sets.time + i, end - i, treated, k);
        total.u += one.u;
        total.v += one.v;
        i = end;
    }
    scratch_restore(w, mark);
    return total;
}

static struct score logrank_score(const struct sample *s, struct weights k, struct scratch *w)
{
    struct score score;
    const bool plain = s->stratum == NULL && !(k.rho > 0) && !(k.gamma > 0);
    return plain && distinct_score(s, &score, w) ? score : general_score(s, k, w);
}

MULTIVERSION static int count_events(const double *event, int n)
{
    int events = 0;
    for (int i = 0; i < n; i++) events += event[i] > 0;
    return events;
}

static void logrank_run(const void *params, const struct inference *in, const struct sample *s,
                        struct scratch *w, struct result *out)
{
    const struct logrank *p = params;
    const int events = count_events(s->event, s->n);
    enum undefined why = UNDEFINED_NO;
    if (s->n == 0)
        why = UNDEFINED_NO_PATIENTS;
    else if (s->n_arm[0] == 0 || s->n_arm[1] == 0)
        why = UNDEFINED_EMPTY_ARM;
    else if (events == 0)
        why = UNDEFINED_NO_EVENTS;
    if (why != UNDEFINED_NO) {
        *out = result_undefined(why, s->n, events);
        return;
    }
    const struct score score = logrank_score(s, p->weights, w);
    if (score.v > 0) {
        *out = (struct result){.n = s->n, .events = events};
        result_wald(out, in, SCALE_LOG, score.u / score.v, 1 / sqrt(score.v));
        return;
    }
    const bool compares = sample_compares_arms(s, w);
    why = compares ? UNDEFINED_NO_VARIATION : UNDEFINED_NO_STRATUM;
    *out = result_undefined(why, s->n, events);
}

static const struct output logrank_outputs[] = {
    {.suffix = NULL, .brief = "hazard ratio, one step from 1", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_logrank = {
    .name = "logrank",
    .brief = "log-rank test, with strata and Fleming-Harrington weights",
    .formula =
        "z = (O-E)/sqrt(V) of the treated arm, hypergeometric V with ties, summed over strata;\n"
        "hazard ratio exp((O-E)/V), se 1/sqrt(V); weights S(t-)^rho (1-S(t-))^gamma",
    .reference = "Mantel 1966, Cancer Chemother Rep 50:163; Fleming & Harrington 1991, Counting "
                 "Processes and Survival Analysis, 7.1; Peto et al. 1977, Br J Cancer 35:1",
    .outcome = OUTCOME_TIME,
    .uses = USES_STRATA,
    .params = logrank_params,
    .params_size = sizeof(struct logrank),
    .n_outputs = 1,
    .outputs = logrank_outputs,
    .example = "{method: logrank, endpoint: death}",
    .run = logrank_run,
};
