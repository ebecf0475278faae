/* characters.h - UTF-8 by characters.  SPDX-License-Identifier: MIT */
#ifndef BASE_CHARACTERS_H
#define BASE_CHARACTERS_H

#include <stddef.h>

/* Bytes of the character that starts at text[0], of which `left` > 0 bytes are there; 0 when it is
 * none (RFC 3629) or a control character other than tab, line feed and carriage return: what YAML
 * 1.2.2 calls printable (5.1, c-printable). */
size_t character_length(const char *text, size_t left);

#endif
