/* test_endpoints.c - every kind of endpoint on courses made by hand, answers worked out by hand.
 * SPDX-License-Identifier: MIT */
#include "scenario.h"

enum { VASO = SUPPORT_VASOPRESSOR, VENT = SUPPORT_VENTILATION, DAYS = 8, FOLLOW_UP = 90 };

/* One patient: recruited and followed to day 90 unless said otherwise. */
struct hand {
    double death;                     /* 0: survives */
    double support[SUPPORT_COUNT][2]; /* (start, end] */
    double stay[STAY_COUNT];
    double lost; /* 0: never */
    bool excluded, not_recruited, in_icu, no_marker;
};

static const double SCORES[DAYS] = {9, 8, 7, 6, 5, 4, 3, 2}; /* SOFA on days 0 … 7, as if alive */

struct answer_row {
    double value, time, event;
    bool eligible;
};

/* Reads the endpoint, checks it against a course that has everything, and computes it. */
static struct answer_row ask(const char *endpoint, const struct hand *h)
{
    struct arena memory = {0};
    struct errors e = {0};
    struct reader r = {&memory, &e};
    char text[512];
    (void)snprintf(text, sizeof text, "it: %s", endpoint);
    struct endpoint_specs specs;
    endpoints_read(&r, tree_read_text(text, strlen(text), "test", &memory, &e), &specs);
    for (int k = 0; k < e.n; k++) print_error("%s\n", e.text[k]);
    assert_int_equal(e.n, 0);
    struct course_needs all = {.death = true,
                               .stay = {true, true},
                               .adverse_event = true,
                               .sofa_day = SOFA_DAYS_MAX},
                        needs = {.marker = (bool[1]){false}};
    for (int k = 0; k < SUPPORT_COUNT; k++) all.support[k] = true;
    const struct endpoint_context context = {
        &all, 1, (const char *const[1]){"gap"}, (const bool[1]){false}, true, FOLLOW_UP};
    const struct endpoint_question q = {&context, "it", {0}, &r};
    const struct endpoint *kind = specs.item[0].kind;
    kind->check(specs.item[0].params, &q, &needs);
    assert_int_equal(e.n, 0);

    double arrival = 0, arm = 0, excluded = h->excluded, lost = h->lost > 0 ? h->lost : INFINITY;
    double followed = h->not_recruited ? -5 : fmin(FOLLOW_UP, lost), adverse = 1;
    const double gap = h->no_marker ? NAN : 4.5;
    int centre = 0, received = 0;
    double known;
    const struct patients p = {.n = 1,
                               .centre = &centre,
                               .arrival = &arrival,
                               .arm = &arm,
                               .received = &received,
                               .excluded = &excluded,
                               .lost = &lost,
                               .followed = &followed,
                               .known = &known};
    const double death = h->death > 0 ? h->death : 1e4;
    const double *sofa[DAYS], *marker[1] = {&gap};
    for (int d = 0; d < DAYS; d++) sofa[d] = &SCORES[d];
    struct course c = {.n = 1,
                       .death = &death,
                       .sofa = sofa,
                       .sofa_in_icu = h->in_icu,
                       .adverse_event = &adverse,
                       .marker = marker};
    for (int k = 0; k < SUPPORT_COUNT; k++) {
        c.support_start[k] = &h->support[k][0];
        c.support_end[k] = &h->support[k][1];
    }
    for (int k = 0; k < STAY_COUNT; k++) c.stay_end[k] = &h->stay[k];
    struct answer_row a = {NAN, NAN, NAN, false};
    struct outcome out = {.value = kind->has_value ? &a.value : NULL,
                          .time = kind->outcome == OUTCOME_TIME ? &a.time : NULL,
                          .event = kind->outcome == OUTCOME_TIME ? &a.event : NULL};
    endpoint_known(&p, &death, &known);
    kind->compute(specs.item[0].params, &p, &c, &out);
    a.eligible = endpoint_eligible(kind, specs.item[0].params, &p, &c, 0);
    arena_free(&memory);
    errors_free(&e);
    return a;
}

static void same_at(double got, double expected, const char *what, int line)
{
    if (isnan(expected) ? isnan(got) : fabs(got - expected) <= 1e-12) return;
    print_error("%s: got %g, expected %g\n", what, got, expected);
    _fail(__FILE__, line);
}
#define SAME(got, expected) same_at(got, expected, #got, __LINE__)
#define SURVIVES            .death = 0
#define ON(k, from, to)     .support[k] = {from, to}
#define VALUE(endpoint, expected, ...)                                                             \
    SAME(ask(endpoint, &(struct hand){__VA_ARGS__}).value, expected)
