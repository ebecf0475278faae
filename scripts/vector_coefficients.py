#!/usr/bin/env python3
"""Makes src/stat/vector_coefficients.h: polynomials for src/stat/vector_kernels.h.

    scripts/vector_coefficients.py >src/stat/vector_coefficients.h

Each polynomial interpolates its function at Chebyshev nodes, which is within a small factor of minimax,
in 60-digit arithmetic (mpmath); the largest error that truncation leaves is printed with it.
"""
from mpmath import cos, erfc, erfinv, exp, log, log1p, mp, mpf, npdf, nstr, pi, sqrt

mp.dps = 60


def normal_quantile(q, p):
    """Phi^-1(1/2 + q) for q >= 0, p = 1/2 - q."""
    if p > mpf("0.02"):
        return sqrt(2) * erfinv(2 * q)
    t = sqrt(-2 * log(p))
    z = t - log(t * sqrt(2 * pi)) / t
    for _ in range(12):  # Halley's method on log-scale residuals
        residual = (erfc(z / sqrt(2)) / 2 - p) / npdf(z)
        z += residual / (1 - z * residual / 2)
    return z


def tails(w):
    """q and p = 1/2 - q for which w = -log(4 p (1 - p)) = -log(1 - 4 q^2)."""
    s = exp(-w) / 4
    p = 2 * s / (1 + sqrt(1 - 4 * s))
    return mpf(1) / 2 - p, p


def centre(w):
    """z/q, smooth in w down to w = 0, where it is sqrt(2 pi)."""
    if w < mpf(10) ** -40:
        return sqrt(2 * pi)
    q, p = tails(w)
    return normal_quantile(q, p) / q


def tail(root):
    return normal_quantile(*tails(root * root))


def log_rest(f):
    """(log(1 + f) - f) / f^2"""
    return -mpf(1) / 2 + f / 3 if abs(f) < mpf(10) ** -20 else (log1p(f) - f) / f**2


def exp_rest(r):
    """(exp(r) - 1 - r) / r^2"""
    return mpf(1) / 2 + r / 6 if abs(r) < mpf(10) ** -20 else (exp(r) - 1 - r) / r**2


def interpolate(f, low, high, n, origin):
    """The n coefficients in powers of x - origin, and the largest relative error."""
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle + half * cos(pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    matrix = mp.matrix(n, n)
    for i, x in enumerate(nodes):
        for j in range(n):
            matrix[i, j] = (x - origin) ** j
    solution = mp.lu_solve(matrix, mp.matrix([f(x) for x in nodes]))
    c = [solution[j] for j in range(n)]
    grid = [low + (high - low) * k / 400 for k in range(401)]
    error = max(abs(mp.polyval(c[::-1], x - origin) / f(x) - 1) for x in grid)
    return c, error


def hexadecimal(x):
    return float(x).hex()


def print_polynomial(name, says, f, low, high, n, origin):
    c, error = interpolate(f, low, high, n, origin)
    print(f"\n/* {says}\n * Relative truncation error {nstr(error, 2)}. */")
    print(f"static const double {name}[{n}] = {{")
    for k in range(0, n, 3):
        print("    " + ", ".join(hexadecimal(x) for x in c[k : k + 3]) + ",")
    print("};")


def print_number(name, value, says):
    print(f"#define {name} {hexadecimal(value)} /* {says} */")


def main():
    print("/* vector_coefficients.h - polynomials of vector_kernels.h.  SPDX-License-Identifier: MIT")
    print(" * Made by scripts/vector_coefficients.py: do not edit. */")
    print("/* clang-format off */")
    print("#ifndef STAT_VECTOR_COEFFICIENTS_H\n#define STAT_VECTOR_COEFFICIENTS_H\n")

    ln2 = log(2)
    root = mpf(float(1 / sqrt(2)))
    print_number("LN2", ln2, "log 2")
    print_number("LN2_REST", ln2 - mpf(float(ln2)), "log 2 - LN2")
    print_number("LOG2_E", 1 / ln2, "1 / log 2")
    print_number("LOG_LOWEST", mpf(2) ** (-mpf(1) / 4), "the mantissa is taken in [LOG_LOWEST, 2 LOG_LOWEST)")
    print_number("LOG_MIDDLE", mpf(2) ** (mpf(1) / 4), "and divided by sqrt 2 from here")
    print_number("LOG_FACTOR", root, "1 / sqrt 2")
    print_number("LOG_OFFSET", -log(root), "-log LOG_FACTOR")
    print_number("TAIL_FROM", mpf("6.5"), "w beyond which the normal quantile takes its tail branch")
    print_number("CENTRE_ORIGIN", mpf("3.25"), "of the powers in w")
    print_number("TAIL_ORIGIN", mpf("4.25"), "of the powers in sqrt(w)")

    edge = mpf(2) ** (mpf(1) / 4) - 1 + mpf("1e-4")
    print_polynomial("LOG_REST", "(log(1 + f) - f) / f^2 for |f| <= 2^(1/4) - 1", log_rest, -edge, edge, 14, mpf(0))
    half = ln2 / 2 * mpf("1.0001")
    print_polynomial("EXP_REST", "(exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2", exp_rest, -half, half, 10, mpf(0))
    print_polynomial("NORMAL_CENTRE", "Phi^-1(1/2 + q) / q in powers of w - CENTRE_ORIGIN, w = -log(1 - 4 q^2) <= 6.5",
                     centre, mpf(0), mpf("6.5"), 24, mpf("3.25"))
    print_polynomial("NORMAL_TAIL", "|Phi^-1(1/2 + q)| in powers of sqrt(w) - TAIL_ORIGIN, 6.5 <= w <= 36.1 (p = 2^-54)",
                     tail, sqrt(mpf("6.5")) - mpf("1e-6"), mpf("6.01"), 26, mpf("4.25"))
    print("\n#endif")


main()
