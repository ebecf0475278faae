/* report_document.c - see report_document.h.  SPDX-License-Identifier: MIT */
#include "io/report_document.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The measures people are shown, in this order; a column without a value is left out. */
static const struct {
    const char *measure, *heading, *meaning;
} shown[] = {
    {"power", "power",
     "share of trials that show benefit: p <= alpha, estimate on the side of benefit"},
    {"reject", "reject",
     "share of trials with p <= alpha, either way if two-sided; without an effect, the type I "
     "error"},
    {"estimate_mean", "estimate", "mean of the estimates (geometric for ratios)"},
    {"truth", "truth",
     "what the analysis converges to without loss, missing values or early stopping"},
    {"bias", "bias", "mean estimate minus truth, of logarithms for ratios"},
    {"coverage", "coverage", "share of confidence intervals that contain the truth"},
    {"stop_efficacy", "stop efficacy", "share of trials that stop at this look for efficacy"},
    {"stop_futility", "stop futility", "share of trials that stop at this look for futility"},
    {"patients_mean", "patients", "mean number of patients randomised"},
    {"events_mean", "events", "mean number of events"},
    {"duration_mean", "months", "mean duration in months"},
    {"undefined", "undefined",
     "share of trials in which the analysis has no answer; they count as not rejecting"},
};

enum { N_SHOWN = sizeof shown / sizeof shown[0], MAX_COLUMNS = N_SHOWN + 3 };

/* The measures of each point, in their order: those of point p are row[start[p]] …
 * row[start[p+1]-1]. */
struct lookup {
    int64_t *start;
    const struct measure **row;
    int n_looks;
};

static struct lookup lookup_make(const struct study *s, struct arena *memory)
{
    struct lookup l = {.n_looks = 1};
    l.start = arena_alloc(memory, (size_t)s->n_points + 2, sizeof *l.start);
    l.row = arena_alloc(memory, (size_t)s->n_measures, sizeof *l.row);
    for (int64_t i = 0; i < s->n_measures; i++) {
        l.start[s->measure[i].point + 2]++;
        if (s->measure[i].look >= l.n_looks) l.n_looks = s->measure[i].look + 1;
    }
    for (int p = 0; p < s->n_points; p++) l.start[p + 2] += l.start[p + 1];
    for (int64_t i = 0; i < s->n_measures; i++)
        l.row[l.start[s->measure[i].point + 1]++] = &s->measure[i];
    return l;
}

static const struct measure *lookup_find(const struct lookup *l, int point, int look, int answer,
                                         const char *name)
{
    for (int64_t i = l->start[point]; i < l->start[point + 1]; i++) {
        const struct measure *m = l->row[i];
        if (m->look == look && m->answer == answer && strcmp(m->name, name) == 0) return m;
    }
    return NULL;
}

const char *rounded(struct arena *memory, double value, double error)
{
    if (isnan(value)) return "-";
    if (!(error > 0) || !isfinite(error)) return arena_printf(memory, "%.4g", value);
    int decimals = -(int)floor(log10(error));
    if (error * pow(10, decimals) < 1.95) decimals++;
    if (decimals > 9) return arena_printf(memory, "%.4g ± %.1g", value, error);
    if (decimals < 0) decimals = 0;
    return arena_printf(memory, "%.*f ± %.*f", decimals, value, decimals, error);
}

/* The last word of a dotted path, where that tells it from the others. */
const char *document_short_path(const struct study *s, int path)
{
    const char *dot = strrchr(s->path[path], '.');
    const char *last = dot ? dot + 1 : s->path[path];
    for (int k = 0; k < s->n_paths; k++) {
        const char *other = strrchr(s->path[k], '.');
        if (k != path && strcmp(other ? other + 1 : s->path[k], last) == 0) return s->path[path];
    }
    return last;
}

/* Which rows a grid has: the answers of one point, or the points of one answer, each at every look.
 */
