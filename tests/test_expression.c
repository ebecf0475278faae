/* test_expression.c - conditions on patients: precedence, missing values, exact messages.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const sources[] = {"abdominal", "lung", "other site", "urinary"};
static const char *const grades[] = {"1", "2", "3a"};
static struct column columns[] = {
    {.name = "sofa", .kind = COLUMN_NUMBER},
    {.name = "lactate", .kind = COLUMN_NUMBER},
    {.name = "source", .kind = COLUMN_CATEGORY, .n_levels = 4, .levels = sources},
    {.name = "grade", .kind = COLUMN_CATEGORY, .n_levels = 3, .levels = grades},
    {.name = "vfd.28 days", .kind = COLUMN_NUMBER},
};
static const struct schema schema = {COUNT(columns), columns};

/* Six patients; the fifth has nothing, the sixth lacks lactate. */
enum { PATIENTS = 6 };
static const double sofa[] = {5, 10, 10.5, 20, NAN, 8};
static const double lactate[] = {2, 3, 4, -1, NAN, NAN};
static const double source[] = {0, 1, 2, 3, NAN, 0};
static const double grade[] = {0, 1, 2, 0, NAN, 1};
static const double days[] = {0, 28, 1e-3, 5, NAN, 7};
static const double *const values[] = {sofa, lactate, source, grade, days};
static const struct dataset patients = {.schema = &schema, .n = PATIENTS, .value = values};

struct fixture {
    struct arena memory;
    struct errors errors;
    struct scratch scratch;
};

static int setup(void **state)
{
    *state = xcalloc(1, sizeof(struct fixture));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    errors_free(&f->errors);
    arena_free(&f->memory);
    scratch_free(&f->scratch);
    free(f);
    return 0;
}

static struct expression *read_condition(struct fixture *f, const char *text)
{
    const struct place at = {"s.yaml", 3, 12};
    return expression_read(text, at, &schema, &f->memory, &f->errors);
}

/* Which patients are kept, as "101000". */
static void assert_keeps(struct fixture *f, const char *text, const char *expected)
{
    const struct expression *x = read_condition(f, text);
    if (x == NULL) fail_msg("%s: %s", text, f->errors.text[0]);
    unsigned char keep[PATIENTS];
    char kept[PATIENTS + 1] = {0};
    memset(keep, 9, sizeof keep);
    expression_evaluate(x, &patients, keep, &f->scratch);
    for (int i = 0; i < PATIENTS; i++) kept[i] = (char)('0' + keep[i]);
    if (strcmp(kept, expected) != 0) fail_msg("%s keeps %s, not %s", text, kept, expected);
}

/* Expected patients by hand from the columns above. */
static void comparisons_keep_whom_they_name(void **state)
{
    static const struct {
        const char *text, *kept;
    } some[] = {
        {"sofa < 10", "100001"},
        {"sofa <= 10", "110001"},
        {"sofa > 10", "001100"},
        {"sofa >= 10", "011100"},
        {"sofa == 10", "010000"},
        {"sofa != 10", "101101"},
        {"sofa<10.5", "110001"},
        {"lactate < -.5e0", "000100"},
        {"lactate>=+3", "011000"},
        {"'vfd.28 days' > 1e-3", "010101"},
        {"source == abdominal", "100001"},
        {"source != abdominal", "011100"},
        {"source == 'other site'", "001000"},
        {"source == \"lung\"", "010000"},
        {"grade == 1", "100100"},
        {"grade == 3a", "001000"},
        {"grade != '2'", "101100"},
    };
    for (size_t i = 0; i < COUNT(some); i++) assert_keeps(*state, some[i].text, some[i].kept);
}

static void and_binds_before_or_and_not_before_both(void **state)
{
    static const struct {
        const char *text, *kept;
    } some[] = {
        {"sofa < 10 and source == abdominal", "100001"},
        {"sofa < 10 or source == lung", "110001"},
        {"sofa == 5 or sofa == 10 and lactate > 100", "100000"},
        {"(sofa == 5 or sofa == 10) and lactate > 100", "000000"},
        {"lactate > 100 and sofa == 10 or sofa == 5", "100000"},
        {"not sofa < 10", "011100"},
        {"not sofa < 10 and source == lung", "010000"},
        {"not (sofa < 10 or source == lung)", "001100"},
        {"not not sofa < 10", "100001"},
        {"not(sofa<10)or(source==abdominal)", "111101"},
        {"sofa == 5 or sofa == 10 or sofa == 20", "110100"},
        {"sofa > 4 and sofa < 11 and lactate > 2", "011000"},
        {"((((sofa > 4))))\n\tand\n(sofa < 10)", "100001"},
    };
    for (size_t i = 0; i < COUNT(some); i++) assert_keeps(*state, some[i].text, some[i].kept);
}

