/* fuzz_scenario.c - whatever bytes come as a scenario, reading and checking them ends, and well.
 * SPDX-License-Identifier: MIT
 *
 * The entry of libFuzzer; scripts/soak builds and runs it. test_fuzz_scenario.c calls it with
 * mutated scenarios and needs no clang. Lines `#set PATH=VALUE` are settings of the command line.
 */
#include "base/text.h"
#include "engine/plan.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { POINTS_ENOUGH = 20, SETTINGS_ENOUGH = 4 };

/* A sweep of many points says nothing more than one of few. */
static const struct node *fewer_points(struct reader *r, const struct node *root)
{
    struct sweep sweep;
    sweep_read(r, root, &sweep);
    if (r->errors->n > 0 || sweep.n_points <= POINTS_ENOUGH) return root;
    return node_without(node_without(root, "sweep", r->memory), "zip", r->memory);
}

/* The settings that comments of the text stand for. */
static int take_settings(const char *text, struct arena *memory, struct setting *setting)
{
    int n = 0;
    for (const char *at = strstr(text, "#set "); at != NULL && n < SETTINGS_ENOUGH;
         at = strstr(at + 1, "#set ")) {
        const char *path = at + strlen("#set ");
        const size_t length = strcspn(path, "\n"), equals = strcspn(path, "=\n");
        if (equals == length || equals == 0) continue;
        setting[n++] = (struct setting){arena_copy(memory, path, equals),
                                        arena_copy(memory, path + equals + 1, length - equals - 1)};
    }
    return n;
}

/* A place is one in the file, in one that it extends, or a setting. */
static void check_messages(const struct errors *e, const char *path)
{
    const size_t folder = (size_t)(strrchr(path, '/') - path);
    for (int k = 0; k < e->n; k++) {
        const char *text = e->text[k];
        must(strncmp(text, path, folder) == 0 || strncmp(text, "--set ", 6) == 0,
             "a message without a place", text);
        must(strchr(text, '\n') == NULL, "a message of two lines", text);
    }
    must(e->n == 0 || e->status == STATUS_USAGE, "a mistake is the user's", "another status");
}

/* Reads and checks a text up to solving. True when it is without mistakes; then *resolved is the
 * scenario with all defaults, to be freed. */
static bool read_scenario(const char *text, size_t length, char **resolved)
{
    struct errors e = {0};
    struct plan plan = {0};
    struct reader r = {&plan.memory, &e};
    struct setting setting[SETTINGS_ENOUGH];
    const struct brief_file file = brief_file_new((const uint8_t *)text, length);
    const int n = take_settings(arena_copy(&plan.memory, text, length), &plan.memory, setting);
    const struct node *root = scenario_load(file.path, setting, n, &plan.memory, NULL, &e);
    must((root == NULL) == (e.n > 0), "a tree or a message", "neither or both");
    if (root != NULL) {
        root = fewer_points(&r, root);
        if (e.n == 0) plan_read(&r, root, &plan);
        if (e.n == 0) {
            *resolved = xcalloc(strlen(plan.resolved) + 1, 1);
            memcpy(*resolved, plan.resolved, strlen(plan.resolved) + 1);
        }
    }
    check_messages(&e, file.path);
    brief_file_remove(&file);
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
