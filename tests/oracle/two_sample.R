# two_sample.R - expected numbers of tests/test_two_sample.c: t.test, lm, wilcox.test; Hodges-Lehmann by
# the matrix of all differences; the bootstrap of medians by its distribution function.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/two_sample.R    (from the root; rewrites tests/oracle/two_sample.h)
suppressPackageStartupMessages({library(MASS); library(survival)})

number <- function(x) {
  x <- as.numeric(x)
  ifelse(is.na(x), "NAN", sprintf("%.17g", x))
}
out <- c(sprintf("/* two_sample.h - written by tests/oracle/two_sample.R with R %s.%s.", R.version$major,
                 R.version$minor), " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(type, name, values) {
  out <<- c(out, paste0("static const ", type, " ", name, "[] = {"),
            strwrap(paste(if (type == "double") number(values) else values, collapse = ", "), 100),
            "};")
}
z <- qnorm(0.975)
quiet <- suppressWarnings

welch <- function(y1, y0, shift) {
  one <- function(equal, mu = 0, alternative = "two.sided") {
    t.test(y1, y0, var.equal = equal, mu = mu, alternative = alternative)
  }
  w <- one(FALSE)
  s <- one(TRUE)
  c(w$estimate[1] - w$estimate[2], w$stderr, w$conf.int, w$statistic, w$p.value,
    s$stderr, s$conf.int, s$statistic, s$p.value, one(FALSE, shift)$p.value,
    one(FALSE, 0, "less")$p.value)
}

ancova <- function(y, arm, x) {
  if (is.null(x)) return(rep(NA, 6))
  fit <- lm(y ~ arm + x, tol = 1e-13)
  stopifnot(!anyNA(coef(fit)))
  row <- summary(fit)$coefficients["arm", ]
  c(row[1:2], row[1] + c(-1, 1) * qt(0.975, fit$df.residual) * row[2], row[3:4])
}

ranks <- function(y1, y0, shift) {
  d <- sort(outer(y1, y0, "-"))
  n1 <- length(y1)
  n0 <- length(y0)
  n <- n1 + n0
  u <- sum(d > 0) + sum(d == 0) / 2
  t <- table(c(y1, y0))
  sd <- sqrt(n1 * n0 / 12 * (n + 1 - sum(t^3 - t) / (n * (n - 1))))
  k <- max(1, floor(n1 * n0 / 2 - z * sd))
  test <- function(...) quiet(wilcox.test(y1, y0, exact = FALSE, ...))$p.value
  p <- test(correct = FALSE)
  stopifnot(all.equal(p, 2 * pnorm(-abs(u - n1 * n0 / 2) / sd)))
  c(median(d), d[k], d[length(d) + 1 - k], u / (n1 * n0), sd / (n1 * n0), p, test(correct = TRUE),
    test(correct = TRUE, alternative = "less"), test(correct = FALSE, mu = shift))
}

# The median of n draws from x: from P(X_r <= x_i, X_s <= x_j), the middle two, by multinomial sums.
bootstrap_median <- function(x) {
  x <- sort(x)
  n <- length(x)
  r <- (n + 1) %/% 2
  if (n %% 2 == 1) {
    return(tapply(diff(pbinom(r - 1, n, (0:n) / n, lower.tail = FALSE)), x, sum))
  }
  joint <- function(i, j) { # i <= j: at least r draws <= x_i, at least r + 1 draws <= x_j
    k <- r:n
    within <- if (i < n) (j - i) / (n - i) else 0
    sum(dbinom(k, n, i / n) * ifelse(k > r, 1, 1 - dbinom(0, n - k, within)))
  }
  cdf <- matrix(0, n + 1, n + 1)
  for (i in 1:n) for (j in i:n) cdf[i + 1, j + 1] <- joint(i, j)
  for (i in 1:n) for (j in seq_len(i - 1)) cdf[i + 1, j + 1] <- cdf[j + 1, j + 1]
  mass <- cdf[-1, -1] - cdf[-(n + 1), -1] - cdf[-1, -(n + 1)] + cdf[-(n + 1), -(n + 1)]
  keep <- row(mass) <= col(mass)
  tapply(mass[keep], ((x[row(mass)] + x[col(mass)]) / 2)[keep], sum)
}

