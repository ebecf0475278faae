# stratified.R - expected numbers of tests/test_stratified.c: Mantel-Haenszel by metafor, van Elteren's test by
# coin and by its formula.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/stratified.R    (from the root; rewrites tests/oracle/stratified.h)
suppressPackageStartupMessages({library(MASS); library(survival); library(metafor); library(coin)})

number <- function(x) ifelse(is.na(x), "NAN", sprintf("%.17g", as.numeric(x)))
listed <- function(x) paste(number(x), collapse = ", ")
out <- c(sprintf("/* stratified.h - written by tests/oracle/stratified.R with R %s.%s, metafor %s and coin %s.",
                 R.version$major, R.version$minor, packageVersion("metafor"), packageVersion("coin")),
         " * SPDX-License-Identifier: MIT */", "/* clang-format off */")
array <- function(type, name, values) {
  out <<- c(out, paste0("static const ", type, " ", name, "[] = {"),
            strwrap(paste(values, collapse = ", "), 100), "};")
}
z <- qnorm(0.975)

# --- Mantel-Haenszel: x1 of n1 treated, x0 of n0 controls, one entry a stratum --------------------
tables <- character()
mantel_haenszel <- function(name, ...) {
  counts <- lapply(list(...), as.numeric) # products beyond integers
  x1 <- counts[[1]]; n1 <- counts[[2]]; x0 <- counts[[3]]; n0 <- counts[[4]]
  fit <- function(measure) {
    f <- suppressWarnings(rma.mh(measure = measure, ai = x1, n1i = n1, ci = x0, n2i = n0, correct = FALSE,
                level = 95, add = 0, to = "none", drop00 = FALSE))
    as.numeric(c(f$beta, f$se, f$zval, f$pval))
  }
  rr <- tryCatch(fit("RR"), error = function(e) rep(NA, 4))
  rd <- fit("RD")
  # the formulas, so that neither is trusted alone
  n <- n1 + n0
  r <- sum(x1 * n0 / n)
  s <- sum(x0 * n1 / n)
  if (r > 0 && s > 0) stopifnot(
    all.equal(rr[1], log(r / s), tolerance = 1e-12),
    all.equal(rr[2], sqrt(sum((n1 * n0 * (x1 + x0) - x1 * x0 * n) / n^2) / (r * s)), tolerance = 1e-12))
  stopifnot(all.equal(rd[1], sum((x1 * n0 - x0 * n1) / n) / sum(n1 * n0 / n), tolerance = 1e-12))
  array("int", paste0("t", length(tables)), number(c(rbind(x0, n0, x1, n1))))
  tables <<- c(tables, sprintf("{\"%s\", %d, t%d, {%s}, {%s}},", name, length(x1), length(tables),
                               listed(rr), listed(rd)))
}
of <- function(name, arm, event, stratum) {
  keep <- !is.na(arm) & !is.na(event) & !is.na(stratum)
  t <- function(v) as.integer(tapply(v[keep], factor(stratum[keep]), sum))
  mantel_haenszel(name, t(arm * event), t(arm), t((1 - arm) * event), t(1 - arm))
}
of("birth weight, smoking by race", birthwt$smoke, birthwt$low, birthwt$race)
of("veteran, death by 100 days within cell type", as.integer(veteran$trt == 2),
   as.integer(veteran$time <= 100), veteran$celltype)
of("lung, death by a year within ECOG status", as.integer(lung$sex == 2),
   as.integer(lung$time <= 365 & lung$status == 2), lung$ph.ecog)
u <- UCBAdmissions
mantel_haenszel("Berkeley, women by department", u["Admitted", "Female", ],
                u["Admitted", "Female", ] + u["Rejected", "Female", ], u["Admitted", "Male", ],
                u["Admitted", "Male", ] + u["Rejected", "Male", ])
mantel_haenszel("BCG trials", dat.bcg$tpos, dat.bcg$tpos + dat.bcg$tneg, dat.bcg$cpos,
                dat.bcg$cpos + dat.bcg$cneg)
mantel_haenszel("pairs", c(1, 0, 1, 1, 0, 1, 0), rep(1, 7), c(0, 0, 1, 0, 1, 0, 0), rep(1, 7))
mantel_haenszel("a stratum without events, one where all have it", c(3, 0, 5, 4), c(10, 6, 5, 9),
                c(5, 0, 4, 2), c(11, 7, 4, 8))
