/* test_csv.c - reading of data files: what is a table, what is refused and why, what is a number.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static enum status parse(const char *text, size_t length, struct text_table *t, struct errors *e)
{
    char *bytes = malloc(length + 1);
    assert_non_null(bytes);
    memcpy(bytes, text, length);
    bytes[length] = '\0';
    return csv_parse(bytes, length, "d.csv", t, e);
}

/* The table as "name|name", then "line:cell|cell" a row, ~ for missing; or the messages. */
static void show(struct buffer *out, const char *text, size_t length)
{
    struct text_table t;
    struct errors e = {0};
    const enum status status = parse(text, length, &t, &e);
    for (int k = 0; k < e.n; k++) buffer_printf(out, "%s%s", k ? "\n" : "", e.text[k]);
    assert_int_equal(status, e.n > 0 ? STATUS_IO : STATUS_OK);
    for (int k = 0; k < t.n_columns && e.n == 0; k++)
        buffer_printf(out, "%s%s", k ? "|" : "", t.name[k]);
    for (int i = 0; i < t.n && e.n == 0; i++) {
        buffer_printf(out, "\n%d:", t.line[i]);
        for (int k = 0; k < t.n_columns; k++)
            buffer_printf(out, "%s%s", k ? "|" : "", t.cell[k][i] ? t.cell[k][i] : "~");
    }
    text_table_free(&t);
    errors_free(&e);
}

/* Sources: RFC 4180, section 2, and csv.h for what it leaves open. */
static const struct {
    const char *text, *shown;
} cases[] = {
    /* tables */
    {"a,b\n1,2\n", "a|b\n2:1|2"},
    {"a,b\n1,2", "a|b\n2:1|2"},
    {"a,b\r\n1,2\r\n3,4\r\n", "a|b\n2:1|2\n3:3|4"},
    {"a,b\n", "a|b"},
    {"a,b", "a|b"},
    {"\xef\xbb\xbf"
     "a,b\n1,2\n",
     "a|b\n2:1|2"},
    {"\"a\",\"b\"\n\"1\",2\n", "a|b\n2:1|2"},
    {"a,b\n\"x,y\",2\n", "a|b\n2:x,y|2"},
    {"a,b\n\"say \"\"no\"\"\",2\n", "a|b\n2:say \"no\"|2"},
    {"a,b\n\"\"\"\",\"\"\"x\"\n", "a|b\n2:\"|\"x"},
    {"a,b\n\"two\nlines\",2\n3,4\n", "a|b\n2:two\nlines|2\n4:3|4"},
    {"a,b\r\n\"two\r\nlines\",2\r\n", "a|b\n2:two\r\nlines|2"},
    {"a,\"b\nc\"\n1,2\n", "a|b\nc\n3:1|2"},
    {"a,b\n\"1\",\"2\"", "a|b\n2:1|2"},
    {"a,b,c\n,NA,NaN\n.,\"\",\"NA\"\n", "a|b|c\n2:~|~|~\n3:~|~|~"},
    {"a,b\nnan,na\nN/A,..\n", "a|b\n2:nan|na\n3:N/A|.."},
    {"a,b\n, \n x ,1 \n", "a|b\n2:~| \n3: x |1 "},
    {"a,b\n1,", "a|b\n2:1|~"},
    {"a\n1\n\n3\n", "a\n2:1\n3:~\n4:3"},
    {"a,b\n1,2\n\n\r\n\n", "a|b\n2:1|2"},
    {"NA,.\n1,2\n", "NA|.\n2:1|2"},
    {"a,b\nx\ty,;\n", "a|b\n2:x\ty|;"},
    {"gr\xc3\xb6\xc3\x9f"
     "e,b\n1,\xe2\x88\x9e\n",
     "gr\xc3\xb6\xc3\x9f"
     "e|b\n2:1|\xe2\x88\x9e"},
    /* refused */
    {"", "d.csv: the file is empty; a row of column names is expected"},
    {"\xef\xbb\xbf", "d.csv: the file is empty; a row of column names is expected"},
    {"\n1,2\n", "d.csv:1: column 1 has no name"},
    {"a,,c\n1,2,3\n", "d.csv:1: column 2 has no name"},
    {"\"\",\"a\"\n\"1\",2\n", "d.csv:1: column 1 has no name"},
    {"a,b,a\n1,2,3\n", "d.csv:1: two columns have the name 'a'"},
    {"a,\"a\"\n", "d.csv:1: two columns have the name 'a'"},
    {"a;b\n1;2\n", "d.csv:1: the columns are separated by semicolons or tabs; commas are expected"},
    {"a\tb\n1\t2\n",
     "d.csv:1: the columns are separated by semicolons or tabs; commas are expected"},
    {"a,b\n1,2\n3\n", "d.csv:3: 1 field, but the header has 2"},
    {"a,b\n1,2\n3,4,5\n6,7\n", "d.csv:3: 3 fields, but the header has 2"},
    {"a,b\n1,2\n3,4,\n", "d.csv:3: 3 fields, but the header has 2"},
    {"a,b\n1,2\n\n3,4\n", "d.csv:3: 1 field, but the header has 2"},
    {"a,b\n\"x\ny\",1\n\n\n5\n", "d.csv:4: 1 field, but the header has 2"},
    {"a,b\n1,2,3,4,5,6,7,8,9", "d.csv:2: 9 fields, but the header has 2"},
    {"a,b\n1,\"2\n3,4\n", "d.csv:2: a quote that is not closed"},
    {"a,b\n1,\"", "d.csv:2: a quote that is not closed"},
    {"\"a", "d.csv:1: a quote that is not closed"},
    {"a,b\n1,2\n\"x\"y,4\n", "d.csv:3: text behind the closing quote of a field"},
    {"a,b\n\"x\" ,4\n", "d.csv:2: text behind the closing quote of a field"},
    {"a,b\n5\"x\",4\n", "d.csv:2: a quote inside a field that does not begin with one"},
    {"a,b\n1, \"2\"\n", "d.csv:2: a quote inside a field that does not begin with one"},
    {"a,b\r1,2\r", "d.csv:1: a carriage return that does not end a line"},
    {"a,b\n1,2\r3,4\n", "d.csv:2: a carriage return that does not end a line"},
    {"a,b\n1,2\r", "d.csv:2: a carriage return that does not end a line"},
    {"\xff\xfe"
     "a,b",
     "d.csv:1: the text is UTF-16; UTF-8 is expected"},
    {"\xfe\xff"
     "a,b",
     "d.csv:1: the text is UTF-16; UTF-8 is expected"},
};

