/* registry.h - every plug-in of the program.  SPDX-License-Identifier: MIT */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

struct analysis;
struct endpoint;
struct design;

extern const struct analysis *const analyses[];  /* NULL-terminated */
extern const struct endpoint *const endpoints[]; /* NULL-terminated */
extern const struct design *const designs[];     /* NULL-terminated */

const struct analysis *analysis_named(const char *name); /* NULL when there is none */
const struct endpoint *endpoint_named(const char *name);
const struct design *design_named(const char *name);

#endif
