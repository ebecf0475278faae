# common.R - what the references of hard cases share.  SPDX-License-Identifier: MIT

z_95 <- qnorm(0.975)
quiet <- suppressWarnings
no_answer <- function(why) stop(structure(list(message = why, call = NULL), class = c("no_answer", "condition")))
answer <- function(estimate, se = NA, low = NA, high = NA, statistic = NA, p = NA)
  unname(c(estimate, se, low, high, statistic, p))
# null: on the scale of inference; statistic and p: of another test than Wald's
wald <- function(b, se, log = FALSE, null = 0, statistic = (b - null) / se, p = 2 * pnorm(-abs(statistic))) {
  scale <- if (log) exp else identity
  answer(scale(b), se, scale(b - z_95 * se), scale(b + z_95 * se), statistic, p)
}
student <- function(b, se, df)
  answer(b, se, b - qt(0.975, df) * se, b + qt(0.975, df) * se, b / se, 2 * pt(-abs(b / se), df))

# Columns of a design in numbers that R can digest: covariates centred and of standard deviation 1. The
# first is the question's: the arm, or x1 or x2 (term); `unit` times its coefficient is the one asked for.
design <- function(d, covariates = NULL, term = "arm") {
  fit <- attr(d, "fit")
  if (is.null(fit)) fit <- cbind(x1 = d$x1, x2 = d$x2)
  unit <- attr(d, "unit")
  if (is.null(unit)) unit <- c(1, 1)
  z <- cbind(arm = d$arm, fit[, intersect(covariates, colnames(fit)), drop = FALSE])
  if ("group" %in% covariates && length(unique(d$group)) > 1) z <- cbind(z, model.matrix(~ group, d)[, -1])
  z <- cbind(z[, term, drop = FALSE], z[, colnames(z) != term, drop = FALSE])
  spread <- apply(z, 2, sd)
  spread[colnames(z) == "arm"] <- 1
  if (any(spread == 0)) no_answer("covariates are collinear")
  z <- sweep(sweep(z, 2, colMeans(z)), 2, spread, "/")
  if (qr(z, tol = 1e-9)$rank < ncol(z)) no_answer("covariates are collinear")
  list(z = z, unit = 1 / spread[[1]] / (if (term == "arm") 1 else unit[match(term, c("x1", "x2"))]))
}

# Is there a direction b with rows %*% b >= 0, and not all 0? Then a likelihood that rises along it has no
# maximum.
rises_for_ever <- function(rows) {
  rows <- unique(rows)
  rows <- rows[rowSums(abs(rows)) > 0, , drop = FALSE]
  if (nrow(rows) == 0) return(FALSE)
  both <- cbind(rows, -rows)
  s <- lpSolve::lp("max", colSums(both), rbind(both, both), rep(c(">=", "<="), each = nrow(both)),
                   rep(0:1, each = nrow(both)))
  stopifnot(s$status == 0)
  s$objval > 1e-7
}

# Newton's method with halved steps, to the end. f: list(value, score, information) at b; value -Inf outside.
newton <- function(b, f) {
  now <- f(b)
  for (k in 1:200) {
    step <- drop(solve(now$information, now$score, tol = 1e-30))
    share <- 1
    while (share > 1e-12 && !isTRUE(f(b + share * step)$value >= now$value - 1e-10 * abs(now$value))) share <- share / 2
    b <- b + share * step
    now <- f(b)
    if (share == 1 && max(abs(step)) < 1e-10) break
  }
  if (max(abs(step)) > 1e-8) stop("the reference did not converge")
  c(now, list(b = b, v = solve(now$information, tol = 1e-30)))
}
