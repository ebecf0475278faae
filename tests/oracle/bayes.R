# bayes.R - expected numbers of tests/test_bayes.c.  SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/bayes.R         (from the root; rewrites tests/oracle/bayes.h)
# Normal posteriors from coxph, glm and closed forms; beta posteriors by integrate and uniroot on R's
# dbeta and pbeta.
suppressPackageStartupMessages({library(survival); library(MASS)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(
  sprintf("/* bayes.h - written by tests/oracle/bayes.R with R %s and survival %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("survival")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- list(normal = character(), beta = character())

data_set <- function(name, time, event, value, arm, x) {
  array("double", paste0(name, "_time"), time)
  array("double", paste0(name, "_event"), as.integer(event))
  array("double", paste0(name, "_value"), value)
  array("unsigned char", paste0(name, "_arm"), as.integer(arm))
  array("double", paste0(name, "_x"), as.vector(x))
  emit("static const struct data ", name, " = {", length(time), ", ", name, "_time, ", name, "_event, ",
       name, "_value, ", name, "_arm, ", ncol(x), ", ", name, "_x};")
  list(name = name, time = time, event = as.integer(event), value = value, arm = as.integer(arm), x = x)
}

normal_case <- function(d, of, prior, n_x, expected = NA, custom = c(0, 0.355), margin = 1, side = -1, null = 1) {
  z <- cbind(arm = d$arm, if (n_x > 0) d$x[, seq_len(n_x), drop = FALSE])
  seen <- !is.na(d$value)
  if (of == 0) {
    f <- coxph(Surv(d$time, d$event) ~ z, control = coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-20))
    b <- coef(f)[[1]]; se <- sqrt(vcov(f)[1, 1])
  } else if (of == 1) {
    f <- glm(d$value[seen] ~ z[seen, ], family = binomial, epsilon = 1e-14, maxit = 100)
    b <- coef(f)[[2]]; se <- sqrt(vcov(f)[2, 2])
  } else {
    a <- tapply(d$value[seen], d$arm[seen], sum); n <- tapply(d$value[seen], d$arm[seen], length)
    b <- log(a[[2]] / n[[2]]) - log(a[[1]] / n[[1]]); se <- sqrt(sum(1 / a - 1 / n))
  }
  hope <- if (is.na(expected)) c(0.5, NA, 2)[side + 2] else expected
  before <- list(c(0, Inf), c(0, abs(log(hope)) / qnorm(0.95)), c(0, log(2) / qnorm(0.975)),
                 c(log(hope), abs(log(hope)) / qnorm(0.95)), custom)[[prior + 1]]
  precision <- 1 / se^2 + 1 / before[2]^2
  mean <- (b / se^2 + before[1] / before[2]^2) / precision
  sd <- 1 / sqrt(precision)
  good <- function(ratio) if (side < 0) pnorm(log(ratio), mean, sd) else pnorm(log(ratio), mean, sd, lower.tail = FALSE)
  bad <- if (side < 0) pnorm(log(null), mean, sd, lower.tail = FALSE) else pnorm(log(null), mean, sd)
  rows$normal <<- c(rows$normal, paste0(
    "{&", d$name, ", ", of, ", ", prior, ", ", number(expected), ", ", number(custom[1]), ", ", number(custom[2]), ", ",
    number(margin), ", ", side, ", ", number(null), ", ", n_x, ",\n {",
    paste(number(c(exp(mean), sd, exp(qnorm(c(0.025, 0.975), mean, sd)), bad, good(1), good(margin))), collapse = ", "),
    "}},"))
}

l <- lung[complete.cases(lung[c("age", "ph.ecog")]), ]
seen <- ifelse(l$time < 365 & l$status == 1, NA, as.numeric(l$time <= 365 & l$status == 2))
lung_d <- data_set("lung_data", l$time, l$status == 2, seen, l$sex == 2, cbind(l$age, l$ph.ecog))
v <- veteran
veteran_d <- data_set("veteran_data", v$time, v$status, ifelse(v$time < 90 & v$status == 0, NA, as.numeric(v$time <= 90)),
                      v$trt == 2, cbind(v$karno, v$age))
b <- pbc[!is.na(pbc$trt), ]
pbc_d <- data_set("pbc_data", b$time, b$status == 2, as.numeric(b$status == 2), b$trt == 1, cbind(b$age, log(b$bili)))
for (d in list(lung_d, veteran_d, pbc_d)) {
  for (prior in 0:4) {
    normal_case(d, 0, prior, 0, margin = 0.8)
    normal_case(d, prior %% 3, prior, if (prior %% 3 == 2) 0 else 2, margin = 0.9, custom = c(-0.2, 0.5))
  }
  normal_case(d, 0, 1, 1, expected = 0.7)
  normal_case(d, 1, 3, 0, side = 1, margin = 1.1)
  normal_case(d, 2, 1, 0, side = 1, expected = 1.5, null = 0.9)
}

# P(Y - X <= d): over the logit of x, in pieces.
lower <- function(y, x, d) {
  ends <- qlogis(c(qbeta(c(1e-10, 1e-4, 0.1, 0.5, 0.9), x[1], x[2]), max(0, -d), min(1, 1 - d)))
  ends <- c(ends, -qlogis(qbeta(c(0.1, 1e-4, 1e-10), x[2], x[1])), -80, 80)
  ends <- sort(unique(pmax(-80, pmin(80, ends))))
  density <- function(t) exp((x[1]) * plogis(t, log.p = TRUE) + x[2] * plogis(-t, log.p = TRUE) - lbeta(x[1], x[2]))
  sum(sapply(seq_len(length(ends) - 1), function(i)
    integrate(function(t) density(t) * pbeta(plogis(t) + d, y[1], y[2]), ends[i], ends[i + 1],
              rel.tol = 1e-10, abs.tol = 0, subdivisions = 1000, stop.on.error = FALSE)$value))
}
beta_case <- function(treated, control, prior = c(1, 1), margin = 0, side = -1, null = 0) {
  y <- c(prior[1] + treated[1], prior[2] + treated[2] - treated[1])
  x <- c(prior[1] + control[1], prior[2] + control[2] - control[1])
  mean <- function(l) l[1] / sum(l)
  var <- function(l) mean(l) * (1 - mean(l)) / (sum(l) + 1)
  upper <- function(d) lower(x, y, -d)
  quantile <- function(p) uniroot(function(d) lower(y, x, d) - p, c(-1, 1), tol = 1e-14)$root
  good <- function(d) if (side < 0) lower(y, x, d) else upper(d)
  bad <- if (side < 0) upper(null) else lower(y, x, null)
  rows$beta <<- c(rows$beta, paste0(
    "{", treated[1], ", ", treated[2], ", ", control[1], ", ", control[2], ", ", number(prior[1]), ", ",
    number(prior[2]), ", ", number(margin), ", ", side, ", ", number(null), ",\n {",
    paste(number(c(mean(y) - mean(x), sqrt(var(x) + var(y)), quantile(0.025), quantile(0.975), bad, good(0),
                   good(margin))), collapse = ", "), "}},"))
}
beta_case(c(74, 212), c(92, 212), margin = -0.05)                     # ANDROMEDA-SHOCK, day 28
beta_case(c(87, 212), c(99, 212), prior = c(10, 14), margin = -0.1)   # day 90
beta_case(c(24, 97), c(27, 97), prior = c(0.5, 0.5), null = 0.1)      # TARTARE-2S
y <- tapply(pbc_d$event, pbc_d$arm, sum); n <- tapply(pbc_d$event, pbc_d$arm, length)
beta_case(c(y[2], n[2]), c(y[1], n[1]), margin = -0.02)
y <- tapply(birthwt$low, birthwt$smoke, sum); n <- tapply(birthwt$low, birthwt$smoke, length)
beta_case(c(y[2], n[2]), c(y[1], n[1]), margin = 0.1, side = 1)
y <- tapply(Melanoma$status == 1, Melanoma$sex, sum); n <- tapply(Melanoma$status == 1, Melanoma$sex, length)
beta_case(c(y[2], n[2]), c(y[1], n[1]), margin = 0.03, side = 1, null = 0.01)
beta_case(c(0, 5), c(0, 5), margin = -0.1)
beta_case(c(0, 50), c(0, 40), prior = c(0.5, 0.5), margin = -0.01)
beta_case(c(5, 5), c(0, 5), margin = -0.3)
beta_case(c(40, 40), c(40, 40), prior = c(0.5, 2), margin = 0.02, side = 1)
beta_case(c(0, 1), c(1, 1), prior = c(0.5, 0.5), margin = -0.9)
beta_case(c(3, 10000), c(9, 10000), margin = -0.001)
beta_case(c(3000, 10000), c(3400, 10000), margin = -0.03)
beta_case(c(60, 200), c(110, 200), margin = -0.4)

emit("static const struct normal_case normal_cases[] = {")
out <- c(out, rows$normal, "};")
emit("static const struct beta_case beta_cases[] = {")
out <- c(out, rows$beta, "};")
writeLines(out, "tests/oracle/bayes.h")
