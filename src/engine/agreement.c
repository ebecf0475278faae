/* agreement.c - see agreement.h.  SPDX-License-Identifier: MIT
 *
 * Of R trials, both, only_a, only_b and neither are the shares in which two analyses count for a
 * measure: power (rejected, for benefit) or reject (either way). The difference of the measure is
 * d = only_a - only_b, the mean over trials of a paired difference that is 1, 0 or -1, so that
 *
 *   mcse(d) = sqrt((only_a + only_b - d²) / R)
 *
 * which is smaller than that of two independent runs by what the analyses share (the matched pairs
 * of McNemar 1947, Psychometrika 12:153). A pair in which one test has no direction, hence no
 * power, is compared by `reject` alone. Memory is that of one block of trials and of the counts. */
#include "engine/agreement.h"

#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, WORDS = BLOCK / 64 };
enum { BENEFIT, EITHER, FINDINGS };

static const char *const measure_of[FINDINGS] = {[BENEFIT] = "power", [EITHER] = "reject"};

/* Bit i: whether trial i of a block counts. */
struct findings {
    uint64_t bit[FINDINGS][WORDS];
};

struct pairs {
    int n, *answer;            /* [n] those that test something */
    bool *directed;            /* [n] at this point */
    struct findings *findings; /* [n] of one block */
    int64_t *total;            /* [n][FINDINGS] */
    int64_t *both;             /* [n(n-1)/2][FINDINGS] pairs in order */
};

static struct pairs pairs_new(const struct study *s, struct arena *memory)
{
    struct pairs p = {.answer = arena_alloc(memory, (size_t)s->n_answers, sizeof *p.answer)};
    for (int a = 0; a < s->n_answers; a++)
        if (!isnan(s->answer[a].null) && !answer_is_descriptive(&s->answer[a])) p.answer[p.n++] = a;
    const size_t n = (size_t)p.n, n_pairs = p.n > 0 ? n * (n - 1) / 2 : 0;
    p.directed = arena_alloc(memory, n, sizeof *p.directed);
    p.findings = arena_alloc(memory, n, sizeof *p.findings);
    p.total = arena_alloc(memory, n * FINDINGS, sizeof *p.total);
    p.both = arena_alloc(memory, n_pairs * FINDINGS, sizeof *p.both);
    return p;
}

/* Whether each answer has a power at the point: a test without an estimate has none. */
static void find_directions(struct pairs *p, const struct study *s, int point)
{
    for (int i = 0; i < p->n; i++) p->directed[i] = false;
    for (int64_t k = 0; k < s->n_measures; k++) {
        const struct measure *m = &s->measure[k];
        if (m->point != point || isnan(m->value) || strcmp(m->name, measure_of[BENEFIT]) != 0)
            continue;
        for (int i = 0; i < p->n; i++) p->directed[i] |= p->answer[i] == m->answer;
    }
}

static int64_t count_bits(const uint64_t *x, const uint64_t *y)
{
    int64_t n = 0;
    for (int w = 0; w < WORDS; w++) n += __builtin_popcountll(x[w] & y[w]);
    return n;
}

static void gather(struct findings *f, const struct answer *a, const struct result *row, int64_t n)
{
    *f = (struct findings){0};
    for (int64_t i = 0; i < n; i++) {
        const int finding = result_finding(a, &row[i]);
        f->bit[BENEFIT][i / 64] |= (uint64_t)(finding > 0) << i % 64;
        f->bit[EITHER][i / 64] |= (uint64_t)(finding != 0) << i % 64;
    }
}

static void add_block(struct pairs *p)
{
    int64_t *both = p->both;
    for (int i = 0; i < p->n; i++)
        for (int k = 0; k < FINDINGS; k++) {
            const uint64_t *bit = p->findings[i].bit[k];
            p->total[i * FINDINGS + k] += count_bits(bit, bit);
        }
    for (int i = 0; i < p->n; i++)
        for (int j = i + 1; j < p->n; j++)
            for (int k = 0; k < FINDINGS; k++)
                *both++ += count_bits(p->findings[i].bit[k], p->findings[j].bit[k]);
}

static enum status count_point(struct pairs *p, const struct study *s, int point,
                               const struct result_source *from, struct result *rows,
                               struct errors *e)
{
    const size_t n = (size_t)p->n;
    memset(p->total, 0, n * FINDINGS * sizeof *p->total);
    memset(p->both, 0, n * (n - 1) / 2 * FINDINGS * sizeof *p->both);
    for (int64_t first = 0; first < s->replicates; first += BLOCK) {
        const int64_t left = s->replicates - first, count = left < BLOCK ? left : BLOCK;
        for (int i = 0; i < p->n; i++) {
            const int answer = p->answer[i];
            const enum status status =
                from->read(from->handle, point, answer, first, count, rows, e);
            if (status != STATUS_OK) return status;
            gather(&p->findings[i], &s->answer[answer], rows, count);
        }
        add_block(p);
    }
    return STATUS_OK;
}

static struct agreement agreement_of(int64_t both, int64_t a, int64_t b, int64_t replicates)
{
    const double n = (double)replicates;
    struct agreement g = {.both = (double)both / n,
                          .only_a = (double)(a - both) / n,
                          .only_b = (double)(b - both) / n,
                          .neither = (double)(replicates - a - b + both) / n,
                          .difference = (double)(a - b) / n,
                          .n = replicates};
    const double variance = (double)(a + b - 2 * both) / n - g.difference * g.difference;
    const struct measure m =
        measure_value("", g.difference, sqrt(fmax(variance, 0) / n), replicates);
    g.mcse = m.mcse;
    g.low = m.low;
    g.high = m.high;
    return g;
}

static void add_point(struct study *s, const struct pairs *p, int point)
{
    const int64_t *both = p->both;
    for (int i = 0; i < p->n; i++)
        for (int j = i + 1; j < p->n; j++, both += FINDINGS)
            for (int k = 0; k < FINDINGS; k++) {
                if (k == BENEFIT && !(p->directed[i] && p->directed[j])) continue;
                struct agreement *g = &s->agreement[s->n_agreements++];
                *g = agreement_of(both[k], p->total[i * FINDINGS + k], p->total[j * FINDINGS + k],
                                  s->replicates);
                g->point = point;
                g->a = p->answer[i];
                g->b = p->answer[j];
                g->measure = measure_of[k];
            }
}

enum status agreement_find(struct study *s, const struct result_source *rows, struct errors *e)
{
    struct arena memory = {0};
    struct pairs p = pairs_new(s, &memory);
    enum status status = STATUS_OK;
    s->n_agreements = 0;
    if (p.n >= 2) {
        const size_t n = (size_t)p.n, most = (size_t)s->n_points * n * (n - 1) / 2 * FINDINGS;
        struct result *block = xcalloc(BLOCK, sizeof *block);
        s->agreement = arena_alloc(&s->memory, most, sizeof *s->agreement);
        for (int point = 0; point < s->n_points && status == STATUS_OK; point++) {
            status = count_point(&p, s, point, rows, block, e);
            find_directions(&p, s, point);
            if (status == STATUS_OK) add_point(s, &p, point);
        }
        free(block);
    }
    arena_free(&memory);
    return status;
}
