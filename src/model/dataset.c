/* dataset.c - see dataset.h.  SPDX-License-Identifier: MIT */
#include "model/dataset.h"

#include <string.h>

int schema_find(const struct schema *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->column[i].name, name) == 0) return i;
    return -1;
}
