/* test_data_plan.c - plans for data: one exact message a mistake, what columns become, and that
 * patients printed and read again give the results of the run, to the last bit.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/data_plan.h"
#include "engine/replicate.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Plans are read from files: plan.yaml in a directory of the test's own. */
static char directory[] = "/tmp/test_data_plan.XXXXXX";

static int enter_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    (void)state;
    (void)unlink("plan.yaml");
    (void)unlink("base.yaml");
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

struct fixture {
    struct text_table table;
    struct data_plan plan;
    struct errors errors;
    struct scratch scratch;
    struct result *result;
};

static enum status set_up(struct fixture *f, const char *plan, const char *csv,
                          const struct setting *settings, int n_settings)
{
    *f = (struct fixture){0};
    const size_t length = strlen(csv);
    char *bytes = malloc(length + 1);
    assert_non_null(bytes);
    memcpy(bytes, csv, length + 1);
    assert_int_equal(csv_parse(bytes, length, "d.csv", &f->table, &f->errors), STATUS_OK);
    write_file("plan.yaml", plan);
    const enum status status =
        data_plan_make("plan.yaml", settings, n_settings, &f->table, &f->plan, &f->errors);
    assert_int_equal(status, f->errors.n > 0 ? STATUS_USAGE : STATUS_OK);
    if (status != STATUS_OK) return status;
    f->result = calloc((size_t)f->plan.n_answers, sizeof *f->result);
    assert_non_null(f->result);
    data_plan_run(&f->plan, &f->scratch, f->result);
    return status;
}

static void tear_down(struct fixture *f)
{
    free(f->result);
    scratch_free(&f->scratch);
    data_plan_free(&f->plan);
    text_table_free(&f->table);
    errors_free(&f->errors);
}

static void expect_messages(const char *plan, const char *csv, const char *messages)
{
    struct fixture f;
    struct buffer b = {0};
    (void)set_up(&f, plan, csv, NULL, 0);
    for (int k = 0; k < f.errors.n; k++) buffer_printf(&b, "%s%s", k ? "\n" : "", f.errors.text[k]);
    assert_string_equal(buffer_text(&b), messages);
    buffer_free(&b);
    tear_down(&f);
}

/* --- plans that name columns ------------------------------------------------------------------ */

static const char data[] = "trt,futime,fustat,age,vfd,group,risk,odd\n"
                           "0,10,1,61,12,a,0,1\n"
                           "1,20,0,72,0,b,1,0\n"
                           "0,15,1,55,NA,a,2,x\n"
                           "1,12,1,,28,b,0,1\n"
                           "0,30,0,44,20,c,1,0\n"
                           "1,25,1,67,7,c,NA,1\n";

#define DATA      "data: {arm: trt}\n"
#define ENDPOINTS "endpoints: {death: {time: futime, event: fustat}, days: {value: vfd}}\n"
#define ANALYSES  "analyses: {hr: {method: cox, endpoint: death}}\n"

