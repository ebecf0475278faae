#!/usr/bin/env bash
# shocksim analyze: R's numbers on real trials, the three formats, exit status and message of every kind of failure.
# Data and expected numbers: tests/oracle/analyze.R.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
shocksim=${SHOCKSIM:-$top/build/release/shocksim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$top"/tests/data/*.* .
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "${2:-/dev/null}" | tail -n 12; }
same() { # LABEL WANTED-FILE FILE
    if diff "$2" "$3" >difference; then ok "$1"; else not_ok "$1" difference; fi
}
fails() { # LABEL STATUS MESSAGE COMMAND...: exactly that message and nothing on standard output
    local label=$1 status=$2 message=$3
    shift 3
    "$@" >out 2>err
    local got=$?
    printf 'shocksim: %s\n' "$message" >wanted
    if [ $got = "$status" ] && cmp -s wanted err && [ ! -s out ]; then ok "$label"; else
        { echo "status $got, wanted $status"; diff wanted err; cat out; } >difference
        not_ok "$label" difference
    fi
}

# --- numbers: relative difference to R of at most 1e-6, p-values 1e-5, counts equal (DESIGN.md, analyses)
cat >compare.awk <<'P'
BEGIN { FS = ","; for (k = 2; k <= 6; k++) limit[k] = k == 6 ? 1e-5 : 1e-6
    split("estimate se ci_low ci_high p_value n events", name, " "); split("3 4 5 6 8 9 10", at, " ") }
FNR == 1 { next }
FILENAME == ARGV[1] { for (k = 1; k <= 8; k++) want[$1, k] = $k; names[++rows] = $1; next }
{ seen[$1]++
  for (j = 1; j <= 7; j++) { x = $at[j]; y = want[$1, j + 1]
    far = x == "" ? 1 : x - y; if (far < 0) far = -far
    size = y < 0 ? -y : y; most = j > 5 ? 0 : limit[j + 1] * size
    if (far > most) { print $1, name[j] ": " x ", R says " y; bad = 1 } } }
END { for (i = 1; i <= rows; i++) if (seen[names[i]] != 1) { print names[i] " is not there once"; bad = 1 }; exit bad || !rows }
P
for trial in ovarian pbc; do
    "$shocksim" analyze $trial.csv $trial.yaml >$trial.out 2>log
    if awk -f compare.awk $trial.expected.csv $trial.out >>log; then ok "$trial: the numbers are R's"; else not_ok "$trial: the numbers are R's" log; fi
    sed 's/^\(hr\|death\),\([0-9.]*\)/\1,9/' $trial.expected.csv >wrong.csv
    if awk -f compare.awk wrong.csv $trial.out >/dev/null; then not_ok "$trial: another number is noticed"; else ok "$trial: another number is noticed"; fi
done

# --- formats
head -n 1 ovarian.out >header
echo 'analysis,method,estimate,se,ci_low,ci_high,statistic,p_value,n,events,undefined,note' >wanted
same "csv has the columns of the contract" wanted header
"$shocksim" analyze - ovarian.yaml <ovarian.csv >out 2>log
same "standard input is the same data" ovarian.out out
"$shocksim" analyze ovarian.csv ovarian.yaml --format csv -o file.csv
same "-o writes the same" ovarian.out file.csv
cat >wanted <<'P'
ovarian.csv: 26 patients; 1 (control): 13; 2: 13

Analysis   Method             Estimate (95% CI)      P   N  Events
hr         cox              0.45 (0.13 to 1.54)   0.20  26      12
by_status  cox              0.37 (0.10 to 1.37)   0.14  26      12
per_year   cox              1.16 (1.06 to 1.27)  0.001  26      12
lr         logrank          0.55 (0.17 to 1.72)   0.30  26      12
rr         relative_risk    0.71 (0.30 to 1.67)   0.44  26      12
ages       mean_difference    0.9 (-7.7 to 9.4)   0.83  26       0
old        cox              0.29 (0.07 to 1.26)   0.10  12       8
swapped    cox              1.82 (0.57 to 5.74)   0.31  26      12

