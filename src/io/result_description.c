/* result_description.c - see result_description.h.  SPDX-License-Identifier: MIT */
#include "io/result_description.h"

#include "base/checksum.h"
#include "base/version.h"

#include <inttypes.h>
#include <string.h>

enum { VERSION = 1 };

static const char *const format_name[] = {"shocksim-results", "shocksim-shard"};

const char *replicates_path(struct arena *memory, const char *answer)
{
    return arena_printf(memory, "/replicates/%s", answer);
}

/* Everything a result file says that is not a result. */
struct description {
    const char *program, *revision;
    uint64_t seed, replicates;
    const char *name, *scenario, *resolved;
    const struct table *published;
};

static struct checksum_text description_checksum(const struct description *d)
{
    struct checksum *c = checksum_new();
    const char *text[] = {d->program, d->revision, d->name, d->scenario, d->resolved};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) checksum_add_text(c, text[i]);
    checksum_add(c, &d->seed, sizeof d->seed);
    checksum_add(c, &d->replicates, sizeof d->replicates);
    table_checksum(d->published, c);
    const struct checksum128 value = checksum_value(c);
    checksum_free(c);
    return checksum_text(value);
}

void description_put(struct hdf5 *f, const struct study *s, enum describes what)
{
    struct arena memory = {0};
    struct table published = {0};
    result_table_make(s, TABLE_PUBLISHED, &published);
    const struct description d = {.program =
                                      arena_printf(&memory, "shocksim %s", version_program()),
                                  .revision = version_revision(),
                                  .seed = s->seed,
                                  .replicates = (uint64_t)s->replicates,
                                  .name = s->name,
                                  .scenario = s->scenario,
                                  .resolved = s->resolved,
                                  .published = &published};
    hdf5_put_text_attribute(f, "/", "format", format_name[what]);
    hdf5_put_integer_attribute(f, "/", "version", VERSION);
    hdf5_put_text_attribute(f, "/", "program", d.program);
    hdf5_put_text_attribute(f, "/", "revision", d.revision);
    hdf5_put_integer_attribute(f, "/", "seed", d.seed);
    hdf5_put_integer_attribute(f, "/", "replicates", d.replicates);
    hdf5_put_text_attribute(f, "/", "name", d.name);
    hdf5_put_text_attribute(f, "/", "description_checksum", description_checksum(&d).text);
    hdf5_put_text(f, "/scenario", d.scenario);
    hdf5_put_text(f, "/resolved", d.resolved);
    if (s->n_published > 0) hdf5_put_table(f, result_table_path[TABLE_PUBLISHED], &published);
    table_free(&published);
    arena_free(&memory);
}

void description_put_reasons(struct hdf5 *f)
{
    struct table t = {0};
    size_t longest = 0;
    for (int i = 0; i < UNDEFINED_COUNT; i++) {
        const size_t n = strlen(undefined_text((enum undefined)i));
        if (n > longest) longest = n;
    }
    const int text = table_add_field(&t, "reason", FIELD_TEXT, longest);
    table_resize(&t, UNDEFINED_COUNT);
    for (int i = 0; i < UNDEFINED_COUNT; i++)
        table_put_text(&t, i, text, undefined_text((enum undefined)i));
    hdf5_put_texts_attribute(f, "/replicates", "undefined_reasons", &t);
    table_free(&t);
}

void result_table_read(struct hdf5 *f, enum result_table which, struct study *s, struct table *t)
{
    if (!result_table_is_optional(which) || hdf5_has(f, result_table_path[which])) {
        hdf5_table(f, result_table_path[which], t);
        const char *wrong = f->status == STATUS_OK ? result_table_take(t, which, s) : NULL;
        if (wrong != NULL) hdf5_damaged(f, "%s %s", result_table_path[which], wrong);
    } else
        result_table_make(s, which, t); /* left out: the empty table */
}

/* A shard and a result file are easily taken for each other. */
static void wrong_format(struct hdf5 *f, const char *format)
{
    if (strcmp(format, format_name[DESCRIBES_SHARD]) == 0) {
        const uint64_t k = hdf5_integer_attribute(f, "/", "shard");
        const uint64_t n = hdf5_integer_attribute(f, "/", "shards");
        if (f->status != STATUS_OK) return;
        (void)error_add(f->errors, STATUS_IO,
                        "%s: shard %" PRIu64 " of %" PRIu64
                        " of a run; its results are there when all are merged (shocksim merge "
                        "OUT.h5 SHARD.h5...)",
                        f->name, k, n);
    } else if (strcmp(format, format_name[DESCRIBES_RESULTS]) == 0)
        (void)error_add(f->errors, STATUS_IO, "%s: the results of a whole run, not a shard",
                        f->name);
    else
        (void)error_add(f->errors, STATUS_IO, "%s: not a result file of shocksim", f->name);
    f->status = STATUS_IO;
}

static void check_format(struct hdf5 *f, enum describes what, struct arena *memory)
{
    const bool named = hdf5_has_attribute(f, "/", "format");
    const char *format = named ? hdf5_text_attribute(f, "/", "format", memory) : "";
    if (f->status == STATUS_OK && strcmp(format, format_name[what]) != 0) wrong_format(f, format);
    const uint64_t version = hdf5_integer_attribute(f, "/", "version");
    if (f->status == STATUS_OK && version != VERSION)
        f->status =
            error_add(f->errors, STATUS_IO,
                      "%s: version %" PRIu64 " of the format; this program reads version %d",
                      f->name, version, VERSION);
}

/* The file's reasons must be the first of the program's, which only ever grow at the end. */
static void check_reasons(struct hdf5 *f)
{
    struct table t = {0};
    struct arena memory = {0};
    hdf5_texts_attribute(f, "/replicates", "undefined_reasons", &t);
    bool known = t.n <= UNDEFINED_COUNT;
    for (int i = 0; known && i < t.n; i++)
        known = strcmp(table_text(&t, i, 0, &memory), undefined_text((enum undefined)i)) == 0;
    if (!known) hdf5_damaged(f, "its reasons for undefined results are not this program's");
    arena_free(&memory);
    table_free(&t);
}

void description_take(struct hdf5 *f, struct study *s, enum describes what)
{
    struct arena memory = {0};
    check_format(f, what, &memory);
    if (what == DESCRIBES_RESULTS) check_reasons(f);
    struct table published = {0};
    struct description d = {
        .program = hdf5_text_attribute(f, "/", "program", &memory),
        .revision = hdf5_text_attribute(f, "/", "revision", &s->memory),
        .seed = hdf5_integer_attribute(f, "/", "seed"),
        .replicates = hdf5_integer_attribute(f, "/", "replicates"),
        .name = hdf5_text_attribute(f, "/", "name", &s->memory),
        .scenario = hdf5_text(f, "/scenario", &s->memory),
        .resolved = hdf5_text(f, "/resolved", &s->memory),
    };
    result_table_read(f, TABLE_PUBLISHED, s, &published);
    d.published = &published;
    const char *kept = hdf5_text_attribute(f, "/", "description_checksum", &memory);
    if (f->status == STATUS_OK &&
        (strcmp(kept, description_checksum(&d).text) != 0 || d.replicates > INT64_MAX))
        hdf5_damaged(f, "what it says of the run does not match its checksum");
    table_free(&published);
    arena_free(&memory);
    s->name = d.name;
    s->revision = d.revision;
    s->scenario = d.scenario;
    s->resolved = d.resolved;
    s->seed = d.seed;
    s->replicates = (int64_t)d.replicates;
}
