# distribution.R - expected numbers of tests/test_distribution.c: qt.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/distribution.R    (from the root; rewrites tests/oracle/distribution.h)
out <- c(sprintf("/* distribution.h - written by tests/oracle/distribution.R with R %s.%s.", R.version$major,
                 R.version$minor), " * SPDX-License-Identifier: MIT */", "/* clang-format off */",
         "static const struct { double q, df, t; } student[] = {")
for (df in c(2.5, 30, 99.5, 100, 101.25, 150, 300.7, 422, 5000, 1e6)) {
  for (q in c(0.4, 0.1, 0.05, 0.025, 0.005, 0.0005, 1e-6, 0.975)) {
    out <- c(out, sprintf("    {%.17g, %.17g, %.17g},", q, df, qt(q, df, lower.tail = FALSE)))
  }
}
writeLines(c(out, "};"), "tests/oracle/distribution.h")