/* Kleene's tables: the sixth patient's lactate is unknown, his sofa (8) and source are not. */
static void an_unknown_stays_out(void **state)
{
    static const struct {
        const char *text, *kept;
    } some[] = {
        {"lactate > 0", "111000"},
        {"not lactate > 0", "000100"},
        {"lactate == 2 or lactate != 2", "111100"},
        {"lactate > 0 or sofa == 8", "111001"},        /* unknown or true: true */
        {"lactate > 0 or sofa == 9", "111000"},        /* unknown or false: unknown */
        {"lactate > 0 and sofa == 8", "000000"},       /* unknown and true: unknown */
        {"not (lactate > 0 and sofa == 9)", "111101"}, /* unknown and false: false */
        {"not (lactate > 0 and sofa == 8)", "111100"},
        {"not (lactate > 0 or sofa == 9)", "000100"},
        {"not (not lactate > 0)", "111000"},
    };
    for (size_t i = 0; i < COUNT(some); i++) assert_keeps(*state, some[i].text, some[i].kept);
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"", "character 1: a column is expected, not the end"},
    {"  ", "character 3: a column is expected, not the end"},
    {"sofaa < 10", "character 1: there is no column 'sofaa'; did you mean 'sofa'?"},
    {"severity > 0", "character 1: there is no column 'severity'"},
    {"sofa < 10 and sourse == lung",
     "character 15: there is no column 'sourse'; did you mean 'source'?"},
    {"source == longe", "character 11: 'source' has no level 'longe'; did you mean 'lung'?"},
    {"source == 5", "character 11: 'source' has no level '5'"},
    {"source == 'x y z'", "character 11: 'source' has no level 'x y z'"},
    {"source < lung", "character 8: 'source' is a category: only == and != compare it"},
    {"source >= lung", "character 8: 'source' is a category: only == and != compare it"},
    {"sofa < high", "character 8: 'sofa' is compared with a number, not 'high'"},
    {"sofa < '10'", "character 8: 'sofa' is compared with a number, not '10'"},
    {"sofa < lactate", "character 8: 'sofa' is compared with a number, not 'lactate'"},
    {"sofa < 10.5.1", "character 8: 'sofa' is compared with a number, not '10.5.1'"},
    {"sofa < 0x10", "character 8: 'sofa' is compared with a number, not '0x10'"},
    {"sofa < 1e999", "character 8: 'sofa' is compared with a number, not '1e999'"},
    {"10 < sofa", "character 1: a column is expected, not '10'"},
    {"sofa", "character 5: 'sofa' must be followed by one of < <= > >= == !=, not the end"},
    {"sofa and lactate > 1",
     "character 6: 'sofa' must be followed by one of < <= > >= == !=, not 'and'"},
    {"sofa (5)", "character 6: 'sofa' must be followed by one of < <= > >= == !=, not '('"},
    {"sofa <", "character 7: a number or a level is expected, not the end"},
    {"sofa < < 5", "character 8: a number or a level is expected, not '<'"},
    {"sofa < 10 and", "character 14: a column is expected, not the end"},
    {"sofa < 10 or or sofa > 5",
     "character 17: 'or' must be followed by one of < <= > >= == !=, not 'sofa'"},
    {"not", "character 4: a column is expected, not the end"},
    {"(sofa < 10", "character 1: the parenthesis is not closed"},
    {"sofa < 10)", "character 10: 'and', 'or' or the end is expected, not ')'"},
    {"(sofa < 10 sofa)", "character 12: 'and', 'or' or ')' is expected, not 'sofa'"},
    {"()", "character 2: a column is expected, not ')'"},
    {"5 < sofa < 10", "character 1: a column is expected, not '5'"},
    {"sofa < 10 < 20", "character 11: 'and', 'or' or the end is expected, not '<'"},
    {"sofa < 10 AND sofa > 5", "character 11: 'and', 'or' or the end is expected, not 'AND'"},
    {"sofa = 10", "character 6: '=' is not understood; write '=='"},
    {"sofa < 10 && sofa > 5", "character 11: '&' is not understood; write 'and'"},
    {"sofa < 10 || sofa > 5", "character 11: '|' is not understood; write 'or'"},
    {"!sofa < 10", "character 1: '!' is not understood; write 'not'"},
    {"sofa < 10; x", "character 10: ';' is not understood"},
    {"sofa < -", "character 8: '-' is not understood"},
    {"source == 'lung", "character 11: the quote ' is not closed"},
    {"'\xc3\xa9\xc3\xa9' > 5 and sofa = 1", "character 19: '=' is not understood; write '=='"},
};

static void mistakes_have_one_message(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        assert_null(read_condition(f, mistakes[i].text));
        const char *expected =
            arena_printf(&f->memory, "s.yaml:3:12: condition, %s", mistakes[i].message);
        assert_string_equal(f->errors.text[f->errors.n - 1], expected);
        assert_int_equal(f->errors.status, STATUS_USAGE);
        if (strstr(mistakes[i].text, "\xc3") == NULL) assert_int_equal(f->errors.n, 1);
        errors_free(&f->errors);
    }
}

static void every_wrong_name_is_reported(void **state)
{
    struct fixture *f = *state;
    assert_null(read_condition(f, "sofaa < 1 and (lactat > 2 or source == lug) and sofa < x"));
    assert_int_equal(f->errors.n, 4);
    assert_string_equal(f->errors.text[3], "s.yaml:3:12: condition, character 56: 'sofa' is "
                                           "compared with a number, not 'x'");
}

