/* fixed.c - a fixed number of patients, each followed for a fixed time.  SPDX-License-Identifier:
 * MIT */
#include "base/dispatch.h"
#include "base/number.h"
#include "model/design.h"

MULTIVERSION static void end_follow_up(double last, const double *restrict lost,
                                       double *restrict followed, int n)
{
    for (int i = 0; i < n; i++) followed[i] = smaller(last, lost[i]);
}

static void close(const void *params, double follow_up, double size, const double *death,
                  struct patients *p, struct scratch *w)
{
    (void)params, (void)size, (void)death, (void)w;
    end_follow_up(follow_up, p->lost, p->followed, p->n);
}

const struct design design_fixed = {
    .name = "fixed",
    .brief = "a fixed number of patients, each followed for `follow_up` days",
    .formula = "observed until min(follow_up, loss)",
    .reference = "",
    .example = "fixed",
    .ignores_arrivals = true,
    .close = close,
};
