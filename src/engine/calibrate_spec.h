/* calibrate_spec.h - the section `calibrate` of a scenario.  SPDX-License-Identifier: MIT */
#ifndef ENGINE_CALIBRATE_SPEC_H
#define ENGINE_CALIBRATE_SPEC_H

#include "model/param.h"

struct free_parameter {
    const char *path;
    double low, high;
    struct place at;
};
struct free_parameters {
    int n;
    struct free_parameter *item;
};
struct calibrate_spec {
    struct free_parameters free;
    int64_t trials;
};
extern const struct param calibrate_params[];

void calibrate_read(struct reader *r, const struct node *section, struct calibrate_spec *c);
void calibrate_echo(struct buffer *out, const struct calibrate_spec *c);

/* Reports each free parameter that is not a number of the scenario at `root`. A section that is
 * inherited need not fit what overrides the rest: without `strict` such parameters are left out
 * where they come from another file. */
void calibrate_check(struct reader *r, const struct node *root, struct calibrate_spec *c,
                     bool strict);

#endif
