/* tree.h - a YAML text as a tree of nodes that know where they stand.  SPDX-License-Identifier: MIT
 *
 * The only place where the YAML library is used. Trees are immutable once read, except through
 * tree_set and tree_merge, which copy what they change. All memory belongs to the arena. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include "base/error.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct place at;
    const char *text;     /* scalar */
    bool quoted;          /* scalar in quotes: never a number or a flag */
    int n;                /* entries of a list or a map */
    struct node **item;   /* [n] values */
    const char **key;     /* [n] keys of a map, unique, in file order */
    struct place *key_at; /* [n] */
};

/* Reads one YAML document. On failure reports it in e and returns NULL. An empty document is an
 * empty map. Refused: more than one document, duplicate keys, nesting deeper than 64, more than
 * 100,000 nodes after aliases are followed, 1,000 anchors, lines over 1 MiB, files over 16 MiB,
 * anchors that contain themselves, tabs, control characters, merge keys, tags beyond the core. */
struct node *tree_read_file(const char *path, struct arena *memory, struct errors *e);
struct node *tree_read_text(const char *text, size_t length, const char *name, struct arena *memory,
                            struct errors *e);

struct node *node_get(const struct node *map, const char *key); /* NULL when absent or no map */

/* What `over` says wins: maps are merged key by key, anything else is replaced, also tables by day
 * (maps whose keys are numbers) and `levels`, which make sense as a whole only; a key with nothing
 * behind it takes the key away. Returns a new tree; entries keep the order of `base`, new ones
 * follow. */
struct node *tree_merge(const struct node *base, const struct node *over, struct arena *memory);

/* A copy of the tree in which the value at a dotted path is `value`, or without that key where
 * there is nothing in `value`; maps on the way are made where missing. Returns NULL and reports
 * when the path runs through something that is not a map. */
struct node *tree_set(const struct node *root, const char *path, struct node *value,
                      struct place at, struct arena *memory, struct errors *e);
struct node *tree_find(const struct node *root, const char *path); /* NULL when absent */

struct node *node_new(enum node_kind kind, struct place at, struct arena *memory);
struct node *node_scalar(const char *text, struct place at, struct arena *memory);
void node_append(struct node *n, const char *key, struct node *value, struct arena *memory);
struct node *node_without(const struct node *map, const char *key, struct arena *memory);

/* For messages, in one short line: a text without its line breaks, at most 60 bytes of it; and a
 * value, as in "not %s": 3.5, 'high', the text '3.5', a list, nothing. */
const char *text_shown(const char *text, struct arena *memory);
const char *node_shown(const struct node *n, struct arena *memory);

const char *tree_library_version(void); /* of libfyaml: "0.7.12" */

#endif
