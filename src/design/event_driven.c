/* event_driven.c - the trial stops when a number of deaths has been seen.  SPDX-License-Identifier:
 * MIT */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/design.h"
#include "stat/select.h"

#include <math.h>
#include <stddef.h>

struct event_driven {
    int64_t events;
};

static const struct param params[] = {
    {PARAM_AT(struct event_driven, events), .type = PARAM_INTEGER, .min = 1, .max = 10000000,
     .flags = PARAM_REQUIRED, .help = "deaths after which the trial is closed and analysed"},
    {0}};

/* Calendar time of each death that follow-up can see of a patient not excluded; infinite where
 * there is none. */
MULTIVERSION static void calendar_deaths(double follow_up, const struct patients *p,
                                         const double *restrict death, double *restrict at)
{
    const double *restrict excluded = p->excluded, *restrict lost = p->lost;
    const double *restrict arrival = p->arrival;
    for (int i = 0; i < p->n; i++) {
        const bool seen = !(excluded[i] > 0) & (death[i] <= smaller(follow_up, lost[i]));
        at[i] = seen ? arrival[i] + death[i] : INFINITY;
    }
}

/* Rounding must not lose a death. */
MULTIVERSION static void follow_until(double closed, double follow_up, const struct patients *p,
                                      const double *restrict death)
{
    const double *restrict lost = p->lost, *restrict arrival = p->arrival;
    double *restrict followed = p->followed;
    for (int i = 0; i < p->n; i++) {
        const double last = smaller(follow_up, lost[i]);
        const double until = smaller(last, closed - arrival[i]);
        const bool seen_dead = (death[i] <= last) & (arrival[i] + death[i] <= closed);
        followed[i] = seen_dead ? larger(until, death[i]) : until;
    }
}

/* The trial closes at the wanted death; never where follow-up ends with fewer. */
static void close(const void *own, double follow_up, double size, const double *death,
                  struct patients *p, struct scratch *w)
{
    const struct event_driven *d = own;
    const struct scratch_mark mark = scratch_save(w);
    double *at = scratch_doubles(w, p->n);
    calendar_deaths(follow_up, p, death, at);
    const int wanted = (int)rint((double)d->events * size);
    const double closed = wanted <= p->n ? select_spread(at, p->n, wanted - 1, w) : INFINITY;
    follow_until(closed, follow_up, p, death);
    scratch_restore(w, mark);
}

static const char *refuses(const void *own, int64_t patients)
{
    const struct event_driven *d = own;
    return d->events > patients ? "events cannot exceed patients" : NULL;
}

const struct design design_event_driven = {
    .name = "event_driven",
    .brief = "closed and analysed at a number of deaths, in calendar time",
    .formula =
        "observed until min(follow_up, loss, closing day - arrival); closing day: when the "
        "events-th death of a patient not excluded is seen; later arrivals are not recruited",
    .reference = "Lachin & Foulkes (1986) Biometrics 42:507",
    .params = params,
    .params_size = sizeof(struct event_driven),
    .example = "{event_driven: {events: 166}}",
    .refuses = refuses,
    .close = close,
};
