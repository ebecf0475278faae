/* calibrate_axis.c - the scale a free parameter moves on, see calibrating.h.
 * SPDX-License-Identifier: MIT */
#include "engine/calibrating.h"

#include <math.h>

static double to_scale(enum axis_scale scale, double value)
{
    if (scale == AXIS_LOG) return log(value);
    return scale == AXIS_LOG_ODDS ? log(value / (1 - value)) : value;
}

static double from_scale(enum axis_scale scale, double y)
{
    if (scale == AXIS_LOG) return exp(y);
    return scale == AXIS_LOG_ODDS ? 1 / (1 + exp(-y)) : y;
}

struct axis axis_of(double low, double high, double start)
{
    const enum axis_scale scale = !(low > 0) ? AXIS_LINEAR : high < 1 ? AXIS_LOG_ODDS : AXIS_LOG;
    const double from = to_scale(scale, low), to = to_scale(scale, high);
    struct axis a = {scale, low, high, start, 0};
    if (start > low) a.start_at = start < high ? (to_scale(scale, start) - from) / (to - from) : 1;
    return a;
}

double axis_value(const struct axis *a, double x)
{
    const double low = to_scale(a->scale, a->low), high = to_scale(a->scale, a->high);
    if (x <= 0) return a->low;
    if (x >= 1) return a->high;
    return fabs(x - a->start_at) > 0 ? from_scale(a->scale, low + x * (high - low)) : a->start;
}

double axis_slope(const struct axis *a, double x)
{
    const double value = axis_value(a, x);
    const double width = to_scale(a->scale, a->high) - to_scale(a->scale, a->low);
    if (a->scale == AXIS_LOG) return value * width;
    return a->scale == AXIS_LOG_ODDS ? value * (1 - value) * width : width;
}
