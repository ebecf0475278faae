# binary.R - references of yes/no outcomes: prop.test, chisq.test, fisher.test, glm, sandwich, glmer, pROC.
# SPDX-License-Identifier: MIT
suppressPackageStartupMessages({library(lme4); library(pROC)})

counts <- function(d) list(x = unname(tapply(d$dead, d$arm, sum)), n = unname(tapply(d$dead, d$arm, length)))
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-16, maxiter = 10000)$root
# What a ratio needs. all: everybody with the event is no answer either
both_arms <- function(d) {
  if (sum(d$dead) == 0) no_answer("no events")
  if (all(d$dead == 1)) no_answer("every patient has the event")
}
events_in_arms <- function(d) {
  both_arms(d)
  if (any(counts(d)$x == 0)) no_answer("an arm has no events")
}

# The control share of largest likelihood when the treated share is link(q): root of the score.
constrained <- function(x, n, link, slope, low, high) {
  score <- function(q) {
    p <- link(q)
    part <- function(x, n, p) ifelse(x > 0, x / p, 0) - ifelse(x < n, (n - x) / (1 - p), 0)
    part(x[1], n[1], q) + slope * part(x[2], n[2], p)
  }
  a <- low + (high - low) * 1e-13
  b <- high - (high - low) * 1e-13
  if (score(a) <= 0) return(low)
  if (score(b) >= 0) return(high)
  root(score, a, b)
}
score_difference <- function(x, n, d) {
  q <- constrained(x, n, function(q) q + d, 1, max(0, -d), min(1, 1 - d))
  p <- c(q, q + d)
  (x[2] / n[2] - x[1] / n[1] - d) / sqrt(sum(p * (1 - p) / n) * sum(n) / (sum(n) - 1))
}
score_ratio <- function(x, n, r) {
  q <- constrained(x, n, function(q) q * r, r, 0, min(1, 1 / r))
  p <- c(q, q * r)
  (x[2] / n[2] - r * x[1] / n[1]) / sqrt(p[2] * (1 - p[2]) / n[2] + r^2 * p[1] * (1 - p[1]) / n[1])
}
ratio <- function(d, ci = "wald") {
  events_in_arms(d)
  k <- counts(d); x <- k$x; n <- k$n
  b <- log(x[2] / n[2] / (x[1] / n[1]))
  se <- sqrt(sum(1 / x - 1 / n))
  row <- wald(b, se, TRUE)
  f <- function(target) function(t) score_ratio(x, n, exp(t)) - target
  if (ci == "score") row[3:4] <- exp(c(root(f(z_95), b - 12 * se - 3, b), root(f(-z_95), b, b + 12 * se + 3)))
  list(row)
}
difference <- function(d, ci = "wald", null = 0) {
  if (ci != "score" || null == 0) both_arms(d)
  k <- counts(d); x <- k$x; n <- k$n
  gap <- x[2] / n[2] - x[1] / n[1]
  se <- sqrt(sum(x / n * (1 - x / n) / n))
  g <- function(target) function(t) score_difference(x, n, t) - target
  test <- function(correct) quiet(prop.test(rev(x), rev(n), correct = correct))
  signed <- function(t) sign(gap) * sqrt(unname(t$statistic))
  wilson <- function() {
    w <- quiet(sapply(1:2, function(i) prop.test(x[i], n[i], correct = FALSE)$conf.int))
    p <- x / n
    gap + c(-1, 1) * sqrt(c((p[2] - w[1, 2])^2 + (w[2, 1] - p[1])^2, (w[2, 2] - p[2])^2 + (p[1] - w[1, 1])^2))
  }
  limits <- switch(ci, wald = test(FALSE)$conf.int, corrected = test(TRUE)$conf.int, newcombe = wilson(),
                   score = c(if (gap > -1) root(g(z_95), -1 + 1e-9, gap - 1e-12) else -1,
                             if (gap < 1) root(g(-z_95), gap + 1e-12, 1 - 1e-9) else 1))
  statistic <- if (ci == "score") score_difference(x, n, null) else signed(test(ci == "corrected"))
  list(answer(gap, se, limits[1], limits[2], statistic, 2 * pnorm(-abs(statistic))))
}
mantel_haenszel <- function(d) {
  both_arms(d)
  d <- d[d$stratum %in% names(which(tapply(d$arm, d$stratum, function(a) length(unique(a))) == 2)), ]
  if (nrow(d) == 0) no_answer("no stratum has patients of both arms")
  t <- function(v) as.numeric(tapply(v, factor(d$stratum), sum))
  list(x1 = t(d$arm * d$dead), n1 = t(d$arm), x0 = t((1 - d$arm) * d$dead), n0 = t(1 - d$arm))
}
ratio_strata <- function(d) {
  if (length(unique(d$stratum)) == 1) return(ratio(d))
  events_in_arms(d)
  k <- mantel_haenszel(d)
  with(k, {
    n <- n1 + n0
    r <- sum(x1 * n0 / n); s <- sum(x0 * n1 / n)
    if (r == 0 || s == 0) no_answer("an arm has no events")
    list(wald(log(r / s), sqrt(sum((n1 * n0 * (x1 + x0) - x1 * x0 * n) / n^2) / (r * s)), TRUE))
  })
}
difference_strata <- function(d) { # Sato's variance
  if (length(unique(d$stratum)) == 1) return(difference(d))
  k <- mantel_haenszel(d)
  with(k, {
    n <- n1 + n0; w <- sum(n1 * n0 / n)
    gap <- sum((x1 * n0 - x0 * n1) / n) / w
    p <- sum((n1^2 * x0 - n0^2 * x1 + n1 * n0 * (n0 - n1) / 2) / n^2)
    q <- sum((x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n))
    v <- (gap * p + q) / w^2
    if (v <= 0) no_answer("the outcome does not vary")
    row <- wald(gap, sqrt(v))
    row[3:4] <- pmin(1, pmax(-1, row[3:4]))
    list(row)
  })
}

