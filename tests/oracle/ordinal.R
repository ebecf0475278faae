# ordinal.R - expected numbers of tests/test_ordinal.c: proportional odds models.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/ordinal.R      (from the root; rewrites tests/oracle/ordinal.h)
# The likelihood is that of differences of probabilities, with its full information matrix; each fit
# is checked against rms::orm, and MASS::polr where there are few levels.
suppressWarnings(suppressPackageStartupMessages({library(MASS); library(survival); library(rms)}))

number <- function(x) sprintf("%.17g", as.numeric(x))
out <- c(
  sprintf("/* ordinal.h - written by tests/oracle/ordinal.R with R %s, MASS %s and rms %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("MASS"),
          packageVersion("rms")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- character()

data_set <- function(name, y, arm, x = NULL) {
  array("double", paste0(name, "_y"), y)
  array("unsigned char", paste0(name, "_arm"), as.integer(arm))
  if (!is.null(x)) array("double", paste0(name, "_x"), as.vector(x))
  emit("static const struct data ", name, " = {", length(y), ", ", name, "_y, ", name, "_arm, ",
       if (is.null(x)) "0, NULL" else paste0(ncol(x), ", ", name, "_x"), "};")
  list(name = name, y = as.numeric(y), arm = as.integer(arm), x = x)
}

# Derivatives at theta = (alpha, beta); z[n][p]. P(Y = level) = F(alpha_l + eta) - F(alpha_{l+1} + eta).
derivatives <- function(theta, level, z, o) {
  k <- max(level) - 1; p <- ncol(z)
  alpha <- c(Inf, theta[seq_len(k)], -Inf)
  eta <- o + if (p > 0) drop(z %*% theta[k + seq_len(p)]) else 0
  u <- alpha[level] + eta; v <- alpha[level + 1] + eta
  upper <- u < 0
  prob <- ifelse(upper, plogis(u) - plogis(v), plogis(-v) - plogis(-u))
  rows_of <- function(j) {
    e <- matrix(0, length(level), k)
    inside <- j >= 1 & j <= k
    e[cbind(which(inside), j[inside])] <- 1
    cbind(e, z)
  }
  eu <- rows_of(level - 1); ev <- rows_of(level)
  fu <- dlogis(u); fv <- dlogis(v)
  g <- (fu * eu - fv * ev) / prob
  slope <- function(u, f) f * ifelse(is.finite(u), 1 - 2 * plogis(u), 0)
  h <- crossprod(eu, eu * (slope(u, fu) / prob)) - crossprod(ev, ev * (slope(v, fv) / prob)) -
    crossprod(g)
  list(loglik = sum(log(prob)), gradient = colSums(g), information = -h)
}

fit <- function(level, z, o = 0) {
  n <- length(level); k <- max(level) - 1
  theta <- c(qlogis(rev(cumsum(rev(tabulate(level)))[seq_len(k)]) / n), numeric(ncol(z)))
  o <- rep_len(o, n)
  now <- derivatives(theta, level, z, o)
  for (i in 1:60) {
    step <- solve(now$information, now$gradient, tol = 1e-30)
    share <- 1
    repeat {
      next_one <- suppressWarnings(derivatives(theta + share * step, level, z, o))
      if (is.finite(next_one$loglik) && next_one$loglik >= now$loglik - 1e-9) break
      share <- share / 2
    }
    theta <- theta + share * step; now <- next_one
    if (sum(step * now$gradient) < 1e-24 && max(abs(step)) < 1e-9) break
  }
  stopifnot(max(abs(step)) < 1e-9)
  c(now, list(theta = theta, v = solve(now$information, tol = 1e-30)))
}

# fit_x: the same column space in numbers that R can digest. term: -1 for the arm, else a column.
ordinal_case <- function(name, d, n_x = if (is.null(d$x)) 0 else ncol(d$x), term = -1, null = 1,
                         fit_x = d$x, fit_unit = 1, check = TRUE) {
  z <- cbind(arm = d$arm, if (n_x > 0) fit_x[, seq_len(n_x), drop = FALSE])
  colnames(z) <- paste0("z", seq_len(ncol(z)))
  level <- match(d$y, sort(unique(d$y)))
  k <- max(level) - 1; q <- term + 2
  full <- fit(level, z)
  b <- full$theta[k + q] / fit_unit
  se <- sqrt(full$v[k + q, k + q]) / fit_unit
  null_log <- log(null) * fit_unit
  less <- fit(level, z[, -q, drop = FALSE], null_log * z[, q])
  at <- append(less$theta, null_log, k + q - 1)
  there <- derivatives(at, level, z, 0)
  side <- sign(b - log(null))
  z_score <- side * sqrt(drop(there$gradient %*% solve(there$information, there$gradient, tol = 1e-30)))
  z_lr <- side * sqrt(2 * (full$loglik - less$loglik))
  z_wald <- (b - log(null)) / se
  if (check) {
    f <- orm(level ~ z, eps = 1e-10, maxit = 100)
    stopifnot(all.equal(unname(coef(f)[-seq_len(k)]), unname(full$theta[-seq_len(k)]), tolerance = 1e-6),
              all.equal(unname(vcov(f)[paste0("z", q), paste0("z", q)]), se^2 * fit_unit^2, tolerance = 1e-5,
                        check.attributes = FALSE))
    if (k > 1 && k < 10) {
      f <- polr(factor(level) ~ z, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
      stopifnot(all.equal(unname(coef(f)), unname(full$theta[-seq_len(k)]), tolerance = 1e-4))
    }
  }
  p <- function(z) 2 * pnorm(-abs(z))
  rows <<- c(rows, paste0(
    "{\"", name, "\", &", d$name, ", ", n_x, ", ", term, ", ", number(null), ",\n {",
    paste(number(c(exp(b), se, exp(b - qnorm(0.975) * se), exp(b + qnorm(0.975) * se), z_wald,
                   z_score, z_lr, p(z_wald), p(z_score), p(z_lr))), collapse = ", "), "}},"))
}

b <- birthwt
birth_d <- data_set("birth", b$bwt, b$smoke, cbind(b$age, b$lwt, model.matrix(~ factor(race), b)[, -1], b$ht))
ordinal_case("birth weight in grams", birth_d, 0)
ordinal_case("birth weight in grams, null 0.5", birth_d, 0, null = 0.5)
ordinal_case("birth weight in grams, five covariates", birth_d)
ordinal_case("birth weight in grams, question weight", birth_d, term = 1, null = 1.01)

p <- pbc[complete.cases(pbc[c("trt", "stage", "age", "bili", "albumin")]), ]
pbc_d <- data_set("pbc_stage", p$stage, p$trt == 1, cbind(p$age, log(p$bili), p$albumin))
ordinal_case("pbc, stage", pbc_d, 0)
ordinal_case("pbc, stage, three covariates", pbc_d)
ordinal_case("pbc, stage, question log(bili)", pbc_d, term = 1)

l <- lung[complete.cases(lung[c("ph.karno", "sex", "age", "wt.loss")]), ]
lung_d <- data_set("lung_karno", l$ph.karno, l$sex == 2, cbind(l$age, l$wt.loss))
ordinal_case("lung, Karnofsky", lung_d, 0)
ordinal_case("lung, Karnofsky, age and weight loss", lung_d)

v <- veteran
veteran_d <- data_set("veteran_karno", v$karno, v$trt == 2, cbind(v$age, v$diagtime))
ordinal_case("veteran, Karnofsky", veteran_d, 0, null = 2)
ordinal_case("veteran, Karnofsky, two covariates", veteran_d)

set.seed(20190217)
n <- 424
arm <- rep(0:1, n / 2); age <- rnorm(n, 63, 16); sofa <- rnorm(n, 9.7, 3.6)
dead <- runif(n) < plogis(-0.3 - 0.35 * arm + 0.03 * (age - 63))
days <- ifelse(dead, 0, pmax(0, pmin(28, 28 - floor(rlnorm(n, 0.9 - 0.2 * arm + 0.05 * (sofa - 9.7), 1)))))
days_d <- data_set("days_free", days, arm, cbind(age, sofa))
ordinal_case("days free, 0 for the dead", days_d, 0)
ordinal_case("days free, two covariates", days_d)
n <- 300
x <- cbind(runif(n), rnorm(n), rnorm(n)); arm <- rbinom(n, 1, 0.4)
y <- 0.6 * arm + 2 * x[, 1] - x[, 2] + rlogis(n)
offset <- 1e8 + x[, 1]; year <- 1985 + 20 * x[, 3]
fit_x <- cbind(offset - 1e8, x[, 2], year - 1985, (year - 1985)^2)
continuous_d <- data_set("continuous", y, arm, cbind(offset, 1e-9 * x[, 2], year, year^2))
ordinal_case("every value its own level", continuous_d, 0)
ordinal_case("every value its own level, badly scaled", continuous_d, fit_x = fit_x)
ordinal_case("every value its own level, question 1e-9", continuous_d, term = 1, fit_x = fit_x,
             fit_unit = 1e-9)
ordinal_case("two levels", data_set("two_levels", as.numeric(y > 1), arm, x[, 1:2]))
ordinal_case("ten patients", data_set("ten", c(0, 3, 8, 3, 1, 5, 0, 9, 9, 2), rep(0:1, 5),
                                      cbind(c(2, 4, 1, 3, 5, 2.5, 4.5, 1.5, 3.5, 2.2))))
ordinal_case("a rare top level", data_set("rare", c(rep(1, 90), rep(2, 108), 3, 3),
                                          c(rep(0:1, c(50, 40)), rep(0:1, c(49, 59)), 0, 1)), 0)
steep <- c(1:18, 23, 21, 20, 19, 22, 24:38, 43, 41, 40, 39, 42, 44:60)
ordinal_case("almost separated", data_set("almost", rep(0:2, each = 20), rep(0:1, 30), cbind(steep)),
             check = FALSE)

emit("static const struct ordinal_case ordinal_cases[] = {")
out <- c(out, rows, "};")
writeLines(out, "tests/oracle/ordinal.h")
