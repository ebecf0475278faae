/* findings.c - see findings.h.  SPDX-License-Identifier: MIT */
#include "engine/findings.h"
#include "stat/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void study_of_plan(const struct plan *plan, struct study *s)
{
    *s = (struct study){.name = plan->name,
                        .scenario = plan->text,
                        .resolved = plan->resolved,
                        .seed = plan->seed,
                        .replicates = plan->replicates,
                        .n_paths = plan->sweep.n_paths,
                        .path = plan->sweep.path,
                        .n_points = plan->n_points,
                        .setting = plan->sweep.setting,
                        .n_answers = plan->n_answers,
                        .answer = plan->answer,
                        .n_published = plan->n_published,
                        .published = plan->published,
                        .keep_replicates = true};
    const size_t cells = (size_t)plan->n_points * (size_t)plan->n_answers;
    s->truth = arena_alloc(&s->memory, cells, sizeof *s->truth);
    s->truth_se = arena_alloc(&s->memory, cells, sizeof *s->truth_se);
    for (size_t k = 0; k < cells; k++) s->truth[k] = s->truth_se[k] = NAN;
    s->pairing = arena_alloc(&s->memory, (size_t)plan->n_points, sizeof *s->pairing);
    for (int p = 0; p < plan->n_points; p++) s->pairing[p] = plan->point[p].pairing;
}

double published_statistic(const char *name, const struct result *r)
{
    if (strcmp(name, "ci_low") == 0) return r->ci_low;
    if (strcmp(name, "ci_high") == 0) return r->ci_high;
    if (strcmp(name, "ci_width") == 0) return r->ci_high - r->ci_low;
    if (strcmp(name, "p_value") == 0) return r->p_value;
    if (strcmp(name, "se") == 0) return r->se;
    return r->estimate;
}

bool published_is_ratio(const struct answer *a, const char *statistic)
{
    return a->scale == SCALE_LOG &&
           (strcmp(statistic, "estimate") == 0 || strcmp(statistic, "ci_low") == 0 ||
            strcmp(statistic, "ci_high") == 0);
}

enum status study_compare(struct study *s, const struct plan *plan,
                          const struct result_source *rows, struct errors *e)
{
    enum { CHUNK = 4096 };
    struct result *chunk = xcalloc(CHUNK, sizeof *chunk);
    double *x = xcalloc((size_t)s->replicates, sizeof *x);
    enum status status = STATUS_OK;
    for (int k = 0; k < s->n_published && status == STATUS_OK; k++) {
        struct published *p = &s->published[k];
        const bool ratio = published_is_ratio(&s->answer[plan->published_source[k]], p->statistic);
        int n = 0, n_mean = 0;
        double mean = 0;
        for (int64_t first = 0; first < s->replicates && status == STATUS_OK; first += CHUNK) {
            const int64_t left = s->replicates - first, count = left < CHUNK ? left : CHUNK;
            status = rows->read(rows->handle, 0, plan->published_source[k], first, count, chunk, e);
            for (int64_t i = 0; i < count && status == STATUS_OK; i++) {
                const double value = published_statistic(p->statistic, &chunk[i]);
                if (isnan(value)) continue;
                x[n++] = value;
                const double y = ratio ? log(value) : value;
                if (isfinite(y)) mean += (y - mean) / ++n_mean;
            }
        }
        if (n == 0) continue;
        p->simulated = ratio ? exp(mean) : mean;
        p->low = select_smallest(x, n, (int)(0.025 * (n - 1)));
        p->high = select_smallest(x, n, (int)ceil(0.975 * (n - 1)));
    }
    free(x);
    free(chunk);
    return status;
}
