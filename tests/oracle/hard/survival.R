# survival.R - references of times to event: coxph, cox.zph, survdiff, survfit, crr, cuminc.
# SPDX-License-Identifier: MIT
suppressPackageStartupMessages({library(survival); library(cmprsk)})

cox_control <- coxph.control(eps = 1e-14, iter.max = 200, toler.chol = 1e-20)
in_strata <- function(d, strata) if (strata) match(d$stratum, sort(unique(d$stratum))) else rep(1, nrow(d))

# Differences of an event's row and those of its risk set: the partial likelihood is a function of them.
risk_contrasts <- function(d, z, s)
  do.call(rbind, lapply(which(d$e == 1), function(i)
    sweep(-z[d$t >= d$t[i] & s == s[i], , drop = FALSE], 2, z[i, ], "+")))

# The columns, the question's first, when there is one maximum.
cox_design <- function(d, covariates = NULL, term = "arm", s = rep(1, nrow(d))) {
  if (sum(d$e) == 0) no_answer("no events")
  if (term == "arm" && any(tapply(d$e, d$arm, sum) == 0)) no_answer("an arm has no events")
  if (all(tapply(d$arm, s, function(a) length(unique(a))) == 1)) no_answer("no stratum has patients of both arms")
  m <- design(d, covariates, term)
  rows <- risk_contrasts(d, m$z, s)
  if (qr(rows, tol = 1e-9)$rank < ncol(m$z)) no_answer("covariates are collinear")
  if (rises_for_ever(rows)) no_answer("separation: the likelihood has no maximum")
  m
}
cox_fit <- function(d, z, s, ties, ...)
  coxph(Surv(d$t, d$e) ~ z + strata(s), ties = ties, control = cox_control, ...)
loglik_of <- function(fit) tail(fit$loglik, 1)

cox <- function(d, covariates = NULL, term = "arm", ties = "efron", test = "wald", strata = FALSE) {
  s <- in_strata(d, strata)
  m <- cox_design(d, covariates, term, s)
  fit <- cox_fit(d, m$z, s, ties)
  b <- coef(fit)[[1]]
  rest <- m$z[, -1, drop = FALSE]
  fit0 <- if (ncol(rest) > 0) cox_fit(d, rest, s, ties)
  statistic <- switch(test, wald = b / sqrt(vcov(fit)[1, 1]),
    score = sign(b) * sqrt(coxph(Surv(d$t, d$e) ~ m$z + strata(s), ties = ties, init = c(0, coef(fit0)),
                                 control = coxph.control(iter.max = 0, toler.chol = 1e-20))$score),
    likelihood_ratio = sign(b) * sqrt(2 * (loglik_of(fit) - if (is.null(fit0)) fit$loglik[1] else loglik_of(fit0))))
  list(wald(b * m$unit, sqrt(vcov(fit)[1, 1]) * m$unit, TRUE, statistic = statistic))
}
cox_cluster <- function(d, covariates = NULL) {
  m <- cox_design(d, covariates)
  if (length(unique(d$site)) < 2) no_answer("fewer than two clusters")
  fit <- coxph(Surv(d$t, d$e) ~ m$z, cluster = d$site, control = cox_control)
  list(wald(coef(fit)[[1]], sqrt(fit$var[1, 1]), TRUE))
}

