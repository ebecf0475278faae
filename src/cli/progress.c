/* progress.c - see progress.h.  SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double monotonic_seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double processor_seconds(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

struct progress progress_start(bool quiet, int64_t total, int64_t before,
                               const struct answer *answer)
{
    const double now = monotonic_seconds();
    return (struct progress){.quiet = quiet,
                             .terminal = isatty(STDERR_FILENO) == 1,
                             .total = total,
                             .before = before,
                             .done = before,
                             .started = now,
                             .shown = now,
                             .answer = answer};
}

void progress_see(struct progress *p, const struct result *r)
{
    p->seen++;
    p->rejected += result_rejects(p->answer, r) && result_favours_benefit(p->answer, r);
}

double progress_seconds(const struct progress *p)
{
    return monotonic_seconds() - p->started;
}

double progress_rate(const struct progress *p)
{
    return (double)(p->done - p->before) / fmax(1e-9, progress_seconds(p));
}

static void print_duration(double seconds)
{
    if (seconds < 90)
        (void)fprintf(stderr, "%.0f s", seconds);
    else if (seconds < 5400)
        (void)fprintf(stderr, "%.0f min", seconds / 60);
    else
        (void)fprintf(stderr, "%.1f h", seconds / 3600);
}

void progress_show(struct progress *p, bool last)
{
    const double now = monotonic_seconds(), wait = p->terminal ? 0.2 : 10;
    if (p->quiet || (!last && now - p->shown < wait)) return;
    if (last && !p->drawn && !p->terminal) return;
    p->shown = now;
    p->drawn = true;
    const double rate = progress_rate(p), share = (double)p->done / (double)p->total;
    (void)fprintf(stderr, "%sshocksim: %lld of %lld trials (%.0f %%), %.0f a second",
                  p->terminal ? "\r" : "", (long long)p->done, (long long)p->total, 100 * share,
                  rate);
    if (!last && rate > 0) {
        (void)fprintf(stderr, ", ");
        print_duration((double)(p->total - p->done) / rate);
        (void)fprintf(stderr, " left");
    }
    if (p->seen > 0) {
        const double power = (double)p->rejected / (double)p->seen;
        (void)fprintf(stderr, "; %s: power %.3f +- %.3f", p->answer->name, power,
                      sqrt(power * (1 - power) / (double)p->seen));
    }
    (void)fprintf(stderr, "%s", p->terminal && !last ? "   " : "   \n");
    (void)fflush(stderr);
}
