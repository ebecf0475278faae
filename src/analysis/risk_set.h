/* risk_set.h - patients in the order in which risk sets grow: what survival analyses share.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_RISK_SET_H
#define ANALYSIS_RISK_SET_H

#include "model/analysis.h"

/* One distinct time of death in one stratum. At risk are the rows first … end-1; the deaths are the
 * last of them, rows end-deaths … end-1. */
struct death_time {
    int first, end, deaths;
};

/* Rows run through the strata, latest time first, at equal times the censored before the deaths.
 * Patients censored before the first death of their stratum are in no risk set and have no row. */
struct risk_sets {
    int n;        /* rows */
    int *patient; /* [n] */
    int n_strata; /* strata with a death */
    int *start;   /* [n_strata + 1] first row of each stratum, then n */
    int *lead;    /* [n_strata] its first row of a death: rows before outlive every death */
    int n_times;
    struct death_time *time; /* [n_times] in the order of rows */
};

/* Memory comes from w and is the caller's to give back. */
void risk_sets_build(struct risk_sets *sets, const struct sample *s, struct scratch *w);

#endif
