/* agreement.h - how far two analyses of the same simulated trials agree.
 * SPDX-License-Identifier: MIT */
#ifndef ENGINE_AGREEMENT_H
#define ENGINE_AGREEMENT_H

#include "engine/study.h"

/* What the tests of a study found in the trials of one point: two bits a test and trial. */
struct findings;
struct findings *findings_new(const struct study *s);
/* Trials first … first+n-1 of an answer at the point; first is a multiple of 64, and trials come in
 * order. An answer that tests nothing is left aside. */
void findings_add(struct findings *f, const struct study *s, int answer, int64_t first,
                  const struct result *rows, int64_t n);
/* Appends the point's agreements of every two tests to the study, whose measures of the point are
 * known. */
void findings_compare(struct findings *f, struct study *s, int point);
void findings_free(struct findings *f);

#endif