logistic_design <- function(d, covariates, term = "arm") {
  both_arms(d)
  if (term == "arm" && any(counts(d)$x == 0)) no_answer("an arm has no events")
  if (term == "arm" && any(counts(d)$x == counts(d)$n)) no_answer("every patient of an arm has the event")
  m <- design(d, covariates, term)
  if (rises_for_ever((2 * d$dead - 1) * cbind(1, m$z))) no_answer("separation: the likelihood has no maximum")
  m
}
# Newton to the end where glm's tolerance stops it.
logistic_fit <- function(y, z) {
  start <- quiet(glm.fit(z, y, family = binomial(), control = glm.control(1e-14, 200)))$coefficients
  newton(start, function(b) {
    eta <- drop(z %*% b); p <- plogis(eta)
    list(value = sum(ifelse(y == 1, plogis(eta, log.p = TRUE), plogis(-eta, log.p = TRUE))),
         score = drop(crossprod(z, y - p)), information = crossprod(z, z * p * (1 - p)))
  })
}
logistic <- function(d, covariates = NULL, term = "arm", test = "wald") {
  m <- logistic_design(d, covariates, term)
  z <- cbind(1, m$z)
  f <- logistic_fit(d$dead, z)
  statistic <- f$b[2] / sqrt(f$v[2, 2])
  if (test != "wald") statistic <- sign(statistic) * sqrt(2 * (f$value - logistic_fit(d$dead, z[, -2, drop = FALSE])$value))
  list(wald(f$b[2] * m$unit, sqrt(f$v[2, 2]) * m$unit, TRUE, statistic = statistic))
}
poisson_adjusted <- function(d, covariates) {
  events_in_arms(d)
  m <- design(d, covariates)
  z <- cbind(1, m$z)
  y <- d$dead
  # rises along b with b'x = 0 where there is the event and <= 0 where there is not
  if (rises_for_ever(rbind(z[y == 1, ], -z[y == 1, ], -z[y == 0, ]))) no_answer("separation: the likelihood has no maximum")
  start <- quiet(glm.fit(z, y, family = poisson(), control = glm.control(1e-14, 200)))$coefficients
  f <- newton(start, function(b) {
    mu <- exp(drop(z %*% b))
    list(value = sum(y * log(mu) - mu), score = drop(crossprod(z, y - mu)), information = crossprod(z, z * mu))
  })
  v <- f$v %*% crossprod(z * (y - exp(drop(z %*% f$b)))) %*% f$v
  list(wald(f$b[2], sqrt(v[2, 2]), TRUE))
}
# The maximum within the risks below 1, approached from inside by a vanishing barrier; at the boundary a fitted
# risk of 1 remains.
log_binomial <- function(d, covariates = NULL) {
  events_in_arms(d)
  m <- design(d, covariates)
  if (any(counts(d)$x == counts(d)$n)) no_answer("every patient of an arm has the event")
  z <- cbind(1, m$z)
  y <- d$dead
  if (rises_for_ever(rbind(z[y == 1, ], -z[y == 1, ], -z[y == 0, ]))) no_answer("separation: the likelihood has no maximum")
  at <- function(barrier) function(b) {
    eta <- drop(z %*% b)
    if (any(eta >= 0)) return(list(value = -Inf))
    risk <- exp(eta); rest <- -expm1(eta)
    list(value = sum(ifelse(y == 1, eta, log(rest))) + barrier * sum(log(-eta)),
         score = drop(crossprod(z, ifelse(y == 1, 1, -risk / rest) + barrier / eta)),
         information = crossprod(z, z * (ifelse(y == 1, 0, risk / rest^2) + barrier / eta^2)))
  }
  b <- c(log(mean(y)) - 0.1, numeric(ncol(z) - 1))
  for (barrier in 10^seq(0, -9, by = -1)) b <- newton(b, at(barrier))$b
  if (max(drop(z %*% b)) > -1e-5) no_answer("the likelihood is largest where a risk is 1")
  f <- newton(b, at(0))
  risk <- exp(drop(z %*% f$b))
  v <- solve(crossprod(z, z * (risk / (1 - risk))), tol = 1e-30)
  list(wald(f$b[2], sqrt(v[2, 2]), TRUE))
}
standardised <- function(d, covariates) {
  z <- cbind(1, logistic_design(d, covariates)$z)
  f <- logistic_fit(d$dead, z)
  risk <- function(a) {
    z[, 2] <- z[, 2] + a - d$arm
    q <- plogis(drop(z %*% f$b))
    list(r = mean(q), g = colMeans(z * (q * (1 - q))))
  }
  r1 <- risk(1); r0 <- risk(0)
  se <- function(g) sqrt(drop(g %*% f$v %*% g))
  list(wald(r1$r - r0$r, se(r1$g - r0$g)), ratio = wald(log(r1$r / r0$r), se(r1$g / r1$r - r0$g / r0$r), TRUE))
}

