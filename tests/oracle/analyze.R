# analyze.R - data of tests/analyze.t and what R makes of them.  SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/analyze.R       (from the root; rewrites tests/data/{ovarian,pbc}*.csv)
# The plans are tests/data/ovarian.yaml and tests/data/pbc.yaml.
suppressPackageStartupMessages(library(survival))

control <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-20)
rows <- list()
answer <- function(analysis, estimate, se, low, high, p, n, events)
  rows[[length(rows) + 1]] <<- data.frame(analysis, estimate, se, ci_low = low, ci_high = high,
                                          p_value = p, n, events)
wald_ratio <- function(analysis, log_estimate, se, n, events) {
  z <- qnorm(0.975)
  answer(analysis, exp(log_estimate), se, exp(log_estimate - z * se), exp(log_estimate + z * se),
         2 * pnorm(-abs(log_estimate / se)), n, events)
}
cox <- function(analysis, formula, data, term) {
  f <- coxph(formula, data, control = control, ties = "efron")
  wald_ratio(analysis, f$coefficients[[term]], sqrt(diag(f$var))[match(term, names(coef(f)))], f$n, f$nevent)
}
logrank <- function(analysis, time, event, treated) {
  d <- survdiff(Surv(time, event) ~ treated)
  score <- d$obs[2] - d$exp[2]
  v <- d$var[2, 2]
  wald <- score / v + c(0, -1, 1) * qnorm(0.975) / sqrt(v)
  answer(analysis, exp(wald[1]), 1 / sqrt(v), exp(wald[2]), exp(wald[3]),
         pchisq(d$chisq, 1, lower.tail = FALSE), length(time), sum(event))
}
relative_risk <- function(analysis, y, treated) {
  a <- tapply(y, treated, sum)
  n <- tapply(y, treated, length)
  wald_ratio(analysis, log(a[2] / n[2]) - log(a[1] / n[1]), sqrt(sum(1 / a - 1 / n)), length(y), sum(y))
}
welch <- function(analysis, y, treated) {
  t <- t.test(y[treated == 1], y[treated == 0])
  answer(analysis, t$estimate[[1]] - t$estimate[[2]], t$stderr, t$conf.int[1], t$conf.int[2],
         t$p.value, length(y), 0)
}
logistic <- function(analysis, formula, data, term) {
  f <- glm(formula, binomial, data, epsilon = 1e-14, maxit = 100)
  s <- summary(f)$coefficients[term, ]
  wald_ratio(analysis, s[[1]], s[[2]], length(f$y), sum(f$y))
}
keep <- function(name) {
  text <- do.call(rbind, rows)
  for (k in 2:6) text[[k]] <- sprintf("%.17g", text[[k]])
  write.csv(text, sprintf("tests/data/%s.expected.csv", name), row.names = FALSE, quote = FALSE)
  rows <<- list()
}

# --- ovarian: numbers, two arms coded 1 and 2
o <- ovarian
write.csv(o, "tests/data/ovarian.csv", row.names = FALSE, quote = FALSE)
o$treated <- as.numeric(o$rx == 2)
cox("hr", Surv(futime, fustat) ~ treated + age, o, "treated")
cox("by_status", Surv(futime, fustat) ~ treated + log(age) + resid.ds + strata(ecog.ps), o, "treated")
cox("per_year", Surv(futime, fustat) ~ age + treated, o, "age")
logrank("lr", o$futime, o$fustat, o$treated)
relative_risk("rr", o$fustat, o$treated)
welch("ages", o$age, o$treated)
cox("old", Surv(futime, fustat) ~ treated, subset(o, age >= 50 & resid.ds == 2), "treated")
swapped <- coxph(Surv(futime, fustat) ~ treated, o, control = control)
wald_ratio("swapped", -coef(swapped)[[1]], sqrt(swapped$var[1, 1]), swapped$n, swapped$nevent)
keep("ovarian")

# --- pbc: texts in quotes, missing values (106 patients without arm), three arms, competing causes
p <- pbc[, c("id", "time", "status", "trt", "age", "sex", "bili", "platelet", "stage", "copper")]
p$arm <- c("D-penicillamine", "placebo")[p$trt]
p$arm[p$id %% 3 == 0 & !is.na(p$arm)] <- "other, \"third\""
p$liver <- c("clear", "fibrous", "bridging", "cirrhotic")[p$stage]
p$copper[p$id %% 7 == 0] <- NA
p$died <- as.numeric(p$status == 2)
out <- p[, c("id", "time", "status", "died", "arm", "age", "sex", "bili", "platelet", "liver", "copper")]
write.csv(out, "tests/data/pbc.csv", row.names = FALSE, quote = TRUE, eol = "\r\n")
two <- subset(p, arm %in% c("D-penicillamine", "placebo"))
two$treated <- as.numeric(two$arm == "D-penicillamine")
two$liver <- factor(two$liver)
cox("death", Surv(time, status == 2) ~ treated + log(bili) + liver + sex, two, "treated")
cox("transplant", Surv(time, status == 1) ~ treated + age, two, "treated")
full <- subset(two, !is.na(copper) & (sex == "f" | age < 50))
relative_risk("cut", as.numeric(full$status == 2), full$treated)
logistic("odds", I(status == 2) ~ treated + age + sex + liver, two, "treated")
third <- subset(p, arm %in% c("placebo", "other, \"third\""))
third$treated <- as.numeric(third$arm != "placebo")
cox("third", Surv(time, status == 2) ~ treated + age, third, "treated")
welch("bilirubin", two$bili, two$treated)
keep("pbc")
