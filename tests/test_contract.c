/* test_contract.c - what every registered analysis, endpoint and design must fulfil.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "base/text.h"
#include "model/registry.h"

/* --- parameter tables and texts ----------------------------------------------------------------
 */

static size_t size_of_type(enum param_type type)
{
    switch (type) {
    case PARAM_NUMBER: return sizeof(double);
    case PARAM_INTEGER: return sizeof(int64_t);
    case PARAM_FLAG: return sizeof(bool);
    case PARAM_CHOICE: return sizeof(int);
    case PARAM_NAME:
    case PARAM_TEXT: return sizeof(struct named_text);
    case PARAM_NAMES:
    case PARAM_TEXTS: return sizeof(struct names);
    case PARAM_NUMBERS: return sizeof(struct numbers);
    case PARAM_KNOTS: return sizeof(struct knots);
    case PARAM_SHARES: return sizeof(struct shares);
    case PARAM_TERMS: return sizeof(struct terms);
    case PARAM_END:
    case PARAM_GROUP:
    case PARAM_CUSTOM: break;
    }
    return 0;
}

static void check_row(const struct param *row, size_t offset, size_t size)
{
    assert_true(name_is_valid(row->name));
    assert_true(row->type > PARAM_END && row->type <= PARAM_CUSTOM);
    assert_true(row->help != NULL && strlen(row->help) > 3);
    assert_true(offset + row->offset + size_of_type(row->type) <= size);
    if (row->type == PARAM_CHOICE) assert_true(row->choices != NULL && row->choices[0] != '\0');
    if (row->type == PARAM_CUSTOM) assert_true(row->read != NULL && row->echo != NULL);
    const bool limited = row->min < 0 || row->min > 0 || row->max < 0 || row->max > 0;
    if (limited) assert_true(row->min < row->max);
    if ((row->type == PARAM_NUMBER || row->type == PARAM_INTEGER) && limited &&
        !isnan(row->fallback) && !(row->flags & PARAM_REQUIRED)) {
        assert_true(row->fallback >= row->min && row->fallback <= row->max);
        if (row->flags & PARAM_OPEN_MIN) assert_true(row->fallback > row->min);
        if (row->flags & PARAM_OPEN_MAX) assert_true(row->fallback < row->max);
    }
}

/* size: of the struct the table fills; SIZE_MAX where the table's owner does not say. */
static void check_table(const struct param *table, size_t offset, size_t size)
{
    for (const struct param *row = table; row && row->name; row++) {
        check_row(row, offset, size);
        for (const struct param *other = table; other != row; other++)
            assert_string_not_equal(other->name, row->name);
        if (row->type == PARAM_GROUP) check_table(row->group, offset + row->offset, size);
    }
}

static void check_texts(const char *name, const char *brief, const char *formula,
                        const char *reference, const char *example)
{
    assert_true(name_is_valid(name));
    assert_true(brief != NULL && strlen(brief) > 5);
    assert_true(formula != NULL && strlen(formula) > 5);
    assert_non_null(reference);
    assert_true(example != NULL && example[0] != '\0');
}

static void test_tables_and_texts(void **state)
{
    (void)state;
    int n = 0;
    for (const struct analysis *const *p = analyses; *p; p++, n++) {
        const struct analysis *a = *p;
        print_message("# analysis %s\n", a->name);
        check_texts(a->name, a->brief, a->formula, a->reference, a->example);
        check_table(a->params, 0, a->params_size);
        assert_ptr_equal(analysis_named(a->name), a);
        assert_non_null(a->run);
        assert_in_range(a->n_outputs, 1, OUTPUTS_MAX);
        for (int k = 0; k < a->n_outputs; k++) {
            assert_true(a->outputs[k].brief != NULL && strlen(a->outputs[k].brief) > 3);
            assert_int_equal(a->outputs[k].suffix == NULL, k == 0);
            if (a->outputs[k].scale == SCALE_LOG && !isnan(a->outputs[k].null))
                assert_true(a->outputs[k].null > 0);
        }
    }
    for (const struct endpoint *const *p = endpoints; *p; p++, n++) {
        const struct endpoint *e = *p;
        print_message("# endpoint %s\n", e->name);
        check_texts(e->name, e->brief, e->formula, e->reference, e->example);
        check_table(e->params, 0, e->params_size);
        assert_ptr_equal(endpoint_named(e->name), e);
        assert_true(e->better == 1 || e->better == -1);
        assert_true(e->horizon != NULL && e->compute != NULL);
        assert_int_equal(e->event_suffix != NULL, e->outcome == OUTCOME_TIME);
        assert_true(e->has_value || e->outcome == OUTCOME_TIME);
    }
    for (const struct design *const *p = designs; *p; p++, n++) {
        const struct design *d = *p;
        print_message("# design %s\n", d->name);
        check_texts(d->name, d->brief, d->formula, d->reference, d->example);
        check_table(d->params, 0, d->params_size);
        assert_ptr_equal(design_named(d->name), d);
        assert_non_null(d->close);
    }
    for (const struct component *c = components; c->name; c++, n++) {
        check_texts(c->name, c->brief, c->assumes, c->reference, "-");
        check_table(c->params, 0, SIZE_MAX);
        check_table(c->effects, 0, SIZE_MAX);
    }
    assert_true(n >= 11 + 9 + 2 + 10); /* the loops saw analyses, endpoints, designs, components */
    assert_null(analysis_named("no_such"));
    check_table(covariate_params, 0, sizeof(struct covariate));
    check_table(centres_params, 0, sizeof(struct centres));
    check_table(trial_params, 0, sizeof(struct trial_spec));
    check_table(analysis_params, 0, sizeof(struct analysis_spec));
    check_table(endpoint_common_params, 0, sizeof(struct endpoint_common));
    check_table(simulation_params, 0, sizeof(struct simulation));
    check_table(published_params, 0, sizeof(struct published_spec));
}

