/* analysis_spec.h - an analysis as a scenario or plan states it, bound to the columns it reads.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_ANALYSIS_SPEC_H
#define MODEL_ANALYSIS_SPEC_H

#include "model/analysis.h"
#include "model/dataset.h"
#include "model/expression.h"

/* One tier of a hierarchy of outcomes, as stated. */
struct tier_spec {
    struct named_text endpoint;
    int better;  /* 0: the endpoint's own, 1 lower, 2 higher */
    int compare; /* 0: values (yes or no, days, …), 1: times to event */
    double margin;
    bool tie_if_both;
};
struct hierarchy {
    int n;
    struct tier_spec *tier;
};
void hierarchy_read(struct reader *r, const struct node *n, void *field);
void hierarchy_echo(struct buffer *out, const void *field, int indent);

/* Keys every analysis shares. */
struct analysis_spec {
    const char *name;
    struct place at;
    const struct analysis *method;
    void *params; /* the method's own */
    struct named_text method_name, endpoint, marker, versus, term, where, cluster, frailty;
    struct names adjust, strata, contrast, impute_with;
    int missing; /* of enum missing */
    int64_t imputations;
    struct hierarchy hierarchy;
    double alpha, null;
    int64_t sides;
};
extern const struct param analysis_params[];

struct analysis_specs {
    int n;
    struct analysis_spec *item;
};
void analyses_read(struct reader *r, const struct node *n, struct analysis_specs *a);
void analyses_echo(struct buffer *out, const struct analysis_specs *a, int indent);

#define ELIGIBLE_SUFFIX "_eligible"

/* An endpoint's columns in a dataset; -1 where it has none. */
struct endpoint_columns {
    const char *name;
    int value, time, event;
    bool event_is_cause;  /* 0 censored, 1 the event, 2 a competing one */
    bool binary;          /* value is 0 or 1 */
    int better;           /* +1 higher, -1 lower */
    int eligible;         /* column: 1 where there ought to be a value, 0 for patients who are left
                             out by design (dead by then, excluded); -1: every patient ought to */
    int baseline;         /* column that the value is a change from, -1: it is none */
    struct bounds bounds; /* of the value, or of the value plus its baseline */
};

/* What an analysis may name. */
struct binding {
    const struct schema *schema;
    int n_endpoints;
    const struct endpoint_columns *endpoint;
    int n_arms;
    const char *const *arm; /* names; the first is the control */
    int n_hidden;
    const char *const *hidden; /* latent covariates: exist, but no analysis may see them */
};

/* What becomes of patients whose outcome is not known. */
enum missing {
    MISSING_COMPLETE, /* left out */
    MISSING_WORST,
    MISSING_BEST,
    MISSING_WORST_BEST, /* worst where treated, best in the control arm */
    MISSING_BEST_WORST,
    MISSING_SINGLE, /* predicted */
    MISSING_MULTIPLE
};

enum transform { TRANSFORM_NONE, TRANSFORM_LOG, TRANSFORM_SQRT };
struct adjustment {
    int column;
    enum transform transform;
    const char *text; /* as written: "log(lactate)" */
};
struct bound_tier {
    struct endpoint_columns outcome;
    bool by_time, tie_if_both;
    int better; /* +1 higher, -1 lower */
    double margin;
};
struct bound_analysis {
    const struct analysis_spec *spec;
    const struct analysis *method;
    enum outcome_kind outcome_kind;
    int n_outputs;
    struct inference inference;
    struct endpoint_columns outcome; /* of a hierarchy: the first tier's */
    int n_tiers;                     /* 0: no hierarchy */
    struct bound_tier *tier;
    int arm[2]; /* control and treated; arm[1] = -1 without arms */
    int n_adjust, n_impute;
    struct adjustment *adjust; /* [n_adjust + n_impute] the latter predict missing outcomes only */
    int term;                  /* index into adjust, or -1: the arm */
    int n_strata, *stratum;    /* columns */
    int marker, versus;        /* columns or -1 */
    int cluster;               /* column of `cluster` or `frailty`, or -1 */
    const struct expression *where;
    enum missing missing;
};
/* Reports every mistake; the result is usable only when none was added to r->errors. */
struct bound_analysis analysis_bind(struct reader *r, const struct analysis_spec *a,
                                    const struct binding *to);

/* The complete cases of one analysis, in w. `why` is set when there is nothing to analyse. */
struct sample sample_take(const struct bound_analysis *b, const struct dataset *d,
                          struct scratch *w, enum undefined *why);
/* Takes the sample and runs the analysis: out[n_outputs]. */
void analysis_run(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                  struct result *out);

#endif
