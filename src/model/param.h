/* param.h - parameters as tables: the only place where a key of a scenario is described.
 * SPDX-License-Identifier: MIT
 *
 * One row drives reading, range checks, `shocksim help`, `check`'s echo and the resolved scenario
 * in result files. */
#ifndef MODEL_PARAM_H
#define MODEL_PARAM_H

#include "base/tree.h"

#include <stddef.h>
#include <stdint.h>

struct buffer;

enum param_type {
    PARAM_END,
    PARAM_NUMBER,  /* double; with `choices`, one word is allowed instead and stored as NaN */
    PARAM_INTEGER, /* int64_t */
    PARAM_FLAG,    /* bool */
    PARAM_CHOICE,  /* int: index into `choices` */
    PARAM_NAME,    /* struct named_text: an identifier */
    PARAM_TEXT,    /* struct named_text: any text */
    PARAM_NAMES,   /* struct names: list of identifiers (one alone may stand without brackets) */
    PARAM_TEXTS,   /* struct names: list of texts */
    PARAM_NUMBERS, /* struct numbers: list of numbers */
    PARAM_KNOTS,   /* struct knots: map number -> number, increasing; with `single`, one number
                      may stand alone and is the value at x = 0 */
    PARAM_SHARES,  /* struct shares: map name -> number; with `single`, one number stands for all */
    PARAM_TERMS,   /* struct terms: map covariate -> number | {level: number} */
    PARAM_GROUP,   /* a struct described by `group`, at offset */
    PARAM_CUSTOM,  /* anything else: `custom` reads and echoes it */
};

struct named_text {
    const char *text; /* NULL when absent */
    struct place at;
};
struct names {
    int n;
    struct named_text *item;
};
struct numbers {
    int n;
    double *value;
};
struct knots {
    int n; /* 0 when absent */
    double *x, *y;
    struct place at;
};
struct shares {
    int n;
    const char **name; /* NULL entries: one number for all */
    double *value;
    struct place *at;
};
struct term {
    const char *name, *level; /* level NULL: per unit */
    double value;
    struct place at;
};
struct terms {
    int n;
    struct term *item;
};

enum { PARAM_REQUIRED = 1, PARAM_OPEN_MIN = 2, PARAM_OPEN_MAX = 4, PARAM_SINGLE = 8 };

struct reader; /* where values are stored and mistakes reported: see param.c */

struct param {
    const char *name;
    enum param_type type;
    size_t offset;
    const char *unit, *help;
    double fallback;     /* NaN: absent unless given. Lists and maps are empty unless given. */
    double min, max;     /* of each number; both 0: unlimited */
    const char *choices; /* "first|second|…"; the first is the default */
    int flags;
    const struct param *group;
    void (*read)(struct reader *r, const struct node *value, void *field); /* custom */
    /* Custom: writes one value without a line's end behind the key, or whole lines indented by
     * `indent` below it; nothing when there is nothing to say. */
    void (*echo)(struct buffer *out, const void *field, int indent);
};

/* Rows are written as {.name = …}; these shorten the common ones. */
#define PARAM_AT(type, field) .name = #field, .offset = offsetof(type, field)

struct reader {
    struct arena *memory; /* everything read lives here */
    struct errors *errors;
};

/* Fills the struct at `to` with the table's defaults. Custom fields stay as they are: zeroed. */
void params_default(const struct param *table, void *to);
/* Reads a map of the table's keys over the defaults; unknown keys, wrong types and values out of
 * range are reported, all of them. A key with nothing behind it stands for an empty list or map;
 * what is required must not be empty. `what` names the map in messages ("analysis 'primary'").
 * A NULL map gives the defaults (and reports required keys as missing at `at`). */
void params_read(struct reader *r, const struct param *table, const struct node *map,
                 struct place at, const char *what, void *to);
/* Two tables read from one map: `second` (may be NULL) holds a plug-in's own keys. */
void params_read_pair(struct reader *r, const struct param *first, void *first_to,
                      const struct param *second, void *second_to, const struct node *map,
                      struct place at, const char *what);
/* Writes every value, defaults included, as YAML lines indented by `indent` spaces; what is absent
 * is left out. What params_read made of a map, it makes of these lines again. */
void params_echo(struct buffer *out, const struct param *table, const void *from, int indent);
/* One text as YAML: plain where nobody can misread it, else in double quotes. */
void text_echo(struct buffer *out, const char *text);
/* Writes one aligned line a parameter: name, unit, default, range, help; the rows of a group
 * follow it, indented. Each line begins with `prefix`. */
void params_help(struct buffer *out, const struct param *table, const char *prefix);

/* Helpers for custom readers. Each reports a mistake and returns false when the node is not such.
 */
bool read_number(struct reader *r, const struct node *n, const char *what, double min, double max,
                 int flags, double *value);
bool read_integer(struct reader *r, const struct node *n, const char *what, int64_t min,
                  int64_t max, int64_t *value);
bool read_name(struct reader *r, const struct node *n, const char *what, const char **value);
bool read_map(struct reader *r, const struct node *n, const char *what);
void read_knots(struct reader *r, const struct node *n, const char *what, double min, double max,
                struct knots *k);
void read_terms(struct reader *r, const struct node *n, const char *what, struct terms *t);
bool name_is_valid(const char *text); /* a letter or _, then letters, digits and _ */

#endif
