# hard.R - every method of tests/data/hard/plan.yaml on data made to be hard: what tests/hard.t expects.
# SPDX-License-Identifier: MIT
# Rscript --vanilla tests/oracle/hard.R [DATA]... (from the root; rewrites tests/data/hard/*.csv and tests/oracle/hard.csv;
# with names of data sets it writes those and prints their rows)
#
# Each analysis has a reference in tests/oracle/hard/ by the name it has in the plan: R's own function with its
# tolerance tightened, or the formula, on columns of numbers that R can digest. Whether there is an answer at all is
# decided without fitting: a likelihood has no maximum where a linear programme finds a direction in which it rises for
# ever (Albert & Anderson 1984), where R's functions warn or print large finite numbers.
for (part in c("common", "data")) source(sprintf("tests/oracle/hard/%s.R", part))
references <- list()
for (part in c("survival", "binary", "values")) source(sprintf("tests/oracle/hard/%s.R", part))

number <- function(x) ifelse(is.na(x), "", ifelse(is.infinite(x), ifelse(x > 0, "inf", "-inf"), sprintf("%.12g", x)))
rows_of <- function(data, analysis, d) {
  outputs <- tryCatch(references[[analysis]](d), no_answer = function(e) list(e$message), error = function(e) {
    message(data, " ", analysis, ": ", conditionMessage(e)); NULL })
  suffix <- names(outputs)
  if (is.null(suffix)) suffix <- rep("", length(outputs))
  unlist(Map(function(o, s) paste(c(data, paste0(analysis, if (s != "") ".", s), if (is.character(o))
    c(rep("", 6), sprintf("\"%s\"", o)) else c(number(o), "")), collapse = ","), outputs, suffix))
}
wanted <- commandArgs(TRUE)
data <- if (length(wanted)) hard[wanted] else hard
out <- "data,analysis,estimate,se,ci_low,ci_high,statistic,p_value,note"
for (name in names(data)) {
  d <- data[[name]]
  text <- d
  for (v in names(d)) if (is.numeric(d[[v]])) text[[v]] <- sprintf("%.17g", d[[v]])
  write.csv(text, sprintf("tests/data/hard/%s.csv", name), row.names = FALSE, quote = FALSE)
  for (analysis in names(references)) out <- c(out, rows_of(name, analysis, d))
}
writeLines(out, if (length(wanted)) stdout() else "tests/oracle/hard.csv")