static const struct {
    const char *plan, *messages;
} mistakes[] = {
    {DATA ENDPOINTS ANALYSES, ""},
    {"", "plan.yaml:1:1: 'analyses' is missing in the plan"},
    {"- x\n", "plan.yaml:1:1: a scenario is a map of sections (population, course, arms, …)"},
    {DATA ENDPOINTS, "plan.yaml:1:1: 'analyses' is missing in the plan"},
    {DATA ENDPOINTS "analyses: {}\n", "plan.yaml:3:11: the plan has no analyses"},
    {DATA ENDPOINTS "analysis: {}\n" ANALYSES,
     "plan.yaml:3:1: unknown key 'analysis' in the plan; did you mean 'analyses'?"},
    {"data: {arms: trt}\n" ENDPOINTS ANALYSES,
     "plan.yaml:1:8: unknown key 'arms' in data; did you mean 'arm'?"},
    {"data: {arm: trtt}\n" ENDPOINTS ANALYSES,
     "plan.yaml:1:13: data: d.csv has no column 'trtt'; did you mean 'trt'?"},
    {"data: {arm: trt, control: 2}\n" ENDPOINTS ANALYSES,
     "plan.yaml:1:27: data: no patient is in arm '2'; there are '0', '1'"},
    {"data: {arm: group, control: B}\n" ENDPOINTS ANALYSES,
     "plan.yaml:1:29: data: no patient is in arm 'B'; there are 'a', 'b', 'c'"},
    {"data: {control: 1}\n" ENDPOINTS ANALYSES, "plan.yaml:1:17: data: 'control' needs 'arm'"},
    {ENDPOINTS ANALYSES, "plan.yaml:2:12: analysis 'hr': cox needs two arms, or a covariate in "
                         "adjust; the study has 0"},
    {ENDPOINTS "analyses: {lr: {method: logrank, endpoint: death}}\n",
     "plan.yaml:2:12: analysis 'lr': logrank compares two arms; the study has 0"},
    {DATA "endpoints: {death: {time: futime, evnt: fustat}}\n" ANALYSES,
     "plan.yaml:2:35: unknown key 'evnt' in endpoint 'death'; did you mean 'event'?"},
    {DATA "endpoints: {28d: {value: vfd}, death: {time: futime, event: fustat}}\n" ANALYSES,
     "plan.yaml:2:13: endpoint '28d': a name is a letter, then letters, digits and _"},
    {DATA "endpoints: {death: {time: futime}}\n" ANALYSES,
     "plan.yaml:2:27: endpoint 'death': 'time' needs 'event' or 'cause'"},
    {DATA "endpoints: {death: {event: fustat}}\n" ANALYSES,
     "plan.yaml:2:28: endpoint 'death': 'event' needs 'time'"},
    {DATA "endpoints: {death: {time: futime, event: fustat, cause: risk}}\n" ANALYSES,
     "plan.yaml:2:57: endpoint 'death': either 'event' or 'cause', not both"},
    {DATA "endpoints: {death: {better: lower}, d: {time: futime, event: fustat}}\n"
          "analyses: {hr: {method: cox, endpoint: d}}\n",
     "plan.yaml:2:13: endpoint 'death': 'value', or 'time' with 'event' or 'cause', is missing"},
    {DATA "endpoints: {death: {time: futime, event: fustatus}}\n" ANALYSES,
     "plan.yaml:2:42: endpoint 'death': d.csv has no column 'fustatus'; did you mean 'fustat'?"},
    {DATA "endpoints: {death: {time: ftime, event: fustat}, days: {value: vdf}}\n" ANALYSES,
     "plan.yaml:2:27: endpoint 'death': d.csv has no column 'ftime'; did you mean 'futime'?\n"
     "plan.yaml:2:64: endpoint 'days': d.csv has no column 'vdf'; did you mean 'vfd'?"},
    {DATA "endpoints: {death: {time: futime, event: fustat, better: low}}\n" ANALYSES,
     "plan.yaml:2:58: better must be one of default, lower, higher, not 'low'"},
    {DATA "endpoints: {death: {time: futime, event: risk}}\n" ANALYSES,
     "plan.yaml:3:40: analysis 'hr': line 4 of d.csv has '2' in column 'risk', where 0 or 1 is "
     "expected"},
    {DATA "endpoints: {death: {time: futime, cause: vfd}}\n" ANALYSES,
     "plan.yaml:3:40: analysis 'hr': line 2 of d.csv has '12' in column 'vfd', where 0, 1 or 2 is "
     "expected"},
    {DATA "endpoints: {death: {time: futime, event: odd}}\n" ANALYSES,
     "plan.yaml:3:40: analysis 'hr': line 4 of d.csv has 'x' in column 'odd', where a number is "
     "expected"},
    {DATA ENDPOINTS "analyses: {rr: {method: relative_risk, endpoint: days}}\n",
     "plan.yaml:3:50: analysis 'rr': line 2 of d.csv has '12' in column 'vfd', where 0 or 1 is "
     "expected"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: days}}\n",
     "plan.yaml:3:40: analysis 'hr': cox needs a time to event, which endpoint 'days' does not "
     "have"},
    {DATA ENDPOINTS "analyses: {md: {method: mean_difference, endpoint: dys}}\n",
     "plan.yaml:3:52: analysis 'md': unknown endpoint 'dys'; did you mean 'days'?"},
    {DATA ENDPOINTS "analyses: {hr: {method: coxph, endpoint: death}}\n",
     "plan.yaml:3:25: analysis 'hr': unknown method 'coxph'; did you mean 'cox'?"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: death, adjust: [agee], strata: grp}}\n",
     "plan.yaml:3:56: analysis 'hr': unknown column 'agee'; did you mean 'age'?\n"
     "plan.yaml:3:71: analysis 'hr': unknown column 'grp'"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: death, adjust: [log(group)]}}\n",
     "plan.yaml:3:56: analysis 'hr': 'group' is categorical, it has no logarithm or root"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: death, where: agge > 5}}\n",
     "plan.yaml:3:54: condition, character 1: there is no column 'agge'; did you mean 'age'?"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: death, where: group == d}}\n",
     "plan.yaml:3:54: condition, character 10: 'group' has no level 'd'; did you mean 'a'?"},
    {DATA ENDPOINTS "analyses: {hr: {method: cox, endpoint: death, contrast: [0, 2]}}\n",
     "plan.yaml:3:61: analysis 'hr': unknown arm '2'; did you mean '0'?"},
    {DATA "analyses: {hr: {method: cox, endpoint: futime}}\n",
     "plan.yaml:2:40: analysis 'hr': cox needs a time to event, which endpoint 'futime' does not "
     "have"},
    {DATA "analyses: {md: {method: mean_difference, endpoint: group}}\n",
     "plan.yaml:2:52: analysis 'md': line 2 of d.csv has 'a' in column 'group', where a number is "
     "expected"},
    {DATA "endpoints: {days: {value: vfd, range: [28, 0]}}\n"
          "analyses: {md: {method: mean_difference, endpoint: days}}\n",
     "plan.yaml:2:13: endpoint 'days': range must be [lowest, highest]"},
    {DATA "endpoints: {days: {value: vfd, eligible: od}}\n"
          "analyses: {md: {method: mean_difference, endpoint: days}}\n",
     "plan.yaml:2:42: endpoint 'days': d.csv has no column 'od'; did you mean 'odd'?"},
    {DATA "endpoints: {days: {value: vfd, eligible: risk, range: [0, 28]}}\n"
          "analyses: {md: {method: mean_difference, endpoint: days, missing: worst}}\n",
     "plan.yaml:3:52: analysis 'md': line 4 of d.csv has '2' in column 'risk', where 0 or 1 is "
     "expected"},
    {DATA ENDPOINTS "analyses: {md: {method: mean_difference, endpoint: days, missing: best}}\n",
     "plan.yaml:3:12: analysis 'md': missing: an endpoint without a lowest and a highest value has "
     "no worst and best; a plan states them as range: [lowest, highest]"},
    {DATA ENDPOINTS "analyses: {md: {method: mean_difference, endpoint: days, missing: single, "
                    "impute_with: [age, odd, ag]}}\n",
     "plan.yaml:3:99: analysis 'md': unknown column 'ag'; did you mean 'age'?"},
    {"data: trt\n" ENDPOINTS ANALYSES, "plan.yaml:1:7: data must be a map of keys, not 'trt'"},
};

