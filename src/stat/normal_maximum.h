/* normal_maximum.h - the largest of a few correlated normal variables.  SPDX-License-Identifier:
 * MIT
 */
#ifndef STAT_NORMAL_MAXIMUM_H
#define STAT_NORMAL_MAXIMUM_H

#include <stdbool.h>

enum { NORMAL_MAXIMUM = 8 };

/* P(max |Z_k| > z), or P(max Z_k > z), of standard normal variables that are combinations of three
 * independent ones: Z_k = direction[k]' U with |direction[k]| = 1, 1 <= n <= NORMAL_MAXIMUM. The
 * relative error is below 1e-9 (absolute, for max Z_k at z < 0). */
double normal_maximum_upper(int n, const double (*direction)[3], double z, bool absolute);

#endif
