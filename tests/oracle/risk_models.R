# risk_models.R - expected numbers of tests/test_risk_models.c: modified Poisson (glm and sandwich), log-binomial
# (glm), risks standardised over a logistic regression (delta method).
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/risk_models.R    (from the root; rewrites tests/oracle/risk_models.h)
suppressPackageStartupMessages({library(MASS); library(survival); library(sandwich)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
listed <- function(x) paste(number(x), collapse = ", ")
out <- c(sprintf("/* risk_models.h - written by tests/oracle/risk_models.R with R %s.%s and sandwich %s.",
                 R.version$major, R.version$minor, packageVersion("sandwich")),
         " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(type, name, values) {
  out <<- c(out, paste0("static const ", type, " ", name, "[] = {"),
            strwrap(paste(if (type == "double") number(values) else values, collapse = ", "), 100),
            "};")
}
control <- glm.control(epsilon = 1e-14, maxit = 200)
quiet <- suppressWarnings

# Plain Newton steps to the end: score u and information i as functions of the coefficients.
newton <- function(b, score, information) {
  for (k in 1:8) b <- b + drop(solve(information(b), score(b), tol = 1e-30))
  b
}

modified_poisson <- function(z, y) {
  fit <- quiet(glm(y ~ z - 1, family = poisson(), control = control))
  mu <- function(b) exp(drop(z %*% b))
  b <- newton(coef(fit), function(b) crossprod(z, y - mu(b)), function(b) crossprod(z, z * mu(b)))
  bread <- solve(crossprod(z, z * mu(b)), tol = 1e-30)
  v <- bread %*% crossprod(z * (y - mu(b))) %*% bread
  if (kappa(crossprod(z)) < 1e8)
    stopifnot(all.equal(unname(v), unname(vcovHC(fit, type = "HC0")), tolerance = 1e-6))
  c(b[2], sqrt(v[2, 2]))
}

# NA where the maximum is on the boundary: the score does not vanish inside.
log_binomial <- function(z, y) {
  loglik <- function(b) {
    e <- drop(z %*% b)
    if (any(e >= 0)) -Inf else sum(ifelse(y == 1, e, log(-expm1(e))))
  }
  score <- function(b) {
    m <- exp(drop(z %*% b))
    drop(crossprod(z, ifelse(y == 1, 1, -m / (1 - m))))
  }
  observed <- function(b) {
    m <- exp(drop(z %*% b))
    crossprod(z, z * ifelse(y == 1, 0, m / (1 - m)^2))
  }
  s <- apply(z, 2, function(v) max(abs(v)))
  zs <- sweep(z, 2, s, "/") # for the optimiser only
  start <- c(log(mean(y)), rep(0, ncol(z) - 1)) * s
  f <- constrOptim(start, function(b) -loglik(b / s), function(b) -score(b / s) / s, ui = -zs,
                   ci = rep(0, nrow(z)), mu = 1e-9, method = "BFGS", outer.iterations = 500,
                   outer.eps = 1e-14, control = list(maxit = 2000, reltol = 1e-15))
  b <- f$par / s
  for (k in 1:60) { # Newton with halving
    step <- tryCatch(drop(solve(observed(b), score(b), tol = 1e-30)), error = function(e) NULL)
    if (is.null(step)) return(c(NA, NA))
    t <- 1
    while (t > 1e-13 && !(loglik(b + t * step) >= loglik(b) - 1e-12)) t <- t / 2
    b <- b + t * step
  }
  m <- exp(drop(z %*% b))
  if (any(m >= 1)) return(c(NA, NA))
  if (sum(score(b) * solve(observed(b), score(b), tol = 1e-30)) > 1e-16) return(c(NA, NA))
  fit <- tryCatch(quiet(glm(y ~ z - 1, family = binomial(log), start = b, control = control)),
                  error = function(e) NULL)
  if (!is.null(fit)) stopifnot(all.equal(unname(coef(fit)), unname(b), tolerance = 1e-6))
  v <- solve(crossprod(z, z * (m / (1 - m))), tol = 1e-30)
  if (!is.null(fit)) stopifnot(all.equal(unname(v), unname(vcov(fit)), tolerance = 1e-5))
  c(b[2], sqrt(v[2, 2]))
}

standardised <- function(z, y) {
  if (any(tapply(y, z[, 2], mean) %in% 0:1)) return(rep(NA, 4))
  fit <- quiet(glm(y ~ z - 1, family = binomial(), control = control))
  p <- function(b) plogis(drop(z %*% b))
  b <- newton(coef(fit), function(b) crossprod(z, y - p(b)),
              function(b) crossprod(z, z * p(b) * (1 - p(b))))
  v <- solve(crossprod(z, z * (p(b) * (1 - p(b)))), tol = 1e-30)
  risk <- function(a) {
    z[, 2] <- a
    q <- plogis(drop(z %*% b))
    list(r = mean(q), g = colMeans(z * (q * (1 - q))))
  }
  r1 <- risk(1)
  r0 <- risk(0)
  se <- function(g) sqrt(drop(g %*% v %*% g))
  c(r1$r - r0$r, se(r1$g - r0$g), log(r1$r / r0$r), se(r1$g / r1$r - r0$g / r0$r))
}

rows <- character()
# fit_x: the same column space in numbers that R can digest
add <- function(name, y, arm, x = NULL, fit_x = x) {
  force(fit_x)
  keep <- !is.na(y) & !is.na(arm) & (if (is.null(x)) TRUE else complete.cases(x))
  y <- as.integer(y[keep])
  arm <- as.integer(arm[keep])
  id <- paste0("d", length(rows))
  array("double", paste0(id, "_y"), y)
  array("unsigned char", paste0(id, "_arm"), arm)
  if (!is.null(x)) {
    x <- as.matrix(x)[keep, , drop = FALSE]
    fit_x <- as.matrix(fit_x)[keep, , drop = FALSE]
    array("double", paste0(id, "_x"), as.vector(x))
  }
  z <- unname(cbind(1, arm, fit_x))
  rows <<- c(rows, sprintf("{\"%s\", %d, %s_y, %s_arm, %d, %s,\n {%s},\n {%s},\n {%s}},", name, length(y), id,
                           id, if (is.null(x)) 0L else ncol(x), if (is.null(x)) "NULL" else paste0(id, "_x"),
                           listed(modified_poisson(z, y)), listed(log_binomial(z, y)),
                           listed(standardised(z, y))))
}

b <- birthwt
contrasts_of <- function(f) model.matrix(~ factor(f))[, -1, drop = FALSE]
add("birth weight, smoking alone", b$low, b$smoke)
add("birth weight, smoking and weight", b$low, b$smoke, cbind(b$lwt))
add("birth weight, seven covariates", b$low, b$smoke, cbind(b$age, b$lwt, contrasts_of(b$race), b$ht, b$ui, b$ptl))
add("veteran, death by 100 days", veteran$time <= 100, veteran$trt == 2, cbind(veteran$age, contrasts_of(veteran$celltype)))
add("veteran with Karnofsky", veteran$time <= 100, veteran$trt == 2, cbind(veteran$karno, veteran$age))
add("lung, death by a year", lung$time <= 365 & lung$status == 2, lung$sex == 2, cbind(lung$age, lung$ph.karno))
p <- rbind(Pima.tr, Pima.te)
add("Pima, diabetes after 30", p$type == "Yes", p$age > 30, cbind(p$bmi, p$ped))
set.seed(20190217)
n <- 424
sofa <- pmin(24, pmax(0, round(rnorm(n, 9.7, 3.6))))
lactate <- exp(rnorm(n, log(3.9), 0.6))
arm <- sample(rep(0:1, n / 2))
add("shock trial", runif(n) < plogis(-2 + 0.15 * sofa + 0.05 * lactate - 0.3 * arm), arm, cbind(sofa, log(lactate)))
add("rare", runif(n) < 0.02 + 0.03 * arm, arm, cbind(sofa))
add("common", runif(n) < exp(-0.02 - 0.15 * arm - 0.2 * rexp(n)), arm, cbind(lactate))
u <- runif(n)
add("near the boundary", runif(n) < exp(-1.2 * u - 0.1 * arm), arm, cbind(u))
add("near the boundary, harder", runif(n) < exp(-1.5 * u^2 - 0.02 * arm), arm, cbind(u, u^2))
v <- runif(n)
add("badly scaled", runif(n) < 0.2 + 0.3 * v, arm, cbind(1e8 + v, 1e-9 * sofa), cbind(v, sofa))
near <- v + 3e-6 * u
add("nearly collinear", runif(n) < 0.2 + 0.3 * v, arm, cbind(v, near), cbind(v, (near - v) / 3e-6))
add("sixteen", c(0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0), rep(0:1, 8),
    cbind(c(1, 2.5, 2, 1.5, 4, 3, 5, 2.2, 4.5, 3.5, 1, 2, 3, 1, 2, 4)))
add("all events in an arm, modified Poisson only", c(1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1), rep(1:0, each = 6)[c(1:5, 7:12, 6)],
    cbind(c(1, 3, 2, 5, 4, 3, 1, 2, 2, 5, 4, 3)))

out <- c(out, "static const struct risk_case risk_cases[] = {", rows, "};")
writeLines(out, "tests/oracle/risk_models.h")