#define ELIGIBLE(endpoint, expected, ...)                                                          \
    assert_int_equal(ask(endpoint, &(struct hand){__VA_ARGS__}).eligible, expected)
#define TIMED(endpoint, time_, event_, value_, ...)                                                \
    do {                                                                                           \
        const struct answer_row got = ask(endpoint, &(struct hand){__VA_ARGS__});                  \
        SAME(got.time, time_);                                                                     \
        SAME(got.event, event_);                                                                   \
        SAME(got.value, value_);                                                                   \
    } while (0)

static void test_death(void **state)
{
    (void)state;
#define DEATH "{kind: death, by: 28}"
    TIMED(DEATH, 28, 1, 1, .death = 28); /* dead by day d means t <= d */
    TIMED(DEATH, 28, 0, 0, .death = 28.0001);
    TIMED(DEATH, 0.5, 1, 1, .death = 0.5);
    TIMED(DEATH, 28, 0, 0, SURVIVES);
    TIMED(DEATH, 10, 0, NAN, .death = 20, .lost = 10); /* nobody knows */
    TIMED(DEATH, 9, 1, 1, .death = 9, .lost = 10);
    TIMED(DEATH, 10, 1, 1, .death = 10, .lost = 10);
    TIMED(DEATH, 28, 0, 0, .lost = 28);
    TIMED(DEATH, NAN, NAN, NAN, .death = 5, .excluded = true);
    TIMED(DEATH, NAN, NAN, NAN, .death = 5, .not_recruited = true);
    TIMED("{kind: death}", 90, 1, 1, .death = 90); /* by the end of follow-up */
    TIMED("{kind: death}", 90, 0, 0, .death = 91);
#undef DEATH
}

#define FREE(more) "{kind: days_free, of: [vasopressor, ventilation], within: 28" more "}"

static void test_days_free_by_calendar_day(void **state)
{
    (void)state;
    VALUE(FREE(""), 28, SURVIVES);
    VALUE(FREE(""), 25, ON(VASO, 0, 3));    /* off exactly at a day's end: day 4 is free */
    VALUE(FREE(""), 24, ON(VASO, 0, 3.01)); /* a part of a day is not free */
    VALUE(FREE(""), 27, ON(VASO, 0, 0.01));
    VALUE(FREE(""), 25, ON(VENT, 2, 5)); /* days 3, 4, 5 */
    VALUE(FREE(""), 25, ON(VENT, 2.5, 5));
    VALUE(FREE(""), 0, ON(VENT, 0, 28));
    VALUE(FREE(""), 0, ON(VENT, 0, 300));
    VALUE(FREE(""), 1, ON(VENT, 1, 300));
    VALUE(FREE(""), 20, ON(VASO, 0, 5), ON(VENT, 3, 8));       /* union (0, 8] */
    VALUE(FREE(""), 24, ON(VASO, 0, 2), ON(VENT, 4.5, 6));     /* days 1, 2, 5, 6 */
    VALUE(FREE(""), 23, ON(VASO, 4.9, 5), ON(VENT, 0, 4.2));   /* day 5 once */
    VALUE(FREE(""), 20, ON(VASO, 0, 8), ON(VENT, 3, 5));       /* one within the other */
    VALUE(FREE(""), 28, ON(SUPPORT_RENAL_REPLACEMENT, 0, 20)); /* not in the set */
    VALUE(FREE(", from_last: true"), 22, ON(VASO, 0, 2), ON(VENT, 4.5, 6));
    VALUE(FREE(", from_last: true"), 23, ON(VENT, 2, 5));
    VALUE(FREE(", from_last: true"), 28, SURVIVES);
    VALUE(FREE(", from_last: true"), 26, ON(VASO, 0, 2),
          ON(VENT, 30, 40)); /* starts after the window */
}

