/* fuzz_analyze.c - whatever the data, every analysis ends, and well: numbers, or none and why.
 * SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer; scripts/soak builds and runs it, from the top of the repository.
 * test_analysis_contract.c has the cases that matter. */
#include "io/analysis_table.h"
#include "io/csv.h"
#include "mutate.h"

#include <gsl/gsl_errno.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char PLAN[] = "tests/data/everything.yaml";
enum { ROWS_ENOUGH = 300 };

/* What analysis.h says of a result. */
static void check_result(const struct result *r, const char *name, int n)
{
    const double number[] = {r->estimate, r->se, r->ci_low, r->ci_high, r->statistic, r->p_value};
    must(r->n >= 0 && r->n <= n && r->events >= 0, "patients that are not there", name);
    for (int k = 0; k < 6 && r->why != UNDEFINED_NO; k++)
        must(isnan(number[k]), "a made-up number", name);
    must(r->why != UNDEFINED_NO || !isnan(r->estimate), "no number and no reason", name);
    must(!(r->p_value < 0) && !(r->p_value > 1), "not a probability", name);
    must(!(r->se < 0) && !(r->ci_low > r->ci_high), "limits the wrong way round", name);
}

static void analyse(const struct data_plan *plan)
{
    struct scratch w = {0};
    struct result *result = xcalloc((size_t)plan->n_answers, sizeof *result);
    data_plan_run(plan, &w, result);
    for (int a = 0, k = 0; a < plan->analyses.n; a++)
        for (int i = 0; i < plan->analysis[a].n_outputs; i++)
            check_result(&result[k++], plan->analysis[a].spec->name, plan->table->n);
    for (int format = ANALYSIS_CSV; format <= ANALYSIS_JSON; format++) {
        struct buffer out = {0};
        analysis_table_write(&out, plan, result, (enum analysis_format)format);
        buffer_free(&out);
    }
    free(result);
    scratch_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    (void)gsl_set_error_handler_off(); /* as main does */
    struct text_table t;
    struct data_plan plan = {0};
    struct errors e = {0};
    char *copy = xcalloc(length + 1, 1);
    memcpy(copy, bytes, length);
    const enum status read = csv_parse(copy, length, "fuzz.csv", &t, &e);
    if (read == STATUS_OK && t.n <= ROWS_ENOUGH) {
        const enum status made = data_plan_make(PLAN, NULL, 0, &t, &plan, &e);
        must((made == STATUS_OK) == (e.n == 0), "a plan or a message", "neither or both");
        if (made == STATUS_OK) analyse(&plan);
        data_plan_free(&plan);
    }
    text_table_free(&t);
    errors_free(&e);
    return 0;
}
