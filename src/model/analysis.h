/* analysis.h - what an analysis is given, gives back, and must say of itself.
 * SPDX-License-Identifier: MIT
 *
 * The same code runs inside the simulation and on real data. An analysis is one file in analysis/
 * that ends in one `const struct analysis`, and one line in model/registry.def. */
#ifndef MODEL_ANALYSIS_H
#define MODEL_ANALYSIS_H

#include "base/memory.h"
#include "model/param.h"

/* Why an analysis has no answer. UNDEFINED_NO is zero: there is one. */
#define UNDEFINED_LIST                                                                             \
    UNDEFINED(NO, "")                                                                              \
    UNDEFINED(NO_PATIENTS, "no patients with complete data")                                       \
    UNDEFINED(EMPTY_ARM, "an arm has no patients with complete data")                              \
    UNDEFINED(TOO_FEW, "too few patients")                                                         \
    UNDEFINED(NO_EVENTS, "no events")                                                              \
    UNDEFINED(NO_EVENTS_IN_ARM, "an arm has no events")                                            \
    UNDEFINED(ALL_EVENTS, "every patient has the event")                                           \
    UNDEFINED(ALL_EVENTS_IN_ARM, "every patient of an arm has the event")                          \
    UNDEFINED(NO_VARIATION, "the outcome does not vary")                                           \
    UNDEFINED(SEPARATION, "separation: the likelihood has no maximum")                             \
    UNDEFINED(SINGULAR, "covariates are collinear")                                                \
    UNDEFINED(NOT_CONVERGED, "the iteration did not converge")                                     \
    UNDEFINED(ONE_ARM_WINS, "one arm wins every pair that is decided")                             \
    UNDEFINED(NO_CASES, "no patients with, or none without, the outcome")                          \
    UNDEFINED(BEYOND_FOLLOW_UP, "the follow-up of an arm ends before the time asked about")        \
    UNDEFINED(TOO_FEW_CLUSTERS, "fewer than two clusters")                                         \
    UNDEFINED(LONE_PATIENTS, "no cluster has two patients")                                        \
    UNDEFINED(NO_VARIANCE, "the variance between clusters has no finite estimate")                 \
    UNDEFINED(NO_STRATUM, "no stratum has patients of both arms")                                  \
    UNDEFINED(BOUNDARY, "the likelihood is largest where a risk is 1")                             \
    UNDEFINED(EXACT_FIT, "the covariates fit the outcome exactly")                                 \
    UNDEFINED(NO_DENSITY, "the density of the outcome at its median cannot be estimated")          \
    UNDEFINED(CONSTANT_MARKER, "the marker does not vary")                                         \
    UNDEFINED(MARKERS_ALIKE, "the markers order the patients alike")                               \
    UNDEFINED(OVERFLOW, "numbers too large or too small to compute with")
enum undefined {
#define UNDEFINED(name, text) UNDEFINED_##name,
    UNDEFINED_LIST
#undef UNDEFINED
        UNDEFINED_COUNT
};
const char *undefined_text(enum undefined why); /* "" for UNDEFINED_NO */

/* The scale on which an estimate is normal: se, bias and coverage live there. */
enum scale { SCALE_IDENTITY, SCALE_LOG };

/* One answer. estimate and its limits on the natural scale (hazard ratio, days), se on the scale of
 * inference (log for ratios). With a reason in `why`, every number but n and events is NaN.
 * statistic or se may be NaN where a method has none. */
struct result {
    double estimate, se, ci_low, ci_high, statistic, p_value;
    int n, events; /* patients analysed, events among them (0 where there are none to count) */
    enum undefined why;
};

/* How the question is put. */
struct inference {
    double alpha; /* total over the stated sides */
    int sides;    /* 2, or 1: a one-sided test towards benefit; limits are then 1 - 2 alpha */
    double null;  /* natural scale: 1 for ratios, 0 for differences, or a margin */
    int benefit;  /* +1: larger estimates are benefit, -1: smaller ones are; 0: there is no such
                     thing (a covariate's coefficient), and a one-sided test looks upwards */
    double z;     /* normal quantile of the limits: Phi^-1(1 - alpha/sides) */
};

/* One tier of a hierarchy: values, or times to event, are compared. */
struct tier {
    const double *value; /* [n] NULL where times are compared */
    const double *time;  /* [n] days to event or censoring; NULL where values are compared */
    const double *event; /* [n] 1 or 0; NULL where nothing depends on it */
    int better;          /* values: +1 higher, -1 lower; times: -1 the event is harm, +1 benefit */
    double margin;       /* a difference that decides is larger */
    bool tie_if_both;    /* two patients with the event whom this tier leaves tied stay tied */
};
enum { TIERS_MAX = 6 };

/* The analysed patients, complete cases only, in order of arrival. Pointers that an analysis did
 * not ask for in `uses` are NULL. Columns may be read up to n only. */
