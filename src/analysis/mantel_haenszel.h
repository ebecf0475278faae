/* mantel_haenszel.h - risks compared within strata, Mantel & Haenszel's weights.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_MANTEL_HAENSZEL_H
#define ANALYSIS_MANTEL_HAENSZEL_H

#include "model/analysis.h"

/* On the scale of inference: the logarithm of the relative risk, or the difference. */
struct common_effect {
    double estimate, se;
    enum undefined why;
};

struct common_effect mantel_haenszel_ratio(const struct sample *s, struct scratch *w);
struct common_effect mantel_haenszel_difference(const struct sample *s, struct scratch *w);

#endif