P
"$shocksim" analyze ovarian.csv ovarian.yaml --format text | head -n 12 >text
same "text is a paper's table" wanted text
"$shocksim" analyze pbc.csv pbc.yaml --format text >text
grep -q '^missing values   *arm 106, platelet 11, liver 6, copper 150$' text && ok "text counts missing values by column" || not_ok "text counts missing values by column" text
if command -v python3 >/dev/null; then
    "$shocksim" analyze pbc.csv pbc.yaml --format json >out.json
    python3 - >log 2>&1 <<'P' && ok "json says the same as csv" || not_ok "json says the same as csv" log
import csv, json
j, rows = json.load(open("out.json")), list(csv.DictReader(open("pbc.out")))
assert len(j["analyses"]) == len(rows) and j["patients"] == 418 and j["missing"]["arm"] == 106
assert [a["name"] for a in j["arms"]][0] == "placebo" and sum(a["patients"] for a in j["arms"]) == 312
for a, row in zip(j["analyses"], rows):
    assert list(a) == list(row)
    for key, text in row.items():
        assert str(a[key]) == text or (text == "" and a[key] in (None, "")) or float(text) == float(a[key]), (key, text, a[key])
P
else ok "json says the same as csv # SKIP python3 missing"; fi

# --- no answer is an answer
for huge in 1e60 1e100 1e160 1e200 1e300; do # squares of the last three are no numbers
    awk -F, -v huge=$huge 'BEGIN {OFS = ","} NR == 3 {$6 = huge} 1' "$top/tests/data/everything.csv" >huge.csv
    "$shocksim" analyze huge.csv "$top/tests/data/everything.yaml" >out 2>err
    if awk -F, 'NR > 1 {bad += ($3 == "") != ($11 == 1) || /,-?(inf|nan)/; n++} END {exit bad > 0 || n < 60}' out; then
        ok "a value of $huge: an estimate or a reason everywhere"
    else not_ok "a value of $huge: an estimate or a reason everywhere" out; fi
done
cat >plan.yaml <<'P'
data: {arm: trt, control: "0"}
endpoints: {death: {time: t, event: e}, dead: {value: e}}
analyses: {hr: {method: cox, endpoint: death}, rr: {method: relative_risk, endpoint: dead}}
P
printf 't,e,trt\n5,0,0\n6,0,1\n7,0,0\n' >d.csv
"$shocksim" analyze d.csv plan.yaml >out 2>err && [ ! -s err ] || not_ok "no events: exit 0"
cat >wanted <<'P'
analysis,method,estimate,se,ci_low,ci_high,statistic,p_value,n,events,undefined,note
hr,cox,,,,,,,3,0,1,no events
rr,relative_risk,,,,,,,3,0,1,no events
P
same "no events: empty numbers and the reason" wanted out
printf 't,e,trt\nNA,0,0\n.,0,1\n,1,0\n' >d.csv
"$shocksim" analyze d.csv plan.yaml >out 2>err
sed -n 2p out >row
echo 'hr,cox,,,,,,,0,0,1,no patients with complete data' >wanted
same "all rows dropped: undefined" wanted row
printf 't,e,trt\n3,0,0\n4,1,0\n' >d.csv
"$shocksim" analyze d.csv plan.yaml >out 2>err
sed -n 2p out >row
echo 'hr,cox,,,,,,,2,0,1,an arm has no patients with complete data' >wanted
same "an arm is missing: undefined" wanted row
printf '\xef\xbb\xbft,"e, 1\n2",trt\r\n3,"",0\r\n' >d.csv
sed 's/event: e/event: "e, 1\\n2"/; s/value: e/value: t/; s/relative_risk/mean_difference/' plan.yaml >odd.yaml
"$shocksim" analyze d.csv odd.yaml --format text >out 2>err
grep -q '^missing values   e, 1.*2 1$' out && ok "odd names of columns are shown in one line" || not_ok "odd names of columns are shown in one line" out

# A change from 10 can be -10 or 14 where a score is 0 to 24: means -3 of controls, (14 - 6) / 2 and (-10 - 6) / 2.
cat >plan.yaml <<'P'
data: {arm: trt, control: "0"}
endpoints: {change: {value: change, baseline: score, range: [0, 24]}}
analyses:
  worst: {method: mean_difference, endpoint: change, missing: worst}
  best: {method: mean_difference, endpoint: change, missing: best}
