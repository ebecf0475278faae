/* test_stream.c - streams: bit equality with the PCG library, independence, uniformity.
 * SPDX-License-Identifier: MIT
 *
 * Statistical tests have fixed seeds. FALSE_ALARM is the probability that a sound generator with
 * another seed would fail one of them; the same statistic must reject a known-bad scheme. */
#include "base/memory.h"
#include "base/stream.h"
#include "base/stream_gsl.h"
#include "base/stream_paths.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FALSE_ALARM 1e-6
#define CERTAIN     1e-30 /* the p-value that a known-bad scheme must fall below */

/* Round 1 of pcg64 seeded (42, 54): pcg-cpp, test-high/expected/check-pcg64.out. */
static void library_gives_its_known_answers(void **unused)
{
    (void)unused;
    static const uint64_t expected[] = {0x86b1da1d72062b68, 0x1304aa46c9853d39, 0xa3670e9e0dd50358,
                                        0xf9090e529a7dae00, 0xc85b9fd837996f2c, 0x606121f8e3919196};
    struct stream library = stream_seeded_library(42, 54), own = library;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(stream_next_library(&library), expected[i]);
        assert_int_equal(stream_next(&own), expected[i]);
        assert_memory_equal(&library, &own, sizeof own);
    }
}

/* The k-th of some streams of arbitrary state, extreme ones first. */
static struct stream arbitrary_stream(int k)
{
    const uint64_t all = UINT64_MAX;
    if (k == 0) return (struct stream){0, 0, 0, 1};
    if (k == 1) return (struct stream){all, all, all, all};
    const struct stream s = stream_seeded_library(7, (uint64_t)k);
    uint64_t w[4];
    stream_fill_bits_library(&s, w, 4);
    return (struct stream){w[0], w[1], w[2], w[3] | 1};
}

/* (k + 1/2) 2^-53 - 1/2 of the header, in arithmetic with 64 bits, where it is exact. */
static double centred_by_definition(uint64_t bits)
{
    return (double)(((long double)(bits >> 11) + 0.5L) * 0x1p-53L - 0.5L);
}

static bool leapfrog_bits(const struct stream *s, uint64_t *bits, int n)
{
    stream_fill_bits_leapfrog(s, bits, n);
    return true;
}

static bool leapfrog(const struct stream *s, double *q, int n)
{
    stream_fill_leapfrog(s, q, n);
    return true;
}

static bool chosen_bits(const struct stream *s, uint64_t *bits, int n)
{
    stream_fill_bits(s, bits, n);
    return true;
}

static bool chosen(const struct stream *s, double *q, int n)
{
    stream_fill(s, q, n);
    return true;
}

struct path {
    bool (*bits)(const struct stream *s, uint64_t *bits, int n);
    bool (*centred)(const struct stream *s, double *q, int n);
};

/* Both fills of a path against the library, and that nothing beyond their ends is written. */
static void check_path(struct path path, struct stream s, int n)
{
    enum { ROOM = 1040 };
    static const uint64_t untouched = UINT64_C(0x0123456789abcdef);
    uint64_t expected[ROOM], bits[ROOM];
    double q[ROOM], expected_q[ROOM];
    for (int i = 0; i < ROOM; i++) bits[i] = untouched;
    memcpy(q, bits, sizeof q);
    memcpy(expected_q, bits, sizeof q);
    stream_fill_bits_library(&s, expected, ROOM);
    const int padded = (n + 7) / 8 * 8;
    for (int i = 0; i < padded; i++) expected_q[i] = centred_by_definition(expected[i]);
    for (int i = n; i < ROOM; i++) expected[i] = untouched;

    if (!path.bits(&s, bits, n)) skip();
    assert_memory_equal(bits, expected, sizeof bits);
    assert_true(path.centred(&s, q, n));
    assert_memory_equal(q, expected_q, sizeof q);
}

static void path_equals_library(void **state)
{
    static const int n[] = {0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 255, 256, 257, 424, 1000};
    const struct path *path = *state;
    for (size_t j = 0; j < sizeof n / sizeof *n; j++)
        for (int k = 0; k < 40; k++) check_path(*path, arbitrary_stream(k), n[j]);
}

static void next_equals_fill(void **unused)
{
    (void)unused;
    enum { N = 100 };
    struct stream s = stream_for(1, 2, 3), library = s;
    uint64_t bits[N];
    stream_fill_bits(&s, bits, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(stream_next(&s), bits[i]);
        assert_int_equal(stream_next_library(&library), bits[i]);
        assert_memory_equal(&s, &library, sizeof s);
    }
}

