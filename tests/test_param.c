/* test_param.c - parameter tables: defaults, reading, one exact message a mistake, echo, help.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/param.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A scenario that has a row of every type. */
struct inner {
    double median, q;
    int64_t size;
};
struct trial {
    double probability, cutoff, shift;
    int64_t patients, seed;
    bool quiet;
    int method;
    struct named_text endpoint, title;
    struct names adjust, labels;
    struct numbers within;
    struct knots cumulative, step;
    struct shares levels, lost;
    struct terms log_hazard;
    struct inner course;
    double custom;
};

static void read_custom(struct reader *r, const struct node *n, void *field)
{
    (void)read_number(r, n, "custom", -1, 1, PARAM_OPEN_MIN | PARAM_OPEN_MAX, field);
}

static void echo_custom(struct buffer *out, const void *field, int indent)
{
    (void)indent;
    const double x = *(const double *)field;
    if (x > 0) buffer_puts(out, number_shortest(x).text);
}

static const struct param inner_table[] = {
    {PARAM_AT(struct inner, median), .type = PARAM_NUMBER, .unit = "days", .fallback = NAN,
     .max = INFINITY, .flags = PARAM_OPEN_MIN | PARAM_REQUIRED, .help = "median duration"},
    {PARAM_AT(struct inner, q), .type = PARAM_NUMBER, .fallback = 0.5, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX, .help = "share"},
    {PARAM_AT(struct inner, size), .type = PARAM_INTEGER, .fallback = 4, .min = 1, .max = 9,
     .flags = PARAM_OPEN_MIN, .help = "block size"},
    {0}};

static const struct param table[] = {
    {PARAM_AT(struct trial, probability), .type = PARAM_NUMBER, .fallback = 0.25, .max = 1,
     .help = "share with the event"},
    {PARAM_AT(struct trial, cutoff), .type = PARAM_NUMBER, .fallback = NAN, .choices = "youden",
     .help = "value of the marker"},
    {PARAM_AT(struct trial, shift), .type = PARAM_NUMBER, .unit = "points", .fallback = NAN,
     .min = -INFINITY, .max = 24, .help = "added to the mean"},
    {PARAM_AT(struct trial, patients), .type = PARAM_INTEGER, .fallback = 100, .min = 2,
     .max = INFINITY, .help = "randomised"},
    {PARAM_AT(struct trial, seed), .type = PARAM_INTEGER, .fallback = 1},
    {PARAM_AT(struct trial, quiet), .type = PARAM_FLAG, .help = "no messages"},
    {PARAM_AT(struct trial, method), .type = PARAM_CHOICE, .choices = "cox|logrank|fisher"},
    {PARAM_AT(struct trial, endpoint), .type = PARAM_NAME},
    {PARAM_AT(struct trial, title), .type = PARAM_TEXT},
    {PARAM_AT(struct trial, adjust), .type = PARAM_NAMES},
    {PARAM_AT(struct trial, labels), .type = PARAM_TEXTS},
    {PARAM_AT(struct trial, within), .type = PARAM_NUMBERS, .max = 28},
    {PARAM_AT(struct trial, cumulative), .type = PARAM_KNOTS, .unit = "day: share", .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX},
    {PARAM_AT(struct trial, step), .type = PARAM_KNOTS, .min = -24, .max = 24,
     .flags = PARAM_SINGLE},
    {PARAM_AT(struct trial, levels), .type = PARAM_SHARES, .max = 1},
    {PARAM_AT(struct trial, lost), .type = PARAM_SHARES, .max = 1, .flags = PARAM_SINGLE},
    {PARAM_AT(struct trial, log_hazard), .type = PARAM_TERMS},
    {PARAM_AT(struct trial, course), .type = PARAM_GROUP, .group = inner_table},
    {PARAM_AT(struct trial, custom), .type = PARAM_CUSTOM, .read = read_custom,
     .echo = echo_custom},
    {0}};

struct plugin {
    int ties;
    struct names strata;
};
static const struct param plugin_table[] = {
    {PARAM_AT(struct plugin, ties), .type = PARAM_CHOICE, .choices = "efron|breslow"},
    {PARAM_AT(struct plugin, strata), .type = PARAM_NAMES, .flags = PARAM_REQUIRED},
    {0}};