static void nest(struct buffer *b, const char *open, int depth, const char *close)
{
    for (int i = 0; i < depth; i++) buffer_puts(b, open);
    buffer_puts(b, "sofa < 10");
    for (int i = 0; i < depth; i++) buffer_puts(b, close);
}

static void depth_ends_at_64(void **state)
{
    struct fixture *f = *state;
    struct buffer deep = {0}, nots = {0}, deeper = {0}, endless = {0};
    nest(&deep, "(", 64, ")");
    nest(&nots, "not ", 64, "");
    nest(&deeper, "(", 65, ")");
    nest(&endless, "not ", 100000, "");
    assert_keeps(f, buffer_text(&deep), "100001");
    assert_keeps(f, buffer_text(&nots), "100001");
    assert_null(read_condition(f, buffer_text(&deeper)));
    assert_null(read_condition(f, buffer_text(&endless)));
    assert_string_equal(f->errors.text[0],
                        "s.yaml:3:12: condition, character 66: more than 64 parentheses and nots");
    assert_string_equal(f->errors.text[1],
                        "s.yaml:3:12: condition, character 261: more than 64 parentheses and nots");
    buffer_free(&deep);
    buffer_free(&nots);
    buffer_free(&deeper);
    buffer_free(&endless);
}

/* A right-leaning tree keeps one truth column a level alive; a long chain keeps two. */
static void wide_and_tall_conditions_are_evaluated(void **state)
{
    struct fixture *f = *state;
    struct buffer tall = {0}, wide = {0};
    for (int i = 0; i < 64; i++) buffer_puts(&tall, "sofa < 1 or (");
    nest(&tall, "", 0, "");
    for (int i = 0; i < 64; i++) buffer_puts(&tall, ")");
    for (int i = 0; i < 20000; i++) buffer_printf(&wide, "%ssofa != %d", i ? " and " : "", 100 + i);
    assert_keeps(f, buffer_text(&tall), "100001");
    assert_keeps(f, buffer_text(&wide), "111101");
    buffer_free(&tall);
    buffer_free(&wide);
}

/* So many patients that a truth column too few would not stay unnoticed in scratch. */
static void large_trials_are_evaluated(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 100000 };
    struct buffer tall = {0};
    for (int i = 0; i < 60; i++) buffer_puts(&tall, "sofa < 1 or (");
    nest(&tall, "", 0, "");
    for (int i = 0; i < 60; i++) buffer_puts(&tall, ")");
    double *score = xcalloc(MANY, sizeof *score);
    unsigned char *keep = xcalloc(MANY, 1);
    for (int i = 0; i < MANY; i++) score[i] = i % 24;
    const double *const value[] = {score, score, score, score, score};
    const struct dataset many = {.schema = &schema, .n = MANY, .value = value};
    expression_evaluate(read_condition(f, buffer_text(&tall)), &many, keep, &f->scratch);
    for (int i = 0; i < MANY; i++) assert_int_equal(keep[i], i % 24 < 10);
    free(score);
    free(keep);
    buffer_free(&tall);
}

static void visit(int column, void *to)
{
    buffer_printf(to, "%d,", column);
}

static void columns_are_listed_in_order(void **state)
{
    struct buffer seen = {0};
    const struct expression *x =
        read_condition(*state, "lactate > 1 or not (source == lung and sofa < 3) or lactate < 0");
    expression_columns(x, visit, &seen);
    assert_string_equal(buffer_text(&seen), "1,2,0,1,");
    buffer_free(&seen);
}

static void evaluation_restores_scratch_and_takes_no_patients(void **state)
{
    struct fixture *f = *state;
    const struct expression *x = read_condition(f, "sofa < 10 or not (lactate > 1)");
    struct dataset none = patients;
    none.n = 0;
    unsigned char keep[PATIENTS];
    (void)scratch_doubles(&f->scratch, 5);
    const struct scratch_mark before = scratch_save(&f->scratch);
    expression_evaluate(x, &none, keep, &f->scratch);
    expression_evaluate(x, &patients, keep, &f->scratch);
    const struct scratch_mark after = scratch_save(&f->scratch);
    assert_ptr_equal(before.block, after.block);
    assert_int_equal(before.used, after.used);
}

static void schemas_find_their_columns(void **state)
{
    (void)state;
    assert_int_equal(schema_find(&schema, "sofa"), 0);
    assert_int_equal(schema_find(&schema, "grade"), 3);
    assert_int_equal(schema_find(&schema, "sof"), -1);
    assert_int_equal(schema_find(&(struct schema){0}, "sofa"), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(comparisons_keep_whom_they_name),
        TEST(and_binds_before_or_and_not_before_both),
        TEST(an_unknown_stays_out),
        TEST(mistakes_have_one_message),
        TEST(every_wrong_name_is_reported),
        TEST(depth_ends_at_64),
        TEST(wide_and_tall_conditions_are_evaluated),
        TEST(large_trials_are_evaluated),
        TEST(columns_are_listed_in_order),
        TEST(evaluation_restores_scratch_and_takes_no_patients),
        TEST(schemas_find_their_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
