/* version.c - see version.h; the only file compiled with the revision.
 * SPDX-License-Identifier: MIT */
#include "base/version.h"

#ifndef REVISION
#define REVISION "unknown"
#endif

const char *version_program(void)
{
    return "0.1.0";
}
const char *version_revision(void)
{
    return REVISION;
}
