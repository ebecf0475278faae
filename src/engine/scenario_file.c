/* scenario_file.c - reading of scenario files: extends, settings, sweeps.  SPDX-License-Identifier:
 * MIT */
#include "base/text.h"
#include "engine/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXTENDS_DEPTH = 16, POINTS_MAX = 100000 };

static const char *beside(const char *path, const char *other, struct arena *memory)
{
    const char *slash = strrchr(path, '/');
    if (other[0] == '/' || slash == NULL) return arena_text(memory, other);
    return arena_printf(memory, "%.*s/%s", (int)(slash - path), path, other);
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* 0, or the reason why a file cannot be read: that of a folder shows only when it is. */
static int unreadable(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return errno;
    const int reason = getc(file) == EOF && ferror(file) ? errno : 0;
    (void)fclose(file);
    return reason;
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
        if (same_file(files[k], files[depth + 1])) {
            error_at(e, extends->at, "'%s' extends itself, through %d file%s", files[k],
                     depth - k + 1, depth - k + 1 > 1 ? "s" : "");
            return NULL;
        }
    if (depth + 2 >= EXTENDS_DEPTH) {
        error_at(e, extends->at, "more than %d files extend each other", EXTENDS_DEPTH);
        return NULL;
    }
    const int reason = unreadable(files[depth + 1]);
    if (reason != 0) {
        error_at(e, extends->at, "extends '%s', which cannot be read: %s", files[depth + 1],
                 strerror(reason));
        return NULL;
    }
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

/* Names of the user's own making: a path leads to those that are there, it makes up no others. */
static const char *unknown_name(const struct node *root, const char *path, bool whole_entries,
                                struct arena *memory)
{
    static const char *const section[] = {"population.covariates", "course.markers", "arms",
                                          "endpoints", "analyses"};
    static const char *const kind[] = {"covariate", "marker", "arm", "endpoint", "analysis"};
    for (size_t k = 0; k < sizeof section / sizeof *section; k++) {
        const size_t n = strlen(section[k]);
        if (strncmp(path, section[k], n) != 0 || path[n] != '.') continue;
        const struct node *entries = tree_find(root, section[k]);
        const size_t length = strcspn(path + n + 1, ".");
        const char *name = arena_copy(memory, path + n + 1, length);
        const bool whole = path[n + 1 + length] == '\0';
        if (length == 0 || (whole && whole_entries) || node_get(entries, name) != NULL) return NULL;
        const bool any = entries != NULL && entries->kind == NODE_MAP;
        const char *near = any ? text_nearest(name, entries->key, entries->n) : NULL;
        return arena_printf(memory, "path '%s' leads nowhere: unknown %s '%s'%s",
                            text_shown(path, memory), kind[k], text_shown(name, memory),
                            did_you_mean(near).text);
    }
    return NULL;
}

/* A setting stands in no line of a file. */
static void forget_lines(struct node *n, struct place at)
{
    n->at = at;
    for (int i = 0; i < n->n; i++) {
        forget_lines(n->item[i], at);
        if (n->kind == NODE_MAP) n->key_at[i] = at;
    }
}

static struct node *set_value(const struct node *root, const struct setting *s,
                              struct arena *memory, struct errors *e)
{
    const char *name = arena_printf(memory, "--set %s=%s", text_shown(s->path, memory),
                                    text_shown(s->value, memory));
    const struct place at = {name, 0, 0};
    struct node *value = tree_read_text(s->value, strlen(s->value), name, memory, e);
    if (value == NULL) return NULL;
    if (value->kind == NODE_MAP && value->n == 0 && s->value[0] != '{')
        value = node_scalar("", at, memory);
    forget_lines(value, at);
    const bool takes_away = value->kind == NODE_SCALAR && value->text[0] == '\0' && !value->quoted;
    const char *mistake = strcmp(s->path, "extends") == 0
                              ? "what a file extends cannot be set"
                              : unknown_name(root, s->path, !takes_away, memory);
    if (mistake != NULL) {
        error_at(e, at, "%s", mistake);
        return NULL;
    }
    return tree_set(root, s->path, value, at, memory, e);
}

/* What a setting took away is not fitted any more. */
static struct node *without_lost_parameters(const struct node *before, struct node *root,
                                            struct arena *memory, struct errors *e)
{
    const struct node *all = tree_find(root, "calibrate.free");
    if (all == NULL || all->kind != NODE_MAP) return root;
    struct node *kept = node_new(NODE_MAP, all->at, memory);
    for (int k = 0; k < all->n; k++) {
        if (tree_find(before, all->key[k]) != NULL && tree_find(root, all->key[k]) == NULL)
            continue;
        node_append(kept, all->key[k], all->item[k], memory);
        kept->key_at[kept->n - 1] = all->key_at[k];
    }
    if (kept->n == all->n) return root;
    if (kept->n == 0) return node_without(root, "calibrate", memory);
    return tree_set(root, "calibrate.free", kept, all->at, memory, e);
}

struct node *scenario_load(const char *path, const struct setting *settings, int n_settings,
                           struct arena *memory, const char **text, struct errors *e)
{
    const char *files[EXTENDS_DEPTH] = {path};
    struct node *root = load_chain(files, 0, memory, e);
    if (text != NULL) *text = root ? read_text(path, memory) : "";
    if (root == NULL) return NULL;
    const struct node *before = root;
    const int mistakes = e->n;
    for (int k = 0; k < n_settings; k++) {
        struct node *changed = set_value(root, &settings[k], memory, e);
        if (changed != NULL) root = changed;
    }
    return e->n == mistakes ? without_lost_parameters(before, root, memory, e) : NULL;
}

/* --- sweeps --- */

struct factor { /* keys that move together */
    int n_paths, n_values;
    const char **path;
    struct node ***value; /* [path][value] */
};

static void flow_word(struct buffer *b, const char *text)
{
    double ignored;
    if (name_is_valid(text) || text_to_double(text, &ignored))
        buffer_puts(b, text);
    else
        text_echo(b, text);
}

static void flow_text(struct buffer *b, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        if (n->quoted)
            text_echo(b, n->text);
        else
            flow_word(b, n->text[0] ? n->text : "null");
        return;
    }
    buffer_puts(b, n->kind == NODE_LIST ? "[" : "{");
    for (int i = 0; i < n->n; i++) {
        if (i > 0) buffer_puts(b, ", ");
        if (n->kind == NODE_MAP) {
            flow_word(b, n->key[i]);
            buffer_puts(b, ": ");
        }
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
    bool good = n->n == 3 && part[0] != NULL && part[1] != NULL && part[2] != NULL;
    for (int k = 0; k < 3 && good; k++)
        if (!read_number(r, part[k], name[k], 0, 0, 0, &x[k])) return 0;
    if (!good || !(x[2] > 0) || x[1] < x[0]) {
        error_at(
            r->errors, n->at,
            "sweep of %s: a range is {from: a, to: b, by: step} with a <= b and a step above 0",
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
    static const char *const fixed[] = {"name",      "description", "sweep",  "zip",
                                        "published", "calibrate",   "extends"};
    const size_t first = strcspn(path, ".");
    for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++)
        if (strlen(fixed[k]) == first && strncmp(path, fixed[k], first) == 0)
            error_at(r->errors, at, "'%s' cannot be swept", text_shown(path, r->memory));
    if (strcmp(path, "simulation") == 0 || strcmp(path, "simulation.replicates") == 0)
        error_at(r->errors, at, "'%s' cannot be swept: every point has as many replicates", path);
    if (strcmp(path, "simulation.seed") == 0)
        error_at(r->errors, at, "'%s' cannot be swept: a run has one seed", path);
    const char *mistake = unknown_name(root, path, false, r->memory);
    if (mistake != NULL) error_at(r->errors, at, "%s", mistake);
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
            if (sweep != NULL && node_get(sweep, zip->key[i]) != NULL)
                error_at(r->errors, zip->key_at[i], "'%s' is in sweep already", zip->key[i]);
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
                if (v->kind == NODE_SCALAR)
                    buffer_puts(&b, v->text);
                else
                    flow_text(&b, v);
                s->value[p * s->n_paths + column] = v;
                s->setting[p * s->n_paths + column] = arena_text(r->memory, buffer_text(&b));
                buffer_free(&b);
            }
        }
    }
}

