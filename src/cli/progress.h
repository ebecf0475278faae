/* progress.h - how far a long run is, on standard error.  SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "engine/study.h"

struct progress {
    bool quiet, terminal, drawn;
    int64_t total, before, done; /* trials: of the run, already there at the start, now */
    double started, shown;       /* seconds */
    const struct answer *answer; /* whose precision is shown */
    int64_t seen, rejected;      /* of the first point */
};
struct progress progress_start(bool quiet, int64_t total, int64_t before,
                               const struct answer *answer);
void progress_see(struct progress *p, const struct result *r); /* one more result of that answer */
void progress_show(struct progress *p, bool last);
/* Seconds since the start, or how many trials a second. */
double progress_seconds(const struct progress *p);
double progress_rate(const struct progress *p);
double monotonic_seconds(void);
double processor_seconds(void); /* of all threads of this process */

#endif
