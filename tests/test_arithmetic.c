/* test_arithmetic.c - the elementary functions that replace the C library's.
 * SPDX-License-Identifier: MIT
 *
 * Expected values: the C library's long double functions, which are not replaced and carry 11 more
 * bits; at the edges, ISO C17 annex F.10. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <stdint.h>

/* A spread of arguments in (low, high): multiples of the golden ratio, reduced. */
static double argument(int i, double low, double high)
{
    const double u = fmod(i * 0.61803398874989485, 1.0);
    return low + (high - low) * u;
}

static void assert_close(double value, long double expected, double ulps)
{
    const long double error = fabsl(value - expected);
    if (error > ulps * DBL_EPSILON * fabsl(expected))
        fail_msg("%.17g instead of %.20Lg", value, expected);
}

#define CHECK(f, low, high, ulps)                                                                  \
    for (int i = 1; i < 200000; i++) {                                                             \
        const double x = argument(i, low, high);                                                   \
        assert_close(f(x), f##l(x), ulps);                                                         \
    }

static void functions_are_within_two_units(void **state)
{
    (void)state;
    CHECK(exp, -700, 700, 1)
    CHECK(exp, -1, 1, 1)
    CHECK(log, 0, 1e-300, 2)
    CHECK(log, 0.5, 2, 2)
    CHECK(log, 1, 1e300, 1)
    CHECK(log1p, -0.9, 3, 2)
    CHECK(log1p, -1e-9, 1e-9, 2)
    CHECK(expm1, -2, 2, 2)
    CHECK(log10, 0, 10, 2)
    CHECK(sinh, -5, 5, 2)
    CHECK(tanh, -2, 2, 2)
    CHECK(cbrt, 0, 100, 2)
    CHECK(atan, -9, 9, 2)
    for (int i = 1; i < 20000; i++) {
        const double x = argument(i, 0, 50), y = argument(3 * i, -20, 20);
        assert_close(pow(x, y), powl(x, y), 2);
        assert_close(hypot(x, y), hypotl(x, y), 1);
    }
}

static void edges_are_those_of_the_standard(void **state)
{
    (void)state;
    assert_true(exp(0.0) >= 1 && exp(0.0) <= 1);
    assert_true(isinf(exp(1000)) && exp(1000) > 0);
    assert_true(exp(-1000) <= 0 && exp(-745) > 0);
    assert_true(isnan(exp(NAN)) && isnan(log(NAN)) && isnan(log(-1.0)));
    assert_true(isinf(log(0.0)) && log(0.0) < 0);
    assert_true(isinf(log(INFINITY)) && log(INFINITY) > 0);
    assert_true(fabs(log(1.0)) <= 0);
    assert_close(log(5e-324), logl((long double)5e-324), 1);
    assert_true(pow(-2.0, 3.0) <= -8 && pow(-2.0, 3.0) >= -8);
    assert_true(isinf(hypot(-INFINITY, NAN)) && isnan(hypot(NAN, 1)) && hypot(0.0, -0.0) <= 0);
    assert_close(hypot(3e300, 4e300), 5e300L, 1);
    assert_close(hypot(3e-300, 4e-300), 5e-300L, 1);
}

/* Libraries that the program loads must meet the same functions: what the dynamic linker finds
 * under the name is the program's own. */
static void libraries_are_bound_to_them(void **state)
{
    (void)state;
    const char *name[] = {"exp", "log", "sinh", "hypot"};
    for (size_t k = 0; k < sizeof name / sizeof *name; k++) {
        Dl_info found, own;
        void *symbol = dlsym(RTLD_DEFAULT, name[k]);
        assert_non_null(symbol);
        assert_true(dladdr(symbol, &found) != 0 && dladdr((void *)(uintptr_t)&argument, &own) != 0);
        assert_ptr_equal(found.dli_fbase, own.dli_fbase);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_within_two_units),
        cmocka_unit_test(edges_are_those_of_the_standard),
        cmocka_unit_test(libraries_are_bound_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
