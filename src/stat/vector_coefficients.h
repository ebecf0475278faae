/* vector_coefficients.h - polynomials of vector_kernels.h.  SPDX-License-Identifier: MIT
 * Made by scripts/vector_coefficients.py: do not edit. */
/* clang-format off */
#ifndef STAT_VECTOR_COEFFICIENTS_H
#define STAT_VECTOR_COEFFICIENTS_H

#define LN2 0x1.62e42fefa39efp-1 /* log 2 */
#define LN2_REST 0x1.abc9e3b39803fp-56 /* log 2 - LN2 */
#define LOG2_E 0x1.71547652b82fep+0 /* 1 / log 2 */
#define LOG_LOWEST 0x1.ae89f995ad3adp-1 /* the mantissa is taken in [LOG_LOWEST, 2 LOG_LOWEST) */
#define LOG_MIDDLE 0x1.306fe0a31b715p+0 /* and divided by sqrt 2 from here */
#define LOG_FACTOR 0x1.6a09e667f3bcdp-1 /* 1 / sqrt 2 */
#define LOG_OFFSET 0x1.62e42fefa39eep-2 /* -log LOG_FACTOR */
#define TAIL_FROM 0x1.a000000000000p+2 /* w beyond which the normal quantile takes its tail branch */
#define CENTRE_ORIGIN 0x1.a000000000000p+1 /* of the powers in w */
#define TAIL_ORIGIN 0x1.1000000000000p+2 /* of the powers in sqrt(w) */

/* (log(1 + f) - f) / f^2 for |f| <= 2^(1/4) - 1
 * Relative truncation error 1.4e-15. */
static const double LOG_REST[14] = {
    -0x1.0000000000006p-1, 0x1.5555555555560p-2, -0x1.fffffffff0684p-3,
    0x1.999999998ae9ep-3, -0x1.555555707b477p-3, 0x1.2492493e242fap-3,
    -0x1.ffffdc9ba76ffp-4, 0x1.c71c5071af414p-4, -0x1.99a48ecc48412p-4,
    0x1.7467693ae9b4ap-4, -0x1.539997b61391ap-4, 0x1.3971cd6750f91p-4,
    -0x1.46fa80d6926a0p-4, 0x1.3176f5a55f60fp-4,
};

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2
 * Relative truncation error 2.2e-16. */
static const double EXP_REST[10] = {
    0x1.0000000000001p-1, 0x1.5555555555556p-3, 0x1.5555555553d63p-5,
    0x1.11111111109b3p-7, 0x1.6c16c1788bd90p-10, 0x1.a01a01a7c41d5p-13,
    0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22,
    0x1.af38a9b0ec855p-26,
};

/* Phi^-1(1/2 + q) / q in powers of w - CENTRE_ORIGIN, w = -log(1 - 4 q^2) <= 6.5
 * Relative truncation error 7.7e-17. */
static const double NORMAL_CENTRE[24] = {
    0x1.30c2a269a79d9p+2, 0x1.598db7991d3ecp-1, -0x1.23adec48fc103p-6,
    -0x1.e19d8df2c7eb9p-10, 0x1.079c714a1e29dp-11, -0x1.5e76e202d39d7p-15,
    -0x1.7ec34225fad55p-19, 0x1.29e1ba21aaa8ap-20, -0x1.909a74878a298p-24,
    -0x1.1500861fba74dp-27, 0x1.77106aca03f68p-29, -0x1.b656bbbb06b65p-33,
    -0x1.b84b51b80b0a3p-36, 0x1.e3c77a50bda8ap-38, -0x1.cba54cb366f7bp-42,
    -0x1.5ae75a9d58f4fp-44, 0x1.3fc6289b9229fp-46, -0x1.bcd5d4448f16dp-51,
    -0x1.33a5c7bb93cc0p-52, 0x1.a1f9830e93ea9p-55, 0x1.521c946b6277cp-60,
    -0x1.da161670fa663p-61, 0x1.080e03374e04bp-66, 0x1.cf39528760c8ap-68,
};

/* |Phi^-1(1/2 + q)| in powers of sqrt(w) - TAIL_ORIGIN, 6.5 <= w <= 36.1 (p = 2^-54)
 * Relative truncation error 1.4e-17. */
static const double NORMAL_TAIL[26] = {
    0x1.7262c28764dd5p+2, 0x1.6da6ba64ebe20p+0, 0x1.07e0ad9c0873cp-10,
    -0x1.c0e08dd4ad707p-11, 0x1.33bfb0dca0ef3p-12, -0x1.56bc319a1d5cfp-14,
    0x1.56db7801b72a5p-16, -0x1.37c4906c9a65ep-18, 0x1.dde57ecb0921ap-21,
    -0x1.6fb6fcda1e729p-24, -0x1.6dde80018afa0p-25, 0x1.38f7cfefc8ff4p-25,
    -0x1.24fafcb5f993bp-26, 0x1.7da255b82fe1cp-28, -0x1.1d3f2afa135abp-30,
    -0x1.f936f7b8f5229p-34, 0x1.934c83285e481p-33, -0x1.593fbe8565f17p-34,
    0x1.42c9dff900952p-36, -0x1.aa35a1472f534p-41, -0x1.c63de21d7af63p-40,
    0x1.f4c21492a5be1p-41, -0x1.bdc7963ef1fe8p-43, -0x1.48ba0b9cad26fp-46,
    0x1.4a2cb98ca9839p-46, -0x1.7f21d2ab76c26p-49,
};

#endif