struct fixture {
    struct arena memory;
    struct errors errors;
    struct reader reader;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->reader = (struct reader){&f->memory, &f->errors};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    errors_free(&f->errors);
    arena_free(&f->memory);
    free(f);
    return 0;
}

static struct trial read_trial(struct fixture *f, const char *text)
{
    struct trial t = {0};
    const struct node *n = tree_read_text(text, strlen(text), "s.yaml", &f->memory, &f->errors);
    if (n == NULL) fail_msg("%s: %s", text, f->errors.text[0]);
    params_read(&f->reader, table, n, n->at, "trial", &t);
    return t;
}

static const char *messages(const struct errors *e, struct arena *memory)
{
    const char *all = "";
    for (int i = 0; i < e->n; i++)
        all = arena_printf(memory, "%s%s%s", all, i > 0 ? "\n" : "", e->text[i]);
    return all;
}

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-15 * fabs(b));
}

static void defaults_are_the_tables(void **state)
{
    struct fixture *f = *state;
    struct trial t;
    memset(&t, 0xff, sizeof t);
    params_read(&f->reader, table, NULL, (struct place){"s.yaml", 1, 1}, "trial", &t);
    assert_int_equal(f->errors.n, 0);
    assert_near(t.probability, 0.25);
    assert_true(isnan(t.cutoff) && isnan(t.shift));
    assert_true(t.patients == 100 && t.seed == 1);
    assert_false(t.quiet);
    assert_int_equal(t.method, 0);
    assert_null(t.endpoint.text);
    assert_null(t.title.text);
    assert_int_equal(t.adjust.n + t.labels.n + t.within.n + t.cumulative.n + t.step.n, 0);
    assert_int_equal(t.levels.n + t.lost.n + t.log_hazard.n, 0);
    assert_true(isnan(t.course.median));
    assert_near(t.course.q, 0.5);
    assert_true(t.course.size == 4);
}

static void every_type_is_read(void **state)
{
    struct fixture *f = *state;
    const struct trial t = read_trial(f, "probability: 1\n"
                                         "cutoff: 0.7\n"
                                         "shift: -3e2\n"
                                         "patients: 424\n"
                                         "seed: -9223372036854775808\n"
                                         "quiet: true\n"
                                         "method: 'fisher'\n"
                                         "endpoint: death_28d\n"
                                         "title: 12 months\n"
                                         "adjust: [age, sofa]\n"
                                         "labels: one text\n"
                                         "within: [0, 28, 3.5]\n"
                                         "cumulative: {1: 0.07, 3.5: 0.16, 28: 0.434}\n"
                                         "step: -1.5\n"
                                         "levels: {abdominal: 0.4, urinary tract: 0.6}\n"
                                         "lost: 0.02\n"
                                         "log_hazard: {sofa: 0.1, source: {lung: 0.2, '1': -1}}\n"
                                         "course: {median: 1.9, size: 2}\n"
                                         "custom: 0.5\n");
    assert_string_equal(messages(&f->errors, &f->memory), "");
    assert_near(t.probability, 1);
    assert_near(t.cutoff, 0.7);
    assert_near(t.shift, -300);
    assert_true(t.patients == 424 && t.seed == INT64_MIN);
    assert_true(t.quiet);
    assert_int_equal(t.method, 2);
    assert_string_equal(t.endpoint.text, "death_28d");
    assert_int_equal(t.endpoint.at.line, 8);
    assert_int_equal(t.endpoint.at.column, 11);
    assert_string_equal(t.title.text, "12 months");
    assert_int_equal(t.adjust.n, 2);
    assert_string_equal(t.adjust.item[1].text, "sofa");
    assert_int_equal(t.adjust.item[1].at.column, 15);
    assert_int_equal(t.labels.n, 1);
    assert_string_equal(t.labels.item[0].text, "one text");
    assert_int_equal(t.within.n, 3);
    assert_near(t.within.value[2], 3.5);
    assert_int_equal(t.cumulative.n, 3);
    assert_near(t.cumulative.x[1], 3.5);
    assert_near(t.cumulative.y[2], 0.434);
    assert_int_equal(t.cumulative.at.line, 13);
    assert_int_equal(t.step.n, 1);
    assert_true(fabs(t.step.x[0]) < 1e-300);
    assert_near(t.step.y[0], -1.5);
    assert_int_equal(t.levels.n, 2);
    assert_string_equal(t.levels.name[1], "urinary tract");
    assert_near(t.levels.value[1], 0.6);
    assert_int_equal(t.levels.at[1].column, 26);
    assert_int_equal(t.lost.n, 1);
    assert_null(t.lost.name[0]);
    assert_int_equal(t.log_hazard.n, 3);
    assert_null(t.log_hazard.item[0].level);
    assert_string_equal(t.log_hazard.item[2].name, "source");
    assert_string_equal(t.log_hazard.item[2].level, "1");
    assert_near(t.log_hazard.item[2].value, -1);
    assert_near(t.course.median, 1.9);
    assert_near(t.course.q, 0.5);
    assert_true(t.course.size == 2);
    assert_near(t.custom, 0.5);
}

