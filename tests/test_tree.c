/* test_tree.c - YAML as trees: places, aliases, limits, one exact message a mistake, editing.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct fixture {
    struct arena memory;
    struct errors errors;
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
    free(f);
    return 0;
}

static struct node *read_bytes(struct fixture *f, const char *text, size_t length)
{
    return tree_read_text(text, length, "t.yaml", &f->memory, &f->errors);
}

static struct node *read_text(struct fixture *f, const char *text)
{
    return read_bytes(f, text, strlen(text));
}

static struct node *read_good(struct fixture *f, const char *text)
{
    struct node *n = read_text(f, text);
    if (n == NULL) fail_msg("%s: %s", text, f->errors.n > 0 ? f->errors.text[0] : "no message");
    assert_int_equal(f->errors.n, 0);
    return n;
}

/* A tree in one line, to compare trees by. */
static void write_flat(struct buffer *out, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        buffer_printf(out, n->quoted ? "'%s'" : "%s", n->text);
        return;
    }
    buffer_puts(out, n->kind == NODE_LIST ? "[" : "{");
    for (int i = 0; i < n->n; i++) {
        if (i > 0) buffer_puts(out, ", ");
        if (n->kind == NODE_MAP) buffer_printf(out, "%s: ", n->key[i]);
        write_flat(out, n->item[i]);
    }
    buffer_puts(out, n->kind == NODE_LIST ? "]" : "}");
}

