/* fuzz_scenario.c - whatever bytes come as a scenario, reading and checking them ends, and well.
 * SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer:
 *   make CC=clang SAN=address,undefined CFLAGS='-fsanitize=fuzzer-no-link -Wno-error'
 *   clang -std=c17 -g -fsanitize=fuzzer,address,undefined -Isrc -D_XOPEN_SOURCE=700 \
 *       tests/fuzz_scenario.c build/address-undefined/libshocksim.a -fopenmp -lstdc++ -lm \
 *       $(pkg-config --libs gsl hdf5-serial libfyaml libxxhash) -o fuzz
 *   ASAN_OPTIONS=detect_leaks=0 ./fuzz CORPUS scenarios tests/errors
 * (libfyaml 0.7.12 leaks a buffer after some mistakes in its syntax.)
 * test_fuzz_scenario.c calls it with mutated scenarios and needs no clang. */
#include "base/text.h"
#include "engine/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char NAME[] = "fuzz.yaml";
enum { POINTS_ENOUGH = 20 };

/* What must hold, in a build without assertions too. */
static void must(bool holds, const char *what, const char *text)
{
    if (holds) return;
    (void)fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

/* A sweep of many points says nothing more than one of few. */
static const struct node *fewer_points(struct reader *r, const struct node *root)
{
    struct sweep sweep;
    sweep_read(r, root, &sweep);
    if (r->errors->n > 0 || sweep.n_points <= POINTS_ENOUGH) return root;
    return node_without(node_without(root, "sweep", r->memory), "zip", r->memory);
}

/* Reads and checks a text up to solving. True when it is without mistakes; then *resolved is the
 * scenario with all defaults, to be freed. */
static bool read_scenario(const char *text, size_t length, char **resolved)
{
    struct errors e = {0};
    struct plan plan = {0};
    struct reader r = {&plan.memory, &e};
    const struct node *root = tree_read_text(text, length, NAME, &plan.memory, &e);
    must((root == NULL) == (e.n > 0), "a tree or a message", "neither or both");
    if (root != NULL && root->kind == NODE_MAP) {
        root = fewer_points(&r, root);
        if (e.n == 0) plan_read(&r, root, &plan);
        if (e.n == 0) {
            *resolved = xcalloc(strlen(plan.resolved) + 1, 1);
            memcpy(*resolved, plan.resolved, strlen(plan.resolved) + 1);
        }
    }
    for (int k = 0; k < e.n; k++) {
        must(strncmp(e.text[k], NAME, sizeof NAME - 1) == 0, "a message without a place",
             e.text[k]);
        must(strchr(e.text[k], '\n') == NULL, "a message of two lines", e.text[k]);
    }
    must(e.n == 0 || e.status == STATUS_USAGE, "a mistake is the user's", "another status");
    errors_free(&e);
    plan_free(&plan);
    return *resolved != NULL;
}

/* What is valid is valid again as it is echoed, and means the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *once = NULL, *twice = NULL;
    if (read_scenario((const char *)bytes, length, &once)) {
        must(read_scenario(once, strlen(once), &twice), "the echo is not valid", once);
        must(strcmp(once, twice) == 0, "the echo reads back differently", once);
    }
    free(once);
    free(twice);
    return 0;
}
