/* test_fuzz_scenario.c - the shipped scenarios, mutated at random from fixed seeds, are read and
 * checked: no crash, no message without a place, what is accepted reads back the same.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stream.h"
#include "fuzz_scenario.c" /* LLVMFuzzerTestOneInput */

#include <glob.h>

enum { ITERATIONS = 4000, MUTATIONS = 3, SPAN = 24 };

struct corpus {
    int n;
    struct buffer *text; /* [n] */
    const char **name;   /* [n] of the copy in `directory` */
    char *directory;
    struct arena memory;
};

static void read_file(const char *path, struct buffer *out)
{
    FILE *f = fopen(path, "rb");
    char block[4096];
    assert_non_null(f);
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) buffer_add(out, block, n);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *directory, const char *name, const struct buffer *text)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text->text, 1, text->length, f), text->length);
    assert_int_equal(fclose(f), 0);
}

/* The tests are run from the top of the repository. Mutants lie beside what they may extend. */
static int setup(void **state)
{
    static const char *const pattern[] = {"scenarios/*.yaml", "tests/errors/*.yaml"};
    struct corpus *c = xcalloc(1, sizeof *c);
    glob_t found = {0};
    for (int k = 0; k < 2; k++)
        assert_int_equal(glob(pattern[k], k > 0 ? GLOB_APPEND : 0, NULL, &found), 0);
    c->n = (int)found.gl_pathc;
    c->text = xcalloc(found.gl_pathc, sizeof *c->text);
    c->name = arena_alloc(&c->memory, found.gl_pathc, sizeof *c->name);
    c->directory = mkdtemp(arena_text(&c->memory, "/tmp/test_fuzz_scenario_XXXXXX"));
    assert_non_null(c->directory);
    assert_int_equal(setenv("TMPDIR", c->directory, 1), 0);
    for (int k = 0; k < c->n; k++) {
        read_file(found.gl_pathv[k], &c->text[k]);
        c->name[k] = arena_text(&c->memory, strrchr(found.gl_pathv[k], '/') + 1);
        write_file(c->directory, c->name[k], &c->text[k]);
    }
    globfree(&found);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct corpus *c = *state;
    for (int k = 0; k < c->n; k++) {
        char path[300];
        (void)snprintf(path, sizeof path, "%s/%s", c->directory, c->name[k]);
        (void)unlink(path);
        buffer_free(&c->text[k]);
    }
    (void)rmdir(c->directory);
    arena_free(&c->memory);
    free(c->text);
    free(c);
    return 0;
}

/* --- mutations -------------------------------------------------------------------------------- */

/* Puts `length` bytes in the place of `removed` bytes at `at`. */
static void replace(struct buffer *b, size_t at, size_t removed, const char *bytes, size_t length)
{
    struct buffer out = {0};
    buffer_add(&out, buffer_text(b), at);
    buffer_add(&out, bytes, length);
    buffer_add(&out, buffer_text(b) + at + removed, b->length - at - removed);
    buffer_free(b);
    *b = out;
}

struct span {
    size_t at, length;
};

/* The line that holds a random byte, its line break included. */
static struct span random_line(struct stream *s, const struct buffer *b)
{
    const char *text = buffer_text(b);
    size_t from = below(s, b->length);
    while (from > 0 && text[from - 1] != '\n') from--;
    size_t to = from;
    while (to < b->length && text[to++] != '\n') {}
    return (struct span){from, to - from};
}

/* A word or number at or behind a random byte. */
static struct span random_word(struct stream *s, const struct buffer *b)
{
    static const char separators[] = " ,:{}[]\n\"'#";
    const char *text = buffer_text(b);
    const size_t from = below(s, b->length), at = from + strspn(text + from, separators);
    return (struct span){at, strcspn(text + at, separators)};
}

static void copy_line_elsewhere(struct stream *s, struct buffer *b)
{
    const struct span line = random_line(s, b), before = random_line(s, b);
    char *copy = xcalloc(line.length + 1, 1);
    memcpy(copy, buffer_text(b) + line.at, line.length);
    replace(b, before.at, 0, copy, line.length);
    free(copy);
}

