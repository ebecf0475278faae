/* test_select.c - order statistics of spread values, rows that are kept, and the log-rank sums that
 * rest on orders, against their definitions.  SPDX-License-Identifier: MIT */
#include "base/stream.h"
#include "model/analysis.h"
#include "stat/keep.h"
#include "stat/range.h"
#include "stat/select.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct analysis analysis_logrank;

enum { ROOM = 1200 };

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kinds of columns: spread, skewed to the right and to the left, clumped, whole numbers, with
 * infinite values, all equal, equal but for rounding, with sums beyond the range of numbers. */
enum kind { UNIFORM, SKEWED, SINKING, CLUMPED, WHOLE, ENDLESS, EQUAL, ROUNDED, LARGE, KINDS };

static void fill(enum kind kind, uint64_t k, double *x, int n)
{
    struct stream s = stream_for(7, k, kind);
    for (int i = 0; i < n; i++) {
        const double u = stream_uniform(&s);
        x[i] = kind == UNIFORM   ? u - 0.5
               : kind == SKEWED  ? exp(8 * u)
               : kind == SINKING ? -exp(8 * u)
               : kind == CLUMPED ? (i % 50 == 0 ? 1e6 * u : 1e-9 * u)
               : kind == WHOLE   ? floor(12 * u)
               : kind == ENDLESS ? (u < 0.4 ? INFINITY : 100 * u)
               : kind == ROUNDED ? (i % 9 == 0 ? nextafter(0.1, 1) : 0.1)
               : kind == LARGE   ? 1.6e308 * (u - 0.5)
                                 : 3;
    }
}

/* Source of what is expected: sorting by the C library. */
static void test_selection_is_the_sorted_value(void **state)
{
    (void)state;
    static const int sizes[] = {1, 7, 63, 64, 65, 424, 1111};
    struct scratch w = {0};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            double x[ROOM], sorted[ROOM];
            const int n = sizes[j];
            fill((enum kind)kind, j, x, n);
            memcpy(sorted, x, sizeof x);
            qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
            assert_memory_equal(&(double){range_of(x, n).low}, &sorted[0], sizeof(double));
            assert_memory_equal(&(double){range_of(x, n).high}, &sorted[n - 1], sizeof(double));
            for (int k = 0; k < n; k += 1 + n / 40) {
                const double found = select_spread(x, n, k, &w);
                assert_memory_equal(&found, &sorted[k], sizeof found);
            }
            scratch_reset(&w);
        }
    scratch_free(&w);
}

/* Definition 7: at place h = (n - 1) p, counted from 0, between its neighbours. */
static void test_quartiles_are_interpolated(void **state)
{
    (void)state;
    struct scratch w = {0};
    for (int kind = 0; kind < KINDS; kind++)
        for (int n = 1; n < 200; n += n < 20 ? 1 : 37) {
            if (kind == ENDLESS) continue;
            double x[ROOM], sorted[ROOM], found[3];
            fill((enum kind)kind, (uint64_t)n, x, n);
            memcpy(sorted, x, sizeof x);
            qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
            quartiles(x, n, found, &w);
            for (int q = 0; q < 3; q++) {
                const double h = (n - 1) * (q + 1) / 4.0;
                const int low = (int)floor(h), high = (int)ceil(h);
                const double expected = sorted[low] + (h - low) * (sorted[high] - sorted[low]);
                assert_true(fabs(found[q] - expected) <= 1e-15 * fabs(expected));
            }
            scratch_reset(&w);
        }
    scratch_free(&w);
}

/* O - E and V by their definition, a pass over all patients for each death. */
static void defined_score(const struct sample *s, double *u, double *v)
{
    *u = *v = 0;
    for (int i = 0; i < s->n; i++) {
        if (!(s->event[i] > 0)) continue;
        double at_risk = 0, treated = 0;
        for (int j = 0; j < s->n; j++) {
            at_risk += s->time[j] >= s->time[i];
            treated += s->time[j] >= s->time[i] && s->arm[j];
        }
        const double share = treated / at_risk;
        *u += s->arm[i] - share;
        *v += share * (1 - share);
    }
}

/* Distinct times of death; `horizon`: the others are censored there together or one by one. */
static void check_logrank(uint64_t k, int n, bool horizon)
{
    double time[ROOM], event[ROOM];
    unsigned char arm[ROOM];
    struct sample s = {.n = n, .arm = arm, .time = time, .event = event, .term = -1, .n_strata = 1};
    struct stream random = stream_for(11, k, (uint64_t)n);
    for (int i = 0; i < n; i++) {
        const double death = -log(stream_uniform(&random)), last = 2 * stream_uniform(&random);
        const double end = horizon ? 1 : last;
        arm[i] = stream_uniform(&random) < 0.5;
        event[i] = death <= end;
        time[i] = death <= end ? death : end;
        s.n_arm[arm[i]]++;
    }
    double u, v;
    defined_score(&s, &u, &v);
    const struct inference in = {0.05, 2, 1, -1, 1.959963984540054};
    const double params[2] = {0, 0};
    struct scratch w = {0};
    struct result r;
    analysis_logrank.run(params, &in, &s, &w, &r);
    assert_int_equal(r.why, UNDEFINED_NO);
    assert_true(fabs(r.statistic - u / sqrt(v)) <= 1e-12 * (1 + fabs(u) / sqrt(v)));
    assert_true(fabs(r.se * sqrt(v) - 1) <= 1e-12);
    scratch_free(&w);
}

static void test_logrank_of_distinct_times_is_its_definition(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        check_logrank(k, 20 + 10 * (int)k, true);
        check_logrank(k, 20 + 10 * (int)k, false);
    }
    check_logrank(99, ROOM, true);
}

/* Source of what is expected: a plain loop. */
static void test_kept_are_those_of_a_loop(void **state)
{
    (void)state;
    for (int n = 0; n < 300; n++) {
        struct stream s = stream_for(8, (uint64_t)n, 1);
        unsigned char keep[300], byte[300], bytes[300 + KEEP_BYTES_ROOM];
        double x[300], column[300 + KEEP_ROOM];
        int index[300 + KEEP_INDICES_ROOM], kept = 0;
        for (int i = 0; i < n; i++) {
            x[i] = stream_uniform(&s);
            byte[i] = (unsigned char)(255 * stream_uniform(&s));
            keep[i] = stream_uniform(&s) < 0.7;
        }
        const int n_column = keep_column(x, keep, n, column);
        const int n_bytes = keep_bytes(byte, keep, n, bytes);
        const int n_index = keep_indices(keep, n, index);
        for (int i = 0; i < n; i++) {
            if (!keep[i]) continue;
            assert_memory_equal(&column[kept], &x[i], sizeof *x);
            assert_int_equal(bytes[kept], byte[i]);
            assert_int_equal(index[kept], i);
            kept++;
        }
        assert_int_equal(n_column, kept);
        assert_int_equal(n_bytes, kept);
        assert_int_equal(n_index, kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selection_is_the_sorted_value),
        cmocka_unit_test(test_quartiles_are_interpolated),
        cmocka_unit_test(test_kept_are_those_of_a_loop),
        cmocka_unit_test(test_logrank_of_distinct_times_is_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
