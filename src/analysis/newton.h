/* newton.h - the maximum of a concave log-likelihood of regression coefficients.
 * SPDX-License-Identifier: MIT */
#ifndef ANALYSIS_NEWTON_H
#define ANALYSIS_NEWTON_H

#include "analysis/columns.h"

#include <math.h>

/* First and second derivatives at one point; stride = 4 * blocks of the columns. */
struct derivatives {
    double *gradient;    /* [stride] */
    double *information; /* [stride][stride], lower triangle */
    double *scale; /* [stride] size of the terms whose difference is the information's diagonal:
                      what is smaller by 16 digits is rounding error */
};

/* What a step was like. */
struct newton_step {
    double longest; /* in standard deviations of a column */
    double length;  /* in standard errors */
    double pivot;   /* 1 over the standard error of the last coefficient, before the step */
};

/* After which only a step of no length is the last. */
#define NO_STEP ((struct newton_step){INFINITY, 1, INFINITY})

struct likelihood {
    struct columns *z;
    /* Returns the log-likelihood at beta[p] and writes its derivatives. */
    double (*evaluate)(void *model, const double *beta, struct derivatives *d);
    void *model;
    /* NULL, or sets beta[p] near the maximum and says by what last step; false: it has none. */
    bool (*approach)(void *model, double *beta, struct newton_step *last, struct scratch *w);
};

/* What is known at a maximum, of the last column's coefficient in the patients' units. */
struct maximum {
    enum undefined why;
    double loglik;
    double coefficient, se;
    double score; /* signed root of its score statistic: 0 unless the coefficient was fixed */
};

/* Maximises over all coefficients, or, when `fixed` is not NaN, over all but the last one, which
 * has that value. */
struct maximum likelihood_maximise(const struct likelihood *f, double fixed, struct scratch *w);
/* The same over all coefficients, from beta[p] on, which receives them: those of the columns. From
 * 0 nearly collinear columns are made orthogonal, from elsewhere they are not. The model's state is
 * that before the last step: whoever reads it evaluates it at the maximum. */
struct maximum likelihood_maximise_from(const struct likelihood *f, double *beta,
                                        struct scratch *w);

/* The answer to the question's column: estimate and limits from the maximum; statistic and p-value
 * of the test that the coefficient is log(in->null). */
enum coefficient_test { TEST_WALD, TEST_SCORE, TEST_LIKELIHOOD_RATIO };
struct result likelihood_result(const struct likelihood *f, enum coefficient_test test,
                                const struct inference *in, struct scratch *w);

#endif
