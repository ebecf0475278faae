/* missing.h - analyses in which patients without an outcome are filled in.
 * SPDX-License-Identifier: MIT
 *
 * Filled in are patients whom the analysis would read if their outcome were known: of its arms and
 * its subgroup, with covariates, and eligible (see struct endpoint_columns). */
#ifndef MODEL_MISSING_H
#define MODEL_MISSING_H

#include "model/analysis_spec.h"

#define MISSING_WORD_MULTIPLE "multiple"
#define MISSING_CHOICES       "complete|worst|best|worst_best|best_worst|single|" MISSING_WORD_MULTIPLE

/* What an analysis that pools imputations gives: its run() writes all of them for one complete
 * sample (`within` its se, `between` and `missing_information` 0, `df` Student's), and missing_run
 * replaces them by what many completed samples say together. */
enum { POOLED, POOLED_DF, POOLED_WITHIN, POOLED_BETWEEN, POOLED_INFORMATION, POOLED_OUTPUTS };

struct binder;
/* Reads `missing` and `impute_with` of b's statement, once its endpoint and arms are bound. */
void missing_bind(const struct binder *k, struct bound_analysis *b);

/* Are patients filled in with values that depend on their baseline? */
bool missing_reads_baseline(const struct bound_analysis *b);

/* analysis_run where b->missing is not MISSING_COMPLETE. */
void missing_run(const struct bound_analysis *b, const struct dataset *d, struct scratch *w,
                 struct result *out);

/* Rubin's rules: m estimates with their within and between variances, and the degrees of freedom
 * each has. out[POOLED_OUTPUTS]; n and events are the caller's. */
struct imputations {
    int m;
    double estimate, within, between, df; /* mean, mean se^2, variance of estimates, mean df */
};
void missing_pool(const struct imputations *of, const struct inference *in, struct result *out);

#endif
