/* expression.h - conditions on patients: `where: "sofa < 10 and source == abdominal"`.
 * SPDX-License-Identifier: MIT
 *
 *     condition  = both { "or" both }
 *     both       = negated { "and" negated }
 *     negated    = "not" negated | "(" condition ")" | comparison
 *     comparison = column ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) value
 *
 * A column of numbers is compared with a number; a category, by == and != only, with a level, which
 * stands in single or double quotes unless it is one word or number. Columns may be quoted too. At
 * most 64 parentheses and nots around a comparison.
 *
 * Logic has three values (Kleene 1952, Introduction to Metamathematics, section 64): a comparison
 * with a missing value is unknown, and so is `not` of it; `unknown and false` is false, `unknown or
 * true` is true. A patient is kept when the condition is true: an unknown stays out, whether or not
 * it is negated. */
#ifndef MODEL_EXPRESSION_H
#define MODEL_EXPRESSION_H

#include "base/error.h"
#include "model/dataset.h"

struct expression;

/* Reads a condition on the columns of s; NULL after mistakes, which are reported at `at` with the
 * position in the text, counted in characters from 1. The result lives in the arena. */
struct expression *expression_read(const char *text, struct place at, const struct schema *s,
                                   struct arena *memory, struct errors *e);

/* Calls visit for the column of every comparison, in the order of the text. */
void expression_columns(const struct expression *x, void (*visit)(int column, void *to), void *to);

/* keep[i] = 1 where the condition is true of patient i, else 0. d has the schema that x was read
 * for. */
void expression_evaluate(const struct expression *x, const struct dataset *d,
                         unsigned char *keep /* [d->n] */, struct scratch *w);

#endif
