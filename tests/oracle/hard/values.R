# values.R - references of outcomes with values: t.test, lm, wilcox.test, rq, polr's likelihood, every pair of patients.
# SPDX-License-Identifier: MIT
suppressPackageStartupMessages(library(quantreg))

# y less a constant that no difference sees
outcome <- function(d, y) {
  origin <- attr(d, "origin")
  d[[y]] - if (y == "y" && !is.null(origin)) origin else 0
}
means <- function(d, equal) {
  y <- outcome(d, "y")
  n <- table(d$arm)
  if (if (equal) sum(n) < 3 else min(n) < 2) no_answer("too few patients")
  if (all(tapply(y, d$arm, function(v) length(unique(v)) == 1))) no_answer("the outcome does not vary")
  t <- t.test(y[d$arm == 1], y[d$arm == 0], var.equal = equal)
  list(answer(t$estimate[[1]] - t$estimate[[2]], t$stderr, t$conf.int[1], t$conf.int[2], t$statistic, t$p.value))
}
ancova <- function(d, covariates) {
  y <- outcome(d, "y")
  if (nrow(d) < 3 + length(setdiff(covariates, "group")) + ("group" %in% covariates)) no_answer("too few patients")
  z <- design(d, covariates)$z
  df <- nrow(d) - ncol(z) - 1
  if (df < 1) no_answer("too few patients")
  fit <- lm(y ~ z, tol = 1e-13)
  if (sd(y) == 0) no_answer("the outcome does not vary")
  if (sqrt(mean(resid(fit)^2)) < 1e-12 * sd(y)) no_answer("the covariates fit the outcome exactly")
  row <- quiet(summary(fit))$coefficients[2, ]
  list(student(row[1], row[2], df))
}

ranks <- function(d, column) {
  y <- outcome(d, column)
  if (length(unique(y)) == 1) no_answer("the outcome does not vary")
  y1 <- y[d$arm == 1]; y0 <- y[d$arm == 0]; n1 <- length(y1); n0 <- length(y0); n <- n1 + n0
  gap <- sort(outer(y1, y0, "-"))
  t <- table(y)
  sd <- sqrt(n1 * n0 / 12 * (n + 1 - sum(t^3 - t) / (n * (n - 1))))
  list(gap = gap, sd = sd, pairs = n1 * n0, u = sum(gap > 0) + sum(gap == 0) / 2,
       test = function(correct) quiet(wilcox.test(y1, y0, exact = FALSE, correct = correct))$p.value)
}
location <- function(d, column) {
  r <- ranks(d, column)
  if (r$pairs < 2) no_answer("too few patients")
  k <- max(1, floor(r$pairs / 2 - z_95 * r$sd))
  limits <- r$gap[c(k, r$pairs + 1 - k)]
  list(answer(median(r$gap), diff(limits) / (2 * z_95), limits[1], limits[2], (r$u - r$pairs / 2) / r$sd, r$test(FALSE)))
}
wilcoxon <- function(d, column, correct) {
  r <- ranks(d, column)
  estimate <- r$u / r$pairs; se <- r$sd / r$pairs
  p <- r$test(correct)
  list(answer(estimate, se, max(0, estimate - z_95 * se), min(1, estimate + z_95 * se),
              sign(estimate - 0.5) * qnorm(p / 2, lower.tail = FALSE), p))
}
wilcoxon_strata <- function(d, column) {
  if (length(unique(d$stratum)) == 1) return(wilcoxon(d, column, FALSE))
  y <- outcome(d, column)
  u <- pairs <- v <- 0
  for (k in unique(d$stratum)) {
    a <- d$arm[d$stratum == k]; n <- length(a); n1 <- sum(a)
    if (n1 == 0 || n1 == n) next
    r <- rank(y[d$stratum == k])
    u <- u + (sum(r[a == 1]) - n1 * (n1 + 1) / 2) / (n + 1)
    pairs <- pairs + n1 * (n - n1) / (n + 1)
    v <- v + n1 * (n - n1) * var(r) / n / (n + 1)^2
  }
  if (pairs == 0) no_answer("no stratum has patients of both arms")
  if (v == 0) no_answer("the outcome does not vary")
  estimate <- u / pairs; se <- sqrt(v) / pairs
  row <- wald(estimate, se, null = 0.5)
  row[3:4] <- c(max(0, row[3]), min(1, row[4]))
  list(row)
}