static void each_mistake_has_its_message(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(mistakes); k++)
        expect_messages(mistakes[k].plan, data, mistakes[k].messages);
}

static void too_many_arms_are_no_arms(void **state)
{
    (void)state;
    struct buffer b = {0};
    buffer_puts(&b, "id,y\n");
    for (int i = 0; i < 101; i++) buffer_printf(&b, "p%d,%d\n", i, i);
    expect_messages("data: {arm: id}\nanalyses: {md: {method: mean_difference, endpoint: y}}\n",
                    b.text,
                    "plan.yaml:1:13: data: column 'id' of d.csv has 101 different texts: too "
                    "many for arms");
    buffer_free(&b);
}

/* Means by hand: vfd is 12, 20 in arm 0 and 0, 28, 7 in arm 1; age by arm 61, 55, 44 and 72, 67. */
static void arms_are_texts_and_the_control_comes_first(void **state)
{
    (void)state;
    static const struct {
        const char *plan;
        double estimate;
        int n;
        enum undefined why;
    } rows[] = {
        {DATA, 35. / 3 - 16, 5, UNDEFINED_NO},
        {"data: {arm: trt, control: \"0\"}\n", 35. / 3 - 16, 5, UNDEFINED_NO},
        {"data: {arm: trt, control: 1}\n", 16 - 35. / 3, 5, UNDEFINED_NO},
        {"data: {arm: group}\n", 14 - 12, 3, UNDEFINED_TOO_FEW}, /* a: 12; b: 0, 28 */
    };
    for (size_t k = 0; k < COUNT(rows); k++) {
        struct fixture f;
        char plan[300];
        (void)snprintf(plan, sizeof plan,
                       "%s" ENDPOINTS "analyses: {md: {method: mean_difference, endpoint: days}}\n",
                       rows[k].plan);
        assert_int_equal(set_up(&f, plan, data, NULL, 0), STATUS_OK);
        assert_int_equal(f.result[0].why, rows[k].why);
        assert_int_equal(f.result[0].n, rows[k].n);
        if (rows[k].why == UNDEFINED_NO)
            assert_true(fabs(f.result[0].estimate - rows[k].estimate) < 1e-12);
        tear_down(&f);
    }
}