# coxph's own search for the variance stops at a tolerance: the root of the equation it solves. As there, the
# information between levels is left out when there are more than five (sparse).
cox_frailty <- function(d, covariates = NULL) {
  m <- cox_design(d, covariates)
  if (length(unique(d$site)) < 2) no_answer("fewer than two clusters")
  z <- m$z
  site <- d$site
  q <- length(unique(site))
  fit <- function(theta) coxph(Surv(d$t, d$e) ~ z + frailty(site, distribution = "gaussian", theta = theta),
                               control = coxph.control(eps = 1e-13, iter.max = 500, toler.chol = 1e-20))
  residual <- function(theta) {
    f <- quiet(fit(theta))
    if (anyNA(coef(f))) return(NA)
    dense <- is.null(f$frail)
    b <- if (dense) coef(f)[-seq_len(ncol(z))] else f$frail
    trace <- if (dense) sum(diag(f$var)[-seq_len(ncol(z))]) else sum(f$fvar)
    left <- q - trace / theta
    if (left > 0) sum(b^2) / left / theta - 1 else NA # without the information between levels none may be left
  }
  theta <- 0
  if (residual(1e-5) > 0) {
    high <- 1e-2
    while (isTRUE(residual(high) > 0) && high < 1e6) high <- 2 * high
    if (is.na(residual(high))) no_answer("the iteration did not converge") # nor does coxph's
    if (high >= 1e6) no_answer("the variance between clusters has no finite estimate")
    theta <- exp(uniroot(function(t) residual(exp(t)), log(c(1e-5, high)), tol = 1e-12)$root)
  }
  f <- if (theta > 0) fit(theta) else cox_fit(d, z, rep(1, nrow(d)), "efron")
  list(wald(coef(f)[[1]], sqrt(f$var[1, 1]), TRUE), variance = answer(theta))
}

# Firth's penalty by its definition, death by death (coxphf is no Debian package): half the logarithm of the
# information's determinant, whose derivative takes third moments over the risk sets.
firth_pieces <- function(d, z, beta) {
  p <- ncol(z)
  eta <- drop(z %*% beta)
  loglik <- 0; u <- numeric(p); information <- matrix(0, p, p); third <- array(0, c(p, p, p))
  for (t in unique(d$t[d$e == 1])) {
    dead <- which(d$t == t & d$e == 1)
    for (k in seq_along(dead)) {
      at_risk <- which(d$t >= t)
      w <- exp(eta[at_risk] - max(eta[at_risk]))
      tied <- at_risk %in% dead
      w[tied] <- w[tied] * (1 - (k - 1) / length(dead))
      loglik <- loglik + eta[dead[k]] - max(eta[at_risk]) - log(sum(w))
      w <- w / sum(w)
      x <- z[at_risk, , drop = FALSE]
      mean <- colSums(w * x)
      x <- sweep(x, 2, mean)
      u <- u + z[dead[k], ] - mean
      information <- information + crossprod(x * w, x)
      for (j in seq_len(p)) third[, , j] <- third[, , j] + crossprod(x * (w * x[, j]), x)
    }
  }
  inverse <- tryCatch(solve(information), error = function(e) NA * information)
  list(value = loglik + 0.5 * as.numeric(determinant(information)$modulus), information = information,
       score = u + 0.5 * apply(third, 3, function(m) sum(inverse * m)))
}
firth_fit <- function(d, z, free) {
  p <- ncol(z)
  beta <- numeric(p)
  for (i in if (length(free)) 1:100) {
    now <- firth_pieces(d, z, beta)
    slope <- sapply(free, function(j) {
      e <- replace(numeric(p), j, 1e-5)
      (firth_pieces(d, z, beta + e)$score - firth_pieces(d, z, beta - e)$score)[free] / 2e-5
    })
    curvature <- -matrix(slope, length(free))
    if (inherits(try(chol(curvature), TRUE), "try-error")) curvature <- now$information[free, free]
    step <- replace(numeric(p), free, solve(curvature, now$score[free]))
    while (!isTRUE(firth_pieces(d, z, beta + step)$value >= now$value - 1e-10)) step <- step / 2
    beta <- beta + step
    if (max(abs(step)) < 1e-9) break
  }
  at <- firth_pieces(d, z, beta)
  stopifnot(length(free) == 0 || max(abs(at$score[free])) < 1e-7)
  list(beta = beta, se = sqrt(diag(solve(at$information))), value = at$value)
}
cox_firth <- function(d, covariates = NULL, test = "wald") {
  if (sum(d$e) == 0) no_answer("no events")
  m <- design(d, covariates)
  f <- firth_fit(d, m$z, seq_len(ncol(m$z)))
  # Risk sets so steep that each is one patient: their variances are below rounding in running sums.
  if (max(abs(f$beta)) > 200) no_answer("the iteration did not converge")
  statistic <- if (test == "wald") f$beta[1] / f$se[1] else
    sign(f$beta[1]) * sqrt(2 * (f$value - firth_fit(d, m$z, seq_len(ncol(m$z))[-1])$value))
  list(wald(f$beta[1], f$se[1], TRUE, statistic = statistic))
}