/* A key with nothing behind it is an empty list or map; words may replace numbers. */
static void nothing_is_an_empty_collection(void **state)
{
    struct fixture *f = *state;
    const struct trial t = read_trial(f, "adjust:\nlabels: ~\nwithin:\ncumulative:\nlevels: {}\n"
                                         "log_hazard:\ncutoff: youden\nlost: {}\nstep: {}\n");
    assert_string_equal(messages(&f->errors, &f->memory), "");
    assert_int_equal(t.adjust.n + t.labels.n + t.within.n + t.cumulative.n, 0);
    assert_int_equal(t.levels.n + t.log_hazard.n + t.lost.n + t.step.n, 0);
    assert_true(isnan(t.cutoff));
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"probabilty: 1", "s.yaml:1:1: unknown key 'probabilty' in trial; did you mean 'probability'?"},
    {"xyzzy: 1", "s.yaml:1:1: unknown key 'xyzzy' in trial"},
    {"course: {median: 1, siez: 2}",
     "s.yaml:1:21: unknown key 'siez' in course; did you mean 'size'?"},
    {"5", "s.yaml:1:1: trial must be a map of keys, not 5"},
    {"[a]", "s.yaml:1:1: trial must be a map of keys, not a list"},
    {"probability: high", "s.yaml:1:14: probability must be a number from 0 to 1, not 'high'"},
    {"probability: '0.5'",
     "s.yaml:1:14: probability must be a number from 0 to 1, not the text '0.5'"},
    {"probability: 1.5", "s.yaml:1:14: probability must be a number from 0 to 1, not 1.5"},
    {"probability: -1e-9", "s.yaml:1:14: probability must be a number from 0 to 1, not -1e-9"},
    {"probability:", "s.yaml:1:1: probability must be a number from 0 to 1, not nothing"},
    {"probability: [0.5]", "s.yaml:1:14: probability must be a number from 0 to 1, not a list"},
    {"probability: {a: 1}", "s.yaml:1:14: probability must be a number from 0 to 1, not a map"},
    {"probability: .nan", "s.yaml:1:14: probability must be a number from 0 to 1, not '.nan'"},
    {"probability: 0x1", "s.yaml:1:14: probability must be a number from 0 to 1, not '0x1'"},
    {"cutoff: yuoden", "s.yaml:1:9: cutoff must be a number or 'youden', not 'yuoden'"},
    {"cutoff: 1e999", "s.yaml:1:9: cutoff must be a number or 'youden', not '1e999'"},
    {"shift: 25", "s.yaml:1:8: shift must be a number of at most 24 (in points), not 25"},
    {"patients: 3.5", "s.yaml:1:11: patients must be a whole number of at least 2, not 3.5"},
    {"patients: 1", "s.yaml:1:11: patients must be a whole number of at least 2, not 1"},
    {"patients: 1e4", "s.yaml:1:11: patients must be a whole number of at least 2, not 1e4"},
    {"seed: 9223372036854775808",
     "s.yaml:1:7: seed must be a whole number, not 9223372036854775808"},
    {"quiet: yes", "s.yaml:1:8: quiet must be true or false, not 'yes'; write true"},
    {"quiet: OFF", "s.yaml:1:8: quiet must be true or false, not 'OFF'; write false"},
    {"quiet: 'true'", "s.yaml:1:8: quiet must be true or false, not the text 'true'; write true"},
    {"quiet: maybe", "s.yaml:1:8: quiet must be true or false, not 'maybe'"},
    {"method: coxx", "s.yaml:1:9: method must be one of cox, logrank, fisher, not 'coxx'; did you "
                     "mean 'cox'?"},
    {"method: 7", "s.yaml:1:9: method must be one of cox, logrank, fisher, not 7"},
    {"method: [cox]", "s.yaml:1:9: method must be one of cox, logrank, fisher, not a list"},
    {"endpoint: death 28", "s.yaml:1:11: endpoint must be a name (a letter, then letters, digits "
                           "and _), not 'death 28'"},
    {"endpoint: 28", "s.yaml:1:11: endpoint must be a name (a letter, then letters, digits and "
                     "_), not 28"},
    {"title: {a: b}", "s.yaml:1:8: title must be a text, not a map"},
    {"title:", "s.yaml:1:1: title must be a text, not nothing"},
    {"adjust: {a: b}", "s.yaml:1:9: adjust must be a list of names, not a map"},
    {"adjust: log(age)", "s.yaml:1:9: adjust must be a name (a letter, then letters, digits and "
                         "_), not 'log(age)'"},
    {"adjust: [age, sofa, age]", "s.yaml:1:21: 'age' is listed twice in adjust"},
    {"adjust: [1, [a]]",
     "s.yaml:1:10: each of adjust must be a name (a letter, then letters, digits and _), not 1\n"
     "s.yaml:1:13: each of adjust must be a name (a letter, then letters, digits and _), not a "
     "list"},
    {"labels: [a, 'a']", "s.yaml:1:13: 'a' is listed twice in labels"},
    {"within: 3", "s.yaml:1:9: within must be a list of numbers, not 3"},
    {"within: [1, x, 29]", "s.yaml:1:13: each of within must be a number from 0 to 28, not 'x'\n"
                           "s.yaml:1:16: each of within must be a number from 0 to 28, not 29"},
    {"cumulative: 0.5", "s.yaml:1:13: cumulative must be a map of keys, not 0.5"},
    {"cumulative: {1: 0.1, x: 0.2}", "s.yaml:1:22: keys of cumulative must be numbers, not 'x'"},
    {"cumulative: {1: 0.1, 3: 0.2, 3.0: 0.3}",
     "s.yaml:1:30: keys of cumulative must increase: 3 comes after 3"},
    {"cumulative: {7: 0.1, 3: 0.2}",
     "s.yaml:1:22: keys of cumulative must increase: 3 comes after 7"},
    {"cumulative: {1: 0, 2: 1}",
     "s.yaml:1:17: '1' in cumulative must be a number greater than 0 and less than 1, not 0\n"
     "s.yaml:1:23: '2' in cumulative must be a number greater than 0 and less than 1, not 1"},
    {"step: x", "s.yaml:1:7: step must be a number from -24 to 24, not 'x'"},
    {"levels: 0.5", "s.yaml:1:9: levels must be a map of keys, not 0.5"},
    {"levels: {a: 2}", "s.yaml:1:13: 'a' in levels must be a number from 0 to 1, not 2"},
    {"lost: 2", "s.yaml:1:7: lost must be a number from 0 to 1, not 2"},
    {"log_hazard: {sofa: x}", "s.yaml:1:20: 'sofa' in log_hazard must be a number, not 'x'"},
    {"log_hazard: {a b: 1}",
     "s.yaml:1:14: keys of log_hazard must be names of covariates, not 'a b'"},
    {"log_hazard: {source: {lung: x}}",
     "s.yaml:1:29: 'lung' in 'source' in log_hazard must be a number, not 'x'"},
    {"course: {size: 2}", "s.yaml:1:9: 'median' is missing in course"},
    {"course: {median: 0}", "s.yaml:1:18: median must be a number greater than 0 (in days), not 0"},
    {"course: {median: 1, q: 1}",
     "s.yaml:1:24: q must be a number greater than 0 and less than 1, not 1"},
    {"course: {median: 1, size: 1}",
     "s.yaml:1:27: size must be a whole number greater than 1 and at most 9, not 1"},
    {"course: 5", "s.yaml:1:9: course must be a map of keys, not 5"},
    {"custom: 1", "s.yaml:1:9: custom must be a number greater than -1 and less than 1, not 1"},
    {"\"two\\nlines\": 1", "s.yaml:1:1: unknown key 'two lines' in trial"},
    {"title: x\npatients: 1\nquite: true\nmethod: cux\n",
     "s.yaml:2:11: patients must be a whole number of at least 2, not 1\n"
     "s.yaml:3:1: unknown key 'quite' in trial; did you mean 'quiet'?\n"
     "s.yaml:4:9: method must be one of cox, logrank, fisher, not 'cux'; did you mean 'cox'?"},
};

