/* fuzz_csv.c - whatever bytes come as data, reading them ends, and well.
 * SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer; scripts/soak builds and runs it, test_csv.c has the cases that matter. */
#include "base/text.h"
#include "io/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct text_table t;
    struct errors e = {0};
    char *copy = malloc(length + 1);
    must(copy != NULL, "no memory");
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    const enum status status = csv_parse(copy, length, "fuzz.csv", &t, &e);
    must((status == STATUS_OK) == (e.n == 0), "a table or a message");
    for (int k = 0; k < e.n; k++) must(strchr(e.text[k], '\n') == NULL, "a message of two lines");
    if (status == STATUS_OK) {
        double *value = calloc((size_t)t.n + 1, sizeof *value);
        struct buffer out = {0};
        must(value != NULL, "no memory");
        for (int k = 0; k < t.n_columns; k++) {
            csv_write_field(&out, t.name[k]);
            const int bad = text_table_numbers(&t, k, value);
            must(bad >= -1 && bad < t.n, "a row that is not there");
        }
        buffer_free(&out);
        free(value);
    }
    text_table_free(&t);
    errors_free(&e);
    return 0;
}
