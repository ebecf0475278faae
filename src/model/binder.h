/* binder.h - what the parts of an analysis's binding share.  SPDX-License-Identifier: MIT */
#ifndef MODEL_BINDER_H
#define MODEL_BINDER_H

#include "model/analysis_spec.h"

struct binder {
    struct reader *r;
    const struct binding *to;
    const char *what; /* "analysis 'primary'" */
};

/* The column of that name; -1 after reporting that there is none. */
int binder_column(const struct binder *k, const char *name, struct place at);
/* A column as written, perhaps with a transform: "log(lactate)". */
struct adjustment binder_adjustment(const struct binder *k, const struct named_text *item);

#endif
