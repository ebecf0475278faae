/* test_analysis_contract.c - what every registered analysis must do with data, good and poor.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "base/text.h"
#include "registry.h"

/* --- analyses on data --------------------------------------------------------------------------
 */

static const struct schema SCHEMA = {COLUMNS, NULL};

/* One line of a plan, read and bound to the columns of registry.h. */
struct question {
    struct reading g;
    struct column column[COLUMNS];
    struct schema schema;
    struct analysis_specs specs;
    struct bound_analysis bound;
};

/* False where the line does not go together (an analysis without strata asked for strata). */
static bool question_read(struct question *q, const char *line)
{
    char text[512];
    *q = (struct question){.schema = SCHEMA};
    memcpy(q->column, registry_columns, sizeof registry_columns);
    q->schema.column = q->column;
    (void)snprintf(text, sizeof text, "x: %s", line);
    const struct node *tree = read_text(&q->g, text);
    assert_no_errors(&q->g);
    analyses_read(&q->g.r, tree, &q->specs);
    if (q->g.e.n > 0) return false;
    const struct binding to = {&q->schema, 3, registry_endpoints, 2, registry_arms, 0, NULL};
    q->bound = analysis_bind(&q->g.r, &q->specs.item[0], &to);
    return q->g.e.n == 0;
}

static int ask(const struct question *q, struct table *t, struct result *out)
{
    struct scratch w = {0};
    const struct dataset d = table_dataset(t, &q->schema);
    analysis_run(&q->bound, &d, &w, out);
    scratch_free(&w);
    return q->bound.method->n_outputs;
}

/* The same with every byte of working memory at a value, as other analyses may have left it. */
static void ask_in_memory_of(int byte, const struct question *q, struct table *t,
                             struct result *out)
{
    enum { MEMORY = 1 << 22 };
    struct scratch w = {0};
    memset(scratch_take(&w, MEMORY, 1), byte, MEMORY);
    scratch_reset(&w);
    const struct dataset d = table_dataset(t, &q->schema);
    analysis_run(&q->bound, &d, &w, out);
    scratch_free(&w);
}

enum { OPTIONS_MAX = 32, OPTION_LENGTH = 64 };

/* ", key: word" for every value of a method's choices and flags; the first says nothing. */
static int options_of(const struct analysis *a, char option[OPTIONS_MAX][OPTION_LENGTH])
{
    int n = 1;
    option[0][0] = '\0';
    for (const struct param *row = a->params; row && row->name; row++) {
        const char *word = row->type == PARAM_CHOICE ? row->choices
                           : row->type == PARAM_FLAG ? "true|false"
                                                     : "";
        for (; *word; word += strspn(word, "|")) {
            const int length = (int)strcspn(word, "|");
            assert_true(n < OPTIONS_MAX);
            (void)snprintf(option[n++], OPTION_LENGTH, ", %s: %.*s", row->name, length, word);
            word += length;
        }
    }
    return n;
}

/* Calls back with every line worth asking of every analysis: its example, each of its options,
 * adjusted, stratified, one-sided. */
static void for_every_question(void (*check)(const struct question *q, const char *line))
{
    static const char *const extra[] = {"",
                                        ", adjust: [age]",
                                        ", adjust: [age, log(lactate), site]",
                                        ", strata: [site]",
                                        ", adjust: [age], strata: [site]",
                                        ", sides: 1",
                                        ", versus: age",
                                        ", missing: worst",
                                        ", missing: worst_best, strata: [site]",
                                        ", missing: single, impute_with: [age]",
                                        ", missing: multiple, imputations: 5",
                                        ", missing: multiple, impute_with: [lactate, site]"};
    static const char *const grouped[] = {"", ", cluster: age", ", frailty: age"};
    static const char *const endpoint[] = {"days", "dead", "death"}; /* by enum outcome_kind */
    int asked = 0;
    for (const struct analysis *const *p = analyses; *p; p++) {
        struct question q;
        char option[OPTIONS_MAX][OPTION_LENGTH];
        const int n_options = options_of(*p, option);
        assert_true(question_read(&q, (*p)->example));
        check(&q, (*p)->example);
        reading_free(&q.g);
        for (size_t k = 0; k < sizeof extra / sizeof *extra; k++)
            for (int j = 0; j < 3 * n_options; j++) {
                struct buffer line = {0};
                buffer_printf(&line, "{method: %s, endpoint: %s%s%s%s%s}", (*p)->name,
                              endpoint[(*p)->outcome],
                              (*p)->uses & USES_MARKER ? ", marker: lactate" : "", extra[k],
                              option[j / 3], grouped[j % 3]);
                if (question_read(&q, buffer_text(&line))) {
                    check(&q, buffer_text(&line));
                    asked++;
                }
                reading_free(&q.g);
                buffer_free(&line);
            }
    }
    assert_true(asked >= 90);
}