/* From state 0 the first step leads to the increment, so that it can be chosen: halves 0 and all
 * ones give the greatest output, two equal halves give 0. */
static void uniform_stays_inside(void **unused)
{
    (void)unused;
    struct stream greatest = {0, 0, 0, UINT64_MAX}, least = {0, 0, 1, 1};
    double q[8];
    stream_fill(&greatest, q, 1);
    assert_true(q[0] < 0.5 && q[0] >= 0.5 - 0x1p-54);
    assert_true(stream_uniform(&greatest) < 1);
    stream_fill(&least, q, 1);
    assert_true(q[0] > -0.5 && q[0] <= -0.5 + 0x1p-54);
    const double u = stream_uniform(&least);
    assert_true(u > 0 && u <= 0x1p-54);
}

static int compare_pairs(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
    return (x[1] > y[1]) - (x[1] < y[1]);
}

/* The number of equal neighbours among n sorted pairs of words. */
static int count_repeats(uint64_t (*pair)[2], int n)
{
    qsort(pair, (size_t)n, sizeof *pair, compare_pairs);
    int repeats = 0;
    for (int i = 1; i < n; i++) repeats += compare_pairs(pair[i - 1], pair[i]) == 0;
    return repeats;
}

/* 10^6 streams: two 64-bit chains repeat one of 10^6 values with probability 3e-8 each. The
 * known-bad twin keeps 32 bits of the hash, of which (10^6)^2 / 2^33 = 116 pairs repeat. */
static void no_two_streams_meet(void **unused)
{
    (void)unused;
    enum { REPLICATES = 1000, VARIABLES = 1000, N = REPLICATES * VARIABLES };
    uint64_t(*state)[2] = xcalloc(N, sizeof *state), (*increment)[2] = xcalloc(N, sizeof *state);
    uint64_t(*poor)[2] = xcalloc(N, sizeof *poor);
    for (int i = 0; i < N; i++) {
        const struct stream s = stream_for(1, (uint64_t)(i / VARIABLES), (uint64_t)(i % VARIABLES));
        assert_int_equal(s.increment_low & 1, 1);
        memcpy(state[i], (uint64_t[]){s.state_high, s.state_low}, sizeof *state);
        memcpy(increment[i], (uint64_t[]){s.increment_high, s.increment_low}, sizeof *increment);
        poor[i][0] = s.state_high >> 32;
    }
    assert_int_equal(count_repeats(state, N), 0);
    assert_int_equal(count_repeats(increment, N), 0);
    assert_in_range(count_repeats(poor, N), 116 - 60, 116 + 60);
    free(state);
    free(increment);
    free(poor);
}

static void variables_differ(void **unused)
{
    (void)unused;
    enum { NAMES = 20000, N = 2 * NAMES };
    uint64_t(*pair)[2] = xcalloc(N, sizeof *pair);
    for (int i = 0; i < NAMES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "covariate %d", i);
        pair[i][0] = stream_variable(name);
        pair[NAMES + i][0] = stream_indexed(stream_variable("sofa day"), (uint64_t)i);
    }
    assert_int_equal(count_repeats(pair, N), 0);
    free(pair);
}

/* Two-sided p-value of the chi-squared statistic of counts that are equally likely. */
static double p_of_counts(const unsigned *count, int bins, double total)
{
    const double expected = total / bins;
    double x2 = 0;
    for (int b = 0; b < bins; b++) x2 += (count[b] - expected) * (count[b] - expected) / expected;
    const double nu = bins - 1;
    return 2 * fmin(gsl_cdf_chisq_P(x2, nu), gsl_cdf_chisq_Q(x2, nu));
}

/* Across many streams, draw k must be uniform, and draw k of one stream independent of that of the
 * next: the smallest p-value of all these tests, times their number (Bonferroni). */
static double p_across(struct stream (*family)(uint64_t))
{
    enum { STREAMS = 40000, DRAWS = 200, BINS = 256 };
    unsigned(*single)[BINS] = xcalloc(DRAWS, sizeof *single);
    unsigned(*paired)[BINS] = xcalloc(DRAWS, sizeof *paired);
    for (uint64_t i = 0; i < STREAMS; i += 2) {
        const struct stream s = family(i), t = family(i + 1);
        uint64_t a[DRAWS], b[DRAWS];
        stream_fill_bits(&s, a, DRAWS);
        stream_fill_bits(&t, b, DRAWS);
        for (int k = 0; k < DRAWS; k++) {
            single[k][a[k] >> 56]++;
            single[k][b[k] >> 56]++;
            paired[k][a[k] >> 60 << 4 | b[k] >> 60]++;
        }
    }
    double least = 1;
    for (int k = 0; k < DRAWS; k++) {
        least = fmin(least, p_of_counts(single[k], BINS, STREAMS));
        least = fmin(least, p_of_counts(paired[k], BINS, STREAMS / 2.0));
    }
    free(single);
    free(paired);
    return fmin(1, least * 2 * DRAWS);
}

