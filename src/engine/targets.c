/* targets.c - see targets.h.  SPDX-License-Identifier: MIT */
#include "engine/targets.h"

#include "base/text.h"
#include "engine/findings.h"
#include "engine/parallel.h"
#include "engine/replicate.h"
#include "engine/simulate.h"
#include "engine/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what is simulated -------------------------------------------------------------------------
 */

static bool is_target(const struct node *row)
{
    const struct node *use = node_get(row, "use");
    return use != NULL && use->kind == NODE_SCALAR && strcmp(use->text, "calibrate") == 0;
}

/* "risk", "roc.sensitivity": an analysis or one of its outputs. */
static bool belongs_to(const char *answer, const char *analysis)
{
    const size_t n = strlen(analysis);
    return strncmp(answer, analysis, n) == 0 && (answer[n] == '\0' || answer[n] == '.');
}

static bool is_wanted(const char *analysis, const struct node *rows)
{
    for (int i = 0; i < rows->n; i++) {
        const struct node *named = node_get(rows->item[i], "analysis");
        if (named != NULL && named->kind == NODE_SCALAR && belongs_to(named->text, analysis))
            return true;
    }
    return false;
}

static struct node *with_section(const struct node *root, const char *key, struct node *section,
                                 struct arena *memory)
{
    struct node *copy = node_without(root, key, memory);
    node_append(copy, key, section, memory);
    return copy;
}

/* The scenario with the analyses and published rows that are calibrated to, and one analysis at
 * least. */
static const struct node *reduced(const struct node *root, struct arena *memory)
{
    const struct node *published = node_get(root, "published");
    const struct node *analyses = node_get(root, "analyses");
    struct node *rows = node_new(NODE_LIST, published->at, memory);
    struct node *kept = node_new(NODE_MAP, analyses->at, memory);
    for (int i = 0; i < published->n; i++)
        if (is_target(published->item[i])) node_append(rows, NULL, published->item[i], memory);
    for (int i = 0; i < analyses->n; i++)
        if (is_wanted(analyses->key[i], rows))
            node_append(kept, analyses->key[i], analyses->item[i], memory);
    if (kept->n == 0) node_append(kept, analyses->key[0], analyses->item[0], memory);
    root = node_without(root, "calibrate", memory);
    root = with_section(root, "published", rows, memory);
    return with_section(root, "analyses", kept, memory);
}

/* --- targets ---------------------------------------------------------------------------------- */

static void bind_targets(const struct plan *plan, const struct node *rows, struct targets *t)
{
    t->n = plan->n_published;
    t->item = arena_alloc(&t->memory, (size_t)t->n, sizeof *t->item);
    for (int k = 0; k < t->n; k++) {
        const struct published *p = &plan->published[k];
        struct target *to = &t->item[k];
        const double value = p->printed.value, unit = printed_unit(&p->printed);
        *to = (struct target){.at = rows->item[k]->at,
                              .printed = p->printed,
                              .value = value,
                              .source = plan->published_source[k],
                              .statistic = arena_text(&t->memory, p->statistic)};
        to->name = arena_printf(&t->memory, "%s%s%s%s%s: %s", p->subject, *p->arm ? ", " : "",
                                p->arm, *p->where ? ", " : "", p->where, p->statistic);
        to->ratio = p->printed.ratio;
        const double slope = to->ratio ? 1 / value : 1;
        if (to->ratio) to->value = log(value);
        to->rounding = unit * slope * (unit * slope) / 12;
    }
}

static int places_like(const struct node *n, struct place at)
{
    int count = n->kind == NODE_SCALAR && n->at.line == at.line && n->at.column == at.column &&
                strcmp(n->at.file, at.file) == 0;
    for (int i = 0; i < n->n; i++) count += places_like(n->item[i], at);
    return count;
}

/* A fitted value is written where the old one stands: in this file, and for this path alone. */
static void check_parameter(struct reader *r, const struct node *root, const char *path,
                            const struct free_parameter *p, double start)
{
    const struct node *n = tree_find(root, p->path);
    const char *shown = text_shown(p->path, r->memory);
    if (strcmp(n->at.file, path) != 0)
        error_at(r->errors, p->at,
                 "calibrate: the value of '%s' is inherited from %s, line %d: state it in %s to "
                 "have it fitted",
                 shown, n->at.file, n->at.line, path);
    else if (places_like(root, n->at) > 1)
        error_at(r->errors, n->at,
                 "calibrate: this value of '%s' also stands for others (an alias): write it out",
                 shown);
    if (!(start >= p->low && start <= p->high))
        error_at(r->errors, p->at,
                 "calibrate: '%s' starts from its value in the scenario, %s, which is not from %s "
                 "to %s",
                 shown, n->text, number_shortest(p->low).text, number_shortest(p->high).text);
}