static void test_days_free_and_death(void **state)
{
    (void)state;
    VALUE(FREE(", death: zero"), 0, .death = 28, ON(VASO, 0, 3));
    VALUE(FREE(", death: zero"), 25, .death = 28.001, ON(VASO, 0, 3));
    VALUE(FREE(", death: worst"), -1, .death = 28);
    VALUE(FREE(", death: worst"), 28, .death = 28.001);
    VALUE(FREE(", death: counted"), 6, .death = 10,
          ON(VASO, 0, 3)); /* not alive at the end of day 10 */
    VALUE(FREE(", death: counted"), 7, .death = 10.01, ON(VASO, 0, 3));
    VALUE(FREE(", death: counted"), 0, .death = 0.5);
    VALUE(FREE(", death: counted"), 0, .death = 5.5, ON(VASO, 0, 5.5)); /* on it until death */
    VALUE(FREE(", death: counted"), 2, .death = 5.5, ON(VASO, 2.5, 5.5));
    VALUE(FREE(", death: counted, from_last: true"), 0, .death = 5.5, ON(VASO, 2.5, 5.5));
    VALUE(FREE(", death: counted, from_last: true"), 3, .death = 10.5, ON(VASO, 0, 1),
          ON(VENT, 5, 7));
}

static void test_days_free_by_the_hour(void **state)
{
    (void)state;
#define HOURS(more) FREE(", unit: hour" more)
    VALUE(HOURS(""), 24.75, ON(VASO, 0, 3.25));
    VALUE(HOURS(""), 24.25, ON(VASO, 0, 2), ON(VENT, 4.5, 6.25));
    VALUE(HOURS(""), 23, ON(VASO, 0, 3.5), ON(VENT, 2, 5));
    VALUE(HOURS(", from_last: true"), 21.75, ON(VASO, 0, 2), ON(VENT, 4.5, 6.25));
    VALUE(HOURS(", death: counted"), 7.25, .death = 10.5, ON(VASO, 0, 3.25));
    VALUE(HOURS(", death: zero"), 0, .death = 10.5);
    VALUE(HOURS(", death: worst"), -1, .death = 28);
    VALUE("{kind: days_free, of: [vasopressor], within: 2.5, unit: hour}", 1.5, ON(VASO, 0, 1));
#undef HOURS
}

static void test_days_free_is_known_of_the_followed_and_the_dead(void **state)
{
    (void)state;
    VALUE(FREE(""), NAN, .lost = 20);
    VALUE(FREE(""), 28, .lost = 28);
    VALUE(FREE(""), NAN, .lost = 20, .death = 25);
    VALUE(FREE(""), 0, .lost = 20, .death = 19);
    VALUE(FREE(""), 0, .lost = 20, .death = 20);
    VALUE(FREE(""), NAN, .excluded = true);
    VALUE(FREE(""), NAN, .not_recruited = true);
    VALUE(FREE(""), NAN, .not_recruited = true, .death = 3);
}

/* --- days free against a grid of 1/32 day ------------------------------------------------------
 */

static double grid_days_free(const struct hand *h, int within, bool by_day, int rule,
                             bool from_last)
{
    enum { CELLS = 32 };
    if (h->death > 0 && h->death <= within && rule != 1) return rule == 2 ? -1 : 0;
    const double death = h->death > 0 ? h->death : 1e4;
    double total = 0;
    for (int d = 1; d <= within;
         d++) { /* backwards for from_last: nothing on from here to the end */
        int free_cells = 0;
        for (int c = (d - 1) * CELLS; c < d * CELLS; c++) {
            bool on = false;
            const int last = from_last ? within * CELLS : c + 1;
            for (int later = c; later < last && !on; later++)
                for (int k = 0; k < SUPPORT_COUNT; k++)
                    on = on || ((later + 0.5) / CELLS > h->support[k][0] &&
                                (later + 0.5) / CELLS < h->support[k][1]);
            free_cells += !on && (c + 0.5) / CELLS < death;
        }
        if (by_day)
            total += free_cells == CELLS && death > d;
        else
            total += free_cells / (double)CELLS;
    }
    return total;
}

