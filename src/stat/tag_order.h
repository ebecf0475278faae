/* tag_order.h - marks in the order of distinct keys.  SPDX-License-Identifier: MIT */
#ifndef STAT_TAG_ORDER_H
#define STAT_TAG_ORDER_H

#include "base/memory.h"

#include <stdbool.h>

/* sorted[0..n) becomes tag[0..n) by ascending key; exact. Keys are finite. False, and sorted[] is
 * not to be used, where two keys are equal or so many crowd together that a comparison sort is
 * better: see order_ascending. */
bool tags_by_key(const double *key, const unsigned char *tag, int n, unsigned char *sorted,
                 struct scratch *w);

#endif