static void mistakes_have_one_message_each(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        (void)read_trial(f, mistakes[i].text);
        assert_string_equal(messages(&f->errors, &f->memory), mistakes[i].message);
        errors_free(&f->errors);
    }
}

static void two_tables_share_a_map(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *message;
    } some[] = {
        {"{median: 2, ties: breslow, strata: [centre]}", ""},
        {"{median: 2, tis: breslow, strata: [centre], siz: 1}",
         "p.yaml:1:13: unknown key 'tis' in analysis 'primary'; did you mean 'ties'?\n"
         "p.yaml:1:45: unknown key 'siz' in analysis 'primary'; did you mean 'size'?"},
        {"{median: 2, strata: []}", "p.yaml:1:13: strata must not be empty"},
        {"{}", "p.yaml:1:1: 'median' is missing in analysis 'primary'\n"
               "p.yaml:1:1: 'strata' is missing in analysis 'primary'"},
    };
    for (size_t i = 0; i < COUNT(some); i++) {
        const char *text = some[i].text;
        struct inner first = {0};
        struct plugin second = {0};
        const struct node *n = tree_read_text(text, strlen(text), "p.yaml", &f->memory, &f->errors);
        params_read_pair(&f->reader, inner_table, &first, plugin_table, &second, n, n->at,
                         "analysis 'primary'");
        assert_string_equal(messages(&f->errors, &f->memory), some[i].message);
        errors_free(&f->errors);
        if (i == 0) assert_true(second.ties == 1 && second.strata.n == 1 && first.size == 4);
    }
    struct inner first = {0};
    params_read(&f->reader, inner_table, NULL, (struct place){"p.yaml", 3, 4}, "course", &first);
    assert_string_equal(messages(&f->errors, &f->memory),
                        "p.yaml:3:4: 'median' is missing in course");
}