static void test_days_free_against_a_grid(void **state)
{
    (void)state;
    static const char *const rule[] = {"zero", "counted", "worst"}, *const flag[] = {"false",
                                                                                     "true"};
    struct stream s = stream_for(1, 2, 3);
    for (int k = 0; k < 1500; k++) {
        struct hand h = {0};
        if (stream_uniform(&s) < 0.5) h.death = ceil(stream_uniform(&s) * 14 * 32) / 32;
        for (int j = 0; j < SUPPORT_COUNT; j++) {
            if (stream_uniform(&s) < 0.3) continue;
            const double start =
                stream_uniform(&s) < 0.5 ? 0 : floor(stream_uniform(&s) * 12 * 32) / 32;
            const double end = start + ceil(stream_uniform(&s) * 5 * 32) / 32;
            const double last = h.death > 0 ? fmin(end, h.death) : end;
            if (last > start) h.support[j][0] = start, h.support[j][1] = last;
            if (stream_uniform(&s) < 0.3)
                h.support[j][1] = ceil(h.support[j][1]); /* at a day's end */
            if (h.death > 0) h.support[j][1] = fmin(h.support[j][1], h.death);
        }
        for (int option = 0; option < 12; option++) {
            char text[256];
            (void)snprintf(text, sizeof text,
                           "{kind: days_free, of: [vasopressor, hyperlactataemia, ventilation, "
                           "renal_replacement],"
                           " within: 10, unit: %s, death: %s, from_last: %s}",
                           option % 2 ? "day" : "hour", rule[option / 2 % 3], flag[option / 6]);
            const double expected = grid_days_free(&h, 10, option % 2, option / 2 % 3, option / 6);
            const double got = ask(text, &h).value;
            if (fabs(got - expected) <= 1e-9) continue;
            for (int j = 0; j < SUPPORT_COUNT; j++)
                print_error("(%g, %g] ", h.support[j][0], h.support[j][1]);
            print_error("death %g: %s: %g, expected %g\n", h.death, text, got, expected);
            fail();
        }
    }
}

/* --- SOFA ------------------------------------------------------------------------------------- */

static void test_sofa(void **state)
{
    (void)state;
#define SOFA(more) "{kind: sofa, day: 3" more "}"
    VALUE(SOFA(""), 6, SURVIVES);
    VALUE(SOFA(""), NAN, .death = 3); /* at 72 hours exactly: dead by then */
    VALUE(SOFA(""), 6, .death = 3.01);
    VALUE(SOFA(", death: worst"), 24, .death = 3);
    VALUE(SOFA(", death: last"), 7, .death = 3); /* the last whole day alive is day 2 */
    VALUE(SOFA(", death: last"), 7, .death = 2.01);
    VALUE(SOFA(", death: last"), 9, .death = 0.5); /* the value at randomisation */
    VALUE(SOFA(""), 6, .in_icu = true, .stay = {3.01, 9});
    VALUE(SOFA(""), NAN, .in_icu = true, .stay = {3, 9}); /* leaves at 72 hours: not measured */
    VALUE(SOFA(", death: worst"), NAN, .in_icu = true, .stay = {2, 9});
    VALUE(SOFA(", death: last"), 8, .death = 2.9, .in_icu = true, .stay = {1.5, 2.9});
    VALUE(SOFA(", death: last"), 9, .death = 2.9, .in_icu = true, .stay = {0.5, 2.9});
    VALUE(SOFA(""), NAN, .lost = 2);
    VALUE(SOFA(""), 6, .lost = 3);
    VALUE(SOFA(", death: worst"), 24, .lost = 2, .death = 1);
    VALUE(SOFA(", death: worst"), NAN, .lost = 1, .death = 2);
    VALUE(SOFA(""), NAN, .excluded = true);
    VALUE(SOFA(""), NAN, .not_recruited = true);
#undef SOFA
}

static void test_sofa_change_and_mean(void **state)
{
    (void)state;
    VALUE("{kind: sofa_change, day: 7}", -7, SURVIVES);
    VALUE("{kind: sofa_change, day: 7}", NAN, .death = 6);
    VALUE("{kind: sofa_change, day: 7, death: worst}", 15, .death = 6);
    VALUE("{kind: sofa_change, day: 7, death: last}", -5, .death = 5.5);
    VALUE("{kind: sofa_mean, day: 4}", 6.5, SURVIVES);                     /* 8, 7, 6, 5 */
    VALUE("{kind: sofa_mean, from: 0, day: 4}", 7, SURVIVES);              /* 9, 8, 7, 6, 5 */
    VALUE("{kind: sofa_mean, day: 4}", 7.5, .death = 2.5);                 /* 8, 7 */
    VALUE("{kind: sofa_mean, day: 4, death: worst}", 15.75, .death = 2.5); /* 8, 7, 24, 24 */
    VALUE("{kind: sofa_mean, day: 4, death: last}", 7.25, .death = 2.5);   /* 8, 7, 7, 7 */
    VALUE("{kind: sofa_mean, day: 4}", NAN, .death = 0.5);
    VALUE("{kind: sofa_mean, day: 4}", 7.5, .in_icu = true, .stay = {2.5, 9});
    VALUE("{kind: sofa_mean, day: 4}", NAN, .lost = 3);
}

