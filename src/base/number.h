/* number.h - the smaller and the larger of two numbers.  SPDX-License-Identifier: MIT
 *
 * fmin and fmax of the C library are calls, because of what they do with NaN; these are one
 * instruction. A NaN in the first argument gives the second. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}
static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

#endif
