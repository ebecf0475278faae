# data.R - data sets made to be hard, and real ones in the same columns.  SPDX-License-Identifier: MIT
#
# arm; t, e, cause; dead; score; days; y; covariates x1, x2 and group; stratum; site; markers m1, m2.
# What R cannot digest has two more attributes: fit, columns of the same space as x1 and x2 (so that the
# arm's coefficient is the same), and unit, how many of x1 (x2) one of the fitted column is; and origin, a
# constant of y that no difference sees.

set.seed(20190217)
trial <- function(n, arm = sample(rep_len(0:1, n)), effect = -0.5) {
  x1 <- round(rnorm(n), 3); x2 <- round(rexp(n), 3)
  risk <- effect * arm + 0.5 * x1 + 0.3 * x2
  death <- rexp(n, 0.15 * exp(risk)); other <- rexp(n, 0.08); lost <- rexp(n, 0.06)
  t <- signif(pmin(death, other, lost), 5)
  cause <- c(1, 2, 0)[max.col(-cbind(death, other, lost))]
  dead <- rbinom(n, 1, plogis(-0.4 + risk))
  data.frame(arm = arm, t = t, e = as.numeric(cause == 1), cause = cause, dead = dead,
             score = pmin(5, pmax(0, round(2 + risk + rlogis(n)))),
             days = ifelse(dead == 1, 0, floor(28 * rbeta(n, 3, 1))), y = round(10 - risk + rnorm(n), 4), x1 = x1, x2 = x2,
             group = sample(c("a", "b", "c"), n, TRUE), stratum = sample(4, n, TRUE), site = sample(8, n, TRUE),
             m1 = round(risk + rnorm(n), 3), m2 = round(0.3 * risk + rnorm(n), 3))
}
with_fit <- function(d, fit1 = d$x1, fit2 = d$x2, unit = c(1, 1), origin = 0)
  structure(d, fit = cbind(x1 = fit1, x2 = fit2), unit = unit, origin = origin)

hard <- list()
d <- trial(120) # every column takes few values
hard$ties <- within(d, {
  t <- ceiling(t) %% 4 + 1; days <- days %/% 10; score <- score %/% 2; y <- round(y); x1 <- round(x1)
  x2 <- as.numeric(x2 > 1); m1 <- round(m1 / 2); m2 <- round(m2)
})
hard$ten <- trial(10, rep(0:1, 5))
hard$two <- trial(2, 0:1)
hard$four <- trial(4, rep(0:1, 2))
hard$one_treated <- trial(25, c(rep(0, 24), 1))
# strata of one patient, of one arm, of two patients; sites of one patient
hard$lone_stratum <- within(trial(60), {
  stratum[1] <- 11; stratum[arm == 1][2:4] <- 12; stratum[match(0:1, arm)] <- 13; site[1:6] <- 21:26
})
hard$one_stratum <- within(trial(40), { stratum <- 3; site <- 7; group <- "a" })
hard$alone_strata <- within(trial(30), { stratum <- 1:30; site <- 1:30 })
hard$collinear <- within(trial(80), { x2 <- 2 * x1 + 3; group <- ifelse(arm == 1, "b", "a") })
hard$collinear_arm <- within(trial(80), x2 <- 5 - 3 * arm)
hard$constant_covariate <- within(trial(80), { x2 <- 7; group <- "a" })
d <- trial(80)
near <- d$x1 + 1e-6 * d$x2
hard$near_collinear <- with_fit(within(d, x2 <- near), d$x1, (near - d$x1) / 1e-6, c(NA, 1e-6))
d <- trial(120)
offset <- 1e6 + d$x2
hard$badly_scaled <- with_fit(within(d, { x1 <- 1e8 * x1; x2 <- offset; t <- t * 1e-3; m1 <- 1e9 + m1 }), d$x1, offset - 1e6,
                              c(1e8, 1))
d <- trial(120)
steps <- round(d$y * 64) / 64
hard$far_outcome <- with_fit(within(d, { y <- 1e9 + steps; t <- 1e6 * t; days <- days * 1e-6 }), origin = 1e9)
# the outcome in one arm only; the arm predicts the score's halves; times of the arms do not overlap
hard$separated_arm <- within(trial(60), {
  dead <- ifelse(arm == 1, dead, 0); e <- ifelse(arm == 1, e, 0); cause <- ifelse(arm == 1, cause, 0)
  score <- ifelse(arm == 1, score %% 3 + 3, score %% 3); y <- ifelse(arm == 1, y + 100, y); days <- days + 30 * arm
  m1 <- m1 + 20 * dead
})
hard$all_in_arm <- within(trial(60), { dead <- ifelse(arm == 1, dead, 1); e <- ifelse(arm == 1, e, 1); cause <- e })
hard$separated_covariate <- within(trial(60), {
  dead <- as.numeric(x1 > 0.1); t <- rank(-x1); e <- 1; cause <- 1; score <- findInterval(x1, c(-1, 0, 1)); y <- x1
})
hard$quasi_separated <- within(trial(60), {
  x1 <- as.numeric(x1 > 0); dead <- ifelse(x1 == 1, dead, 0); e <- ifelse(x1 == 1, e, 0); cause <- ifelse(x1 == 1, cause, 0)
  group <- ifelse(x1 == 1 | score > 2, "a", "b")
})
hard$no_events <- within(trial(40), { e <- 0; cause <- 0; dead <- 0 })
hard$all_events <- within(trial(40), { e <- 1; cause <- 1; dead <- 1 })
hard$one_event <- within(trial(40), { e <- replace(0 * e, 7, 1); cause <- e; dead <- e })
hard$constant_outcome <- within(trial(40), { t <- 28; y <- 3.3; days <- 28; score <- 2; m1 <- 1; m2 <- 0 })
hard$constant_arm <- within(trial(40), { y <- ifelse(arm == 1, 5, y); days <- ifelse(arm == 1, 0, days) })
# one arm dies out first: the pooled incidence of Gray's test reaches 1 before the last event
hard$one_arm_left <- with_fit(within(trial(10, c(0, 0, 1, 0, 0, 1, 0, 1, 1, 1)), {
  t <- c(1, 1, 1, 4, 4, 4, 5, 6, 7, 10); cause <- c(2, rep(1, 9)); e <- as.numeric(cause == 1)
}))
hard$strong <- trial(400, effect = 3)
# the likelihood of a normal intercept of these sites falls from variance 0 on, and rises again to a higher maximum
hard$unequal_sites <- within(trial(60), {
  set.seed(48)
  arm <- sample(rep_len(0:1, 60)); site <- rep(1:5, c(36, 9, 6, 5, 4))
  dead <- rbinom(60, 1, plogis(0.2 - 0.5 * arm + c(0, 0, 0, -0.8, -1.2)[site]))
})
hard$outlier <- within(trial(80), { x1[5] <- 1e4; y[9] <- -1e5; t[3] <- 1e4; m1[2] <- 1e12 })
