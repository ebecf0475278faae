/* report_published.c - published figures beside simulated ones, and whether they fit.
 * SPDX-License-Identifier: MIT */
#include "io/published_table.h"
#include "io/report.h"
#include "io/report_document.h"
#include "io/report_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const judgement_word[] = {"not counted", "within", "outside", "far outside"};

/* --- the verdict -------------------------------------------------------------------------------
 */

static struct verdict study_verdict(const struct study *s)
{
    struct arena memory = {0};
    struct fact *fact = arena_alloc(&memory, (size_t)s->n_published, sizeof *fact);
    const struct verdict v = verdict_of(fact, facts_find(s->published, s->n_published, fact));
    arena_free(&memory);
    return v;
}

bool published_fits(const struct study *s)
{
    return study_verdict(s).fits;
}

const char *published_verdict(struct arena *memory, const struct study *s)
{
    const struct verdict v = study_verdict(s);
    if (v.facts == 0) return "does not fit: no row is counted";
    const char *text = arena_printf(
        memory,
        "%s: %d of %d facts within 2.5-97.5 %% (at least 90 %% must be); outside 0.1-99.9 %%: %d "
        "of %d calibrated (none may be) and %d of %d predicted (one may be)",
        v.fits ? "fits" : "does not fit", v.within, v.facts, v.calibrated_far, v.calibrated,
        v.predicted_far, v.predicted);
    if (v.sharing > 0)
        text = arena_printf(memory, "%s; %d of the predicted share events with calibrated ones",
                            text, v.sharing);
    if (v.far_off > 0) text = arena_printf(memory, "%s; %d with a mean far off", text, v.far_off);
    return text;
}

/* --- for people --------------------------------------------------------------------------------
 */

static const char *fixed(struct arena *memory, double x, int decimals)
{
    if (isnan(x)) return "-";
    const char *text = arena_printf(memory, "%.*f", decimals > 0 ? decimals : 0, x);
    const bool zero = *text == '-' && strspn(text + 1, "0.") == strlen(text + 1);
    return zero ? text + 1 : text; /* no -0.0 */
}

/* "far outside; far off; given deaths 99.9 % (chi-squared 86.1); alternative zero; …" */
static const char *remark(struct arena *memory, const struct published *p)
{
    const struct fit *f = &p->fit;
    const enum judgement counted = published_judge(p), own = fit_judge(f);
    const char *text = own == WITHIN ? "" : arena_printf(memory, "; %s", judgement_word[own]);
    if (f->unanswered > 0)
        text = arena_printf(memory, "%s; none in %.2g %% of trials", text, 100 * f->unanswered);
    if (f->far) text = arena_printf(memory, "%s; far off", text);
    if (!isnan(f->conditional))
        text = arena_printf(memory, "%s; given deaths: chi-squared %.1f, %.1f %%", text,
                            f->conditional, 100 * f->conditional_percentile);
    if (!isnan(f->exact))
        text = arena_printf(memory, "%s; printed so by %.1f %%", text, 100 * f->exact);
    if (*p->alternative) text = arena_printf(memory, "%s; if %s", text, p->alternative);
    if (*p->reason) text = arena_printf(memory, "%s; %s", text, p->reason);
    if (counted == NOT_COUNTED) text = arena_printf(memory, "%s; not counted", text);
    return *text ? text + 2 : "";
}

static void add_row(struct grid *g, struct document *d, const struct published *p)
{
    const struct fit *f = &p->fit;
    const int decimals = p->printed.decimals;
    const char *low = fixed(&d->memory, f->low, decimals + 1);
    const char *high = fixed(&d->memory, f->high, decimals + 1);
    const char *text[] = {
        *p->group ? p->group : "-",
        *p->where ? arena_printf(&d->memory, "%s [%s]", p->subject, p->where) : p->subject,
        *p->arm ? p->arm : "-",
        p->statistic,
        p->shares_events ? arena_printf(&d->memory, "%s*", p->use) : p->use,
        fixed(&d->memory, p->printed.value, decimals),
        fixed(&d->memory, f->simulated, decimals + 1),
        isnan(f->low) ? "-" : arena_printf(&d->memory, "%s to %s", low, high),
        fixed(&d->memory, 100 * f->percentile, 1),
        fixed(&d->memory, f->z, 1),
        remark(&d->memory, p),
    };
    grid_add(g, d, text, g->n_columns);
}