/* --- stays, times, events, markers -------------------------------------------------------------
 */

static void test_stay(void **state)
{
    (void)state;
    VALUE("{kind: stay, of: icu}", 4.5, .stay = {4.5, 20});
    VALUE("{kind: stay, of: hospital}", 120, .stay = {4.5, 120}); /* beyond follow-up */
    VALUE("{kind: stay, of: hospital, within: 28}", 28, .stay = {4.5, 120});
    VALUE("{kind: stay, of: hospital}", 7, .stay = {4.5, 7}, .death = 7);
    VALUE("{kind: stay, of: icu}", NAN, .stay = {4.5, 20}, .lost = 4);
    VALUE("{kind: stay, of: icu}", 4.5, .stay = {4.5, 20}, .lost = 4.5);
    VALUE("{kind: stay, of: hospital}", NAN, .stay = {4.5, 20}, .lost = 19);
    VALUE("{kind: stay, of: hospital, within: 28}", 28, .stay = {4.5, 60}, .lost = 30);
    VALUE("{kind: stay, of: icu}", NAN, .stay = {4.5, 20}, .excluded = true);
    VALUE("{kind: stay, of: icu}", NAN, .stay = {4.5, 20}, .not_recruited = true);
}

static void test_time_to(void **state)
{
    (void)state;
#define OFF "{kind: time_to, of: ventilation, by: 28}"
    TIMED(OFF, 5, 1, NAN, ON(VENT, 0, 5));
    TIMED(OFF, 5, 1, NAN, ON(VENT, 2, 5), .death = 6);
    TIMED(OFF, 5, 2, NAN, ON(VENT, 0, 5), .death = 5); /* died on it */
    TIMED(OFF, 28, 0, NAN, ON(VENT, 0, 40));
    TIMED(OFF, 28, 1, NAN, ON(VENT, 0, 28));
    TIMED(OFF, 4, 0, NAN, ON(VENT, 0, 5), .lost = 4);
    TIMED(OFF, 4, 0, NAN, ON(VENT, 0, 5), .lost = 4, .death = 5);
    TIMED(OFF, NAN, NAN, NAN, ON(VASO, 0, 5)); /* never on it */
    TIMED(OFF, NAN, NAN, NAN, ON(VENT, 0, 5), .excluded = true);
    TIMED(OFF, NAN, NAN, NAN, ON(VENT, 0, 5), .not_recruited = true);
    TIMED("{kind: time_to, of: hospital}", 12, 1, NAN, .stay = {5, 12});
    TIMED("{kind: time_to, of: hospital}", 90, 0, NAN, .stay = {5, 120});
    TIMED("{kind: time_to, of: icu}", 5, 2, NAN, .stay = {5, 5}, .death = 5);
#undef OFF
}

static void test_ever_on(void **state)
{
    (void)state;
#define EVER "{kind: ever_on, of: ventilation, by: 28}"
    VALUE(EVER, 1, ON(VENT, 0, 5));
    VALUE(EVER, 0, ON(VASO, 0, 5));
    VALUE(EVER, 0, ON(VENT, 3, 3));
    VALUE(EVER, 1, ON(VENT, 28, 40));
    VALUE(EVER, 0, ON(VENT, 29, 40));
    VALUE(EVER, 0, .death = 3);
    VALUE(EVER, NAN, .lost = 3); /* it may have begun later */
    VALUE(EVER, NAN, ON(VENT, 4, 9), .lost = 3);
    VALUE(EVER, 1, ON(VENT, 2, 9), .lost = 3);
    VALUE(EVER, NAN, ON(VENT, 0, 5), .excluded = true);
    VALUE(EVER, NAN, ON(VENT, 0, 5), .not_recruited = true);
#undef EVER
}