struct sample {
    int n;
    int n_arm[2];               /* patients in control and treated; both 0 without arms */
    const unsigned char *arm;   /* [n] 0 control, 1 treated; NULL in a study without arms */
    const double *value;        /* [n] the outcome's value; for a yes/no outcome 0 or 1 */
    const double *time, *event; /* [n] days to event or censoring, and 1 or 0 */
    const double *cause;        /* [n] 0 censored, 1 the event, 2 a competing one; else event */
    bool adjusted;              /* for covariates, even if none of their levels differ */
    int n_x;                    /* covariate columns, treatment contrasts expanded, arm excluded */
    const double *const *x;     /* [n_x][n] */
    int term;                   /* column of x the question is about, or -1: the arm */
    const int *stratum; /* [n] 0 … n_strata-1, every code occurs; NULL when n_strata is 1 */
    int n_strata;
    const int *cluster; /* [n] 0 … n_clusters-1, every code occurs: of `cluster` or `frailty` */
    int n_clusters;
    const double *marker, *versus; /* [n] and the marker it is compared with, or NULL */
    int n_tiers;
    const struct tier *tier; /* [n_tiers] first compared first */
};

/* The least and the largest value an outcome can take; NaN where it has no such. */
struct bounds {
    double lowest, highest;
};

enum outcome_kind { OUTCOME_VALUE, OUTCOME_BINARY, OUTCOME_TIME };

enum { USES_ADJUST = 1, USES_STRATA = 2, USES_MARKER = 4, USES_TERM = 8, NEEDS_NO_ARM = 16 };

/* Does any stratum have patients of both arms? */
bool sample_compares_arms(const struct sample *s, struct scratch *w);

/* The outcomes are a hierarchy: value, time and event of the sample are NULL. */
enum { USES_HIERARCHY = 32 };

/* Patients come in clusters: the key is allowed, or required; or it is a frailty. */
enum { USES_CLUSTER = 64, NEEDS_CLUSTER = 128, USES_FRAILTY = 256 };

/* A second marker can be named; imputations of its outcome are pooled. */
enum { USES_VERSUS = 512, POOLS_IMPUTATIONS = 1024 };

enum { OUTPUTS_MAX = 6 + 2 * TIERS_MAX };

/* Where benefit lies: as the endpoint says (fewer deaths, a lower SOFA); at larger values whatever
 * it says (a probability of benefit); or against it (what rises as events fall: survival). */
enum benefit { BENEFIT_OF_ENDPOINT, BENEFIT_HIGH, BENEFIT_OPPOSITE };

/* One number an analysis gives. The first output is the analysis's own answer and has no suffix;
 * further ones are reported as NAME.suffix. */
struct output {
    const char *suffix, *brief;
    enum scale scale;
    double null; /* natural scale; NaN: nothing is tested */
    enum benefit benefit;
};
/* The sign of benefit, where `endpoint` is that of the endpoint's values or events. */
int output_benefit(const struct output *o, int endpoint);

struct analysis {
    const char *name, *brief, *formula, *reference;
    enum outcome_kind outcome; /* what it needs of its endpoint */
    /* The same where it depends on the parameters; NULL: it does not. */
    enum outcome_kind (*outcome_of)(const void *params);
    int uses;
    const struct param *params; /* own keys, may be NULL */
    size_t params_size;
    int n_outputs;
    int outputs_per_tier; /* further outputs for each tier of the hierarchy */
    const struct output *outputs;
    const char *example; /* a plan's line, run by the contract test, e.g. "{method: cox, …}" */
    /* se of the estimate when every patient is entered k times, relative to once: 1/sqrt(k) for
     * most; NaN when it is not a constant factor. The contract test checks it. */
    double se_power; /* se(k)/se(1) = k^se_power; 0 is read as NaN (no statement) */
    /* Why these options do not go together, or NULL; asked when the plan is read, so that `run`
     * never meets them. May be NULL: they all do. */
    const char *(*conflict)(const void *params, bool adjusted, bool stratified);
    /* Writes n_outputs results, and those of the tiers. Never fails: a sample without an answer
     * gives `why`. Pure: no state, no allocation but from w, which the caller restores. `in`
     * belongs to the first output. */
    void (*run)(const void *params, const struct inference *in, const struct sample *s,
                struct scratch *w, struct result *out);
    /* Run instead when the key is given: of the same name, with parameters and outputs of its own.
     * NULL: the key changes nothing but the sample, or is refused. */
    const struct analysis *with_cluster, *with_frailty, *with_versus;
    const struct analysis *with_imputations; /* for `missing: multiple` */
};

/* Helpers every analysis uses: see inference.c. */
struct result result_undefined(enum undefined why, int n, int events);
/* Wald: estimate and se on the scale of inference; fills estimate, limits, statistic (z) and p. */
void result_wald(struct result *r, const struct inference *in, enum scale scale, double estimate,
                 double se);
/* p-value of a signed normal statistic (positive: estimate above the null), one-sided towards
 * benefit or two-sided as the question says. */
double p_normal(const struct inference *in, double z);
double p_student(const struct inference *in, double t, double df);

#endif
