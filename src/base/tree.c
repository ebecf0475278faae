/* tree.c - YAML through libfyaml's events, see tree.h.  SPDX-License-Identifier: MIT */
#include "base/tree.h"

#include "base/characters.h"
#include "base/text.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, NODES_MAX = 100000, ANCHORS_MAX = 1000, BYTES_MAX = 16 << 20 };
enum { LINE_LENGTH_MAX = 1 << 20, BRACKETS_MAX = 1000 };

struct anchor {
    const char *name;
    struct node *node; /* NULL while it is being read */
    int size;          /* nodes, those behind its aliases included */
};

struct parser {
    struct fy_parser *yaml;
    struct fy_diag *diagnostics;
    struct fy_event *event; /* the current one */
    struct place at;        /* where it stands; where the last one stood when it has no place */
    struct arena *memory;
    struct errors *errors;
    bool in_key; /* where null is a word like any other */
    int n_nodes; /* so far, aliases followed */
    int n_anchors;
    struct anchor anchor[ANCHORS_MAX];
};

/* --- characters ----------------------------------------------------------------------------- */

/* What is wrong with the character at c, of n bytes, as a format for its first byte; or NULL. */
static const char *character_fault(const char *c, size_t n, struct place at, int open)
{
    if (*c == '\t') return "tabs are not allowed, use spaces (\\t in double quotes)";
    if (n == 0 && (unsigned char)*c < 0x80)
        return "control characters are not allowed (byte 0x%02x)";
    if (n == 0) return "this is not UTF-8 text (byte 0x%02x)";
    if (at.column > LINE_LENGTH_MAX) return "the line is too long";
    return open > BRACKETS_MAX ? "too many brackets are open" : NULL;
}

/* The library silently drops what it cannot decode; frees a key twice after some tabs, which YAML
 * forbids as indentation anyway; and reads ahead, in gigabytes, on endless lines and brackets
 * (libfyaml 0.7.12). So these are refused beforehand. */
static bool check_characters(struct parser *p, const char *text, size_t length)
{
    struct place at = {p->at.file, 1, 1};
    int open = 0; /* brackets, at a guess: those in quotes and comments are counted too */
    for (size_t i = 0, n; i < length; i += n) {
        const char *c = text + i;
        n = character_length(c, length - i);
        if (*c == '[' || *c == '{') open++;
        if ((*c == ']' || *c == '}') && open > 0) open--;
        const char *fault = character_fault(c, n, at, open);
        if (fault != NULL) {
            error_at(p->errors, at, fault, (unsigned char)*c);
            return false;
        }
        at.column++;
        if (*c == '\n' || (*c == '\r' && (i + 1 == length || c[1] != '\n')))
            at = (struct place){at.file, at.line + 1, 1};
    }
    return true;
}

/* --- events --------------------------------------------------------------------------------- */

static void report_syntax(struct parser *p)
{
    void *each = NULL;
    for (const struct fy_diag_error *d; (d = fy_diag_errors_iterate(p->diagnostics, &each));) {
        if (d->type != FYET_ERROR) continue;
        const struct place at = {p->at.file, d->line, d->column};
        error_at(p->errors, d->line > 0 && d->column > 0 ? at : p->at, "%s", d->msg);
        return;
    }
    error_at(p->errors, p->at, "this is not valid YAML");
}

