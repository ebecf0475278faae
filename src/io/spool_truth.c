/* spool_truth.c - see spool.h: truths wait as one more replicate, far behind the others.
 * SPDX-License-Identifier: MIT */
#include "io/spool.h"

#include <stdlib.h>

enum status spool_put_truth(struct spool *s, int point, int n_answers, const double *truth,
                            const double *error, struct errors *e)
{
    struct result *row = xcalloc((size_t)n_answers, sizeof *row);
    for (int k = 0; k < n_answers; k++) {
        row[k] = result_undefined(UNDEFINED_NO, 0, 0);
        row[k].estimate = truth[k];
        row[k].se = error[k];
    }
    const enum status status = spool_append(s, point, SPOOL_TRUTH, 1, row, e);
    free(row);
    return status;
}

bool spool_has_truth(const struct spool *s, int point)
{
    return spool_has(s, point, SPOOL_TRUTH, 1);
}

enum status spool_truth(struct spool *s, int point, int n_answers, double *truth, double *error,
                        struct errors *e)
{
    const struct result_source rows = spool_rows(s);
    enum status status = STATUS_OK;
    for (int k = 0; k < n_answers && status == STATUS_OK; k++) {
        struct result row;
        status = rows.read(rows.handle, point, k, SPOOL_TRUTH, 1, &row, e);
        truth[k] = row.estimate;
        error[k] = row.se;
    }
    return status;
}