static void texts_become_tables_or_messages(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct buffer b = {0};
        show(&b, cases[k].text, strlen(cases[k].text));
        assert_string_equal(buffer_text(&b), cases[k].shown);
        buffer_free(&b);
    }
}

static void a_nul_byte_is_refused_on_its_line(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,2\n3,\0\n";
    struct buffer b = {0};
    show(&b, text, sizeof text - 1);
    assert_string_equal(buffer_text(&b), "d.csv:3: a NUL byte: this is not a text file");
    buffer_free(&b);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    (void)state;
    static const char *const path[] = {"/nonexistent/x.csv", "/"};
    static const char *const message[] = {"/nonexistent/x.csv: No such file or directory",
                                          "/: Is a directory"};
    for (int k = 0; k < 2; k++) {
        struct text_table t;
        struct errors e = {0};
        assert_int_equal(csv_read(path[k], &t, &e), STATUS_IO);
        assert_string_equal(e.text[0], message[k]);
        text_table_free(&t);
        errors_free(&e);
    }
}

/* --- what columns mean ------------------------------------------------------------------------ */

/* Each text is a column's only value; NaN: no number. What a number is, base/text.h says; expected
 * values are the compiler's reading of the same digits. */
static const struct {
    const char *text;
    double number;
} numbers[] = {
    {"0", 0},
    {"-0", -0.0},
    {"7", 7},
    {"+7", 7},
    {"-7.25", -7.25},
    {"007", 7},
    {".5", .5},
    {"5.", 5.},
    {"0.1", 0.1},
    {"123456789012345", 123456789012345.},
    {"1234567890123456", 1234567890123456.},
    {"0.123456789012345", 0.123456789012345},
    {"0.12345678901234567", 0.12345678901234567},
    {"999999999999999.9", 999999999999999.9},
    {"9007199254740993", 9007199254740993.},
    {"0.00000000000001", 0.00000000000001},
    {"0.000000000000000000001", 0.000000000000000000001},
    {"1e5", 1e5},
    {"1E-5", 1E-5},
    {"-2.5e+3", -2.5e+3},
    {"4.9406564584124654e-324", 4.9406564584124654e-324},
    {"1.7976931348623157e308", 1.7976931348623157e308},
    {"0.30000000000000004", 0.1 + 0.2},
    {"1e400", NAN},
    {"inf", NAN},
    {"Inf", NAN},
    {"nan", NAN},
    {"0x10", NAN},
    {"1,5", NAN},
    {"1 ", NAN},
    {" 1", NAN},
    {"1.2.3", NAN},
    {"-", NAN},
    {"+", NAN},
    {"--1", NAN},
    {"1-", NAN},
    {"1e", NAN},
    {"TRUE", NAN},
    {"12a", NAN},
    {"-.", NAN},
    {"..", NAN},
    {"1d5", NAN},
    {"\xc2\xbd", NAN},
};

