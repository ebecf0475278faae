/* scenario_file.c - reading of scenario files: extends, settings, sweeps.  SPDX-License-Identifier:
 * MIT */
#include "base/text.h"
#include "engine/scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENDS_DEPTH = 16, POINTS_MAX = 1000000 };

static const char *beside(const char *path, const char *other, struct arena *memory)
{
    const char *slash = strrchr(path, '/');
    if (other[0] == '/' || slash == NULL) return arena_text(memory, other);
    return arena_printf(memory, "%.*s/%s", (int)(slash - path), path, other);
}

/* files[0..depth] is the chain that led here, for finding cycles. */
static struct node *load_chain(const char **files, int depth, struct arena *memory,
                               struct errors *e)
{
    struct node *root = tree_read_file(files[depth], memory, e);
    if (root == NULL) return NULL;
    if (root->kind != NODE_MAP) {
        error_at(e, root->at, "a scenario is a map of sections (population, course, arms, …)");
        return NULL;
    }
    const struct node *extends = node_get(root, "extends");
    if (extends == NULL) return root;
    if (extends->kind != NODE_SCALAR || extends->text[0] == '\0') {
        error_at(e, extends->at, "extends must be the name of a scenario file");
        return NULL;
    }
    files[depth + 1] = beside(files[depth], extends->text, memory);
    for (int k = 0; k <= depth; k++)
        if (strcmp(files[k], files[depth + 1]) == 0) {
            error_at(e, extends->at, "'%s' extends itself, through %d file%s", files[k],
                     depth - k + 1, depth - k + 1 > 1 ? "s" : "");
            return NULL;
        }
    if (depth + 2 >= EXTENDS_DEPTH) {
        error_at(e, extends->at, "more than %d files extend each other", EXTENDS_DEPTH);
        return NULL;
    }
    FILE *probe = fopen(files[depth + 1], "r");
    if (probe == NULL) {
        error_at(e, extends->at, "extends '%s', which cannot be read", files[depth + 1]);
        return NULL;
    }
    (void)fclose(probe);
    struct node *base = load_chain(files, depth + 1, memory, e);
    if (base == NULL) return NULL;
    return tree_merge(base, node_without(root, "extends", memory), memory);
}

static const char *read_text(const char *path, struct arena *memory)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) return "";
    struct buffer b = {0};
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) buffer_add(&b, block, n);
    (void)fclose(f);
    const char *text = arena_copy(memory, buffer_text(&b), b.length);
    buffer_free(&b);
    return text;
}

struct node *scenario_load(const char *path, const struct setting *settings, int n_settings,
                           struct arena *memory, const char **text, struct errors *e)
{
    const char *files[EXTENDS_DEPTH] = {path};
    struct node *root = load_chain(files, 0, memory, e);
    if (text != NULL) *text = root ? read_text(path, memory) : "";
    for (int k = 0; k < n_settings && root != NULL; k++) {
        const struct setting *s = &settings[k];
        const char *name = arena_printf(memory, "--set %s=%s", s->path, s->value);
        struct node *value = tree_read_text(s->value, strlen(s->value), name, memory, e);
        if (value == NULL) return NULL;
        if (value->kind == NODE_MAP && value->n == 0 && s->value[0] != '{')
            value = node_scalar("", (struct place){name, 0, 0}, memory);
        root = tree_set(root, s->path, value, (struct place){name, 0, 0}, memory, e);
    }
    return root;
}

/* --- sweeps
 * --------------------------------------------------------------------------------------- */

struct factor { /* keys that move together */
    int n_paths, n_values;
    const char **path;
    struct node ***value; /* [path][value] */
};

static void flow_text(struct buffer *b, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        buffer_printf(b, n->quoted ? "\"%s\"" : "%s", n->text);
        return;
    }
    buffer_puts(b, n->kind == NODE_LIST ? "[" : "{");
    for (int i = 0; i < n->n; i++) {
        if (i > 0) buffer_puts(b, ", ");
        if (n->kind == NODE_MAP) buffer_printf(b, "%s: ", n->key[i]);
        flow_text(b, n->item[i]);
    }
    buffer_puts(b, n->kind == NODE_LIST ? "]" : "}");
}

/* {from, to, by}: from, from + by, … up to `to`, whole multiples so that no rounding piles up. */
static int range_values(struct reader *r, const struct node *n, const char *path,
                        struct node ***out)
{
    const struct node *part[3] = {node_get(n, "from"), node_get(n, "to"), node_get(n, "by")};
    double x[3] = {0};
    static const char *const name[3] = {"from", "to", "by"};
    bool good = n->n == 3;
    for (int k = 0; k < 3 && good; k++)
        good = part[k] != NULL && read_number(r, part[k], name[k], 0, 0, 0, &x[k]);
    if (!good || !(x[2] > 0) || x[1] < x[0]) {
        error_at(r->errors, n->at,
                 "sweep of %s: a range is {from: a, to: b, by: step} with a <= b and "
                 "a step above 0",
                 path);
        return 0;
    }
    const double count = floor((x[1] - x[0]) / x[2] * (1 + 1e-12)) + 1;
    if (count > POINTS_MAX) {
        error_at(r->errors, n->at, "sweep of %s: %g values are too many", path, count);
        return 0;
    }
    *out = arena_alloc(r->memory, (size_t)count, sizeof **out);
    for (int k = 0; k < (int)count; k++) {
        char text[32]; /* 15 digits: what the user would have typed */
        (void)snprintf(text, sizeof text, "%.15g", x[0] + k * x[2]);
        (*out)[k] = node_scalar(arena_text(r->memory, text), n->at, r->memory);
    }
    return (int)count;
}