# The marginal likelihood of a normal intercept by nine points of adaptive Gauss-Hermite quadrature, with glmer's value
# at glmer's own end; Newton's method on it goes on from there, where glmer stops at its tolerance.
gauss <- statmod::gauss.quad(9, "hermite")
marginal_loglik <- function(point, y, z, site) {
  sd <- point[1]
  eta <- drop(z %*% point[-1])
  sum(sapply(split(seq_along(y), site), function(i) {
    loglik <- function(u) sum(plogis((2 * y[i] - 1) * (eta[i] + sd * u), log.p = TRUE)) + dnorm(u, log = TRUE)
    u <- 0
    for (k in 1:100) {
      p <- plogis(eta[i] + sd * u)
      step <- (sd * sum(y[i] - p) - u) / (1 + sd^2 * sum(p * (1 - p)))
      while (loglik(u + step) < loglik(u) - 1e-13) step <- step / 2
      u <- u + step
      if (abs(step) < 1e-14) break
    }
    p <- plogis(eta[i] + sd * u)
    width <- sqrt(2 / (1 + sd^2 * sum(p * (1 - p))))
    at <- sapply(u + width * gauss$nodes, loglik) + gauss$nodes^2 + log(gauss$weights)
    log(sum(exp(at - max(at)))) + max(at) + log(width)
  }))
}
mixed <- function(d, covariates = NULL) {
  z <- cbind(1, logistic_design(d, covariates)$z)
  if (length(unique(d$site)) < 2) no_answer("fewer than two clusters")
  if (!anyDuplicated(d$site)) no_answer("no cluster has two patients")
  y <- d$dead; site <- d$site
  fit <- suppressMessages(quiet(glmer(y ~ z - 1 + (1 | site), family = binomial, nAGQ = 9, control = glmerControl(
    optimizer = "bobyqa", tolPwrss = 1e-13, check.conv.singular = "ignore", optCtrl = list(rhobeg = 1e-2, rhoend = 1e-8, maxfun = 1e5)))))
  f <- function(point) marginal_loglik(point, y, z, site)
  at <- c(getME(fit, "theta"), fixef(fit))
  stopifnot(abs(f(at) - as.numeric(logLik(fit))) < 1e-5)
  # there may be another maximum beside glmer's
  for (sd in c(0.3, 1, 2)) {
    other <- optim(c(sd, fixef(fit)), function(p) if (p[1] < 0 || p[1] > 10) 1e9 else -f(p), control = list(maxit = 2000))
    if (-other$value > f(at) + 1e-6) at <- other$par
  }
  if (at[1] < 1e-3) {
    f <- logistic_fit(y, z)
    return(list(wald(f$b[2], sqrt(f$v[2, 2]), TRUE), variance = answer(0)))
  }
  for (i in 1:8) {
    step <- solve(numDeriv::hessian(f, at), numDeriv::grad(f, at))
    share <- 1
    while (at[1] - share * step[1] <= 0 || f(at - share * step) < f(at) - 1e-12) share <- share / 2
    at <- at - share * step
  }
  v <- solve(-numDeriv::hessian(f, at))
  list(wald(at[3], sqrt(v[3, 3]), TRUE), variance = answer(at[1]^2))
}

