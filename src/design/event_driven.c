/* event_driven.c - the trial stops when a number of deaths has been seen.  SPDX-License-Identifier:
 * MIT */
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

/* Calendar time of the wanted death, of those not excluded; infinite where follow-up ends with
 * fewer. */
static void close(const void *own, double follow_up, double size, const double *death,
                  struct patients *p, struct scratch *w)
{
    const struct event_driven *d = own;
    const struct scratch_mark mark = scratch_save(w);
    double *at = scratch_doubles(w, p->n);
    int seen = 0;
    for (int i = 0; i < p->n; i++)
        if (!(p->excluded[i] > 0) && death[i] <= smaller(follow_up, p->lost[i]))
            at[seen++] = p->arrival[i] + death[i];
    const int wanted = (int)rint((double)d->events * size);
    const double closed = seen >= wanted ? select_smallest(at, seen, wanted - 1) : INFINITY;
    for (int i = 0; i < p->n; i++) {
        const double last = smaller(follow_up, p->lost[i]),
                     until = smaller(last, closed - p->arrival[i]);
        const bool seen_dead = death[i] <= last && p->arrival[i] + death[i] <= closed;
        p->followed[i] =
            seen_dead ? larger(until, death[i]) : until; /* rounding must not lose a death */
    }
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
