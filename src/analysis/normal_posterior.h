/* normal_posterior.h - normal beliefs about a log ratio.  SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_NORMAL_POSTERIOR_H
#define ANALYSIS_NORMAL_POSTERIOR_H

/* Of a log ratio; sd INFINITY: every ratio is as likely as any other. */
struct belief {
    double mean, sd;
};

enum prior { PRIOR_FLAT, PRIOR_SCEPTICAL, PRIOR_NEUTRAL, PRIOR_ENTHUSIASTIC };

/* `expected` is the ratio that the trial was designed to detect, not 1. */
struct belief belief_before(enum prior kind, double expected);
struct belief belief_after(struct belief before, double estimate, double se);

#endif