struct row {
    int point, look, answer;
};

static bool is_shown(const struct lookup *l, const struct row *row, int n_rows, int k)
{
    const bool only_positive = strcmp(shown[k].measure, "undefined") == 0;
    for (int r = 0; r < n_rows; r++) {
        const struct measure *m =
            lookup_find(l, row[r].point, row[r].look, row[r].answer, shown[k].measure);
        if (m != NULL && (only_positive ? m->value > 0 : !isnan(m->value))) return true;
    }
    return false;
}

void grid_add(struct grid *g, struct document *d, const char *const *text, int n)
{
    for (int k = 0; k < n; k++)
        g->cell[(size_t)g->n_rows * (size_t)g->n_columns + (size_t)k] =
            arena_text(&d->memory, text[k]);
    g->n_rows++;
}

void grid_reserve(struct grid *g, struct document *d, int n_rows)
{
    g->cell = arena_alloc(&d->memory, (size_t)n_rows * (size_t)g->n_columns, sizeof *g->cell);
}

/* The leading cells of a row: what is analysed, or where. */
static int row_names(const struct study *s, const struct lookup *l, struct row row,
                     struct document *d, const char **text)
{
    int n = 0;
    if (s->n_points == 1) {
        text[n++] = s->answer[row.answer].name;
        text[n++] = s->answer[row.answer].method;
    } else {
        text[n++] = arena_printf(&d->memory, "%d", row.point + 1);
        for (int k = 0; k < s->n_paths; k++) text[n++] = s->setting[row.point * s->n_paths + k];
    }
    if (l->n_looks > 1) text[n++] = arena_printf(&d->memory, "%d", row.look + 1);
    return n;
}

static int head_names(const struct study *s, const struct lookup *l, const char **text)
{
    int n = 0;
    if (s->n_points == 1) {
        text[n++] = "analysis";
        text[n++] = "method";
    } else {
        text[n++] = "point";
        for (int k = 0; k < s->n_paths; k++) text[n++] = document_short_path(s, k);
    }
    if (l->n_looks > 1) text[n++] = "look";
    return n;
}

static void grid_make(struct grid *g, struct document *d, const struct study *s,
                      const struct lookup *l, const struct row *row, int n_rows, bool *used)
{
    const size_t most = MAX_COLUMNS + (size_t)s->n_paths;
    const char **text = arena_alloc(&d->memory, most, sizeof *text);
    g->head = arena_alloc(&d->memory, most, sizeof *g->head);
    g->n_left = g->n_columns = head_names(s, l, g->head);
    int column[N_SHOWN], n = 0;
    for (int k = 0; k < N_SHOWN; k++) {
        if (!is_shown(l, row, n_rows, k)) continue;
        column[n++] = k;
        used[k] = true;
        g->head[g->n_columns++] = shown[k].heading;
    }
    grid_reserve(g, d, n_rows);
    for (int r = 0; r < n_rows; r++) {
        int c = row_names(s, l, row[r], d, text);
        bool any = false;
        for (int k = 0; k < n; k++) {
            const struct measure *m =
                lookup_find(l, row[r].point, row[r].look, row[r].answer, shown[column[k]].measure);
            any = any || m != NULL;
            text[c++] = m ? rounded(&d->memory, m->value, m->mcse) : "-";
        }
        if (any) grid_add(g, d, text, c);
    }
}

