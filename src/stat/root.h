/* root.h - the root of a function of one variable, without allocation.  SPDX-License-Identifier:
 * MIT */
#ifndef STAT_ROOT_H
#define STAT_ROOT_H

/* The x in [low, high] where f changes its sign, to the last few bits; f may be infinite at the
 * ends. Where f has one sign throughout, the end at which it is nearer to zero. */
double root_between(double (*f)(const void *context, double x), const void *context, double low,
                    double high);

#endif
