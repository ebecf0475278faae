/* components.c - the parts of the illness course: their keys, effects and assumptions.
 * SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "cohort/effects.h"
#include "cohort/marker.h"

#include <math.h>
#include <string.h>

#define FIELD(type_, struct_, field) PARAM_AT(struct_, field), .type = (type_)
#define TERMS_HELP                   "covariate: %s per unit (or {level: value}), from its population mean"

static const struct param mortality_params[] = {
    {FIELD(PARAM_KNOTS, struct mortality, cumulative), .min = 0, .max = 1,
     .flags = PARAM_REQUIRED | PARAM_OPEN_MIN | PARAM_OPEN_MAX, .unit = "day: share",
     .help = "marginal share dead by each day in the control arm; hazard constant in between"},
    {FIELD(PARAM_TERMS, struct mortality, log_hazard),
     .help = "covariate: log hazard ratio per unit (or {level: value})"},
    {0}};

static const struct param support_params[] = {
    {FIELD(PARAM_NUMBER, struct support_course, needed), .fallback = 1, .min = 0, .max = 1,
     .help = "share of the control arm (alive at `start`) ever on it, those until death included"},
    {FIELD(PARAM_TERMS, struct support_course, log_odds),
     .help = "covariate: log odds ratio of needing it, per unit"},
    {FIELD(PARAM_NUMBER, struct support_course, start), .unit = "days", .fallback = 0, .min = 0,
     .max = 365, .help = "when it starts, after randomisation"},
    {FIELD(PARAM_NUMBER, struct support_course, median), .unit = "days", .fallback = NAN, .min = 0,
     .max = 10000, .flags = PARAM_REQUIRED | PARAM_OPEN_MIN,
     .help = "median duration of those who need it, were nobody to die"},
    {FIELD(PARAM_NUMBER, struct support_course, sd_log), .fallback = NAN, .min = 0, .max = 10,
     .flags = PARAM_REQUIRED | PARAM_OPEN_MIN,
     .help = "standard deviation of the log duration, what covariates explain included"},
    {FIELD(PARAM_TERMS, struct support_course, log_time),
     .help = "covariate: log ratio of the duration, per unit"},
    {FIELD(PARAM_NUMBER, struct support_course, until_death), .fallback = 0, .min = 0, .max = 1,
     .help = "probability that a patient who dies by day `within` is on it until death"},
    {FIELD(PARAM_NUMBER, struct support_course, within), .unit = "days", .fallback = 28, .min = 0,
     .max = 3650, .flags = PARAM_OPEN_MIN, .help = "the horizon of until_death"},
    {0}};

#define STAY_ROWS                                                                                  \
    {FIELD(PARAM_NAMES, struct stay_course, after),                                                \
     .help = "supports (or icu_stay) that must have ended before it counts down"},                 \
        {FIELD(PARAM_NUMBER, struct stay_course, median),                                          \
         .unit = "days",                                                                           \
         .fallback = NAN,                                                                          \
         .min = 0,                                                                                 \
         .max = 10000,                                                                             \
         .flags = PARAM_REQUIRED | PARAM_OPEN_MIN,                                                 \
         .help = "median time from then to leaving alive"},                                        \
        {FIELD(PARAM_NUMBER, struct stay_course, sd_log),                                          \
         .fallback = NAN,                                                                          \
         .min = 0,                                                                                 \
         .max = 10,                                                                                \
         .flags = PARAM_REQUIRED | PARAM_OPEN_MIN,                                                 \
         .help = "standard deviation of its logarithm"},                                           \
    {                                                                                              \
        FIELD(PARAM_TERMS, struct stay_course, log_time),                                          \
            .help = "covariate: log ratio of that time, per unit"                                  \
    }
#define STAY_WITHIN                                                                                \
    {                                                                                              \
        FIELD(PARAM_NUMBER, struct stay_course, within), .unit = "days", .fallback = 28, .min = 0, \
                                                         .max = 3650, .flags = PARAM_OPEN_MIN,     \
                                                         .help = "the horizon of those deaths"     \
    }
static const struct param icu_params[] = {
    STAY_ROWS,
    {.name = "until_death",
     .offset = offsetof(struct stay_course, until_death),
     .type = PARAM_NUMBER,
     .fallback = 0,
     .min = 0,
     .max = 1,
     .help = "probability that a patient who dies by day `within` dies in the ICU"},
    STAY_WITHIN,
    {0}};
static const struct param hospital_params[] = {
    STAY_ROWS,
    {.name = "dies_in_hospital",
     .offset = offsetof(struct stay_course, until_death),
     .type = PARAM_NUMBER,
     .fallback = 0.95,
     .min = 0,
     .max = 1,
     .help = "probability that a patient who dies by day `within` dies in hospital"},
    STAY_WITHIN,
    {0}};

static const struct param sofa_params[] = {
    {FIELD(PARAM_KNOTS, struct sofa_course, mean), .min = 0, .max = 24, .unit = "day: points",
     .flags = PARAM_REQUIRED, .help = "mean of the living in the control arm"},
    {FIELD(PARAM_KNOTS, struct sofa_course, sd), .min = 0, .max = 24, .unit = "day: points",
     .flags = PARAM_REQUIRED | PARAM_OPEN_MIN,
     .help = "standard deviation of the living, same days"},
    {FIELD(PARAM_NUMBER, struct sofa_course, correlation), .fallback = 0.8, .min = -1, .max = 1,
     .flags = PARAM_OPEN_MIN | PARAM_OPEN_MAX,
     .help = "of the unexplained part between one day and the next (first-order autoregression)"},
    {FIELD(PARAM_TERMS, struct sofa_course, load),
     .help = "covariate: loading of the standardised score per standard deviation"},
    {FIELD(PARAM_CHOICE, struct sofa_course, measured), .choices = "always|in_icu",
     .help = "in_icu: there is a value only while the patient is in the ICU"},
    {0}};

static const struct param adverse_params[] = {
    {FIELD(PARAM_NUMBER, struct adverse_event_course, probability), .fallback = NAN, .min = 0,
     .max = 1, .flags = PARAM_REQUIRED | PARAM_OPEN_MIN | PARAM_OPEN_MAX,
     .help = "marginal share with the event in the control arm"},
    {FIELD(PARAM_TERMS, struct adverse_event_course, log_odds),
     .help = "covariate: log odds ratio per unit"},
    {0}};

#define OFFSETS(spec, has, at, effect)                                                             \
    .spec_offset = offsetof(struct course_spec, spec),                                             \
    .has_offset = offsetof(struct course_spec, has),                                               \
    .at_offset = offsetof(struct course_spec, at),                                                 \
    .effect_offset = offsetof(struct arm_spec, effect)
#define SUPPORT(name_, which, brief_)                                                              \
    {                                                                                              \
        .name = (name_), .brief = (brief_),                                                        \
        .assumes =                                                                                 \
            "Log-normal time from `start`, stopped by death. With probability until_death a "      \
            "patient who dies by day `within` is on it until death, whether or not it was "        \
            "drawn as needed.",                                                                    \
        .reference = "Triche et al. (2023) on day counts truncated by death",                      \
        .params = support_params, .effects = support_effects,                                      \
        OFFSETS(support[which], has_support[which], support_at[which], support[which])             \
    }

const struct component components[] = {
    {.name = "mortality",
     .brief = "time to death",
     .assumes =
         "Proportional hazards on a cumulative hazard linear between the days of `cumulative`, "
         "solved so that the marginal mortality of the control arm (over covariates, latent ones "
         "included, and centres) equals the table. After the last day the last hazard goes on.",
     .reference = "Bender, Augustin & Blettner (2005) Stat Med 24:1713",
     .params = mortality_params,
     .effects = mortality_effects,
     OFFSETS(mortality, has_mortality, mortality_at, mortality)},
    SUPPORT(NAME_VASOPRESSOR, SUPPORT_VASOPRESSOR, "days on a vasopressor or inotrope"),
    SUPPORT(NAME_HYPERLACTATAEMIA, SUPPORT_HYPERLACTATAEMIA, "days with raised lactate"),
    SUPPORT(NAME_VENTILATION, SUPPORT_VENTILATION, "days on invasive ventilation"),
    SUPPORT(NAME_RENAL_REPLACEMENT, SUPPORT_RENAL_REPLACEMENT, "days on renal replacement"),
    {.name = NAME_ICU_STAY,
     .brief = "days from randomisation to leaving the ICU",
     .assumes =
         "Begins to count down when the supports in `after` have ended, takes a log-normal time, "
         "ends at death, is not cut at the end of follow-up.",
     .reference = "",
     .params = icu_params,
     .effects = stay_effects,
     OFFSETS(stay[STAY_ICU], has_stay[STAY_ICU], stay_at[STAY_ICU], stay[STAY_ICU])},
    {.name = NAME_HOSPITAL_STAY,
     .brief = "days from randomisation to leaving hospital",
     .assumes =
         "As icu_stay. With probability dies_in_hospital a patient who dies by day `within` is in "
         "hospital until then.",
     .reference = "",
     .params = hospital_params,
     .effects = stay_effects,
     OFFSETS(stay[STAY_HOSPITAL], has_stay[STAY_HOSPITAL], stay_at[STAY_HOSPITAL],
             stay[STAY_HOSPITAL])},
    {.name = "sofa",
     .brief = "SOFA score by day",
     .assumes =
         "A normal score, loaded on covariates and correlated over days, rounded and limited to "
         "0-24 (values below 0 are 0: the recovered); its mean and spread are solved so that the "
         "living of the control arm have the tabulated mean and SD. Day 0 is the covariate 'sofa'.",
     .reference = "Vincent et al. (1996) Intensive Care Med 22:707 (the score)",
     .params = sofa_params,
     .effects = sofa_effects,
     OFFSETS(sofa, has_sofa, sofa_at, sofa)},
    {.name = "adverse_event",
     .brief = "a severe adverse event, yes or no",
     .assumes = "Logistic in covariates, its mean solved; independent of death given them.",
     .reference = "",
     .params = adverse_params,
     .effects = adverse_effects,
     OFFSETS(adverse_event, has_adverse, adverse_at, adverse_event)},
    {.name = "markers",
     .brief = "values taken once: process of care, or shifted in those who will die",
     .assumes =
         "Each is independent of the others and of the rest of the course given the covariates it "
         "is loaded on; one loaded on nothing tells nothing of the outcome. death_shift makes a "
         "normal one binormal. What is stated is delivered in the control arm by those who have a "
         "value: alive when it is taken, and with a death_shift alive at day `within`. An arm's "
         "effect is on the patients who receive its treatment: trial.receives dilutes what is "
         "delivered together with every other effect. To see that arms were separated, compare "
         "them by an endpoint of kind marker; a yes_no one is a yes/no endpoint. (A marker that "
         "acts on death is a covariate with a log_hazard.)",
     .reference = "Metz, Herman & Shen (1998) Stat Med 17:1033 (binormal ROC)",
     .params = markers_table,
     .effects = marker_effects_table,
     OFFSETS(markers, markers, at, markers)},
    {0}};

static void *field_at(void *base, size_t offset)
{
    return (char *)base + offset;
}
static const void *const_field_at(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

bool component_is_markers(const struct component *c)
{
    return c->params == markers_table;
}

const struct component *component_named(const char *name, struct reader *r, struct place at,
                                        const char *where)
{
    const char *names[16];
    int n = 0;
    for (const struct component *c = components; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) return c;
        names[n++] = c->name;
    }
    const char *near = text_nearest(name, names, n);
    error_at(r->errors, at, "unknown key '%s' in %s%s", name, where, did_you_mean(near).text);
    return NULL;
}

static void check_sofa_days(struct reader *r, const struct course_spec *c)
{
    const struct knots *mean = &c->sofa.mean, *sd = &c->sofa.sd;
    bool same = mean->n == sd->n;
    for (int k = 0; same && k < mean->n; k++) same = fabs(mean->x[k] - sd->x[k]) < 1e-9;
    if (!same) error_at(r->errors, c->sofa_at, "sofa: mean and sd must be given for the same days");
    for (int k = 0; k < mean->n; k++)
        if (fabs(mean->x[k] - rint(mean->x[k])) > 0 || mean->x[k] < 1 || mean->x[k] > SOFA_DAYS_MAX)
            error_at(r->errors, c->sofa_at,
                     "sofa: days are whole, from 1 (day 0 is the covariate 'sofa') to %d",
                     SOFA_DAYS_MAX);
}

static void check_cumulative(struct reader *r, const struct course_spec *c)
{
    const struct knots *k = &c->mortality.cumulative;
    for (int i = 0; i < k->n; i++) {
        if (!(k->x[i] > 0))
            error_at(r->errors, k->at, "cumulative: day %g must be later than randomisation (0)",
                     k->x[i]);
        if (i > 0 && !(k->y[i] > k->y[i - 1]))
            error_at(r->errors, k->at,
                     "cumulative mortality must rise: %g by day %g after %g by day %g", k->y[i],
                     k->x[i], k->y[i - 1], k->x[i - 1]);
    }
}

void course_read(struct reader *r, const struct node *n, struct course_spec *c)
{
    *c = (struct course_spec){0};
    if (n == NULL) return;
    c->at = n->at;
    if (!read_map(r, n, "course")) return;
    for (int i = 0; i < n->n; i++) {
        const struct component *k = component_named(n->key[i], r, n->key_at[i], "course");
        if (k == NULL) continue;
        if (component_is_markers(k)) {
            markers_read(r, n->item[i], &c->markers);
            continue;
        }
        *(bool *)field_at(c, k->has_offset) = true;
        *(struct place *)field_at(c, k->at_offset) = n->key_at[i];
        params_read(r, k->params, n->item[i], n->key_at[i], k->name, field_at(c, k->spec_offset));
    }
    if (!c->has_mortality) error_at(r->errors, n->at, "'mortality' is missing in course");
    if (c->has_sofa) check_sofa_days(r, c);
    if (c->has_mortality) check_cumulative(r, c);
}

void course_echo(struct buffer *out, const struct course_spec *c, int indent)
{
    for (const struct component *k = components; k->name != NULL; k++) {
        if (component_is_markers(k)) {
            if (c->markers.n == 0) continue;
            buffer_printf(out, "%*smarkers:\n", indent, "");
            markers_echo(out, &c->markers, indent + 2);
        } else if (*(const bool *)const_field_at(c, k->has_offset)) {
            buffer_printf(out, "%*s%s:\n", indent, "", k->name);
            params_echo(out, k->params, const_field_at(c, k->spec_offset), indent + 2);
        }
    }
}

bool course_has(const struct course_spec *c, const struct component *k)
{
    return component_is_markers(k) ? c->markers.n > 0
                                   : *(const bool *)const_field_at(c, k->has_offset);
}