chi_squared <- function(d, correct = FALSE) {
  both_arms(d)
  k <- counts(d)
  gap <- k$x[2] / k$n[2] - k$x[1] / k$n[1]
  t <- quiet(chisq.test(rbind(k$n - k$x, k$x), correct = correct))
  list(answer(gap, statistic = sign(gap) * sqrt(t$statistic), p = t$p.value))
}
# fisher.test's estimate and limits have uniroot's default tolerance, 1e-4 absolute: solved again.
fisher <- function(d) {
  both_arms(d)
  c2 <- counts(d); x <- c2$x; n <- c2$n; k <- sum(x)
  at <- max(0, k - n[1]):min(k, n[2])
  logw <- dhyper(at, n[2], n[1], k, log = TRUE)
  w <- function(theta) { l <- logw + theta * at; l <- exp(l - max(l)); l / sum(l) }
  least <- x[2] == min(at); most <- x[2] == max(at)
  log_root <- function(f) exp(root(function(t) max(f(t), -1e9), -60, 60))
  list(answer(if (least) 0 else if (most) Inf else log_root(function(t) sum(w(t) * at) - x[2]), NA,
              if (least) 0 else log_root(function(t) log(sum(w(t)[at >= x[2]])) - log(0.025)),
              if (most) Inf else log_root(function(t) log(sum(w(t)[at <= x[2]])) - log(0.025)),
              p = fisher.test(rbind(rev(x), rev(n - x)))$p.value))
}

# Bayes. P(Y - X <= d) over the logit of x, in pieces.
beta_below <- function(y, x, d) {
  ends <- qlogis(c(qbeta(c(1e-10, 1e-4, 0.1, 0.5, 0.9), x[1], x[2]), max(0, -d), min(1, 1 - d)))
  ends <- sort(unique(pmax(-80, pmin(80, c(ends, -qlogis(qbeta(c(0.1, 1e-4, 1e-10), x[2], x[1])), -80, 80)))))
  density <- function(t) exp(x[1] * plogis(t, log.p = TRUE) + x[2] * plogis(-t, log.p = TRUE) - lbeta(x[1], x[2]))
  sum(sapply(seq_len(length(ends) - 1), function(i)
    integrate(function(t) density(t) * pbeta(plogis(t) + d, y[1], y[2]), ends[i], ends[i + 1], rel.tol = 1e-10, abs.tol = 0,
              subdivisions = 1000, stop.on.error = FALSE)$value))
}
beta_posterior <- function(d, margin) {
  k <- counts(d)
  y <- c(1 + k$x[2], 1 + k$n[2] - k$x[2]); x <- c(1 + k$x[1], 1 + k$n[1] - k$x[1])
  var <- function(l) prod(l) / sum(l)^2 / (sum(l) + 1)
  quantile <- function(p) uniroot(function(d) beta_below(y, x, d) - p, c(-1, 1), tol = 1e-14)$root
  good <- beta_below(y, x, 0)
  list(answer(y[1] / sum(y) - x[1] / sum(x), sqrt(var(x) + var(y)), quantile(0.025), quantile(0.975),
              p = 2 * min(good, beta_below(x, y, 0))),
       benefit = answer(good), margin = answer(beta_below(y, x, margin)))
}
normal_posterior <- function(of, sd) {
  b <- log(of[[1]][1]); se <- of[[1]][2]
  precision <- 1 / se^2 + 1 / sd^2
  mean <- b / se^2 / precision; sd <- 1 / sqrt(precision)
  list(answer(exp(mean), sd, exp(mean - z_95 * sd), exp(mean + z_95 * sd), p = 2 * pnorm(-abs(mean / sd))),
       benefit = answer(pnorm(-mean / sd)), margin = answer(pnorm(-mean / sd)))
}

