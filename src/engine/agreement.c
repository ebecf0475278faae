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
 * power, is compared by `reject` alone. Memory is two bits a test and trial of one point, and the
 * counts. */
#include "engine/agreement.h"

#include "base/dispatch.h"
#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BENEFIT, EITHER, FINDINGS };
enum { BLOCK = 512 }; /* words; those of some tests stay in cache */

static const char *const measure_of[FINDINGS] = {[BENEFIT] = "power", [EITHER] = "reject"};

struct findings {
    struct arena memory;
    int n, *test;   /* [answers] place among those that test something; -1: none of them */
    int *answer;    /* [n] */
    bool *directed; /* [n] at this point */
    int64_t words;  /* bit i % 64 of word i / 64: whether trial i counts */
    uint64_t *bit;  /* [n][FINDINGS][words] */
    int64_t *total; /* [n][FINDINGS] */
    int64_t *both;  /* [n(n-1)/2][FINDINGS] pairs in order */
};

struct findings *findings_new(const struct study *s)
{
    struct findings *f = xcalloc(1, sizeof *f);
    f->test = arena_alloc(&f->memory, (size_t)s->n_answers, sizeof *f->test);
    f->answer = arena_alloc(&f->memory, (size_t)s->n_answers, sizeof *f->answer);
    for (int a = 0; a < s->n_answers; a++) {
        const bool tests = !isnan(s->answer[a].null) && !answer_is_descriptive(&s->answer[a]);
        f->test[a] = tests ? f->n : -1;
        if (tests) f->answer[f->n++] = a;
    }
    if (f->n < 2) f->n = 0;
    const size_t n = (size_t)f->n, n_pairs = f->n > 0 ? n * (n - 1) / 2 : 0;
    f->words = (s->replicates + 63) / 64;
    f->directed = arena_alloc(&f->memory, n, sizeof *f->directed);
    f->bit = xcalloc(n * FINDINGS * (size_t)f->words, sizeof *f->bit);
    f->total = arena_alloc(&f->memory, n * FINDINGS, sizeof *f->total);
    f->both = arena_alloc(&f->memory, n_pairs * FINDINGS, sizeof *f->both);
    return f;
}

void findings_free(struct findings *f)
{
    if (f == NULL) return;
    free(f->bit);
    arena_free(&f->memory);
    free(f);
}

void findings_add(struct findings *f, const struct study *s, int answer, int64_t first,
                  const struct result *rows, int64_t n)
{
    if (f->n == 0 || f->test[answer] < 0) return;
    const struct answer *a = &s->answer[answer];
    uint64_t *benefit = f->bit + f->test[answer] * FINDINGS * f->words,
             *either = benefit + f->words;
    for (int64_t at = 0; at < n; at += 64) {
        uint64_t favourable = 0, any = 0;
        for (int64_t i = at; i < n && i < at + 64; i++) {
            const int finding = result_finding(a, &rows[i]);
            favourable |= (uint64_t)(finding > 0) << i % 64;
            any |= (uint64_t)(finding != 0) << i % 64;
        }
        benefit[(first + at) / 64] = favourable;
        either[(first + at) / 64] = any;
    }
}

/* Whether each answer has a power at the point: a test without an estimate has none. */
static void find_directions(struct findings *f, const struct study *s, int point)
{
    for (int i = 0; i < f->n; i++) f->directed[i] = false;
    for (int64_t k = 0; k < s->n_measures; k++) {
        const struct measure *m = &s->measure[k];
        if (m->point != point || isnan(m->value) || strcmp(m->name, measure_of[BENEFIT]) != 0)
            continue;
        for (int i = 0; i < f->n; i++) f->directed[i] |= f->answer[i] == m->answer;
    }
}

MULTIVERSION static int64_t count_common(const uint64_t *x, const uint64_t *y, int64_t words)
{
    int64_t n = 0;
    for (int64_t w = 0; w < words; w++) n += __builtin_popcountll(x[w] & y[w]);
    return n;
}

static void count_block(struct findings *f, int64_t first, int64_t words)
{
    int64_t *both = f->both;
    for (int i = 0; i < f->n; i++)
        for (int j = i; j < f->n; j++)
            for (int k = 0; k < FINDINGS; k++) {
                const uint64_t *x = f->bit + (i * FINDINGS + k) * f->words + first;
                const uint64_t *y = f->bit + (j * FINDINGS + k) * f->words + first;
                int64_t *count = i == j ? &f->total[i * FINDINGS + k] : both++;
                *count += count_common(x, y, words);
            }
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

static void add_agreements(struct study *s, const struct findings *f, int point)
{
    const int64_t *both = f->both;
    for (int i = 0; i < f->n; i++)
        for (int j = i + 1; j < f->n; j++, both += FINDINGS)
            for (int k = 0; k < FINDINGS; k++) {
                if (k == BENEFIT && !(f->directed[i] && f->directed[j])) continue;
                struct agreement *g = &s->agreement[s->n_agreements++];
                *g = agreement_of(both[k], f->total[i * FINDINGS + k], f->total[j * FINDINGS + k],
                                  s->replicates);
                g->point = point;
                g->a = f->answer[i];
                g->b = f->answer[j];
                g->measure = measure_of[k];
            }
}

void findings_compare(struct findings *f, struct study *s, int point)
{
    if (f->n == 0) return;
    const size_t n = (size_t)f->n, n_pairs = n * (n - 1) / 2;
    memset(f->total, 0, n * FINDINGS * sizeof *f->total);
    memset(f->both, 0, n_pairs * FINDINGS * sizeof *f->both);
    for (int64_t w = 0; w < f->words; w += BLOCK)
        count_block(f, w, f->words - w < BLOCK ? f->words - w : BLOCK);
    find_directions(f, s, point);
    if (s->agreement == NULL)
        s->agreement =
            arena_alloc(&s->memory, (size_t)s->n_points * n_pairs * FINDINGS, sizeof *s->agreement);
    add_agreements(s, f, point);
}
