# win_ratio.R - expected numbers of tests/test_win_ratio.c: every pair compared, and the formulas of
# Bebu & Lachin 2016 (Biostatistics 17:178) for the variance, written out plainly.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/win_ratio.R      (from the root; rewrites tests/oracle/win_ratio.h)
# Without strata: covariance of wins and losses from probabilities that two pairs with one patient in
# common are both won (lost, won and lost), then the delta method. With strata: weights 1/n, and
# sums of z z' over pairs that share a patient, z = win/W - loss/L or win - loss - net benefit.
number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
out <- c(sprintf("/* win_ratio.h - written by tests/oracle/win_ratio.R with R %s.%s.",
                 R.version$major, R.version$minor),
         " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(type, name, values)
  out <<- c(out, paste0("static const ", type, " ", name, "[] = {"),
            strwrap(paste(if (type == "double") number(values) else values, collapse = ", "), 100),
            "};")

# tiers: list of list(x, time, event, better, margin, both); one of x and time.
# Returns matrices treated x control: 1 win, -1 loss, 0 tie, and the tier that decides.
compare <- function(tiers, arm) {
  treated <- which(arm == 1)
  control <- which(arm == 0)
  score <- matrix(0, length(treated), length(control))
  tier <- score
  open <- matrix(TRUE, length(treated), length(control))
  for (k in seq_along(tiers)) {
    t <- tiers[[k]]
    margin <- if (is.null(t$margin)) 0 else t$margin
    for (i in seq_along(treated)) for (j in seq_along(control)) {
      if (!open[i, j]) next
      a <- treated[i]
      b <- control[j]
      if (is.null(t$time)) {
        difference <- t$better * (t$x[a] - t$x[b])
        won <- difference > margin
        lost <- -difference > margin
      } else if (t$better < 0) {
        won <- t$event[b] == 1 && t$time[a] - t$time[b] > margin
        lost <- t$event[a] == 1 && t$time[b] - t$time[a] > margin
      } else {
        won <- t$event[a] == 1 && t$time[b] - t$time[a] > margin
        lost <- t$event[b] == 1 && t$time[a] - t$time[b] > margin
      }
      if (won || lost) {
        score[i, j] <- won - lost
        tier[i, j] <- k
        open[i, j] <- FALSE
      } else if (isTRUE(t$both)) {
        event <- if (is.null(t$time)) t$x else t$event
        if (event[a] == 1 && event[b] == 1) open[i, j] <- FALSE
      }
    }
  }
  list(win = 1 * (score > 0), loss = 1 * (score < 0), tier = tier)
}

# P(both hold) of two pairs that share a treated patient (rows) or a control (columns), less the
# product of the two probabilities.
shared <- function(a, b) {
  n1 <- nrow(a)
  n0 <- ncol(a)
  rows <- sum(rowSums(a) * rowSums(b) - rowSums(a * b)) / (n1 * n0 * (n0 - 1)) - mean(a) * mean(b)
  columns <- sum(colSums(a) * colSums(b) - colSums(a * b)) / (n1 * n0 * (n1 - 1)) - mean(a) * mean(b)
  rows / n1 + columns / n0
}

wald <- function(estimate, se, log)
  c(if (log) exp(estimate) else estimate, se,
    if (log) exp(estimate + c(-1, 1) * qnorm(0.975) * se)
    else estimate + c(-1, 1) * qnorm(0.975) * se,
    estimate / se, 2 * pnorm(-abs(estimate / se)))

unstratified <- function(tiers, arm) {
  m <- compare(tiers, arm)
  w <- mean(m$win)
  l <- mean(m$loss)
  ww <- shared(m$win, m$win)
  ll <- shared(m$loss, m$loss)
  wl <- shared(m$win, m$loss)
  net <- ww + ll - 2 * wl
  tie <- 1 - w - l
  gradient <- c((1 - l + w) / 2, (1 - w + l) / 2)   # wins and half the ties; losses and half
  c(wald(log(w / l), sqrt(ww / w^2 + ll / l^2 - 2 * wl / (w * l)), TRUE),
    wald(w - l, sqrt(net), FALSE),
    wald(log(gradient[1] / gradient[2]), sqrt(net) / 2 * (1 / gradient[1] + 1 / gradient[2]), TRUE),
    tie, sapply(seq_along(tiers), function(k) c(mean(m$win * (m$tier == k)),
                                                mean(m$loss * (m$tier == k)))))
}

stratified <- function(tiers, arm, stratum) {
  parts <- lapply(split(seq_along(arm), stratum), function(rows)
    compare(lapply(tiers, function(t) {
      for (f in c("x", "time", "event")) if (!is.null(t[[f]])) t[[f]] <- t[[f]][rows]
      t
    }), arm[rows]))
  weight <- 1 / as.vector(table(stratum))
  total <- function(f) sum(weight * sapply(parts, f))
  wins <- total(function(m) sum(m$win))
  losses <- total(function(m) sum(m$loss))
  pairs <- total(function(m) length(m$win))
  net <- (wins - losses) / pairs
  variance <- function(z_of) sum(weight^2 * sapply(parts, function(m) {
    z <- z_of(m)
    n1 <- nrow(z)
    n0 <- ncol(z)
    rows <- sum(rowSums(z)^2) - sum(z^2)
    columns <- sum(colSums(z)^2) - sum(z^2)
    if (n1 < 2 || n0 < 2) return(rows + columns + sum(z^2))
    n0 / (n0 - 1) * rows + n1 / (n1 - 1) * columns
  }))
  net_se <- sqrt(variance(function(m) (m$win - m$loss - net) / pairs))
  c(wald(log(wins / losses), sqrt(variance(function(m) m$win / wins - m$loss / losses)), TRUE),
    wald(net, net_se, FALSE),
    wald(log((1 + net) / (1 - net)), net_se * (1 / (1 + net) + 1 / (1 - net)), TRUE),
    (pairs - wins - losses) / pairs,
    sapply(seq_along(tiers), function(k)
      c(total(function(m) sum(m$win * (m$tier == k))) / pairs,
        total(function(m) sum(m$loss * (m$tier == k))) / pairs)))
}

set.seed(2025)
n <- 90
arm <- rep(0:1, length.out = n)[sample(n)]
stratum <- sample(0:3, n, TRUE)
stratum[5:7] <- 4                      # a stratum of three has one patient in an arm
death <- round(rexp(n, 0.03 * (1 - 0.3 * arm)), 1)
followed <- ifelse(runif(n) < 0.2, round(28 * runif(n)), 28)
time <- pmin(death, followed)
event <- 1 * (death <= followed)
dead <- 1 * (death <= 28)
days <- ifelse(dead == 1, 0, sample(0:28, n, TRUE))
stay <- round(exp(2.5 + rnorm(n)), 2)
leave <- pmin(stay, followed)
left <- 1 * (stay <= followed)
array("int", "arm_column", arm)
array("int", "stratum_column", stratum)
for (v in c("time", "event", "dead", "days", "stay", "leave", "left"))
  array("double", paste0(v, "_column"), get(v))

ordered <- list(list(x = dead, better = -1, both = TRUE), list(x = days, better = 1),
                list(x = stay, better = -1))
margins <- list(list(x = dead, better = -1), list(x = days, better = 1, margin = 2),
                list(x = stay, better = -1, margin = 0.5))
times <- list(list(time = time, event = event, better = -1, margin = 1, both = TRUE),
              list(time = leave, event = left, better = 1), list(x = days, better = 1))
out <- c(out, "/* win ratio, net benefit, win odds: estimate, se, limits, z, p; ties; wins, losses */")
array("double", "ordered_expected", unstratified(ordered, arm))
array("double", "margins_expected", unstratified(margins, arm))
array("double", "times_expected", unstratified(times, arm))
array("double", "ordered_strata_expected", stratified(ordered, arm, stratum))
array("double", "margins_strata_expected", stratified(margins, arm, stratum))
array("double", "times_strata_expected", stratified(times, arm, stratum))
# One stratum: the two ways to write the variance are one.
stopifnot(all.equal(unstratified(times, arm), stratified(times, arm, rep(0, n)), tolerance = 1e-12))

# Real trials and cohorts: survival, death of both a tie for good, then a value (higher is better).
suppressPackageStartupMessages(library(survival))
real <- character()
add <- function(name, time, event, x, arm, stratum, margin) {
  keep <- complete.cases(time, event, x, arm, stratum)
  d <- lapply(list(time = time, event = event, x = x, arm = arm, stratum = stratum),
              function(v) as.numeric(v[keep]))
  d$stratum <- as.numeric(factor(d$stratum)) - 1
  id <- paste0("real", length(real))
  for (v in names(d)) array("double", paste0(id, "_", v), d[[v]])
  tiers <- list(list(time = d$time, event = d$event, better = -1, margin = margin, both = TRUE),
                list(x = d$x, better = 1))
  listed <- function(x) paste(number(x), collapse = ", ")
  real <<- c(real, sprintf("{\"%s\", %d, %s_time, %s_event, %s_x, %s_arm, %s_stratum, %d, %s,\n {%s},\n {%s}},", name,
                           length(d$x), id, id, id, id, id, max(d$stratum) + 1, number(margin),
                           listed(unstratified(tiers, d$arm)), listed(stratified(tiers, d$arm, d$stratum))))
}
add("lung, sex, Karnofsky within ECOG status", lung$time, lung$status - 1, lung$ph.karno, lung$sex - 1,
    pmin(lung$ph.ecog, 2), 0)
add("veteran, Karnofsky within cell type", veteran$time, veteran$status, veteran$karno, veteran$trt - 1,
    veteran$celltype, 7)
add("pbc, albumin within stage", pbc$time, pbc$status == 2, pbc$albumin, pbc$trt == 1, pmax(pbc$stage, 2), 30)
out <- c(out, "static const struct real_case real_cases[] = {", real, "};")
writeLines(out, "tests/oracle/win_ratio.h")