/* What is wrong with a path is said where the sweep names it, what is wrong with a value there. */
static struct place place_of_path(const struct node *root, const char *path, struct place fallback)
{
    const struct node *section[] = {node_get(root, "sweep"), node_get(root, "zip")};
    for (int s = 0; s < 2; s++)
        for (int i = 0; section[s] != NULL && i < section[s]->n; i++)
            if (strcmp(section[s]->key[i], path) == 0) return section[s]->key_at[i];
    return fallback;
}

struct node *sweep_point(struct reader *r, const struct node *root, const struct sweep *s,
                         int point)
{
    struct node *n = node_without(root, "sweep", r->memory);
    n = node_without(n, "zip", r->memory);
    for (int k = 0; k < s->n_paths && n != NULL; k++) {
        struct node *v = s->value[point * s->n_paths + k];
        const struct place at = place_of_path(root, s->path[k], v->at);
        n = tree_set(n, s->path[k], v, at, r->memory, r->errors);
    }
    return n;
}

void path_echo(struct buffer *out, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    if (path[strspn(path, plain)] == '\0')
        buffer_puts(out, path);
    else
        text_echo(out, path);
}

void sweep_echo(struct buffer *out, const struct node *root)
{
    static const char *const section[] = {"sweep", "zip"};
    for (int k = 0; k < 2; k++) {
        const struct node *n = node_get(root, section[k]);
        if (n == NULL || n->n == 0) continue;
        buffer_printf(out, "%s:\n", section[k]);
        for (int i = 0; i < n->n; i++) {
            buffer_puts(out, "  ");
            path_echo(out, n->key[i]);
            buffer_puts(out, ": ");
            flow_text(out, n->item[i]);
            buffer_puts(out, "\n");
        }
    }
}