void document_add_published(struct document *d, const struct study *s)
{
    static const char *head[] = {"fact",       "of",        "arm",       "statistic",
                                 "use",        "published", "simulated", "95 % of trials",
                                 "percentile", "z",         "remark"};
    struct grid *g = &d->grid[d->n_grids++];
    *g = (struct grid){.title = "Published beside simulated",
                       .n_left = 5,
                       .last_is_text = true,
                       .n_columns = 11,
                       .head = head};
    grid_reserve(g, d, s->n_published);
    for (int i = 0; i < s->n_published; i++) add_row(g, d, &s->published[i]);
}

/* The worst judgement of the rows of a group in one reading. */
static enum judgement reading(const struct study *s, const struct published *of,
                              const char *alternative)
{
    enum judgement worst = NOT_COUNTED;
    for (int i = 0; i < s->n_published; i++) {
        const struct published *p = &s->published[i];
        if (!same_fact(p, of) || strcmp(p->alternative, alternative) != 0) continue;
        const enum judgement own = fit_judge(&p->fit);
        if (own > worst && strcmp(p->use, "info") != 0) worst = own;
    }
    return worst;
}

/* "pressor: as stated within, if zero far outside; …" */
static const char *readings(struct arena *memory, const struct study *s)
{
    const char *text = "";
    for (int i = 0; i < s->n_published; i++) {
        const struct published *p = &s->published[i];
        bool first_of_group = true, first = *p->alternative != '\0';
        for (int k = 0; k < i; k++) {
            if (!same_fact(&s->published[k], p) || !*s->published[k].alternative) continue;
            first_of_group = false;
            first = first && strcmp(s->published[k].alternative, p->alternative) != 0;
        }
        if (!first) continue;
        if (first_of_group)
            text = arena_printf(memory, "%s%s%s: as stated %s", text, *text ? "; " : "", p->group,
                                judgement_word[reading(s, p, "")]);
        text = arena_printf(memory, "%s, if %s %s", text, p->alternative,
                            judgement_word[reading(s, p, p->alternative)]);
    }
    return text;
}

void document_note_published(struct document *d, const struct study *s)
{
    const char *other = readings(&d->memory, s);
    bool shares = false, given = false, exact = false, far = false, unanswered = false;
    for (int i = 0; i < s->n_published; i++) {
        shares = shares || s->published[i].shares_events;
        given = given || !isnan(s->published[i].fit.conditional);
        exact = exact || !isnan(s->published[i].fit.exact);
        far = far || s->published[i].fit.far;
        unanswered = unanswered || s->published[i].fit.unanswered > 0;
    }
    document_note(d, "95 % of trials", "the range in which 95 % of single simulated trials lie");
    document_note(d, "percentile",
                  "share of simulated trials, rounded as printed, that lie below the published "
                  "number, half of the equal ones included");
    document_note(d, "z", "published minus simulated mean over the standard deviation of trials");
    if (unanswered)
        document_note(d, "none in",
                      "trials without such a number are left out; where most are, it does not fit");
    if (given)
        document_note(d, "given deaths",
                      "mean and SD together, in trials with as many deaths in the arm: share of "
                      "trials that lie nearer");
    if (exact)
        document_note(d, "printed so",
                      "share of trials that print exactly this estimate and these limits");
    if (far)
        document_note(d, "far off",
                      "the simulated mean differs by more than half of the printed number, or of "
                      "the interval printed with an effect, however wide the range");
    if (shares) document_note(d, "predict*", "shares events with a calibrated fact");
    if (*other) document_note(d, "readings", other);
    document_note(d, "verdict", published_verdict(&d->memory, s));
}

/* --- for programs ------------------------------------------------------------------------------
 */