static void same(double a, double b, double tolerance, const char *what, const char *line)
{
    if (isnan(a) ? isnan(b) : fabs(a - b) <= tolerance * fmax(1, fabs(a)) || !(fabs(a - b) > 0))
        return;
    print_error("%s: %s %.17g, expected %.17g\n", line, what, a, b);
    fail();
}

static bool has_answer(const struct result *r)
{
    return r->why == UNDEFINED_NO;
}

static void check_order(const struct question *q, const char *line)
{
    struct table t, shuffled;
    struct result a[OUTPUTS_MAX], b[OUTPUTS_MAX];
    table_fill(&t, 150, 7);
    for (int i = 3; i < t.n; i += 7)
        t.value[COLUMN_DEATH][i] = t.value[COLUMN_DEAD][i] = t.value[COLUMN_DAYS][i] = NAN;
    struct stream s = stream_for(5, 0, 0);
    int row[ROWS_MAX];
    for (int i = 0; i < t.n; i++) row[i] = i;
    for (int i = t.n - 1; i > 0; i--) {
        const int j = (int)(stream_uniform(&s) * (i + 1)), held = row[i];
        row[i] = row[j];
        row[j] = held;
    }
    shuffled.n = t.n;
    for (int i = 0; i < t.n; i++) table_copy_row(&shuffled, i, &t, row[i]);
    const int n = ask(q, &t, a);
    (void)ask(q, &shuffled, b);
    assert_true(has_answer(&a[0]));
    for (int k = 0; k < n; k++) {
        same(a[k].estimate, b[k].estimate, 1e-9, "estimate in another order", line);
        same(a[k].se, b[k].se, 1e-9, "se in another order", line);
        same(a[k].ci_low, b[k].ci_low, 1e-9, "lower limit in another order", line);
        same(a[k].ci_high, b[k].ci_high, 1e-9, "upper limit in another order", line);
        same(a[k].statistic, b[k].statistic, 1e-9, "statistic in another order", line);
        same(a[k].p_value, b[k].p_value, 1e-9, "p in another order", line);
        assert_true(a[k].n == b[k].n && a[k].events == b[k].events && a[k].why == b[k].why);
    }
}

static void test_the_order_of_patients_changes_nothing(void **state)
{
    (void)state;
    for_every_question(check_order);
}

/* Zeros against 0xff, which a double reads as NaN and an int as -1: the same bits. */
static void check_memory(const struct question *q, const char *line)
{
    for (int n = 9; n <= 150; n += 47) {
        struct table t;
        struct result a[OUTPUTS_MAX], b[OUTPUTS_MAX];
        table_fill(&t, n, 7);
        for (int i = 3; i < t.n; i += 7)
            t.value[COLUMN_DEATH][i] = t.value[COLUMN_DEAD][i] = t.value[COLUMN_DAYS][i] = NAN;
        ask_in_memory_of(0, q, &t, a);
        ask_in_memory_of(0xff, q, &t, b);
        for (int k = 0; k < q->bound.method->n_outputs; k++) {
            same(a[k].estimate, b[k].estimate, 0, "estimate in other memory", line);
            same(a[k].se, b[k].se, 0, "se in other memory", line);
            same(a[k].ci_low, b[k].ci_low, 0, "lower limit in other memory", line);
            same(a[k].ci_high, b[k].ci_high, 0, "upper limit in other memory", line);
            same(a[k].statistic, b[k].statistic, 0, "statistic in other memory", line);
            same(a[k].p_value, b[k].p_value, 0, "p in other memory", line);
            assert_true(a[k].n == b[k].n && a[k].events == b[k].events && a[k].why == b[k].why);
        }
    }
}

