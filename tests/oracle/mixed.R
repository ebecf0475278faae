# mixed.R - expected numbers of tests/test_mixed.c, from lme4.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/mixed.R      (from the root; rewrites tests/oracle/mixed.h)
suppressPackageStartupMessages(library(lme4))

number <- function(x) sprintf("%.17g", as.numeric(x))
out <- c(
  sprintf("/* mixed.h - written by tests/oracle/mixed.R with R %s and lme4 %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("lme4")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else format(values, trim = TRUE),
                               collapse = ", "), 100), "};")
}
cases <- character()

data_set <- function(name, y, arm, x, cluster) {
  storage.mode(x) <- "double"
  d <- list(name = name, y = as.integer(y), arm = as.integer(arm), x = x,
            cluster = match(cluster, sort(unique(cluster))) - 1L)
  array("double", paste0(name, "_value"), d$y)
  array("unsigned char", paste0(name, "_arm"), d$arm)
  array("double", paste0(name, "_x"), as.vector(x))
  array("int", paste0(name, "_cluster"), d$cluster)
  emit("static const struct data ", name, " = {", length(d$y), ", ", name, "_value, ", name,
       "_arm, ", ncol(x), ", ", name, "_x, ", max(d$cluster) + 1, ", ", name, "_cluster};")
  d
}

# glmer's optimiser stops at its tolerance: Newton's method on glmer's own deviance goes on from
# there. Derivatives by differences, Richardson-extrapolated.
differences <- function(f, at, h) {
  k <- length(at)
  unit <- function(i) replace(numeric(k), i, h[i])
  gradient <- sapply(seq_len(k), function(i) {
    one <- function(s) (f(at + s * unit(i)) - f(at - s * unit(i))) / (2 * s * h[i])
    (4 * one(0.5) - one(1)) / 3
  })
  hessian <- matrix(0, k, k)
  for (i in seq_len(k)) for (j in seq_len(i)) {
    one <- function(s) {
      a <- s * unit(i); b <- s * unit(j)
      (f(at + a + b) - f(at + a - b) - f(at - a + b) + f(at - a - b)) / (4 * s^2 * h[i] * h[j])
    }
    hessian[i, j] <- hessian[j, i] <- (4 * one(0.5) - one(1)) / 3
  }
  list(gradient = gradient, hessian = hessian)
}

mixed_case <- function(name, d, n_x = ncol(d$x), term = -1, points = 9) {
  z <- cbind(arm = d$arm, if (n_x > 0) d$x[, seq_len(n_x), drop = FALSE])
  z <- sweep(z, 2, colMeans(z)) # the intercept is not compared
  unit <- apply(z, 2, sd)
  z <- sweep(z, 2, unit, "/")
  frame <- list(y = d$y, z = z, cluster = d$cluster)
  fit <- suppressMessages(suppressWarnings(
    glmer(y ~ z + (1 | cluster), data = frame, family = binomial, nAGQ = points,
          control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13, check.conv.singular = "ignore",
                                 optCtrl = list(rhobeg = 1e-2, rhoend = 1e-8, maxfun = 1e5)))))
  k <- 1 + term + 2 # among fixed effects
  own <- c(fixef(fit)[k] / unit[k - 1], sqrt(vcov(fit)[k, k]) / unit[k - 1],
           getME(fit, "theta")^2)
  at <- c(getME(fit, "theta"), fixef(fit))
  if (at[1] < 1e-3) {
    g <- glm(d$y ~ z, family = binomial, control = glm.control(epsilon = 1e-15, maxit = 100))
    here <- c(coef(g)[k] / unit[k - 1], sqrt(vcov(g)[k, k]) / unit[k - 1], 0)
  } else {
    deviance <- update(fit, devFunOnly = TRUE)
    h <- c(0.02 * max(at[1], 0.2), 0.05 * sqrt(diag(vcov(fit))))
    for (i in 1:6) {
      e <- differences(deviance, at, h)
      at <- at - solve(e$hessian, e$gradient)
    }
    v <- 2 * solve(differences(deviance, at, 2 * h)$hessian)
    here <- c(at[k + 1] / unit[k - 1], sqrt(v[k + 1, k + 1]) / unit[k - 1], at[1]^2)
  }
  cat(sprintf("%-40s beta %.8f (%.8f) se %.8f (%.8f) variance %.8f (%.8f)\n", name, here[1], own[1],
              here[2], own[2], here[3], own[3]))
  cases <<- c(cases, paste0("{\"", name, "\", &", d$name, ", ", n_x, ", ", term, ", ", points, ", {",
                            paste(number(c(here, own)), collapse = ", "), "}},"))
}

herd <- cbpp[rep(seq_len(nrow(cbpp)), cbpp$size), ]
ill <- unlist(Map(function(a, n) rep(1:0, c(a, n - a)), cbpp$incidence, cbpp$size))
cbpp_d <- data_set("cbpp_data", ill, herd$period == 2,
                   cbind(herd$period == 3, herd$period == 4, herd$size), herd$herd)
b <- MASS::bacteria
bacteria_d <- data_set("bacteria_data", b$y == "y", b$trt != "placebo", cbind(b$week, b$hilo == "hi"),
                       b$ID)
v <- VerbAgg[VerbAgg$btype == "scold" & VerbAgg$situ == "self", ]
verbal_d <- data_set("verbal_data", v$r2 == "Y", v$mode == "do", cbind(v$Anger, v$Gender == "M"), v$id)

set.seed(20190217)
trial <- function(name, n, q, sd) {
  cluster <- sample(q, n, replace = TRUE)
  arm <- rbinom(n, 1, 0.5); x <- cbind(rnorm(n, 60, 15), rbinom(n, 1, 0.4))
  eta <- -0.3 - 0.5 * arm + 0.03 * (x[, 1] - 60) + 0.4 * x[, 2] + sd * rnorm(q)[cluster]
  data_set(name, rbinom(n, 1, plogis(eta)), arm, x, cluster)
}
zero_d <- trial("zero_variance", 200, 12, 0)
trial_d <- trial("trial_data", 424, 28, 0.5)
small_d <- trial("many_small_clusters", 240, 90, 1.5)
few_d <- trial("three_clusters", 150, 3, 0.8)
large_d <- trial("large_variance", 250, 20, 3)

for (points in c(1, 2, 9, 15)) {
  mixed_case(paste("cbpp, points", points), cbpp_d, points = points)
  mixed_case(paste("bacteria, points", points), bacteria_d, points = points)
}
mixed_case("bacteria, arm alone", bacteria_d, n_x = 0)
mixed_case("bacteria, question week", bacteria_d, term = 0)
mixed_case("verbal aggression", verbal_d)
mixed_case("verbal aggression, question anger", verbal_d, term = 0)
mixed_case("zero variance", zero_d)
mixed_case("a trial", trial_d)
mixed_case("a trial, Laplace", trial_d, points = 1)
mixed_case("many small clusters", small_d)
mixed_case("many small clusters, question x", small_d, term = 1)
mixed_case("three clusters", few_d)
mixed_case("large variance", large_d)
mixed_case("large variance, 25 points", large_d, points = 25)

emit("static const struct oracle mixed_cases[] = {")
out <- c(out, cases, "};")
writeLines(out, "tests/oracle/mixed.h")
