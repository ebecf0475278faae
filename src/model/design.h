/* design.h - when a trial stops observing.  SPDX-License-Identifier: MIT
 *
 * A design is one file in design/ that ends in one `const struct design`, and one line in
 * model/registry.def. */
#ifndef MODEL_DESIGN_H
#define MODEL_DESIGN_H

#include "base/memory.h"
#include "model/param.h"
#include "model/patients.h"

struct design {
    const char *name, *brief, *formula, *reference;
    const struct param *params;
    size_t params_size;
    const char *example;
    bool ignores_arrivals; /* close works without them: they need not be drawn */
    /* Why the design cannot work with so many patients; NULL: it can. May itself be NULL. */
    const char *(*refuses)(const void *params, int64_t patients);
    /* Given n, arrival, lost, excluded and the day of death: sets followed[i] = last day on which
     * patient i is observed (negative: not recruited before the trial closed). size: how many
     * planned trials' patients p holds; numbers of events scale with it (the truth is found on a
     * cohort of many trials). */
    void (*close)(const void *params, double follow_up, double size, const double *death,
                  struct patients *p, struct scratch *w);
};

#endif