static void helpers_check_their_limits(void **state)
{
    struct fixture *f = *state;
    const struct place at = {"h.yaml", 2, 3};
    const struct node *seven = node_scalar("7", at, &f->memory);
    double x = 0;
    int64_t k = 0;
    assert_true(read_number(&f->reader, seven, "x", 0, 0, 0, &x));
    assert_true(read_number(&f->reader, seven, "x", 7, 7, 0, &x));
    assert_near(x, 7);
    assert_true(read_integer(&f->reader, seven, "k", INT64_MIN, INT64_MAX, &k));
    assert_true(read_integer(&f->reader, seven, "k", 7, INT64_MAX, &k));
    assert_true(k == 7);
    assert_int_equal(f->errors.n, 0);
    assert_false(read_number(&f->reader, seven, "x", 7, INFINITY, PARAM_OPEN_MIN, &x));
    assert_false(read_number(&f->reader, seven, "y", -INFINITY, 7, PARAM_OPEN_MAX, &x));
    assert_false(read_integer(&f->reader, seven, "k", 8, INT64_MAX, &k));
    assert_false(read_integer(&f->reader, seven, "k", 1, 6, &k));
    assert_string_equal(messages(&f->errors, &f->memory),
                        "h.yaml:2:3: x must be a number greater than 7, not 7\n"
                        "h.yaml:2:3: y must be a number less than 7, not 7\n"
                        "h.yaml:2:3: k must be a whole number of at least 8, not 7\n"
                        "h.yaml:2:3: k must be a whole number from 1 to 6, not 7");
    assert_true(name_is_valid("_a9") && name_is_valid("death_28d"));
    assert_false(name_is_valid("") || name_is_valid("9a") || name_is_valid("a-b") ||
                 name_is_valid("\xc3\xa9"));
}