mantel_haenszel("no event in an arm", c(0, 0), c(10, 12), c(3, 1), c(11, 9))
set.seed(20190217)
n1 <- rpois(28, 7) + 1
n0 <- rpois(28, 7) + 1
mantel_haenszel("28 centres", rbinom(28, n1, 0.35), n1, rbinom(28, n0, 0.43), n0)
mantel_haenszel("large and small", c(30010, 1, 12), c(100000, 3, 17), c(29000, 2, 4), c(100500, 4, 11))

# --- van Elteren ---------------------------------------------------------------------------------
samples <- character()
van_elteren <- function(name, y, arm, stratum) {
  keep <- !is.na(y) & !is.na(arm) & !is.na(stratum)
  y <- as.numeric(y[keep])
  arm <- as.integer(arm[keep])
  code <- as.integer(factor(stratum[keep])) - 1L
  u <- pairs <- v <- 0
  for (k in unique(code)) {
    a <- arm[code == k]
    x <- y[code == k]
    n <- length(x)
    n1 <- sum(a)
    if (n1 == 0 || n1 == n) next
    r <- rank(x)
    u <- u + (sum(r[a == 1]) - n1 * (n1 + 1) / 2) / (n + 1)
    pairs <- pairs + n1 * (n - n1) / (n + 1)
    v <- v + n1 * (n - n1) * var(r) / n / (n + 1)^2 # the variance given the ties
  }
  z0 <- (u - pairs / 2) / sqrt(v)
  both <- code %in% as.integer(names(which(tapply(arm, code, function(a) length(unique(a)) == 2))))
  d <- data.frame(y = y, arm = factor(arm, levels = 1:0), s = factor(code))[both, ]
  d$s <- factor(d$s)
  weighted <- function(data) trafo(data, numeric_trafo = function(x) rank(x) / (length(x) + 1), block = d$s)
  test <- independence_test(y ~ arm | s, data = d, ytrafo = weighted, teststat = "scalar")
  stopifnot(all.equal(abs(as.numeric(statistic(test))), abs(z0), tolerance = 1e-9))
  id <- paste0("v", length(samples))
  array("double", paste0(id, "_y"), number(y))
  array("unsigned char", paste0(id, "_arm"), arm)
  array("int", paste0(id, "_stratum"), code)
  samples <<- c(samples, sprintf("{\"%s\", %d, %s_y, %s_arm, %s_stratum, %d, {%s}},", name, length(y), id,
                                 id, id, max(code) + 1L,
                                 listed(c(u / pairs, sqrt(v) / pairs, z0, pvalue(test)))))
}
van_elteren("birth weight, smoking by race", birthwt$bwt, birthwt$smoke, birthwt$race)
van_elteren("tooth growth by dose", ToothGrowth$len, ToothGrowth$supp == "VC", ToothGrowth$dose)
van_elteren("warp breaks by tension", warpbreaks$breaks, warpbreaks$wool == "B", warpbreaks$tension)
van_elteren("veteran by cell type", veteran$time, veteran$trt == 2, veteran$celltype)
van_elteren("lung, Karnofsky by institution", lung$ph.karno, lung$sex == 2, lung$inst)
n <- 300
centre <- sample(28, n, TRUE, prob = rgamma(28, 2))
arm <- rbinom(n, 1, 0.5)
days <- ifelse(runif(n) < 0.43, 0, pmin(28, floor(29 * rbeta(n, 3, 1)) + arm))
van_elteren("days free, 28 centres", days, arm, centre)
van_elteren("one arm in a stratum, one patient in another", c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3),
            c(0, 1, 0, 1, 0, 0, 1, 1, 1, 0), c(1, 1, 1, 1, 2, 2, 3, 4, 4, 4))
van_elteren("pairs", c(1.5, 2, 3, 1, 4, 5, 2, 2), rep(0:1, 4), rep(1:4, each = 2))
van_elteren("far from zero", 1e8 + days, arm, centre)

out <- c(out, "static const struct table_case table_cases[] = {", tables, "};",
         "static const struct elteren_case elteren_cases[] = {", samples, "};")
writeLines(out, "tests/oracle/stratified.h")
