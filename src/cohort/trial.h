/* trial.h - recruitment, randomisation, exclusion, loss, treatment received: the trial around the
 * course. SPDX-License-Identifier: MIT */
#ifndef COHORT_TRIAL_H
#define COHORT_TRIAL_H

#include "cohort/course.h"
#include "model/design.h"

struct randomisation {
    int method; /* 0 blocks, 1 simple */
    int64_t size;
    struct names strata;
};
struct recruitment {
    double per_centre_month, per_month, duration;
    int arrivals; /* 0 poisson, 1 even */
};
struct loss {
    struct shares probability;
    double by;
};
struct receives {
    int n;
    struct received {
        const char *arm;
        struct place at;
        struct shares gets;
    } * item;
};
struct chosen_design {
    const struct design *design;
    void *params;
};
struct trial_spec {
    struct place at;
    struct chosen_design design;
    int64_t patients;
    struct numbers allocation;
    struct randomisation randomisation;
    struct recruitment recruitment;
    double follow_up;
    struct shares excluded;
    struct loss lost;
    struct receives receives;
};
extern const struct param trial_params[];

void trial_read(struct reader *r, const struct node *n, struct trial_spec *t);

/* Everything needed to draw a trial's patients, constant while it runs. */
struct trial_plan {
    const struct trial_spec *spec;
    const struct course_plan *course;
    int n, n_arms;
    int64_t *allocation;            /* [n_arms] */
    int block;                      /* patients a block */
    int place_bits;                 /* bits a place, where a block fits a word of 64; else 0 */
    uint64_t ordered_block;         /* that word before it is permuted */
    bool by_centre;                 /* strata include the centre */
    int n_stratifiers, *stratifier; /* covariates in the strata */
    int n_strata;
    double rate;         /* arrivals a day, all centres */
    double *excluded;    /* [n_arms] */
    double *loss_hazard; /* [n_arms] a day */
    struct trial_variables {
        uint64_t centre, arrival, allocation, received, excluded, lost;
    } variable;
    double *receives; /* [n_arms][n_arms] cumulative share of an arm that gets each arm's effects */
};
void trial_solve(struct reader *r, const struct trial_spec *t, const struct course_plan *course,
                 const struct arms *arms, struct trial_plan *plan);

/* Draws the first plan->n patients to arrive in a replicate and their courses; `complete`: nobody
 * is lost or excluded. */
void trial_draw(const struct trial_plan *plan, uint64_t seed, uint64_t replicate, bool complete,
                const struct course_needs *needs, struct scratch *w, struct patients *p,
                struct course *c);
/* The same patients, drawn complete, had all been allocated to `arm` (for the truth). */
void trial_redraw(const struct trial_plan *plan, uint64_t seed, uint64_t replicate, int arm,
                  const struct course_needs *needs, struct scratch *w, struct patients *p,
                  struct course *c);

#endif