# The median of n draws from x: from P(X_r <= x_i, X_s <= x_j), the middle two, by multinomial sums.
bootstrap_median <- function(x) {
  x <- sort(x); n <- length(x); r <- (n + 1) %/% 2
  if (n %% 2 == 1) return(tapply(diff(pbinom(r - 1, n, (0:n) / n, lower.tail = FALSE)), x, sum))
  joint <- function(i, j) {
    k <- r:n
    within <- if (i < n) (j - i) / (n - i) else 0
    sum(dbinom(k, n, i / n) * ifelse(k > r, 1, 1 - dbinom(0, n - k, within)))
  }
  cdf <- matrix(0, n + 1, n + 1)
  for (i in 1:n) for (j in i:n) cdf[i + 1, j + 1] <- joint(i, j)
  for (i in 1:n) for (j in seq_len(i - 1)) cdf[i + 1, j + 1] <- cdf[j + 1, j + 1]
  mass <- cdf[-1, -1] - cdf[-(n + 1), -1] - cdf[-1, -(n + 1)] + cdf[-(n + 1), -(n + 1)]
  keep <- row(mass) <= col(mass)
  tapply(mass[keep], ((x[row(mass)] + x[col(mass)]) / 2)[keep], sum)
}
medians <- function(d, column) {
  y <- outcome(d, column)
  if (all(tapply(y, d$arm, function(v) length(unique(v)) == 1))) no_answer("the outcome does not vary")
  if (max(table(d$arm)) > 105) return(list(answer(median(y[d$arm == 1]) - median(y[d$arm == 0]))))
  a <- bootstrap_median(y[d$arm == 1]); b <- bootstrap_median(y[d$arm == 0])
  a <- a[a > 1e-16]; b <- b[b > 1e-16]
  gap <- signif(outer(as.numeric(names(a)), as.numeric(names(b)), "-"), 12)
  gap[abs(gap) < 1e-9] <- 0
  mass <- outer(a, b); at <- order(gap)
  value <- gap[at]; share <- cumsum(mass[at]) / sum(mass)
  quantile <- function(p) value[which(share >= p - 1e-12)[1]]
  mean <- sum(value * mass[at])
  list(answer(median(y[d$arm == 1]) - median(y[d$arm == 0]), sqrt(sum((value - mean)^2 * mass[at])), quantile(0.025),
              quantile(0.975), p = min(1, 2 * min(sum(mass[gap <= 0]), sum(mass[gap >= 0])))))
}

