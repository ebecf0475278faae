#!/usr/bin/env bash
# Results do not depend on threads, restarts, kills, the order of work or vector units.
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
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
run() { # run FILE OPTIONS...
    local file=$1
    shift
    "$ss" run "$scenario" -o "$dir/$file" --quiet "$@" 2>>"$dir/err"
}
same() { # same A B NAME: the files are equal byte by byte, and so are their digests
    cmp -s "$dir/$1" "$dir/$2" && [ "$("$ss" digest "$dir/$1")" = "$("$ss" digest "$dir/$2")" ]
    ok $? "$3"
}

# --- threads
swept=(--replicates 200 --set 'sweep={trial.patients: [100, 424]}')
run t1.h5 --threads 1 "${swept[@]}"; ok $? "one thread"
for t in 2 3 7; do
    run "t$t.h5" --threads "$t" "${swept[@]}"
    same t1.h5 "t$t.h5" "$t threads give the file that one gives"
done
run seed.h5 --threads 2 --seed 7 "${swept[@]}"
[ "$("$ss" digest "$dir/t1.h5")" != "$("$ss" digest "$dir/seed.h5")" ]; ok $? "another seed gives another digest"

# --- more replicates
run grown.h5 --replicates 300 && run grown.h5 --replicates 1000 && run once.h5 --replicates 1000
same grown.h5 once.h5 "raising the replicates from 300 to 1,000 gives the file of 1,000 at once"
before=$(stat -c %Y.%i "$dir/once.h5")
run once.h5 --replicates 1000; [ $? -eq 0 ] && [ "$(stat -c %Y.%i "$dir/once.h5")" = "$before" ]
ok $? "a complete file is left as it is"

# --- stopped and continued. The run is made long enough that it cannot be finished when it is stopped.
n=4000
run whole.h5 --replicates $n --threads 2; ok $? "a run without a stop"
started() { # waits until the spool of FILE holds results
    local i
    for i in $(seq 400); do
        [ -s "$dir/$1.part" ] && [ "$(stat -c %s "$dir/$1.part")" -gt 20000 ] && return 0
        sleep 0.01
    done
    return 1
}
stop() { # stop FILE SIGNAL STATUS NAME
    "$ss" run "$scenario" -o "$dir/$1" --quiet --replicates $n --threads 1 2>"$dir/$1.err" &
    local pid=$! status
    started "$1"
    kill "-$2" "$pid"
    wait "$pid" 2>/dev/null
    status=$?
    [ "$status" -eq "$3" ] && [ ! -e "$dir/$1" ]
    ok $? "$4: status $3 (got $status), no result file yet"
    run "$1" --replicates $n --threads 2
    same whole.h5 "$1" "$4: going on gives the file of the run without a stop"
    [ ! -e "$dir/$1.part" ]; ok $? "$4: nothing is left over"
}
stop int.h5 INT 130 SIGINT
stop term.h5 TERM 75 SIGTERM
stop usr1.h5 USR1 75 SIGUSR1
stop kill.h5 KILL 137 'kill -9'

run limit.h5 --replicates 100000000 --threads 1 --time-limit 1; status=$?
[ "$status" -eq 75 ]; ok $? "--time-limit: status 75 (got $status)"
grep -q 'run the same command to go on' "$dir/int.h5.err"; ok $? "a stopped run says how to go on"

# A record torn by a kill is dropped, what precedes it is kept.
"$ss" run "$scenario" -o "$dir/torn.h5" --quiet --replicates $n --threads 1 2>/dev/null &
pid=$!
started torn.h5
kill -KILL $pid
wait $pid 2>/dev/null
truncate -s -7 "$dir/torn.h5.part"
run torn.h5 --replicates $n
same whole.h5 torn.h5 "a torn last record: going on gives the file of the run without a stop"