static void add_grids(struct document *d, const struct study *s, bool *used)
{
    const struct lookup l = lookup_make(s, &d->memory);
    const int across = s->n_points == 1 ? s->n_answers : s->n_points;
    const int n_grids = s->n_points == 1 ? 1 : s->n_answers;
    struct row *row = arena_alloc(&d->memory, (size_t)across * (size_t)l.n_looks, sizeof *row);
    d->grid = arena_alloc(&d->memory, (size_t)n_grids + (size_t)s->n_points + 1, sizeof *d->grid);
    for (int i = 0; i < n_grids; i++) {
        struct grid *g = &d->grid[d->n_grids++];
        int n = 0;
        for (int j = 0; j < across; j++) {
            if (s->n_points == 1 && answer_is_descriptive(&s->answer[j])) continue;
            for (int look = 0; look < l.n_looks; look++)
                row[n++] = s->n_points == 1 ? (struct row){0, look, j} : (struct row){j, look, i};
        }
        g->title = s->n_points == 1 ? ""
                                    : arena_printf(&d->memory, "%s (%s)", s->answer[i].name,
                                                   s->answer[i].method);
        grid_make(g, d, s, &l, row, n, used);
    }
}

void document_note(struct document *d, const char *term, const char *text)
{
    d->note[d->n_notes++] = (struct note){term, text};
}

/* Says how an analysis tests where it is not two-sided at 0.05 against no effect. */
static void add_test_note(struct document *d, const struct answer *a)
{
    if (isnan(a->null) || strchr(a->name, '.') != NULL) return;
    const bool ratio = a->scale == SCALE_LOG; /* no effect: 1 for ratios, 0, or 0.5 for areas */
    const bool margin =
        ratio ? fabs(a->null - 1) > 0 : fabs(a->null) > 0 && fabs(a->null - 0.5) > 0;
    if (a->sides == 2 && fabs(a->alpha - 0.05) < 1e-12 && !margin) return;
    document_note(d, a->name,
                  arena_printf(&d->memory, "%s test at %g%s",
                               a->sides == 1 ? "one-sided" : "two-sided", a->alpha,
                               margin ? arena_printf(&d->memory, " against %g", a->null) : ""));
}

static void add_notes(struct document *d, const struct study *s, const bool *used)
{
    const size_t most = (size_t)N_SHOWN + (size_t)s->n_paths + (size_t)s->n_points +
                        (size_t)s->n_answers + 4 + AGREEMENT_NOTES + PUBLISHED_NOTES;
    d->note = arena_alloc(&d->memory, most, sizeof *d->note);
    if (s->n_points > 1)
        for (int k = 0; k < s->n_paths; k++) {
            const char *name = document_short_path(s, k);
            if (name != s->path[k]) document_note(d, name, s->path[k]);
        }
    for (int k = 0; k < N_SHOWN; k++)
        if (used[k]) document_note(d, shown[k].heading, shown[k].meaning);
    if (s->n_agreements > 0) agreement_notes(d);
    document_note(d, "±", "Monte Carlo standard error");
    for (int a = 0; a < s->n_answers; a++) add_test_note(d, &s->answer[a]);
    if (s->n_published > 0) document_note_published(d, s);
    if (s->n_points > 1)
        document_note(d, "patients",
                      "the same, and in the same arms, at every point but those named here");
    for (int p = 0; s->pairing && p < s->n_points; p++)
        if (s->pairing[p] && *s->pairing[p])
            document_note(d, arena_printf(&d->memory, "point %d", p + 1), s->pairing[p]);
}

void document_begin(struct document *d, const struct study *s)
{
    d->title = s->name;
    d->summary =
        s->n_points == 1
            ? arena_printf(&d->memory, "%" PRId64 " simulated trials, seed %" PRIu64, s->replicates,
                           s->seed)
            : arena_printf(&d->memory,
                           "%" PRId64 " simulated trials at each of %d points, seed %" PRIu64,
                           s->replicates, s->n_points, s->seed);
}

void document_make(struct document *d, const struct study *s)
{
    bool used[N_SHOWN] = {false};
    document_begin(d, s);
    add_grids(d, s, used);
    agreement_grids(d, s, false);
    if (s->n_published > 0) document_add_published(d, s);
    add_notes(d, s, used);
}

void document_free(struct document *d)
{
    arena_free(&d->memory);
    *d = (struct document){0};
}