# The arm's coefficients (column 2) at which the minimum over the others is the minimum over all.
check_loss <- function(x, y) sum(abs(quiet(rq.fit.br(x, y, 0.5))$residuals)) / 2
flat <- function(x, y) { # in units of the usual residual
  unit <- median(abs(y - median(y)))
  if (unit == 0) unit <- sd(y)
  unit * flat_of(x, y / unit)
}
flat_of <- function(x, y) {
  f <- quiet(rq.fit.br(x, y, 0.5))
  least <- sum(abs(f$residuals)) / 2
  above <- function(v) check_loss(x[, -2, drop = FALSE], y - v * x[, 2]) > least + 1e-11 * (1 + least)
  end <- function(way) {
    inside <- unname(f$coefficients[2]); step <- 1e-7
    while (!above(inside + way * step)) step <- 2 * step
    outside <- inside + way * step
    for (k in 1:80) {
      middle <- (inside + outside) / 2
      if (above(middle)) outside <- middle else inside <- middle
    }
    step <- way * 1e-5 * (1 + abs(inside)) # from two points on the line beyond: to rounding
    v <- sapply(1:2, function(k) check_loss(x[, -2, drop = FALSE], y - (inside + k * step) * x[, 2])) - least
    inside + step - step * v[1] / (v[2] - v[1])
  }
  ends <- c(end(-1), end(1))
  if (diff(ends) < 1e-6 * (1 + abs(ends[1]))) f$coefficients[[2]] else mean(ends)
}
# summary.rq(se = "nid") but for its eps, which depends on the unit of y
nid <- function(x, y) {
  n <- nrow(x)
  h <- bandwidth.rq(0.5, n)
  while (0.5 + h > 1) h <- h / 2
  fit <- function(tau) quiet(rq.fit.br(x, y, tau)$coefficients)
  gap <- drop(x %*% (fit(0.5 + h) - fit(0.5 - h)))
  f <- ifelse(gap > 1e-8 * max(abs(lm.fit(x, y)$residuals)), 2 * h / gap, 0)
  a <- crossprod(x, f * x)
  if (qr(a)$rank < ncol(x)) no_answer("the density of the outcome at its median cannot be estimated")
  a <- solve(a, tol = 1e-30)
  sqrt(0.25 * drop(a[2, ] %*% crossprod(x) %*% a[, 2]))
}
quantile_exists <- function(d, z, y) {
  if (sd(y) == 0) no_answer("the outcome does not vary")
  if (nrow(z) <= ncol(z)) no_answer("too few patients")
  if (check_loss(z, y) < 1e-12 * sum(abs(y - median(y)))) no_answer("the covariates fit the outcome exactly")
}
quantile_regression <- function(d, column, covariates = NULL, strata = FALSE) {
  y <- outcome(d, column)
  k <- 1 + length(covariates) + if (strata) length(unique(d$stratum)) else 1
  if (nrow(d) <= k) no_answer("too few patients")
  z <- cbind(1, design(d, covariates)$z)
  if (strata && length(unique(d$stratum)) > 1) z <- cbind(z, model.matrix(~ factor(d$stratum))[, -1])
  z <- unname(z)
  quantile_exists(d, z, y)
  list(student(flat(z, y), nid(z, y), nrow(z) - ncol(z)))
}
quantile_rank <- function(d, column, covariates) {
  y <- outcome(d, column)
  if (nrow(d) <= 2 + length(covariates)) no_answer("too few patients")
  z <- unname(cbind(1, design(d, covariates)$z))
  quantile_exists(d, z, y)
  # quantreg's limits depend on the order of patients where y or x have ties
  if (any(duplicated(y))) return(list(answer(flat(z, y))))
  limits <- quiet(rq.fit.br(z, y, 0.5, alpha = 0.05, ci = TRUE, iid = TRUE))$coefficients[2, 2:3]
  limits[abs(limits) > 1e300] <- sign(limits[abs(limits) > 1e300]) * Inf
  a <- lm.fit(z[, -2, drop = FALSE], z[, 2])$residuals
  t <- sum(a * (quiet(rq.fit.br(z[, -2, drop = FALSE], y, 0.5))$dual - 0.5)) / sqrt(0.25 * sum(a^2))
  df <- nrow(z) - ncol(z)
  list(answer(flat(z, y), NA, limits[1], limits[2], t, 2 * pt(-abs(t), df)))
}