static struct stream by_replicate(uint64_t i)
{
    return stream_for(12345, i, 1);
}
static struct stream by_variable(uint64_t i)
{
    return stream_for(12345, 1, i);
}
static struct stream by_seed(uint64_t i)
{
    return stream_for(i, 1, 1);
}
static struct stream by_index(uint64_t i)
{
    return stream_for(12345, 1, stream_indexed(stream_variable("sofa day"), i));
}
static struct stream naive_sequence(uint64_t i)
{
    return stream_seeded_library(12345, i);
}
static struct stream naive_state(uint64_t i)
{
    return stream_seeded_library(i, 54);
}

static void streams_are_independent(void **unused)
{
    (void)unused;
    assert_true(p_across(by_replicate) > FALSE_ALARM);
    assert_true(p_across(by_variable) > FALSE_ALARM);
    assert_true(p_across(by_seed) > FALSE_ALARM);
    assert_true(p_across(by_index) > FALSE_ALARM);
}

static void naive_streams_are_caught(void **unused)
{
    (void)unused;
    assert_true(p_across(naive_sequence) < CERTAIN);
    assert_true(p_across(naive_state) < CERTAIN);
}

/* p-values of one long column: bins of q, and bins of successive pairs. `bend` distorts q. */
static double p_uniform(double bend)
{
    enum { N = 1 << 20, BINS = 1024, SIDE = 32 };
    const struct stream s = stream_for(2019, 217, stream_variable("uniformity"));
    double *q = xcalloc(N, sizeof *q);
    unsigned single[BINS] = {0}, paired[BINS] = {0};
    stream_fill(&s, q, N);
    for (int i = 0; i < N; i++) q[i] *= 1 - bend * (0.25 - q[i] * q[i]);
    for (int i = 0; i < N; i++) single[(int)((q[i] + 0.5) * BINS)]++;
    for (int i = 0; i < N; i += 2)
        paired[(int)((q[i] + 0.5) * SIDE) * SIDE + (int)((q[i + 1] + 0.5) * SIDE)]++;
    free(q);
    return 2 * fmin(p_of_counts(single, BINS, N), p_of_counts(paired, BINS, N / 2.0));
}

static void draws_are_uniform(void **unused)
{
    (void)unused;
    assert_true(p_uniform(0) > FALSE_ALARM);
    assert_true(p_uniform(0.2) < CERTAIN);
}

static void gsl_draws_from_the_stream(void **unused)
{
    (void)unused;
    struct stream own = stream_for(5, 6, 7), lent = own;
    gsl_rng r = stream_gsl(&lent);
    for (int i = 0; i < 100; i++) {
        const double u = stream_uniform(&own), v = gsl_rng_uniform(&r);
        assert_memory_equal(&u, &v, sizeof u);
        assert_int_equal(stream_next(&own), gsl_rng_get(&r));
    }
    assert_memory_equal(&own, &lent, sizeof own);
    assert_true(gsl_ran_gamma(&r, 2.5, 1) > 0);
    assert_memory_not_equal(&own, &lent, sizeof own);

    gsl_rng *owned = gsl_rng_alloc(&stream_gsl_type);
    gsl_rng_set(owned, 9);
    struct stream seeded = stream_for(9, 0, 0);
    assert_int_equal(gsl_rng_get(owned), stream_next(&seeded));
    gsl_rng_free(owned);
}

int main(void)
{
    static struct path by_leapfrog = {leapfrog_bits, leapfrog}, by_choice = {chosen_bits, chosen},
                       by_avx512 = {stream_fill_bits_avx512, stream_fill_avx512};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_gives_its_known_answers),
        {"leapfrog_equals_library", path_equals_library, NULL, NULL, &by_leapfrog},
        {"avx512_equals_library", path_equals_library, NULL, NULL, &by_avx512},
        {"chosen_path_equals_library", path_equals_library, NULL, NULL, &by_choice},
        cmocka_unit_test(next_equals_fill),
        cmocka_unit_test(uniform_stays_inside),
        cmocka_unit_test(no_two_streams_meet),
        cmocka_unit_test(variables_differ),
        cmocka_unit_test(streams_are_independent),
        cmocka_unit_test(naive_streams_are_caught),
        cmocka_unit_test(draws_are_uniform),
        cmocka_unit_test(gsl_draws_from_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
