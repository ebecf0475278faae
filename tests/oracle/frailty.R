# frailty.R - expected numbers of tests/test_frailty.c, from R's survival package.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/frailty.R      (from the root; rewrites tests/oracle/frailty.h)
suppressPackageStartupMessages(library(survival))

number <- function(x) sprintf("%.17g", as.numeric(x))
out <- c(
  sprintf("/* frailty.h - written by tests/oracle/frailty.R with R %s and survival %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("survival")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else format(values, trim = TRUE),
                               collapse = ", "), 100), "};")
}
rows <- list(frailty = character(), robust = character(), firth = character(), zph = character())
control <- coxph.control(eps = 1e-13, iter.max = 500, toler.chol = 1e-20)

# time, event, arm, x (matrix), cluster, stratum (or NULL)
data_set <- function(name, time, event, arm, x, cluster, stratum = NULL) {
  code <- function(v) match(v, sort(unique(v))) - 1L
  d <- list(name = name, time = as.numeric(time), event = as.integer(event), arm = as.integer(arm),
            x = x, cluster = code(cluster), stratum = if (!is.null(stratum)) code(stratum))
  array("double", paste0(name, "_time"), d$time)
  array("double", paste0(name, "_event"), d$event)
  array("unsigned char", paste0(name, "_arm"), d$arm)
  storage.mode(x) <- "double"
  d$x <- x
  array("double", paste0(name, "_x"), as.vector(x))
  array("int", paste0(name, "_cluster"), d$cluster)
  if (!is.null(stratum)) array("int", paste0(name, "_stratum"), d$stratum)
  emit("static const struct data ", name, " = {", length(time), ", ", name, "_time, ", name,
       "_event, ", name, "_arm, ", ncol(x), ", ", name, "_x, ", max(d$cluster) + 1, ", ", name,
       "_cluster, ", if (is.null(stratum)) "1, NULL" else
         paste0(max(d$stratum) + 1, ", ", name, "_stratum"), "};")
  d
}
columns <- function(d, n_x) {
  z <- cbind(arm = d$arm, if (n_x > 0) d$x[, seq_len(n_x), drop = FALSE])
  storage.mode(z) <- "double"
  z
}
start <- function(name, d, n_x, term, strata, ties)
  paste0("{\"", name, "\", &", d$name, ", ", n_x, ", ", term, ", ", tolower(strata), ", ",
         if (ties == "efron") "TIES_EFRON" else "TIES_BRESLOW", ", ")

# coxph's own search for the variance stops at a tolerance near its noise; here the root of the very
# equation it solves (survival:::frailty.controlgauss), from coxph fits at fixed variances.
reml <- function(d, z, s, ties) {
  q <- max(d$cluster) + 1
  cluster <- d$cluster
  fit <- function(theta) coxph(Surv(d$time, d$event) ~ z + strata(s) +
    frailty(cluster, distribution = "gaussian", theta = theta), ties = ties, control = control)
  residual <- function(theta) {
    f <- fit(theta)
    if (is.null(f$frail)) {
      b <- coef(f)[-seq_len(ncol(z))]; tr <- sum(diag(f$var)[-seq_len(ncol(z))])
    } else { b <- f$frail; tr <- sum(f$fvar) }
    sum(b^2) / (q - tr / theta) / theta - 1
  }
  lower <- 1e-5
  theta <- if (residual(lower) <= 0) 0 else
    exp(uniroot(function(t) residual(exp(t)), log(c(lower, 50)), tol = 1e-12)$root)
  own <- suppressWarnings(coxph(Surv(d$time, d$event) ~ z + strata(s) +
    frailty(cluster, distribution = "gaussian", method = "reml"), ties = ties,
    control = coxph.control(eps = 1e-10, outer.max = 50)))
  list(theta = theta, fit = if (theta > 0) fit(theta), own = own)
}

