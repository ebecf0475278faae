#!/usr/bin/env bash
# Runs every command of the README in its order, in a fresh folder, as a reader would type it.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "${SHOCKSIM:-$top/build/release/shocksim}" "$work/bin/shocksim"
ln -s "$top/scenarios" "$work/scenarios"
export PATH="$work/bin:$PATH"
cd "$work" || exit 1

# block N of language L of the README
block() { awk -v lang="$1" -v want="$2" '$0=="```"lang{n++; on=1; next} /^```/{on=0} on && n==want' "$top/README.md"; }
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
fail() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' log | tail -n 5; }
run() { if eval "$1" >log 2>&1; then ok "$1"; else fail "$1"; fi; }

block yaml 1 >follow-up.yaml
grep -q '^extends: ' follow-up.yaml && ok "the first scenario is in the README" || fail "the first scenario is in the README"
for k in 1 2 3 4 5 6; do
    while read -r line; do
        case $line in shocksim*) run "${line%%  #*}" ;; esac
    done < <(block sh $k)
done
block yaml 2 >plan.yaml
printf 'trt,futime,fustat,vfd,age\n0,5,1,0,60\n0,28,0,20,50\n0,9,1,3,71\n0,28,0,11,66\n1,28,0,22,64\n1,7,1,2,70\n1,28,0,25,58\n1,28,0,17,49\n' >data.csv
run "shocksim analyze data.csv plan.yaml"
block yaml 3 >plan.yaml
printf 'trt,sofa0,sofa3,alive3,age\n0,9,8,1,60\n0,7,,1,50\n0,12,,0,71\n0,8,7,1,66\n0,9,6,1,41\n1,6,3,1,64\n1,11,9,1,70\n1,9,,1,58\n1,10,5,1,49\n' >data.csv
run "shocksim analyze data.csv plan.yaml && ! shocksim analyze data.csv plan.yaml --format csv | grep -q ',1,[a-z]'"
if /usr/bin/python3 -c 'import h5py, pandas; pandas.DataFrame' 2>/dev/null; then
    block python 1 >read.py
    run "/usr/bin/python3 read.py"
else ok "python block # SKIP no h5py or pandas"; fi
if Rscript -e 'library(rhdf5)' >/dev/null 2>&1; then
    block r 1 >read.R
    run "Rscript --vanilla read.R"
else ok "R block # SKIP no rhdf5"; fi
for command in run merge report calibrate check patients analyze validate digest list help; do
    run "grep -q '\`$command' '$top/README.md' && shocksim $command --help"
done
echo "1..$n"
