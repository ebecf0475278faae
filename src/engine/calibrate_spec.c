/* calibrate_spec.c - see calibrate_spec.h.  SPDX-License-Identifier: MIT */
#include "engine/calibrate_spec.h"

#include "base/text.h"
#include "engine/scenario.h"
#include "stat/least_squares.h"

#include <string.h>

static void read_free(struct reader *r, const struct node *n, void *field)
{
    struct free_parameters *f = field;
    if (!read_map(r, n, "calibrate: free")) return;
    if (n->n > LEAST_SQUARES_MAX) {
        error_at(r->errors, n->at, "calibrate: at most %d parameters can be free, not %d",
                 LEAST_SQUARES_MAX, n->n);
        return;
    }
    f->item = arena_alloc(r->memory, (size_t)n->n, sizeof *f->item);
    for (int i = 0; i < n->n; i++) {
        const struct node *range = n->item[i];
        struct free_parameter *p = &f->item[f->n];
        *p = (struct free_parameter){.path = n->key[i], .at = n->key_at[i]};
        const char *what =
            arena_printf(r->memory, "the range of %s", text_shown(p->path, r->memory));
        if (range->kind != NODE_LIST || range->n != 2) {
            error_at(r->errors, range->at, "%s must be [low, high], not %s", what,
                     node_shown(range, r->memory));
            continue;
        }
        if (!read_number(r, range->item[0], what, 0, 0, 0, &p->low) ||
            !read_number(r, range->item[1], what, 0, 0, 0, &p->high))
            continue;
        if (p->low < p->high)
            f->n++;
        else
            error_at(r->errors, range->at, "%s must be [low, high] with low < high", what);
    }
}

static void echo_free(struct buffer *out, const void *field, int indent)
{
    const struct free_parameters *f = field;
    for (int i = 0; i < f->n; i++) {
        buffer_printf(out, "%*s", indent, "");
        path_echo(out, f->item[i].path);
        buffer_printf(out, ": [%s, %s]\n", number_shortest(f->item[i].low).text,
                      number_shortest(f->item[i].high).text);
    }
}

const struct param calibrate_params[] = {
    {PARAM_AT(struct calibrate_spec, free), .type = PARAM_CUSTOM, .read = read_free,
     .echo = echo_free, .flags = PARAM_REQUIRED,
     .help = "PATH: [low, high] of each parameter to fit, from its value in this file"},
    {PARAM_AT(struct calibrate_spec, trials), .type = PARAM_INTEGER, .fallback = 1000, .min = 100,
     .max = 1e6, .help = "simulated trials an evaluation, the same patients in all"},
    {0}};

void calibrate_read(struct reader *r, const struct node *section, struct calibrate_spec *c)
{
    *c = (struct calibrate_spec){0};
    if (section == NULL) return;
    const int before = r->errors->n;
    params_read(r, calibrate_params, section, section->at, "calibrate", c);
    if (c->free.n == 0 && r->errors->n == before)
        error_at(r->errors, section->at, "calibrate: free must name at least one parameter");
}

void calibrate_echo(struct buffer *out, const struct calibrate_spec *c)
{
    if (c->free.n == 0) return;
    buffer_puts(out, "calibrate:\n");
    params_echo(out, calibrate_params, c, 2);
}

/* --- paths ------------------------------------------------------------------------------------ */

struct numbers_found {
    int n, room;
    const char **path;
    struct arena *memory;
};

static bool is_number(const struct node *n)
{
    double ignored;
    return n->kind == NODE_SCALAR && !n->quoted && text_to_double(n->text, &ignored);
}

static void collect(struct numbers_found *f, const struct node *n, const char *path)
{
    if (is_number(n) && f->n < f->room) f->path[f->n++] = path;
    for (int i = 0; n->kind == NODE_MAP && i < n->n; i++)
        collect(f, n->item[i], arena_printf(f->memory, "%s.%s", path, n->key[i]));
}

/* What describes patients and the trial; analyses and published figures are not fitted. */
static const char *const fitted[] = {"population", "course", "arms", "trial", "endpoints"};
enum { N_FITTED = sizeof fitted / sizeof *fitted, NUMBERS_MAX = 4096 };

static bool may_be_fitted(const char *path)
{
    const size_t n = strcspn(path, ".");
    for (int k = 0; k < N_FITTED; k++)
        if (strlen(fitted[k]) == n && strncmp(path, fitted[k], n) == 0) return true;
    return false;
}

static void report_path(struct reader *r, const struct node *root, const struct free_parameter *p)
{
    const struct node *n = tree_find(root, p->path);
    const char *shown = text_shown(p->path, r->memory);
    if (n != NULL && may_be_fitted(p->path)) {
        error_at(r->errors, p->at, "calibrate: '%s' is %s, not a number", shown,
                 node_shown(n, r->memory));
        return;
    }
    struct numbers_found f = {.room = NUMBERS_MAX,
                              .path = arena_alloc(r->memory, NUMBERS_MAX, sizeof *f.path),
                              .memory = r->memory};
    for (int k = 0; k < N_FITTED; k++) {
        const struct node *section = node_get(root, fitted[k]);
        if (section != NULL) collect(&f, section, fitted[k]);
    }
    error_at(r->errors, p->at,
             n != NULL ? "calibrate: '%s' cannot be fitted%s"
                       : "calibrate: '%s' is not a number of the scenario%s",
             shown, did_you_mean(text_nearest(p->path, f.path, f.n)).text);
}

void calibrate_check(struct reader *r, const struct node *root, struct calibrate_spec *c,
                     bool strict)
{
    int kept = 0;
    for (int k = 0; k < c->free.n; k++) {
        const struct free_parameter *p = &c->free.item[k];
        const struct node *n = tree_find(root, p->path);
        const bool good = n != NULL && is_number(n) && may_be_fitted(p->path);
        const bool inherited = strcmp(p->at.file, root->at.file) != 0;
        if (!good && (strict || !inherited)) report_path(r, root, p);
        if (good) c->free.item[kept++] = *p;
    }
    c->free.n = kept;
}
