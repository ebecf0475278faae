#!/usr/bin/env bash
# Smaller trials are the first patients of larger ones, and what is added to a scenario moves nothing else.
# TAP.  SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.."
ss=${SHOCKSIM:-$PWD/build/release/shocksim}
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
scenario=scenarios/andromeda-shock.yaml
count=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}
patients() { "$ss" patients "$scenario" "$@" 2>>"$dir/err"; }

patients --set trial.patients=2000 --replicate 3 >"$dir/2000.csv"
[ "$(wc -l <"$dir/2000.csv")" -eq 2001 ]; ok $? "patients prints 2,000 patients and a header"

for n in 1 137 424 1999; do
    patients --set "trial.patients=$n" --replicate 3 >"$dir/$n.csv"
    cmp -s "$dir/$n.csv" <(head -n $((n + 1)) "$dir/2000.csv")
    ok $? "a trial of $n is the first $n patients of a trial of 2,000, arms and outcomes included"
done

patients --set trial.patients=424 --replicate 4 >"$dir/other.csv"
! cmp -s "$dir/424.csv" "$dir/other.csv"; ok $? "another replicate has other patients"
patients --set trial.patients=424 --replicate 3 --seed 7 >"$dir/seed.csv"
! cmp -s "$dir/424.csv" "$dir/seed.csv"; ok $? "another seed has other patients"

effect=arms.crt_targeted.effects.mortality.hazard_ratio
patients --replicate 3 --set $effect=0.735 >"$dir/a.csv"
patients --replicate 3 --set $effect=1 >"$dir/b.csv"
cmp -s <(grep lactate_targeted "$dir/a.csv") <(grep lactate_targeted "$dir/b.csv")
ok $? "another effect leaves control patients unchanged to the last digit"
! cmp -s "$dir/a.csv" "$dir/b.csv"; ok $? "another effect changes treated patients"
cmp -s <(cut -d, -f1-9 "$dir/a.csv") <(cut -d, -f1-9 "$dir/b.csv")
ok $? "another effect leaves every patient's arm, covariates and centre unchanged"

patients --replicate 3 --set 'endpoints.zz_extra={kind: death, by: 7}' >"$dir/extra.csv"
column=$(head -1 "$dir/extra.csv" | tr , '\n' | grep -n '^zz_extra' | cut -d: -f1 | paste -sd,)
[ -n "$column" ] && cmp -s "$dir/a.csv" <(cut -d, --complement -f"$column" "$dir/extra.csv")
ok $? "one more endpoint changes no other column"

# COLUMN-BY-NAME: prints the columns named, in their order
columns() { awk -F, -v names="$*" 'NR==1{n=split(names,k," ");for(i=1;i<=NF;i++)c[$i]=i;next}
    {for(i=1;i<=n;i++)printf "%s%s",$c[k[i]],i<n?",":"\n"}'; }
patients --replicate 3 --set trial.excluded=0.1 --set trial.lost.probability=0.2 >"$dir/gone.csv"
columns excluded death_90d_time <"$dir/gone.csv" | awk -F, '{bad+=($1==1)!=($2=="");n+=$1} END{exit bad>0||n==0}'
ok $? "who is excluded has no outcome, and nobody else"
columns excluded lost death_90d_time death_90d_event <"$dir/gone.csv" |
    awk -F, '$1==0{bad+=$2!=""?$2!=$3||$4!=0:$4==0&&$3!=90;n+=$2!=""} END{exit bad>0||n==0}'
ok $? "who is lost is censored on that day, and nobody else before the end of follow-up"
columns arrival <"$dir/gone.csv" | sort -cg
ok $? "patients are in the order of their arrival"

echo "1..$count"