/* c against a: 20, 7 against 12 alone, and the contrast the other way round has the other sign. */
static void contrasts_pick_among_many_arms(void **state)
{
    (void)state;
    struct fixture f;
    static const char plan[] =
        "data: {arm: group, control: c}\n" ENDPOINTS "analyses:\n"
        "  cb: {method: mean_difference, endpoint: days, contrast: [c, b]}\n"
        "  bc: {method: mean_difference, endpoint: days, contrast: [b, c]}\n";
    assert_int_equal(set_up(&f, plan, data, NULL, 0), STATUS_OK);
    assert_string_equal(f.plan.arm[0], "c");
    assert_string_equal(f.plan.arm[1], "a");
    assert_string_equal(f.plan.arm[2], "b");
    assert_true(fabs(f.result[0].estimate - 0.5) < 1e-12); /* b: 0, 28; c: 20, 7 */
    assert_true(fabs(f.result[1].estimate + 0.5) < 1e-12);
    tear_down(&f);
}

static void data_without_an_answer_are_no_failure(void **state)
{
    (void)state;
    static const struct {
        const char *csv;
        int n;
        enum undefined why;
    } rows[] = {
        {"trt,y\n", 0, UNDEFINED_NO_PATIENTS},
        {"trt,y\n0,NA\n1,NA\n", 0, UNDEFINED_NO_PATIENTS},
        {"trt,y\nNA,1\nNA,2\n", 0, UNDEFINED_NO_PATIENTS},
        {"trt,y\n0,1\n0,2\n", 2, UNDEFINED_EMPTY_ARM},
        {"trt,y\n1,1\n1,2\n", 2, UNDEFINED_EMPTY_ARM},
        {"trt,y\n0,1\n0,2\n1,NA\n", 2, UNDEFINED_EMPTY_ARM},
        {"trt,y\n0,1\n0,2\n1,3\n1,5\n,9\n", 4, UNDEFINED_NO},
    };
    static const char *const control[] = {"", ", control: 0"};
    for (size_t k = 0; k < 2 * COUNT(rows); k++) {
        struct fixture f;
        char plan[300];
        (void)snprintf(plan, sizeof plan,
                       "data: {arm: trt%s}\n"
                       "analyses: {md: {method: mean_difference, endpoint: y}}\n",
                       control[k % 2]);
        assert_int_equal(set_up(&f, plan, rows[k / 2].csv, NULL, 0), STATUS_OK);
        assert_int_equal(f.result[0].why, rows[k / 2].why);
        assert_int_equal(f.result[0].n, rows[k / 2].n);
        assert_true(isnan(f.result[0].estimate) == (rows[k / 2].why != UNDEFINED_NO));
        tear_down(&f);
    }
}

static int find_endpoint(const struct data_plan *p, const char *name)
{
    for (int k = 0; k < p->n_endpoints; k++)
        if (strcmp(p->endpoint[k].name, name) == 0) return k;
    return -1;
}

