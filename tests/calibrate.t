#!/usr/bin/env bash
# calibrate: what it writes differs from the scenario in the fitted numbers alone; the same bytes from any number of
# threads; a plain statement and exit status 1 where targets contradict each other or cannot be reached, where a parameter
# ends at its bound or is not identified; mistakes.
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
        sed 's/^/# /' log | tail -n 12
    fi
}
says() { grep -qF -- "$1" out || { cat out err; false; }; }
# STATUS FILE OPTION...: calibrates quietly into fitted.yaml
calibrate() {
    local want=$1 file=$2 status
    shift 2
    "$shocksim" calibrate "$file" -o fitted.yaml --quiet "$@" >out 2>err
    status=$?
    [ $status = "$want" ] || { echo "status $status, wanted $want"; cat out err; false; }
}
refuses() { # MESSAGE ARGUMENT...: exit status 2 and that message
    local message=$1 status
    shift
    "$shocksim" calibrate "$@" >out 2>err
    status=$?
    [ $status = 2 ] && [ ! -s out ] && [ "$(cat err)" = "shocksim: $message" ] || { echo "status $status"; cat out err; false; }
}

study() { # ROWS FREE: a study whose control arm has 40 % deaths and 15.3 days free of vasopressors
    cat <<Y
# What is "free" moves; nothing else does.   
name: study
simulation: {seed: 3}
population:
  covariates: {severity: {distribution: normal, mean: 0, sd: 1, latent: true}}
course:
  mortality:   {cumulative: {7: 0.2, 28: 0.40},  log_hazard: {severity: 0.5}}     # 28: fitted
  vasopressor: {median: 2.5, sd_log: 0.9, until_death: 0.6}  
  adverse_event: {probability: 0.07}
arms:
  usual: {}
  early: {effects: {mortality: {hazard_ratio: 0.75}}}   # "é": 0.40
trial: {patients: 300, follow_up: 28}
endpoints:
  death: {kind: death, by: 28}
  free: {kind: days_free, of: [vasopressor], within: 28, death: counted}
analyses:
  rr: {method: relative_risk, endpoint: death}
published:
$1
calibrate:
  trials: 100
  free: {$2}
Y
}
row() { echo "  - {endpoint: $1, arm: usual, statistic: $2, value: $3, use: ${4:-calibrate}${4:+, reason: a test}}"; }
mortality='course.mortality.cumulative.28: [0.25, 0.6]'
median='course.vasopressor.median: [0.5, 10]'

# --- a fit, and what is written ----------------------------------------------------------------------------------
study "$(row death percent 46.2; row free mean 13.1; row free sd 3 info)" "$mortality, $median" >study.yaml
check "two targets, two parameters" calibrate 0 study.yaml --threads 1
check "both met, both identified" says '2 of 2 targets met, 2 of 2 parameters identified within their ranges'
check "the targets, not what is info" bash -c '! grep -q "usual: sd" out'
cp fitted.yaml one.yaml
cp out one.out
sed -E 's/28: 0\.[0-9]+\}/28: 0.40}/; s/median: [0-9.]+,/median: 2.5,/' fitted.yaml >back.yaml
check "only the two numbers differ" cmp study.yaml back.yaml
check "they do differ" bash -c '[ "$(diff study.yaml fitted.yaml | grep -c "^>")" = 2 ]'
check "2 threads, the default name" bash -c '"$1" calibrate study.yaml --threads 2 >out 2>err' - "$shocksim"
check "the same file from 1 and 2 threads" cmp one.yaml study-calibrated.yaml
check "the same report from 1 and 2 threads" cmp one.out out
check "its name on standard error" grep -q "^shocksim: study-calibrated.yaml written" err
check "it is not overwritten unless named" refuses 'study-calibrated.yaml is there already: -o study-calibrated.yaml replaces it' study.yaml
check "the fitted scenario is one" "$shocksim" check one.yaml
cp one.yaml again.yaml
check "calibrated again, over the input because it is named" bash -c '"$1" calibrate again.yaml -o again.yaml --quiet >out' - "$shocksim"
check "it stays as it is" cmp again.yaml one.yaml
check "run ignores the section" bash -c '"$1" run study.yaml --replicates 5 --quiet -o a.h5 && "$1" check study.yaml | grep -qF "course.vasopressor.median: [0.5, 10]"' - "$shocksim"

# --- statements --------------------------------------------------------------------------------------------------
study "$(row death percent 48.0; row death percent 36.0)" "$mortality" >two.yaml
check "two figures for one fact" calibrate 1 two.yaml
check "contradict each other" says "printed 48.0, fitted"
check "by name" says "contradicts 'death, usual: percent' (printed 36.0)"

