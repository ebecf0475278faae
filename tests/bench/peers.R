# peers.R - the jobs of scripts/bench as R does them: prints "JOB PEER TRIALS_A_SECOND", one thread.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/bench/peers.R      (packages: survival, with R; rpact where installed)
library(survival)

rate <- function(job, peer, trials, run) {
  run(min(trials, 20)) # what is loaded or compiled at first use does not count
  seconds <- min(replicate(3, system.time(run(trials))[["elapsed"]]))
  cat(sprintf("%s %s %.1f\n", job, peer, trials / seconds))
}

# logrank.yaml: 424 patients over 12 months, closed at the 166th death, control 43.4 % dead by day 28
control_hazard <- -log(1 - 0.434) / 28
hazard_ratio <- 0.75

logrank_loop <- function(trials) {
  p <- numeric(trials)
  for (k in seq_len(trials)) {
    treated <- rep(0:1, 212)
    arrival <- seq(0, 365, length.out = 424)
    death <- rexp(424, control_hazard * ifelse(treated == 1, hazard_ratio, 1))
    end <- sort(arrival + death)[166]
    in_trial <- arrival < end
    time <- pmin(death, end - arrival)[in_trial]
    event <- (arrival + death <= end)[in_trial]
    chisq <- survdiff(Surv(time, event) ~ treated[in_trial])$chisq
    p[k] <- pchisq(chisq, 1, lower.tail = FALSE)
  }
  mean(p <= 0.05)
}

logrank_rpact <- function(trials)
  rpact::getSimulationSurvival(
    sided = 1, alpha = 0.025, directionUpper = FALSE, lambda2 = control_hazard,
    hazardRatio = hazard_ratio, plannedEvents = 166, maxNumberOfSubjects = 424,
    accrualTime = c(0, 365), maxNumberOfIterations = trials, seed = 1)

# adjusted-cox.yaml: five correlated covariates in eight columns, deaths by day 28, 1.9 % lost
scores <- c("age", "apache_ii", "sofa", "lactate", "crt", "source", "severity")
correlation <- diag(length(scores))
dimnames(correlation) <- list(scores, scores)
pairs <- data.frame(a = c("apache_ii", "sofa", "sofa", "lactate", "apache_ii", "sofa", "lactate"),
                    b = c("sofa", "lactate", "crt", "crt", rep("severity", 3)),
                    r = c(0.6, 0.3, 0.2, 0.4, 0.2, 0.3, 0.2))
for (i in seq_len(nrow(pairs))) {
  correlation[pairs$a[i], pairs$b[i]] <- pairs$r[i]
  correlation[pairs$b[i], pairs$a[i]] <- pairs$r[i]
}
root <- chol(correlation)

adjusted_cox_loop <- function(trials) {
  p <- numeric(trials)
  for (k in seq_len(trials)) {
    z <- matrix(rnorm(424 * length(scores)), 424) %*% root
    colnames(z) <- scores
    d <- data.frame(
      treated = sample(rep(0:1, 212)),
      apache_ii = round(22 + 7 * z[, "apache_ii"]), sofa = round(9.7 + 3.6 * z[, "sofa"]),
      lactate = 3.9 * exp(0.55 * z[, "lactate"]), crt = 5 + 2 * z[, "crt"],
      source = cut(pnorm(z[, "source"]), c(0, 0.35, 0.67, 0.82, 1)))
    eta <- 0.02 * (d$apache_ii - 22) + 0.06 * (d$sofa - 9.7) + 0.05 * (d$lactate - 4.5) +
      0.05 * (d$crt - 5) + 0.5 * z[, "severity"] + log(0.735) * d$treated
    death <- rexp(424, control_hazard * exp(eta))
    censored <- ifelse(runif(424) < 0.019, runif(424, 0, 90), 90)
    end <- pmin(28, censored)
    fit <- coxph(Surv(pmin(death, end), death <= end) ~ treated + apache_ii + sofa + lactate + crt +
                   source, data = d)
    p[k] <- 2 * pnorm(-abs(fit$coefficients[[1]] / sqrt(fit$var[1, 1])))
  }
  mean(p <= 0.05)
}

set.seed(1)
if (requireNamespace("rpact", quietly = TRUE)) rate("logrank", "rpact", 2000, logrank_rpact)
rate("logrank", "survdiff", 200, logrank_loop)
rate("adjusted-cox", "coxph", 100, adjusted_cox_loop)
