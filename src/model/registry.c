/* registry.c - the plug-ins that registry.def lists.  SPDX-License-Identifier: MIT */
#include "model/registry.h"

#include "model/analysis.h"
#include "model/design.h"
#include "model/endpoint.h"

#include <string.h>

#define ANALYSIS(name) extern const struct analysis analysis_##name;
#define ENDPOINT(name) extern const struct endpoint endpoint_##name;
#define DESIGN(name)   extern const struct design design_##name;
#include "model/registry.def"
#undef ANALYSIS
#undef ENDPOINT
#undef DESIGN

#define ANALYSIS(name) &analysis_##name,
#define ENDPOINT(name)
#define DESIGN(name)
const struct analysis *const analyses[] = {
#include "model/registry.def"
    NULL};
#undef ANALYSIS
#undef ENDPOINT

#define ANALYSIS(name)
#define ENDPOINT(name) &endpoint_##name,
const struct endpoint *const endpoints[] = {
#include "model/registry.def"
    NULL};
#undef ENDPOINT
#undef DESIGN

#define ENDPOINT(name)
#define DESIGN(name) &design_##name,
const struct design *const designs[] = {
#include "model/registry.def"
    NULL};

const struct analysis *analysis_named(const char *name)
{
    for (const struct analysis *const *a = analyses; *a; a++)
        if (strcmp((*a)->name, name) == 0) return *a;
    return NULL;
}

const struct endpoint *endpoint_named(const char *name)
{
    for (const struct endpoint *const *e = endpoints; *e; e++)
        if (strcmp((*e)->name, name) == 0) return *e;
    return NULL;
}

const struct design *design_named(const char *name)
{
    for (const struct design *const *d = designs; *d; d++)
        if (strcmp((*d)->name, name) == 0) return *d;
    return NULL;
}