zph <- function(d, covariates = NULL, ties = "efron", strata = FALSE) {
  s <- in_strata(d, strata)
  z <- cox_design(d, covariates, s = s)$z
  if (length(unique(d$t[d$e == 1])) < 2) no_answer("too few patients")
  y <- Surv(d$t, d$e)
  fit <- cox_fit(d, z, s, ties)
  km <- survfit(y ~ 1)
  g <- 1 - c(1, km$surv)[findInterval(d$t, km$time, left.open = TRUE) + 1]
  raw <- .Call(survival:::Czph1, g - mean(g[d$e == 1]), y, z, drop(z %*% coef(fit)), rep(1, length(g)), as.integer(s),
               ties == "efron", order(s, d$t) - 1L)
  p <- ncol(z)
  keep <- c(seq_len(p), p + 1)
  v <- solve(raw$imat[keep, keep], tol = 1e-30)[p + 1, p + 1]
  chi <- raw$u[p + 1]^2 * v
  stopifnot(all.equal(cox.zph(fit, terms = FALSE)$table[1, 1], chi, tolerance = 1e-5))
  list(answer(raw$u[p + 1] * v, sqrt(v), statistic = chi, p = pchisq(chi, 1, lower.tail = FALSE)))
}

rho <- c(0, 1, 0, 1)
gamma <- c(0, 0, 1, 1)
# G^{rho,gamma} by its definition, the four of MaxCombo; those with gamma = 0 checked against survdiff.
weighted_scores <- function(d, strata) {
  if (sum(d$e) == 0) no_answer("no events")
  s <- in_strata(d, strata)
  if (all(tapply(d$arm, s, function(a) length(unique(a))) == 1)) no_answer("no stratum has patients of both arms")
  u <- numeric(4); v <- matrix(0, 4, 4)
  for (g in unique(s)) {
    k <- s == g
    survival <- 1
    for (t in sort(unique(d$t[k & d$e == 1]))) {
      at_risk <- k & d$t >= t
      n <- sum(at_risk); n1 <- sum(at_risk & d$arm == 1)
      now <- k & d$t == t & d$e == 1
      dead <- sum(now); dead1 <- sum(now & d$arm == 1)
      w <- survival^rho * (1 - survival)^gamma
      u <- u + w * (dead1 - dead * n1 / n)
      if (n > 1) v <- v + outer(w, w) * dead * (n1 / n) * (1 - n1 / n) * (n - dead) / (n - 1)
      survival <- survival * (1 - dead / n)
    }
  }
  if (v[1, 1] > 0) for (r in 0:1) {
    f <- survdiff(if (strata) Surv(t, e) ~ arm + strata(stratum) else Surv(t, e) ~ arm, d, rho = r)
    if (f$chisq > 0) stopifnot(all.equal(u[r + 1]^2 / v[r + 1, r + 1], f$chisq, tolerance = 1e-9))
  }
  list(u = u, v = v)
}
logrank <- function(d, which = 1, strata = FALSE) {
  s <- weighted_scores(d, strata)
  u <- s$u[which]; v <- s$v[which, which]
  if (v == 0) no_answer("the outcome does not vary")
  list(wald(u / v, 1 / sqrt(v), TRUE, statistic = u / sqrt(v)))
}
# P(max |Z| > m) or P(max Z > m) of Z = rows of unit length times three independent normals (mvtnorm's pmvnorm is not
# for correlations without an inverse): the last one's tails outside the limits that the rows set, summed over a grid
# of the other two. To about 1e-6, less where an edge runs along the grid.
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
  turn <- qr.Q(qr(rbind(c(0.61, 0.37, 0.70), c(0.2, -0.9, 0.4), c(0.5, 0.3, -0.8))))
  direction <- direction %*% turn
  x <- seq(-8, 8, length.out = 1201)
  w <- dnorm(x) * (x[2] - x[1])
  sum(sapply(seq_along(x), function(i) w[i] * sum(w * tails(x[i], x))))
}
directions_of <- function(correlation) {
  e <- eigen(correlation, symmetric = TRUE)
  m <- cbind(e$vectors %*% diag(sqrt(pmax(e$values, 0)), nrow(correlation)), 0, 0, 0)[, 1:3, drop = FALSE]
  m / sqrt(rowSums(m^2))
}
maxcombo <- function(d, strata = FALSE, sides = 2) {
  s <- weighted_scores(d, strata)
  keep <- which(diag(s$v) > 1e-14)
  if (length(keep) == 0) no_answer("the outcome does not vary")
  z <- s$u[keep] / sqrt(diag(s$v)[keep])
  direction <- directions_of(cov2cor(s$v[keep, keep, drop = FALSE]))
  extreme <- if (sides == 2) z[which.max(abs(z))] else min(z)
  b <- s$u[1] / s$v[1, 1]; se <- 1 / sqrt(s$v[1, 1])
  q <- if (sides == 2) z_95 else qnorm(0.95)
  list(answer(exp(b), se, exp(b - q * se), exp(b + q * se), extreme,
              if (sides == 2) beyond(direction, abs(extreme), TRUE) else beyond(-direction, -extreme, FALSE)))
}