static void bind_parameters(struct reader *r, const struct node *root, const char *path,
                            struct targets *t)
{
    const int n = t->spec.free.n;
    double *start = arena_alloc(r->memory, (size_t)n, sizeof *start);
    t->start = start;
    t->text = arena_alloc(r->memory, (size_t)n, sizeof *t->text);
    t->text_at = arena_alloc(r->memory, (size_t)n, sizeof *t->text_at);
    for (int k = 0; k < n; k++) {
        const struct free_parameter *p = &t->spec.free.item[k];
        const struct node *value = tree_find(root, p->path);
        (void)text_to_double(value->text, &start[k]);
        t->text[k] = value->text;
        t->text_at[k] = value->at;
        check_parameter(r, root, path, p, start[k]);
    }
}

static bool may_calibrate(struct reader *r, const struct node *root, struct targets *t)
{
    const struct node *section = node_get(root, "calibrate");
    const struct node *published = node_get(root, "published");
    const struct node *sweep = node_get(root, "sweep");
    const struct place top = {root->at.file, 1, 1};
    const int before = r->errors->n;
    int n = 0;
    if (sweep == NULL) sweep = node_get(root, "zip");
    if (section == NULL)
        error_at(r->errors, top, "there is nothing to calibrate: no section 'calibrate'");
    if (sweep != NULL)
        error_at(r->errors, sweep->at, "a scenario with a sweep cannot be calibrated");
    for (int i = 0; published != NULL && i < published->n; i++) n += is_target(published->item[i]);
    if (n == 0)
        error_at(r->errors, published ? published->at : top,
                 "there is nothing to calibrate to: no row of 'published' has use: calibrate");
    if (section != NULL) {
        calibrate_read(r, section, &t->spec);
        calibrate_check(r, root, &t->spec, true);
    }
    return r->errors->n == before;
}

enum status targets_make(const char *path, const struct setting *settings, int n_settings,
                         int trials, int threads, struct targets *t, struct errors *e)
{
    *t = (struct targets){.threads = threads};
    struct reader r = {&t->memory, e};
    const struct node *root =
        scenario_load(path, settings, n_settings, &t->memory, &t->file_text, e);
    struct plan plan = {0};
    if (root == NULL || !may_calibrate(&r, root, t)) return STATUS_USAGE;
    bind_parameters(&r, root, path, t);
    plan_read(&(struct reader){&plan.memory, e}, root, &plan); /* the whole file must be sound */
    plan_free(&plan);
    if (e->n > 0) return STATUS_USAGE;
    t->root = reduced(root, &t->memory);
    plan_read(&(struct reader){&plan.memory, e}, t->root, &plan);
    if (e->n == 0) bind_targets(&plan, node_get(t->root, "published"), t);
    plan_free(&plan);
    t->trials = trials > 0 ? trials : (int)t->spec.trials;
    return e->n == 0 ? STATUS_OK : STATUS_USAGE;
}

void targets_free(struct targets *t)
{
    arena_free(&t->memory);
    *t = (struct targets){0};
}

/* --- settings --------------------------------------------------------------------------------- */

struct simulated simulated_new(const struct targets *t, bool with_trials, struct arena *memory)
{
    const size_t n = (size_t)t->n;
    return (struct simulated){
        .mean = arena_alloc(memory, n, sizeof(double)),
        .sd = arena_alloc(memory, n, sizeof(double)),
        .trial = with_trials ? arena_alloc(memory, n * (size_t)t->trials, sizeof(double)) : NULL};
}

/* One setting on its way through the threads. */
struct setting_run {
    struct plan plan;
    struct arena memory;
    struct errors errors;
    enum status status;
};
struct batch {
    const struct targets *t;
    const double *value;
    struct setting_run *run; /* [count] */
    double *trial;           /* [count][n][trials] */
    struct scratch *scratch; /* [threads] */
    struct result **row;     /* [threads][answers] */
    int n_blocks;
};

