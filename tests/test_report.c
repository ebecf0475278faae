/* test_report.c - reports: exact text, and CSV and JSON as Python's readers see them.
 * SPDX-License-Identifier: MIT */
#include "example_study.h"
#include "io/file.h"
#include "io/report.h"
#include "io/report_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct study summarised(int64_t replicates)
{
    struct study s = example_study(replicates);
    const struct result_source rows = example_rows();
    struct errors e = {0};
    assert_int_equal(study_summarise(&s, &rows, NULL, &e), STATUS_OK);
    return s;
}

static void rounding_with_its_error(void **state)
{
    (void)state;
    const struct {
        double value, error;
        const char *text;
    } want[] = {
        {0.45872, 0.00498, "0.459 ± 0.005"},
        {0.45872, 0.00144, "0.4587 ± 0.0014"},
        {-0.0001, 0.031, "-0.00 ± 0.03"},
        {1234.56, 12.3, "1235 ± 12"},
        {0.0021, 0.000996, "0.0021 ± 0.0010"},
        {1, 0, "1"},
        {0.783215, NAN, "0.7832"},
        {NAN, NAN, "-"},
        {21.97, 0.25, "22.0 ± 0.2"},
        {0.5, 0.097, "0.50 ± 0.10"},
    };
    struct arena memory = {0};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_string_equal(rounded(&memory, want[i].value, want[i].error), want[i].text);
    arena_free(&memory);
}

static struct measure share(const char *name, int answer, double value, double mcse)
{
    return (struct measure){.answer = answer,
                            .name = name,
                            .value = value,
                            .mcse = mcse,
                            .low = value - 1.96 * mcse,
                            .high = value + 1.96 * mcse,
                            .n = 10000};
}

/* One point: analyses are rows; undefined is shown because one has some. */
static void text_of_one_point(void **state)
{
    (void)state;
    static struct measure measure[] = {{0}, {0}, {0}, {0}, {0}, {0}};
    measure[0] = share("power", 0, 0.4587, 0.00498);
    measure[1] = share("reject", 0, 0.4590, 0.00498);
    measure[2] = share("undefined", 0, 0, 0);
    measure[3] = share("estimate_mean", 0, 0.7712, 0.0014);
    measure[4] = share("undefined", 2, 0.0312, 0.0017);
    measure[5] = share("estimate_mean", 2, 0.9, 0.01);
    struct study s = example_study(10000);
    struct buffer out = {0};
    s.n_points = 1;
    s.n_paths = 0;
    s.n_published = 1;
    s.measure = measure;
    s.n_measures = 6;
    report_write(&out, &s, REPORT_TEXT);
    assert_string_equal(
        buffer_text(&out),
        "example <study> | \"quoted\": 10000 simulated trials, seed 18446744073709551557\n"
        "\n"
        "analysis         method          power         reject         estimate        undefined\n"
        "primary          cox     0.459 ± 0.005  0.459 ± 0.005  0.7712 ± 0.0014                0\n"
        "roc.sensitivity  roc                 -              -    0.900 ± 0.010  0.0312 ± 0.0017\n"
        "\n"
        "Published beside simulated\n"
        "fact  of                     arm      statistic  use        published  simulated  95 % of "
        "trials  percentile     z  remark\n"
        "-     death_28d [sofa < 10]  treated  percent    calibrate       34.9      35.10  28.50 "
        "to "
        "41.75        47.5  -0.1  far off; given deaths: chi-squared 4.5, 90.0 %\n"
        "\n"
        "power           share of trials that show benefit: p <= alpha, estimate on the side of "
        "benefit\n"
        "reject          share of trials with p <= alpha, either way if two-sided; without an "
        "effect, the type I "
        "error\n"
        "estimate        mean of the estimates (geometric for ratios)\n"
        "undefined       share of trials in which the analysis has no answer; they count as not "
        "rejecting\n"
        "±               Monte Carlo standard error\n"
        "days            one-sided test at 0.025\n"
        "95 % of trials  the range in which 95 % of single simulated trials lie\n"
        "percentile      share of simulated trials, rounded as printed, that lie below the "
        "published number, half of the equal ones included\n"
        "z               published minus simulated mean over the standard deviation of trials\n"
        "given deaths    mean and SD together, in trials with as many deaths in the arm: share of "
        "trials that lie nearer\n"
        "far off         the simulated mean differs by more than half of the printed number, or of "
        "the interval printed with an effect, however wide the range\n"
        "verdict         fits: 1 of 1 facts within 2.5-97.5 % (at least 90 % must be); outside "
        "0.1-99.9 %: 0 of 1 calibrated (none may be) and 0 of 0 predicted (one may be); 1 with a "
        "mean far off\n");
    buffer_free(&out);
}

