/* test_order.c - sorting and small linear systems.  SPDX-License-Identifier: MIT */
#include "stat/cholesky.h"
#include "stat/order.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

static void test_order_is_exact_and_stable(void **state)
{
    (void)state;
    enum { LARGE = 20000 };
    double *key = calloc(LARGE, sizeof *key);
    int *index = calloc(LARGE, sizeof *index);
    assert_non_null(key);
    assert_non_null(index);
    struct scratch w = {0};
    uint64_t seed = 8;
    const int sizes[] = {0, 1, 2, 3, 16, 17, 100, 424, LARGE};
    for (int k = 0; k < 9 * 8; k++) {
        const int n = sizes[k / 8];
        for (int i = 0; i < n; i++) {
            const double u = uniform(&seed);
            switch (k % 8) {
            case 0: key[i] = u; break;
            case 1: key[i] = floor(5 * u); break;
            case 2: key[i] = u < 0.6 ? 28 : 28 * uniform(&seed); break;
            case 3: key[i] = exp(1000 * u - 500); break;
            case 4: key[i] = u < 0.1 ? INFINITY : u < 0.2 ? -INFINITY : u; break;
            case 5: key[i] = 1e308 * (u < 0.5 ? -u : u); break;
            case 6: key[i] = u < 0.5 ? 5e-324 : 0; break;
            default: key[i] = i % 3 ? u + 1e-3 * i : 1e9; break;
            }
        }
        order_ascending(index, key, n, &w);
        for (int i = 1; i < n; i++) {
            const double a = key[index[i - 1]], b = key[index[i]];
            assert_true(a < b || (!(b < a) && index[i - 1] < index[i]));
        }
    }
    scratch_free(&w);
    free(index);
    free(key);
}

/* A = LL' of Golub & Van Loan's kind with known L: {{2,0,0},{1,3,0},{-1,2,4}}; x = (1,-2,3). */
static void test_cholesky_solves(void **state)
{
    (void)state;
    double a[3][4] = {{4}, {2, 10}, {-2, 5, 21}};
    const double scale[3] = {4, 10, 21}, l[3][3] = {{2}, {1, 3}, {-1, 2, 4}};
    double b[3] = {4 * 1 + 2 * -2 - 2 * 3, 2 * 1 + 10 * -2 + 5 * 3, -2 * 1 + 5 * -2 + 21 * 3};
    const double share = cholesky_factor(&a[0][0], 3, 4, scale);
    assert_true(fabs(share - 16.0 / 21) < 1e-15);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j <= i; j++) assert_true(fabs(a[i][j] - l[i][j]) < 1e-15);
    }
    cholesky_forward(&a[0][0], 3, 4, b);
    cholesky_backward(&a[0][0], 3, 4, b);
    assert_true(fabs(b[0] - 1) < 1e-14 && fabs(b[1] + 2) < 1e-14 && fabs(b[2] - 3) < 1e-14);
    double singular[2][2] = {{1}, {1, 1}}, indefinite[2][2] = {{1}, {2, 1}};
    assert_true(cholesky_factor(&singular[0][0], 2, 2, scale) <= 0);
    assert_true(cholesky_factor(&indefinite[0][0], 2, 2, scale) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_exact_and_stable),
        cmocka_unit_test(test_cholesky_solves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
