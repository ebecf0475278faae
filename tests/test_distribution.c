/* test_distribution.c - Student's quantiles, by expansion and by the library.
 * SPDX-License-Identifier: MIT
 *
 * Expected: R's qt (tests/oracle/distribution.R); and the definition, with the library's tail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "oracle/distribution.h"
#include "stat/distribution.h"

#include <math.h>

static void quantiles_are_those_of_r(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof student / sizeof *student; k++) {
        const double t = student_upper_quantile(student[k].q, student[k].df);
        if (fabs(t - student[k].t) > 3e-14 * fabs(student[k].t))
            fail_msg("q %g, df %g: %.17g instead of %.17g", student[k].q, student[k].df, t,
                     student[k].t);
    }
}

/* Relative errors of a tail are about t^2 times those of its quantile. */
static void the_tail_beyond_a_quantile_is_its_probability(void **state)
{
    (void)state;
    for (double df = 60; df < 1e6; df *= 1.07) {
        for (double q = 0.45; q > 2e-5; q *= 0.8) {
            const double t = student_upper_quantile(q, df);
            if (fabs(student_upper(t, df) / q - 1) > 3e-13 * (1 + t * t))
                fail_msg("q %g, df %g: %.17g has %.17g beyond it", q, df, t, student_upper(t, df));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_r),
        cmocka_unit_test(the_tail_beyond_a_quantile_is_its_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
