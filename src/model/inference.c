/* inference.c - from an estimate and its standard error to limits and a p-value.
 * SPDX-License-Identifier: MIT */
#include "model/analysis.h"
#include "stat/distribution.h"

#include <math.h>
#include <string.h>

const char *undefined_text(enum undefined why)
{
    static const char *const text[] = {
#define UNDEFINED(name, text) text,
        UNDEFINED_LIST
#undef UNDEFINED
    };
    return text[why];
}

int output_benefit(const struct output *o, int endpoint)
{
    return o->benefit == BENEFIT_HIGH ? 1 : o->benefit == BENEFIT_OPPOSITE ? -endpoint : endpoint;
}

struct result result_undefined(enum undefined why, int n, int events)
{
    return (struct result){NAN, NAN, NAN, NAN, NAN, NAN, n, events, why};
}

bool sample_compares_arms(const struct sample *s, struct scratch *w)
{
    const struct scratch_mark mark = scratch_save(w);
    unsigned char *seen = scratch_take(w, (size_t)s->n_strata, 1); /* a bit for each arm */
    bool both = false;
    memset(seen, 0, (size_t)s->n_strata);
    for (int i = 0; i < s->n && !both; i++) {
        unsigned char *here = &seen[s->stratum != NULL ? s->stratum[i] : 0];
        *here = (unsigned char)(*here | 1 << s->arm[i]);
        both = *here == 3;
    }
    scratch_restore(w, mark);
    return both;
}

double p_normal(const struct inference *in, double z)
{
    if (in->sides == 2) return 2 * normal_upper(fabs(z));
    return normal_upper(in->benefit >= 0 ? z : -z);
}

double p_student(const struct inference *in, double t, double df)
{
    if (in->sides == 2) return 2 * student_upper(fabs(t), df);
    return student_upper(in->benefit >= 0 ? t : -t, df);
}

void result_wald(struct result *r, const struct inference *in, enum scale scale, double estimate,
                 double se)
{
    const double null = scale == SCALE_LOG ? log(in->null) : in->null;
    const double low = estimate - in->z * se, high = estimate + in->z * se;
    r->se = se;
    r->estimate = scale == SCALE_LOG ? exp(estimate) : estimate;
    r->ci_low = scale == SCALE_LOG ? exp(low) : low;
    r->ci_high = scale == SCALE_LOG ? exp(high) : high;
    r->statistic = (estimate - null) / se;
    r->p_value = p_normal(in, r->statistic);
    r->why = UNDEFINED_NO;
}