static int list_values(struct reader *r, const struct node *n, const char *path, struct node ***out)
{
    if (n->kind == NODE_MAP) return range_values(r, n, path, out);
    if (n->kind != NODE_LIST || n->n == 0) {
        error_at(r->errors, n->at, "sweep of %s must be a list of values or {from, to, by}", path);
        return 0;
    }
    *out = n->item;
    return n->n;
}

static void check_path(struct reader *r, const struct node *root, const char *path, struct place at)
{
    static const char *const fixed[] = {"name", "description", "sweep",
                                        "zip",  "published",   "extends"};
    for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++)
        if (strcmp(path, fixed[k]) == 0) error_at(r->errors, at, "'%s' cannot be swept", path);
    if (strcmp(path, "simulation.replicates") == 0)
        error_at(r->errors, at, "'%s' cannot be swept: every point has as many", path);
    (void)root;
}

static int read_factors(struct reader *r, const struct node *root, struct factor *factor)
{
    const struct node *sweep = node_get(root, "sweep"), *zip = node_get(root, "zip");
    int n = 0;
    if (sweep != NULL && read_map(r, sweep, "sweep"))
        for (int i = 0; i < sweep->n; i++) {
            struct factor *f = &factor[n++];
            *f = (struct factor){.n_paths = 1,
                                 .path = &sweep->key[i],
                                 .value = arena_alloc(r->memory, 1, sizeof *f->value)};
            check_path(r, root, sweep->key[i], sweep->key_at[i]);
            f->n_values = list_values(r, sweep->item[i], sweep->key[i], &f->value[0]);
        }
    if (zip != NULL && read_map(r, zip, "zip") && zip->n > 0) {
        struct factor *f = &factor[n++];
        *f = (struct factor){.n_paths = zip->n,
                             .path = zip->key,
                             .value = arena_alloc(r->memory, (size_t)zip->n, sizeof *f->value)};
        for (int i = 0; i < zip->n; i++) {
            check_path(r, root, zip->key[i], zip->key_at[i]);
            const int count = list_values(r, zip->item[i], zip->key[i], &f->value[i]);
            if (i > 0 && count != f->n_values)
                error_at(r->errors, zip->key_at[i], "zip: '%s' has %d values, '%s' has %d",
                         zip->key[i], count, zip->key[0], f->n_values);
            if (i == 0) f->n_values = count;
        }
    }
    return n;
}

void sweep_read(struct reader *r, const struct node *root, struct sweep *s)
{
    *s = (struct sweep){.n_points = 1};
    const struct node *sweep = node_get(root, "sweep");
    const int room = sweep && sweep->kind == NODE_MAP ? sweep->n + 1 : 1;
    struct factor *factor = arena_alloc(r->memory, (size_t)room, sizeof *factor);
    const int before = r->errors->n, n = read_factors(r, root, factor);
    if (r->errors->n > before) return;
    double points = 1;
    for (int k = 0; k < n; k++) {
        s->n_paths += factor[k].n_paths;
        points *= factor[k].n_values;
    }
    if (points > POINTS_MAX) {
        error_at(r->errors, sweep ? sweep->at : root->at, "the sweep has %g points, more than %d",
                 points, POINTS_MAX);
        return;
    }
    s->n_points = (int)points;
    s->path = arena_alloc(r->memory, (size_t)s->n_paths, sizeof *s->path);
    const size_t cells = (size_t)s->n_points * (size_t)s->n_paths;
    s->value = arena_alloc(r->memory, cells, sizeof *s->value);
    s->setting = arena_alloc(r->memory, cells, sizeof *s->setting);
    int column = 0, repeat = s->n_points;
    for (int k = 0; k < n; k++) {
        repeat /= factor[k].n_values;
        for (int j = 0; j < factor[k].n_paths; j++, column++) {
            s->path[column] = factor[k].path[j];
            for (int p = 0; p < s->n_points; p++) {
                struct node *v = factor[k].value[j][p / repeat % factor[k].n_values];
                struct buffer b = {0};
                flow_text(&b, v);
                s->value[p * s->n_paths + column] = v;
                s->setting[p * s->n_paths + column] = arena_text(r->memory, buffer_text(&b));
                buffer_free(&b);
            }
        }
    }
}

struct node *sweep_point(struct reader *r, const struct node *root, const struct sweep *s,
                         int point)
{
    struct node *n = node_without(root, "sweep", r->memory);
    n = node_without(n, "zip", r->memory);
    for (int k = 0; k < s->n_paths && n != NULL; k++) {
        struct node *v = s->value[point * s->n_paths + k];
        n = tree_set(n, s->path[k], v, v->at, r->memory, r->errors);
    }
    return n;
}

void sweep_echo(struct buffer *out, const struct node *root)
{
    static const char *const section[] = {"sweep", "zip"};
    for (int k = 0; k < 2; k++) {
        const struct node *n = node_get(root, section[k]);
        if (n == NULL || n->n == 0) continue;
        buffer_printf(out, "%s:\n", section[k]);
        for (int i = 0; i < n->n; i++) {
            buffer_printf(out, "  %s: ", n->key[i]);
            flow_text(out, n->item[i]);
            buffer_puts(out, "\n");
        }
    }
}
