/* endpoint.h - what an endpoint is given, computes, and must say of itself.
 * SPDX-License-Identifier: MIT
 *
 * An endpoint is one file in endpoint/ that ends in one `const struct endpoint`, and one line in
 * model/registry.def. */
#ifndef MODEL_ENDPOINT_H
#define MODEL_ENDPOINT_H

#include "base/memory.h"
#include "model/analysis.h"
#include "model/patients.h"

/* Columns of one endpoint for every patient; NaN where it is not known (lost, not measured). */
struct outcome {
    double *value;        /* [n] NULL for endpoints without one */
    double *time, *event; /* [n] event 1/0, or the cause 0/1/2 of a time_to; NULL without */
};

/* What an endpoint can find out about the scenario while it is checked. */
struct endpoint_context {
    const struct course_needs *available; /* components the course has */
    int n_markers;
    const char *const *marker;
    const bool *marker_is_yes_no;
    bool has_sofa_covariate; /* the SOFA of day 0 */
    double follow_up;
};

struct endpoint_question {
    const struct endpoint_context *context;
    const char *name; /* of the endpoint in the scenario */
    struct place at;
    struct reader *r;
};

/* Reports a component that the course lacks: "endpoint 'x' needs course.ventilation". */
bool endpoint_wants(const struct endpoint_question *q, bool available, const char *component);
/* The support named, or SUPPORT_COUNT after reporting what is wrong; marks the need. */
enum support endpoint_support(const struct endpoint_question *q, const char *name, struct place at,
                              struct course_needs *needs);
/* A day number, whole, from 0 to SOFA_DAYS_MAX: reports otherwise; marks the days as needed. */
void endpoint_sofa_day(const struct endpoint_question *q, double day, struct course_needs *needs);

/* known[i] = the day until which the state of patient i is known: until then the patient is
 * observed; infinite where seen to die; -infinite where the patient does not count (excluded, or
 * not recruited). */
void endpoint_known(const struct patients *p, const double *death, double *known);
/* kept[i] = x[i] (kept may be x); NaN unless the state at `day` is known. */
void endpoint_keep_known(const struct patients *p, double day, const double *x, double *kept);

/* Patient i was seen to die by that day. */
static inline bool endpoint_saw_death(const struct patients *p, double death, int i, double day)
{
    return death <= day && death <= p->followed[i];
}

struct endpoint {
    const char *name, *brief, *formula, *reference;
    const struct param *params; /* own keys; common ones (observed, better) are read elsewhere */
    size_t params_size;
    enum outcome_kind outcome; /* OUTCOME_BINARY also has a value; OUTCOME_TIME: time and event (and
                                  value when has_value) */
    bool has_value;
    /* Whether the value is 0 or 1, where the parameters decide it. NULL: as `outcome` says. */
    bool (*is_yes_no)(const void *params);
    const char *event_suffix; /* "event" or "cause" when there is a time */
    int better;               /* default: +1 higher is better, -1 lower */
    const char *example;
    /* Day by which the endpoint is known (later than follow_up is refused), or 0. */
    double (*horizon)(const void *params);
    /* Marks what the course must have, reports what the scenario lacks, binds names and sets
     * defaults that depend on the scenario. NULL: nothing to check. */
    void (*check)(void *params, const struct endpoint_question *q, struct course_needs *needs);
    void (*compute)(const void *params, const struct patients *p, const struct course *c,
                    struct outcome *out);
    /* The covariate that the value is a change from, or NULL. */
    const char *change_from;
    /* What the value, or the value plus that covariate, can be. NULL: 0 to 1 for yes or no, else
     * unlimited. */
    struct bounds (*bounds)(const void *params);
    /* Whether patient i, who counts, ought to have a value: if there is none it is missing. NULL:
     * everybody ought to. */
    bool (*eligible)(const void *params, const struct patients *p, const struct course *c, int i);
};

/* Whether patient i is in the trial's analyses and ought to have a value. */
static inline bool endpoint_eligible(const struct endpoint *e, const void *params,
                                     const struct patients *p, const struct course *c, int i)
{
    return p->known[i] >= 0 && (e->eligible == NULL || e->eligible(params, p, c, i));
}

#endif
