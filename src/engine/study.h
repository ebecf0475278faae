/* study.h - what one run is and finds: its points, its answers, their operating characteristics.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_STUDY_H
#define ENGINE_STUDY_H

#include "base/error.h"
#include "engine/fit.h"
#include "engine/results.h"
#include "model/analysis.h"

#include <stdint.h>

/* One number an analysis reports in every replicate: its own answer or a further output. */
struct answer {
    const char *name;   /* "primary", "marker_roc.sensitivity" */
    const char *method; /* "cox" */
    enum scale scale;
    double null, alpha; /* null on the natural scale; NaN: nothing is tested */
    int sides, benefit; /* as in struct inference */
};

/* One row of the operating characteristics (the tidy table of DESIGN 6). */
struct measure {
    int point, look, answer; /* indices from 0 */
    const char *name;        /* "power"; a string constant */
    double value, mcse, low, high;
    int64_t n; /* replicates the value rests on */
};

/* Two analyses on the same trials. An analysis without an answer counts as not rejecting. */
struct agreement {
    int point, a, b;     /* answers, a before b */
    const char *measure; /* "power" or "reject": which of a trial's findings are compared */
    double both, only_a, only_b, neither; /* shares of trials */
    double difference, mcse, low, high;   /* a less b; the error is that of pairs */
    int64_t n;
};

/* What a paper printed, beside what the simulation gives. Texts are "" where there is none. */
struct published {
    const char *subject;    /* endpoint, covariate (with its level) or analysis */
    const char *arm;        /* whose patients; "" all */
    const char *where;      /* condition on the patients */
    const char *statistic;  /* percent, mean, sd, median, estimate, ci_low, … */
    struct printed printed; /* the number */
    const char *use;        /* calibrate, predict, info */
    const char *group, *alternative, *source, *reason;
    bool shares_events; /* with a calibrated fact, as marked */
    struct fit fit;
};

struct study {
    const char *name, *scenario, *resolved; /* the file as given; every value, as a runnable file */
    const char *revision;                   /* of the program that wrote it; NULL: this one */
    uint64_t seed;
    int64_t replicates; /* per point */
    int n_paths;
    const char **path; /* [n_paths] swept paths */
    int n_points;
    const char **setting; /* [n_points][n_paths] values as text */
    int n_answers;
    struct answer *answer;    /* [n_answers], the same at every point */
    double *truth, *truth_se; /* [n_points][n_answers] on the scale of inference; NaN: none */
    int64_t n_measures;
    struct measure *measure; /* ordered by point, look, answer, measure */
    int64_t n_agreements;
    struct agreement *agreement; /* ordered by point, a, b, measure */
    int n_published;
    struct published *published;
    const char *
        *pairing; /* [n_points] how this point shares patients with the first ("" where it does) */
    bool keep_replicates; /* false: files keep only float estimates and rejections */
    struct arena memory;  /* texts and arrays above */
};
void study_free(struct study *s);
/* Whether every point has a number there: tables then hold numbers, not texts. */
bool study_path_is_number(const struct study *s, int path);

/* The estimates of an answer at a point, on the natural scale: of trials that have one. */
struct estimates {
    const double *x; /* [n] */
    int64_t n;
    struct spread spread; /* of the finite ones on the scale of inference */
    double *room;         /* [n] to work in */
};
/* Shown every answer's estimates while they are in memory, but not those of which some come without
 * an answer. */
struct estimates_reader {
    void (*read)(void *handle, int point, int answer, const struct estimates *estimates);
    void *handle;
};

/* Appends the measures of every point and answer, and sets how far analyses agree; formulas are in
 * summary.c and agreement.c. reader: NULL, or who else wants the estimates. */
enum status study_summarise(struct study *s, const struct result_source *rows,
                            const struct estimates_reader *reader, struct errors *e);

/* A statistic of one endpoint in one arm, kept for comparison with a published figure. */
#define DESCRIBE_METHOD "describe"
bool answer_is_descriptive(const struct answer *a);

/* The rejections of one result: alpha met in the direction of benefit, of harm, either way. */
bool result_rejects(const struct answer *a, const struct result *r);
bool result_favours_benefit(const struct answer *a, const struct result *r);
/* 1: rejects, and not for harm; -1: rejects for harm; 0: does not reject, or nothing is tested. */
int result_finding(const struct answer *a, const struct result *r);

#endif
