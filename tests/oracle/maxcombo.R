# maxcombo.R - expected numbers of tests/test_maxcombo.c.  SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/maxcombo.R      (from the root; rewrites tests/oracle/maxcombo.h)
# Weighted log-rank statistics by their definition, those with gamma = 0 checked against survdiff;
# the probability by nested adaptive integration (minutes), checked against mvtnorm's pmvnorm.
suppressPackageStartupMessages({library(survival); library(mvtnorm)})

number <- function(x) sprintf("%.17g", as.numeric(x))
out <- c(
  sprintf("/* maxcombo.h - written by tests/oracle/maxcombo.R with R %s, survival %s and mvtnorm %s.",
          paste(R.version$major, R.version$minor, sep = "."), packageVersion("survival"),
          packageVersion("mvtnorm")),
  " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
emit <- function(...) out <<- c(out, paste0(...))
array <- function(type, name, values) {
  emit("static const ", type, " ", name, "[] = {")
  out <<- c(out, strwrap(paste(if (type == "double") number(values) else values, collapse = ", "),
                         100), "};")
}
rows <- list(data = character(), maximum = character())

data_set <- function(name, time, event, arm, stratum = NULL) {
  d <- list(name = name, time = as.numeric(time), event = as.integer(event), arm = as.integer(arm),
            stratum = if (is.null(stratum)) rep(0L, length(time)) else match(stratum, sort(unique(stratum))) - 1L)
  array("double", paste0(name, "_time"), d$time)
  array("double", paste0(name, "_event"), d$event)
  array("unsigned char", paste0(name, "_arm"), d$arm)
  if (!is.null(stratum)) array("int", paste0(name, "_stratum"), d$stratum)
  emit("static const struct data ", name, " = {", length(time), ", ", name, "_time, ", name,
       "_event, ", name, "_arm, ", if (is.null(stratum)) "1, NULL" else
         paste0(max(d$stratum) + 1, ", ", name, "_stratum"), "};")
  d
}

rho <- c(0, 1, 0, 1); gamma <- c(0, 0, 1, 1)
statistics <- function(d) {
  u <- numeric(4); v <- matrix(0, 4, 4)
  for (g in unique(d$stratum)) {
    k <- d$stratum == g
    time <- d$time[k]; event <- d$event[k]; arm <- d$arm[k]; s <- 1
    for (t in sort(unique(time[event == 1]))) {
      n <- sum(time >= t); n1 <- sum(time >= t & arm == 1)
      dead <- sum(time == t & event == 1); dead1 <- sum(time == t & event == 1 & arm == 1)
      w <- s^rho * (1 - s)^gamma
      u <- u + w * (dead1 - dead * n1 / n)
      if (n > 1) v <- v + outer(w, w) * dead * (n1 / n) * (1 - n1 / n) * (n - dead) / (n - 1)
      s <- s * (1 - dead / n)
    }
  }
  for (r in 0:1) {
    f <- survdiff(if (max(d$stratum) > 0) Surv(time, event) ~ arm + strata(stratum) else Surv(time, event) ~ arm,
                  rho = r, data = d[c("time", "event", "arm", "stratum")])
    stopifnot(all.equal(u[r + 1]^2 / v[r + 1, r + 1], f$chisq, tolerance = 1e-10))
  }
  list(u = u, v = v)
}

# P(max |Z| > m) or P(max Z > m) of Z = rows of unit length times three independent normals: the last
# one's tails outside the limits that the rows set, integrated over the other two.
beyond <- function(direction, m, absolute) {
  tails <- function(x, y) {
    low <- rep(-Inf, length(x)); high <- rep(Inf, length(x))
    for (k in seq_len(nrow(direction))) {
      d <- direction[k, ]; rest <- d[1] * x + d[2] * y
      for (side in if (absolute) c(1, -1) else 1) {
        limit <- (m - side * rest) / abs(d[3])
        if (abs(d[3]) < 1e-9) low <- ifelse(side * rest > m, Inf, low)
        else if (side * d[3] > 0) high <- pmin(high, limit)
        else low <- pmax(low, -limit)
      }
    }
    ifelse(low >= high, 1, pnorm(low) + pnorm(high, lower.tail = FALSE))
  }
  pieces <- function(f, cuts, rel) sum(sapply(seq_len(length(cuts) - 1), function(i)
    integrate(f, cuts[i], cuts[i + 1], rel.tol = rel, abs.tol = 0, subdivisions = 2000,
              stop.on.error = FALSE)$value))
  turn <- qr.Q(qr(rbind(c(0.61, 0.37, 0.70), c(0.2, -0.9, 0.4), c(0.5, 0.3, -0.8))))
  direction <- direction %*% turn
  cuts <- c(-12, -6, -3, 0, 3, 6, 12)
  pieces(function(x) sapply(x, function(x1) dnorm(x1) * pieces(function(y) dnorm(y) * tails(x1, y), cuts, 1e-9)), cuts, 1e-7)
}

directions_of <- function(v, keep) {
  e <- eigen(cov2cor(v[keep, keep, drop = FALSE]), symmetric = TRUE)
  m <- e$vectors %*% diag(sqrt(pmax(e$values, 0)), length(keep))
  m <- cbind(m, 0, 0, 0)[, 1:3, drop = FALSE]
  m / sqrt(rowSums(m^2))
}

maxcombo_case <- function(name, d) {
  s <- statistics(d)
  keep <- which(diag(s$v) > 0)
  z <- s$u[keep] / sqrt(diag(s$v)[keep])
  extreme <- z[which.max(abs(z))]
  direction <- directions_of(s$v, keep)
  p_two <- beyond(direction, max(abs(z)), TRUE)
  p_low <- beyond(-direction, max(-z), FALSE)
  p_high <- beyond(direction, max(z), FALSE)
  corr <- cov2cor(s$v[keep, keep, drop = FALSE])
  if (length(keep) > 1) {
    b <- rep(max(abs(z)), length(z))
    q <- 1 - pmvnorm(-b, b, corr = corr, algorithm = GenzBretz(2e6, 1e-6, 0))
    stopifnot(abs(q - p_two) < 1e-5)
    q <- 1 - pmvnorm(-Inf, rep(max(z), length(z)), corr = corr, algorithm = GenzBretz(2e6, 1e-6, 0))
    stopifnot(abs(q - p_high) < 1e-5)
  }
  b <- s$u[1] / s$v[1, 1]; se <- 1 / sqrt(s$v[1, 1])
  rows$data <<- c(rows$data, paste0("{\"", name, "\", &", d$name, ",\n {",
    paste(number(c(exp(b), se, extreme, p_two, max(-z), p_low, max(z), p_high)), collapse = ", "), "}},"))
}

l <- lung; v <- veteran; o <- ovarian; b <- pbc[!is.na(pbc$trt), ]
k <- colon[colon$etype == 2 & colon$rx != "Lev", ]
maxcombo_case("lung", data_set("lung_data", l$time, l$status == 2, l$sex == 2))
maxcombo_case("veteran", data_set("veteran_data", v$time, v$status, v$trt == 2))
maxcombo_case("veteran by cell type", data_set("veteran_strata", v$time, v$status, v$trt == 2, v$celltype))
maxcombo_case("ovarian", data_set("ovarian_data", o$futime, o$fustat, o$rx == 2))
maxcombo_case("pbc", data_set("pbc_data", b$time, b$status == 2, b$trt == 1))
maxcombo_case("colon", data_set("colon_data", k$time, k$status, k$rx == "Lev+5FU"))
set.seed(20190217)
n <- 300
late <- rep(0:1, n / 2)
time <- rexp(n, 0.1); time <- ifelse(late == 1 & time > 4, 4 + (time - 4) * 2.5, time)
maxcombo_case("late difference", data_set("late", pmin(time, 25), time <= 25, late))
maxcombo_case("strong difference", data_set("strong", rexp(n, ifelse(late == 1, 0.04, 0.1)), rep(1, n), late))
maxcombo_case("heavy ties", data_set("heavy_ties", ceiling(time) %% 5 + 1, rbinom(n, 1, 0.7), late))
maxcombo_case("few events", data_set("few", pmin(time, 0.6), time <= 0.6, late))
maxcombo_case("ten patients", data_set("ten", c(5, 3, 9, 12, 1, 7, 7, 20, 15, 2), c(1, 1, 0, 1, 1, 1, 0, 0, 1, 1),
                                       rep(0:1, 5)))
maxcombo_case("two times", data_set("two_times", c(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), rep(c(1, 0, 1), c(3, 1, 8)),
                                    c(0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1)))
maxcombo_case("one time", data_set("one_time", c(1, 1, 2, 2, 2, 2), c(1, 1, 0, 0, 0, 0), c(0, 0, 1, 1, 0, 1)))

maximum_case <- function(correlation, m, absolute) {
  direction <- directions_of(correlation, seq_len(nrow(correlation)))
  rows$maximum <<- c(rows$maximum, paste0("{", nrow(direction), ", {",
    paste(apply(direction, 1, function(d) paste0("{", paste(number(d), collapse = ", "), "}")), collapse = ", "),
    "},\n ", number(m), ", ", tolower(absolute), ", ", number(beyond(direction, m, absolute)), "},"))
}
r3 <- rbind(c(1, 0.5, -0.3), c(0.5, 1, 0.2), c(-0.3, 0.2, 1))
close <- rbind(c(1, 0.999, 0.9), c(0.999, 1, 0.91), c(0.9, 0.91, 1))
sum4 <- local({ a <- rbind(c(1, 0, 0), c(0.3, 0.9, 0), c(1.3, 0.9, 0), c(0.2, 0.5, 0.4)); cov2cor(a %*% t(a)) })
plane <- local({ a <- rbind(c(1, 0), c(-0.3, 0.9), c(0.8, 0.9), c(0.2, -0.5)); cov2cor(a %*% t(a)) })
for (correlation in list(r3, close, sum4, plane)) {
  for (m in c(0.3, 1.96, 3.5, 6)) maximum_case(correlation, m, TRUE)
  for (m in c(-1.2, -0.1, 0.4, 2.5, 5)) maximum_case(correlation, m, FALSE)
}

emit("static const struct maxcombo_case maxcombo_cases[] = {")
out <- c(out, rows$data, "};")
emit("static const struct maximum_case maximum_cases[] = {")
out <- c(out, rows$maximum, "};")
writeLines(out, "tests/oracle/maxcombo.h")
