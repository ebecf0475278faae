# survival.R - expected numbers of tests/test_survival.c, from R's survival package.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/survival.R      (from the root; rewrites tests/oracle/survival.h)
suppressPackageStartupMessages(library(survival))

number <- function(x) sprintf("%.17g", as.numeric(x))
out <- c(
  sprintf("/* survival.h - written by tests/oracle/survival.R with R %s and survival %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("survival")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  lines <- strwrap(paste(if (type == "double") number(values) else format(values, trim = TRUE),
                         collapse = ", "), 100)
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, lines, "};")
  name
}

control <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-20)
rows <- list(cox = character(), logrank = character())

# A data set's arrays, once. x: a matrix of covariates, as the program sees them.
write_data <- function(name, d) {
  array("double", paste0(name, "_time"), d$time)
  array("double", paste0(name, "_event"), d$event)
  array("unsigned char", paste0(name, "_arm"), d$arm)
  if (!is.null(d$x)) array("double", paste0(name, "_x"), as.vector(d$x))
  if (!is.null(d$stratum)) array("int", paste0(name, "_stratum"), d$stratum)
  emit("static const struct data ", name, " = {", length(d$time), ", ", name, "_time, ", name,
       "_event, ", name, "_arm, ", if (is.null(d$x)) "0, NULL" else
         paste0(ncol(d$x), ", ", name, "_x"), ", ", if (is.null(d$stratum)) "1, NULL" else
           paste0(max(d$stratum) + 1, ", ", name, "_stratum"), "};")
}

# fit_x: the same column space in numbers that R's coxph can digest (default: x itself).
# term: -1 for the arm, else a column of x from 0.
cox_case <- function(name, d, ties = "efron", n_x = if (is.null(d$x)) 0 else ncol(d$x), term = -1,
                     strata = FALSE, null = 1, fit_x = d$x, fit_unit = 1) {
  z <- cbind(arm = d$arm, if (n_x > 0) fit_x[, seq_len(n_x), drop = FALSE])
  question <- term + 2
  y <- Surv(d$time, d$event)
  s <- if (strata) d$stratum else rep(0, length(d$time))
  fit <- coxph(y ~ z + strata(s), ties = ties, control = control)
  b <- unname(coef(fit)[question]) / fit_unit
  se <- sqrt(vcov(fit)[question, question]) / fit_unit
  null_log <- log(null) * fit_unit
  o <- null_log * z[, question]
  fit0 <- if (ncol(z) > 1) coxph(y ~ z[, -question, drop = FALSE] + offset(o) + strata(s),
                                 ties = ties, control = control)
          else coxph(y ~ offset(o) + strata(s), ties = ties)
  start <- numeric(ncol(z)); start[question] <- null_log
  if (ncol(z) > 1) start[-question] <- coef(fit0)
  at_start <- coxph(y ~ z + strata(s), ties = ties, init = start,
                    control = coxph.control(iter.max = 0, toler.chol = 1e-20))
  side <- sign(b - log(null))
  z_wald <- (b - log(null)) / se
  z_score <- side * sqrt(at_start$score)
  z_lr <- side * sqrt(2 * (tail(fit$loglik, 1) - tail(fit0$loglik, 1)))
  p <- function(z) 2 * pnorm(-abs(z))
  rows$cox <<- c(rows$cox, paste0(
    "{\"", name, "\", &", d$name, ", ", n_x, ", ", term, ", ", tolower(strata), ", ",
    if (ties == "efron") "TIES_EFRON" else "TIES_BRESLOW", ", ", number(null), ",\n {",
    paste(number(c(exp(b), se, exp(b - qnorm(0.975) * se), exp(b + qnorm(0.975) * se), z_wald,
                   z_score, z_lr, p(z_wald), p(z_score), p(z_lr))), collapse = ", "), "}, ",
    sum(d$event), "},"))
}

# G^{rho,gamma} by its definition, from the pooled Kaplan-Meier estimate within each stratum.
weighted_logrank <- function(d, rho, gamma, s) {
  u <- v <- 0
  for (g in unique(s)) {
    k <- s == g
    time <- d$time[k]; event <- d$event[k]; arm <- d$arm[k]
    survival <- 1
    for (t in sort(unique(time[event == 1]))) {
      n <- sum(time >= t); n1 <- sum(time >= t & arm == 1)
      dead <- sum(time == t & event == 1); dead1 <- sum(time == t & event == 1 & arm == 1)
      w <- survival^rho * (1 - survival)^gamma
      u <- u + w * (dead1 - dead * n1 / n)
      if (n > 1) v <- v + w^2 * dead * (n1 / n) * (1 - n1 / n) * (n - dead) / (n - 1)
      survival <- survival * (1 - dead / n)
    }
  }
  c(u, v)
}