/* The library's mark stands behind the quote or the '*' that begins such a value. */
static bool is_marked_inside(const struct fy_event *event)
{
    if (event->type == FYET_ALIAS) return true;
    if (event->type != FYET_SCALAR || event->scalar.value == NULL) return false;
    const enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

/* Goes to the next event; false when there is none because of a mistake, which is reported. */
static bool advance(struct parser *p)
{
    if (p->event != NULL) fy_parser_event_free(p->yaml, p->event);
    p->event = fy_parser_parse(p->yaml);
    if (p->event == NULL) {
        report_syntax(p);
        return false;
    }
    const struct fy_mark *mark = fy_event_start_mark(p->event);
    const int first = is_marked_inside(p->event) ? 0 : 1;
    if (mark) p->at = (struct place){p->at.file, mark->line + 1, mark->column + first};
    return true;
}

static const char *token_text(struct parser *p, struct fy_token *token)
{
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;
    return text ? arena_copy(p->memory, text, length) : "";
}

/* --- nodes ---------------------------------------------------------------------------------- */

static int height(const struct node *n)
{
    int tallest = 0;
    for (int i = 0; i < n->n; i++) {
        const int h = height(n->item[i]);
        if (h > tallest) tallest = h;
    }
    return n->kind == NODE_SCALAR ? 0 : tallest + 1;
}

static bool count_nodes(struct parser *p, int more)
{
    p->n_nodes += more;
    if (p->n_nodes <= NODES_MAX) return true;
    error_at(p->errors, p->at, "more than %d values (aliases followed)", NODES_MAX);
    return false;
}

static bool too_deep(struct parser *p)
{
    error_at(p->errors, p->at, "nested deeper than %d levels", DEPTH_MAX);
    return false;
}

static struct node *follow_alias(struct parser *p, int depth)
{
    const char *name = token_text(p, p->event->alias.anchor);
    const char *shown = text_shown(name, p->memory);
    int i = p->n_anchors - 1;
    while (i >= 0 && strcmp(p->anchor[i].name, name) != 0) i--;
    if (i < 0) {
        error_at(p->errors, p->at, "alias '*%s' has no anchor '&%s' before it", shown, shown);
        return NULL;
    }
    if (p->anchor[i].node == NULL) {
        error_at(p->errors, p->at, "alias '*%s' stands inside what it names", shown);
        return NULL;
    }
    if (!count_nodes(p, p->anchor[i].size)) return NULL;
    if (depth + height(p->anchor[i].node) > DEPTH_MAX && !too_deep(p)) return NULL;
    return p->anchor[i].node;
}

/* Core tags say what a plain value is anyway; others would need a meaning this program has not. */
static bool check_tag(struct parser *p, bool *is_text)
{
    struct fy_token *token = fy_event_get_tag_token(p->event);
    if (token == NULL) return true;
    const char *tag = token_text(p, token);
    const char *const core[] = {"str", "int", "float", "bool", "null", "seq", "map"};
    static const char prefix[] = "tag:yaml.org,2002:";
    for (size_t i = 0; i < sizeof core / sizeof *core; i++)
        if (strncmp(tag, prefix, sizeof prefix - 1) == 0 &&
            strcmp(tag + sizeof prefix - 1, core[i]) == 0) {
            *is_text = i == 0;
            return true;
        }
    error_at(p->errors, p->at, "tag '%s' is not supported", text_shown(tag, p->memory));
    return false;
}

static bool is_null(const char *text)
{
    return strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
           strcmp(text, "NULL") == 0;
}

static bool read_scalar(struct parser *p, struct node *n)
{
    struct fy_token *token = p->event->scalar.value;
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : "";
    if (text == NULL) text = "";
    for (size_t i = 0, step; i < length; i += step) {
        step = character_length(text + i, length - i);
        if (step > 0) continue;
        error_at(p->errors, p->at, "a text may not hold control characters, escaped or not");
        return false;
    }
    n->text = arena_copy(p->memory, text, length);
    n->quoted = n->quoted || (token != NULL && fy_token_scalar_style(token) != FYSS_PLAIN);
    const bool nothing = p->in_key ? strcmp(n->text, "~") == 0 : is_null(n->text);
    if (!n->quoted && nothing) n->text = "";
    return true;
}

static struct node *read_node(struct parser *p, int depth);

static bool read_list(struct parser *p, struct node *list, int depth)
{
    while (advance(p)) {
        if (p->event->type == FYET_SEQUENCE_END) return true;
        struct node *item = read_node(p, depth + 1);
        if (item == NULL) return false;
        node_append(list, NULL, item, p->memory);
    }
    return false;
}

static bool check_key(struct parser *p, const struct node *key)
{
    if (key->kind != NODE_SCALAR)
        error_at(p->errors, key->at, "a key must be one word or number, not %s",
                 node_shown(key, p->memory));
    else if (key->text[0] == '\0')
        error_at(p->errors, key->at, "a key must not be empty");
    else if (!key->quoted && strcmp(key->text, "<<") == 0)
        error_at(p->errors, key->at, "merge keys (<<) are not supported; write the keys out");
    else
        return true;
    return false;
}

struct entry {
    const char *key;
    int index;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order != 0 ? order : x->index - y->index;
}

static bool keys_are_unique(struct parser *p, const struct node *map)
{
    struct entry *entry = xcalloc((size_t)map->n, sizeof *entry);
    for (int i = 0; i < map->n; i++) entry[i] = (struct entry){map->key[i], i};
    qsort(entry, (size_t)map->n, sizeof *entry, compare_entries);
    bool unique = true;
    for (int i = 1; i < map->n; i++) {
        if (strcmp(entry[i - 1].key, entry[i].key) != 0) continue;
        error_at(p->errors, map->key_at[entry[i].index],
                 "key '%s' is given twice, first in line %d", text_shown(entry[i].key, p->memory),
                 map->key_at[entry[i - 1].index].line);
        unique = false;
    }
    free(entry);
    return unique;
}

static bool read_entries(struct parser *p, struct node *map, int depth)
{
    while (advance(p)) {
        if (p->event->type == FYET_MAPPING_END) return keys_are_unique(p, map);
        p->in_key = true;
        const struct node *key = read_node(p, depth + 1);
        p->in_key = false;
        if (key == NULL || !check_key(p, key)) return false;
        const struct place at = p->at;
        if (!advance(p)) return false;
        struct node *value = read_node(p, depth + 1);
        if (value == NULL) return false;
        node_append(map, key->text, value, p->memory);
        map->key_at[map->n - 1] = at;
    }
    return false;
}

/* Makes room for the anchor of the current event, if it has one; false when there are too many. */
static bool open_anchor(struct parser *p, int *index)
{
    struct fy_token *token = fy_event_get_anchor_token(p->event);
    *index = -1;
    if (token == NULL) return true;
    if (p->n_anchors == ANCHORS_MAX) {
        error_at(p->errors, p->at, "more than %d anchors", ANCHORS_MAX);
        return false;
    }
    *index = p->n_anchors++;
    p->anchor[*index] = (struct anchor){.name = token_text(p, token)};
    return true;
}

/* Reads the node that starts at the current event, up to its last event. `depth` lists and maps are
 * around it. NULL after a mistake, which is reported. */
static struct node *read_node(struct parser *p, int depth)
{
    const enum fy_event_type type = p->event->type;
    if (type == FYET_ALIAS) return follow_alias(p, depth);
    const int before = p->n_nodes;
    bool is_text = false, good = false;
    int anchor;
    if (!count_nodes(p, 1) || !check_tag(p, &is_text) || !open_anchor(p, &anchor)) return NULL;
    if (type != FYET_SCALAR && depth >= DEPTH_MAX && !too_deep(p)) return NULL;
    const enum node_kind kind = type == FYET_SCALAR           ? NODE_SCALAR
                                : type == FYET_SEQUENCE_START ? NODE_LIST
                                                              : NODE_MAP;
    struct node *n = node_new(kind, p->at, p->memory);
    n->quoted = is_text;
    switch (kind) {
    case NODE_SCALAR: good = read_scalar(p, n); break;
    case NODE_LIST: good = read_list(p, n, depth); break;
    case NODE_MAP: good = read_entries(p, n, depth); break;
    }
    if (!good) return NULL;
    if (anchor >= 0) {
        p->anchor[anchor].node = n;
        p->anchor[anchor].size = p->n_nodes - before;
    }
    return n;
}

/* --- documents ------------------------------------------------------------------------------ */

static struct node *read_document(struct parser *p)
{
    const struct place start = {p->at.file, 1, 1};
    if (!advance(p) || !advance(p)) return NULL;
    if (p->event->type == FYET_STREAM_END) return node_new(NODE_MAP, start, p->memory);
    if (!advance(p)) return NULL;
    struct node *root = read_node(p, 0);
    if (root == NULL || !advance(p) || !advance(p)) return NULL;
    if (p->event->type != FYET_STREAM_END) {
        error_at(p->errors, p->at, "only one YAML document is allowed");
        return NULL;
    }
    const bool empty = root->kind == NODE_SCALAR && !root->quoted && root->text[0] == '\0';
    return empty ? node_new(NODE_MAP, root->at, p->memory) : root;
}

static void discard(struct fy_diag *diagnostics, void *user, const char *text, size_t length)
{
    (void)diagnostics, (void)user, (void)text, (void)length;
}

struct node *tree_read_text(const char *text, size_t length, const char *name, struct arena *memory,
                            struct errors *e)
{
    struct parser p = {.memory = memory, .errors = e};
    p.at = (struct place){arena_text(memory, name), 1, 1};
    if (length > BYTES_MAX) {
        error_add(e, STATUS_USAGE, "%s: larger than %d MiB", name, BYTES_MAX >> 20);
        return NULL;
    }
    if (!check_characters(&p, text, length)) return NULL;

    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.output_fn = discard;
    p.diagnostics = fy_diag_create(&quiet);
    if (p.diagnostics != NULL) fy_diag_set_collect_errors(p.diagnostics, true);
    const struct fy_parse_cfg settings = {
        .search_path = "",
        .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = p.diagnostics,
    };
    if (p.diagnostics != NULL) p.yaml = fy_parser_create(&settings);

    struct node *root = NULL;
    if (p.yaml == NULL || fy_parser_set_string(p.yaml, text, length) != 0)
        error_add(e, STATUS_IO, "%s: the YAML library does not start", name);
    else
        root = read_document(&p);
    if (p.event != NULL) fy_parser_event_free(p.yaml, p.event);
    if (p.yaml != NULL) fy_parser_destroy(p.yaml);
    if (p.diagnostics != NULL) fy_diag_destroy(p.diagnostics);
    return root;
}

struct node *tree_read_file(const char *path, struct arena *memory, struct errors *e)
{
    struct buffer text = {0};
    struct node *root = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        error_add(e, STATUS_USAGE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char chunk[1 << 14];
    errno = 0;
    for (size_t n; text.length <= BYTES_MAX && (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buffer_add(&text, chunk, n);
    if (ferror(file))
        error_add(e, STATUS_USAGE, "%s: %s", path, strerror(errno));
    else
        root = tree_read_text(buffer_text(&text), text.length, path, memory, e);
    (void)fclose(file);
    buffer_free(&text);
    return root;
}

const char *tree_library_version(void)
{
    return fy_library_version();
}
