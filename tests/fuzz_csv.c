/* fuzz_csv.c - whatever bytes come as data, reading them ends, and well; a table that is written
 * and read again is the same.  SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer; scripts/soak builds and runs it, test_csv.c has the cases that matter. */
#include "base/text.h"
#include "io/csv.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum status parse(const char *bytes, size_t length, struct text_table *t)
{
    struct errors e = {0};
    char *copy = xcalloc(length + 1, 1);
    memcpy(copy, bytes, length);
    const enum status status = csv_parse(copy, length, "fuzz.csv", t, &e);
    must((status == STATUS_OK) == (e.n == 0), "a table or a message", "neither or both");
    for (int k = 0; k < e.n; k++)
        must(strchr(e.text[k], '\n') == NULL, "a message of two lines", e.text[k]);
    errors_free(&e);
    return status;
}

/* Numbers where the column is one; else every text is one of its levels. */
static void read_columns(const struct text_table *t)
{
    struct arena memory = {0};
    double *value = xcalloc((size_t)t->n + 1, sizeof *value);
    for (int k = 0; k < t->n_columns; k++) {
        int n_levels;
        const int bad = text_table_numbers(t, k, value);
        must(bad >= -1 && bad < t->n, "a row that is not there", t->name[k]);
        const char **level = text_table_levels(t, k, &n_levels, &memory);
        must(text_table_codes(t, k, n_levels, level, value) == -1, "no level", t->name[k]);
        must(text_table_missing(t, k) <= t->n, "more missing than there are", t->name[k]);
    }
    free(value);
    arena_free(&memory);
}

/* Behind a byte order mark, so that the first name may begin with one. */
static void write_table(struct buffer *out, const struct text_table *t)
{
    buffer_puts(out, "\xef\xbb\xbf");
    for (int row = -1; row < t->n; row++)
        for (int k = 0; k < t->n_columns; k++) {
            const char *text = row < 0 ? t->name[k] : t->cell[k][row];
            csv_write_field(out, text ? text : "NA");
            buffer_puts(out, k + 1 < t->n_columns ? "," : "\n");
        }
}

static void check_same(const struct text_table *a, const struct text_table *b)
{
    must(a->n == b->n && a->n_columns == b->n_columns, "another shape", "");
    for (int k = 0; k < a->n_columns; k++) {
        must(strcmp(a->name[k], b->name[k]) == 0, "another name", a->name[k]);
        for (int i = 0; i < a->n; i++) {
            const char *x = a->cell[k][i], *y = b->cell[k][i];
            must(x == NULL ? y == NULL : y != NULL && strcmp(x, y) == 0, "another value",
                 a->name[k]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct text_table t;
    if (parse((const char *)bytes, length, &t) == STATUS_OK) {
        struct buffer out = {0};
        struct text_table again;
        read_columns(&t);
        write_table(&out, &t);
        must(parse(buffer_text(&out), out.length, &again) == STATUS_OK, "not read back",
             buffer_text(&out));
        check_same(&t, &again);
        text_table_free(&again);
        buffer_free(&out);
    }
    text_table_free(&t);
    return 0;
}
