#!/usr/bin/env bash
# Shards of a run and merge: the file of one run to the byte, whatever was killed and gone on with; shards that are
# missing, given twice, of another run, cut short or damaged are named and nothing is written.
# TAP.  SPDX-License-Identifier: MIT
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
ss=${SHOCKSIM:-$top/build/release/shocksim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
ok() { n=$((n + 1)) && echo "ok $n - $1"; }
not_ok() { n=$((n + 1)) && echo "not ok $n - $1" && sed 's/^/# /' "${2:-/dev/null}" | tail -n 12; }
holds() { # LABEL COMMAND...
    local label=$1
    shift
    if "$@" >log 2>&1; then ok "$label"; else not_ok "$label" log; fi
}
says() { # STATUS OUTPUT MESSAGES LABEL ARGUMENT...: that status, those texts and no other ('': none)
    local want=$1 output=$2 message=$3 label=$4 status
    shift 4
    "$ss" "$@" >out 2>err </dev/null
    status=$?
    printf '%s' "${output:+$output$'\n'}" >wanted_out
    printf '%s' "${message:+$message$'\n'}" | sed 's/^/shocksim: /' >wanted
    if [ $status = "$want" ] && cmp -s wanted err && cmp -s wanted_out out; then ok "$label"; else
        { echo "status $status, wanted $want" && diff wanted err; diff wanted_out out; } >why
        not_ok "$label" why
    fi
}

# Points of unequal cost and a last block that is cut short.
cp "$top/tests/errors/base.yaml" .
printf '%s\n' 'extends: base.yaml' 'sweep: {trial.patients: [40, 50, 60]}' >small.yaml
small=(small.yaml --replicates 200 --quiet)
"$ss" run "${small[@]}" -o whole.h5
shards() { # N PREFIX OPTIONS...: all shards, with different numbers of threads
    local of=$1 prefix=$2 k
    shift 2
    for ((k = 1; k <= of; k++)); do
        "$ss" run "$@" --quiet --shard "$k/$of" -o "$prefix-$k.h5" --threads $((k % 3 + 1)) || return
    done
}

# --- the same bytes --------------------------------------------------------------------------------------------------

for of in 1 2 3 4 5 30; do # 12 blocks: of 30 shards many are empty
    holds "$of shards" shards $of "s$of" "${small[@]}"
    mapfile -t files < <(ls "s$of"-*.h5 | shuf --random-source=/dev/zero)
    holds "$of shards: merge, in any order" "$ss" merge "m$of.h5" "${files[@]}"
    holds "$of shards: the file of one run" cmp whole.h5 "m$of.h5"
done
(ulimit -Sn 20 && exec "$ss" merge few.h5 s30-*.h5 --quiet)
holds "more shards than a process may open by default" cmp whole.h5 few.h5
study=("$top/scenarios/andromeda-shock.yaml" --replicates 200 --quiet)
"$ss" run "${study[@]}" -o study.h5
holds "a study with published figures: shards" shards 3 study "${study[@]}"
for t in 1 3 8; do
    rm -f merged.h5
    "$ss" merge merged.h5 study-?.h5 --threads $t --quiet
    holds "… merged by $t threads: the file of one run" cmp study.h5 merged.h5
done
"$ss" run "${small[@]}" --no-replicates -o less.h5
"$ss" merge less-merged.h5 s3-?.h5 --no-replicates --quiet
holds "merge --no-replicates: the file of such a run" cmp less.h5 less-merged.h5
"$ss" run "${small[@]}" --replicates 300 -o more.h5
holds "more replicates: shards are added to" shards 3 s3 "${small[@]}" --replicates 300
"$ss" merge more-merged.h5 s3-?.h5 --quiet
holds "… and give the file of one run" cmp more.h5 more-merged.h5
"$ss" run "${small[@]}" --replicates 300 -o m4.h5
holds "a merged file is added to like any other" cmp more.h5 m4.h5
says 0 '' "s3-1.h5 is complete: 300 replicates a point (raise --replicates to add more)" "a complete shard is left alone" \
    run small.yaml --replicates 200 --shard 1/3 -o s3-1.h5
cp small.yaml default.yaml
"$ss" run default.yaml --replicates 5 --shard 2/3 --quiet
holds "the default name of a shard" test -s default.shard-2-of-3.h5 -a ! -e default.shard-2-of-3.h5.part

# --- stopped and gone on with. Each shard is long enough that it cannot be finished when it is stopped. --------------

long=("$top/scenarios/andromeda-shock.yaml" --replicates 4000 --quiet)
"$ss" run "${long[@]}" -o long.h5
stop() { # K SIGNAL STATUS
    "$ss" run "${long[@]}" --shard "$1/3" -o "long-$1.h5" --threads 1 2>long.err &
    local pid=$! i status
    for i in $(seq 1000); do
        [ -s "long-$1.h5.part" ] && [ "$(stat -c %s "long-$1.h5.part")" -gt 20000 ] && break
        sleep 0.01
    done
    kill -STOP $pid # until the second one has looked
    "$ss" run "${long[@]}" --shard "$1/3" -o "long-$1.h5" >out 2>second
    holds "shard $1: a second process is refused" test $? = 3 -a "$(cat second)" = \
        "shocksim: long-$1.h5.part: another process is working on it"
    kill "-$2" $pid
    kill -CONT $pid 2>/dev/null
    wait $pid 2>/dev/null
    status=$?
    holds "shard $1: $2 gives status $3, and no file yet" test $status = "$3" -a ! -e "long-$1.h5"
    "$ss" run "${long[@]}" --shard "$1/3" -o "long-$1.h5"
    holds "shard $1: going on" test $? = 0 -a -s "long-$1.h5" -a ! -e "long-$1.h5.part"
}
stop 1 KILL 137
stop 2 TERM 75
stop 3 USR1 75
"$ss" merge long-merged.h5 long-?.h5 --quiet
holds "shards that were killed and gone on with: the file of one run" cmp long.h5 long-merged.h5
"$ss" run "${long[@]}" --replicates 100000000 --shard 1/2 --time-limit 1 -o limit.h5 2>err
holds "--time-limit: status 75" test $? = 75 -a -s limit.h5.part -a ! -e limit.h5
rm -f limit.h5.part long*

# --- missing ---------------------------------------------------------------------------------------------------------

rm -f o.h5
says 3 '' 'o.h5 is not written: of 5 shards, missing: 2,5' "missing shards are named" merge o.h5 s5-1.h5 s5-3.h5 s5-4.h5
says 1 2,5 '' "--missing" merge --missing o.h5 s5-1.h5 s5-3.h5 s5-4.h5
says 0 '' '' "--missing: none" merge --missing o.h5 s5-?.h5
says 1 2,4,5 'nowhere.h5: No such file or directory' "--missing: a file that is not there" \
    merge --missing o.h5 s5-1.h5 nowhere.h5 s5-3.h5
says 3 '' $'nowhere.h5: No such file or directory\nmerge: no shard can be read, so that the number of shards is unknown' \
    "--missing: nothing at all" merge --missing o.h5 nowhere.h5
says 1 2 '' "--missing beside the scenario" merge --missing small.yaml s2-1.h5

# --- what is still to be run of a scenario, for the same command again -----------------------------------------------

of=(o.h5 s3-1.h5 s3-2.h5 s3-3.h5 --missing --of small.yaml)
says 0 '' '' "--of: fewer replicates are there" merge "${of[@]}" --replicates 200
says 1 1,2,3 '' "--of: more replicates are wanted" merge "${of[@]}" --replicates 301
says 1 2 '' "--of: a shard that is not there" merge o.h5 s3-1.h5 nowhere.h5 s3-3.h5 --missing --of small.yaml --replicates 300
cp s3-2.h5 kept.h5 && "$ss" run "${small[@]}" --shard 2/3 -o s3-2.h5 --overwrite
says 1 2 '' "--of: one with fewer replicates than the others" merge "${of[@]}" --replicates 300
mv kept.h5 s3-2.h5
other='holds the results of another scenario, seed or setting (use --overwrite to replace it, or -o for another file)'
says 3 '' "s3-1.h5 $other"$'\n'"s3-2.h5 $other"$'\n'"s3-3.h5 $other" "--of: of another setting" \
    merge "${of[@]}" --set trial.follow_up=91
says 1 1,2,3 '' "--of: … which --overwrite replaces" merge "${of[@]}" --set trial.follow_up=91 --overwrite
says 3 '' $'s3-2.h5: shard 2 of 3, not 1 of 3\ns3-1.h5: shard 1 of 3, not 2 of 3' "--of: out of order" \
    merge o.h5 s3-2.h5 s3-1.h5 s3-3.h5 --missing --of small.yaml --replicates 300
head -c 5000 s3-3.h5 >cut.h5
"$ss" merge o.h5 s3-1.h5 s3-2.h5 cut.h5 --missing --of small.yaml --replicates 300 >out 2>err
holds "--of: a damaged one is named" test $? = 3 -a ! -s out -a "$(grep -c '^shocksim: cut.h5' err)" = 1
says 2 '' 'merge: --of goes with --missing' "--of without --missing" merge o.h5 s3-1.h5 --of small.yaml

# scripts/slurm/submit with an sbatch that only notes what it is asked (scripts/soak has a real Slurm)
mkdir bin && printf '%s\n' '#!/bin/sh' 'echo "$@" >>sent; echo 7; exit ${REFUSED:-0}' >bin/sbatch && chmod +x bin/sbatch
submit() { # STATUS ARGUMENT...
    local want=$1 status
    shift
    rm -f sent
    PATH=$work/bin:$PATH SHOCKSIM=$ss "$top/scripts/slurm/submit" "$@" >said 2>err </dev/null
    status=$?
    [ $status = "$want" ] || { echo "status $status" && cat said err && return 1; }
}
for k in 1 2 3; do cp s3-$k.h5 job.shard-$k-of-3.h5; done
job=(small.yaml -o job.h5 --shards 3 -- --replicates)
arrays() { grep -o -- '--array=[^ ]*' sent; }
holds "submit: all shards are there" submit 0 "${job[@]}" 300
holds "… they are only merged" test "$(grep -c . sent)" = 1 -a -z "$(arrays)"
rm job.shard-2-of-3.h5
holds "submit: what is missing" submit 0 "${job[@]}" 300
holds "… of the array" test "$(arrays)" = --array=2 -a "$(grep -c -- '--dependency=afterok:7' sent)" = 1
holds "submit: more replicates" submit 0 "${job[@]}" 400
holds "… of all shards" test "$(arrays)" = --array=1,2,3
holds "submit: another setting where shards are" submit 3 small.yaml -o job.h5 --shards 3 -- --set trial.follow_up=91
holds "… sends nothing" test ! -e sent
holds "submit: a setting that is none" submit 2 small.yaml -o new.h5 --shards 3 -- --set trial.patiens=3
holds "… sends nothing" test ! -e sent
holds "submit: an sbatch that refuses" env REFUSED=1 bash -c "$(declare -f submit); $(declare -p work ss top); submit 1 small.yaml -o new.h5 --shards 3"
holds "… and no merge is sent" test "$(grep -c . sent)" = 1
holds "submit: no folder" submit 2 small.yaml -o nowhere/new.h5 --shards 3
holds "submit: an option that is none" submit 2 small.yaml -o new.h5 --shards 3 -- --threads 3
holds "submit --help" submit 0 --help

# --- given twice, of another run -------------------------------------------------------------------------------------

cp s2-1.h5 again.h5
says 3 '' 'again.h5: shard 1 of 2, which s2-1.h5 is already' "given twice" merge o.h5 s2-1.h5 s2-2.h5 again.h5
foreign() { # WHAT OPTIONS...
    local what=$1
    shift
    "$ss" run "${small[@]}" --shard 2/2 -o foreign.h5 --overwrite "$@"
    says 3 '' "foreign.h5: of another run than s2-1.h5: another $what"$'\no.h5 is not written: of 2 shards, missing: 2' \
        "another $what" merge o.h5 s2-1.h5 foreign.h5
}
foreign seed --seed 5
foreign 'number of replicates' --replicates 100
foreign 'scenario or setting' --set trial.follow_up=91
says 3 '' $'s3-2.h5: of another run than s2-1.h5: another number of shards\no.h5 is not written: of 2 shards, missing: 2' \
    "another number of shards" merge o.h5 s2-1.h5 s3-2.h5
sed 's/^sweep/# a comment\nsweep/' small.yaml >comment.yaml
mv comment.yaml small.yaml
foreign 'scenario file'
says 3 '' $'whole.h5: the results of a whole run, not a shard\no.h5 is not written: of 2 shards, missing: 2' \
    "a result file is no shard" merge o.h5 s2-1.h5 whole.h5
says 3 '' $'base.yaml: not an HDF5 file\no.h5 is not written: of 2 shards, missing: 2' "a text is no shard" \
    merge o.h5 s2-1.h5 base.yaml

# --- cut short, damaged ----------------------------------------------------------------------------------------------

size=$(stat -c %s s2-2.h5)
named() { # the damaged file is named, and nothing is written
    "$ss" merge o.h5 s2-1.h5 bad.h5 >out 2>err
    [ $? = 3 ] && [ ! -e o.h5 ] && [ ! -e o.h5.tmp ] && head -n 1 err | grep -q '^shocksim: bad.h5: ' &&
        [ "$("$ss" merge --missing o.h5 s2-1.h5 bad.h5 2>/dev/null)" = 2 ]
}
for length in 0 100 $((size / 2)) $((size - 1)); do
    head -c $length s2-2.h5 >bad.h5
    holds "cut to $length bytes of $size" named
done
flip() { # BYTE: bad.h5 is shard 2 with the lowest bit of that byte turned
    cp s2-2.h5 bad.h5
    printf "\\x$(printf %02x $((0x$(od -An -tx1 -j "$1" -N 1 s2-2.h5 | tr -d ' ') ^ 1)))" |
        dd of=bad.h5 bs=1 seek="$1" conv=notrunc status=none
}
start=$(grep -obaU SSPOOL02 s2-2.h5 | head -n 1 | cut -d: -f1) # all that follows are the records
for at in 0 $((start + 3)) $((start + 60)) $((start + 5000)) $((start + (size - start) / 2)) $((start + 12345)); do
    flip $at
    holds "a flipped bit in byte $at of $size" named
done
meaningless=0 harmless=true
for ((at = 8; at < start; at += start / 40)); do # among what the shard says of itself are bytes that mean nothing
    flip $at
    if "$ss" merge o.h5 s2-1.h5 bad.h5 --quiet 2>/dev/null; then
        meaningless=$((meaningless + 1))
        cmp -s o.h5 whole.h5 || harmless=false
        rm -f o.h5
    else named || harmless=false; fi
done
holds "flipped bits before the records: named, or without effect" $harmless
holds "… and most are named" test $meaningless -lt 20

# --- a shard is no result file, and the other way round ----------------------------------------------------------------

is_shard="s2-1.h5: shard 1 of 2 of a run; its results are there when all are merged (shocksim merge OUT.h5 SHARD.h5...)"
for command in report digest; do says 3 '' "$is_shard" "$command" $command s2-1.h5; done
says 3 '' "$is_shard (use --overwrite to replace it)" "run over a shard" run "${small[@]}" -o s2-1.h5
says 3 '' "whole.h5: the results of a whole run, not a shard (use --overwrite to replace it)" "a shard over a result file" \
    run "${small[@]}" --shard 1/2 -o whole.h5
says 3 '' "s2-1.h5 holds shard 1 of 2 (use --overwrite to replace it)" "a shard over another" \
    run "${small[@]}" --shard 2/2 -o s2-1.h5
says 3 '' "s2-1.h5 holds the results of another scenario, seed or setting (use --overwrite to replace it, or -o for another file)" \
    "a shard over that of another run" run "${small[@]}" --seed 9 --shard 1/2 -o s2-1.h5
says 2 '' "merge: 's2-1.h5' is a shard; the first file is the one to write" "merge without the file to write" merge s2-?.h5
says 2 '' "merge: expected OUT.h5 SHARD.h5... (see 'shocksim merge --help')" "merge of nothing" merge o.h5
for wrong in 0/3 4/3 1 1/ /3 1/x 1/0 -1/3 1/1000000 ''; do
    says 2 '' "--shard must be K/N, shard K of N, from 1/N to N/N, N at most 100000, not '$wrong'" "--shard '$wrong'" \
        run small.yaml --shard "$wrong"
done
says 2 '' "run: a shard keeps every result; give --no-replicates to merge instead" "a shard without replicates" \
    run small.yaml --shard 1/2 --no-replicates
if /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    holds "h5py reads what a shard says of itself" /usr/bin/python3 -c '
import h5py
f = h5py.File("s2-1.h5")
assert f.attrs["format"] == b"shocksim-shard" and (f.attrs["shard"], f.attrs["shards"]) == (1, 2)
assert f["points"].shape == (3,) and b"sweep" in f["scenario"][()] and f["records"].dtype == "u1"
assert "replicates" not in f'
else ok "h5py reads what a shard says of itself # SKIP python3-h5py missing"; fi

# --- what is there already -----------------------------------------------------------------------------------------------

cp whole.h5 o.h5
says 0 '' '' "a file of the same run is replaced" merge o.h5 s2-?.h5 --quiet
holds "… by the same" cmp o.h5 whole.h5
cp more.h5 o.h5
says 3 '' "o.h5 holds 300 replicates a point, the shards 200 (use --overwrite to replace it)" "a file that knows more" \
    merge o.h5 s2-?.h5
cp study.h5 o.h5
says 3 '' "o.h5 holds the results of another scenario, seed or setting (use --overwrite to replace it, or -o for another file)" \
    "a file of another run" merge o.h5 s2-?.h5
holds "… stays" cmp o.h5 study.h5
says 0 '' 'o.h5: 2 shards, 3 points x 200 trials' "--overwrite" merge o.h5 s2-?.h5 --overwrite
holds "… writes" cmp o.h5 whole.h5
echo notes >o.h5
says 3 '' "o.h5: not an HDF5 file (use --overwrite to replace it)" "a file that is something else" merge o.h5 s2-?.h5
mkdir folder
says 3 '' "folder: not a regular file" "a folder" merge folder s2-?.h5
says 3 '' "nowhere/o.h5: nowhere: No such file or directory" "no such folder" merge nowhere/o.h5 s2-?.h5

# --- a limit on the size of files stands for a full disk ------------------------------------------------------------------

full() { # SIZE in kB
    rm -f o.h5
    (trap '' XFSZ && ulimit -f "$1" && exec "$ss" merge o.h5 s2-?.h5) >out 2>err
    [ $? = 3 ] && [ ! -e o.h5 ] && [ ! -e o.h5.tmp ] && [ "$(wc -l <err)" = 1 ] &&
        grep -q '^shocksim: o.h5: cannot write: File too large$' err
}
if nm "$ss" 2>/dev/null | grep -q __tsan_init; then
    ok "no room # SKIP the thread sanitizer itself needs large files"
else
    whole_kb=$(($(stat -c %s whole.h5) / 1024))
    for size in 1 $((whole_kb / 3)) $((whole_kb - 1)); do holds "no room but for $size kB" full $size; done
    cp whole.h5 o.h5
    (trap '' XFSZ && ulimit -f 5 && exec "$ss" merge o.h5 s2-?.h5) >out 2>err
    holds "no room: the old file stays" cmp o.h5 whole.h5
    (trap '' XFSZ && ulimit -f 20 && exec "$ss" run "${small[@]}" --replicates 2000 --shard 1/2 -o full.h5) >out 2>err
    holds "no room for a shard" test $? = 3 -a ! -e full.h5 -a ! -e full.h5.tmp
    says 0 '' '' "… and when there is room again, it goes on" run "${small[@]}" --replicates 2000 --shard 1/2 -o full.h5
fi

# --- scripts/shards --------------------------------------------------------------------------------------------------------

export SHOCKSIM=$ss
"$top/scripts/shards" base.yaml 4 --replicates 300 --quiet >out 2>err
holds "scripts/shards" test $? = 0 -a "$(cat out)" = base.h5 -a ! -s err
"$ss" run base.yaml --replicates 300 --quiet -o one.h5
holds "… the file of one run" cmp one.h5 base.h5
rm base.shard-3-of-4.h5
before=$(stat -c %i.%Y base.shard-2-of-4.h5)
JOBS=2 "$top/scripts/shards" base.yaml 4 --replicates 300 --quiet --threads 2 >out 2>err
holds "… does what is missing" test $? = 0 -a -s base.shard-3-of-4.h5 -a "$(stat -c %i.%Y base.shard-2-of-4.h5)" = "$before"
"$top/scripts/shards" base.yaml 2 --replicates 300 --quiet --no-replicates -o less.h5 --overwrite >out 2>err
"$ss" run base.yaml --replicates 300 --quiet --no-replicates -o one.h5 --overwrite
holds "… --no-replicates" cmp one.h5 less.h5
"$top/scripts/shards" base.yaml 2 --replicates x --quiet -o wrong.h5 >out 2>err
holds "… wrong usage ends it" test $? = 2 -a ! -s out
"$top/scripts/shards" base.yaml >out 2>err
holds "… prints its usage" test $? = 2 -a ! -s out -a -s err

echo "1..$n"
