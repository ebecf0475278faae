/* test_text.c - strict numbers, nearest names, growing texts, shortest decimals.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Equal to the last bit: also tells -0 from 0. */
static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* The expected values are the compiler's reading of the same literals. */
static void doubles_are_read_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-0", -0.0},
                {"1", 1},
                {"+1.5", 1.5},
                {"-2.25", -2.25},
                {".5", .5},
                {"-.5", -.5},
                {"5.", 5.},
                {"1e3", 1e3},
                {"1E-3", 1e-3},
                {"6.02e+23", 6.02e23},
                {"0.1", 0.1},
                {"007", 7},
                {"4.9406564584124654e-324", 4.9406564584124654e-324},
                {"1.7976931348623157e308", DBL_MAX}};
    for (size_t i = 0; i < COUNT(good); i++) {
        double x = NAN;
        assert_true(text_to_double(good[i].text, &x));
        assert_true(same(x, good[i].value));
    }
}

static void what_is_no_double_is_refused_and_leaves_the_value(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " ",        "1 ",    " 1",     "1,5", "1.2.3", "1e",
                                      "1e+", "e5",       "-",     "+",      ".",   "-.",    "--1",
                                      "+-1", "0x10",     "0X1p3", "1p3",    "inf", "-inf",  "nan",
                                      "NaN", "Infinity", "1e999", "-1e999", "12a", "1_000", "٣"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double x = 42;
        assert_false(text_to_double(bad[i], &x));
        assert_true(same(x, 42));
    }
}

static void integers_are_read_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+7", 7},
                {"-12", -12},
                {"20190217", 20190217},
                {"010", 10},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "1.0",
                                      "1e3",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1,000",
                                      "--1",
                                      "ten",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t x = -1;
        assert_true(text_to_int64(good[i].text, &x));
        assert_true(x == good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t x = 42;
        assert_false(text_to_int64(bad[i], &x));
        assert_true(x == 42);
    }
}

static void the_nearest_name_is_the_one_meant(void **state)
{
    (void)state;
    static const char *const name[] = {"mortality", "vasopressor", "ventilation", "sofa", "cox"};
    static const struct {
        const char *word, *meant;
    } some[] = {{"mortality", "mortality"},  /* itself */
                {"mortalty", "mortality"},   /* a letter lost */
                {"mortalitty", "mortality"}, /* one too many */
                {"mortaliyt", "mortality"},  /* two swapped */
                {"Mortality", "mortality"},  /* another case */
                {"vasopresor", "vasopressor"},
                {"vetilation", "ventilation"},
                {"coxx", "cox"},
                {"hazard_ratio", NULL},
                {"zzz", NULL},
                {"", NULL}};
    for (size_t i = 0; i < COUNT(some); i++) {
        const char *near = text_nearest(some[i].word, name, (int)COUNT(name));
        if (some[i].meant == NULL)
            assert_null(near);
        else
            assert_string_equal(near, some[i].meant);
    }
    assert_null(text_nearest("cox", name, 0));
}

static void words_too_long_have_no_nearest_name(void **state)
{
    (void)state;
    char word[1000];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *name[] = {"a", word};
    assert_null(text_nearest(word, name, 2));
    assert_string_equal(text_nearest("a", name, 2), "a");
}

static void buffers_grow(void **state)
{
    (void)state;
    struct buffer b = {0};
    assert_string_equal(buffer_text(&b), "");
    buffer_puts(&b, "");
    assert_string_equal(buffer_text(&b), "");
    for (int i = 0; i < 10000; i++) buffer_printf(&b, "%d,", i % 10);
    buffer_add(&b, "xyz", 2);
    buffer_puts(&b, "!");
    assert_int_equal(b.length, 20003);
    assert_int_equal(strlen(buffer_text(&b)), 20003);
    for (int i = 0; i < 10000; i++) assert_int_equal(b.text[2 * i], '0' + i % 10);
    assert_string_equal(b.text + 20000, "xy!");
    buffer_free(&b);
    assert_string_equal(buffer_text(&b), "");
}

static void shortest_decimals_are_short(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *text;
    } some[] = {{0, "0"},
                {1, "1"},
                {-2.5, "-2.5"},
                {0.1, "0.1"},
                {0.434, "0.434"},
                {20190217, "20190217"},
                {1e-5, "1e-05"},
                {0.1 + 0.2, "0.30000000000000004"}, /* the known sum: 17 digits are needed */
                {1.0 / 3, "0.3333333333333333"}};
    for (size_t i = 0; i < COUNT(some); i++)
        assert_string_equal(number_shortest(some[i].x).text, some[i].text);
}

/* Any finite double, by bits: 64-bit linear congruential generator of Knuth (MMIX). */
static void shortest_decimals_read_back_exactly(void **state)
{
    (void)state;
    uint64_t bits = 20190217;
    for (int i = 0; i < 20000; i++) {
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double x, back = 0;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) continue;
        assert_true(text_to_double(number_shortest(x).text, &back));
        assert_true(same(x, back));
    }
    static const double edge[] = {DBL_MIN, DBL_MAX, -DBL_MAX, DBL_EPSILON, 5e-324, -0.0};
    for (size_t i = 0; i < COUNT(edge); i++) {
        double back = 1;
        assert_true(text_to_double(number_shortest(edge[i]).text, &back));
        assert_true(same(edge[i], back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_read_whole),
        cmocka_unit_test(what_is_no_double_is_refused_and_leaves_the_value),
        cmocka_unit_test(integers_are_read_whole),
        cmocka_unit_test(the_nearest_name_is_the_one_meant),
        cmocka_unit_test(words_too_long_have_no_nearest_name),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(shortest_decimals_are_short),
        cmocka_unit_test(shortest_decimals_read_back_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