# P(Y = level) = F(alpha_l + eta) - F(alpha_{l+1} + eta), with the full information matrix.
ordinal_at <- function(level, z) function(theta) {
  k <- max(level) - 1; p <- ncol(z)
  alpha <- c(Inf, theta[seq_len(k)], -Inf)
  eta <- if (p > 0) drop(z %*% theta[k + seq_len(p)]) else 0
  u <- alpha[level] + eta; v <- alpha[level + 1] + eta
  prob <- ifelse(u < 0, plogis(u) - plogis(v), plogis(-v) - plogis(-u))
  if (any(!(prob > 0))) return(list(value = -Inf))
  rows_of <- function(j) {
    e <- matrix(0, length(level), k)
    inside <- j >= 1 & j <= k
    e[cbind(which(inside), j[inside])] <- 1
    cbind(e, z)
  }
  eu <- rows_of(level - 1); ev <- rows_of(level); fu <- dlogis(u); fv <- dlogis(v)
  g <- (fu * eu - fv * ev) / prob
  slope <- function(u, f) f * ifelse(is.finite(u), 1 - 2 * plogis(u), 0)
  list(value = sum(log(prob)), score = colSums(g),
       information = crossprod(ev, ev * (slope(v, fv) / prob)) - crossprod(eu, eu * (slope(u, fu) / prob)) + crossprod(g))
}
ordinal_separated <- function(level, z) {
  k <- max(level) - 1
  rows <- lapply(seq_along(level), function(i) {
    at <- function(l) replace(numeric(k), l, 1)
    rbind(if (level[i] > 1) c(at(level[i] - 1), z[i, ]), if (level[i] <= k) -c(at(level[i]), z[i, ]))
  })
  order <- if (k > 1) cbind(diag(k)[-k, , drop = FALSE] - diag(k)[-1, , drop = FALSE], matrix(0, k - 1, ncol(z)))
  rises_for_ever(rbind(do.call(rbind, rows), order))
}
proportional <- function(d, column, covariates = NULL, test = "wald") {
  y <- outcome(d, column)
  if (length(unique(y)) == 1) no_answer("the outcome does not vary")
  z <- design(d, covariates)$z
  level <- match(y, sort(unique(y)))
  if (ordinal_separated(level, z)) no_answer("separation: the likelihood has no maximum")
  k <- max(level) - 1
  start <- qlogis(rev(cumsum(rev(tabulate(level)))[seq_len(k)]) / length(level))
  fit <- function(z) newton(c(start, numeric(ncol(z))), ordinal_at(level, z))
  full <- fit(z)
  b <- full$b[k + 1]; se <- sqrt(full$v[k + 1, k + 1])
  less <- fit(z[, -1, drop = FALSE])
  there <- ordinal_at(level, z)(append(less$b, 0, k))
  statistic <- switch(test, wald = b / se, likelihood_ratio = sign(b) * sqrt(2 * (full$value - less$value)),
    score = sign(b) * sqrt(drop(there$score %*% solve(there$information, there$score, tol = 1e-30))))
  list(wald(b, se, TRUE, statistic = statistic))
}