P
printf 'trt,score,change\n0,8,-2\n0,9,-4\n1,10,NA\n1,7,-6\n' >d.csv
"$shocksim" analyze d.csv plan.yaml 2>log | cut -d, -f1-3 | tail -n 2 >rows
printf 'worst,mean_difference,7\nbest,mean_difference,-5\n' >wanted
same "the worst change leads to the worst score" wanted rows
sed '1s/score/scorn/' d.csv >e.csv
"$shocksim" analyze e.csv plan.yaml >out 2>err
[ $? = 2 ] && grep -q "^shocksim: plan.yaml:2:.*e.csv has no column 'score'; did you mean 'scorn'?" err && ok "a baseline that is not there" || not_ok "a baseline that is not there" err
cat >plan.yaml <<'P'
data: {arm: trt, control: "0"}
endpoints: {death: {time: t, event: e}, dead: {value: e}}
analyses: {hr: {method: cox, endpoint: death}, rr: {method: relative_risk, endpoint: dead}}
P

# --- failures
run() { "$shocksim" analyze "$@"; }
fails "no such data" 3 "nowhere.csv: No such file or directory" run nowhere.csv plan.yaml
fails "a directory" 3 ".: Is a directory" run . plan.yaml
printf 'a,b\n1,2\n3\n' >ragged.csv
fails "ragged data" 3 "ragged.csv:3: 1 field, but the header has 2" run ragged.csv plan.yaml
fails "ragged standard input" 3 "standard input:3: 1 field, but the header has 2" run - plan.yaml <ragged.csv
fails "empty data" 3 "standard input: the file is empty; a row of column names is expected" run - plan.yaml </dev/null
fails "no such plan" 2 "nowhere.yaml: No such file or directory" run ovarian.csv nowhere.yaml
fails "a wrong plan" 2 "plan.yaml:1:13: data: ovarian.csv has no column 'trt'
shocksim: plan.yaml:2:27: endpoint 'death': ovarian.csv has no column 't'
shocksim: plan.yaml:2:37: endpoint 'death': ovarian.csv has no column 'e'
shocksim: plan.yaml:2:55: endpoint 'dead': ovarian.csv has no column 'e'" run ovarian.csv plan.yaml
printf 't,e,trt\n3,0,0\n4,1,1\n5,2,0\n6,7,1\n' >d.csv
fails "events that are none" 2 "plan.yaml:3:40: analysis 'hr': line 4 of d.csv has '2' in column 'e', where 0 or 1 is expected
shocksim: plan.yaml:3:86: analysis 'rr': line 4 of d.csv has '2' in column 'e', where 0 or 1 is expected" run d.csv plan.yaml
fails "a wrong format" 2 "analyze: unknown format 'jsn'; did you mean 'json'?" run d.csv plan.yaml --format jsn
fails "no plan" 2 "analyze: expected DATA.csv PLAN.yaml (see 'shocksim analyze --help')" run d.csv
fails "a wrong setting" 2 "--set must be PATH=VALUE, not 'x'" run d.csv plan.yaml --set x
fails "no place to write" 3 "/nonexistent/out.csv: No such file or directory" run ovarian.csv ovarian.yaml -o /nonexistent/out.csv
"$shocksim" analyze ovarian.csv ovarian.yaml --set analyses.hr.ties=breslow --set 'analyses.hr.adjust=[]' >out 2>log
awk -F, '$1 == "hr" { exit !($3 > 0.55 && $3 < 0.56) }' out && ok "--set changes the plan" || not_ok "--set changes the plan" out

# --- a million patients: how long it takes is told, not judged
awk 'BEGIN { srand(1); print "id,trt,t,e,age,source"; for (i = 1; i <= 1000000; i++)
    printf "%d,%d,%.17g,%d,%d,%s\n", i, rand() < .5, -28 * log(rand()), rand() < .4, 30 + 60 * rand(), rand() < .5 ? "lung" : "other" }' >big.csv
begin=$(date +%s%N)
"$shocksim" analyze big.csv plan.yaml --set 'analyses={rr: {method: relative_risk, endpoint: dead}}' >out 2>log
if awk -F, '$1 == "rr" { found = $9 == 1000000 } END { exit !found }' out; then
    ok "a million patients"
    echo "# $(stat -c %s big.csv) bytes read and one relative risk: $((($(date +%s%N) - begin) / 1000000)) ms"
else not_ok "a million patients" log; fi
echo "1..$n"