logrank_case <- function(name, d, rho = 0, gamma = 0, strata = FALSE) {
  s <- if (strata) d$stratum else rep(0, length(d$time))
  if (gamma == 0) {
    f <- if (strata) survdiff(Surv(time, event) ~ arm + strata(stratum), rho = rho, data = d[c("time", "event", "arm", "stratum")])
         else survdiff(Surv(time, event) ~ arm, rho = rho, data = d[c("time", "event", "arm")])
    total <- function(x) if (is.matrix(x)) rowSums(x) else x
    u <- (total(f$obs) - total(f$exp))[2]; v <- f$var[2, 2]
    stopifnot(all.equal(unname(c(u, v)), weighted_logrank(d, rho, gamma, s), tolerance = 1e-10))
  } else {
    uv <- weighted_logrank(d, rho, gamma, s); u <- uv[1]; v <- uv[2]
  }
  z <- u / sqrt(v)
  rows$logrank <<- c(rows$logrank, paste0(
    "{\"", name, "\", &", d$name, ", ", tolower(strata), ", ", rho, ", ", gamma, ",\n {",
    paste(number(c(exp(u / v), 1 / sqrt(v), z, 2 * pnorm(-abs(z)))), collapse = ", "), "}},"))
}

data_set <- function(name, time, event, arm, x = NULL, stratum = NULL) {
  d <- list(name = name, time = as.numeric(time), event = as.integer(event), arm = as.integer(arm),
            x = x, stratum = if (!is.null(stratum)) match(stratum, sort(unique(stratum))) - 1L)
  write_data(name, d)
  d
}
complete <- function(d) d[complete.cases(d), ]

l <- complete(lung[c("time", "status", "sex", "age", "ph.ecog", "ph.karno", "wt.loss", "inst")])
lung_d <- data_set("lung_data", l$time, l$status == 2, l$sex == 2,
                   cbind(l$age, l$ph.ecog, l$ph.karno, l$wt.loss), l$inst)
v <- veteran
veteran_d <- data_set("veteran_data", v$time, v$status, v$trt == 2,
                      cbind(v$karno, v$diagtime, v$age, v$prior,
                            model.matrix(~ celltype, v)[, -1]), v$celltype)
o <- ovarian
ovarian_d <- data_set("ovarian_data", o$futime, o$fustat, o$rx == 2,
                      cbind(o$age, o$resid.ds, o$ecog.ps), o$ecog.ps)
aml_d <- data_set("aml_data", aml$time, aml$status, aml$x == "Maintained")
kidney_d <- data_set("kidney_data", kidney$time, kidney$status, kidney$sex == 2,
                     cbind(kidney$age, kidney$frail), kidney$disease)
co <- complete(colon[colon$etype == 2 & colon$rx != "Lev",
                     c("time", "status", "rx", "age", "nodes", "obstruct", "adhere", "extent",
                       "node4", "sex", "surg", "differ", "perfor")])
colon_d <- data_set("colon_data", co$time, co$status, co$rx == "Lev+5FU",
                    as.matrix(co[c("age", "nodes", "obstruct", "adhere", "extent", "node4", "sex",
                                   "surg", "perfor")]), co$differ)

set.seed(20190217)
n <- 200
heavy_x <- cbind(rnorm(n), rbinom(n, 1, 0.3))
heavy_d <- data_set("heavy_ties", ceiling(rexp(n, exp(0.5 * heavy_x[, 1]) / 3)) %% 6 + 1,
                    rbinom(n, 1, 0.8), rbinom(n, 1, 0.5), heavy_x, rep(1:4, 50))
ten_d <- data_set("ten_patients", c(5, 3, 9, 12, 1, 7, 7, 20, 15, 2), c(1, 1, 0, 1, 1, 1, 0, 0, 1, 1),
                  rep(0:1, 5), cbind(c(2.5, 0.1, 3.3, 1.8, 4.4, 0.7, 2.2, 1.1, 3.9, 2.0)))
lone_d <- data_set("lone_stratum", round(rexp(60, 0.1), 2), rbinom(60, 1, 0.7), rbinom(60, 1, 0.5),
                   cbind(rnorm(60), rnorm(60)), c(0, rep(1:2, 29), 3))
all_d <- data_set("all_events", rexp(50), rep(1, 50), rep(0:1, 25), cbind(rnorm(50)))
m <- 120
small <- cbind(runif(m), rnorm(m), rnorm(m), rexp(m))
time <- rexp(m, exp(0.7 * small[, 1] - 0.4 * small[, 2]))
# 1e8 plus what doubles there can hold; 1e-9 times; 1e12 times; years and their square.
offset <- 1e8 + small[, 1]
year <- 1985 + 20 * small[, 3]
badly_d <- data_set("badly_scaled", pmin(time, 1), time <= 1, rbinom(m, 1, 0.5),
                    cbind(offset, 1e-9 * small[, 2], year, year^2, 1e12 * small[, 4]))