/* Several points: a table an analysis, a row a point; looks have a column where there are several.
 */
static void text_of_a_sweep(void **state)
{
    (void)state;
    static struct measure measure[4];
    measure[0] = share("power", 0, 0.5, 0.01);
    measure[1] = share("power", 0, 0.6, 0.01);
    measure[1].look = 1;
    measure[2] = share("power", 0, 0.7, 0.01);
    measure[2].point = 2;
    measure[3] = share("power", 1, 0.8, 0.01);
    struct study s = example_study(100);
    struct buffer out = {0};
    s.n_published = 0;
    s.n_answers = 2;
    s.measure = measure;
    s.n_measures = 4;
    report_write(&out, &s, REPORT_TEXT);
    const char *tables = "primary (cox)\n"
                         "point  hazard_ratio  design  look          power\n"
                         "1      0.75          fixed   1     0.500 ± 0.010\n"
                         "1      0.75          fixed   2     0.600 ± 0.010\n"
                         "3      1             späť    1     0.700 ± 0.010\n"
                         "\n"
                         "days (mean_difference)\n"
                         "point  hazard_ratio  design  look          power\n"
                         "1      0.75          fixed   1     0.800 ± 0.010\n";
    if (strstr(buffer_text(&out), tables) == NULL) fail_msg("%s", buffer_text(&out));
    assert_non_null(strstr(buffer_text(&out), "100 simulated trials at each of 3 points"));
    assert_non_null(
        strstr(buffer_text(&out), "\nhazard_ratio  arms.treated.effects.mortality.hazard_ratio\n"));
    assert_non_null(strstr(buffer_text(&out), "\npoint 3       shares covariates, not arms"));
    buffer_free(&out);
}

static void exact_csv(void **state)
{
    (void)state;
    static struct measure measure[2];
    measure[0] = share("power", 0, 0.1, 0.25);
    measure[0].point = 1;
    measure[1] = (struct measure){.point = 2,
                                  .answer = 2,
                                  .name = "type_s",
                                  .value = NAN,
                                  .mcse = NAN,
                                  .low = NAN,
                                  .high = NAN,
                                  .n = 0};
    struct study s = example_study(100);
    struct buffer out = {0};
    s.measure = measure;
    s.n_measures = 2;
    report_write(&out, &s, REPORT_CSV);
    assert_string_equal(
        buffer_text(&out),
        "point,arms.treated.effects.mortality.hazard_ratio,trial.design,"
        "look,analysis,measure,value,mcse,low,high,n,scale\n"
        "2,0.9,\"event, \"\"driven\"\"\",1,primary,power,0.1,0.25,-0.39,0.59,10000,log\n"
        "3,1,späť,1,roc.sensitivity,type_s,,,,,0,identity\n");
    buffer_free(&out);
}

/* Every pair in the table of its own; in the report, the first analysis with the others, by power
 * and, where there is none, by reject. */
