/* tree_edit.c - making, finding, merging and showing nodes, see tree.h.
 * SPDX-License-Identifier: MIT */
#include "base/tree.h"

#include "base/text.h"

#include <string.h>

struct node *node_new(enum node_kind kind, struct place at, struct arena *memory)
{
    struct node *n = arena_alloc(memory, 1, sizeof *n);
    n->kind = kind;
    n->at = at;
    n->text = kind == NODE_SCALAR ? "" : NULL;
    return n;
}

struct node *node_scalar(const char *text, struct place at, struct arena *memory)
{
    struct node *n = node_new(NODE_SCALAR, at, memory);
    n->text = arena_text(memory, text);
    return n;
}

static void *grown(const void *from, int n, size_t size, struct arena *memory)
{
    void *to = arena_alloc(memory, n > 0 ? 2 * (size_t)n : 1, size);
    if (n > 0) memcpy(to, from, (size_t)n * size);
    return to;
}

/* The room of a list or map is the power of two at or above its length: it is full when the length
 * is one. */
void node_append(struct node *n, const char *key, struct node *value, struct arena *memory)
{
    const bool is_map = n->kind == NODE_MAP;
    if ((n->n & (n->n - 1)) == 0) {
        n->item = grown(n->item, n->n, sizeof *n->item, memory);
        if (is_map) n->key = grown(n->key, n->n, sizeof *n->key, memory);
        if (is_map) n->key_at = grown(n->key_at, n->n, sizeof *n->key_at, memory);
    }
    n->item[n->n] = value;
    if (is_map) n->key[n->n] = arena_text(memory, key);
    if (is_map) n->key_at[n->n] = value->at;
    n->n++;
}

static int index_of(const struct node *map, const char *key, size_t length)
{
    if (map == NULL || map->kind != NODE_MAP) return -1;
    for (int i = 0; i < map->n; i++)
        if (strncmp(map->key[i], key, length) == 0 && map->key[i][length] == '\0') return i;
    return -1;
}

struct node *node_get(const struct node *map, const char *key)
{
    const int i = index_of(map, key, strlen(key));
    return i < 0 ? NULL : map->item[i];
}

static void append_at(struct node *map, const char *key, struct place key_at, struct node *value,
                      struct arena *memory)
{
    node_append(map, key, value, memory);
    map->key_at[map->n - 1] = key_at;
}

/* A map of the same entries but the one at `except` (-1: all of them). */
static struct node *copy_map(const struct node *map, int except, struct arena *memory)
{
    struct node *copy = node_new(NODE_MAP, map->at, memory);
    for (int i = 0; i < map->n; i++)
        if (i != except) append_at(copy, map->key[i], map->key_at[i], map->item[i], memory);
    return copy;
}

struct node *node_without(const struct node *map, const char *key, struct arena *memory)
{
    return copy_map(map, index_of(map, key, strlen(key)), memory);
}

/* A node that stays as it is becomes part of a new tree: trees are immutable, so they share it. */
static struct node *shared(const struct node *n)
{
    union {
        const struct node *in;
        struct node *out;
    } same = {n};
    return same.out;
}

static bool is_empty(const struct node *n)
{
    return n == NULL || (n->kind == NODE_SCALAR && !n->quoted && n->text[0] == '\0');
}

/* A map of numbers (days) is one value, a table, which is not mixed with another. */
static bool is_table(const struct node *map)
{
    double number;
    for (int k = 0; k < map->n; k++)
        if (!text_to_double(map->key[k], &number)) return false;
    return map->n > 0;
}

struct node *tree_merge(const struct node *base, const struct node *over, struct arena *memory)
{
    if (base->kind != NODE_MAP || over->kind != NODE_MAP || is_table(over)) return shared(over);
    struct node *merged = copy_map(base, -1, memory);
    merged->at = over->at;
    for (int i = 0; i < over->n; i++) {
        const int k = index_of(merged, over->key[i], strlen(over->key[i]));
        if (k >= 0 && is_empty(over->item[i])) {
            merged = node_without(merged, over->key[i], memory);
        } else if (k < 0) {
            append_at(merged, over->key[i], over->key_at[i], over->item[i], memory);
        } else {
            merged->item[k] = strcmp(over->key[i], "levels") == 0
                                  ? shared(over->item[i])
                                  : tree_merge(merged->item[k], over->item[i], memory);
            merged->key_at[k] = over->key_at[i];
        }
    }
    return merged;
}

struct setting {
    const char *path;
    struct node *value;
    struct place at;
    struct arena *memory;
    struct errors *errors;
};

/* What `done`, the bytes of the path before n, names in messages. */
static const char *name_of(const struct setting *s, size_t done)
{
    if (done == 0) return "the whole file";
    const char *part = text_shown(arena_copy(s->memory, s->path, done - 1), s->memory);
    return arena_printf(s->memory, "'%s'", part);
}

/* Sets what `rest`, the end of the path, names in n; n is NULL where nothing is yet. */
static struct node *set(const struct setting *s, const struct node *n, const char *rest)
{
    const char *shown = text_shown(s->path, s->memory);
    const size_t length = strcspn(rest, ".");
    if (length == 0) {
        error_at(s->errors, s->at, "path '%s' has an empty part", shown);
        return NULL;
    }
    if (is_empty(n)) n = node_new(NODE_MAP, s->at, s->memory);
    if (n->kind != NODE_MAP) {
        error_at(s->errors, s->at, "path '%s' leads nowhere: %s is %s, not a map", shown,
                 name_of(s, (size_t)(rest - s->path)), node_shown(n, s->memory));
        return NULL;
    }
    const int k = index_of(n, rest, length);
    struct node *value = s->value;
    if (rest[length] == '.') value = set(s, k < 0 ? NULL : n->item[k], rest + length + 1);
    if (value == NULL) return NULL;
    if (k >= 0 && rest[length] == '\0' && is_empty(value)) return copy_map(n, k, s->memory);
    struct node *copy = copy_map(n, -1, s->memory);
    if (k >= 0) {
        copy->item[k] = value;
        if (rest[length] == '\0') copy->key_at[k] = s->at;
    } else
        append_at(copy, arena_copy(s->memory, rest, length), s->at, value, s->memory);
    return copy;
}

struct node *tree_set(const struct node *root, const char *path, struct node *value,
                      struct place at, struct arena *memory, struct errors *e)
{
    return set(&(struct setting){path, value, at, memory, e}, root, path);
}

struct node *tree_find(const struct node *root, const char *path)
{
    for (const char *rest = path;;) {
        const size_t length = strcspn(rest, ".");
        const int k = index_of(root, rest, length);
        if (k < 0) return NULL;
        if (rest[length] == '\0') return root->item[k];
        root = root->item[k];
        rest += length + 1;
    }
}

const char *text_shown(const char *text, struct arena *memory)
{
    enum { LONGEST = 60 };
    size_t n = strlen(text);
    const bool cut = n > LONGEST;
    if (cut)
        for (n = LONGEST; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
    char *shown = arena_printf(memory, "%.*s%s", (int)n, text, cut ? "…" : "");
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    return shown;
}

const char *node_shown(const struct node *n, struct arena *memory)
{
    double ignored;
    if (n->kind == NODE_LIST) return "a list";
    if (n->kind == NODE_MAP) return "a map";
    if (n->quoted) return arena_printf(memory, "the text '%s'", text_shown(n->text, memory));
    if (n->text[0] == '\0') return "nothing";
    const bool number = text_to_double(n->text, &ignored);
    return arena_printf(memory, number ? "%s" : "'%s'", text_shown(n->text, memory));
}