static void assert_tree(const struct node *n, const char *expected)
{
    struct buffer out = {0};
    assert_non_null(n);
    write_flat(&out, n);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void assert_place(struct place at, int line, int column)
{
    assert_string_equal(at.file, "t.yaml");
    assert_int_equal(at.line, line);
    assert_int_equal(at.column, column);
}

static void yaml_becomes_a_tree(void **state)
{
    static const struct {
        const char *text, *tree;
    } good[] = {
        {"", "{}"},
        {"# nothing\n", "{}"},
        {"---\n", "{}"},
        {"~\n", "{}"},
        {"a: 1\nb: [2, 'x', \"y\"]\nc: {d: e}\n", "{a: 1, b: [2, 'x', 'y'], c: {d: e}}"},
        {"a:\n  - 1\n  -\n  - b: 2\n    c: 3\n", "{a: [1, , {b: 2, c: 3}]}"},
        {"a:\nb: ~\nc: null\nd: NULL\ne: ''\nf: 'null'\n",
         "{a: , b: , c: , d: , e: '', f: 'null'}"},
        {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y'}"},
        {"a: &x {b: 1}\nc: *x\nd: [*x, *x]\n", "{a: {b: 1}, c: {b: 1}, d: [{b: 1}, {b: 1}]}"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
        {"a: !!str 1\nb: !!int 1\nc: !!map {d: !!float 2}\n", "{a: '1', b: 1, c: {d: 2}}"},
        {"a: \"x\\ty\"\n", "{a: 'x\ty'}"},
        {"1: 0.07\n28: 0.434\n\"x y\": 1\n", "{1: 0.07, 28: 0.434, x y: 1}"},
        {"\xef\xbb\xbf"
         "a: \xc3\xa9\r\nb: 1\r\n",
         "{a: \xc3\xa9, b: 1}"},
        {"%YAML 1.1\n---\na: yes\n...\n", "{a: yes}"},
        {"? a\n: 1\n", "{a: 1}"},
        {"a: {b, c: }\n", "{a: {b: , c: }}"},
        {"- 1\n- [2]\n", "[1, [2]]"},
        {"word\n", "word"},
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_tree(read_good(*state, good[i].text), good[i].tree);
}

static void nodes_and_keys_know_their_place(void **state)
{
    const struct node *n = read_good(*state, "a: 1\n"
                                             "\xc3\xa9\xc3\xa9:  [x, 'y']\n"
                                             "c:\n"
                                             "  d: {e:   f}\n"
                                             "g:\n");
    assert_place(n->at, 1, 1);
    assert_place(n->key_at[0], 1, 1);
    assert_place(n->item[0]->at, 1, 4);
    assert_place(n->item[1]->at, 2, 6); /* columns count characters, not bytes */
    assert_place(n->item[1]->item[1]->at, 2, 10);
    assert_place(n->key_at[2], 3, 1);
    assert_place(tree_find(n, "c")->at, 4, 3);
    assert_place(tree_find(n, "c")->key_at[0], 4, 3);
    assert_place(tree_find(n, "c.d")->at, 4, 6);
    assert_place(tree_find(n, "c.d.e")->at, 4, 12);
    assert_place(tree_find(n, "g")->at, 5, 1); /* nothing stands where its key does */
}

static const char *messages(const struct errors *e, struct arena *memory)
{
    const char *all = "";
    for (int i = 0; i < e->n; i++)
        all = arena_printf(memory, "%s%s%s", all, i > 0 ? "\n" : "", e->text[i]);
    return all;
}

/* The texts of syntax mistakes are libfyaml's, 0.7.12; their places are what matters. */
static const struct {
    const char *text, *message;
} mistakes[] = {
    {"a: [1, 2\n", "t.yaml:2:1: flow sequence without a closing bracket"},
    {"a: {b: 1\n", "t.yaml:2:1: missing comma in flow mapping"},
    {"a: 'x\n", "t.yaml:1:5: single-quoted scalar without closing quote"},
    {"a: \"\\q\"\n", "t.yaml:1:5: invalid escape 'q' in double-quoted string"},
    {"a: b: c\n", "t.yaml:1:5: invalid nested block mapping on the same line"},
    {"a: 1\n  b: 2\n", "t.yaml:1:4: invalid multiline plain key"},
    {"a: 1\nb\n", "t.yaml:2:1: invalid value after mapping"},
    {"- a\nc: 1\n", "t.yaml:2:1: invalid scalar at the end of block sequence"},
    {"a: @x\n", "t.yaml:1:4: plain scalar cannot start with '@'"},
    {"a: [1,,2]\n", "t.yaml:1:7: flow sequence with invalid extra comma"},
    {"]\n", "t.yaml:1:1: flow sequence with invalid extra closing bracket"},
    {"\xc3\xa9: [}\n", "t.yaml:1:5: mismatched flow mapping end"},
    {"\ta: 1\n", "t.yaml:1:1: tabs are not allowed, use spaces (\\t in double quotes)"},
    {"? a:\t- 1\n", /* libfyaml 0.7.12 frees twice here */
     "t.yaml:1:5: tabs are not allowed, use spaces (\\t in double quotes)"},
    {"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: key 'a' is given twice, first in line 1"},
    {"x: {a: 1, \"a\": 2, a: 3, b: 1, b: 2}\n",
     "t.yaml:1:11: key 'a' is given twice, first in line 1\n"
     "t.yaml:1:19: key 'a' is given twice, first in line 1\n"
     "t.yaml:1:31: key 'b' is given twice, first in line 1"},
    {"a: 1\n---\nb: 2\n", "t.yaml:2:1: only one YAML document is allowed"},
    {"a: *x\n", "t.yaml:1:4: alias '*x' has no anchor '&x' before it"},
    {"a: *x\nb: &x 1\n", "t.yaml:1:4: alias '*x' has no anchor '&x' before it"},
    {"a: &x [1, *x]\n", "t.yaml:1:11: alias '*x' stands inside what it names"},
    {"a: &x {b: {c: *x}}\n", "t.yaml:1:15: alias '*x' stands inside what it names"},
    {"? [1, 2]\n: 3\n", "t.yaml:1:3: a key must be one word or number, not a list"},
    {"{a: 1}: 3\n", "t.yaml:1:1: a key must be one word or number, not a map"},
    {"a: 1\n: 3\n", "t.yaml:1:4: a key must not be empty"},
    {"'': 3\n", "t.yaml:1:1: a key must not be empty"},
    {"~: 3\n", "t.yaml:1:1: a key must not be empty"},
    {"a: &x {b: 1}\nc:\n  <<: *x\n",
     "t.yaml:3:3: merge keys (<<) are not supported; write the keys out"},
    {"a: !foo 1\n", "t.yaml:1:9: tag '!foo' is not supported"},
    {"a: !!binary aGk=\n", "t.yaml:1:13: tag 'tag:yaml.org,2002:binary' is not supported"},
    {"a: 1\nb: \x01\n", "t.yaml:2:4: control characters are not allowed (byte 0x01)"},
    {"a: \x7f\n", "t.yaml:1:4: control characters are not allowed (byte 0x7f)"},
    {"a: \xff\n", "t.yaml:1:4: this is not UTF-8 text (byte 0xff)"},
    {"a: \xc3\xa9 \xc3\n", "t.yaml:1:6: this is not UTF-8 text (byte 0xc3)"},
    {"a: \xc0\x80\n", "t.yaml:1:4: this is not UTF-8 text (byte 0xc0)"},
    {"a: \xed\xa0\x80\n", "t.yaml:1:4: this is not UTF-8 text (byte 0xed)"},
    {"a: \xf4\x90\x80\x80\n", "t.yaml:1:4: this is not UTF-8 text (byte 0xf4)"},
    {"\xff\xfe"
     "a",
     "t.yaml:1:1: this is not UTF-8 text (byte 0xff)"},
    {"a: \"x\\0y\"\n", "t.yaml:1:4: a text may not hold control characters, escaped or not"},
    {"a: \"\\x07\"\n", "t.yaml:1:4: a text may not hold control characters, escaped or not"},
};

static void mistakes_have_one_message_each(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        assert_null(read_text(f, mistakes[i].text));
        assert_string_equal(messages(&f->errors, &f->memory), mistakes[i].message);
        assert_int_equal(f->errors.status, STATUS_USAGE);
        errors_free(&f->errors);
    }
}

static void assert_refused(struct fixture *f, const struct buffer *text, const char *message)
{
    assert_null(read_bytes(f, buffer_text(text), text->length));
    assert_string_equal(messages(&f->errors, &f->memory), message);
    errors_free(&f->errors);
}

static void a_nul_byte_is_refused(void **state)
{
    struct buffer b = {0};
    buffer_add(&b, "a: 1\n\0b: 2\n", 11);
    assert_refused(*state, &b, "t.yaml:2:1: control characters are not allowed (byte 0x00)");
    buffer_free(&b);
}

static void nest(struct buffer *b, int depth)
{
    for (int i = 0; i < depth; i++) buffer_puts(b, "[");
    for (int i = 0; i < depth; i++) buffer_puts(b, "]");
}

static void nesting_ends_at_64(void **state)
{
    struct buffer deep = {0}, deeper = {0}, endless = {0};
    nest(&deep, 64);
    nest(&deeper, 65);
    for (int i = 0; i < 1000000; i++) buffer_puts(&endless, "[");
    (void)read_good(*state, buffer_text(&deep));
    assert_refused(*state, &deeper, "t.yaml:1:65: nested deeper than 64 levels");
    assert_refused(*state, &endless, "t.yaml:1:1001: too many brackets are open");
    buffer_free(&deep);
    buffer_free(&deeper);
    buffer_free(&endless);
}

/* Each alias adds one level though the text is flat. */
static void nesting_counts_through_aliases(void **state)
{
    struct buffer b = {0};
    buffer_puts(&b, "b0: &b0 [1]\n");
    for (int i = 1; i <= 70; i++) buffer_printf(&b, "b%d: &b%d [*b%d]\n", i, i, i - 1);
    /* bN has N + 1 levels of its own; in b63, below the root and one list, b62 reaches level 65 */
    assert_refused(*state, &b, "t.yaml:64:12: nested deeper than 64 levels");
    buffer_free(&b);
}

static void values_end_at_100000(void **state)
{
    struct buffer b = {0};
    buffer_puts(&b, "[");
    for (int i = 0; i < 99999; i++) buffer_puts(&b, "1,\n"); /* and the list itself: 100,000 */
    buffer_puts(&b, "]");
    assert_int_equal(read_good(*state, buffer_text(&b))->n, 99999);
    b.text[b.length - 1] = '1';
    buffer_puts(&b, "]");
    assert_refused(*state, &b, "t.yaml:100000:1: more than 100000 values (aliases followed)");
    buffer_free(&b);
}

/* "Billion laughs": 9 lines that would expand to 10^9 values. */
static void aliases_cannot_explode(void **state)
{
    struct buffer b = {0};
    buffer_puts(&b, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 9; i++) {
        buffer_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++) buffer_printf(&b, "*a%d%s", i - 1, k < 9 ? "," : "]\n");
    }
    /* a3 has 11,111 values; before line 5 there are 12,349, keys and root included; with the key
     * and the list of a4 and seven times a3 there are 90,128: the eighth is too much */
    assert_refused(*state, &b, "t.yaml:5:38: more than 100000 values (aliases followed)");
    buffer_free(&b);
}

static void anchors_end_at_1000(void **state)
{
    struct buffer b = {0};
    for (int i = 0; i < 1001; i++) buffer_printf(&b, "- &a%d 1\n", i);
    assert_refused(*state, &b, "t.yaml:1001:10: more than 1000 anchors");
    buffer_free(&b);
}

static void sizes_end_at_16_mib(void **state)
{
    struct buffer b = {0};
    buffer_puts(&b, "a: 1\n");
    while (b.length < 16 << 20) buffer_puts(&b, "# 456789abcdefg\n");
    b.length = 16 << 20;
    assert_tree(read_bytes(*state, b.text, b.length), "{a: 1}");
    buffer_puts(&b, "x");
    assert_refused(*state, &b, "t.yaml: larger than 16 MiB");
    buffer_free(&b);
}

static void lines_end_at_a_mebibyte(void **state)
{
    struct buffer b = {0};
    while (b.length < 1 << 20) buffer_puts(&b, "a: #5678");
    assert_tree(read_bytes(*state, b.text, b.length), "{a: }");
    buffer_puts(&b, "x");
    assert_refused(*state, &b, "t.yaml:1:1048577: the line is too long");
    buffer_free(&b);
}

static void many_keys_are_read_quickly(void **state)
{
    struct buffer b = {0};
    for (int i = 0; i < 40000; i++) buffer_printf(&b, "k%d: %d\n", i, i);
    const struct node *n = read_good(*state, buffer_text(&b));
    assert_int_equal(n->n, 40000);
    assert_string_equal(node_get(n, "k39999")->text, "39999");
    buffer_free(&b);
}

static void files_are_read(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/test_tree_XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: [1\n", 6), 6);
    assert_null(tree_read_file(path, &f->memory, &f->errors));
    assert_string_equal(
        messages(&f->errors, &f->memory),
        arena_printf(&f->memory, "%s:2:1: flow sequence without a closing bracket", path));
    errors_free(&f->errors);
    assert_int_equal(write(fd, "  ]\n", 4), 4);
    (void)close(fd);
    assert_tree(tree_read_file(path, &f->memory, &f->errors), "{a: [1]}");
    assert_int_equal(unlink(path), 0);
}

static void unreadable_files_are_usage_errors(void **state)
{
    struct fixture *f = *state;
    assert_null(tree_read_file("/nowhere/x.yaml", &f->memory, &f->errors));
    assert_null(tree_read_file("/", &f->memory, &f->errors));
    assert_null(tree_read_file("/dev/zero", &f->memory, &f->errors));
    assert_string_equal(messages(&f->errors, &f->memory),
                        "/nowhere/x.yaml: No such file or directory\n"
                        "/: Is a directory\n"
                        "/dev/zero: larger than 16 MiB");
    assert_int_equal(f->errors.status, STATUS_USAGE);
}

static void merging_extends_maps_and_replaces_the_rest(void **state)
{
    struct fixture *f = *state;
    struct node *base = read_good(f, "{a: 1, b: {c: 1, d: [1, 2]}, e: {f: 1}, g: 5}");
    struct node *over = read_good(f, "{b: {d: [3], x: 9}, a: {y: 1}, z: 0, e: 7, g: {h: 1}}");
    const struct node *merged = tree_merge(base, over, &f->memory);
    assert_tree(merged, "{a: {y: 1}, b: {c: 1, d: [3], x: 9}, e: 7, g: {h: 1}, z: 0}");
    assert_tree(base, "{a: 1, b: {c: 1, d: [1, 2]}, e: {f: 1}, g: 5}");
    assert_tree(over, "{b: {d: [3], x: 9}, a: {y: 1}, z: 0, e: 7, g: {h: 1}}");
    assert_place(merged->key_at[0], 1, 21); /* the key that won */
    const struct node *less = read_good(f, "{b: {c: , w: }, e: , v: , g: ''}");
    assert_tree(tree_merge(base, less, &f->memory), "{a: 1, b: {d: [1, 2], w: }, g: '', v: }");
}

static void paths_find_and_set(void **state)
{
    struct fixture *f = *state;
    const struct place at = {"--set", 0, 0};
    const struct node *root = read_good(f, "{a: {b: {c: 1}, d: 2}, e: , 28: 3}");
    struct node *nine = node_scalar("9", at, &f->memory);
    assert_string_equal(tree_find(root, "a.b.c")->text, "1");
    assert_null(tree_find(root, "a.b.x"));
    assert_null(tree_find(root, "a.b.c.d"));
    assert_null(tree_find(root, "a.b."));
    assert_null(tree_find(root, ""));
    assert_null(tree_find(root, "a."));
    static const struct {
        const char *path, *tree;
    } good[] = {{"a.b.c", "{a: {b: {c: 9}, d: 2}, e: , 28: 3}"},
                {"a.b", "{a: {b: 9, d: 2}, e: , 28: 3}"},
                {"a.x.y.z", "{a: {b: {c: 1}, d: 2, x: {y: {z: 9}}}, e: , 28: 3}"},
                {"e.f", "{a: {b: {c: 1}, d: 2}, e: {f: 9}, 28: 3}"},
                {"28", "{a: {b: {c: 1}, d: 2}, e: , 28: 9}"},
                {"new", "{a: {b: {c: 1}, d: 2}, e: , 28: 3, new: 9}"}};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_tree(tree_set(root, good[i].path, nine, at, &f->memory, &f->errors), good[i].tree);
    assert_tree(root, "{a: {b: {c: 1}, d: 2}, e: , 28: 3}");
}

static void paths_that_lead_nowhere_are_reported(void **state)
{
    struct fixture *f = *state;
    const struct place at = {"--set", 0, 0};
    const struct node *root = read_good(f, "{a: {b: {c: 1}, l: [1, 2], t: 'x'}}");
    struct node *nine = node_scalar("9", at, &f->memory);
    static const char *const path[] = {"a.b.c.d", "a.l.0", "a.t.u", "a..b", "", ".a", "a.b."};
    for (size_t i = 0; i < COUNT(path); i++)
        assert_null(tree_set(root, path[i], nine, at, &f->memory, &f->errors));
    const struct node *list = read_text(f, "[1]");
    assert_null(tree_set(list, "a", nine, at, &f->memory, &f->errors));
    assert_string_equal(messages(&f->errors, &f->memory),
                        "--set: path 'a.b.c.d' leads nowhere: 'a.b.c' is 1, not a map\n"
                        "--set: path 'a.l.0' leads nowhere: 'a.l' is a list, not a map\n"
                        "--set: path 'a.t.u' leads nowhere: 'a.t' is the text 'x', not a map\n"
                        "--set: path 'a..b' has an empty part\n"
                        "--set: path '' has an empty part\n"
                        "--set: path '.a' has an empty part\n"
                        "--set: path 'a.b.' has an empty part\n"
                        "--set: path 'a' leads nowhere: the whole file is a list, not a map");
}

static void nodes_are_built_and_taken_out(void **state)
{
    struct fixture *f = *state;
    const struct place at = {"x", 3, 4};
    struct node *map = node_new(NODE_MAP, at, &f->memory);
    struct buffer expected = {0};
    for (int i = 0; i < 100; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "k%d", i);
        node_append(map, key, node_scalar(key + 1, at, &f->memory), &f->memory);
        if (i != 50) buffer_printf(&expected, "%sk%d: %d", i ? ", " : "{", i, i);
    }
    buffer_puts(&expected, "}");
    assert_int_equal(map->key_at[99].line, 3);
    const struct node *fewer = node_without(map, "k50", &f->memory);
    assert_tree(fewer, buffer_text(&expected));
    assert_int_equal(map->n, 100);
    assert_int_equal(node_without(map, "none", &f->memory)->n, 100);
    assert_null(node_get(fewer, "k50"));
    assert_null(node_get(fewer, "k5x"));
    assert_null(node_get(fewer->item[0], "k1"));
    assert_null(node_get(NULL, "k1"));
    buffer_free(&expected);
}

static void values_are_shown_in_one_short_line(void **state)
{
    struct fixture *f = *state;
    const struct node *n = read_good(f, "[3.5, high, '3.5', [], {}, ~, \"a\\nb\"]");
    static const char *const shown[] = {"3.5",   "'high'",  "the text '3.5'", "a list",
                                        "a map", "nothing", "the text 'a b'"};
    for (size_t i = 0; i < COUNT(shown); i++)
        assert_string_equal(node_shown(n->item[i], &f->memory), shown[i]);
    /* 59 letters and an e acute: the cut at 60 bytes must not split it */
    const char *text = arena_printf(&f->memory, "%059d\xc3\xa9 and more", 0);
    assert_string_equal(text_shown(text, &f->memory), arena_printf(&f->memory, "%059d…", 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(yaml_becomes_a_tree),
        TEST(nodes_and_keys_know_their_place),
        TEST(mistakes_have_one_message_each),
        TEST(a_nul_byte_is_refused),
        TEST(nesting_ends_at_64),
        TEST(nesting_counts_through_aliases),
        TEST(values_end_at_100000),
        TEST(aliases_cannot_explode),
        TEST(anchors_end_at_1000),
        TEST(sizes_end_at_16_mib),
        TEST(lines_end_at_a_mebibyte),
        TEST(many_keys_are_read_quickly),
        TEST(files_are_read),
        TEST(unreadable_files_are_usage_errors),
        TEST(merging_extends_maps_and_replaces_the_rest),
        TEST(paths_find_and_set),
        TEST(paths_that_lead_nowhere_are_reported),
        TEST(nodes_are_built_and_taken_out),
        TEST(values_are_shown_in_one_short_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
