/* test_order.c - sorting and small linear systems.  SPDX-License-Identifier: MIT */
#include "stat/cholesky.h"
#include "stat/order.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 12) + 0.5) * 0x1p-52;
}

enum { LARGE = 20000, KINDS = 15 };

/* Spread, tied, at one end, on many scales, infinite, huge, tiny, clumped, skewed, both signs of 0;
 * in one bucket at the limit of comparisons, and so close that codes do not tell them apart. */
static double made_up(int kind, int i, uint64_t *seed)
{
    const double u = uniform(seed);
    switch (kind) {
    case 0: return u;
    case 1: return floor(5 * u);
    case 2: return u < 0.6 ? 28 : 28 * uniform(seed);
    case 3: return exp(1000 * u - 500);
    case 4: return u < 0.1 ? INFINITY : u < 0.2 ? -INFINITY : u;
    case 5: return 1e308 * (u < 0.5 ? -u : u);
    case 6: return u < 0.5 ? 5e-324 : u < 0.6 ? -5e-324 : u < 0.8 ? 0 : -0.0;
    case 7: return i % 3 ? u + 1e-3 * i : 1e9;
    case 8: return -exp(8 * u);
    case 9: return tan(3.14 * (u - 0.5));
    case 10: return i == 0 ? 0 : i < 100 ? 1e6 + i : 0.5 + (i % 18) * 1e-7;
    case 11: return i % 2 ? 1 + 0x1p-52 * floor(3 * u) : 1 + u;
    case 12: return i == 0 ? 1e300 : 1 + 0x1p-52 * floor(1000 * u);
    case 13: return i == 0 ? -1e-30 : i < 20 ? 1 - 0x1p-30 * u : 1; /* the mean rounds to 1 */
    default: return floor(112 * u) / 4 - 7;
    }
}

static void test_order_is_exact_and_stable(void **state)
{
    (void)state;
    double *key = calloc(LARGE, sizeof *key);
    int *index = calloc(LARGE, sizeof *index);
    assert_non_null(key);
    assert_non_null(index);
    struct scratch w = {0};
    uint64_t seed = 8;
    const int sizes[] = {0, 1, 2, 3, 16, 17, 32, 33, 60, 100, 424, 1500, LARGE};
    for (int k = 0; k < (int)(sizeof sizes / sizeof *sizes) * KINDS; k++) {
        const int n = sizes[k / KINDS];
        for (int i = 0; i < n; i++) key[i] = made_up(k % KINDS, i, &seed);
        memset(index, -1, LARGE * sizeof *index);
        order_ascending(index, key, n, &w);
        assert_null(w.current); /* everything taken is given back */
        for (int i = 1; i < n; i++) {
            const double a = key[index[i - 1]], b = key[index[i]];
            assert_true(a < b || (!(b < a) && index[i - 1] < index[i]));
        }
        assert_true(n != 1 || index[0] == 0);
    }
    scratch_free(&w);
    free(index);
    free(key);
}

/* By group, then key, then place: a strict order, which one ranking alone has. */
static void test_order_in_groups(void **state)
{
    (void)state;
    enum { ROOM = 1500, GROUPS = 40 };
    static double key[ROOM];
    static int group[ROOM], index[ROOM], size[GROUPS];
    static unsigned char starts[ROOM];
    struct scratch w = {0};
    uint64_t seed = 9;
    for (int round = 0; round < 100 * KINDS; round++) {
        const int n = round < 99 * KINDS ? round / KINDS + 1 : ROOM, kind = round % KINDS;
        const int n_groups = 1 + (int)(GROUPS * uniform(&seed) * uniform(&seed));
        memset(size, 0, sizeof size);
        for (int i = 0; i < n; i++) {
            key[i] = made_up(kind, i, &seed);
            group[i] = (int)(n_groups * uniform(&seed) * uniform(&seed)); /* some have none */
            size[group[i]]++;
        }
        order_in_groups(index, starts, &(struct grouped_keys){n, n_groups, key, group, size}, &w);
        assert_null(w.current);
        assert_int_equal(starts[0], 1);
        for (int i = 1; i < n; i++) {
            const int before = index[i - 1], here = index[i];
            const bool tied = group[before] == group[here] && !(key[here] > key[before]);
            assert_true(group[before] <= group[here]);
            assert_true(!tied || (!(key[here] < key[before]) && before < here));
            assert_int_equal(starts[i], !tied);
        }
    }
    scratch_free(&w);
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
        cmocka_unit_test(test_order_in_groups),
        cmocka_unit_test(test_cholesky_solves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