static void test_adverse_events_and_markers(void **state)
{
    (void)state;
    VALUE("{kind: adverse_event}", 1, SURVIVES);
    VALUE("{kind: adverse_event}", 1, .lost = 0.01);
    VALUE("{kind: adverse_event}", NAN, .excluded = true);
    VALUE("{kind: adverse_event}", NAN, .not_recruited = true);
    VALUE("{kind: marker, of: gap}", 4.5, SURVIVES);
    VALUE("{kind: marker, of: gap}", NAN, .excluded = true);
    VALUE("{kind: marker, of: gap}", NAN, .not_recruited = true);
}

/* Alive and unmeasured, lost or not recorded: missing. Excluded, not yet there, or seen to die
 * before a value that the dead do not have: left out by design. */
static void test_who_ought_to_have_a_value(void **state)
{
    (void)state;
#define SOFA(more) "{kind: sofa, day: 3" more "}"
    ELIGIBLE(SOFA(""), true, SURVIVES);
    ELIGIBLE(SOFA(""), true, .in_icu = true, .stay = {2, 9});
    ELIGIBLE(SOFA(""), false, .death = 3);
    ELIGIBLE(SOFA(""), true, .death = 3.01);
    ELIGIBLE(SOFA(""), true, .lost = 2);
    ELIGIBLE(SOFA(""), true, .lost = 1, .death = 2); /* nobody saw it */
    ELIGIBLE(SOFA(""), false, .lost = 2, .death = 1);
    ELIGIBLE(SOFA(", death: worst"), true, .death = 2);
    ELIGIBLE(SOFA(", death: last"), true, .death = 2);
    ELIGIBLE(SOFA(""), false, .excluded = true);
    ELIGIBLE(SOFA(""), false, .not_recruited = true);
    ELIGIBLE("{kind: sofa_change, day: 7}", false, .death = 6);
    ELIGIBLE("{kind: sofa_mean, day: 4}", true, .death = 2.5); /* days 1 and 2 count */
    ELIGIBLE("{kind: sofa_mean, day: 4}", false, .death = 1);
    ELIGIBLE("{kind: death, by: 28}", true, .lost = 5);
    ELIGIBLE("{kind: death, by: 28}", false, .excluded = true);
    ELIGIBLE("{kind: days_free, of: [vasopressor]}", true, .lost = 5);
    ELIGIBLE("{kind: marker, of: gap}", true, SURVIVES);
    ELIGIBLE("{kind: marker, of: gap}", false, .no_marker = true);
#undef SOFA
}

static void test_what_the_scenario_lacks_is_said(void **state)
{
    (void)state;
#define REFUSE(endpoint, says)                                                                     \
    assert_refused(                                                                                \
        "course: {mortality: {cumulative: {28: 0.4}}}\n" TWO_ARMS                                  \
        "trial: {patients: 8, follow_up: 28}\nendpoints: {dead: {kind: death}, it: " endpoint      \
        "}\n" ANY_ANALYSIS,                                                                        \
        says)
    REFUSE("{kind: days_free, of: [ventilation]}", "needs course.ventilation");
    REFUSE("{kind: days_free, of: [ventillation]}", "did you mean 'ventilation'");
    REFUSE("{kind: death, by: 29}", "later than follow_up (28)");
    REFUSE("{kind: sofa, day: 3}", "needs course.sofa");
    REFUSE("{kind: stay, of: icu}", "needs course.icu_stay");
    REFUSE("{kind: time_to, of: vasopressor}", "needs course.vasopressor");
    REFUSE("{kind: ever_on, of: ventilation}", "needs course.ventilation");
    REFUSE("{kind: ever_on, of: dialysis}", "unknown support 'dialysis'");
    REFUSE("{kind: adverse_event}", "needs course.adverse_event");
    REFUSE("{kind: marker, of: gap}", "unknown marker 'gap'");
#undef REFUSE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_death),
        cmocka_unit_test(test_days_free_by_calendar_day),
        cmocka_unit_test(test_days_free_and_death),
        cmocka_unit_test(test_days_free_by_the_hour),
        cmocka_unit_test(test_days_free_is_known_of_the_followed_and_the_dead),
        cmocka_unit_test(test_days_free_against_a_grid),
        cmocka_unit_test(test_sofa),
        cmocka_unit_test(test_sofa_change_and_mean),
        cmocka_unit_test(test_stay),
        cmocka_unit_test(test_time_to),
        cmocka_unit_test(test_ever_on),
        cmocka_unit_test(test_adverse_events_and_markers),
        cmocka_unit_test(test_who_ought_to_have_a_value),
        cmocka_unit_test(test_what_the_scenario_lacks_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
