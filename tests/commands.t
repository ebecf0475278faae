#!/usr/bin/env bash
# The command line: exit status and exact message of right and wrong usage of every command, output that cannot be
# written, files that are not what they should be, and that what `check` prints reads back the same.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
shocksim=${SHOCKSIM:-$top/build/release/shocksim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$top"/tests/errors/*.yaml .
n=0
ok() { n=$((n + 1)) && echo "ok $n - $1"; }
not_ok() { n=$((n + 1)) && echo "not ok $n - $1" && sed 's/^/# /' "${2:-/dev/null}" | tail -n 12; }

# STATUS MESSAGE ARGUMENT...: that status, that one message (none: ''), and nothing on standard output.
says() {
    local want=$1 message=$2 status
    shift 2
    "$shocksim" "$@" >out 2>err </dev/null
    status=$?
    printf '%s' "${message:+shocksim: $message$'\n'}" >wanted
    if [ $status = "$want" ] && cmp -s wanted err && [ ! -s out ]; then ok "$*"; else
        { echo "status $status, wanted $want" && diff wanted err; head -n 3 out; } >why
        not_ok "$*" why
    fi
}
# ARGUMENT...: done, something on standard output, nothing on standard error.
prints() {
    "$shocksim" "$@" >out 2>err </dev/null
    local status=$?
    if [ $status = 0 ] && [ -s out ] && [ ! -s err ]; then ok "$*"; else
        { echo "status $status" && cat err; } >why
        not_ok "$*" why
    fi
}
holds() { # LABEL COMMAND...
    local label=$1
    shift
    if "$@" >log 2>&1; then ok "$label"; else not_ok "$label" log; fi
}

# --- help ----------------------------------------------------------------------------------------------------------

prints --help
prints -h
prints --version
prints help
prints list
commands=$("$shocksim" --help | sed -n '/^Commands$/,/^$/s/^  \([a-z]*\) .*/\1/p')
holds "eleven commands" test "$(echo $commands)" = "run merge report digest calibrate check patients analyze validate list help"
for c in $commands; do
    prints "$c" --help
    prints "$c" -h
    prints help "$c"
done
for kind in covariates components endpoints analyses designs; do
    prints list $kind
    for name in $(cut -d' ' -f1 out); do prints help "$name"; done
done
for section in simulation centres trial published; do prints help $section; done
prints check nowhere.yaml --help
says 2 "unknown command 'runn'; did you mean 'run'? (see 'shocksim --help')" runn base.yaml
says 2 "unknown command 'frobnicate' (see 'shocksim --help')" frobnicate
says 2 "unknown command '--hepl' (see 'shocksim --help')" --hepl
says 2 "unknown command '' (see 'shocksim --help')" ''
says 2 "help: nothing is called 'coxx'; did you mean 'cox'?" help coxx
says 2 "help: unexpected 'cox' (see 'shocksim help --help')" help run cox
says 2 "list: unknown kind 'analysis'; did you mean 'analyses'? ([covariates|components|endpoints|analyses|designs])" \
    list analysis
"$shocksim" >out 2>err
status=$?
holds "no command: the usage, on standard error" test $status = 2 -a ! -s out -a "$(head -n 1 err)" = \
    "usage: shocksim COMMAND [arguments]"

# --- operands and options ----------------------------------------------------------------------------------------

for c in run check patients; do
    says 2 "$c: expected SCENARIO.yaml (see 'shocksim $c --help')" "$c"
    says 2 "$c: unexpected 'b.yaml' (see 'shocksim $c --help')" "$c" base.yaml b.yaml
    says 2 "nowhere.yaml: No such file or directory" "$c" nowhere.yaml
    says 2 "-x.yaml: No such file or directory" "$c" -- -x.yaml
    says 2 "$c: unknown option '--sett'; did you mean '--set'? (see 'shocksim $c --help')" "$c" base.yaml --sett=a=1
    says 2 "$c: --set needs a value (PATH=VALUE)" "$c" base.yaml --set
    says 2 "--set must be PATH=VALUE, not 'trial.patients'" "$c" base.yaml --set trial.patients
    says 2 "--set must be PATH=VALUE, not '=3'" "$c" --set =3 base.yaml
    says 2 "--set must be PATH=VALUE, not ''" "$c" --set= base.yaml
    says 2 "--set simulation.seed=1.5: seed must be a whole number from 0 to 9e+18, not 1.5" "$c" base.yaml --seed 1.5
done
for c in report digest; do
    says 2 "$c: expected FILE.h5 (see 'shocksim $c --help')" "$c"
    says 2 "$c: unexpected 'b.h5' (see 'shocksim $c --help')" "$c" a.h5 b.h5
    says 3 "nowhere.h5: No such file or directory" "$c" nowhere.h5
    says 3 "base.yaml: not an HDF5 file" "$c" base.yaml
    says 3 ".: not a regular file" "$c" .
done
says 2 "run: unknown option '-x' (see 'shocksim run --help')" run base.yaml -x
says 2 "run: --quiet takes no value" run base.yaml --quiet=yes
says 2 "run: --output needs a value (FILE.h5)" run base.yaml -o
says 2 "--threads must be a whole number from 1 to 1024, not '0'" run base.yaml --threads 0
says 2 "--threads must be a whole number from 1 to 1024, not '2.5'" run base.yaml --threads 2.5
says 2 "--threads must be a whole number from 1 to 1024, not '0x2'" run base.yaml --threads 0x2
says 2 "--threads must be a whole number from 1 to 1024, not ''" run base.yaml --threads=
says 2 "--time-limit must be a whole number from 1 to 100000000, not '-3'" run base.yaml --time-limit -3
says 2 "--time-limit must be a whole number from 1 to 100000000, not '99999999999999999999'" \
    run base.yaml --time-limit 99999999999999999999
says 2 "--set simulation.replicates=1e3: replicates must be a whole number from 1 to 1000000000, not 1e3" \
    run base.yaml --replicates 1e3
says 2 "--replicate must be a whole number from 1 to 576460752303423487, not '0'" patients base.yaml --replicate 0
says 2 "--point must be a whole number from 1 to 1000000, not 'all'" patients base.yaml --point all
says 2 "--point: the scenario has 1 point" patients base.yaml --point 2
says 2 "report: unknown table 'agreemnt'; did you mean 'agreement'? (operating_characteristics, agreement)" \
    report a.h5 --table agreemnt
says 2 "report: json holds every table; --table is for the other formats" report a.h5 --table agreement --format json
says 2 "report: unknown format 'jsn'; did you mean 'json'? (text, csv, json, markdown, html)" report a.h5 --format jsn
says 2 "analyze: expected DATA.csv PLAN.yaml (see 'shocksim analyze --help')" analyze data.csv
says 2 "analyze: unexpected 'c' (see 'shocksim analyze --help')" analyze a b c
says 2 "analyze: unknown option '--formt'; did you mean '--format'? (see 'shocksim analyze --help')" \
    analyze a b --formt=csv
says 3 "nowhere.csv: No such file or directory" analyze nowhere.csv base.yaml

# --- check ---------------------------------------------------------------------------------------------------------

# The first line names the file; the rest, comments on what was solved included, must not change.
fixed_point() {
    "$shocksim" check "$1" >once.yaml && "$shocksim" check once.yaml >twice.yaml &&
        grep -qx "course:" once.yaml && diff <(tail -n +2 once.yaml) <(tail -n +2 twice.yaml)
}
holds "check | check: a small scenario" fixed_point base.yaml
holds "check | check: nearly every key" fixed_point everything.yaml
holds "check | check: ANDROMEDA-SHOCK" fixed_point "$top/scenarios/andromeda-shock.yaml"
has() { # LINE ARGUMENT...: the output of check with these arguments has that line
    local line=$1
    shift
    "$shocksim" check "$@" >out && grep -qxF -- "$line" out
}
holds "check --set" has '  patients: 50' base.yaml --set trial.patients=50
holds "check --set=" has '  patients: 50' base.yaml --set=trial.patients=50
holds "an option before the operand" has '  seed: 7' --seed 7 base.yaml
holds "the last setting wins" has '  replicates: 9' base.yaml --replicates 8 --set simulation.replicates=9
holds "a setting of a map" has '        relative_risk: {28: 0.8}' base.yaml \
    --set 'arms.early.effects.mortality={relative_risk: {28: 0.8}}'
holds "a setting of a sweep" has '  trial.patients: [50, 60]' base.yaml --set 'sweep={trial.patients: [50, 60]}'
holds "a text with an equals sign" has '    where: "sofa == 9"' base.yaml --set 'analyses.primary.where=sofa == 9'
holds "a new arm" has '  other: {}' base.yaml --set 'arms.other={}'

# --- run, report, digest ---------------------------------------------------------------------------------------------

small=(base.yaml --replicates 20 --threads 1 --set 'population.covariates.severity.latent=true')
says 0 '' run "${small[@]}" -o result.h5 --quiet
prints digest result.h5
cp out digest
for format in text csv json markdown html; do prints report result.h5 --format $format; done
for format in text csv markdown html; do prints report result.h5 --table agreement --format $format; done
says 0 '' report result.h5 -o report.txt
holds "report -o writes what it prints" cmp <("$shocksim" report result.h5) report.txt
says 0 "result.h5 is complete: 20 replicates a point (raise --replicates to add more)" run "${small[@]}" -o result.h5
says 3 "result.h5 holds the results of another scenario, seed or setting (use --overwrite to replace it, or -o for another file)" \
    run "${small[@]}" --seed 2 -o result.h5
says 3 "base.yaml: not an HDF5 file (use --overwrite to replace it)" run "${small[@]}" -o base.yaml
mkdir folder
says 3 "folder: not a regular file" run "${small[@]}" -o folder
says 3 "folder: not a regular file" run "${small[@]}" -o folder --overwrite
says 3 "/dev/null: not a regular file" run "${small[@]}" -o /dev/null --overwrite
says 3 "nowhere/x.h5: nowhere: No such file or directory" run "${small[@]}" -o nowhere/x.h5 --quiet
says 2 "results need a file: '-' is none (or write ./-)" run "${small[@]}" -o - --quiet
head -c 3000 result.h5 >short.h5
"$shocksim" digest short.h5 >out 2>err
status=$?
holds "a file cut short" test $status = 3 -a ! -s out -a "$(grep -c '^shocksim: short.h5: ' err)" = 1
if [ "$(id -u)" != 0 ]; then
    chmod 000 short.h5
    says 3 "short.h5: Permission denied" report short.h5
else ok "a file that may not be read # SKIP root may read everything"; fi
says 0 '' patients base.yaml -o patients.csv
holds "patients -o writes what it prints" cmp <("$shocksim" patients base.yaml) patients.csv
says 3 "nowhere/x.csv: No such file or directory" patients base.yaml -o nowhere/x.csv

# --- standard streams that are full or closed ------------------------------------------------------------------------

unwritable="shocksim: standard output: the text could not be written"
loses() { # ARGUMENT...: exit status 3 and the message, on a full device and on a closed stream
    local full closed
    full=$("$shocksim" "$@" 2>&1 >/dev/full)
    [ $? = 3 ] || return 1
    closed=$("$shocksim" "$@" 2>&1 >&-)
    [ $? = 3 ] && [ "$full" = "$unwritable" ] && [ "$closed" = "$unwritable" ]
}
if [ -e /dev/full ]; then
    for command in --help --version "check --help" help "help cox" list "check base.yaml" "patients base.yaml" \
        "report result.h5" "digest result.h5" "analyze patients.csv base.yaml"; do
        holds "no room for $command" loses $command
    done
    says 3 "/dev/full: No space left on device" report result.h5 -o /dev/full
else ok "full devices # SKIP there is no /dev/full"; fi
"$shocksim" run "${small[@]}" -o closed.h5 <&- >&- 2>&-
holds "a run with all streams closed" test $? = 0
holds "… writes the same results" cmp <("$shocksim" digest closed.h5) digest

# --- results of different programs are not mixed: the revision tells them apart without git ---------------------------

mkdir -p copy/scripts && cp -r "$top/src" "$top/Makefile" copy && cp "$top/scripts/revision" copy/scripts
first=$(copy/scripts/revision) again=$(copy/scripts/revision)
holds "sources have a revision" test -n "$first" -a "$first" = "$again"
echo '/* changed */' >>copy/src/base/version.c
holds "… and others another" test "$(copy/scripts/revision)" != "$first"

echo "1..$n"