static void echo_is_readable(void **state)
{
    struct fixture *f = *state;
    const struct trial t = read_trial(f, "title: 'say \"x\" and\n\n  more'\n"
                                         "endpoint: 'null'\n"
                                         "adjust: age\n"
                                         "cumulative: {1: 0.07, 28: 0.434}\n"
                                         "levels: {true: 0.5, a b: 0.5}\n"
                                         "log_hazard: {sofa: 0.1, source: {lung: 0.2, x: 1}}\n"
                                         "course: {median: 1.9}\n"
                                         "custom: 0.5\n");
    struct buffer out = {0};
    params_echo(&out, table, &t, 2);
    assert_string_equal(messages(&f->errors, &f->memory), "");
    assert_string_equal(buffer_text(&out), "  probability: 0.25\n"
                                           "  cutoff: youden\n"
                                           "  patients: 100\n"
                                           "  seed: 1\n"
                                           "  quiet: false\n"
                                           "  method: cox\n"
                                           "  endpoint: \"null\"\n"
                                           "  title: \"say \\\"x\\\" and\\nmore\"\n"
                                           "  adjust: [age]\n"
                                           "  cumulative: {1: 0.07, 28: 0.434}\n"
                                           "  levels: {\"true\": 0.5, \"a b\": 0.5}\n"
                                           "  log_hazard: {sofa: 0.1, source: {lung: 0.2, x: 1}}\n"
                                           "  course:\n"
                                           "    median: 1.9\n"
                                           "    q: 0.5\n"
                                           "    size: 4\n"
                                           "  custom: 0.5\n");
    buffer_free(&out);
}

static uint64_t next_random(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
    return *s >> 33;
}

static void add_random_text(struct buffer *b, uint64_t *s)
{
    static const char *const piece[] = {"a",    "Z",  "_",        "7",    " ",    ".",   ":",
                                        "#",    "- ", "'",        "\\\"", "\\\\", "\\n", "\\t",
                                        "{",    "]",  ",",        "&",    "*",    "!",   "null",
                                        "true", "~",  "\xc3\xa9", "%",    "@",    "1e5", "|"};
    buffer_puts(b, "\"");
    for (uint64_t n = 1 + next_random(s) % 6; n > 0; n--)
        buffer_puts(b, piece[next_random(s) % COUNT(piece)]);
    buffer_puts(b, "\"");
}

static double random_number(uint64_t *s, double low, double high)
{
    return low + (high - low) * ((double)next_random(s) + 0.5) / 2147483648.0;
}

/* YAML that the table accepts: every key is there half of the time. */
static void add_random_trial(struct buffer *b, uint64_t *s)
{
    static const char *const name[] = {"age", "sofa", "source", "null", "true", "_x", "y"};
#define MAYBE if (next_random(s) % 2)
    buffer_puts(b, "{");
    MAYBE buffer_printf(b, "probability: %.17g, ", random_number(s, 0, 1));
    MAYBE buffer_printf(b, "cutoff: %.17g, ", random_number(s, -1e9, 1e9));
    MAYBE buffer_printf(b, "shift: %.17g, ", -pow(10, random_number(s, -300, 300)));
    MAYBE buffer_printf(b, "patients: %d, ", 2 + (int)(next_random(s) % 100000));
    MAYBE buffer_printf(b, "seed: -%lld, ", (long long)(next_random(s) * next_random(s)));
    MAYBE buffer_printf(b, "quiet: %s, ", next_random(s) % 2 ? "true" : "false");
    MAYBE buffer_printf(b, "method: logrank, endpoint: '%s', ", name[next_random(s) % 7]);
    MAYBE buffer_printf(b, "adjust: [age, '%s'], ", name[1 + next_random(s) % 6]);
    MAYBE buffer_printf(b, "within: [%.17g, 3], ", random_number(s, 0, 28));
    MAYBE buffer_printf(b, "step: %.17g, ", random_number(s, -24, 24));
    else buffer_printf(b, "step: {-1e-3: 1, 0: %.17g, 1e20: 3}, ", random_number(s, -24, 24));
    MAYBE buffer_printf(b, "lost: %.17g, ", random_number(s, 0, 1));
    MAYBE buffer_printf(b, "cumulative: {0.1: %.17g, %.17g: 0.5}, ", random_number(s, 0, 1),
                        random_number(s, 1, 90));
    MAYBE buffer_printf(b, "course: {median: %.17g}, ", pow(10, random_number(s, -300, 300)));
    buffer_puts(b, "title: ");
    add_random_text(b, s);
    buffer_puts(b, ", labels: ");
    add_random_text(b, s);
    buffer_puts(b, ", levels: {");
    add_random_text(b, s);
    buffer_printf(b, ": 0.5}, log_hazard: {'%s': 1, zz: {", name[next_random(s) % 7]);
    add_random_text(b, s);
    buffer_printf(b, ": %.17g}}}", random_number(s, -1, 1));
#undef MAYBE
}