/* vfd by hand: 12, ?, 20 in arm 0 and 0, 28, 7 in arm 1, 28 best; who is eligible by a column. */
static void missing_outcomes_are_filled_in(void **state)
{
    (void)state;
    struct fixture f;
    static const char analyses[] =
        "analyses:\n"
        "  worst: {method: mean_difference, endpoint: days, missing: worst}\n"
        "  best: {method: mean_difference, endpoint: days, missing: best}\n"
        "  single: {method: mean_difference, endpoint: days, missing: single}\n"
        "  many: {method: mean_difference, endpoint: days, missing: multiple}\n";
    static const double expected[] = {35 / 3.0 - 32 / 3.0, 35 / 3.0 - 60 / 3.0, 35 / 3.0 - 16};
    char plan[1024];
    (void)snprintf(plan, sizeof plan,
                   DATA "endpoints: {days: {value: vfd, range: [0, 28], better: higher}}\n%s",
                   analyses);
    assert_int_equal(set_up(&f, plan, data, NULL, 0), STATUS_OK);
    assert_int_equal(f.plan.n_answers, 3 + 5);
    for (int k = 0; k < 3; k++) assert_true(fabs(f.result[k].estimate - expected[k]) < 1e-12);
    for (int k = 0; k < 8; k++) assert_int_equal(f.result[k].n, 6);
    assert_true(f.result[3 + 3].estimate > 0); /* between imputations */
    tear_down(&f);
    (void)snprintf(plan, sizeof plan,
                   DATA "endpoints: {days: {value: vfd, range: [0, 28], better: higher, eligible: "
                        "alive}}\n%s",
                   analyses);
    static const char alive[] = "trt,vfd,alive\n0,12,1\n1,0,1\n0,NA,0\n1,28,1\n0,20,1\n1,7,1\n";
    assert_int_equal(set_up(&f, plan, alive, NULL, 0), STATUS_OK);
    for (int k = 0; k < 4; k++) assert_true(fabs(f.result[k].estimate - (35 / 3.0 - 16)) < 1e-12);
    for (int k = 0; k < 8; k++) assert_int_equal(f.result[k].n, 5);
    tear_down(&f);
    /* columns named as `patients` names them */
    static const char named[] =
        "arm,days,days_eligible\na,12,1\nb,0,1\na,,0\nb,28,1\na,20,1\nb,7,1\n";
    assert_int_equal(
        set_up(&f, "analyses: {one: {method: mean_difference, endpoint: days, missing: single}}\n",
               named, NULL, 0),
        STATUS_OK);
    assert_int_equal(f.result[0].n, 5);
    tear_down(&f);
}

/* Where an event is good, shorter survival without it is benefit. */
static void survival_has_the_direction_of_its_event(void **state)
{
    (void)state;
    struct fixture f;
    static const char *const endpoint[] = {
        "time: futime, event: fustat", "time: futime, event: fustat, better: higher",
        "time: futime, cause: fustat", "time: futime, cause: fustat, better: lower"};
    for (int k = 0; k < 4; k++) {
        char plan[512];
        const int harm = k == 0 || k == 3 ? -1 : 1;
        (void)snprintf(plan, sizeof plan,
                       DATA "endpoints: {e: {%s}}\nanalyses:\n"
                            "  a: {method: rmst, endpoint: e}\n"
                            "  b: {method: kaplan_meier, endpoint: e}\n"
                            "  c: {method: cox, endpoint: e}\n"
                            "  d: {method: competing_risks, endpoint: e}\n",
                       endpoint[k]);
        assert_int_equal(set_up(&f, plan, data, NULL, 0), STATUS_OK);
        assert_int_equal(f.plan.analysis[0].inference.benefit, -harm);
        assert_int_equal(f.plan.analysis[1].inference.benefit, -harm);
        assert_int_equal(f.plan.analysis[2].inference.benefit, harm);
        assert_int_equal(f.plan.analysis[3].inference.benefit, harm);
        tear_down(&f);
    }
}

