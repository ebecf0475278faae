/* plugins.h - one view of everything that has a name, keys and a reference.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PLUGINS_H
#define CLI_PLUGINS_H

#include "model/param.h"

struct plugin {
    const char *name, *brief, *formula, *reference, *example;
    const struct param *params, *common, *effects; /* common: keys that all of the kind share */
};
struct plugin_kind {
    const char *name, *singular;
};
enum { PLUGIN_KINDS = 5 };
extern const struct plugin_kind plugin_kinds[PLUGIN_KINDS];
struct plugin plugin_at(int kind, int index); /* name NULL: past the end */

#endif