curve_of <- function(d, arm) survfit(Surv(t, e) ~ 1, d[d$arm == arm, ])
# Up to where both arms are followed: the last time of an arm, or for ever where it ends with a death.
horizon_of <- function(d, at) {
  if (sum(d$e) == 0) no_answer("no events")
  last <- tapply(d$t, d$arm, max)
  dead_at <- sapply(0:1, function(a) tail(curve_of(d, a)$surv, 1) == 0)
  if (is.na(at)) return(min(last))
  if (any(last < at & !dead_at)) no_answer("the follow-up of an arm ends before the time asked about")
  at
}
mean_to <- function(d, arm, horizon) {
  f <- curve_of(d, arm)
  inside <- f$time <= horizon
  area <- (c(f$time[inside], horizon) - c(0, f$time[inside])) * c(1, f$surv[inside])
  term <- ifelse(f$n.risk == f$n.event, 0, f$n.event / (f$n.risk * (f$n.risk - f$n.event)))
  c(sum(area), sqrt(sum((rev(cumsum(rev(area)))[-1])^2 * term[inside])))
}
rmst <- function(d, at = NA) {
  tau <- horizon_of(d, at)
  m0 <- mean_to(d, 0, tau); m1 <- mean_to(d, 1, tau)
  se <- sqrt(m0[2]^2 + m1[2]^2)
  if (se == 0) no_answer("the outcome does not vary")
  list(wald(m1[1] - m0[1], se), ratio = wald(log(m1[1] / m0[1]), sqrt((m0[2] / m0[1])^2 + (m1[2] / m1[1])^2), TRUE),
       control = wald(m0[1], m0[2], statistic = NA), treated = wald(m1[1], m1[2], statistic = NA))
}
survival_at <- function(d, at = NA, ci = "plain") {
  if (sum(d$e) == 0) {
    all_live <- if (ci == "plain") answer(1, 0, 1, 1) else answer(1, 0)
    return(list("no events", control = all_live, treated = all_live))
  }
  day <- horizon_of(d, at)
  arm <- function(a) {
    f <- summary(survfit(Surv(t, e) ~ 1, d[d$arm == a, ], conf.type = ci), times = day, extend = TRUE)
    if (f$surv %in% 0:1) return(if (ci == "plain") answer(f$surv, 0, f$surv, f$surv) else answer(f$surv, 0))
    answer(f$surv, f$std.err, f$lower, f$upper)
  }
  s <- list(arm(0), arm(1))
  se <- sqrt(s[[1]][2]^2 + s[[2]][2]^2)
  list(if (se > 0) wald(s[[2]][1] - s[[1]][1], se) else "the outcome does not vary", control = s[[1]], treated = s[[2]])
}