# Youden's cutoff: the lowest midpoint of neighbouring values where sensitivity + specificity is largest.
youden <- function(y, m) {
  v <- sort(unique(m))
  if (length(v) < 2) return(NA)
  at <- (head(v, -1) + tail(v, -1)) / 2
  at[which.max(sapply(at, function(t) sum(m[y == 1] > t) * sum(1 - y) + sum(m[y == 0] <= t) * sum(y)))]
}
curve <- function(d, m) roc(d$dead, m, levels = c(0, 1), direction = "<", quiet = TRUE)
roc_exists <- function(d) if (length(unique(d$dead)) < 2) no_answer("no patients with, or none without, the outcome")
area <- function(d, m) {
  r <- curve(d, m)
  if (min(table(d$dead)) < 2) return("too few patients")
  if (length(unique(m)) == 1) return("the marker does not vary")
  se <- quiet(sqrt(var(r, method = "delong")))
  row <- wald(as.numeric(auc(r)), se, null = 0.5, statistic = if (se > 0) (as.numeric(auc(r)) - 0.5) / se else NA)
  row[3:4] <- pmin(1, pmax(0, row[3:4]))
  row
}
roc_at <- function(d, m, cutoff = NA) {
  roc_exists(d)
  if (length(unique(m)) < 2) no_answer("the marker does not vary")
  y <- d$dead
  at <- if (is.na(cutoff)) youden(y, m) else cutoff
  share <- function(k, n) {
    w <- quiet(prop.test(k, n, correct = FALSE)$conf.int)
    answer(k / n, sqrt(k / n * (1 - k / n) / n), w[1], w[2])
  }
  sens <- share(sum(m[y == 1] > at), sum(y)); spec <- share(sum(m[y == 0] <= at), sum(1 - y))
  cv <- rep(list("too few patients"), 3)
  if (min(table(y)) >= 2) {
    called <- sapply(seq_along(y), function(i) m[i] > if (is.na(cutoff)) youden(y[-i], m[-i]) else cutoff)
    called[is.na(called)] <- FALSE
    left <- c(mean(called[y == 1]), mean(!called[y == 0]))
    cv <- list(answer(left[1]), answer(left[2]), answer(sens[1] + spec[1] - sum(left)))
  }
  list(area(d, m), cutoff = answer(at), sensitivity = sens, specificity = spec, sensitivity_cv = cv[[1]],
       specificity_cv = cv[[2]], optimism = cv[[3]])
}
roc_versus <- function(d) {
  roc_exists(d)
  areas <- list(area(d, d$m1), area(d, d$m2))
  constant <- sapply(areas, is.character)
  difference <- if (any(constant)) areas[constant][[1]] else {
    one <- curve(d, d$m1); two <- curve(d, d$m2)
    se <- quiet(sqrt(max(0, var(one, method = "delong") + var(two, method = "delong") - 2 * cov(one, two, method = "delong"))))
    if (se < 1e-12) "the markers order the patients alike" else {
      gap <- as.numeric(auc(one)) - as.numeric(auc(two))
      if (abs(gap) > 1e-9) stopifnot(all.equal(roc.test(one, two, method = "delong")$statistic[[1]], gap / se, tolerance = 1e-9))
      wald(gap, se)
    }
  }
  list(difference, marker = areas[[1]], versus = areas[[2]])
}

both <- c("x1", "x2")
references <- c(references, list(
  ratio = function(d) ratio(d), ratio_score = function(d) ratio(d, "score"), ratio_strata = ratio_strata,
  ratio_adjusted = function(d) poisson_adjusted(d, both),
  log_binomial = function(d) log_binomial(d), log_binomial_adjusted = function(d) log_binomial(d, both),
  difference = function(d) difference(d), difference_corrected = function(d) difference(d, "corrected"),
  difference_newcombe = function(d) difference(d, "newcombe"), difference_score = function(d) difference(d, "score"),
  difference_margin = function(d) difference(d, "score", 0.1), difference_strata = difference_strata,
  standardised = function(d) standardised(d, both),
  odds = function(d) logistic(d), odds_ratio_test = function(d) logistic(d, both, test = "ratio"),
  odds_adjusted = function(d) logistic(d, both), odds_category = function(d) logistic(d, "group"),
  odds_covariate = function(d) logistic(d, both, "x2"),
  odds_mixed = function(d) mixed(d), odds_mixed_adjusted = function(d) mixed(d, both),
  chi_squared = function(d) chi_squared(d), chi_squared_corrected = function(d) chi_squared(d, TRUE), fisher = fisher,
  beta = function(d) beta_posterior(d, -0.05),
  posterior_hazard = function(d) normal_posterior(cox(d, both), log(2) / z_95),
  posterior_odds = function(d) normal_posterior(logistic(d), log(2) / qnorm(0.95)),
  posterior_risk = function(d) normal_posterior(ratio(d), Inf),
  roc = function(d) roc_at(d, d$m1), roc_cutoff = function(d) roc_at(d, d$m2, 0.5), roc_versus = roc_versus))