static void numbers_are_read_exactly_and_strictly(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(numbers); k++) {
        const char *cell = numbers[k].text, **column = &cell;
        int line = 2;
        const struct text_table t = {.n_columns = 1, .n = 1, .cell = &column, .line = &line};
        double x;
        const int bad = text_table_numbers(&t, 0, &x);
        if (bad != (isnan(numbers[k].number) ? 0 : -1)) fail_msg("'%s'", numbers[k].text);
        if (bad < 0 && memcmp(&x, &numbers[k].number, sizeof x) != 0)
            fail_msg("'%s' is read as %.17g", numbers[k].text, x);
    }
}

/* What the short way takes must be what strtod makes of it: fixed pseudo-random decimals. */
static void short_decimals_agree_with_the_library(void **state)
{
    (void)state;
    uint64_t u = 20190217;
    for (int k = 0; k < 200000; k++) {
        u = u * 6364136223846793005u + 1442695040888963407u;
        const int decimals = (int)(u >> 60), digits = 1 + (int)(u >> 55 & 15);
        char text[64];
        const double scale = pow(10, digits), x = floor((double)(u >> 11) * 0x1p-53 * scale);
        (void)snprintf(text, sizeof text, "%s%.*f", u & 1 ? "-" : "", decimals,
                       x / pow(10, decimals));
        const char *cell = text, **column = &cell;
        const struct text_table t = {.n_columns = 1, .n = 1, .cell = &column};
        double got;
        assert_int_equal(text_table_numbers(&t, 0, &got), -1);
        const double want = strtod(text, NULL);
        if (memcmp(&got, &want, sizeof got) != 0) fail_msg("'%s' is read as %.17g", text, got);
    }
}

static void categories_have_their_levels_in_byte_order(void **state)
{
    (void)state;
    static const char text[] = "x,y\nb,10\nB,2\n,NA\n\xc3\xa4,1\na,10\nb,2\n";
    static const char *const want[] = {"B", "a", "b", "\xc3\xa4"};
    static const double code[] = {2, 0, NAN, 3, 1, 2};
    struct text_table t;
    struct errors e = {0};
    struct arena memory = {0};
    double value[6];
    int n;
    assert_int_equal(parse(text, sizeof text - 1, &t, &e), STATUS_OK);
    const char **level = text_table_levels(&t, 0, &n, &memory);
    assert_int_equal(n, 4);
    for (int k = 0; k < 4; k++) assert_string_equal(level[k], want[k]);
    assert_int_equal(text_table_codes(&t, 0, n, level, value), -1);
    for (int i = 0; i < 6; i++)
        assert_true(isnan(code[i]) ? isnan(value[i]) : fabs(value[i] - code[i]) < 0.5);
    assert_int_equal(text_table_missing(&t, 0), 1);
    assert_int_equal(text_table_numbers(&t, 0, value), 0);
    assert_int_equal(text_table_numbers(&t, 1, value), -1);
    (void)text_table_levels(&t, 1, &n, &memory);
    assert_int_equal(n, 3);                                        /* "1" < "10" < "2" */
    assert_int_equal(text_table_codes(&t, 0, 3, level, value), 3); /* not among B, a, b */
    assert_int_equal(text_table_codes(&t, 0, 0, level, value), 0);
    arena_free(&memory);
    text_table_free(&t);
}