/* --- reading ---------------------------------------------------------------------------------- */

static void test_endpoint_examples_are_read_and_echoed(void **state)
{
    (void)state;
    struct course_needs all = {
        .death = true, .stay = {true, true}, .adverse_event = true, .sofa_day = SOFA_DAYS_MAX};
    for (int k = 0; k < SUPPORT_COUNT; k++) all.support[k] = true;
    const struct endpoint_context context = {
        &all, 1, (const char *const[1]){"NAME"}, (const bool[1]){false}, true, 90};
    for (const struct endpoint *const *p = endpoints; *p; p++) {
        struct reading g = {0};
        struct buffer text = {0}, echo = {0}, again = {0};
        buffer_printf(&text, "x: %s", (*p)->example);
        struct endpoint_specs specs, second;
        endpoints_read(&g.r, read_text(&g, buffer_text(&text)), &specs);
        assert_no_errors(&g);
        assert_ptr_equal(specs.item[0].kind, *p);
        params_echo(&echo, endpoint_common_params, &specs.item[0].common, 2);
        if ((*p)->params) params_echo(&echo, (*p)->params, specs.item[0].params, 2);
        text.length = 0;
        buffer_printf(&text, "x:\n%s", buffer_text(&echo));
        endpoints_read(&g.r, read_text(&g, buffer_text(&text)), &second);
        assert_no_errors(&g);
        params_echo(&again, endpoint_common_params, &second.item[0].common, 2);
        if ((*p)->params) params_echo(&again, (*p)->params, second.item[0].params, 2);
        assert_string_equal(buffer_text(&echo), buffer_text(&again));
        struct course_needs needs = {.marker = (bool[1]){false}};
        const struct endpoint_question q = {&context, "x", {0}, &g.r};
        if ((*p)->check) (*p)->check(specs.item[0].params, &q, &needs);
        assert_no_errors(&g);
        assert_true((*p)->horizon(specs.item[0].params) <= 90);
        buffer_free(&text);
        buffer_free(&echo);
        buffer_free(&again);
        reading_free(&g);
    }
}

/* Followed at most to the end of follow-up and to loss; a death before closing is never lost. */
static void test_designs_close_as_promised(void **state)
{
    (void)state;
    enum { N = 400 };
    for (const struct design *const *p = designs; *p; p++) {
        struct reading g = {0};
        char text[256];
        (void)snprintf(text, sizeof text, "{patients: 400, follow_up: 60, design: %s}",
                       (*p)->example);
        struct trial_spec t = {0};
        trial_read(&g.r, read_text(&g, text), &t);
        assert_no_errors(&g);
        assert_ptr_equal(t.design.design, *p);
        double arrival[N], lost[N], death[N], excluded[N] = {0}, followed[N];
        struct stream s = stream_for(1, 1, 1);
        for (int i = 0; i < N; i++) {
            arrival[i] = (i ? arrival[i - 1] : 0) + stream_uniform(&s);
            lost[i] = stream_uniform(&s) < 0.2 ? 60 * stream_uniform(&s) : INFINITY;
            death[i] = 100 * stream_uniform(&s);
        }
        struct patients patients = {
            .n = N, .arrival = arrival, .lost = lost, .excluded = excluded, .followed = followed};
        struct scratch w = {0};
        (*p)->close(t.design.params, 60, 1, death, &patients, &w);
        for (int i = 0; i < N; i++) {
            assert_true(followed[i] <= fmin(60, lost[i]));
            if (followed[i] < fmin(60, lost[i])) /* closed: everybody on the same day */
                assert_close(arrival[i] + followed[i], arrival[N - 1] + followed[N - 1], 1e-9);
        }
        scratch_free(&w);
        reading_free(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_and_texts),
        cmocka_unit_test(test_endpoint_examples_are_read_and_echoed),
        cmocka_unit_test(test_designs_close_as_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