frailty_case <- function(name, d, ties = "efron", n_x = ncol(d$x), term = -1, strata = FALSE) {
  z <- columns(d, n_x)
  s <- if (strata) d$stratum else rep(0, length(d$time))
  r <- reml(d, z, s, ties)
  k <- term + 2
  own_theta <- tail(r$own$history[[1]]$history[, 1], 1)
  own <- c(coef(r$own)[k], sqrt(r$own$var[k, k]))
  fit <- if (r$theta > 0) r$fit else coxph(Surv(d$time, d$event) ~ z + strata(s), ties = ties,
                                           control = control)
  here <- c(coef(fit)[k], sqrt(fit$var[k, k]))
  cat(sprintf("%-45s theta %.8g (coxph %.8g) beta %.8f (%.8f) se %.8f (%.8f)\n", name, r$theta,
              own_theta, here[1], own[1], here[2], own[2]))
  rows$frailty <<- c(rows$frailty, paste0(start(name, d, n_x, term, strata, ties),
    "{", paste(number(c(here, r$theta, own)), collapse = ", "), "}},"))
}

robust_case <- function(name, d, ties = "efron", n_x = ncol(d$x), term = -1, strata = FALSE) {
  z <- columns(d, n_x)
  s <- if (strata) d$stratum else rep(0, length(d$time))
  cluster <- d$cluster
  fit <- coxph(Surv(d$time, d$event) ~ z + strata(s), cluster = cluster, ties = ties,
               control = control)
  k <- term + 2
  rows$robust <<- c(rows$robust, paste0(start(name, d, n_x, term, strata, ties),
    "{", paste(number(c(coef(fit)[k], sqrt(fit$var[k, k]))), collapse = ", "), "}},"))
}

zph_case <- function(name, d, ties = "efron", n_x = ncol(d$x), term = -1, strata = FALSE) {
  z <- columns(d, n_x)
  s <- if (strata) d$stratum else rep(0, length(d$time))
  y <- Surv(d$time, d$event)
  fit <- if (strata) coxph(y ~ z + strata(s), ties = ties, control = control)
         else coxph(y ~ z, ties = ties, control = control)
  table <- cox.zph(fit, terms = FALSE)$table
  k <- term + 2
  # The slope: what cox.zph's score and information imply.
  km <- survfit(y ~ 1)
  g <- 1 - c(1, km$surv)[findInterval(d$time, km$time, left.open = TRUE) + 1]
  raw <- .Call(survival:::Czph1, g - mean(g[d$event == 1]), y, z, fit$linear.predictors,
               rep(1, length(g)), as.integer(s), ties == "efron", order(s, d$time) - 1L)
  p <- ncol(z)
  keep <- c(seq_len(p), p + k)
  v <- solve(raw$imat[keep, keep])[p + 1, p + 1]
  stopifnot(abs(raw$u[p + k]^2 * v / table[k, 1] - 1) < 1e-6)
  rows$zph <<- c(rows$zph, paste0(start(name, d, n_x, term, strata, ties), "{",
    paste(number(c(raw$u[p + k] * v, sqrt(v), table[k, "chisq"], table[k, "p"])), collapse = ", "),
    "}},"))
}

