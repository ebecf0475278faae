/* calibrate.c - see calibrate.h.  SPDX-License-Identifier: MIT
 *
 * Minimises the sum over targets of ((printed - m) / e)^2, m the mean of the target over N
 * simulated trials of the published size and e^2 = sd^2 + u^2/12 the variance of a single one, u
 * the unit of the last printed digit. All settings see the same patients, so the sum is a smooth
 * function but for the noise of its minimum: each residual is off by 1/sqrt(N) or so, the minimum
 * by sqrt(1/N) of each parameter's standard error. A step that promises to lower the sum by a tenth
 * of that, 0.1 p/N for p parameters, is not taken. */
#include "engine/calibrate.h"

#include "base/number.h"
#include "base/replace.h"
#include "engine/calibrating.h"

#include <math.h>
#include <string.h>

/* --- evaluations ------------------------------------------------------------------------------
 */

static void evaluate(void *context, int count, const double *x, struct residuals *at)
{
    struct calibrating *k = context;
    const struct targets *t = k->t;
    const int n = t->spec.free.n;
    struct arena memory = {0};
    double *value = arena_alloc(&memory, (size_t)(count * n), sizeof *value);
    struct simulated *s = arena_alloc(&memory, (size_t)count, sizeof *s);
    for (int i = 0; i < count * n; i++) value[i] = axis_value(&k->axis[i % n], x[i]);
    for (int i = 0; i < count; i++) s[i] = simulated_new(t, false, &memory);
    targets_simulate(t, count, value, s, &memory);
    k->c->evaluations += count;
    for (int i = 0; i < count; i++) {
        at[i].valid = s[i].why == NULL;
        if (s[i].why != NULL) k->why = arena_text(&k->c->memory, s[i].why);
        for (int j = 0; j < t->n && at[i].valid; j++) {
            at[i].value[j] = t->item[j].value - s[i].mean[j];
            at[i].error[j] = hypot(s[i].sd[j], sqrt(t->item[j].rounding));
        }
    }
    arena_free(&memory);
    if (k->watch != NULL)
        k->watch->tell(k->watch->context, k->stage, k->c->evaluations, k->c->chi_squared);
}

static void take_progress(void *context, int iteration, double chi_squared)
{
    struct calibrating *k = context;
    (void)iteration;
    k->c->chi_squared = chi_squared;
}

/* --- before and after -------------------------------------------------------------------------
 */

static void prepare(struct calibrating *k)
{
    const struct targets *t = k->t;
    const int p = t->spec.free.n;
    struct arena *memory = &k->c->memory;
    k->c->target = arena_alloc(memory, (size_t)t->n, sizeof *k->c->target);
    k->c->parameter = arena_alloc(memory, (size_t)p, sizeof *k->c->parameter);
    k->axis = arena_alloc(memory, (size_t)p, sizeof *k->axis);
    k->x = arena_alloc(memory, (size_t)p, sizeof *k->x);
    k->free = arena_alloc(memory, (size_t)p, sizeof *k->free);
    k->jacobian = arena_alloc(memory, (size_t)(t->n * p), sizeof *k->jacobian);
    k->here.value = arena_alloc(memory, (size_t)t->n, sizeof(double));
    k->here.error = arena_alloc(memory, (size_t)t->n, sizeof(double));
    for (int j = 0; j < p; j++) {
        const struct free_parameter *range = &t->spec.free.item[j];
        k->axis[j] = axis_of(range->low, range->high, t->start[j]);
        k->x[j] = k->axis[j].start_at;
    }
    k->problem = (struct least_squares){.n = p,
                                        .m = t->n,
                                        .evaluate = evaluate,
                                        .progress = take_progress,
                                        .context = k,
                                        .step = 0.01,
                                        .enough = 0.1 * p / t->trials,
                                        .iterations = 30};
}

static enum status begin(struct calibrating *k, struct errors *e)
{
    const struct targets *t = k->t;
    k->stage = "start";
    evaluate(k, 1, k->x, &k->here);
    if (!k->here.valid) return error_add(e, STATUS_USAGE, "%s", k->why);
    for (int i = 0; i < t->n; i++) {
        const double mean = t->item[i].value - k->here.value[i];
        k->c->target[i].start = t->item[i].ratio ? exp(mean) : mean;
        k->c->target[i].start_z = k->here.value[i] / k->here.error[i];
    }
    k->c->chi_squared = residuals_chi_squared(&k->here, k->here.error, t->n);
    k->c->start_chi_squared = k->c->chi_squared;
    return STATUS_OK;
}

static enum status no_values_around(const struct calibrating *k, int j, struct errors *e)
{
    const struct free_parameter *p = &k->t->spec.free.item[j];
    return error_at(e, p->at, "calibrate: '%s' cannot be varied around %.6g: %s", p->path,
                    axis_value(&k->axis[j], k->x[j]), k->why ? k->why : "");
}

/* The targets would lower the sum further by moving a parameter out of its range, by more than
 * noise. */