/* echo → read → echo is the identity, whatever was read. */
static void echo_reads_back_identically(void **state)
{
    struct fixture *f = *state;
    uint64_t s = 2019;
    for (int round = 0; round < 500; round++) {
        struct buffer given = {0}, once = {0}, twice = {0};
        add_random_trial(&given, &s);
        const struct trial first = read_trial(f, buffer_text(&given));
        params_echo(&once, table, &first, 0);
        const struct trial second = read_trial(f, buffer_text(&once));
        params_echo(&twice, table, &second, 0);
        if (f->errors.n > 0)
            fail_msg("%s\n%s\n%s", f->errors.text[0], buffer_text(&given), buffer_text(&once));
        assert_string_equal(buffer_text(&once), buffer_text(&twice));
        assert_string_equal(first.title.text, second.title.text);
        assert_true(memcmp(&first.probability, &second.probability, sizeof(double)) == 0);
        buffer_free(&given);
        buffer_free(&once);
        buffer_free(&twice);
    }
}

static void an_absent_group_stays_absent(void **state)
{
    struct fixture *f = *state;
    struct trial t = {0};
    struct buffer out = {0};
    params_default(table, &t);
    params_echo(&out, table, &t, 0);
    const struct trial back = read_trial(f, buffer_text(&out));
    assert_string_equal(messages(&f->errors, &f->memory), "");
    assert_true(isnan(back.course.median));
    buffer_free(&out);
}

static void help_is_aligned(void **state)
{
    (void)state;
    static const struct param short_table[] = {
        {PARAM_AT(struct trial, probability), .type = PARAM_NUMBER, .fallback = 0.25, .max = 1,
         .help = "share with the event"},
        {PARAM_AT(struct trial, method), .type = PARAM_CHOICE, .choices = "cox|logrank",
         .help = "analysis"},
        {PARAM_AT(struct trial, cumulative), .type = PARAM_KNOTS, .unit = "day: share", .max = 1,
         .flags = PARAM_REQUIRED, .help = "deaths"},
        {PARAM_AT(struct trial, course), .type = PARAM_GROUP, .group = inner_table,
         .help = "duration"},
        {0}};
    struct buffer out = {0};
    params_help(&out, short_table, "> ");
    assert_string_equal(
        buffer_text(&out),
        "> probability  -           0.25      number from 0 to 1                         "
        "share with the event\n"
        "> method       -           cox       cox, logrank                               "
        "analysis\n"
        "> cumulative   day: share  required  {number: number, …} from 0 to 1            "
        "deaths\n"
        "> course       -           -         {…}                                        "
        "duration\n"
        ">   median     days        required  number greater than 0                      "
        "median duration\n"
        ">   q          -           0.5       number greater than 0 and less than 1      "
        "share\n"
        ">   size       -           4         whole number greater than 1 and at most 9  "
        "block size\n");
    buffer_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_the_tables),
        TEST(every_type_is_read),
        TEST(nothing_is_an_empty_collection),
        TEST(mistakes_have_one_message_each),
        TEST(two_tables_share_a_map),
        TEST(helpers_check_their_limits),
        TEST(echo_is_readable),
        TEST(echo_reads_back_identically),
        TEST(an_absent_group_stays_absent),
        TEST(help_is_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
