# competing_risks.R - expected numbers of tests/test_competing_risks.c, by cmprsk's crr and cuminc.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/competing_risks.R   (from the root; rewrites
# tests/oracle/competing_risks.h)
suppressPackageStartupMessages({library(survival); library(cmprsk); library(MASS)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(
  sprintf("/* competing_risks.h - written by tests/oracle/competing_risks.R with R %s and cmprsk %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("cmprsk")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- character()

data_set <- function(name, time, cause, arm, x = NULL) {
  array("double", paste0(name, "_time"), time)
  array("double", paste0(name, "_cause"), as.integer(cause))
  array("unsigned char", paste0(name, "_arm"), as.integer(arm))
  if (!is.null(x)) array("double", paste0(name, "_x"), as.vector(x))
  emit("static const struct data ", name, " = {", length(time), ", ", name, "_time, ", name,
       "_cause, ", name, "_arm, ", if (is.null(x)) "0, NULL" else paste0(ncol(x), ", ", name, "_x"), "};")
  list(name = name, time = as.numeric(time), cause = as.integer(cause), arm = as.integer(arm), x = x)
}
z <- qnorm(0.975)
p <- function(z) 2 * pnorm(-abs(z))

competing_case <- function(name, d, horizon = NA, cause = 1, n_x = if (is.null(d$x)) 0 else ncol(d$x),
                           fit_x = d$x) {
  columns <- cbind(d$arm, if (n_x > 0) fit_x[, seq_len(n_x), drop = FALSE])
  fit <- function(start, gtol, maxiter)
    crr(d$time, d$cause, columns, failcode = cause, cencode = 0, gtol = gtol, maxiter = maxiter,
        init = start)
  f <- fit(rep(0, ncol(columns)), 1e-6, 100)
  stopifnot(f$converged)
  f <- fit(f$coef, 1e-13, 4) # Newton steps to the last digits, whether or not crr sees them as such
  b <- f$coef[1]; se <- sqrt(f$var[1, 1])
  last <- min(max(d$time[d$cause == cause]), tapply(d$time, d$arm, max))
  at <- if (is.na(horizon)) last else horizon
  ci <- cuminc(d$time, d$cause, d$arm, cencode = 0)
  points <- timepoints(ci, at)
  own <- paste(0:1, cause)
  f0 <- points$est[own[1], 1]; f1 <- points$est[own[2], 1]
  difference <- f1 - f0; se_difference <- sqrt(points$var[own[1], 1] + points$var[own[2], 1])
  test <- if (is.null(ci$Tests)) c(NA, NA) else ci$Tests[as.character(cause), c("stat", "pv")]
  rows <<- c(rows, paste0(
    "{\"", name, "\", &", d$name, ", ", n_x, ", ", cause, ", ", number(horizon), ",\n {",
    paste(number(c(exp(b), se, exp(b - z * se), exp(b + z * se), b / se, p(b / se))), collapse = ", "),
    "},\n {", paste(number(c(difference, se_difference, difference - z * se_difference,
                             difference + z * se_difference, p(difference / se_difference))),
                    collapse = ", "), "},\n {",
    paste(number(c(test[1], test[1] > 0, pchisq(test[1], 1, lower.tail = FALSE))[c(1, 3)]), collapse = ", "),
    "}, ", sum(d$cause == cause), "},"))
}

m <- Melanoma
melanoma_d <- data_set("melanoma", m$time, c(1, 0, 2)[m$status], m$sex, cbind(m$age, log(m$thickness), m$ulcer))
competing_case("melanoma", melanoma_d, n_x = 0)
competing_case("melanoma, three covariates", melanoma_d, 2000)
competing_case("melanoma, other deaths", melanoma_d, 3000, cause = 2, n_x = 1)
b <- pbc[!is.na(pbc$trt), ]
pbc_d <- data_set("pbc_data", b$time, c(0, 2, 1)[b$status + 1], b$trt == 1, cbind(b$age, log(b$bili), b$edema))
competing_case("pbc, death, transplants competing", pbc_d, n_x = 0)
competing_case("pbc, death, three covariates", pbc_d, 1000)
competing_case("pbc, transplant", pbc_d, 3000, cause = 2, n_x = 2)
g <- mgus2[1:500, ]
mgus_d <- data_set("mgus", ifelse(g$pstat == 1, g$ptime, g$futime), ifelse(g$pstat == 1, 1, 2 * g$death),
                   g$sex == "F", cbind(g$age, ifelse(is.na(g$mspike), 1, g$mspike)))
competing_case("mgus2, months, progression", mgus_d, n_x = 0)
competing_case("mgus2, two covariates", mgus_d, 120)
competing_case("mgus2, death", mgus_d, 60, cause = 2)

set.seed(20190217)
n <- 300
arm <- rep(0:1, n / 2); x <- cbind(rnorm(n), rbinom(n, 1, 0.3))
first <- rexp(n, 0.2 * exp(0.3 * arm + 0.4 * x[, 1])); second <- rexp(n, 0.1); lost <- rexp(n, 0.08)
time <- pmin(first, second, lost)
cause <- ifelse(lost == time, 0, ifelse(first == time, 1, 2))
competing_case("no ties", no_ties <- data_set("no_ties", time, cause, arm, x))
competing_case("no ties, day 3", no_ties, 3, n_x = 0)
tied <- ceiling(time) %% 6 + 1
competing_case("heavy ties", heavy <- data_set("heavy_ties", tied, cause, arm, x))
competing_case("heavy ties, cause 2, day 4", heavy, 4, cause = 2, n_x = 0)
cut <- 28
stay <- pmin(ceiling(first * 3), cut); who <- ifelse(first * 3 > cut, 0, ifelse(second * 3 < first * 3, 2, 1))
stay <- pmin(stay, ceiling(second * 3)); stay <- pmin(stay, cut); who[first * 3 > cut & second * 3 <= cut] <- 2
competing_case("cut at day 28", data_set("day_28", stay, who, arm, x), 28)
everybody <- pmin(first, second)
competing_case("nobody censored", data_set("all_events", everybody, ifelse(first < second, 1, 2), arm), 2)
competing_case("nobody censored, ties", data_set("all_tied", ceiling(everybody), ifelse(first < second, 1, 2), arm))
competing_case("no competing events", data_set("one_cause", pmin(first, lost), as.integer(first < lost), arm, x))
competing_case("one competing event", data_set("one_other", pmin(first, lost), replace(as.integer(first < lost), 7, 2), arm))
competing_case("ten patients", data_set("ten", c(5, 3, 9, 12, 1, 7, 7, 20, 15, 2), c(1, 2, 0, 1, 1, 1, 2, 0, 0, 1),
                                        rep(0:1, 5)), 9)
badly <- data_set("badly_scaled", time, cause, arm, cbind(1e6 + x[, 1], 1e-6 * x[, 1]^2))
competing_case("badly scaled", badly, fit_x = cbind(x[, 1], x[, 1]^2))

emit("static const struct competing_case competing_cases[] = {")
out <- c(out, rows, "};")
writeLines(out, "tests/oracle/competing_risks.h")
