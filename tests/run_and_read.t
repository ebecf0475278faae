#!/usr/bin/env bash
# The main job end to end: run, report in every format, result file read by h5py, patients piped through analyze.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
shocksim=${SHOCKSIM:-$top/build/release/shocksim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
check() { # LABEL COMMAND...
    n=$((n + 1))
    local label=$1
    shift
    if "$@" >log 2>&1; then echo "ok $n - $label"; else
        echo "not ok $n - $label"
        sed 's/^/# /' log | tail -n 8
    fi
}

compared=20 # replicates of each scenario; fewer where all is slow
nm "$shocksim" 2>/dev/null | grep -qE '__[at]san_init' && compared=2
# The stored results of a replicate, as analyze prints them: analysis,estimate,se,ci_low,ci_high,statistic,p_value
cat >stored.py <<'P'
import csv, math, struct, subprocess, sys
import h5py
shocksim, scenario, file, replicates = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
fields = ["estimate", "se", "ci_low", "ci_high", "statistic", "p_value"]
bits = lambda x: None if math.isnan(x) else struct.pack("<d", x)
bad = compared = 0
with h5py.File(file) as f:
    tables = {name: f["replicates"][name] for name in f["replicates"]}
    methods = {r["analysis"].decode(): r["method"].decode() for r in f["answers"][()]}
    for r in range(1, replicates + 1):
        patients = subprocess.run([shocksim, "patients", scenario, "--replicate", str(r)], capture_output=True, check=True)
        answers = subprocess.run([shocksim, "analyze", "-", scenario, "--format", "csv"], input=patients.stdout,
                                 capture_output=True, check=True).stdout.decode().splitlines()
        seen = set()
        for row in csv.DictReader(answers):
            seen.add(row["analysis"])
            stored = tables[row["analysis"]][r - 1]
            for name in fields:
                x = float(row[name]) if row[name] else math.nan
                compared += 1
                if bits(x) != bits(float(stored[name])):
                    bad += 1
                    print(f"replicate {r} {row['analysis']} {name}: analyze {row[name]} stored {stored[name]!r}")
            if (int(row["n"]), int(row["events"])) != (int(stored["n"]), int(stored["events"])):
                bad += 1
                print(f"replicate {r} {row['analysis']}: n, events differ")
        missing = {a for a in methods if methods[a] != "describe"} - seen
        if missing:
            bad += 1
            print("not analysed:", missing)
print(compared, "numbers compared,", bad, "differ")
sys.exit(bad > 0 or compared == 0)
P

# Outcomes filled in, two markers, posteriors of yes or no: draws are functions of the patients, wherever those come from.
cat >filled.yaml <<P
extends: $top/scenarios/andromeda-shock.yaml
simulation: {replicates: 20}
population: {covariates: {weight: {distribution: normal, mean: 75, sd: 15, within: [30, 200]}, bilirubin: {distribution: lognormal, median: 1, sd_log: 1}}}
endpoints: {sofa_72h: {observed: {probability: 0.8, log_odds: {sofa: -0.2}}}, death_28d: {observed: {probability: 0.95}}}
published:
analyses:
  worst: {method: mean_difference, endpoint: sofa_72h, missing: worst}
  ranks: {method: wilcoxon, endpoint: sofa_72h, missing: worst_best}
  risk: {method: relative_risk, endpoint: death_28d, missing: best_worst}
  single: {method: mean_difference, endpoint: sofa_72h, missing: single, impute_with: [sofa, log(weight), source]}
  many: {method: mean_difference, endpoint: sofa_72h, missing: multiple, impute_with: [sofa, source, centre], adjust: [age]}
  areas: {method: roc, endpoint: death_28d, marker: sofa, versus: bilirubin}
  curve: {method: roc, endpoint: death_28d, marker: lactate}
  posterior: {method: normal_posterior, endpoint: death_28d, of: odds_ratio, prior: sceptical, missing: worst}
P
for scenario in "$top"/scenarios/*.yaml filled.yaml; do
    name=$(basename "$scenario" .yaml)
    check "$name: check" "$shocksim" check "$scenario"
    check "$name: 20 replicates" "$shocksim" run "$scenario" --replicates 20 -o "$name.h5" --quiet
    if /usr/bin/python3 -c 'import h5py, pandas; pandas.DataFrame' 2>/dev/null; then
        check "$name: patients | analyze is what run stored, to the last bit" /usr/bin/python3 stored.py "$shocksim" "$scenario" "$name.h5" $compared
        check "$name: h5py and pandas read every table" /usr/bin/python3 "$top/tests/h5py_reads.py" "$name.h5"
    else
        echo "ok $((++n)) - $name: h5py # SKIP python3-h5py or pandas missing"
    fi
    check "$name: /resolved runs" bash -c '/usr/bin/python3 -c "
import h5py, sys
open(sys.argv[2], \"w\").write(h5py.File(sys.argv[1])[\"resolved\"][()].decode())" '"$name.h5 $name.resolved.yaml && $shocksim run $name.resolved.yaml --quiet -o $name.again.h5 && [ \$($shocksim digest $name.h5) = \$($shocksim digest $name.again.h5) ]"
done
for format in text csv json markdown html; do
    check "report --format $format" "$shocksim" report andromeda-shock.h5 --format $format
done
check "report's json is valid" bash -c "$shocksim report andromeda-shock.h5 --format json | /usr/bin/python3 -m json.tool"
header=$("$shocksim" report andromeda-shock.h5 --format csv | head -n 1 | tr -d '\r')
check "the csv has the columns of the contract" [ "$header" = "point,look,analysis,measure,value,mcse,low,high,n,scale" ]
if command -v Rscript >/dev/null && Rscript -e 'library(rhdf5)' >/dev/null 2>&1; then
    check "rhdf5 reads the operating characteristics" Rscript --vanilla -e \
        'library(rhdf5); t <- h5read("andromeda-shock.h5", "operating_characteristics"); stopifnot(nrow(t) > 50, "power" %in% t$measure)'
else echo "ok $((++n)) - rhdf5 # SKIP R or rhdf5 missing"; fi
echo "1..$n"
