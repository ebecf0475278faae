/* topics.h - pages of help on the sections of a scenario and what else is no plug-in.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include "model/param.h"

struct topic {
    const char *name, *text;    /* name NULL: the end */
    const struct param *params; /* keys of a section; NULL: none, or explained by the text */
};
extern const struct topic topics[];

#endif