static void agreement_of_analyses(void **state)
{
    (void)state;
    static struct agreement pair[] = {
        {0, 0, 1, "power", 0.3, 0.1, 0.05, 0.55, 0.05, 0.01, 0.0304, 0.0696, 1000},
        {0, 0, 1, "reject", 0.4, 0.1, 0.1, 0.4, 0, 0.014, -0.02744, 0.02744, 1000},
        {0, 0, 2, "reject", 0.25, 0.25, 0, 0.5, 0.25, 0.0137, 0.2231, 0.2769, 1000},
        {2, 1, 2, "reject", 0, 0, 0, 1, 0, 0, 0, 0, 1000},
    };
    struct study s = example_study(1000);
    struct buffer out = {0};
    s.agreement = pair;
    s.n_agreements = 4;
    report_write_agreement(&out, &s, REPORT_CSV);
    assert_string_equal(
        buffer_text(&out),
        "point,arms.treated.effects.mortality.hazard_ratio,trial.design,measure,analysis_a,"
        "analysis_b,both,only_a,only_b,neither,difference,mcse,low,high,n\n"
        "1,0.75,fixed,power,primary,days,0.3,0.1,0.05,0.55,0.05,0.01,0.0304,0.0696,1000\n"
        "1,0.75,fixed,reject,primary,days,0.4,0.1,0.1,0.4,0,0.014,-0.02744,0.02744,1000\n"
        "1,0.75,fixed,reject,primary,roc.sensitivity,0.25,0.25,0,0.5,0.25,0.0137,0.2231,0.2769,"
        "1000\n"
        "3,1,späť,reject,days,roc.sensitivity,0,0,0,1,0,0,0,0,1000\n");
    buffer_free(&out);
    static const char first[] =
        "Agreement of analyses at point 1: hazard_ratio 0.75, design fixed\n"
        "A        B                measure           both         only A         only B          A "
        "- B\n"
        "primary  days             power    0.300 ± 0.014  0.100 ± 0.009  0.050 ± 0.007  0.050 ± "
        "0.010\n"
        "primary  roc.sensitivity  reject   0.250 ± 0.014  0.250 ± 0.014              0  0.250 ± "
        "0.014\n\n";
    report_write(&out, &s, REPORT_TEXT);
    if (strstr(buffer_text(&out), first) == NULL) fail_msg("%s", buffer_text(&out));
    assert_null(strstr(buffer_text(&out), "Agreement of analyses at point 3"));
    buffer_free(&out);
    report_write_agreement(&out, &s, REPORT_TEXT);
    if (strstr(buffer_text(&out), first) == NULL) fail_msg("%s", buffer_text(&out));
    assert_non_null(strstr(buffer_text(&out), "Agreement of analyses at point 3: "));
    buffer_free(&out);
}

/* Reads the CSV and the JSON with Python's own readers; they must say the same, number by number.
 */
static const char python[] =
    "import csv, json, math, sys\n"
    "rows = list(csv.DictReader(open(sys.argv[1], newline='')))\n"
    "pairs = list(csv.DictReader(open(sys.argv[4], newline='')))\n"
    "data = json.load(open(sys.argv[2]), parse_constant=lambda x: sys.exit('not JSON: ' + x))\n"
    "same = data['operating_characteristics']\n"
    "assert len(rows) == len(same) == int(sys.argv[3]), (len(rows), len(same))\n"
    "assert data['seed'] == 18446744073709551557\n"
    "assert data['name'] == 'example <study> | \"quoted\"'\n"
    "assert [p['trial.design'] for p in data['points']] == ['fixed', 'event, \"driven\"', 'späť']\n"
    "assert data['analyses'][2]['null'] is None and data['analyses'][0]['alpha'] == 0.05\n"
    "assert data['published'][1]['arm'] is None and data['published'][1]['simulated'] is None\n"
    "assert len(pairs) == len(data['agreement']) > 0\n"
    "for a, b in zip(rows + pairs, same + data['agreement']):\n"
    "    assert list(a) == list(b), (list(a), list(b))\n"
    "    for k in a:\n"
    "        x, y = a[k], b[k]\n"
    "        if y is None: assert x == '', (k, x)\n"
    "        elif isinstance(y, str): assert x == y, (x, y)\n"
    "        else: assert float(x) == y, (k, x, y)\n";