static void endpoints_are_deduced_from_names(void **state)
{
    (void)state;
    struct fixture f;
    static const char csv[] =
        "patient,arm,death,death_time,death_event,off_time,off_cause,lone_time,days\n"
        "1,b,1,3,1,3,2,1,0\n2,a,0,28,0,7,1,2,21\n3,b,0,28,0,9,1,3,19\n"
        "4,a,1,12,1,28,0,4,0\n";
    static const char plan[] = "analyses: {days: {method: mean_difference, endpoint: days}}\n";
    assert_int_equal(set_up(&f, plan, csv, NULL, 0), STATUS_OK);
    const struct data_plan *p = &f.plan;
    assert_int_equal(p->n_arms, 2);
    assert_string_equal(p->arm[0], "a");
    const struct endpoint_columns *death = &p->endpoint[find_endpoint(p, "death")];
    assert_int_equal(death->value, 2);
    assert_int_equal(death->time, 3);
    assert_int_equal(death->event, 4);
    assert_false(death->event_is_cause);
    assert_int_equal(death->better, -1);
    const struct endpoint_columns *off = &p->endpoint[find_endpoint(p, "off")];
    assert_int_equal(off->value, -1);
    assert_int_equal(off->time, 5);
    assert_int_equal(off->event, 6);
    assert_true(off->event_is_cause);
    assert_int_equal(off->better, 1);
    assert_int_equal(find_endpoint(p, "lone"), -1);
    assert_int_equal(p->endpoint[find_endpoint(p, "lone_time")].value, 7);
    assert_true(fabs(f.result[0].estimate - (9.5 - 10.5)) < 1e-12); /* b: 0, 19; a: 21, 0 */
    tear_down(&f);
}

/* A benefit that lies the other way turns a one-sided p into its complement. */
static void better_decides_one_sided_tests(void **state)
{
    (void)state;
    double p[3];
    static const char *const better[] = {"", ", better: lower", ", better: higher"};
    for (int k = 0; k < 3; k++) {
        struct fixture f;
        char plan[300];
        (void)snprintf(plan, sizeof plan,
                       DATA "endpoints: {days: {value: vfd%s}}\n"
                            "analyses: {md: {method: mean_difference, endpoint: days, sides: 1}}\n",
                       better[k]);
        assert_int_equal(set_up(&f, plan, data, NULL, 0), STATUS_OK);
        p[k] = f.result[0].p_value;
        tear_down(&f);
    }
    assert_true(fabs(p[0] - p[1]) < 1e-15);
    assert_true(fabs(p[0] + p[2] - 1) < 1e-14);
    assert_true(p[1] < 0.5); /* arm 1 has fewer days */
}

/* --- scenarios -------------------------------------------------------------------------------- */

static const char scenario[] =
    "simulation: {seed: 5, replicates: 10}\n"
    "population:\n"
    "  centres: {number: 12, log_hazard_sd: 0.3, size_shape: 2}\n"
    "  covariates:\n"
    "    age: {distribution: normal, mean: 63, sd: 16, within: [18, 100]}\n"
    "    lactate: {distribution: lognormal, median: 3.9, sd_log: 0.55, within: [2, 25]}\n"
    "    grade: {distribution: categorical, levels: {2: 0.5, 10: 0.3, 1: 0.2}}\n"
    "    source: {distribution: categorical, levels: {lung: 0.5, other: 0.49, never: 0.01}}\n"
    "    male: {distribution: binary, probability: 0.4}\n"
    "    severity: {distribution: normal, mean: 0, sd: 1, latent: true}\n"
    "course:\n"
    "  mortality: {cumulative: {28: 0.43, 90: 0.47}, log_hazard: {lactate: 0.06, severity: 0.4}}\n"
    "  ventilation: {needed: 0.76, median: 6, sd_log: 1.0, until_death: 0.8}\n"
    "arms: {usual: {}, early: {effects: {mortality: {hazard_ratio: 0.75}}}, late: {}}\n"
    "trial:\n"
    "  {patients: 150, allocation: [1, 1, 1], follow_up: 90, recruitment: {per_centre_month: 1},\n"
    "   lost: {probability: 0.1, by: 90}, excluded: {usual: 0.05, early: 0.05, late: 0.05}}\n"
    "endpoints:\n"
    "  death: {kind: death, by: 28}\n"
    "  free: {kind: days_free, of: [ventilation], within: 28, unit: hour, observed: {probability: "
    "0.8}}\n"
    "  off: {kind: time_to, of: ventilation, by: 28}\n"
    "analyses:\n"
    "  primary: {method: cox, endpoint: death, adjust: [age, log(lactate), grade, source, male], "
    "sides: 1}\n"
    "  strata: {method: logrank, endpoint: death, strata: [centre, grade]}\n"
    "  off: {method: cox, endpoint: off, contrast: [early, late]}\n"
    "  risk: {method: relative_risk, endpoint: death, where: 'grade == 10 or age < 50'}\n"
    "  free: {method: median_difference, endpoint: free, sides: 1}\n"
    "  odds: {method: logistic, endpoint: death, adjust: [grade], contrast: [usual, late]}\n"
    "  roc: {method: roc, endpoint: death, marker: lactate}\n"
    "  where: {method: mean_difference, endpoint: free, where: 'centre == c03 or centre == c11'}\n";

