# kaplan_meier.R - expected numbers of tests/test_kaplan_meier.c: restricted means, survival at a day.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/kaplan_meier.R  (from the root; rewrites tests/oracle/kaplan_meier.h)
# Restricted means are areas under R's survfit, with the variance of survRM2 (Uno et al. 2014),
# checked against survfit's own rmean; survival and its limits are survfit's.
suppressPackageStartupMessages(library(survival))

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(
  sprintf("/* kaplan_meier.h - written by tests/oracle/kaplan_meier.R with R %s and survival %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("survival")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- list(rmst = character(), survival = character())

data_set <- function(name, time, event, arm) {
  d <- list(name = name, time = as.numeric(time), event = as.integer(event), arm = as.integer(arm))
  array("double", paste0(name, "_time"), d$time)
  array("double", paste0(name, "_event"), d$event)
  array("unsigned char", paste0(name, "_arm"), d$arm)
  emit("static const struct data ", name, " = {", length(time), ", ", name, "_time, ", name,
       "_event, ", name, "_arm};")
  d
}
z <- qnorm(0.975)
p <- function(z) 2 * pnorm(-abs(z))
curve_of <- function(d, k, ...) survfit(Surv(time, event) ~ 1, data.frame(d[c("time", "event")])[d$arm == k, ], ...)

mean_to <- function(d, k, horizon) {
  f <- curve_of(d, k)
  inside <- f$time <= horizon
  left <- c(0, f$time[inside]); right <- c(f$time[inside], horizon)
  area <- (right - left) * c(1, f$surv[inside])
  mean <- sum(area)
  rest <- rev(cumsum(rev(area)))[-1]
  term <- f$n.event / (f$n.risk * (f$n.risk - f$n.event))
  term[f$n.risk == f$n.event] <- 0
  v <- sum(rest^2 * term[inside])
  own <- summary(f, rmean = horizon)$table
  stopifnot(all.equal(own[["rmean"]], mean, tolerance = 1e-12),
            all.equal(own[["se(rmean)"]], sqrt(v), tolerance = 1e-9))
  c(mean, v)
}

rmst_case <- function(d, horizon = NA) {
  tau <- if (is.na(horizon)) min(tapply(d$time, d$arm, max)) else horizon
  m0 <- mean_to(d, 0, tau); m1 <- mean_to(d, 1, tau)
  difference <- m1[1] - m0[1]; se <- sqrt(m0[2] + m1[2])
  ratio <- log(m1[1] / m0[1]); se_ratio <- sqrt(m0[2] / m0[1]^2 + m1[2] / m1[1]^2)
  rows$rmst <<- c(rows$rmst, paste0(
    "{&", d$name, ", ", number(horizon), ",\n {",
    paste(number(c(difference, se, difference - z * se, difference + z * se, p(difference / se))),
          collapse = ", "), "},\n {",
    paste(number(c(exp(ratio), se_ratio, exp(ratio - z * se_ratio), exp(ratio + z * se_ratio),
                   p(ratio / se_ratio))), collapse = ", "), "},\n {",
    paste(number(c(m0[1], sqrt(m0[2]))), collapse = ", "), "}, {",
    paste(number(c(m1[1], sqrt(m1[2]))), collapse = ", "), "}},"))
}

survival_case <- function(d, day = NA) {
  at <- if (is.na(day)) min(tapply(d$time, d$arm, max)) else day
  arm <- function(k) {
    plain <- summary(curve_of(d, k, conf.type = "plain"), times = at, extend = TRUE)
    log_log <- summary(curve_of(d, k, conf.type = "log-log"), times = at, extend = TRUE)
    c(plain$surv, if (plain$surv > 0) plain$std.err else 0,
      if (plain$surv > 0) c(plain$lower, plain$upper) else c(0, 0),
      if (plain$surv > 0 && plain$surv < 1) c(log_log$lower, log_log$upper) else c(NA, NA))
  }
  s0 <- arm(0); s1 <- arm(1)
  difference <- s1[1] - s0[1]; se <- sqrt(s0[2]^2 + s1[2]^2)
  rows$survival <<- c(rows$survival, paste0(
    "{&", d$name, ", ", number(day), ",\n {",
    paste(number(c(difference, se, difference - z * se, difference + z * se, p(difference / se))),
          collapse = ", "), "},\n {", paste(number(s0), collapse = ", "), "},\n {",
    paste(number(s1), collapse = ", "), "}},"))
}

l <- lung; v <- veteran; o <- ovarian; b <- pbc[!is.na(pbc$trt), ]
k <- colon[colon$etype == 2 & colon$rx != "Lev", ]
sets <- list(data_set("lung_data", l$time, l$status == 2, l$sex == 2),
             data_set("veteran_data", v$time, v$status, v$trt == 2),
             data_set("ovarian_data", o$futime, o$fustat, o$rx == 2),
             data_set("pbc_data", b$time, b$status == 2, b$trt == 1),
             data_set("colon_data", k$time, k$status, k$rx == "Lev+5FU"))
days <- list(c(365, 200.5), c(100, 400), c(365, 500), c(1000, 3000), c(365.25, 2000))
for (i in seq_along(sets)) {
  for (day in c(NA, days[[i]])) { rmst_case(sets[[i]], day); survival_case(sets[[i]], day) }
}

set.seed(20190217)
n <- 200
ties <- data_set("heavy_ties", ceiling(rexp(n, 0.2)) %% 7 + 1, rbinom(n, 1, 0.7), rbinom(n, 1, 0.5))
for (day in c(NA, 1, 4)) survival_case(ties, day)
for (day in c(NA, 2, 4)) rmst_case(ties, day)
ten <- data_set("ten", c(5, 3, 9, 12, 1, 7, 7, 20, 15, 2), c(1, 1, 0, 1, 1, 1, 0, 0, 1, 1), rep(0:1, 5))
for (day in c(NA, 8)) { rmst_case(ten, day); survival_case(ten, day) }
all_dead <- data_set("all_dead", c(4, 2, 9, 1, 3, 3, 8, 6, 5, 7, 2, 11), rep(1, 12), rep(0:1, 6))
rmst_case(all_dead); survival_case(all_dead, 4)
rmst_case(all_dead, 20) # both curves have reached 0 by then
one_dies_out <- data_set("one_dies_out", c(1, 2, 2, 3, 28, 28, 28, 28, 5, 9), rep(c(1, 0, 1), c(4, 4, 2)),
                         rep(c(0, 1), c(4, 6)))
rmst_case(one_dies_out, 28); survival_case(one_dies_out, 28); survival_case(one_dies_out, 2)
one_lives <- data_set("one_lives", c(3, 5, 28, 28, 28, 28, 28, 28), c(1, 1, 0, 0, 0, 0, 0, 0),
                      rep(0:1, each = 4))
rmst_case(one_lives, 28); survival_case(one_lives, 28)
cut <- 28
trial_time <- rexp(424, rep(c(0.02, 0.015), 212))
trial <- data_set("day_28", pmin(trial_time, cut), trial_time <= cut, rep(0:1, 212))
rmst_case(trial); rmst_case(trial, 28); survival_case(trial); survival_case(trial, 28)

emit("static const struct rmst_case rmst_cases[] = {")
out <- c(out, rows$rmst, "};")
emit("static const struct survival_case survival_cases[] = {")
out <- c(out, rows$survival, "};")
writeLines(out, "tests/oracle/kaplan_meier.h")