static void swap_words(struct stream *s, struct buffer *b)
{
    struct span first = random_word(s, b), second = random_word(s, b);
    if (first.at > second.at) {
        const struct span other = first;
        first = second;
        second = other;
    }
    if (first.at + first.length > second.at) return;
    struct buffer word = {0};
    buffer_add(&word, buffer_text(b) + first.at, first.length);
    char *late = xcalloc(second.length + 1, 1);
    memcpy(late, buffer_text(b) + second.at, second.length);
    replace(b, second.at, second.length, buffer_text(&word), word.length);
    replace(b, first.at, first.length, late, second.length);
    buffer_free(&word);
    free(late);
}

/* What words and numbers turn into. */
static const char *const strange[] = {"",
                                      "0",
                                      "-1",
                                      "1e308",
                                      "-1e308",
                                      "1e-308",
                                      "99999999999999999999",
                                      "9223372036854775807",
                                      "nan",
                                      "0x10",
                                      "1e999",
                                      "0.5",
                                      "28",
                                      "null",
                                      "~",
                                      "true",
                                      "\"\"",
                                      "'",
                                      "\"",
                                      "\"\\u2028\"",
                                      "é",
                                      "心",
                                      "\xf0\x9f\xa6\xa0",
                                      "\xff",
                                      "\xc3",
                                      "\x01",
                                      "\t",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      "[]",
                                      "{}",
                                      ",",
                                      ":",
                                      "?",
                                      "- -",
                                      "&a",
                                      "*a",
                                      "&a [*a]",
                                      "!!str",
                                      "|",
                                      ">",
                                      "---",
                                      "...",
                                      "<<",
                                      "%YAML",
                                      "# ",
                                      "\n",
                                      "\r\n",
                                      "a.b",
                                      "a b",
                                      "[1, 2]",
                                      "{0: 1, 5: 2}",
                                      "{from: 1, to: 3, by: 1}",
                                      "log(age)",
                                      "age",
                                      "severity",
                                      "source",
                                      "centre",
                                      "death_28d",
                                      "categorical",
                                      "lognormal",
                                      "uniform",
                                      "roc",
                                      "sofa",
                                      "marker"};

static void mutate(struct stream *s, struct buffer *b)
{
    const size_t at = below(s, b->length);
    const char byte = (char)stream_next(s);
    const char *word = strange[below(s, sizeof strange / sizeof *strange)];
    size_t span = below(s, SPAN);
    if (span > b->length - at) span = b->length - at;
    struct span part;
    switch (below(s, 10)) {
    case 0: replace(b, at, b->length > 0, &byte, 1); break;
    case 1: replace(b, at, span, "", 0); break;
    case 2: replace(b, at, 0, word, strlen(word)); break;
    case 3:
        part = random_line(s, b);
        replace(b, part.at, part.length, "", 0);
        break;
    case 4: copy_line_elsewhere(s, b); break;
    case 5:
    case 6: swap_words(s, b); break;
    default:
        part = random_word(s, b);
        replace(b, part.at, part.length, word, strlen(word));
        break;
    }
}

static void mutated_scenarios_are_read_or_refused(void **state)
{
    const struct corpus *c = *state;
    for (uint64_t k = 0; k < ITERATIONS; k++) {
        struct stream s = stream_for(1, k, stream_variable("fuzz scenario"));
        const struct buffer *from = &c->text[k % (uint64_t)c->n];
        struct buffer text = {0};
        buffer_add(&text, buffer_text(from), from->length);
        for (size_t m = below(&s, MUTATIONS) + 1; m > 0; m--) mutate(&s, &text);
        assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)buffer_text(&text), text.length),
                         0);
        buffer_free(&text);
    }
}

static void scenarios_as_they_are_read_back_the_same(void **state)
{
    const struct corpus *c = *state;
    assert_true(c->n >= 3);
    for (int k = 0; k < c->n; k++)
        assert_int_equal(
            LLVMFuzzerTestOneInput((const uint8_t *)buffer_text(&c->text[k]), c->text[k].length),
            0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenarios_as_they_are_read_back_the_same),
        cmocka_unit_test(mutated_scenarios_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
