/* published_spec.c - the figures of a paper as a scenario states them.  SPDX-License-Identifier:
 * MIT */
#include "base/text.h"
#include "engine/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMALS_MAX = 9 };

const struct param published_params[] = {
    {PARAM_AT(struct published_spec, endpoint), .type = PARAM_NAME,
     .help = "what the figure is of: an endpoint …"},
    {PARAM_AT(struct published_spec, covariate), .type = PARAM_NAME,
     .help = "… or a covariate, of all randomised …"},
    {PARAM_AT(struct published_spec, analysis), .type = PARAM_TEXT,
     .help = "… or an analysis; none of them for `statistic: randomised`"},
    {PARAM_AT(struct published_spec, level), .type = PARAM_TEXT,
     .help = "of a categorical covariate: whose count or percent it is"},
    {PARAM_AT(struct published_spec, arm), .type = PARAM_NAME,
     .help = "whose patients (default: all)"},
    {PARAM_AT(struct published_spec, where), .type = PARAM_TEXT,
     .help = "condition on the patients, see 'shocksim help where'"},
    {PARAM_AT(struct published_spec, statistic), .type = PARAM_NAME, .flags = PARAM_REQUIRED,
     .help =
         "of an endpoint or covariate: n, count, percent, mean, sd, median, q1, q3; of an "
         "analysis: estimate, se, ci_low, ci_high, ci_width, p_value; of the trial: randomised"},
    {PARAM_AT(struct published_spec, value), .type = PARAM_NUMBER, .fallback = NAN,
     .flags = PARAM_REQUIRED, .help = "as printed, final zeros too: 41.0"},
    {PARAM_AT(struct published_spec, decimals), .type = PARAM_NUMBER, .fallback = NAN,
     .min = -DECIMALS_MAX, .max = DECIMALS_MAX,
     .help = "printed ones (default: those of `value`); -2: to hundreds, 0.5 % is printed as 0.005 "
             "with 3"},
    {PARAM_AT(struct published_spec, n), .type = PARAM_NUMBER, .fallback = NAN,
     .help = "patients behind it, for the reader"},
    {PARAM_AT(struct published_spec, use), .type = PARAM_NAME,
     .help = "calibrate: parameters were fitted to it; predict (default): not; info: shown, not "
             "counted"},
    {PARAM_AT(struct published_spec, group), .type = PARAM_TEXT,
     .help = "rows of one group state one fact, judged by the worst of them"},
    {PARAM_AT(struct published_spec, shares_events), .type = PARAM_FLAG, .fallback = 0,
     .help = "marks a predicted fact whose patients' events are also in a calibrated one"},
    {PARAM_AT(struct published_spec, alternative), .type = PARAM_TEXT,
     .help = "names another reading of the group's figures: shown beside, not counted"},
    {PARAM_AT(struct published_spec, source), .type = PARAM_TEXT, .help = "where it is printed"},
    {PARAM_AT(struct published_spec, reason), .type = PARAM_TEXT,
     .help = "why it is not counted; needed for `use: info`"},
    {0}};

/* Decimals of a number as it stands in a file: 1 for 41.0, -1 for 4e1, 3 for 1.5e-2. */
static double decimals_of(const char *text)
{
    const size_t mantissa = strcspn(text, "eE");
    const char *point = memchr(text, '.', mantissa);
    const double decimals = point ? (double)(text + mantissa - point) - 1 : 0;
    return text[mantissa] ? decimals - (double)strtol(text + mantissa + 1, NULL, 10) : decimals;
}

static void read_decimals(struct reader *r, const struct node *n, struct published_spec *row)
{
    const struct node *value = node_get(n, "value");
    if (isnan(row->value)) return;
    if (!isnan(row->decimals)) {
        if (fabs(row->decimals - rint(row->decimals)) > 0)
            error_at(r->errors, node_get(n, "decimals")->at,
                     "published row: decimals must be a whole number");
        return;
    }
    row->decimals = decimals_of(value->text);
    if (fabs(row->decimals) > DECIMALS_MAX)
        error_at(r->errors, value->at,
                 "published row: '%s' has more than %d decimals (say how many with 'decimals')",
                 text_shown(value->text, r->memory), DECIMALS_MAX);
}

static void check_use(struct reader *r, const struct published_spec *row)
{
    const char *use = row->use.text;
    if (use == NULL) return;
    const bool info = strcmp(use, "info") == 0;
    if (!info && strcmp(use, "calibrate") != 0 && strcmp(use, "predict") != 0)
        error_at(r->errors, row->use.at,
                 "published row: use must be calibrate, predict or info, not '%s'", use);
    if (strcmp(use, "calibrate") == 0 && row->alternative.text != NULL)
        error_at(r->errors, row->use.at,
                 "published row: nothing is calibrated to an alternative, which is not counted");
    if (info && row->reason.text == NULL)
        error_at(r->errors, row->use.at,
                 "published row: a row that is not counted (use: info) needs a 'reason'");
}

/* What a row is of, and the keys that go with it. */
static void check_subject(struct reader *r, const struct published_spec *row)
{
    const bool trial = row->statistic.text && strcmp(row->statistic.text, "randomised") == 0;
    const int subjects =
        (row->endpoint.text != NULL) + (row->covariate.text != NULL) + (row->analysis.text != NULL);
    if (subjects != !trial)
        error_at(r->errors, row->at,
                 trial ? "published row: `randomised` is of the trial, not of an endpoint, "
                         "covariate or analysis"
                       : "published row: either an endpoint, a covariate or an analysis");
    if (row->level.text != NULL && row->covariate.text == NULL)
        error_at(r->errors, row->level.at, "published row: 'level' goes with a covariate");
    const struct named_text *own[] = {&row->arm, &row->where};
    for (int k = 0; k < 2 && row->analysis.text != NULL; k++)
        if (own[k]->text != NULL)
            error_at(r->errors, own[k]->at, "published row: '%s' of an analysis is its own",
                     k == 0 ? "arm" : "where");
    if (row->alternative.text != NULL && row->group.text == NULL)
        error_at(r->errors, row->alternative.at,
                 "published row: an alternative is one of a 'group'");
}

static void read_row(struct reader *r, const struct node *n, struct published_spec *row)
{
    params_read(r, published_params, n, n->at, "published row", row);
    row->at = n->at;
    if (n->kind != NODE_MAP) return;
    check_subject(r, row);
    check_use(r, row);
    read_decimals(r, n, row);
}

void published_read(struct reader *r, const struct node *n, struct published_specs *p)
{
    if (n->kind != NODE_LIST) {
        error_at(r->errors, n->at, "published must be a list of rows");
        return;
    }
    p->item = arena_alloc(r->memory, (size_t)n->n, sizeof *p->item);
    for (int i = 0; i < n->n; i++) read_row(r, n->item[i], &p->item[p->n++]);
}

void published_echo(struct buffer *out, const struct published_specs *p, int indent)
{
    for (int i = 0; i < p->n; i++) {
        struct buffer row = {0};
        params_echo(&row, published_params, &p->item[i], indent + 2);
        char *text = row.text;
        text[indent] = '-';
        buffer_add(out, text, row.length);
        buffer_free(&row);
    }
}
