# quantile.R - expected numbers of tests/test_quantile.c: median regression by quantreg, its simplex method (br).
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/quantile.R    (from the root; rewrites tests/oracle/quantile.h)
suppressPackageStartupMessages({library(MASS); library(survival); library(quantreg)})

number <- function(x) {
  x <- as.numeric(x)
  ifelse(is.na(x), "NAN", ifelse(abs(x) > 1e300, ifelse(x > 0, "INFINITY", "-INFINITY"), sprintf("%.17g", x)))
}
listed <- function(x) paste(number(x), collapse = ", ")
out <- c(sprintf("/* quantile.h - written by tests/oracle/quantile.R with R %s.%s and quantreg %s.",
                 R.version$major, R.version$minor, packageVersion("quantreg")),
         " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(type, name, values) {
  out <<- c(out, paste0("static const ", type, " ", name, "[] = {"),
            strwrap(paste(if (type == "double") number(values) else values, collapse = ", "), 100),
            "};")
}
quiet <- suppressWarnings
rho <- function(r, tau) sum(r * (tau - (r < 0)))
minimum <- function(x, y, tau) rho(rq.fit.br(x, y, tau)$residuals, tau)

# The arm's coefficients (column 2) at which the minimum over the others is the minimum over all.
flat <- function(x, y) {
  f <- quiet(rq.fit.br(x, y, 0.5))
  least <- rho(f$residuals, 0.5)
  profile <- function(v) quiet(minimum(x[, -2, drop = FALSE], y - v * x[, 2], 0.5))
  above <- function(v) profile(v) > least + 1e-11 * (1 + least)
  end <- function(way) {
    inside <- unname(f$coefficients[2])
    step <- 1e-7
    while (!above(inside + way * step)) step <- 2 * step
    outside <- inside + way * step
    for (k in 1:80) {
      middle <- (inside + outside) / 2
      if (above(middle)) outside <- middle else inside <- middle
    }
    step <- way * 1e-5 * (1 + abs(inside)) # from two points on the line beyond: to rounding
    v <- c(profile(inside + step), profile(inside + 2 * step)) - least
    inside + step - step * v[1] / (v[2] - v[1])
  }
  ends <- c(end(-1), end(1))
  if (diff(ends) < 1e-6 * (1 + abs(ends[1]))) ends[] <- f$coefficients[2]
  ends
}

# summary.rq(se = "nid") but for its eps, which depends on the unit of y
nid <- function(x, y) {
  n <- nrow(x)
  h <- bandwidth.rq(0.5, n)
  while (0.5 + h > 1) h <- h / 2
  fit <- function(tau) quiet(rq.fit.br(x, y, tau)$coefficients)
  gap <- drop(x %*% (fit(0.5 + h) - fit(0.5 - h)))
  f <- ifelse(gap > 1e-8 * max(abs(lm.fit(x, y)$residuals)), 2 * h / gap, 0)
  a <- tryCatch(solve(crossprod(x, f * x), tol = 1e-30), error = function(e) NULL)
  if (is.null(a)) return(NA)
  sqrt(0.25 * drop(a[2, ] %*% crossprod(x) %*% a[, 2]))
}

rank_test <- function(x, y, null) {
  a <- lm.fit(x[, -2, drop = FALSE], x[, 2])$residuals
  d <- rq.fit.br(x[, -2, drop = FALSE], y - null * x[, 2], 0.5)$dual
  sum(a * (d - 0.5)) / sqrt(0.25 * sum(a^2))
}

rows <- character()
# exact: a constant of y that differences do not see, for which R's numbers keep their digits
# tied: quantreg's limits depend on the order of patients. fit_x: the same column space in numbers that R can digest
add <- function(name, y, arm, x = NULL, stratum = NULL, null = 0, tied = FALSE, fit_x = x, exact = 0) {
  force(fit_x)
  keep <- !is.na(y) & !is.na(arm) & (if (is.null(x)) TRUE else complete.cases(x))
  y <- as.numeric(y[keep])
  arm <- as.integer(arm[keep])
  id <- paste0("q", length(rows))
  array("double", paste0(id, "_y"), y)
  y <- y - exact
  array("unsigned char", paste0(id, "_arm"), arm)
  if (!is.null(x)) {
    x <- as.matrix(x)[keep, , drop = FALSE]
    fit_x <- scale(as.matrix(fit_x)[keep, , drop = FALSE])
    array("double", paste0(id, "_x"), as.vector(x))
  }
  z <- cbind(1, arm, fit_x)
  k <- 1L
  if (!is.null(stratum)) {
    code <- as.integer(factor(stratum[keep])) - 1L
    k <- max(code) + 1L
    array("int", paste0(id, "_stratum"), code)
    z <- cbind(z, model.matrix(~ factor(code))[, -1])
  }
  z <- unname(z)
  ends <- flat(z, y)
  unique <- diff(ends) < 1e-6 * (1 + abs(ends[1]))
  p <- ncol(z)
  se <- nid(z, y)
  f <- summary(quiet(rq(y ~ z - 1)), se = "iid")
  s <- quiet(tryCatch(summary(rq(y ~ z - 1), se = "nid")$coefficients[2, 2], error = function(e) NA))
  if (!tied && !is.na(s) && !is.na(se)) stopifnot(abs(s / se - 1) < 1e-4)
  limits <- c(NA, NA)
  test <- c(NA, NA)
  if (!tied && unique) {
    limits <- quiet(rq.fit.br(z, y, 0.5, alpha = 0.05, ci = TRUE, iid = TRUE))$coefficients[2, 2:3]
    test <- rank_test(z, y, null)
    test <- c(test, 2 * pt(-abs(test), length(y) - p))
  }
  rows <<- c(rows, sprintf("{\"%s\", %d, %s_y, %s_arm, %d, %s, %s, %d, %d, %s,\n {%s}},", name, length(y), id, id,
                           if (is.null(x)) 0L else ncol(x), if (is.null(x)) "NULL" else paste0(id, "_x"),
                           if (k == 1) "NULL" else paste0(id, "_stratum"), k, p, number(null),
                           listed(c(quiet(minimum(z, y, 0.5)), quiet(minimum(z, y, 0.3)), ends, se, limits, test))))
}