static void test_what_memory_held_changes_nothing(void **state)
{
    (void)state;
    for_every_question(check_memory);
}

/* Distance from no effect (a ratio of 1, a difference of 0, a probability of 1/2), where it is
 * additive. */
static double effect_of(const struct question *q, double x)
{
    const struct output *o = &q->bound.method->outputs[0];
    return o->scale == SCALE_LOG ? log(x) - log(o->null) : x - o->null;
}

static void check_relabelling(const struct question *q, const char *line)
{
    if (q->bound.method->uses & NEEDS_NO_ARM || q->bound.term >= 0) return;
    if (strstr(line, "enthusiastic") != NULL) return; /* a prior that prefers an arm */
    struct table t;
    struct result a[OUTPUTS_MAX], b[OUTPUTS_MAX];
    table_fill(&t, 150, 7);
    (void)ask(q, &t, a);
    for (int i = 0; i < t.n; i++) t.arm[i] = 1 - t.arm[i];
    (void)ask(q, &t, b);
    assert_true(has_answer(&a[0]) && has_answer(&b[0]));
    same(effect_of(q, b[0].estimate), -effect_of(q, a[0].estimate), 1e-8,
         "estimate of relabelled arms", line);
    same(b[0].se, a[0].se, 1e-7, "se of relabelled arms", line);
    if (isnan(a[0].p_value)) return;
    same(b[0].p_value, q->bound.inference.sides == 2 ? a[0].p_value : b[0].p_value, 1e-7,
         "p of relabelled arms", line);
}

static void test_relabelling_arms_inverts_the_estimate(void **state)
{
    (void)state;
    for_every_question(check_relabelling);
}

static void check_duplication(const struct question *q, const char *line)
{
    enum { TIMES = 4 };
    const double power = q->bound.method->se_power;
    if (!(fabs(power) > 0)) return;
    struct table t, more;
    struct result a[OUTPUTS_MAX], b[OUTPUTS_MAX];
    table_fill(&t, 150, 7);
    more.n = TIMES * t.n;
    for (int i = 0; i < more.n; i++) table_copy_row(&more, i, &t, i / TIMES);
    (void)ask(q, &t, a);
    (void)ask(q, &more, b);
    if (strstr(line, "strata") == NULL) {
        same(b[0].estimate, a[0].estimate, 1e-8, "estimate of duplicated data", line);
        same(b[0].se / a[0].se, pow(TIMES, power), 1e-7, "se of duplicated data, relative", line);
    }
    assert_int_equal(b[0].n, TIMES * a[0].n);
}

static void test_duplicated_data_scale_the_standard_error(void **state)
{
    (void)state;
    for_every_question(check_duplication);
}

/* --- samples without an answer -----------------------------------------------------------------
 */

static void check_sane(const struct result *r, int rows, const char *line, const char *sample)
{
    bool fine = r->why >= UNDEFINED_NO && r->why < UNDEFINED_COUNT && r->n >= 0 && r->n <= rows &&
                r->events >= 0 && r->events <= r->n;
    if (has_answer(r)) /* an exact odds ratio may be infinite; then there is no standard error */
        fine = fine && !isnan(r->estimate) && (isfinite(r->estimate) || isnan(r->se)) &&
               !(r->se < 0) && !isinf(r->se) && !(r->p_value < 0) && !(r->p_value > 1) &&
               !(r->ci_low > r->estimate + 1e-9 * fabs(r->estimate)) &&
               !(r->ci_high < r->estimate - 1e-9 * fabs(r->estimate));
    else
        fine = fine && isnan(r->estimate) && isnan(r->se) && isnan(r->ci_low) &&
               isnan(r->ci_high) && isnan(r->statistic) && isnan(r->p_value) &&
               undefined_text(r->why)[0] != '\0';
    if (fine) return;
    print_error("%s on %s: %g (%g) [%g, %g] %g p %g n %d events %d %s\n", line, sample, r->estimate,
                r->se, r->ci_low, r->ci_high, r->statistic, r->p_value, r->n, r->events,
                undefined_text(r->why));
    fail();
}

