/* course.h - the illness course as a scenario states it, and the plan solved from it.
 * SPDX-License-Identifier: MIT
 *
 * One path per patient gives mortality, organ support, SOFA and stays, so they are consistent and
 * death truncates the rest. Components and what each assumes: `shocksim help NAME`, components.c.
 */
#ifndef COHORT_COURSE_H
#define COHORT_COURSE_H

#include "cohort/mixture.h"
#include "model/patients.h"

/* --- as stated -------------------------------------------------------------------------------- */

struct mortality {
    struct knots cumulative; /* day: marginal share dead in the control arm */
    struct terms log_hazard;
};
struct support_course {
    double needed, start, median, sd_log, until_death, within;
    struct terms log_odds, log_time;
};
struct stay_course {
    struct names after;
    double median, sd_log, until_death,
        within; /* until_death: dies_in_hospital of a hospital stay */
    struct terms log_time;
};
struct sofa_course {
    struct knots mean, sd; /* by day, of the living */
    double correlation;
    struct terms load;
    int measured; /* 0 always, 1 in_icu */
};
struct adverse_event_course {
    double probability;
    struct terms log_odds;
};
enum marker_distribution { MARKER_NORMAL, MARKER_LOGNORMAL, MARKER_YES_NO };
struct marker_course {
    const char *name;
    int distribution;
    double mean, sd, median, sd_log, probability; /* NaN where not stated */
    struct terms load, log_odds;
    double death_shift, within, taken;
    struct place at;
};
struct markers {
    int n;
    struct marker_course *item;
};

struct course_spec {
    struct place at, support_at[SUPPORT_COUNT], stay_at[STAY_COUNT], mortality_at, sofa_at,
        adverse_at;
    bool has_mortality, has_support[SUPPORT_COUNT], has_stay[STAY_COUNT], has_sofa, has_adverse;
    struct mortality mortality;
    struct support_course support[SUPPORT_COUNT];
    struct stay_course stay[STAY_COUNT];
    struct sofa_course sofa;
    struct adverse_event_course adverse_event;
    struct markers markers;
};

/* One part of the course: the table drives reading, echo and help. */
struct component {
    const char *name, *brief, *assumes, *reference;
    const struct param *params, *effects;
    size_t spec_offset, has_offset, at_offset; /* in struct course_spec */
    size_t effect_offset;                      /* in struct arm_spec */
};
extern const struct component components[]; /* ends with a NULL name */

void course_read(struct reader *r, const struct node *n, struct course_spec *c);
void course_echo(struct buffer *out, const struct course_spec *c, int indent);

/* --- effects of an arm, as stated ---------------------------------------------------------------
 */

struct mortality_effect {
    struct knots hazard_ratio; /* from day: ratio; one number holds from day 0 */
    struct knots risk, risk_difference, relative_risk;
    double marginal_hazard_ratio;
    struct terms by;
    double centre_sd;
};
struct duration_effect {
    double time_ratio, needed_odds_ratio;
    struct terms by;
    double centre_sd;
};
struct sofa_effect {
    struct knots shift;
    struct terms by;
    double centre_sd;
};
struct adverse_event_effect {
    double odds_ratio;
    struct terms by;
    double centre_sd;
};
struct marker_effect {
    const char *name; /* of the marker */
    bool stated;
    double shift, ratio, odds_ratio, sd_ratio; /* NaN where not stated */
    struct terms by;
    double centre_sd;
};
struct marker_effects {
    int n;
    struct marker_effect *item; /* one a marker of the course, in its order */
};
struct arm_spec {
    const char *name;
    struct place at, mortality_at;
    struct mortality_effect mortality;
    struct duration_effect support[SUPPORT_COUNT], stay[STAY_COUNT];
    struct sofa_effect sofa;
    struct adverse_event_effect adverse_event;
    struct marker_effects markers;
};
struct arms {
    int n;
    struct arm_spec *arm;
};
void arms_read(struct reader *r, const struct node *n, const struct course_spec *course,
               struct arms *a);
void arms_echo(struct buffer *out, const struct arms *a, int indent);
int arms_find(const struct arms *a, const char *name);

/* --- solved --- */