b <- birthwt
set.seed(20190217)
add("birth weight, smoking alone", b$bwt, b$smoke, tied = TRUE)
add("birth weight, three covariates", b$bwt, b$smoke, cbind(b$age, b$lwt, b$ptl), tied = TRUE)
add("birth weight within race", b$bwt, b$smoke, cbind(b$lwt), b$race, null = -100, tied = TRUE)
add("birth weight to the gram and less", b$bwt + runif(189), b$smoke, cbind(b$age, b$lwt, b$ht), null = -100)
add("veteran, log time", log(veteran$time + runif(137) / 2), veteran$trt == 2, cbind(veteran$karno, veteran$age), veteran$celltype)
add("lung, weight loss", lung$wt.loss, lung$sex == 2, lung[, c("age", "ph.karno")], tied = TRUE)
data(engel)
add("Engel, food of the younger half", engel$foodexp, rep(0:1, length.out = 235), cbind(engel$income), null = 20)
add("ozone", airquality$Ozone + 0.01 * airquality$Day, airquality$Month >= 7, airquality[, c("Wind", "Temp", "Solar.R")], null = 5)
add("stack loss, half", stackloss$stack.loss + (1:21) / 1e3, rep(0:1, length.out = 21), stackloss[, 1:2])
n <- 424
arm <- sample(rep(0:1, n / 2))
sofa <- pmin(24, pmax(0, round(rnorm(n, 9.7, 3.6))))
age <- round(rnorm(n, 63, 16))
x <- cbind(sofa, age, log(rlnorm(n, log(3.9), 0.6)), rbinom(n, 1, 0.4), rnorm(n), rnorm(n), rnorm(n))
stay <- exp(2 + 0.05 * sofa - 0.1 * arm + rnorm(n))
add("424 stays, seven covariates", stay, arm, x, null = -1)
centre <- sample(12, n, TRUE)
add("424 stays within 12 centres", stay, arm, x[, 1:3], centre)
days <- ifelse(runif(n) < plogis(-1 + 0.1 * (sofa - 10)), 0, pmin(28, floor(28 * rbeta(n, 3, 1)) + arm))
add("days free, whole covariates", days, arm, cbind(sofa, age), tied = TRUE)
add("days free within centres", days, arm, cbind(sofa), centre, tied = TRUE)
add("days free, arm alone", days, arm, tied = TRUE)
add("Cauchy", rcauchy(100), arm[1:100], cbind(x[1:100, 5], rcauchy(100)))
add("even, arm alone", c(rnorm(10), rnorm(12, 1)), rep(0:1, c(10, 12)))
add("eight", c(3.1, 2.2, 4.7, 1.9, 8.3, 2.25, 3.15, 0.4), rep(0:1, 4), cbind(c(1, 2, 3.5, 4, 2.5, 6, 7, 1.5)))
add("nine levels, tied on both sides", c(1, 2, 3, 4, 4, 4, 5, 6, 7, 3, 4, 4, 4, 5, 5), c(rep(0, 9), rep(1, 6)), tied = TRUE)
v <- runif(n)
add("badly scaled", v + arm / 2 + rnorm(n), arm, cbind(1e8 + v, 1e-9 * sofa),
    fit_x = cbind((1e8 + v) - 1e8, sofa))
u <- rnorm(n)
near <- v + 3e-6 * u
add("nearly collinear", v + arm / 2 + rnorm(n), arm, cbind(v, near), fit_x = cbind(v, (near - v) / 3e-6))
add("far from zero", 2^30 + round(2^20 * rnorm(60)) / 2^20, arm[1:60], cbind(v[1:60]), exact = 2^30)

z <- cbind(1, arm, scale(x))
fit <- summary(rq(stay ~ z - 1), se = "nid")$coefficients[2, ]
out <- c(out, sprintf("#define T_415 %s /* qt(0.975, 415) */", number(qt(0.975, 415))),
         sprintf("#define P_424_STAYS %s", number(2 * pt(-abs(fit[1] / nid(z, stay)), 415))),
         "static const struct quantile_case quantile_cases[] = {", rows, "};")
writeLines(out, "tests/oracle/quantile.h")
