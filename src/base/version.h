/* version.h - which program this is.  SPDX-License-Identifier: MIT */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

const char *version_program(void);  /* "0.1.0" */
const char *version_revision(void); /* of the sources, "unknown" outside a repository */

#endif
