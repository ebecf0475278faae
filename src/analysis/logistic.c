/* logistic.c - logistic regression by maximum likelihood.  SPDX-License-Identifier: MIT */
#include "analysis/bernoulli.h"
#include "analysis/newton.h"
#include "stat/vector.h"

#include <math.h>
#include <string.h>

struct logistic {
    int test;
};

static const struct param logistic_params[] = {
    {PARAM_AT(struct logistic, test), .type = PARAM_CHOICE, .choices = "wald|likelihood_ratio",
     .help = "statistic and p-value; limits are Wald's"},
    {0},
};

struct model {
    const struct columns *z;
    const double *y; /* [n] 0 or 1 */
    double *eta;     /* [n] */
    struct bernoulli at;
};

static double logistic_evaluate(void *model, const double *beta, struct derivatives *d)
{
    const struct model *m = model;
    const struct columns *z = m->z;
    const int n = z->n, stride = z->blocks * LANES;
    columns_predict(z, beta, m->eta);
    bernoulli_evaluate(&m->at, m->eta, m->y, n);
    memset(d->gradient, 0, (size_t)stride * sizeof(double));
    memset(d->information, 0, (size_t)stride * (size_t)stride * sizeof(double));
    rows_add((lanes *)d->gradient, z->row, n, z->blocks, m->at.residual);
    rows_add_products(d->information, NULL, z->row, n, z->blocks, m->at.v);
    for (int j = 0; j < stride; j++) d->scale[j] = d->information[j * stride + j];
    vector_log(m->at.whole, m->at.whole, n);
    return lanes_sum(m->at.loglik, n) - lanes_sum(m->at.whole, n);
}

/* log(ad/bc) and Woolf's standard error: what the maximum likelihood is for a fourfold table. */
static struct result fourfold(const struct inference *in, const struct sample *s,
                              struct bernoulli_events e)
{
    const double a = e.in_arm[1], b = s->n_arm[1] - a, c = e.in_arm[0], d = s->n_arm[0] - c;
    struct result r = {0};
    result_wald(&r, in, SCALE_LOG, log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d));
    return r;
}

static struct result regression(const struct inference *in, const struct sample *s,
                                enum coefficient_test test, struct scratch *w)
{
    const struct rows rows = {.n = s->n, .n_groups = 1, .start = (const int[]){0, s->n}};
    struct columns z;
    if (!columns_build(&z, s, &rows, true, w)) return result_undefined(UNDEFINED_SINGULAR, 0, 0);
    struct model m = {.z = &z,
                      .y = s->value,
                      .eta = scratch_doubles(w, s->n),
                      .at = {.loglik = scratch_doubles(w, s->n),
                             .whole = scratch_doubles(w, s->n),
                             .v = scratch_doubles(w, s->n),
                             .residual = scratch_doubles(w, s->n)}};
    const struct likelihood f = {.z = &z, .evaluate = logistic_evaluate, .model = &m};
    return likelihood_result(&f, test, in, w);
}

static void logistic_run(const void *params, const struct inference *in, const struct sample *s,
                         struct scratch *w, struct result *out)
{
    const struct logistic *l = params;
    const struct bernoulli_events events = bernoulli_count(s);
    const enum undefined why = bernoulli_why_not(s, events);
    const enum coefficient_test test = l->test == 0 ? TEST_WALD : TEST_LIKELIHOOD_RATIO;
    const struct scratch_mark mark = scratch_save(w);
    if (why != UNDEFINED_NO)
        *out = result_undefined(why, 0, 0);
    else if (s->n_x == 0 && test == TEST_WALD)
        *out = fourfold(in, s, events);
    else
        *out = regression(in, s, test, w);
    out->n = s->n;
    out->events = events.total;
    scratch_restore(w, mark);
}

static const struct output logistic_outputs[] = {
    {.suffix = NULL, .brief = "odds ratio", .scale = SCALE_LOG, .null = 1},
};

const struct analysis analysis_logistic = {
    .name = "logistic",
    .brief = "odds ratio by logistic regression",
    .formula =
        "maximum of sum y eta - log(1 + exp(eta)), eta = b0 + b'x; se from the information;\n"
        "without covariates log(ad/bc) and sqrt(1/a + 1/b + 1/c + 1/d)",
    .reference =
        "Cox 1958, J R Stat Soc B 20:215; separation: Albert & Anderson 1984, Biometrika 71:1",
    .outcome = OUTCOME_BINARY,
    .uses = USES_ADJUST | USES_TERM | NEEDS_NO_ARM,
    .params = logistic_params,
    .params_size = sizeof(struct logistic),
    .n_outputs = 1,
    .outputs = logistic_outputs,
    .example = "{method: logistic, endpoint: dead, adjust: [age]}",
    .se_power = -0.5,
    .run = logistic_run,
};