study "$(row death percent 80.0)" "$mortality" >far.yaml
check "a figure beyond the range" calibrate 1 far.yaml
check "is not reached" says 'not reached anywhere in the ranges given; the closest is 6'
check "the parameter is at its bound" says 'course.mortality.cumulative.28  at the upper end of its range, 0.6: the targets pull it further'
check "where it is written as given" grep -qF '28: 0.6}' fitted.yaml

study "$(row death percent 46.2)" "$mortality, course.adverse_event.probability: [0.01, 0.3]" >open.yaml
check "a parameter of which no target knows" calibrate 1 open.yaml
check "is not identified" says 'course.adverse_event.probability  not identified: every value of its range fits'
check "and is left as it was" grep -qF 'adverse_event: {probability: 0.07}' fitted.yaml
check "the other one is" says '1 of 1 targets met, 1 of 2 parameters identified within their ranges: look above'

study "$(row free mean 15.3)" 'course.vasopressor.median: [1, 4], course.vasopressor.until_death: [0.2, 0.9]' >apart.yaml
check "two parameters, one target" calibrate 1 apart.yaml
check "are not identified apart" says 'course.vasopressor.median down, course.vasopressor.until_death up: together these change no target enough to tell'

study "$(row death percent 46.2; row free mean 22.0)" "course.adverse_event.probability: [0.01, 0.3]" >still.yaml
check "a target that nothing moves" calibrate 1 still.yaml
check "is said to be so" says 'no free parameter moves it'

# --- mistakes ----------------------------------------------------------------------------------------------------
study "$(row death percent 46.2 predict)" "$mortality" >bad.yaml
check "no targets" refuses "bad.yaml:20:3: there is nothing to calibrate to: no row of 'published' has use: calibrate" bad.yaml
sed '/^calibrate/,$d' study.yaml >bad.yaml
check "no section" refuses "bad.yaml:1:1: there is nothing to calibrate: no section 'calibrate'" bad.yaml
study "$(row death percent 46.2)" "course.vasopressor.median: [3, 10]" >bad.yaml
check "a start outside the range" refuses "bad.yaml:23:10: calibrate: 'course.vasopressor.median' starts from its value in the scenario, 2.5, which is not from 3 to 10" bad.yaml
study "$(row death percent 46.2)" "trial.patients: [200, 400]" >bad.yaml
check "a whole number" bash -c '! "$1" calibrate bad.yaml -o x.yaml --quiet 2>&1 | grep -vF "shocksim: bad.yaml:23:10: calibrate: '"'trial.patients'"' cannot be varied around 300: bad.yaml:13:19: patients must be a whole number"' - "$shocksim"
{ cat study.yaml && echo 'sweep: {trial.patients: [100, 200]}'; } >bad.yaml
check "a sweep" refuses "bad.yaml:26:8: a scenario with a sweep cannot be calibrated" bad.yaml
sed 's/7: 0.2,/7: \&m 0.2,/; s/median: 2.5/median: *m/; s/0.5, 10/0.1, 10/' study.yaml >bad.yaml
check "an alias" refuses "bad.yaml:7:36: calibrate: this value of 'course.vasopressor.median' also stands for others (an alias): write it out" bad.yaml
mkdir deep
echo 'extends: ../study.yaml' >deep/child.yaml
check "an inherited value" refuses "deep/../study.yaml:25:10: calibrate: the value of 'course.mortality.cumulative.28' is inherited from deep/../study.yaml, line 7: state it in deep/child.yaml to have it fitted
shocksim: deep/../study.yaml:25:55: calibrate: the value of 'course.vasopressor.median' is inherited from deep/../study.yaml, line 8: state it in deep/child.yaml to have it fitted" deep/child.yaml
printf 'extends: ../study.yaml\ncourse: {vasopressor: {median: 2.5}}\ncalibrate: {free: {course.mortality.cumulative.28: , %s}}\n' "$median" >deep/child.yaml
check "a value of its own" bash -c '"$1" calibrate deep/child.yaml -o deep/out.yaml --quiet >out; [ $? -le 1 ] && "$1" check deep/out.yaml && diff deep/child.yaml deep/out.yaml | grep -c "^>" | grep -qx 1' - "$shocksim"
check "another folder" refuses "deep/child.yaml:1:10: what the scenario extends is looked for in its own folder: -o must be in the same, not x.yaml" deep/child.yaml -o x.yaml
printf 'extends: ../study.yaml\ncourse: {adverse_event: , vasopressor: }\nendpoints: {free: }\npublished: []\n' >deep/gone.yaml
check "an inherited path that is gone is ignored by check" bash -c '"$1" check deep/gone.yaml >echo.yaml && "$1" check echo.yaml' - "$shocksim"
check "a fitted parameter that a setting takes away is ignored" bash -c '"$1" check "$2" --set arms.crt_targeted.effects= >echo.yaml &&
    grep -q "course.vasopressor.median: \[" echo.yaml && ! grep -q "crt_targeted.effects" echo.yaml' - "$shocksim" "$top/scenarios/andromeda-shock.yaml"

echo "1..$n"
