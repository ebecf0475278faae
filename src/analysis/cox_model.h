/* cox_model.h - what every analysis of proportional hazards begins with.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_COX_MODEL_H
#define ANALYSIS_COX_MODEL_H

#include "analysis/partial_likelihood.h"

struct cox_model {
    enum undefined why; /* what follows is ready only when this is UNDEFINED_NO */
    int events;
    struct risk_sets sets;
    struct columns z;
    struct partial_likelihood partial;
};

/* Why there is nothing to fit, as counts tell; *events becomes their number. An arm without events
 * is no obstacle to a likelihood that will be penalised. */
enum undefined cox_why_not(const struct sample *s, bool penalised, int *events);

/* Memory comes from w and is the caller's to give back. The struct must not move. */
void cox_model_build(struct cox_model *m, const struct sample *s, enum ties ties, bool penalised,
                     struct scratch *w);

/* Builds the unpenalised model, asks it one question, and gives the memory back. */
struct result cox_model_ask(enum ties ties, const struct inference *in, const struct sample *s,
                            struct scratch *w,
                            struct result (*question)(struct cox_model *m,
                                                      const struct inference *in,
                                                      const struct sample *s, struct scratch *w));

/* The likelihood of a built model. */
struct likelihood cox_model_likelihood(struct cox_model *m);

#endif