static bool is_pulled(const struct calibrating *k, int j)
{
    const int n = k->problem.n;
    double slope = 0, squares = 0;
    for (int i = 0; i < k->problem.m; i++) {
        slope += k->jacobian[i * n + j] * k->here.value[i] / k->here.error[i];
        squares += k->jacobian[i * n + j] * k->jacobian[i * n + j];
    }
    const bool low = k->x[j] <= 0, high = k->x[j] >= 1;
    return ((low && slope > 0) || (high && slope < 0)) &&
           slope * slope > 10 * squares / k->t->trials;
}

/* A value is rounded to less than a tenth of its standard error given the other parameters, which
 * is the smallest its standard error could be. What is not moved by that much stays as it was
 * written. */
static const char *rounded_value(struct calibrating *k, int j)
{
    const struct targets *t = k->t;
    const struct axis *a = &k->axis[j];
    double squares = 0, start = t->start[j], value = axis_value(a, k->x[j]), read;
    for (int i = 0; i < t->n; i++)
        squares += k->jacobian[i * k->problem.n + j] * k->jacobian[i * k->problem.n + j];
    const double whole = a->high - a->low;
    const double se = squares > 0 ? axis_slope(a, k->x[j]) / sqrt(squares) : whole;
    const double digit = floor(log10(smaller(se, whole) / 5));
    if (fabs(value - start) < pow(10, digit) / 2) return t->text[j];
    if (k->x[j] <= 0 || k->x[j] >= 1) return arena_text(&k->c->memory, number_shortest(value).text);
    struct buffer text = {0};
    buffer_printf(&text, "%.*f", digit < 0 ? (int)-digit : 0, value);
    (void)text_to_double(buffer_text(&text), &read);
    buffer_free(&text);
    read = smaller(larger(read, a->low), a->high);
    return arena_text(&k->c->memory, number_shortest(read).text);
}

double calibrating_error(const struct calibrating *k, int i)
{
    return hypot(k->final.sd[i], sqrt(k->t->item[i].rounding));
}

static void settle(struct calibrating *k)
{
    const struct targets *t = k->t;
    const int n = k->problem.n;
    double value[LEAST_SQUARES_MAX];
    for (int j = 0; j < n; j++) {
        struct parameter_fit *p = &k->c->parameter[j];
        k->free[j] = !is_pulled(k, j);
        p->verdict = k->free[j]     ? PARAMETER_FITTED
                     : k->x[j] <= 0 ? PARAMETER_AT_LOW
                                    : PARAMETER_AT_HIGH;
        p->text = rounded_value(k, j);
        (void)text_to_double(p->text, &p->value);
        value[j] = p->value;
    }
    k->final = simulated_new(t, true, &k->c->memory);
    targets_simulate(t, 1, value, &k->final, &k->c->memory);
    k->c->evaluations++;
    k->c->chi_squared = 0;
    for (int i = 0; i < t->n; i++) {
        struct target_fit *f = &k->c->target[i];
        f->fitted = t->item[i].ratio ? exp(k->final.mean[i]) : k->final.mean[i];
        f->fitted_z = (t->item[i].value - k->final.mean[i]) / calibrating_error(k, i);
        k->c->chi_squared += f->fitted_z * f->fitted_z;
    }
}

enum status calibrate(const struct targets *t, const struct calibration_watch *watch,
                      struct calibration *c, struct errors *e)
{
    *c = (struct calibration){0};
    struct calibrating k = {.t = t, .watch = watch, .c = c};
    prepare(&k);
    const enum status status = begin(&k, e);
    if (status != STATUS_OK) return status;
    k.stage = "fit";
    const struct least_squares_end end = least_squares_fit(&k.problem, k.x);
    if (end.blocked >= 0) return no_values_around(&k, end.blocked, e);
    c->unfinished = end.remaining > 0.1 ? end.remaining : 0;
    k.stage = "standard errors";
    evaluate(&k, 1, k.x, &k.here);
    const int blocked = least_squares_jacobian(&k.problem, k.x, &k.here, true, k.jacobian);
    if (blocked >= 0) return no_values_around(&k, blocked, e);
    settle(&k);
    if (k.final.why != NULL) return error_add(e, STATUS_USAGE, "%s", k.final.why);
    calibrating_errors(&k);
    k.stage = "ranges that fit";
    calibrating_ranges(&k);
    k.stage = "targets";
    calibrating_targets(&k);
    calibrating_loose(&k);
    return STATUS_OK;
}

void calibration_free(struct calibration *c)
{
    arena_free(&c->memory);
    *c = (struct calibration){0};
}

bool calibration_is_good(const struct targets *t, const struct calibration *c)
{
    bool good = !(c->unfinished > 0);
    for (int i = 0; i < t->n; i++) good = good && c->target[i].verdict == TARGET_FITS;
    for (int j = 0; j < t->spec.free.n; j++)
        good = good && c->parameter[j].verdict == PARAMETER_FITTED;
    return good;
}

enum status calibration_write(struct buffer *out, const struct targets *t,
                              const struct calibration *c, struct errors *e)
{
    struct replacement r[LEAST_SQUARES_MAX];
    for (int j = 0; j < t->spec.free.n; j++)
        r[j] = (struct replacement){t->text_at[j], t->text[j], c->parameter[j].text};
    return text_replace(out, t->file_text, r, t->spec.free.n, e);
}