static void python_reads_csv_and_json(void **state)
{
    (void)state;
    struct study s = summarised(500);
    struct buffer csv = {0}, json = {0}, pairs = {0};
    struct errors e = {0};
    char base[] = "/tmp/test_report_XXXXXX", path[4][64], command[400];
    assert_non_null(mkdtemp(base));
    const char *name[] = {"a.csv", "a.json", "check.py", "pairs.csv"};
    for (int i = 0; i < 4; i++) (void)snprintf(path[i], sizeof path[i], "%s/%s", base, name[i]);
    report_write(&csv, &s, REPORT_CSV);
    report_write(&json, &s, REPORT_JSON);
    report_write_agreement(&pairs, &s, REPORT_CSV);
    assert_int_equal(file_write(path[0], csv.text, csv.length, &e), STATUS_OK);
    assert_int_equal(file_write(path[1], json.text, json.length, &e), STATUS_OK);
    assert_int_equal(file_write(path[2], python, sizeof python - 1, &e), STATUS_OK);
    assert_int_equal(file_write(path[3], pairs.text, pairs.length, &e), STATUS_OK);
    (void)snprintf(command, sizeof command, "PYTHONUTF8=1 /usr/bin/python3 %s %s %s %d %s", path[2],
                   path[0], path[1], (int)s.n_measures, path[3]);
    const int failed = system(command);
    (void)snprintf(command, sizeof command, "rm -r %s", base);
    assert_int_equal(system(command), 0);
    assert_int_equal(failed, 0);
    buffer_free(&csv);
    buffer_free(&json);
    buffer_free(&pairs);
    arena_free(&s.memory);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part)) n++;
    return n;
}

static void markdown_tables(void **state)
{
    (void)state;
    struct study s = summarised(500);
    struct buffer out = {0};
    report_write(&out, &s, REPORT_MARKDOWN);
    const char *text = buffer_text(&out);
    assert_int_equal(strncmp(text, "# example \\<study\\> \\| \"quoted\"\n\n", 33), 0);
    assert_int_equal(count(text, "\n## "), s.n_answers + EXAMPLE_POINTS + 1);
    assert_non_null(strstr(text, "\n| point | hazard\\_ratio | design | power |"));
    assert_non_null(strstr(text, "\n|---|---|---|---:|"));
    assert_non_null(strstr(text, "\n| 2 | 0.9 | event, \"driven\" | "));
    buffer_free(&out);
    arena_free(&s.memory);
}

static void html_is_closed(void **state)
{
    (void)state;
    struct study s = summarised(500);
    struct buffer out = {0};
    report_write(&out, &s, REPORT_HTML);
    const char *text = buffer_text(&out);
    const char *tag[] = {"table", "tr",     "td",  "th",   "dl",  "dt",
                         "dd",    "figure", "svg", "text", "html"};
    for (size_t i = 0; i < sizeof tag / sizeof tag[0]; i++) {
        char open[16], open_with[16], close[16];
        (void)snprintf(open, sizeof open, "<%s>", tag[i]);
        (void)snprintf(open_with, sizeof open_with, "<%s ", tag[i]);
        (void)snprintf(close, sizeof close, "</%s>", tag[i]);
        assert_true(count(text, close) > 0);
        assert_int_equal(count(text, open) + count(text, open_with), count(text, close));
    }
    assert_non_null(strstr(text, "<h1>example &lt;study&gt; | &quot;quoted&quot;</h1>"));
    assert_int_equal(count(text, "<polyline"), 2); /* the third answer is not tested */
    assert_null(strstr(text, "http"));
    assert_null(strstr(text, "nan"));
    buffer_free(&out);
    arena_free(&s.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_with_its_error), cmocka_unit_test(text_of_one_point),
        cmocka_unit_test(text_of_a_sweep),         cmocka_unit_test(exact_csv),
        cmocka_unit_test(agreement_of_analyses),   cmocka_unit_test(python_reads_csv_and_json),
        cmocka_unit_test(markdown_tables),         cmocka_unit_test(html_is_closed),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