# What is saved outlives a run that asks for less, and no run that has it all.
"$ss" run "$scenario" -o "$dir/less.h5" --quiet --replicates $n --threads 1 2>/dev/null &
pid=$!
started less.h5
kill -TERM $pid
wait $pid 2>/dev/null
cp "$dir/less.h5.part" "$dir/saved"
run less.h5 --replicates 1
run less.h5 --replicates 1
[ -s "$dir/less.h5.part" ]; ok $? "what goes further than was asked for is kept"
run less.h5 --replicates $n
same whole.h5 less.h5 "… and used by a run that asks for more"
[ ! -e "$dir/less.h5.part" ]; ok $? "… which leaves nothing over"
cp "$dir/saved" "$dir/less.h5.part"
run less.h5 --replicates $n; ok $? "killed before what was saved is removed: the results are complete"
[ ! -e "$dir/less.h5.part" ]; ok $? "… and it is removed"
cp "$dir/saved" "$dir/less.h5.part"
run less.h5 --replicates 100000000 --seed 7 --overwrite --time-limit 1
mv "$dir/less.h5.part" "$dir/other"
run less.h5 --replicates $n
cp "$dir/other" "$dir/less.h5.part"
run less.h5 --replicates $n
cmp -s "$dir/other" "$dir/less.h5.part"; ok $? "what another run has saved is left alone"
rm -f "$dir"/less.h5*

mkdir "$dir/disk" && ln -s disk/linked.h5 "$dir/link.h5"
run link.h5 --replicates $n
[ -L "$dir/link.h5" ]; ok $? "a link to a file that is not there yet stays one"
same whole.h5 disk/linked.h5 "… and the results are where it leads"

# --- vector units. The C library can be asked to do without the wider units and fused multiply-add, the program's
# own kernels ask the processor itself: an emulator of a lesser processor runs everything (scripts/soak: of one
# without fused multiply-add too).
# A sanitized program has none of the kernels' versions, takes minutes to do fused multiply-adds without the unit, and its
# shadow memory does not fit into the emulator.
sanitized() { nm "$ss" 2>/dev/null | grep -qE '__(a|t|ub)san_'; }
if ldd --version 2>/dev/null | head -1 | grep -qi 'glibc\|gnu libc' && grep -q fma /proc/cpuinfo 2>/dev/null && ! sanitized; then
    for off in -AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD -FMA,-FMA4,-AVX2,-AVX,-SSE4_1,-AVX512F; do
        GLIBC_TUNABLES=glibc.cpu.hwcaps=$off run "libm$off.h5" --threads 2 "${swept[@]}"
        same t1.h5 "libm$off.h5" "the C library with $off gives the same file"
    done
else
    skip "the C library without vector units gives the same file" "none to switch off, or a sanitized program"
fi
cat >"$dir/small.yaml" <<'YAML'
population:
  centres: {number: 4, log_hazard_sd: 0.3, size_shape: 2}
  covariates:
    age: {distribution: normal, mean: 63, sd: 16, within: [18, 100]}
    lactate: {distribution: lognormal, median: 3.9, sd_log: 0.55, within: [2, 25]}
  correlation: [[age, lactate, 0.3]]
course:
  mortality: {cumulative: {7: 0.25, 28: 0.4}, log_hazard: {age: 0.02, lactate: 0.05}}
  vasopressor: {median: 2, sd_log: 0.9, log_time: {lactate: 0.1}, until_death: 0.6}
arms: {control: {}, treated: {effects: {mortality: {marginal_hazard_ratio: 0.8}}}}
trial: {patients: 60, follow_up: 28}
endpoints: {dead: {kind: death}, free: {kind: days_free, of: [vasopressor]}}
analyses: {hazard: {method: cox, endpoint: dead, adjust: [age, log(lactate)]}, days: {method: wilcoxon, endpoint: free}}
YAML
emulated=(run "$dir/small.yaml" --quiet --replicates 5 --threads 2)
if command -v qemu-x86_64 >/dev/null && qemu-x86_64 -cpu Haswell-v4 /bin/true 2>/dev/null &&
    ! sanitized; then
    "$ss" "${emulated[@]}" -o "$dir/native.h5"
    for processor in Haswell-v4; do
        qemu-x86_64 -cpu $processor "$ss" "${emulated[@]}" -o "$dir/$processor.h5" 2>/dev/null
        same native.h5 $processor.h5 "a $processor, which has fewer vector units, gives the same file"
    done
else
    skip "lesser processors give the same file" "needs qemu-user; test_vector compares the kernels"
fi

echo "1..$count"
[ -s "$dir/err" ] && sed 's/^/# /' "$dir/err" | sort | uniq -c | head -5
exit 0
