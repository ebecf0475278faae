# missing.R - expected numbers of tests/test_missing.c: predictions by lm, draws of a normal linear regression's
# posterior from given uniforms, Rubin's rules by mice, worst and best cases by t.test and wilcox.test.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/missing.R    (from the root; rewrites tests/oracle/missing.h)
suppressPackageStartupMessages({library(survival); library(mice)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
listed <- function(x) paste(number(x), collapse = ", ")
out <- c(
  sprintf("/* missing.h - written by tests/oracle/missing.R with R %s.%s, survival %s and mice %s.",
          R.version$major, R.version$minor, packageVersion("survival"), packageVersion("mice")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(name, values)
  out <<- c(out, paste0("static const double ", name, "[] = {"),
            strwrap(paste(number(values), collapse = ", "), 100), "};")

# Every column of y, arm, x; bounds of the outcome. fit_x, origin: the same in numbers that lm can digest.
rows <- character()
add <- function(name, y, arm, x, lowest, highest, fit_x = x, origin = 0) {
  keep <- complete.cases(arm, x)
  y <- y[keep] - origin; arm <- as.integer(arm[keep]); given <- as.matrix(x)[keep, , drop = FALSE]
  x <- as.matrix(fit_x)[keep, , drop = FALSE]
  lowest <- lowest - origin; highest <- highest - origin
  id <- paste0("d", length(rows))
  known <- !is.na(y)
  fit <- lm(y ~ arm + x, subset = known, tol = 1e-13)
  mean_of <- function(fit, columns) drop(cbind(1, arm, columns)[!known, , drop = FALSE] %*% coef(fit))
  welch <- function(filled) {
    z <- y; z[!known] <- filled
    t <- t.test(z[arm == 1], z[arm == 0])
    c(t$estimate[1] - t$estimate[2], t$stderr, t$conf.int, t$p.value)
  }
  rank_p <- function(filled) {
    z <- y; z[!known] <- filled
    suppressWarnings(wilcox.test(z[arm == 1], z[arm == 0], exact = FALSE, correct = FALSE))$p.value
  }
  by_arm <- function(control, treated) ifelse(arm[!known] == 1, treated, control)
  lowers <- list(by_arm(highest, highest), by_arm(lowest, lowest), by_arm(lowest, highest), by_arm(highest, lowest))
  # One draw: Rubin 1987, p. 167, in the basis of X = QR with R's diagonal positive.
  u <- (seq_len(1 + 2 + ncol(x) + sum(!known)) * 0.6180339887498949) %% 1
  X <- cbind(1, arm, x)
  decomposed <- qr(X[known, ])
  R <- qr.R(decomposed)
  sign <- sign(diag(R))
  R <- sign * R
  Q <- t(sign * t(qr.Q(decomposed)))
  p <- ncol(X)
  sigma <- sqrt(sum(resid(fit)^2) / qchisq(u[1], sum(known) - p))
  b <- backsolve(R, drop(crossprod(Q, y[known])) + sigma * qnorm(u[2:(p + 1)]))
  draw <- drop(X[!known, , drop = FALSE] %*% b) + sigma * qnorm(u[-(1:(p + 1))])
  array(paste0(id, "_y"), y + origin)
  array(paste0(id, "_arm"), arm)
  array(paste0(id, "_x"), given)
  array(paste0(id, "_u"), u - 0.5)
  array(paste0(id, "_mean"), mean_of(fit, x))
  array(paste0(id, "_draw"), draw)
  rows <<- c(rows, sprintf(
    "{\"%s\", %d, %d, %s, %s_y, %s_arm, %s_x, %s_u, %s_mean, %s_draw, %s, %s,\n {%s}, {%s},\n {%s}, {%s}},", name,
    length(y), ncol(x), number(origin), id, id, id, id, id, id, number(lowest + origin), number(highest + origin),
    listed(welch(mean_of(fit, x))), listed(welch(by_arm(mean(y[known & arm == 0]), mean(y[known & arm == 1])))),
    paste0("{", sapply(lowers, function(f) listed(welch(f))), "}", collapse = ",\n  "),
    listed(sapply(lowers, rank_p))))
}
add("ozone, the later half of summer", airquality$Ozone, airquality$Month >= 7,
    airquality[, c("Wind", "Temp")], 0, 200)
add("lung, weight loss by sex", lung$wt.loss, lung$sex == 2, lung[, c("age", "ph.ecog")], -30, 80)
add("pbc, cholesterol by treatment", pbc$chol, pbc$trt == 1, cbind(log(pbc$bili), pbc$albumin, pbc$age), 100, 2000)
add("nhanes2, cholesterol of the over-forties", nhanes2$chl, nhanes2$age != "20-39", as.integer(nhanes2$age == "60-99"),
    100, 300)
set.seed(20190217)
n <- 40
v <- runif(n)
add("badly scaled", 1e6 + ifelse(seq_len(n) %% 3 == 0, NA, v + rnorm(n)), rep(0:1, n / 2),
    cbind(1e8 + v, 1e-9 * (w <- rnorm(n))), 1e6 - 4, 1e6 + 4, cbind((1e8 + v) - 1e8, w), 1e6)

# Rubin's rules: estimates, their variances, complete-data degrees of freedom.
pools <- character()
pool <- function(name, q, u, df) {
  p <- pool.scalar(q, u, n = df + 1, k = 1)
  # the formulas of Barnard & Rubin 1999, so that mice is not trusted alone
  l <- (1 + 1 / length(q)) * var(q) / p$t
  old <- (length(q) - 1) / l^2
  observed <- (df + 1) / (df + 3) * df * (1 - l)
  stopifnot(all.equal(p$df, old * observed / (old + observed), tolerance = 1e-12))
  se <- sqrt(p$t)
  pools <<- c(pools, sprintf("{\"%s\", {%d, %s}, {%s}},", name, length(q), listed(c(mean(q), mean(u), var(q), df)),
                             listed(c(p$qbar, se, p$qbar + c(-1, 1) * qt(0.975, p$df) * se, p$qbar / se,
                                      2 * pt(-abs(p$qbar / se), p$df), p$df, sqrt(p$ubar), sqrt(p$b), p$fmi))))
}
pool("five", c(-1.2, -0.7, -1.05, -0.9, -1.4), c(0.25, 0.27, 0.24, 0.26, 0.31), 98)
pool("two", c(0.3, 0.5), c(0.01, 0.02), 7.3)
pool("much is missing", c(-3, 4, 1, -2, 6, 0.5), rep(0.4, 6), 400)
pool("twenty, a little", 2 + sin(1:20) / 30, 0.1 + cos(1:20) / 100, 420)

out <- c(out, "static const struct fill_case fill_cases[] = {", rows, "};",
         "static const struct pool_case pool_cases[] = {", pools, "};")
writeLines(out, "tests/oracle/missing.h")