medians <- function(y1, y0) {
  if (length(y1) > 105 || length(y0) > 105) return(rep(NA, 5))
  a <- bootstrap_median(y1)
  b <- bootstrap_median(y0)
  a <- a[a > 1e-16]
  b <- b[b > 1e-16]
  if (length(a) * length(b) > 3e6) return(rep(NA, 5))
  d <- round(outer(as.numeric(names(a)), as.numeric(names(b)), "-"), 10)
  p <- tapply(outer(a, b), d, sum)
  at <- as.numeric(names(p))
  p <- p[order(at)]
  at <- sort(at)
  cdf <- cumsum(p)
  centre <- sum(p * at)
  c(median(y1) - median(y0), sqrt(sum(p * (at - centre)^2)), at[which(cdf >= 0.025 - 1e-11)[1]],
    at[which(cdf >= 0.975 - 1e-11)[1]], min(1, 2 * min(sum(p[at <= 0]), sum(p[at >= 0]))))
}

rows <- character()
# exact: y less a constant that the differences do not see, for which R's numbers keep their digits
add <- function(name, y, arm, x = NULL, shift = 1, exact = y) {
  force(exact)
  keep <- !is.na(y) & !is.na(arm) & (if (is.null(x)) TRUE else complete.cases(x))
  y <- as.numeric(y[keep])
  exact <- as.numeric(exact[keep])
  arm <- as.integer(arm[keep])
  if (!is.null(x)) x <- as.matrix(x)[keep, , drop = FALSE]
  array("double", paste0(name, "_y"), y)
  array("unsigned char", paste0(name, "_arm"), arm)
  if (!is.null(x)) array("double", paste0(name, "_x"), as.vector(x))
  y1 <- exact[arm == 1]
  y0 <- exact[arm == 0]
  scaled <- if (is.null(x)) NULL else scale(x)
  e <- c(shift, welch(y1, y0, shift), ancova(exact, arm, scaled), ranks(y1, y0, shift),
         medians(y1, y0))
  rows <<- c(rows, sprintf("{\"%s\", %d, %s_y, %s_arm, %d, %s,\n {%s}},", name, length(y), name, name,
                           if (is.null(x)) 0L else ncol(x),
                           if (is.null(x)) "NULL" else paste0(name, "_x"),
                           paste(number(e), collapse = ", ")))
}

add("lung_weight", lung$wt.loss, lung$sex == 2, lung[, c("age", "ph.karno", "pat.karno")])
add("lung_time", lung$time, lung$sex == 2, cbind(lung$age))
add("veteran", veteran$time, veteran$trt == 2, veteran[, c("karno", "age", "diagtime")], shift = -10)
two <- airquality[airquality$Month %in% c(5, 8), ]
add("ozone", two$Ozone, two$Month == 8, two[, c("Wind", "Temp")], shift = 20)
add("tooth", ToothGrowth$len, ToothGrowth$supp == "VC", cbind(ToothGrowth$dose), shift = -0.5)
add("sleep", sleep$extra, sleep$group == 2)
add("mtcars", mtcars$mpg, mtcars$am, mtcars[, c("wt", "hp")], shift = 2.5)
add("birthwt", birthwt$bwt, birthwt$smoke, birthwt[, c("age", "lwt", "ptl", "ht")], shift = -100)

set.seed(20190217)
n <- 200
arm <- sample(rep(0:1, n / 2))
severity <- rnorm(n)
days <- ifelse(runif(n) < plogis(severity - 0.3), 0, pmin(28, floor(28 * rbeta(n, 3, 1)) + arm))
add("days_free", days, arm, cbind(severity))
hours <- round(days + ifelse(days > 0, runif(n), 0), 3)
add("hours_free", hours, arm)
stay <- floor(exp(rnorm(n, 2.5 - 0.2 * arm)))
add("stay", stay, arm, cbind(severity * 1e-7, rnorm(n) * 1e6, 1e6 + rnorm(n)), shift = -2)
small <- c(1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
add("five_each", c(3.1, 2.2, 4.7, 1.9, 8.3, 2.2, 3.1, 0.4, 5.5, 1.1), small, shift = 0.25)
add("four_each", c(3, 2, 4, 2, 8, 1, 3, 0), small[1:8])
add("two_each", c(3, 1, 4, 1.5), small[1:4])
add("sixty", round(rexp(61), 2), rep(0:1, c(30, 31)), shift = 0.1)
steps <- sample(0:64, n, TRUE) / 64 + arm / 8
add("offset", 1e8 + steps, arm, cbind(1e8 + round(severity * 64) / 64), shift = 0.125, exact = steps)
add("offset_days", 1e8 + days, arm, shift = 1, exact = days)
add("no_overlap", c(101:120, 1:25), rep(0:1, c(20, 25)), shift = -50)
add("nearly_constant", c(rep(0, 97), 1, rep(0, 99), 1, 2, 3), rep(0:1, c(98, 102)))
near <- rnorm(n)
add("collinear", near + arm + rnorm(n), arm, cbind(near, near + 1e-4 * rnorm(n)))

writeLines(c(out, "static const struct two_sample_case two_sample_cases[] = {", rows, "};"),
           "tests/oracle/two_sample.h")