/* As `shocksim patients` does. */
static void print_patients(struct buffer *out, const struct point *point, const struct dataset *d)
{
    buffer_puts(out, "arm");
    for (int k = 0; k < d->schema->n; k++) buffer_printf(out, ",%s", d->schema->column[k].name);
    for (int i = 0; i < d->n; i++) {
        buffer_printf(out, "\n%s", point->scenario.arms.arm[(int)d->arm[i]].name);
        for (int k = 0; k < d->schema->n; k++) {
            const struct column *c = &d->schema->column[k];
            const double x = d->value[k][i];
            if (isnan(x))
                buffer_puts(out, ",");
            else if (c->kind == COLUMN_CATEGORY)
                buffer_printf(out, ",%s", c->levels[(int)x]);
            else
                buffer_printf(out, ",%.17g", x);
        }
    }
    buffer_puts(out, "\n");
}

static void printed_patients_give_the_results_of_the_run(void **state)
{
    (void)state;
    struct plan plan;
    struct errors e = {0};
    struct scratch w = {0};
    struct patients p;
    struct course c;
    int answered = 0;
    write_file("plan.yaml", scenario);
    assert_int_equal(plan_make("plan.yaml", NULL, 0, &plan, &e), STATUS_OK);
    struct result *ran = calloc((size_t)plan.n_answers, sizeof *ran);
    assert_non_null(ran);
    for (uint64_t r = 0; r < 20; r++) {
        struct fixture f;
        struct buffer csv = {0};
        replicate_run(&plan, &plan.point[0], r, &w, ran);
        scratch_reset(&w);
        const struct dataset d = replicate_dataset(&plan.point[0], r, false, &w, &p, &c);
        print_patients(&csv, &plan.point[0], &d);
        assert_int_equal(set_up(&f, scenario, csv.text, NULL, 0), STATUS_OK);
        assert_int_equal(f.plan.n_answers, plan.n_answers);
        for (int k = 0; k < plan.n_answers; k++) {
            const struct result *a = &ran[k], *b = &f.result[k];
            const double x[] = {a->estimate, a->se,        a->ci_low,
                                a->ci_high,  a->statistic, a->p_value};
            const double y[] = {b->estimate, b->se,        b->ci_low,
                                b->ci_high,  b->statistic, b->p_value};
            for (int j = 0; j < 6; j++)
                assert_true(isnan(x[j]) ? isnan(y[j]) : memcmp(&x[j], &y[j], sizeof x[j]) == 0);
            assert_int_equal(a->n, b->n);
            assert_int_equal(a->events, b->events);
            assert_int_equal(a->why, b->why);
            answered += a->why == UNDEFINED_NO;
        }
        tear_down(&f);
        buffer_free(&csv);
    }
    assert_true(answered > 15 * plan.n_answers); /* of 20 replicates: numbers are compared */
    free(ran);
    scratch_free(&w);
    plan_free(&plan);
}

static const char few[] =
    "arm,age,lactate,grade,source,male,centre,death,death_time,death_event,free,off_time,"
    "off_cause\n"
    "usual,61,3,2,lung,1,Lyon,1,5,1,0,5,2\n"
    "early,63,4,10,other,0,Bern,0,28,0,20,8,1\n";

/* few with one text in place of another */
static const char *changed(struct arena *memory, const char *from, const char *to)
{
    const char *at = strstr(few, from);
    assert_non_null(at);
    return arena_printf(memory, "%.*s%s%s", (int)(at - few), few, to, at + strlen(from));
}

