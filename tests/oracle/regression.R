# regression.R - expected numbers of tests/test_regression.c: logistic regression by glm, ROC by pROC.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/regression.R    (from the root; rewrites tests/oracle/regression.h)
suppressPackageStartupMessages({library(MASS); library(pROC); library(survival)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(
  sprintf("/* regression.h - written by tests/oracle/regression.R with R %s, MASS %s and pROC %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("MASS"),
          packageVersion("pROC")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- list(logistic = character(), roc = character(), versus = character())

data_set <- function(name, y, arm = NULL, x = NULL, marker = NULL) {
  array("double", paste0(name, "_y"), as.integer(y))
  if (!is.null(arm)) array("unsigned char", paste0(name, "_arm"), as.integer(arm))
  if (!is.null(x)) array("double", paste0(name, "_x"), as.vector(x))
  if (!is.null(marker)) array("double", paste0(name, "_marker"), marker)
  pointer <- function(v, suffix) if (is.null(v)) "NULL" else paste0(name, suffix)
  emit("static const struct data ", name, " = {", length(y), ", ", name, "_y, ",
       pointer(arm, "_arm"), ", ", if (is.null(x)) 0 else ncol(x), ", ", pointer(x, "_x"), ", ",
       pointer(marker, "_marker"), "};")
  list(name = name, y = as.integer(y), arm = if (!is.null(arm)) as.integer(arm), x = x,
       marker = marker)
}

# The information at the maximum of a fit driven to the end by plain Newton steps.
polish <- function(z, y, o, b) {
  for (i in 1:5) {
    p <- plogis(drop(z %*% b) + o)
    info <- crossprod(z, z * (p * (1 - p)))
    b <- b + solve(info, crossprod(z, y - p), tol = 1e-30)
  }
  eta <- drop(z %*% b) + o
  list(b = drop(b), v = solve(info, tol = 1e-30),
       loglik = sum(ifelse(y == 1, plogis(eta, log.p = TRUE), plogis(-eta, log.p = TRUE))))
}

# fit_x: the same column space in numbers that glm can digest. term: -1 for the arm, else a column.
logistic_case <- function(name, d, n_x = if (is.null(d$x)) 0 else ncol(d$x), term = -1, null = 1,
                          fit_x = d$x, fit_unit = 1) {
  z <- cbind(1, arm = d$arm, if (n_x > 0) fit_x[, seq_len(n_x), drop = FALSE])
  question <- if (term < 0) 2 else term + 2 + !is.null(d$arm)
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  o <- log(null) * fit_unit * z[, question]
  fit <- glm.fit(z, d$y, family = binomial(), control = control)
  fit0 <- glm.fit(z[, -question, drop = FALSE], d$y, offset = o, family = binomial(),
                  control = control)
  full <- polish(z, d$y, 0, fit$coefficients)
  less <- polish(z[, -question, drop = FALSE], d$y, o, fit0$coefficients)
  stopifnot(all.equal(unname(full$b), unname(fit$coefficients), tolerance = 1e-6),
            all.equal(-2 * full$loglik, fit$deviance, tolerance = 1e-10))
  b <- full$b[question] / fit_unit
  se <- sqrt(full$v[question, question]) / fit_unit
  z_wald <- (b - log(null)) / se
  z_lr <- sign(z_wald) * sqrt(2 * (full$loglik - less$loglik))
  rows$logistic <<- c(rows$logistic, paste0(
    "{\"", name, "\", &", d$name, ", ", n_x, ", ", term, ", ", number(null), ",\n {",
    paste(number(c(exp(b), se, exp(b - qnorm(0.975) * se), exp(b + qnorm(0.975) * se), z_wald, z_lr,
                   2 * pnorm(-abs(z_wald)), 2 * pnorm(-abs(z_lr)))), collapse = ", "), "}, ",
    sum(d$y), "},"))
}

# Sensitivity and specificity when each patient is called by Youden's cutoff of the others: the lowest
# midpoint of neighbouring values where sensitivity + specificity is largest, found by trying them all.
youden <- function(y, m) {
  v <- sort(unique(m))
  if (length(v) < 2) return(NA)
  at <- (head(v, -1) + tail(v, -1)) / 2
  n1 <- sum(y); n0 <- sum(1 - y)
  score <- sapply(at, function(t) sum(m[y == 1] > t) * n0 + sum(m[y == 0] <= t) * n1)
  at[which.max(score)]
}
left_out <- function(y, m) {
  called <- sapply(seq_along(y), function(i) m[i] > youden(y[-i], m[-i]))
  called[is.na(called)] <- FALSE
  c(mean(called[y == 1]), mean(!called[y == 0]))
}

roc_case <- function(name, d, cutoff = NA) {
  r <- roc(d$y, d$marker, levels = c(0, 1), direction = "<", quiet = TRUE)
  ci <- ci.auc(r, method = "delong")
  se <- sqrt(var(r, method = "delong"))
  z <- (as.numeric(auc(r)) - 0.5) / se
  at <- cutoff
  if (is.na(cutoff)) {
    best <- coords(r, "best", best.method = "youden", transpose = FALSE)
    at <- min(best$threshold)
    stopifnot(all.equal(at, youden(d$y, d$marker), tolerance = 1e-14))
    sens <- best$sensitivity[which.min(best$threshold)]
    spec <- best$specificity[which.min(best$threshold)]
  } else {
    sens <- mean(d$marker[d$y == 1] > cutoff); spec <- mean(d$marker[d$y == 0] <= cutoff)
  }
  n1 <- sum(d$y); n0 <- sum(1 - d$y)
  # prop.test without correction gives Wilson's limits
  wilson <- function(p, n) suppressWarnings(prop.test(round(p * n), n, correct = FALSE)$conf.int)
  w1 <- wilson(sens, n1); w0 <- wilson(spec, n0)
  rows$roc <<- c(rows$roc, paste0(
    "{\"", name, "\", &", d$name, ", ", number(cutoff), ",\n {",
    paste(number(c(auc(r), se, ci[1], ci[3], z, 2 * pnorm(-abs(z)))), collapse = ", "), "}, ",
    number(at), ",\n {", paste(number(c(sens, sqrt(sens * (1 - sens) / n1), w1)), collapse = ", "),
    "}, {", paste(number(c(spec, sqrt(spec * (1 - spec) / n0), w0)), collapse = ", "), "},\n {",
    paste(number(if (is.na(cutoff)) left_out(d$y, d$marker) else c(sens, spec)), collapse = ", "), "}},"))
}

# Two markers of the same patients: pROC's paired DeLong test.
versus_case <- function(name, a, b) {
  curve <- function(d) roc(d$y, d$marker, levels = c(0, 1), direction = "<", quiet = TRUE)
  t <- roc.test(curve(a), curve(b), method = "delong", paired = TRUE)
  area <- as.numeric(t$estimate)
  stopifnot(identical(a$y, b$y), all.equal(2 * pnorm(-abs(t$statistic)), t$p.value, check.attributes = FALSE))
  rows$versus <<- c(rows$versus, paste0(
    "{\"", name, "\", &", a$name, ", &", b$name, ",\n {",
    paste(number(c(area[1] - area[2], (area[1] - area[2]) / t$statistic, t$statistic, t$p.value, area)),
          collapse = ", "), "}},"))
}

b <- birthwt
birth_d <- data_set("birth", b$low, b$smoke,
                    cbind(b$age, b$lwt, model.matrix(~ factor(race), b)[, -1], b$ht, b$ui, b$ptl))
birth_only <- data_set("birth_no_arm", b$low, NULL, cbind(b$lwt, b$smoke))
set.seed(20190217)
m <- 150
x <- cbind(runif(m), rnorm(m), rnorm(m))
arm <- rbinom(m, 1, 0.5)
y <- rbinom(m, 1, plogis(-1 + 0.8 * arm + 2 * x[, 1] - x[, 2]))
offset <- 1e8 + x[, 1]; year <- 1985 + 20 * x[, 3]
badly_d <- data_set("badly_scaled", y, arm, cbind(offset, 1e-9 * x[, 2], year, year^2))
badly_fit <- cbind(offset - 1e8, x[, 2], year - 1985, (year - 1985)^2)
near <- x[, 1] + 3e-6 * x[, 2]
near_d <- data_set("nearly_collinear", y, arm, cbind(x[, 1], near))
near_fit <- cbind(x[, 1], (near - x[, 1]) / 3e-6)
tiny_d <- data_set("tiny", c(0, 1, 0, 1, 1, 0, 1, 0, 0, 1), rep(0:1, 5),
                   cbind(c(1, 2.5, 2, 1.5, 4, 3, 5, 2.2, 4.5, 3.5)))
steep_d <- data_set("almost_separated", c(rep(0, 20), 1, 0, rep(1, 20)), NULL,
                    cbind(c(1:20, 20.999, 21.001, 23:42)))

logistic_case("birth weight, arm alone", birth_d, 0)
logistic_case("birth weight, arm alone, null 1.5", birth_d, 0, null = 1.5)
logistic_case("birth weight, arm and age", birth_d, 1)
logistic_case("birth weight, seven covariates", birth_d)
logistic_case("birth weight, question weight", birth_d, term = 1)
logistic_case("birth weight, question hypertension, null 2", birth_d, term = 4, null = 2)
logistic_case("no arm, question weight", birth_only, term = 0)
logistic_case("no arm, question smoking alone", birth_only, 2, term = 1)
logistic_case("badly scaled", badly_d, fit_x = badly_fit)
logistic_case("badly scaled, question 1e8 + small", badly_d, term = 0, fit_x = badly_fit)
logistic_case("badly scaled, question 1e-9", badly_d, term = 1, fit_x = badly_fit, fit_unit = 1e-9)
logistic_case("nearly collinear, arm", near_d, fit_x = near_fit)
logistic_case("nearly collinear, question the second", near_d, term = 1, fit_x = near_fit,
              fit_unit = 3e-6)
v <- veteran
veteran_d <- data_set("veteran", v$time <= 100, v$trt == 2,
                      cbind(v$karno, v$age, model.matrix(~ celltype, v)[, -1]))
logistic_case("veteran, death by 100 days, arm alone", veteran_d, 0)
logistic_case("veteran, death by 100 days, five covariates", veteran_d)
logistic_case("veteran, question Karnofsky, null 0.97", veteran_d, term = 0, null = 0.97)
l <- lung[complete.cases(lung[c("age", "ph.ecog", "wt.loss")]), ]
lung_d <- data_set("lung_year", l$time <= 365 & l$status == 2, l$sex == 2, cbind(l$age, l$ph.ecog, l$wt.loss))
logistic_case("lung, death by a year", lung_d)
p <- Pima.te
pima_d <- data_set("pima", p$type == "Yes", p$age > 30, cbind(p$glu, p$bmi, log(p$ped)))
logistic_case("Pima, diabetes after 30", pima_d)
logistic_case("Pima, question glucose", pima_d, term = 0)
logistic_case("ten patients", tiny_d)
logistic_case("almost separated", steep_d, term = 0)

a <- aSAH
poor <- a$outcome == "Poor"
roc_case("aSAH, s100b", s100b <- data_set("s100b", poor, marker = a$s100b))
roc_case("aSAH, ndka", ndka <- data_set("ndka", poor, marker = a$ndka))
roc_case("aSAH, wfns (five values)", wfns <- data_set("wfns", poor, marker = as.numeric(a$wfns)))
y <- p$type == "Yes"
roc_case("Pima, glucose", glu <- data_set("glu", y, marker = p$glu))
roc_case("Pima, body mass", bmi <- data_set("bmi", y, marker = p$bmi))
roc_case("birth weight, mother's weight", data_set("lwt", b$low, marker = -b$lwt))
dead <- v$time <= 100
roc_case("veteran, Karnofsky (heavy ties)", karno <- data_set("karno", dead, marker = -v$karno))
roc_case("veteran, months since diagnosis", months <- data_set("months", dead, marker = v$diagtime))
roc_case("a patient alone at each end", data_set("ends", c(1, 0, 0, 1, 1, 0, 1, 0, 1, 0),
                                                 marker = c(1, 2, 2, 3, 4, 4, 5, 5, 6, 9)))
roc_case("aSAH, ndka above 10", ndka, 10)
roc_case("aSAH, wfns above 3", wfns, 3)
roc_case("a cutoff above all", ndka, 1e6)
roc_case("two of each", data_set("two_each", c(0, 1, 0, 1), marker = c(1, 2, 3, 4)))
roc_case("limits are cut", data_set("nearly_perfect", c(0, 0, 0, 0, 1, 1, 1, 1),
                                    marker = c(1, 2, 3, 5, 4, 6, 7, 8)))
roc_case("ties in Youden's index", data_set("youden_ties", c(0, 1, 0, 1, 0, 1, 1, 0),
                                            marker = c(1, 2, 3, 4, 5, 6, 7, 2)))
roc_case("huge and tiny", data_set("huge_marker", rep(0:1, 25),
                                   marker = exp(rnorm(50, 0.8 * rep(0:1, 25)) * 40)))

versus_case("aSAH, wfns and s100b", wfns, s100b)
versus_case("aSAH, s100b and ndka", s100b, ndka)
versus_case("Pima, glucose and body mass", glu, bmi)
versus_case("veteran, Karnofsky and months", karno, months)
versus_case("four patients", data_set("four_a", c(0, 1, 0, 1), marker = c(1, 2, 3, 4)),
            data_set("four_b", c(0, 1, 0, 1), marker = c(2, 1, 2, 2)))

emit("static const struct logistic_case logistic_cases[] = {")
out <- c(out, rows$logistic, "};")
emit("static const struct roc_case roc_cases[] = {")
out <- c(out, rows$roc, "};")
emit("static const struct versus_case versus_cases[] = {")
out <- c(out, rows$versus, "};")
writeLines(out, "tests/oracle/regression.h")