# Firth's penalty by its definition, death by death: coxphf is no Debian package.
firth_pieces <- function(d, z, s, ties, beta) {
  eta <- as.vector(z %*% beta)
  loglik <- 0; u <- numeric(ncol(z)); information <- matrix(0, ncol(z), ncol(z))
  for (g in unique(s)) for (t in unique(d$time[d$event == 1 & s == g])) {
    at_risk <- s == g & d$time >= t
    dead <- which(s == g & d$time == t & d$event == 1)
    for (k in seq_along(dead)) {
      w <- exp(eta) * at_risk
      if (ties == "efron") w[dead] <- w[dead] * (1 - (k - 1) / length(dead))
      total <- sum(w); w <- w / total
      mean <- colSums(w * z)
      centred <- sweep(z, 2, mean)
      loglik <- loglik + eta[dead[k]] - log(total)
      u <- u + z[dead[k], ] - mean
      information <- information + crossprod(centred * w, centred)
    }
  }
  list(loglik = loglik, u = u, information = information)
}
firth_fit <- function(d, z, s, ties, fixed = NULL) {
  p <- ncol(z); free <- if (is.null(fixed)) seq_len(p) else seq_len(p)[-fixed]
  value <- function(beta) {
    f <- firth_pieces(d, z, s, ties, beta)
    f$loglik + 0.5 * as.numeric(determinant(f$information)$modulus)
  }
  beta <- numeric(p)
  for (i in 1:200) {
    f <- firth_pieces(d, z, s, ties, beta)
    slope <- function(j, h) {
      e <- replace(numeric(p), j, h)
      (firth_pieces(d, z, s, ties, beta + e)$information -
         firth_pieces(d, z, s, ties, beta - e)$information) / (2 * h)
    }
    score <- f$u
    for (j in free) {
      h <- 2e-3 / sd(z[, j])
      a <- slope(j, h); b <- slope(j, h / 2); c <- slope(j, h / 4)
      score[j] <- score[j] + 0.5 * sum(solve(f$information) *
        ((64 * c - 20 * b + a) / 45))
    }
    step <- numeric(p)
    if (length(free) > 0) step[free] <- solve(f$information[free, free], score[free])
    while (value(beta + step) < value(beta) - 1e-10) step <- step / 2
    beta <- beta + step
    if (max(abs(step) * apply(z, 2, sd)) < 1e-11) break
  }
  list(beta = beta, se = sqrt(diag(solve(firth_pieces(d, z, s, ties, beta)$information))),
       value = value(beta))
}
firth_case <- function(name, d, ties = "efron", n_x = ncol(d$x), term = -1, strata = FALSE) {
  z <- columns(d, n_x); k <- term + 2
  z <- sweep(z, 2, colMeans(z))
  s <- if (strata) d$stratum else rep(0, length(d$time))
  f <- firth_fit(d, z, s, ties); f0 <- firth_fit(d, z, s, ties, k)
  rows$firth <<- c(rows$firth, paste0(start(name, d, n_x, term, strata, ties), "{",
    paste(number(c(f$beta[k], f$se[k], sign(f$beta[k]) * sqrt(2 * (f$value - f0$value)))),
          collapse = ", "), "}},"))
}

complete <- function(d) d[complete.cases(d), ]
k <- kidney
kidney_d <- data_set("kidney_data", k$time, k$status, k$sex == 2, cbind(k$age), k$id, k$disease)
l <- complete(lung[c("time", "status", "sex", "age", "ph.ecog", "inst")])
lung_d <- data_set("lung_data", l$time, l$status == 2, l$sex == 2, cbind(l$age, l$ph.ecog), l$inst,
                   l$ph.ecog)
r <- rats
rats_d <- data_set("rats_data", r$time, r$status, r$rx, cbind(r$sex == "m"), r$litter)
re <- retinopathy
retinopathy_d <- data_set("retinopathy_data", re$futime, re$status, re$trt,
                          cbind(re$age, re$risk), re$id, re$type)
co <- complete(colon[colon$etype == 2 & colon$rx != "Lev", c("time", "status", "rx", "age", "nodes",
                                                             "differ")])[1:300, ]
colon_d <- data_set("colon_data", co$time, co$status, co$rx == "Lev+5FU", cbind(co$age, co$nodes),
                    co$differ)

