/* characters.c - see characters.h.  SPDX-License-Identifier: MIT */
#include "base/characters.h"

#include <stdbool.h>

size_t character_length(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80)
        return (p[0] >= 0x20 && p[0] < 0x7f) || p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
    const size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n) return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xc0) != 0x80) return 0;
    const bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    const bool control = p[0] == 0xc2 && p[1] < 0xa0 && p[1] != 0x85;
    const bool unassigned = p[0] == 0xef && p[1] == 0xbf && p[2] > 0xbd; /* U+FFFE, U+FFFF */
    return overlong || beyond || control || unassigned ? 0 : n;
}