static void many_levels_are_all_found(void **state)
{
    (void)state;
    enum { ROWS = 20000, LEVELS = 5000 };
    struct buffer b = {0};
    buffer_puts(&b, "id\n");
    for (int i = 0; i < ROWS; i++) buffer_printf(&b, "P%05d\n", i * 7 % LEVELS);
    struct text_table t;
    struct errors e = {0};
    struct arena memory = {0};
    int n;
    assert_int_equal(parse(b.text, b.length, &t, &e), STATUS_OK);
    const char **level = text_table_levels(&t, 0, &n, &memory);
    assert_int_equal(n, LEVELS);
    for (int k = 1; k < n; k++) assert_true(strcmp(level[k - 1], level[k]) < 0);
    arena_free(&memory);
    text_table_free(&t);
    buffer_free(&b);
}

/* --- any bytes -------------------------------------------------------------------------------- */

/* Random strings over the bytes that matter: either a table that is consistent, or one message.
 * Made for sanitizers, which find what the assertions cannot. */
static void random_bytes_give_a_table_or_a_message(void **state)
{
    (void)state;
    static const char alphabet[] = "a1,,,\"\"\n\n\r.N";
    uint64_t u = 1;
    int tables = 0;
    for (int k = 0; k < 100000; k++) {
        char text[48];
        u = u * 6364136223846793005u + 1442695040888963407u;
        const size_t length = (size_t)(u >> 33) % sizeof text;
        for (size_t i = 0; i < length; i++) {
            u = u * 6364136223846793005u + 1442695040888963407u;
            const bool any = (u >> 20 & 255) == 0;
            text[i] = any ? (char)(u >> 40) : alphabet[(u >> 33) % (sizeof alphabet - 1)];
        }
        struct text_table t;
        struct errors e = {0};
        struct arena memory = {0};
        const enum status status = parse(text, length, &t, &e);
        assert_int_equal(status, e.n > 0 ? STATUS_IO : STATUS_OK);
        assert_true(e.n <= 1);
        for (int c = 0; c < t.n_columns && e.n == 0; c++) {
            double value[sizeof text];
            int n;
            (void)text_table_numbers(&t, c, value);
            const char **level = text_table_levels(&t, c, &n, &memory);
            assert_int_equal(text_table_codes(&t, c, n, level, value), -1);
        }
        tables += e.n == 0;
        arena_free(&memory);
        text_table_free(&t);
        errors_free(&e);
    }
    assert_true(tables > 1000); /* the strings are not all refused */
}

static void fields_written_are_read_back(void **state)
{
    (void)state;
    static const char *const field[] = {"plain", "a,b", "say \"no\"", "two\nlines", "\r", " x "};
    for (size_t k = 0; k < COUNT(field); k++) {
        struct buffer b = {0};
        struct text_table t;
        struct errors e = {0};
        buffer_puts(&b, "x,y\n");
        csv_write_field(&b, field[k]);
        buffer_puts(&b, ",1\n");
        assert_int_equal(parse(b.text, b.length, &t, &e), STATUS_OK);
        assert_string_equal(t.cell[0][0], field[k]);
        text_table_free(&t);
        buffer_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_tables_or_messages),
        cmocka_unit_test(a_nul_byte_is_refused_on_its_line),
        cmocka_unit_test(files_that_cannot_be_read_say_why),
        cmocka_unit_test(numbers_are_read_exactly_and_strictly),
        cmocka_unit_test(short_decimals_agree_with_the_library),
        cmocka_unit_test(categories_have_their_levels_in_byte_order),
        cmocka_unit_test(many_levels_are_all_found),
        cmocka_unit_test(random_bytes_give_a_table_or_a_message),
        cmocka_unit_test(fields_written_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