static void plan_setting(void *context, int64_t index, int worker)
{
    (void)worker;
    const struct batch *b = context;
    const struct free_parameters *f = &b->t->spec.free;
    struct setting_run *run = &b->run[index];
    const struct node *root = b->t->root;
    for (int k = 0; k < f->n && root != NULL; k++) {
        const struct number_text number = number_shortest(b->value[index * f->n + k]);
        const struct place at = b->t->text_at[k];
        root = tree_set(root, f->item[k].path, node_scalar(number.text, at, &run->memory), at,
                        &run->memory, &run->errors);
    }
    run->status = root ? plan_make_tree(root, &run->plan, &run->errors) : STATUS_USAGE;
}

static void run_block(void *context, int64_t index, int worker)
{
    const struct batch *b = context;
    const struct targets *t = b->t;
    const int64_t which = index / b->n_blocks;
    const struct setting_run *run = &b->run[which];
    const int first = (int)(index % b->n_blocks) * BLOCK_REPLICATES;
    if (run->status != STATUS_OK) return;
    for (int i = first; i < first + BLOCK_REPLICATES && i < t->trials; i++) {
        struct result *row = b->row[worker];
        replicate_run(&run->plan, &run->plan.point[0],
                      replicate_in_domain(DOMAIN_CALIBRATION, (uint64_t)i), &b->scratch[worker],
                      row);
        for (int k = 0; k < t->n; k++) {
            const struct target *g = &t->item[k];
            const double x = published_statistic(g->statistic, &row[g->source]);
            const double y = g->ratio ? log(x) : x;
            b->trial[(which * t->n + k) * t->trials + i] = isfinite(y) ? y : NAN;
        }
    }
}

static void summarise(const struct targets *t, const struct setting_run *run, const double *trial,
                      struct simulated *out, struct arena *memory)
{
    out->why = NULL;
    if (run->status != STATUS_OK) {
        out->why = arena_text(memory, run->errors.n > 0 ? run->errors.text[0] : "");
        return;
    }
    for (int k = 0; k < t->n; k++) {
        struct moments m = {0};
        for (int i = 0; i < t->trials; i++)
            if (!isnan(trial[k * t->trials + i])) moments_add(&m, trial[k * t->trials + i]);
        if (2 * m.n < t->trials)
            out->why = arena_printf(memory, "%s has a value in %d of %d simulated trials only",
                                    t->item[k].name, (int)m.n, t->trials);
        out->mean[k] = m.mean;
        out->sd[k] = sqrt(moments_variance(&m));
    }
    if (out->trial != NULL) memcpy(out->trial, trial, (size_t)(t->n * t->trials) * sizeof *trial);
}

/* Settings in flight at a time: each solves its course on some 100 MB. */
enum { SETTINGS_AT_ONCE = 16 };

static void simulate_some(const struct targets *t, int count, const double *value,
                          struct simulated *out, struct arena *memory)
{
    struct batch b = {.t = t, .value = value};
    b.n_blocks = (t->trials + BLOCK_REPLICATES - 1) / BLOCK_REPLICATES;
    b.run = xcalloc((size_t)count, sizeof *b.run);
    b.trial = xcalloc((size_t)count * (size_t)(t->n * t->trials), sizeof *b.trial);
    b.scratch = xcalloc((size_t)t->threads, sizeof *b.scratch);
    b.row = xcalloc((size_t)t->threads, sizeof *b.row);
    parallel_for(count, t->threads, plan_setting, &b);
    int n_answers = 0;
    for (int k = 0; k < count; k++)
        if (b.run[k].status == STATUS_OK) n_answers = b.run[k].plan.n_answers;
    for (int w = 0; w < t->threads; w++) b.row[w] = xcalloc((size_t)n_answers, sizeof **b.row);
    parallel_for((int64_t)count * b.n_blocks, t->threads, run_block, &b);
    for (int k = 0; k < count; k++) {
        summarise(t, &b.run[k], b.trial + (size_t)k * (size_t)(t->n * t->trials), &out[k], memory);
        plan_free(&b.run[k].plan);
        arena_free(&b.run[k].memory);
        errors_free(&b.run[k].errors);
    }
    for (int w = 0; w < t->threads; w++) {
        scratch_free(&b.scratch[w]);
        free(b.row[w]);
    }
    free(b.row);
    free(b.scratch);
    free(b.trial);
    free(b.run);
}

void targets_simulate(const struct targets *t, int count, const double *value,
                      struct simulated *out, struct arena *memory)
{
    for (int k = 0; k < count; k += SETTINGS_AT_ONCE) {
        const int left = count - k, n = left < SETTINGS_AT_ONCE ? left : SETTINGS_AT_ONCE;
        simulate_some(t, n, value + k * t->spec.free.n, out + k, memory);
    }
}