static void scenarios_say_what_the_data_lack(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } rows[] = {
        {"Lyon", "Lyon", ""},
        {"arm", "group", "plan.yaml:14:8: arms: d.csv has no column 'arm'"},
        {"early", "earl",
         "plan.yaml:14:8: arms: line 3 of d.csv has 'earl' in column 'arm', where an arm "
         "of the scenario is expected"},
        {"age", "agee",
         "plan.yaml:23:52: analysis 'primary': d.csv has no column 'age'; did you mean "
         "'agee'?\n"
         "plan.yaml:26:57: analysis 'risk': d.csv has no column 'age'; did you mean 'agee'?"},
        {",61,", ",old,",
         "plan.yaml:23:52: analysis 'primary': line 2 of d.csv has 'old' in column 'age', "
         "where a number is expected\n"
         "plan.yaml:26:57: analysis 'risk': line 2 of d.csv has 'old' in column 'age', "
         "where a number is expected"},
        {"lung", "Lung",
         "plan.yaml:23:78: analysis 'primary': line 2 of d.csv has 'Lung' in column "
         "'source', where one of lung, never, other is expected"},
        {"death_time", "time_death",
         "plan.yaml:23:36: analysis 'primary': d.csv has no column 'death_time'\n"
         "plan.yaml:24:39: analysis 'strata': d.csv has no column 'death_time'"},
        {"28,0,20", "28,3,20",
         "plan.yaml:23:36: analysis 'primary': line 3 of d.csv has '3' in column "
         "'death_event', where 0 or 1 is expected\n"
         "plan.yaml:24:39: analysis 'strata': line 3 of d.csv has '3' in column "
         "'death_event', where 0 or 1 is expected"},
        {"centre,", "center,",
         "plan.yaml:24:55: analysis 'strata': d.csv has no column 'centre'; did you "
         "mean 'center'?\n"
         "plan.yaml:30:59: analysis 'where': d.csv has no column 'centre'; did you "
         "mean 'center'?"},
    };
    struct arena memory = {0};
    for (size_t k = 0; k < COUNT(rows); k++)
        expect_messages(scenario, changed(&memory, rows[k].from, rows[k].to), rows[k].message);
    arena_free(&memory);
}

/* A column that no analysis reads may be absent or hold anything; a file may extend a scenario. */
static void scenarios_need_only_what_they_read(void **state)
{
    (void)state;
    struct fixture f;
    struct arena memory = {0};
    const char *analyses = strstr(scenario, "analyses:");
    write_file("base.yaml", arena_copy(&memory, scenario, (size_t)(analyses - scenario)));
    assert_int_equal(
        set_up(&f,
               "extends: base.yaml\n"
               "analyses: {free: {method: mean_difference, endpoint: free, where: 'centre "
               "== Bern'}}\n",
               "arm,free,age,centre\nusual,3,old,Bern\nearly,5,x,Bern\nearly,7,,Bern\n"
               "usual,2,,Bern\nusual,9,,c01\nlate,1,y,Lyon\n",
               NULL, 0),
        STATUS_OK);
    assert_int_equal(f.result[0].n, 4);
    assert_true(fabs(f.result[0].estimate - 3.5) < 1e-12); /* 5, 7 and 3, 2 */
    tear_down(&f);
    arena_free(&memory);
}

/* The first of a sweep's points holds, unless a setting names the path. */
static void settings_win_over_sweeps(void **state)
{
    (void)state;
    static const struct setting set = {"analyses.free.alpha", "0.3"};
    struct buffer b = {0};
    buffer_printf(&b, "%ssweep: {analyses.free.alpha: [0.1, 0.2], trial.patients: [100, 200]}\n",
                  scenario);
    for (int k = 0; k < 2; k++) {
        struct fixture f;
        assert_int_equal(set_up(&f, b.text, few, &set, k), STATUS_OK);
        assert_true(fabs(f.plan.analysis[4].inference.alpha - (k ? 0.3 : 0.1)) < 1e-15);
        tear_down(&f);
    }
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_message),
        cmocka_unit_test(too_many_arms_are_no_arms),
        cmocka_unit_test(arms_are_texts_and_the_control_comes_first),
        cmocka_unit_test(contrasts_pick_among_many_arms),
        cmocka_unit_test(data_without_an_answer_are_no_failure),
        cmocka_unit_test(missing_outcomes_are_filled_in),
        cmocka_unit_test(survival_has_the_direction_of_its_event),
        cmocka_unit_test(endpoints_are_deduced_from_names),
        cmocka_unit_test(better_decides_one_sided_tests),
        cmocka_unit_test(printed_patients_give_the_results_of_the_run),
        cmocka_unit_test(scenarios_say_what_the_data_lack),
        cmocka_unit_test(scenarios_need_only_what_they_read),
        cmocka_unit_test(settings_win_over_sweeps),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
