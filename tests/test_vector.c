/* test_vector.c - elementary functions on columns: accuracy, edges, the same bits at every width.
 * SPDX-License-Identifier: MIT
 *
 * References are the C library's functions in 64-bit long double arithmetic, which shares nothing
 * with the kernels; a few quantiles are from mpmath. */
#include "base/memory.h"
#include "base/stream.h"
#include "vector_paths.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 1000000, CHUNK = 1000 };

static const double accuracy = 1e-15; /* stat/vector.h */

static double *column(int n)
{
    return xcalloc((size_t)padded(n), sizeof(double));
}

static bool same_bits(const double *a, const double *b, int n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* Arguments over the whole domain of a function. Centred uniforms: half of them uniform, half with
 * a tail 2^-53 to 1/2 or a distance from 0 of that, uniform in the logarithm. */
static void fill_domain(int function, uint64_t which, double *x, int n)
{
    struct stream s = stream_for(42, which, stream_variable("domain"));
    for (int i = 0; i < n; i++) {
        const double u = stream_uniform(&s), small = exp2(-1 - 52 * stream_uniform(&s));
        const double sign = u < 0.5 ? -1 : 1;
        switch (function) {
        case EXP: x[i] = -720 + 1440 * u; break;
        case LOG: x[i] = i % 2 ? exp(708 * (2 * u - 1)) : 1 + sign * small / 2; break;
        default: x[i] = i % 2 ? u - 0.5 : sign * (i % 4 ? small / 1.5 : 0.5 - small); break;
        }
        if (function < EXP && !(fabs(x[i]) < 0.5)) x[i] = u - 0.5;
    }
}

/* (z - true)/true to first order in z's error: the residual of Phi over its derivative, from
 * whichever of centre and tail is known exactly. */
static long double quantile_error(double q, double z)
{
    const long double x = z, size = fabsl(x), pi = acosl(-1.0L);
    const long double density = expl(-x * x / 2) / sqrtl(2 * pi);
    const long double excess = size < 1
                                   ? erfl(size / sqrtl(2)) / 2 - fabsl((long double)q)
                                   : (0.5L - fabsl((long double)q)) - erfcl(size / sqrtl(2)) / 2;
    return excess / density / size;
}

static long double relative_error(int function, double x, double y)
{
    long double expected = 0;
    switch (function) {
    case NORMAL_QUANTILE: return quantile_error(x, y);
    case EXPONENTIAL:
        expected = x > 0 ? -log1pl((long double)x - 0.5L) : -logl((long double)x + 0.5L);
        break;
    case EXP: expected = expl(x); break;
    case LOG: expected = logl(x); break;
    }
    return ((long double)y - expected) / expected;
}

static double worst_error(int function, vector_function *f, double fault)
{
    double worst = 0, x[CHUNK], y[CHUNK];
    for (int c = 0; c < MANY / CHUNK; c++) {
        fill_domain(function, (uint64_t)c, x, CHUNK);
        f(y, x, CHUNK);
        for (int i = 0; i < CHUNK; i++)
            if (function != EXP || fabs(x[i]) < 700)
                worst =
                    fmax(worst, (double)fabsl(relative_error(function, x[i], y[i] * (1 + fault))));
    }
    return worst;
}

static void functions_are_accurate(void **unused)
{
    (void)unused;
    for (int f = 0; f < N_FUNCTIONS; f++) {
        const double worst = worst_error(f, path_dispatched.function[f], 0);
        assert_true(worst < accuracy);
        assert_true(worst_error(f, path_dispatched.function[f], accuracy) > accuracy);
    }
}

/* Every path on the same columns, of every length modulo the vectors and blocks; the first is the
 * reference. */
static void every_width_gives_the_same_bits(void **unused)
{
    (void)unused;
    struct vector_path path[MAX_VECTOR_PATHS];
    const int n_paths = vector_paths(path);
    double x[CHUNK], expected[CHUNK], y[CHUNK];
    for (int f = 0; f < N_FUNCTIONS; f++)
        for (int c = 0; c < MANY / CHUNK; c++) {
            const int n = CHUNK - c % 300;
            fill_domain(f, (uint64_t)c, x, CHUNK);
            path[0].function[f](expected, x, n);
            for (int p = 1; p < n_paths; p++) {
                path[p].function[f](y, x, n);
                assert_true(same_bits(y, expected, n));
            }
        }
}

static void in_place_and_within_bounds(void **unused)
{
    (void)unused;
    struct vector_path path[MAX_VECTOR_PATHS];
    const int n_paths = vector_paths(path);
    for (int p = 0; p < n_paths; p++)
        for (int f = 0; f < N_FUNCTIONS; f++)
            for (int n = 0; n < 600; n += n < 20 ? 1 : 37) {
                const int room = padded(n) + 8;
                double *x = column(room), *y = column(room), *in_place = column(room);
                fill_domain(f, 1, x, room);
                memcpy(y, x, (size_t)room * sizeof *y);
                memcpy(in_place, x, (size_t)room * sizeof *y);
                path[p].function[f](y, x, n);
                path[p].function[f](in_place, in_place, n);
                assert_true(same_bits(y, in_place, n));
                assert_true(same_bits(y + padded(n), x + padded(n), room - padded(n)));
                assert_true(same_bits(in_place + padded(n), x + padded(n), room - padded(n)));
                free(x);
                free(y);
                free(in_place);
            }
}

/* mpmath 1.3, 50 digits: root of erfc(z/sqrt(2))/2 = p. */
static void quantiles_known_to_twenty_digits(void **unused)
{
    (void)unused;
    static const struct {
        double p, z;
    } known[8] = {{0.5, 0},
                  {0.25, 0.6744897501960817432},
                  {0.125, 1.1503493803760081783},
                  {0x1p-10, 3.0972690781987844624},
                  {0x1p-20, 4.763001034267813957},
                  {0x1p-30, 6.0093535655307438932},
                  {0x1p-54, 8.2923610758135955382},
                  {0.5, 0}};
    double q[8], z[8];
    for (int i = 0; i < 8; i++) q[i] = 0.5 - known[i].p;
    vector_normal_quantile(z, q, 8);
    for (int i = 0; i < 8; i++) assert_true(fabs(z[i] - known[i].z) <= accuracy * known[i].z);
}

static void quantile_is_odd(void **unused)
{
    (void)unused;
    double q[CHUNK], z[CHUNK], mirrored[CHUNK];
    for (int c = 0; c < 100; c++) {
        fill_domain(NORMAL_QUANTILE, (uint64_t)c, q, CHUNK);
        vector_normal_quantile(z, q, CHUNK);
        for (int i = 0; i < CHUNK; i++) q[i] = -q[i];
        vector_normal_quantile(mirrored, q, CHUNK);
        for (int i = 0; i < CHUNK; i++) mirrored[i] = -mirrored[i];
        assert_true(same_bits(z, mirrored, CHUNK));
    }
}

static bool increases(double *q, int n)
{
    double *z = column(n);
    vector_normal_quantile(z, q, n);
    bool ok = true;
    for (int i = 1; i < n; i++) ok = ok && z[i] > z[i - 1];
    free(z);
    return ok;
}

/* On a grid over all q, one in the tail, its last 10,000 values, and where the branches meet: w
 * = 6.5. */
static void quantile_increases(void **unused)
{
    (void)unused;
    enum { N = 1 << 20 };
    double *q = column(N);
    for (int i = 0; i < N; i++) q[i] = (i + 0.5) / N - 0.5;
    assert_true(increases(q, N));
    for (int i = 0; i < 42000; i++) q[i] = 0.5 - exp2(-1 - i / 1000.0);
    assert_true(increases(q, 42000));
    for (int i = 0; i < 10000; i++) q[i] = 0.5 - (10000 - i) * 0x1p-54;
    assert_true(increases(q, 10000));
    const double switches = (1 - sqrt(1 - exp(-6.5))) / 2;
    for (int i = 0; i < N; i++) q[i] = 0.5 - switches * (1 - (i - N / 2) * 1e-11);
    assert_true(increases(q, N));
    q[N / 2] = q[N / 2 - 1];
    assert_false(increases(q, N));
    free(q);
}

/* At the ends of the grid of uniforms, u = 2^-54 and 1 - 2^-54, and between. */
static void exponential_is_positive_to_the_ends(void **unused)
{
    (void)unused;
    double e[8], q[8] = {0.5 - 0x1p-54, 0.5 - 3 * 0x1p-54, -0.5 + 0x1p-54, 0, 0.25, -0.25, 0, 0};
    vector_exponential(e, q, 8);
    assert_true(e[0] > 0 && fabs(e[0] / 0x1p-54 - 1) < accuracy);
    assert_true(fabs(e[1] / 0x3p-54 - 1) < accuracy);
    assert_true(fabs(e[2] / (54 * log(2)) - 1) < accuracy);
    assert_true(fabs(e[3] / log(2) - 1) < accuracy);
}

static void exp_keeps_its_limits(void **unused)
{
    (void)unused;
    double y[16], x[16] = {0,   -0.0,  -700, -708, -720, -745,  -1e4,     -HUGE_VAL,
                           709, 709.7, 710,  745,  1e4,  1e300, HUGE_VAL, 1};
    vector_exp(y, x, 16);
    const double one[2] = {1, 1};
    assert_true(same_bits(y, one, 2));
    assert_true(fabs(y[2] / exp(-700) - 1) < accuracy);
    for (int i = 3; i < 8; i++) assert_true(y[i] >= 0 && y[i] < 1e-304);
    assert_true(fabs(y[8] / exp(709) - 1) < accuracy);
    for (int i = 9; i < 15; i++) assert_true(y[i] > 1e308);
    assert_true(fabs(y[15] / exp(1) - 1) < accuracy);
}

static void log_keeps_its_limits(void **unused)
{
    (void)unused;
    double y[8], x[8] = {1, DBL_MIN, DBL_MAX, 1 + DBL_EPSILON, 1 - DBL_EPSILON / 2, 2, 0.5, 1};
    vector_log(y, x, 8);
    assert_true(fabs(y[0]) <= 0);
    for (int i = 1; i < 7; i++) assert_true(fabs(y[i] / log(x[i]) - 1) < accuracy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_accurate),
        cmocka_unit_test(every_width_gives_the_same_bits),
        cmocka_unit_test(in_place_and_within_bounds),
        cmocka_unit_test(quantiles_known_to_twenty_digits),
        cmocka_unit_test(quantile_is_odd),
        cmocka_unit_test(quantile_increases),
        cmocka_unit_test(exponential_is_positive_to_the_ends),
        cmocka_unit_test(exp_keeps_its_limits),
        cmocka_unit_test(log_keeps_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
