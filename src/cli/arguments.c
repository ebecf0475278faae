/* arguments.c - see arguments.h and command.h.  SPDX-License-Identifier: MIT */
#include "cli/arguments.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

static const struct option_row *find_option(const struct command *c, const char *word,
                                            size_t length)
{
    for (const struct option_row *o = c->options; o && o->name; o++)
        if ((strlen(o->name) == length && strncmp(o->name, word, length) == 0) ||
            (o->short_name && strlen(o->short_name) == length &&
             strncmp(o->short_name, word, length) == 0))
            return o;
    return NULL;
}

static enum status unknown_option(const struct command *c, const char *word, struct errors *e)
{
    const char *names[32];
    int n = 0;
    for (const struct option_row *o = c->options; o && o->name && n < 31; o++) names[n++] = o->name;
    names[n++] = "--help";
    const char *near = text_nearest(word, names, n);
    return error_add(e, STATUS_USAGE, "%s: unknown option '%s'%s (see 'shocksim %s --help')",
                     c->name, word, did_you_mean(near).text, c->name);
}

enum status arguments_read(const struct command *c, int n, char *const *word, struct arena *memory,
                           struct arguments *a, bool *help, struct errors *e)
{
    *a = (struct arguments){0};
    *help = false;
    a->operand = arena_alloc(memory, (size_t)n, sizeof *a->operand);
    a->option = arena_alloc(memory, (size_t)n, sizeof *a->option);
    a->value = arena_alloc(memory, (size_t)n, sizeof *a->value);
    bool options = true;
    for (int i = 0; i < n; i++) {
        if (options && strcmp(word[i], "--") == 0) {
            options = false;
            continue;
        }
        if (!options || word[i][0] != '-' || word[i][1] == '\0') {
            a->operand[a->n_operands++] = word[i];
            continue;
        }
        if (strcmp(word[i], "--help") == 0 || strcmp(word[i], "-h") == 0) {
            *help = true;
            return STATUS_OK;
        }
        const char *equals = word[i][1] == '-' ? strchr(word[i], '=') : NULL;
        const size_t length = equals ? (size_t)(equals - word[i]) : strlen(word[i]);
        const struct option_row *o = find_option(c, word[i], length);
        if (o == NULL) {
            (void)unknown_option(c, arena_copy(memory, word[i], length), e);
            continue;
        }
        const char *value = NULL;
        if (o->value == NULL && equals)
            error_add(e, STATUS_USAGE, "%s: %s takes no value", c->name, o->name);
        if (o->value != NULL) {
            value = equals ? equals + 1 : i + 1 < n ? word[++i] : NULL;
            if (value == NULL)
                error_add(e, STATUS_USAGE, "%s: %s needs a value (%s)", c->name, o->name, o->value);
        }
        a->option[a->n_options] = o->name;
        a->value[a->n_options++] = value;
    }
    if (a->n_operands < c->min_operands)
        error_add(e, STATUS_USAGE, "%s: expected %s (see 'shocksim %s --help')", c->name,
                  c->operands, c->name);
    if (c->max_operands >= 0 && a->n_operands > c->max_operands)
        error_add(e, STATUS_USAGE, "%s: unexpected '%s' (see 'shocksim %s --help')", c->name,
                  a->operand[c->max_operands], c->name);
    return e->n ? STATUS_USAGE : STATUS_OK;
}

void arguments_help(struct buffer *out, const struct command *c)
{
    buffer_printf(out, "usage: shocksim %s%s%s%s\n\n%s.\n", c->name, *c->operands ? " " : "",
                  c->operands, c->options && c->options->name ? " [options]" : "", c->brief);
    if (c->details) buffer_printf(out, "\n%s\n", c->details);
    buffer_puts(out, "\nOptions\n");
    for (const struct option_row *o = c->options; o && o->name; o++) {
        struct buffer head = {0};
        buffer_printf(&head, "  %s%s%s%s%s", o->short_name ? o->short_name : "",
                      o->short_name ? ", " : "", o->name, o->value ? " " : "",
                      o->value ? o->value : "");
        buffer_printf(out, "%-28s %s\n", buffer_text(&head), o->help);
        buffer_free(&head);
    }
    buffer_printf(out, "%-28s %s\n", "  -h, --help", "this text");
}

bool argument_given(const struct arguments *a, const char *option)
{
    for (int i = 0; i < a->n_options; i++)
        if (strcmp(a->option[i], option) == 0) return true;
    return false;
}

const char *argument_value(const struct arguments *a, const char *option)
{
    for (int i = a->n_options - 1; i >= 0; i--)
        if (strcmp(a->option[i], option) == 0) return a->value[i];
    return NULL;
}

int64_t argument_integer(const struct arguments *a, const char *option, int64_t min, int64_t max,
                         int64_t fallback, struct errors *e)
{
    const char *text = argument_value(a, option);
    int64_t value;
    if (text == NULL) return fallback;
    if (text_to_int64(text, &value) && value >= min && value <= max) return value;
    error_add(e, STATUS_USAGE, "%s must be a whole number from %lld to %lld, not '%s'", option,
              (long long)min, (long long)max, text);
    return fallback;
}

int argument_settings(const struct arguments *a, struct setting *out, int room,
                      struct arena *memory, struct errors *e)
{
    int n = 0;
    for (int i = 0; i < a->n_options; i++) {
        struct setting one = {NULL, a->value[i]};
        if (strcmp(a->option[i], "--replicates") == 0) one.path = "simulation.replicates";
        if (strcmp(a->option[i], "--seed") == 0) one.path = "simulation.seed";
        if (strcmp(a->option[i], "--set") == 0) {
            const char *equals = strchr(one.value, '=');
            if (equals == NULL || equals == one.value) {
                error_add(e, STATUS_USAGE, "--set must be PATH=VALUE, not '%s'",
                          text_shown(one.value, memory));
                continue;
            }
            one.path = arena_copy(memory, one.value, (size_t)(equals - one.value));
            one.value = equals + 1;
        }
        if (one.path == NULL) continue;
        if (n < room)
            out[n++] = one;
        else
            error_add(e, STATUS_USAGE, "more than %d of --set, --seed and --replicates", room);
    }
    return n;
}

enum status write_output(const char *path, const struct buffer *text, struct errors *e)
{
    if (path != NULL && strcmp(path, "-") != 0)
        return file_write(path, buffer_text(text), text->length, e);
    if (fwrite(buffer_text(text), 1, text->length, stdout) != text->length || fflush(stdout) != 0)
        return error_add(e, STATUS_IO, "standard output: the text could not be written");
    return STATUS_OK;
}
