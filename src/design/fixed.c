/* fixed.c - a fixed number of patients, each followed for a fixed time.  SPDX-License-Identifier:
 * MIT */
#include "base/number.h"
#include "model/design.h"

#include <math.h>

static void close(const void *params, double follow_up, double size, const double *death,
                  struct patients *p, struct scratch *w)
{
    (void)params, (void)size, (void)death, (void)w;
    for (int i = 0; i < p->n; i++) p->followed[i] = smaller(follow_up, p->lost[i]);
}

const struct design design_fixed = {
    .name = "fixed",
    .brief = "a fixed number of patients, each followed for `follow_up` days",
    .formula = "observed until min(follow_up, loss)",
    .reference = "",
    .example = "fixed",
    .close = close,
};