badly_fit <- cbind(offset - 1e8, small[, 2], year - 1985, (year - 1985)^2, small[, 4])
near <- small[, 1] + 3e-6 * small[, 2]
near_d <- data_set("nearly_collinear", pmin(time, 1), time <= 1, rbinom(m, 1, 0.5),
                   cbind(small[, 1], near))
near_fit <- cbind(small[, 1], (near - small[, 1]) / 3e-6)
# Strata whose covariate lies far apart: only what varies within a stratum counts.
far <- rep(c(0, 1e7, -3e9), 40)
far_d <- data_set("far_strata", pmin(time, 1), time <= 1, rbinom(m, 1, 0.5),
                  cbind(far + small[, 2]), rep(1:3, 40))
far_fit <- cbind(badly_d$x[, 1] * 0 + (far_d$x[, 1] - far))

for (ties in c("efron", "breslow")) {
  cox_case(paste("lung, arm alone,", ties), lung_d, ties, n_x = 0)
  cox_case(paste("lung, adjusted,", ties), lung_d, ties)
  cox_case(paste("lung, by institution,", ties), lung_d, ties, strata = TRUE)
  cox_case(paste("lung, question age,", ties), lung_d, ties, term = 0)
  cox_case(paste("veteran, seven covariates,", ties), veteran_d, ties)
  cox_case(paste("veteran, by cell type,", ties), veteran_d, ties, n_x = 4, strata = TRUE)
  cox_case(paste("veteran, question karno, null 0.98,", ties), veteran_d, ties, term = 0, null = 0.98)
  cox_case(paste("ovarian,", ties), ovarian_d, ties)
  cox_case(paste("ovarian, arm and age,", ties), ovarian_d, ties, n_x = 1)
  cox_case(paste("aml,", ties), aml_d, ties)
  cox_case(paste("kidney,", ties), kidney_d, ties)
  cox_case(paste("colon, nine covariates,", ties), colon_d, ties)
  cox_case(paste("colon, by differentiation, null 0.9,", ties), colon_d, ties, strata = TRUE, null = 0.9)
  cox_case(paste("heavy ties,", ties), heavy_d, ties)
  cox_case(paste("heavy ties, stratified, null 1.3,", ties), heavy_d, ties, strata = TRUE, null = 1.3)
  cox_case(paste("ten patients,", ties), ten_d, ties)
  cox_case(paste("a stratum with one patient,", ties), lone_d, ties, strata = TRUE)
  cox_case(paste("all events,", ties), all_d, ties)
}
cox_case("badly scaled, arm", badly_d, fit_x = badly_fit)
cox_case("badly scaled, question 1e8 + small", badly_d, term = 0, fit_x = badly_fit)
cox_case("nearly collinear, arm", near_d, fit_x = near_fit)
cox_case("nearly collinear, question the second", near_d, term = 1, fit_x = near_fit, fit_unit = 3e-6)
cox_case("strata far apart", far_d, term = 0, strata = TRUE, fit_x = far_fit)

for (rho in c(0, 1, 0.5)) {
  logrank_case(paste("lung, rho", rho), lung_d, rho)
  logrank_case(paste("lung by institution, rho", rho), lung_d, rho, strata = TRUE)
  logrank_case(paste("veteran, rho", rho), veteran_d, rho)
  logrank_case(paste("veteran by cell type, rho", rho), veteran_d, rho, strata = TRUE)
  logrank_case(paste("aml, rho", rho), aml_d, rho)
  logrank_case(paste("colon, rho", rho), colon_d, rho)
  logrank_case(paste("heavy ties, rho", rho), heavy_d, rho)
  logrank_case(paste("heavy ties stratified, rho", rho), heavy_d, rho, strata = TRUE)
  logrank_case(paste("a stratum with one patient, rho", rho), lone_d, rho, strata = TRUE)
  logrank_case(paste("ten patients, rho", rho), ten_d, rho)
  logrank_case(paste("all events, rho", rho), all_d, rho)
}
logrank_case("lung, late differences", lung_d, 0, 1)
logrank_case("colon, middle differences", colon_d, 1, 1)
logrank_case("heavy ties stratified, late differences", heavy_d, 0, 0.5, strata = TRUE)

emit("static const struct cox_case cox_cases[] = {")
out <- c(out, rows$cox, "};")
emit("static const struct logrank_case logrank_cases[] = {")
out <- c(out, rows$logrank, "};")
writeLines(out, "tests/oracle/survival.h")
