# tables.R - expected numbers of tests/test_tables.c: prop.test, chisq.test, fisher.test, epitools; score
# limits by likelihoods maximised and equations solved here, to the last digits.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/tables.R    (from the root; rewrites tests/oracle/tables.h)
suppressPackageStartupMessages({library(epitools); library(MASS); library(survival)})

number <- function(x) {
  x <- as.numeric(x)
  ifelse(is.na(x), "NAN", ifelse(is.infinite(x), ifelse(x > 0, "INFINITY", "-INFINITY"),
                                 sprintf("%.17g", x)))
}
z <- qnorm(0.975)
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-16, maxiter = 10000)$root

# The control share of largest likelihood when the treated share is link(q): root of the score.
constrained <- function(x, n, link, slope, low, high) {
  score <- function(q) {
    p <- link(q)
    part <- function(x, n, p) ifelse(x > 0, x / p, 0) - ifelse(x < n, (n - x) / (1 - p), 0)
    part(x[1], n[1], q) + slope * part(x[2], n[2], p)
  }
  a <- low + (high - low) * 1e-13
  b <- high - (high - low) * 1e-13
  if (score(a) <= 0) return(low)
  if (score(b) >= 0) return(high)
  root(score, a, b)
}
score_difference <- function(x, n, d) {
  q <- constrained(x, n, function(q) q + d, 1, max(0, -d), min(1, 1 - d))
  p <- c(q, q + d)
  (x[2] / n[2] - x[1] / n[1] - d) / sqrt(sum(p * (1 - p) / n) * sum(n) / (sum(n) - 1))
}
score_ratio <- function(x, n, r) {
  q <- constrained(x, n, function(q) q * r, r, 0, min(1, 1 / r))
  p <- c(q, q * r)
  (x[2] / n[2] - r * x[1] / n[1]) / sqrt(p[2] * (1 - p[2]) / n[2] + r^2 * p[1] * (1 - p[1]) / n[1])
}
newcombe <- function(x, n) {
  w <- suppressWarnings(sapply(1:2, function(i) prop.test(x[i], n[i], correct = FALSE)$conf.int))
  p <- x / n
  d <- p[2] - p[1]
  c(d - sqrt((p[2] - w[1, 2])^2 + (w[2, 1] - p[1])^2),
    d + sqrt((w[2, 2] - p[2])^2 + (p[1] - w[1, 1])^2))
}

# fisher.test's estimate and limits have uniroot's default tolerance, 1e-4 absolute: solved again.
conditional <- function(x, n) {
  k <- sum(x)
  at <- max(0, k - n[1]):min(k, n[2])
  logw <- dhyper(at, n[2], n[1], k, log = TRUE)
  w <- function(theta) { l <- logw + theta * at; l <- exp(l - max(l)); l / sum(l) }
  least <- x[2] == min(at)
  most <- x[2] == max(at)
  log_root <- function(f) exp(root(function(t) max(f(t), -1e9), -60, 60))
  c(if (least) 0 else if (most) Inf else log_root(function(t) sum(w(t) * at) - x[2]),
    if (least) 0 else log_root(function(t) log(sum(w(t)[at >= x[2]])) - log(0.025)),
    if (most) Inf else log_root(function(t) log(sum(w(t)[at <= x[2]])) - log(0.025)))
}

