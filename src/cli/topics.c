/* topics.c - see topics.h.  SPDX-License-Identifier: MIT */
#include "cli/topics.h"
#include "engine/calibrate_spec.h"
#include "engine/scenario.h"

const struct topic topics[] = {
    {"scenario",
     "A scenario file is YAML with the sections name, description, simulation, "
     "population, course,\n"
     "arms, trial, endpoints, analyses, sweep, zip, published, calibrate and the key extends. "
     "course, arms, trial,\n"
     "endpoints and analyses are required. 'shocksim check FILE' shows every value "
     "with its default. published lists what a paper prints: 'shocksim validate FILE' judges it, "
     "'shocksim\n"
     "help published' has its keys.\n",
     NULL},
    {"extends",
     "extends: other.yaml          start from another file, relative to this one's folder\n\n"
     "What this file says wins. Maps are merged key by key; lists and single values are replaced, "
     "and so\n"
     "are tables by day and `levels`, which make sense as a whole only. A key with nothing behind "
     "it\n"
     "takes an inherited key away:\n\n"
     "  arms: {crt_targeted: {effects: {mortality: {hazard_ratio: , risk_difference: {28: "
     "-0.085}}}}}\n",
     NULL},
    {"sweep",
     "sweep: {PATH: [a, b, c], PATH: {from: 400, to: 2000, by: 200}}\n"
     "zip:   {PATH: [a, b], PATH: [c, d]}          lists that move together\n\n"
     "Every combination is a point: the full grid in file order, the last key fastest, "
     "the lists of zip\n"
     "last of all. A path such as trial.patients or "
     "arms.NAME.effects.mortality.hazard_ratio names a\n"
     "value everywhere: in sweep, zip, --set PATH=VALUE and in the columns of reports; "
     "--set PATH= takes\n"
     "the key away. Points share their patients (simulation.common_random_numbers), so that "
     "differences\n"
     "between them are precise; reports say where they do not share arms.\n",
     NULL},
    {"simulation", "simulation: how often, and from which random numbers\n", simulation_params},
    {"population", "population: who is enrolled: covariates, their correlation, centres\n",
     population_params},
    {"centres", "population.centres: heterogeneity between centres\n", centres_params},
    {"course",
     "course: {mortality: {…}, vasopressor: {…}, …}\n\n"
     "The control arm's illness course: one path per patient, of which death, organ support, SOFA "
     "and\n"
     "stays are parts. Only mortality is required. 'shocksim list components' names the parts and\n"
     "'shocksim help NAME' their keys, assumptions and the effects an arm can have on them.\n",
     NULL},
    {"arms",
     "arms:\n"
     "  control: {}                                       the first arm is the control: no "
     "effects\n"
     "  treated:\n"
     "    effects: {mortality: {hazard_ratio: 0.75}, sofa: {shift: -1}, vasopressor: "
     "{time_ratio: 0.9}}\n\n"
     "effects has a key for each component of the course; 'shocksim help NAME' lists what "
     "an arm can\n"
     "change of it. One arm alone is a study without arms.\n",
     NULL},
    {"effects",
     "See 'shocksim help arms', and 'shocksim help NAME' for a component of the course.\n", NULL},
    {"trial", "trial: design, size, randomisation, recruitment, follow-up and loss\n",
     trial_params},
    {"observed",
     "observed: {probability: 0.9, log_odds: {sofa: -0.1, death_28d: 1}}\n\n"
     "Makes values of an endpoint missing. probability is the share of known values "
     "that is recorded in\n"
     "an arm (a number, or {arm: number}); log_odds lets it depend on covariates or on "
     "endpoints, the\n"
     "share being kept. The truth is found with everything recorded, so bias includes "
     "what this does.\n",
     NULL},
    {"missing",
     "missing: complete | worst | best | worst_best | best_worst | single | multiple\n"
     "impute_with: [sofa, log(lactate)]     imputations: 20\n\n"
     "What an analysis does with patients whose outcome is not known: unmeasured, not recorded, "
     "lost.\n"
     "Patients who by design have no value (dead by the day of a SOFA with death: exclude, "
     "excluded after\n"
     "randomisation) are not missing and never filled in; the column NAME_eligible, 1 or 0, tells "
     "them apart.\n"
     "'shocksim patients' prints it where an analysis asks; a plan for other data names it:\n\n"
     "  endpoints: {sofa: {value: sofa3, eligible: alive3, range: [0, 24], better: lower},\n"
     "              change: {value: sofa_change, baseline: sofa0, range: [0, 24]}}     # of the "
     "sum\n\n"
     "Without it everybody without a value counts as missing.\n\n"
     "  complete     they are left out\n"
     "  worst, best  they get the worst or best value there is, by the endpoint's `better`: SOFA "
     "24 "
     "or 0,\n"
     "               its change what leads there from the patient's SOFA, days free 0 (-1 with "
     "death: worst)\n"
     "               or `within`, yes or no\n"
     "  worst_best   worst where treated, best in the control arm; best_worst the other way round\n"
     "  single       what a linear regression on the arm, adjust and impute_with predicts: without "
     "covariates\n"
     "               the arm's mean. Filled in once, so standard errors are too small: for "
     "comparison only\n"
     "  multiple     drawn `imputations` times from that regression's posterior (Rubin 1987, p. "
     "167), neither\n"
     "               rounded nor cut; results pooled by Rubin's rules with the degrees of freedom "
     "of Barnard\n"
     "               & Rubin (1999, Biometrika 86:948), those of complete data the mean over "
     "imputations (Welch's\n"
     "               vary; n - p with adjust). The draws are a function of the data "
     "alone, "
     "whatever\n"
     "               the order of patients. For mean_difference, which then also gives .df, "
     ".within "
     "and\n"
     "               .between (standard errors within and between imputations) and "
     ".missing_information\n\n"
     "single and multiple are for outcomes with values. A patient who lacks one of impute_with is "
     "not filled\n"
     "in. With nothing missing the answer is that of complete cases.\n",
     NULL},
    {"where",
     "where: \"sofa < 10 and (source == abdominal or not age >= 70)\"\n\n"
     "Restricts an analysis to a subgroup. Columns are compared with numbers (< <= > >= "
     "== !=) or, when\n"
     "categorical, with a level (== !=). A patient whose value is missing stays out, also "
     "of `not`.\n\n"
     "Columns are the covariates that are not latent, centre, and those of the endpoints: a "
     "marker or an\n"
     "event needs an endpoint of the scenario. What comes after randomisation can itself be "
     "an effect of\n"
     "the arm: a comparison within such a subgroup (deaths of those whose refill time is "
     "normal at 2 h)\n"
     "is printed by papers, but is no randomised comparison.\n",
     NULL},
    {"calibrate", "calibrate: which parameters 'shocksim calibrate' fits; nothing else reads it\n",
     calibrate_params},
    {"published", "published: figures that papers print, shown beside simulated ones\n",
     published_params},
    {0},
};