set.seed(20190217)
trial <- function(name, n, q, sd, distinct = Inf, strata = FALSE) {
  cluster <- sample(q, n, replace = TRUE)
  arm <- rbinom(n, 1, 0.5); x <- cbind(rnorm(n, 60, 15), rbinom(n, 1, 0.4))
  time <- rexp(n, 0.04 * exp(-0.4 * arm + 0.02 * (x[, 1] - 60) + 0.3 * x[, 2] +
                             sd * rnorm(q)[cluster]))
  event <- time < 28
  time <- pmin(time, 28)
  if (is.finite(distinct)) time <- ceiling(time * distinct / 28)
  data_set(name, time, event, arm, x, cluster, if (strata) rbinom(n, 2, 0.4))
}
zero_d <- trial("zero_variance", 200, 12, 0)
under_d <- trial("evenly_spread", 60, 20, 0)
small_d <- trial("many_small_clusters", 240, 110, 0.8, distinct = 14)
ties_d <- trial("heavy_ties", 300, 15, 0.6, distinct = 5, strata = TRUE)
four_d <- trial("four_levels", 160, 4, 0.7, distinct = 10, strata = TRUE)
large_d <- trial("large_variance", 250, 25, 2, strata = TRUE)
ten_d <- data_set("ten_patients", c(5, 8, 3, 12, 9, 1, 7, 7, 15, 2), c(1, 1, 0, 1, 1, 1, 0, 1, 1, 1), rep(0:1, 5),
                  cbind(c(61, 55, 70, 48, 66, 73, 59, 62, 51, 68)), rep(1:5, each = 2))
monotone <- trial("before", 50, 10, 0.3)
monotone_d <- data_set("monotone", monotone$time, monotone$event * (monotone$arm == 0),
                       monotone$arm, monotone$x, monotone$cluster)

for (ties in c("efron", "breslow")) {
  for (f in list(frailty_case, robust_case)) {
    f(paste("kidney,", ties), kidney_d, ties)
    f(paste("kidney, by disease,", ties), kidney_d, ties, strata = TRUE)
    f(paste("kidney, question age,", ties), kidney_d, ties, term = 0)
    f(paste("lung,", ties), lung_d, ties)
    f(paste("lung, by ECOG,", ties), lung_d, ties, n_x = 1, strata = TRUE)
    f(paste("rats,", ties), rats_d, ties)
    f(paste("retinopathy,", ties), retinopathy_d, ties)
    f(paste("colon, three levels,", ties), colon_d, ties)
    f(paste("zero variance,", ties), zero_d, ties)
    f(paste("evenly spread,", ties), under_d, ties)
    f(paste("many small clusters,", ties), small_d, ties)
    f(paste("heavy ties,", ties), ties_d, ties)
    f(paste("heavy ties, stratified,", ties), ties_d, ties, strata = TRUE)
    f(paste("four levels,", ties), four_d, ties)
    f(paste("four levels, stratified,", ties), four_d, ties, strata = TRUE)
    f(paste("large variance,", ties), large_d, ties)
    f(paste("large variance, stratified, question x,", ties), large_d, ties, term = 1, strata = TRUE)
  }
  for (f in list(zph_case, firth_case)) {
    f(paste("kidney,", ties), kidney_d, ties)
    f(paste("lung,", ties), lung_d, ties)
    f(paste("lung, question age,", ties), lung_d, ties, term = 0)
    f(paste("rats, arm alone,", ties), rats_d, ties, n_x = 0)
    f(paste("kidney, by disease,", ties), kidney_d, ties, strata = TRUE)
    f(paste("four levels, stratified,", ties), four_d, ties, strata = TRUE)
    f(paste("ties,", ties), four_d, ties)
    f(paste("heavy ties,", ties), ties_d, ties)
    f(paste("heavy ties, stratified,", ties), ties_d, ties, strata = TRUE)
    f(paste("large variance, stratified, question x,", ties), large_d, ties, term = 1, strata = TRUE)
    f(paste("ten patients,", ties), ten_d, ties)
  }
  firth_case(paste("monotone,", ties), monotone_d, ties)
  firth_case(paste("monotone, arm alone,", ties), monotone_d, ties, n_x = 0)
}

case <- function(name) {
  emit("static const struct oracle ", name, "_cases[] = {")
  out <<- c(out, rows[[name]], "};")
}
for (name in names(rows)) case(name)
writeLines(out, "tests/oracle/frailty.h")