/* Both as the program calls it and straight at the method, which must not rely on being spared. */
static void check_sample(const struct question *q, const char *line, struct table *t,
                         const char *sample)
{
    struct result out[OUTPUTS_MAX];
    const int n = ask(q, t, out);
    for (int k = 0; k < n; k++) check_sane(&out[k], t->n, line, sample);
    struct scratch w = {0};
    const struct dataset d = table_dataset(t, &q->schema);
    enum undefined why;
    const struct sample s = sample_take(&q->bound, &d, &w, &why);
    q->bound.method->run(q->bound.spec->params, &q->bound.inference, &s, &w, out);
    for (int k = 0; k < n; k++) check_sane(&out[k], t->n, line, sample);
    if (s.n == 0) assert_int_not_equal(out[0].why, UNDEFINED_NO);
    scratch_free(&w);
}

static void check_poor_samples(const struct question *q, const char *line)
{
    struct table t;
    for (int n = 0; n <= 6; n++)
        for (uint64_t seed = 1; seed <= 10; seed++) {
            table_fill(&t, n, seed);
            check_sample(q, line, &t, "a handful");
        }
    for (int arm = 0; arm < 2; arm++) {
        table_fill(&t, 50, 3);
        for (int i = 0; i < t.n; i++) t.arm[i] = arm == 1;
        check_sample(q, line, &t, "one arm");
        table_fill(&t, 50, 3);
        for (int i = 0; i < t.n; i++)
            if ((int)t.arm[i] == arm) table_set_outcome(&t, i, false, 28, 20);
        check_sample(q, line, &t, "no events in an arm");
        table_fill(&t, 50, 3);
        for (int i = 0; i < t.n; i++)
            table_set_outcome(&t, i, (int)t.arm[i] == arm, 5 + i, (int)t.arm[i] == arm ? 0 : 20);
        check_sample(q, line, &t, "the arm decides");
        table_fill(&t, 50, 3);
        for (int i = 0; i < t.n; i++) table_set_outcome(&t, i, arm, 28, 7);
        check_sample(q, line, &t, arm ? "all events at once" : "no events");
    }
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++) table_set_outcome(&t, i, true, 1 + i, i);
    check_sample(q, line, &t, "all events");
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++)
        table_set_outcome(&t, i, t.value[COLUMN_AGE][i] > 60, 3, t.value[COLUMN_AGE][i] > 60);
    check_sample(q, line, &t, "age decides");
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++)
        t.value[COLUMN_AGE][i] = 60, t.value[COLUMN_LACTATE][i] = 2, t.value[COLUMN_SITE][i] = 1;
    check_sample(q, line, &t, "constant covariates");
    for (int i = 0; i < t.n; i++) t.value[COLUMN_AGE][i] = t.arm[i];
    check_sample(q, line, &t, "a covariate equal to the arm");
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++)
        table_set_outcome(&t, i, true, NAN, NAN),
            t.value[COLUMN_DEATH][i] = t.value[COLUMN_DEAD][i] = NAN;
    check_sample(q, line, &t, "all missing");
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++) table_set_outcome(&t, i, i % 2 == 0, 0, i % 2);
    check_sample(q, line, &t, "times of zero");
    table_fill(&t, 50, 3);
    for (int i = 0; i < t.n; i++)
        t.value[COLUMN_AGE][i] = 1e12 + i, t.value[COLUMN_LACTATE][i] = 1e-12 * (i + 1);
    check_sample(q, line, &t, "badly scaled covariates");
}

static void test_samples_without_an_answer_say_why(void **state)
{
    (void)state;
    for_every_question(check_poor_samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_of_patients_changes_nothing),
        cmocka_unit_test(test_what_memory_held_changes_nothing),
        cmocka_unit_test(test_relabelling_arms_inverts_the_estimate),
        cmocka_unit_test(test_duplicated_data_scale_the_standard_error),
        cmocka_unit_test(test_samples_without_an_answer_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