cases <- character()
add <- function(name, x1, n1, x0, n0) {
  x <- c(x0, x1)
  n <- c(n0, n1)
  d <- x1 / n1 - x0 / n0
  se <- sqrt(sum(x / n * (1 - x / n) / n))
  small <- sum(n) < 20000
  table <- rbind(n - x, x)
  quiet <- suppressWarnings
  plain <- quiet(prop.test(rev(x), rev(n), correct = FALSE))
  yates <- quiet(prop.test(rev(x), rev(n), correct = TRUE))
  chi <- quiet(chisq.test(table, correct = FALSE))
  chi_yates <- quiet(chisq.test(table, correct = TRUE))
  rr <- rep(NA, 7)
  if (min(x) > 0) {
    e <- quiet(riskratio(rbind(n - x, x) |> t(), method = "wald"))$measure[2, ]
    b <- log(x1 / n1 / (x0 / n0))
    s <- sqrt(sum(1 / x - 1 / n))
    stopifnot(all.equal(unname(e), exp(b + c(0, -z, z) * s)))
    f <- function(target) function(t) score_ratio(x, n, exp(t)) - target
    rr <- c(exp(b), s, exp(b - z * s), exp(b + z * s), 2 * pnorm(-abs(b) / s),
            exp(root(f(z), b - 12 * s - 3, b)), exp(root(f(-z), b, b + 12 * s + 3)))
  }
  g <- function(target) function(t) score_difference(x, n, t) - target
  mn <- c(if (d > -1) root(g(z), -1 + 1e-9, d - 1e-9) else -1, if (d < 1) root(g(-z), d + 1e-9, 1 - 1e-9) else 1,
          score_difference(x, n, 0), score_difference(x, n, 0.1), score_difference(x, n, -0.05))
  fisher <- rep(NA, 7)
  if (small) {
    columns <- rbind(c(x1, n1 - x1), c(x0, n0 - x0))
    t <- fisher.test(columns)
    exact <- conditional(x, n)
    stopifnot(all.equal(unname(c(t$estimate, t$conf.int)), exact, tolerance = 0.05))
    fisher <- c(exact, t$p.value, fisher.test(columns, alternative = "less")$p.value,
                fisher.test(columns, alternative = "greater")$p.value,
                fisher.test(columns, or = 2)$p.value)
  }
  row <- c(plain$estimate[1] - plain$estimate[2], se, plain$conf.int, yates$conf.int,
           newcombe(x, n), mn, sign(d) * sqrt(c(chi$statistic, chi_yates$statistic)), chi$p.value,
           chi_yates$p.value, yates$p.value, (d - 0.1) / se, rr, fisher)
  stopifnot(all.equal(plain$p.value, chi$p.value))
  cases <<- c(cases, sprintf("{\"%s\", {%d, %d}, {%d, %d},\n {%s}},", name, x0, x1, n0, n1,
                             paste(number(row), collapse = ", ")))
}
of <- function(name, arm, y) {
  arm <- arm[!is.na(y)]
  y <- y[!is.na(y)]
  add(name, sum(y[arm]), sum(arm), sum(y[!arm]), sum(!arm))
}
add("ANDROMEDA-SHOCK, 28 days", 74, 212, 92, 212) # JAMA 2019;321:654
add("ANDROMEDA-SHOCK, 90 days", 87, 212, 99, 212)
of("birthwt low by smoke", birthwt$smoke == 1, birthwt$low)
of("lung status by sex", lung$sex == 2, lung$status == 2)
of("veteran status by trt", veteran$trt == 2, veteran$status)
of("mtcars vs by am", mtcars$am == 1, mtcars$vs)
add("Newcombe a", 56, 70, 48, 80) # Stat Med 1998;17:873, table II
add("Newcombe b", 9, 10, 3, 10)
add("Newcombe d", 5, 56, 0, 29)
add("none against one", 0, 20, 1, 10)
add("all against none", 5, 5, 0, 5)
add("none against some", 0, 10, 4, 12)
add("all against some", 10, 10, 3, 9)
add("all but one", 9, 10, 10, 10)
add("Koopman", 36, 40, 16, 80)    # Biometrics 1984;40:513
add("equal", 10, 50, 10, 50)
add("one each", 1, 2, 1, 1)
add("three patients", 1, 2, 0, 1)
add("strong", 150, 212, 60, 212)
add("unequal", 300, 1000, 10, 100)
add("rare", 3, 4000, 11, 4100)
add("common", 3990, 4000, 4070, 4100)
add("large", 300500, 500000, 300000, 500100)

# How often each test rejects when both arms of 212 have a risk of 0.434: all tables, weighted.
n <- 212
g <- expand.grid(a = 0:n, b = 0:n)
weight <- dbinom(g$a, n, 0.434) * dbinom(g$b, n, 0.434)
p <- (g$a + g$b) / (2 * n)
gap <- abs(g$a - g$b)
pooled <- sqrt(2 * n * p * (1 - p))
unpooled <- sqrt(g$a * (1 - g$a / n) + g$b * (1 - g$b / n))
exact <- unlist(lapply(0:(2 * n), function(k) {
  at <- max(0, k - n):min(k, n)
  w <- dhyper(at, n, n, k)
  p <- sapply(w, function(v) sum(w[w <= v * (1 + 1e-7)]))
  setNames(p, at * 1000 + k)
}))[as.character(g$b * 1000 + g$a + g$b)]
size <- function(reject) sum(weight[which(reject)])
sizes <- c(size(gap / pooled > z), size(pmax(0, gap - 1) / pooled > z), size(exact <= 0.05),
           size(gap / unpooled > z),
           size(abs(log(g$a / g$b)) / sqrt(1 / g$a + 1 / g$b - 2 / n) > z))

writeLines(c(
  sprintf("/* tables.h - written by tests/oracle/tables.R with R %s.%s and epitools %s.",
          R.version$major, R.version$minor, packageVersion("epitools")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */",
  "static const struct table_case table_cases[] = {", cases, "};",
  "/* pooled chi-squared, Yates, Fisher, Wald difference, Wald relative risk */",
  paste0("static const double exact_sizes[] = {", paste(number(sizes), collapse = ", "), "};")),
  "tests/oracle/tables.h")