# Win ratio: every pair. tiers: list(x, time, event, better, margin, both); one of x and time.
compare <- function(tiers, arm) {
  a <- which(arm == 1); b <- which(arm == 0)
  pair <- function(f) outer(a, b, Vectorize(f))
  score <- tier <- matrix(0, length(a), length(b))
  open <- !score
  for (k in seq_along(tiers)) {
    t <- tiers[[k]]
    if (is.null(t$time)) {
      gap <- t$better * (outer(t$x[a], t$x[b], "-"))
      won <- gap > t$margin; lost <- -gap > t$margin
      event <- t$x
    } else {
      gap <- outer(t$time[a], t$time[b], "-")
      won <- outer(0 * a, t$event[b], "+") == 1 & gap > t$margin
      lost <- outer(t$event[a], 0 * b, "+") == 1 & -gap > t$margin
      event <- t$event
    }
    now <- open & (won | lost)
    score[now] <- (won - lost)[now]; tier[now] <- k
    open <- open & !now
    if (isTRUE(t$both)) open <- open & !(outer(event[a], event[b]) == 1)
  }
  list(win = 1 * (score > 0), loss = 1 * (score < 0), tier = tier)
}
# Weights 1/n of strata; sums of z z' over pairs that share a patient, z = win/W - loss/L or win - loss - net benefit.
wins <- function(d, tiers, strata = FALSE) {
  s <- if (strata) d$stratum else rep(1, nrow(d))
  parts <- lapply(split(seq_len(nrow(d)), s), function(rows)
    compare(lapply(tiers, function(t) { for (f in c("x", "time", "event")) t[[f]] <- t[[f]][rows]; t }), d$arm[rows]))
  weight <- 1 / as.vector(table(s))
  total <- function(f) sum(weight * sapply(parts, f))
  won <- total(function(m) sum(m$win)); lost <- total(function(m) sum(m$loss)); pairs <- total(function(m) length(m$win))
  if (pairs == 0) no_answer("no stratum has patients of both arms")
  net <- (won - lost) / pairs
  variance <- function(z_of) sum(weight^2 * sapply(parts, function(m) {
    z <- z_of(m); n1 <- nrow(z); n0 <- ncol(z)
    if (n1 == 0 || n0 == 0) return(0)
    rows <- sum(rowSums(z)^2) - sum(z^2); columns <- sum(colSums(z)^2) - sum(z^2)
    if (n1 < 2 || n0 < 2) return(rows + columns + sum(z^2))
    n0 / (n0 - 1) * rows + n1 / (n1 - 1) * columns
  }))
  tests <- rep(list(if (min(table(d$arm)) < 2) "too few patients" else if (won + lost == 0) "the outcome does not vary"), 3)
  if (is.null(tests[[1]])) {
    v <- variance(function(m) (m$win - m$loss - net) / pairs)
    se <- sqrt(max(0, v))
    benefit <- wald(net, se)
    benefit[3:4] <- pmax(-1, pmin(1, benefit[3:4]))
    one_sided <- rep(list("one arm wins every pair that is decided"), 3)
    tests <- if (abs(net) == 1) one_sided else if (v <= 0) rep(list("too few patients"), 3) else list(
      if (won == 0 || lost == 0) one_sided[[1]] else
        wald(log(won / lost), sqrt(variance(function(m) m$win / won - m$loss / lost)), TRUE),
      benefit, wald(log((1 + net) / (1 - net)), se * (1 / (1 + net) + 1 / (1 - net)), TRUE))
  }
  tier <- lapply(seq_along(tiers), function(k) list(answer(total(function(m) sum(m$win * (m$tier == k))) / pairs),
                                                    answer(total(function(m) sum(m$loss * (m$tier == k))) / pairs)))
  names(tests) <- c("", "net_benefit", "win_odds")
  c(tests, list(ties = answer((pairs - won - lost) / pairs), wins = answer(won / pairs), losses = answer(lost / pairs)),
    setNames(unlist(tier, FALSE), paste0("tier", rep(seq_along(tiers), each = 2), c("_wins", "_losses"))))
}
value_tier <- function(x, better, margin = 0, both = FALSE) list(x = x, better = better, margin = margin, both = both)
time_tier <- function(d, margin = 0) list(time = d$t, event = d$e, margin = margin)

both <- c("x1", "x2")
references <- c(references, list(
  welch = function(d) means(d, FALSE), student = function(d) means(d, TRUE), ancova = function(d) ancova(d, both),
  ancova_category = function(d) ancova(d, "group"),
  location = function(d) location(d, "y"), location_days = function(d) location(d, "days"),
  medians = function(d) medians(d, "y"), medians_days = function(d) medians(d, "days"),
  quantile = function(d) quantile_regression(d, "y"), quantile_adjusted = function(d) quantile_regression(d, "y", both),
  quantile_rank = function(d) quantile_rank(d, "y", both),
  quantile_strata = function(d) quantile_regression(d, "days", strata = TRUE),
  wilcoxon = function(d) wilcoxon(d, "y", FALSE), wilcoxon_corrected = function(d) wilcoxon(d, "days", TRUE),
  wilcoxon_strata = function(d) wilcoxon_strata(d, "days"),
  proportional = function(d) proportional(d, "score"), proportional_score = function(d) proportional(d, "score", test = "score"),
  proportional_adjusted = function(d) proportional(d, "score", both, "likelihood_ratio"),
  proportional_values = function(d) proportional(d, "y", "x1"),
  wins = function(d) wins(d, list(value_tier(d$dead, -1, both = TRUE), value_tier(d$days, 1, 1), value_tier(d$y, 1))),
  wins_time = function(d) wins(d, list(time_tier(d), value_tier(d$score, -1))),
  wins_strata = function(d) wins(d, list(time_tier(d, 1), value_tier(d$days, 1)), TRUE)))