/* A cumulative hazard, linear between knots; the last slope goes on. */
struct hazard {
    int n;
    double *day, *cumulative, *slope; /* [n] slope after each knot; day[0] = 0 */
};
double hazard_at(const struct hazard *h, double day);
double hazard_inverse(const struct hazard *h,
                      double cumulative); /* INFINITY where it never comes */

/* An effect that may depend on covariates and vary between centres. */
struct effect {
    double value; /* log ratio, or points */
    struct predictor by;
    double centre_sd;
    uint64_t variable; /* of the centres' draws */
};

struct support_plan {
    double intercept; /* log odds of being drawn as needing it */
    double start, location, spread, until_death, within;
    struct predictor log_odds, log_time;
    uint64_t needed_variable, time_variable, until_variable;
};
struct stay_plan {
    double location, spread, until_death, within;
    struct predictor log_time;
    bool after_support[SUPPORT_COUNT], after_icu;
    uint64_t time_variable, until_variable;
};
struct sofa_plan {
    int n_days;               /* days 1 … n_days are solved, later ones are like the last */
    double *location, *scale; /* [SOFA_DAYS_MAX + 1] latent, by day */
    struct predictor load;    /* standardised */
    double noise;             /* sqrt(1 - variance of the load) */
    double correlation;
    bool in_icu;
    uint64_t variable;
};
/* See marker.c. */
struct marker_plan {
    double location, scale, centre, noise;
    struct predictor predictor; /* loads, standardised, or log odds of a yes */
    uint64_t variable;
};
struct marker_effect_plan {
    struct effect effect; /* on the value, its logarithm or the log odds */
    double sd_ratio;
};
struct arm_plan {
    struct hazard hazard;
    struct effect mortality; /* value 0: in the hazard */
    double hazard_ratio;     /* the constant one, stated or solved; NaN when it changes over time */
    struct effect support_time[SUPPORT_COUNT], stay_time[STAY_COUNT], sofa, adverse_event;
    double support_log_odds[SUPPORT_COUNT];
    double *sofa_shift;                /* [SOFA_DAYS_MAX + 1] */
    struct marker_effect_plan *marker; /* [markers.n] */
};

/* What of a plan does not depend on arms: kept from point to point of a sweep that only moves arms.
 */
struct baseline {
    const struct population *population;
    const struct course_spec *spec;
    struct predictor log_hazard;
    struct mixture death; /* log hazard over the population and its centres */
    struct mixture death_set[MIXTURE_SETS];
    struct hazard hazard;
    double *solved, *error; /* [cumulative.n] marginal share dead and its standard error, by knot */
    struct support_plan support[SUPPORT_COUNT];
    struct stay_plan stay[STAY_COUNT];
    struct sofa_plan sofa;
    double adverse_intercept;
    struct predictor adverse_log_odds;
    uint64_t death_variable, adverse_variable;
    struct marker_plan *marker; /* [markers.n] */
    int sofa_covariate;         /* -1: none */
};
/* Binds the course to the population's covariates: cheap, and finds every mistake in names. */
void baseline_bind(struct reader *r, const struct population *p, const struct course_spec *c,
                   struct baseline *b);
/* Solves what was bound without a mistake. */
void baseline_solve(struct reader *r, struct baseline *b);

struct course_plan {
    const struct baseline *baseline;
    int n_arms;
    struct arm_plan *arm;
};
/* Binds each arm's effects; b need not be solved yet. */
void course_bind(struct reader *r, const struct baseline *b, const struct arms *arms,
                 struct course_plan *plan);
/* Solves what was bound without a mistake. horizon: administrative follow-up in days, allocation:
 * ratio of the arms (empty: equal), both for marginal_hazard_ratio. */
void course_solve(struct reader *r, const struct arms *arms, double horizon,
                  const struct numbers *allocation, struct course_plan *plan);
/* Marginal share dead by `day` under an arm's effects. */
double course_risk(const struct course_plan *plan, const struct arm_plan *arm, double day);

/* Draws what `needs` names of each patient's course under p->received. */
void course_draw(const struct course_plan *plan, const struct patients *p, struct streams streams,
                 const struct course_needs *needs, struct scratch *w, struct course *out);

#endif