static void csv_published(struct buffer *out, const struct study *s)
{
    for (int i = 0; i < s->n_published; i++) {
        const struct published *p = &s->published[i];
        csv_text(out, s->name);
        for (int k = 0; k < PUBLISHED_COLUMNS; k++) {
            const struct published_column *c = &published_column[k];
            buffer_puts(out, ",");
            if (c->kind == FIELD_TEXT)
                csv_text(out, published_text(p, c));
            else
                csv_number(out, published_number(p, c));
        }
        buffer_printf(out, ",%s\n", judgement_word[published_judge(p)]);
    }
}

static void json_verdict(struct buffer *out, const struct study *s)
{
    const struct verdict v = study_verdict(s);
    buffer_printf(out,
                  "\"verdict\": {\"fits\": %s, \"facts\": %d, \"within\": %d, \"calibrated\": %d, "
                  "\"calibrated_far_outside\": %d, \"predicted\": %d, "
                  "\"predicted_far_outside\": %d, \"sharing_events\": %d, \"far_off\": %d}",
                  v.fits ? "true" : "false", v.facts, v.within, v.calibrated, v.calibrated_far,
                  v.predicted, v.predicted_far, v.sharing, v.far_off);
}

void json_published(struct buffer *out, const struct study *s)
{
    buffer_puts(out, "\"published\": [");
    for (int i = 0; i < s->n_published; i++) {
        const struct published *p = &s->published[i];
        buffer_puts(out, i > 0 ? ",\n    {" : "\n    {");
        for (int k = 0; k < PUBLISHED_COLUMNS; k++) {
            const struct published_column *c = &published_column[k];
            if (c->kind == FIELD_TEXT) {
                const char *text = published_text(p, c);
                json_text_member(out, c->name, *text ? text : NULL);
            } else if (c->kind == FIELD_INT8)
                buffer_printf(out, "\"%s\": %s, ", c->name,
                              published_number(p, c) > 0 ? "true" : "false");
            else
                json_number_member(out, c->name, published_number(p, c));
        }
        buffer_printf(out, "\"judgement\": \"%s\"}", judgement_word[published_judge(p)]);
    }
    buffer_puts(out, "\n  ],\n  ");
    json_verdict(out, s);
}

static void published_json(struct buffer *out, const struct study *s, int n)
{
    buffer_puts(out, "[");
    for (int k = 0; k < n; k++) {
        buffer_printf(out, "%s\n {", k > 0 ? "," : "");
        json_text_member(out, "name", s[k].name);
        buffer_printf(out, "\"seed\": %" PRIu64 ", \"replicates\": %" PRId64 ",\n  ", s[k].seed,
                      s[k].replicates);
        json_published(out, &s[k]);
        buffer_puts(out, "\n }");
    }
    buffer_puts(out, "\n]\n");
}

static void published_document(struct buffer *out, const struct study *s,
                               void (*write)(struct buffer *out, const struct document *d))
{
    struct document d = {.title = s->name};
    d.summary = arena_printf(&d.memory, "%" PRId64 " simulated trials, seed %" PRIu64,
                             s->replicates, s->seed);
    d.grid = arena_alloc(&d.memory, 1, sizeof *d.grid);
    d.note = arena_alloc(&d.memory, PUBLISHED_NOTES, sizeof *d.note);
    document_add_published(&d, s);
    document_note_published(&d, s);
    write(out, &d);
    document_free(&d);
}

void report_published(struct buffer *out, const struct study *s, int n, enum report_format format)
{
    if (format == REPORT_JSON) published_json(out, s, n);
    if (format == REPORT_CSV) {
        buffer_puts(out, "scenario");
        for (int k = 0; k < PUBLISHED_COLUMNS; k++)
            buffer_printf(out, ",%s", published_column[k].name);
        buffer_puts(out, ",judgement\n");
    }
    for (int k = 0; k < n; k++) {
        const bool people = format == REPORT_TEXT || format == REPORT_MARKDOWN;
        if (people && k > 0) buffer_puts(out, "\n");
        if (people)
            published_document(out, &s[k], format == REPORT_TEXT ? report_text : report_markdown);
        else if (format == REPORT_CSV)
            csv_published(out, &s[k]);
    }
}
