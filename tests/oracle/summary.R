# summary.R - expected operating characteristics of tests/test_summary.c, written out in R.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/summary.R      (from the root; rewrites tests/oracle/summary.h)
# Means, variances and Wilson limits are R's own (mean, var, prop.test without correction); Monte
# Carlo errors follow Morris, White & Crowther 2019, Table 6.
number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(
  sprintf("/* summary.h - written by tests/oracle/summary.R with R %s.",
          paste(R.version$major, R.version$minor, sep = ".")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")

# d: estimate, se, low, high (natural scale; NA: undefined), p.
measures <- function(d, log, null, alpha, sides, benefit, theta, tau) {
  g <- if (log) base::log else identity
  natural <- if (log) exp else identity
  slope <- if (log) exp else function(x) 1
  total <- nrow(d)
  ok <- d[!is.na(d$estimate), ]
  est <- g(ok$estimate)
  n <- nrow(ok)
  m <- mean(est)
  null_g <- if (is.na(null)) NA else g(null)
  rows <- NULL
  value <- function(name, v, e, n)
    rows <<- rbind(rows, data.frame(name, value = v, mcse = e, low = v - 1.96 * e,
                                    high = v + 1.96 * e, n))
  share <- function(name, yes, n) {
    if (n == 0) return(value(name, NA, NA, 0))
    limits <- suppressWarnings(prop.test(yes, n, correct = FALSE)$conf.int)
    rows <<- rbind(rows, data.frame(name, value = yes / n, mcse = sqrt(yes / n * (1 - yes / n) / n),
                                    low = limits[1], high = limits[2], n))
  }
  rejected <- ok$p <= alpha
  better <- if (benefit > 0) est > null_g else est < null_g
  worse <- if (benefit > 0) est < null_g else est > null_g
  if (!is.na(null)) {
    share("power", if (sides == 1) sum(rejected) else sum(rejected & better), total)
    share("reject", sum(rejected), total)
    share("reject_harm", if (sides == 1) 0 else sum(rejected & worse), total)
  }
  share("undefined", total - n, total)
  value("estimate_mean", natural(m), slope(m) * sd(est) / sqrt(n), n)
  sorted <- sort(ok$estimate)
  rank <- function(r) approx(seq_len(n), sorted, r)$y
  reach <- 1.96 * sqrt(n / 4)
  value("estimate_median", median(ok$estimate),
        (rank((n + 1) / 2 + reach) - rank((n + 1) / 2 - reach)) / 3.92, n)
  at_null <- !is.na(null) && abs(theta - null_g) <= 3 * tau
  if (!is.na(theta)) {
    value("truth", natural(theta), slope(theta) * tau, 0)
    value("bias", m - theta, sqrt(var(est) / n + tau^2), n)
    if (at_null) value("relative_bias", NA, NA, 0)
    else value("relative_bias", (m - theta) / theta,
               sqrt(var(est) / n / theta^2 + (m / theta^2 * tau)^2), n)
  }
  value("empirical_se", sd(est), sd(est) / sqrt(2 * (n - 1)), n)
  model <- sqrt(mean(ok$se^2))
  value("model_se", model, sqrt(var(ok$se^2) / (4 * n * model^2)), n)
  if (!is.na(theta)) {
    square <- (est - theta)^2
    value("mse", mean(square),
          sqrt(sum((square - mean(square))^2) / (n * (n - 1)) + (2 * (m - theta) * tau)^2), n)
    truth <- natural(theta)
    share("coverage", sum(ok$low <= truth & truth <= ok$high), n)
  }
  width <- g(ok$high) - g(ok$low)
  value("ci_width", mean(width), sd(width) / sqrt(n), n)
  if (!is.na(theta) && !is.na(null)) {
    k <- sum(rejected)
    if (at_null) {
      value("type_s", NA, NA, 0)
      value("type_m", NA, NA, 0)
    } else {
      share("type_s", sum(sign(est[rejected] - null_g) == -sign(theta - null_g)), k)
      ratio <- abs(est[rejected] - null_g) / abs(theta - null_g)
      value("type_m", mean(ratio),
            sqrt(var(ratio) / k + (mean(ratio) * tau / (theta - null_g))^2), k)
    }
  }
  rows
}

simulate <- function(n, log, mean, se, null, sides, benefit, undefined) {
  s <- se * runif(n, 0.8, 1.25)
  est <- rnorm(n, mean, se)
  natural <- if (log) exp else identity
  z <- (est - (if (is.na(null)) 0 else if (log) base::log(null) else null)) / s
  p <- if (sides == 2) 2 * pnorm(-abs(z)) else pnorm(if (benefit > 0) -z else z)
  d <- data.frame(estimate = natural(est), se = s, low = natural(est - 1.96 * s),
                  high = natural(est + 1.96 * s), p = p)
  d[sample(n, undefined), ] <- NA
  d
}

case <- function(name, n, log, mean, se, null, alpha, sides, benefit, theta, tau, undefined) {
  d <- simulate(n, log, mean, se, null, sides, benefit, undefined)
  m <- measures(d, log, null, alpha, sides, benefit, theta, tau)
  rows <- apply(as.matrix(d), 1,
                function(r) paste0("    {", paste(number(r), collapse = ", "), "},"))
  out <<- c(out, sprintf("static const struct row %s_row[] = {", name), rows, "};",
            sprintf("static const struct measure %s_measure[] = {", name),
            sprintf("    {0, 0, 0, \"%s\", %s, %s, %s, %s, %d},", m$name, number(m$value),
                    number(m$mcse), number(m$low), number(m$high), as.integer(m$n)), "};")
  cases <<- c(cases, sprintf(
    "    {\"%s\", {\"%s\", \"\", %s, %s, %s, %d, %d}, %s, %s, %d, %s_row, %d, %s_measure},", name,
    name, if (log) "SCALE_LOG" else "SCALE_IDENTITY", number(null), number(alpha), sides, benefit,
    number(theta), number(tau), n, name, nrow(m), name))
}

set.seed(20190217)
cases <- NULL
case("hazard_ratio", 60, TRUE, -0.25, 0.2, 1, 0.05, 2, -1, -0.28, 0.006, 3)
case("rare_effect", 50, TRUE, -0.05, 0.5, 1, 0.2, 2, -1, -0.05, 0.01, 0)
case("margin", 41, TRUE, 0.02, 0.15, 1.25, 0.025, 1, -1, 0.03, 0.004, 1)
case("days", 45, FALSE, 1.5, 1.1, 0, 0.05, 2, 1, 1.4, 0.05, 0)
case("no_effect", 40, FALSE, 0, 1, 0, 0.3, 2, 1, 0.01, 0.02, 2)
case("sensitivity", 40, FALSE, 0.7, 0.05, NA, 0.05, 2, 1, 0.69, 0.001, 4)
case("no_truth", 40, FALSE, 0.7, 0.5, 0, 0.05, 2, 1, NA, NA, 0)
out <- c(out, "static const struct summary_case summary_cases[] = {", cases, "};")
writeLines(out, "tests/oracle/summary.h")
