/* cox_model.c - see cox_model.h.  SPDX-License-Identifier: MIT */
#include "analysis/cox_model.h"
#include "analysis/cox_start.h"

#include "base/dispatch.h"

struct events {
    int total, in_arm[2];
};

MULTIVERSION static struct events count_events(const struct sample *s)
{
    const double *event = s->event;
    const unsigned char *arm = s->arm;
    int total = 0, treated = 0;
    for (int i = 0; i < s->n; i++) total += event[i] > 0;
    for (int i = 0; i < s->n && arm != NULL; i++) treated += (event[i] > 0) & arm[i];
    return (struct events){total, {arm != NULL ? total - treated : 0, treated}};
}

static enum undefined why_not(const struct sample *s, struct events events, bool penalised)
{
    if (s->n == 0) return UNDEFINED_NO_PATIENTS;
    if (s->arm != NULL && (s->n_arm[0] == 0 || s->n_arm[1] == 0)) return UNDEFINED_EMPTY_ARM;
    if (events.total == 0) return UNDEFINED_NO_EVENTS;
    if (s->term < 0 && !penalised && (events.in_arm[0] == 0 || events.in_arm[1] == 0)) {
        return UNDEFINED_NO_EVENTS_IN_ARM;
    }
    return UNDEFINED_NO;
}

enum undefined cox_why_not(const struct sample *s, bool penalised, int *events)
{
    const struct events counted = count_events(s);
    *events = counted.total;
    return why_not(s, counted, penalised);
}

void cox_model_build(struct cox_model *m, const struct sample *s, enum ties ties, bool penalised,
                     struct scratch *w)
{
    m->why = cox_why_not(s, penalised, &m->events);
    if (m->why != UNDEFINED_NO) return;
    risk_sets_build(&m->sets, s, w);
    const struct rows rows = {m->sets.n, m->sets.patient, m->sets.n_strata, m->sets.start};
    if (columns_build(&m->z, s, &rows, false, w)) {
        partial_likelihood_init(&m->partial, &m->z, &m->sets, ties, w);
    } else {
        const bool one_armed = s->arm != NULL && !sample_compares_arms(s, w);
        m->why = one_armed ? UNDEFINED_NO_STRATUM : UNDEFINED_SINGULAR;
    }
}

struct likelihood cox_model_likelihood(struct cox_model *m)
{
    return (struct likelihood){&m->z, partial_likelihood_evaluate, &m->partial, cox_start};
}

struct result cox_model_ask(enum ties ties, const struct inference *in, const struct sample *s,
                            struct scratch *w,
                            struct result (*question)(struct cox_model *m,
                                                      const struct inference *in,
                                                      const struct sample *s, struct scratch *w))
{
    const struct scratch_mark mark = scratch_save(w);
    struct cox_model m;
    cox_model_build(&m, s, ties, false, w);
    struct result r =
        m.why == UNDEFINED_NO ? question(&m, in, s, w) : result_undefined(m.why, 0, 0);
    r.n = s->n;
    r.events = m.events;
    scratch_restore(w, mark);
    return r;
}