competing <- function(d, at = NA, cause = 1, covariates = NULL) {
  if (sum(d$cause == cause) == 0) no_answer("no events")
  fine_gray <- tryCatch({
    if (any(tapply(d$cause == cause, d$arm, sum) == 0)) no_answer("an arm has no events")
    z <- design(d, covariates)$z
    # who had the other event stays at risk
    stays <- data.frame(t = ifelse(d$cause == 3 - cause, Inf, d$t), e = as.numeric(d$cause == cause))
    rows <- risk_contrasts(stays, z, rep(1, nrow(d)))
    if (rises_for_ever(rows)) no_answer("separation: the likelihood has no maximum")
    fit <- function(start, gtol, maxiter) crr(d$t, d$cause, z, failcode = cause, gtol = gtol, maxiter = maxiter, init = start)
    f <- fit(rep(0, ncol(z)), 1e-6, 100)
    stopifnot(f$converged)
    f <- fit(f$coef, 1e-13, 4)
    wald(f$coef[1], sqrt(f$var[1, 1]), TRUE)
  }, no_answer = function(e) e$message)
  last <- tapply(d$t, d$arm, max)
  day <- if (is.na(at)) min(max(d$t[d$cause == cause]), last) else at
  ci <- cuminc(d$t, d$cause, d$arm)
  own <- paste(0:1, cause)
  # beyond the last time of an arm its curve goes on where nobody is left
  over <- sapply(0:1, function(a) all(d$cause[d$arm == a & d$t == last[a + 1]] > 0))
  at_arm <- function(k, what) {
    when <- if (over[k]) min(day, last[k]) else day
    points <- timepoints(ci, when)[[what]]
    if (own[k] %in% rownames(points)) points[own[k], 1] else 0
  }
  estimate <- sapply(1:2, at_arm, "est")
  variance <- sapply(1:2, at_arm, "var")
  difference <- estimate[2] - estimate[1]; se <- sqrt(sum(variance))
  test <- as.numeric(ci$Tests[as.character(cause), "stat"])
  list(fine_gray, difference = if (anyNA(se)) "the follow-up of an arm ends before the time asked about" else
         if (se > 0) wald(difference, se) else "the outcome does not vary",
       gray = answer(NA, p = pchisq(test, 1, lower.tail = FALSE)))
}

both <- c("x1", "x2")
references <- c(references, list(
  cox = function(d) cox(d), cox_breslow = function(d) cox(d, ties = "breslow"), cox_score = function(d) cox(d, test = "score"),
  cox_ratio = function(d) cox(d, both, test = "likelihood_ratio"), cox_adjusted = function(d) cox(d, both),
  cox_adjusted_breslow = function(d) cox(d, both, ties = "breslow"), cox_category = function(d) cox(d, "group"),
  cox_covariate = function(d) cox(d, both, "x2"), cox_strata = function(d) cox(d, strata = TRUE),
  cox_strata_adjusted = function(d) cox(d, "x1", strata = TRUE, test = "score"),
  cox_cluster = function(d) cox_cluster(d), cox_cluster_adjusted = function(d) cox_cluster(d, both),
  cox_frailty = function(d) cox_frailty(d), cox_frailty_adjusted = function(d) cox_frailty(d, both),
  cox_firth = function(d) cox_firth(d), cox_firth_adjusted = function(d) cox_firth(d, both, "likelihood_ratio"),
  zph = function(d) zph(d), zph_adjusted = function(d) zph(d, both),
  zph_strata = function(d) zph(d, ties = "breslow", strata = TRUE),
  logrank = function(d) logrank(d), logrank_strata = function(d) logrank(d, strata = TRUE),
  logrank_early = function(d) logrank(d, 2), logrank_late = function(d) logrank(d, 3, TRUE),
  maxcombo = function(d) maxcombo(d), maxcombo_strata = function(d) maxcombo(d, TRUE, 1),
  rmst = function(d) rmst(d), rmst_3 = function(d) rmst(d, 3),
  survival = function(d) survival_at(d), survival_3 = function(d) survival_at(d, 3, "log-log"),
  fine_gray = function(d) competing(d), fine_gray_3 = function(d) competing(d, 3, 2, both)))
