/* topics.h - pages of help on what has no table of keys.  SPDX-License-Identifier: MIT */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

struct topic {
    const char *name, *text; /* name NULL: the end */
};
extern const struct topic topics[];

#endif
