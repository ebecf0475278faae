/* life_table.h - both arms at risk, and their events, at every time of an event.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_LIFE_TABLE_H
#define ANALYSIS_LIFE_TABLE_H

#include "model/analysis.h"

#include <stdbool.h>

/* Counts of control and treated. Who is censored at a time of an event is still at risk then. */
struct life_time {
    double time;
    int at_risk[2], events[2], competing[2];
};

/* Times increase; at each there is an event or a competing one in either arm. */
struct life_table {
    int n;
    struct life_time *at;
    double followed[2]; /* longest time seen; -INFINITY in an arm without patients */
    int events[2];      /* events in all */
};

/* cause[s->n]: `of_interest` is the event, another number above 0 a competing one. Patients of one
 * stratum, or of all when stratum < 0. Memory comes from w and is the caller's to give back. */
struct life_table life_table_build(const struct sample *s, const double *cause, int of_interest,
                                   int stratum, struct scratch *w);

/* The longest follow-up that both arms have. */
double life_table_common(const struct life_table *t);

/* Is the arm's survival known at that time: followed so long, or nobody left at risk by events? */
bool life_table_reaches(const struct life_table *t, int arm, double time);

/* UNDEFINED_NO, or why two survival curves cannot be compared until that time. */
enum undefined life_table_why_not(const struct life_table *t, double time);

#endif
