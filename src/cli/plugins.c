/* plugins.c - see plugins.h.  SPDX-License-Identifier: MIT */
#include "cli/plugins.h"
#include "engine/scenario.h"
#include "model/registry.h"

#include <stddef.h>

const struct plugin_kind plugin_kinds[PLUGIN_KINDS] = {{"covariates", "covariate distribution"},
                                                       {"components", "component of the course"},
                                                       {"endpoints", "endpoint"},
                                                       {"analyses", "analysis"},
                                                       {"designs", "design"}};

static const struct plugin distributions[] = {
    {.name = "normal",
     .brief = "normal, possibly truncated and rounded",
     .formula = "mean and sd are those delivered, after truncation to `within` and rounding",
     .reference = "Johnson, Kotz & Balakrishnan (1994) Continuous Univariate Distributions 1",
     .example = "{distribution: normal, mean: 9.7, sd: 3.6, within: [0, 24], integer: true}"},
    {.name = "lognormal",
     .brief = "log-normal, possibly truncated",
     .formula = "median and sd_log (or mean and sd) are those delivered",
     .reference = "Johnson, Kotz & Balakrishnan (1994) Continuous Univariate Distributions 1",
     .example = "{distribution: lognormal, median: 3.9, sd_log: 0.6, within: [2, 25]}"},
    {.name = "uniform",
     .brief = "uniform between two limits",
     .formula = "density constant on `within`",
     .reference = "",
     .example = "{distribution: uniform, within: [0, 1]}"},
    {.name = "binary",
     .brief = "0 or 1",
     .formula = "1 with `probability`",
     .reference = "",
     .example = "{distribution: binary, probability: 0.4}"},
    {.name = "categorical",
     .brief = "one of several named levels",
     .formula = "levels divide the normal score in the order given",
     .reference = "",
     .example = "{distribution: categorical, levels: {abdominal: 0.35, lung: 0.65}}"},
    {0}};

struct plugin plugin_at(int kind, int index)
{
    struct plugin p = {0};
    if (kind == 0) {
        p = distributions[index];
        p.params = covariate_params;
    } else if (kind == 1) {
        const struct component *c = &components[index];
        p = (struct plugin){c->name, c->brief,  c->assumes, c->reference,
                            NULL,    c->params, NULL,       c->effects};
    } else if (kind == 2 && endpoints[index]) {
        const struct endpoint *x = endpoints[index];
        p = (struct plugin){x->name,
                            x->brief,
                            x->formula,
                            x->reference,
                            x->example,
                            x->params,
                            endpoint_common_params,
                            NULL};
    } else if (kind == 3 && analyses[index]) {
        const struct analysis *x = analyses[index];
        p = (struct plugin){x->name,    x->brief,  x->formula,      x->reference,
                            x->example, x->params, analysis_params, NULL};
    } else if (kind == 4 && designs[index]) {
        const struct design *x = designs[index];
        p = (struct plugin){x->name,    x->brief,  x->formula, x->reference,
                            x->example, x->params, NULL,       NULL};
    }
    return p;
}
