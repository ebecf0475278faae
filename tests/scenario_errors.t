#!/usr/bin/env bash
# Malformed scenarios: exit status 2 and exactly the expected messages, one line each, all of a file's mistakes in one
# go. Most stand in errors/cases.txt; here are those that are no small text file.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
shocksim=${SHOCKSIM:-$top/build/release/shocksim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$top/tests/errors/base.yaml" .
n=0

# NAME ARGUMENT...: the program refuses with the messages of the file `wanted`, in that order, and prints nothing.
refuses() {
    local name=$1 status
    shift
    "$shocksim" "$@" >out 2>err </dev/null
    status=$?
    n=$((n + 1))
    if [ $status = 2 ] && [ ! -s out ] && [ -s wanted ] && cmp -s wanted err; then echo "ok $n - $name"; else
        echo "not ok $n - $name"
        { echo "status $status"; head -c 500 out; diff wanted err; } | sed 's/^/# /'
    fi
}
wants() { printf 'shocksim: %s\n' "$@" >wanted; }

# --- the table ---------------------------------------------------------------------------------------------------

one_case() {
    [ -n "$name" ] && refuses "$name" check x.yaml "${arguments[@]}"
    name=$1 arguments=()
    : >x.yaml
    : >wanted
}
name='' arguments=()
while IFS= read -r line; do
    case $line in
    '== '*) one_case "${line#== }" ;;
    '$ '*) arguments+=("${line#\$ }") ;;
    '> '*) echo "shocksim: ${line#> }" >>wanted ;;
    ?*) [ -n "$name" ] && printf '%s\n' "$line" >>x.yaml ;;
    esac
done <"$top/tests/errors/cases.txt"
one_case ''
n_table=$n

# --- files that are no scenario ------------------------------------------------------------------------------------

wants "nowhere.yaml: No such file or directory"
refuses "no such file" check nowhere.yaml
mkdir folder
wants "folder: Is a directory"
refuses "a directory" check folder
echo 'extends: folder' >x.yaml
wants "x.yaml:1:10: extends 'folder', which cannot be read: Is a directory"
refuses "extends a directory" check x.yaml
: >x.yaml
wants "x.yaml:1:1: '"{course,arms,trial,endpoints,analyses}"' is missing in the scenario"
refuses "an empty file" check x.yaml
printf '# nothing\n---\n' >x.yaml
wants "x.yaml:1:1: '"{course,arms,trial,endpoints,analyses}"' is missing in the scenario"
refuses "an empty document" check x.yaml
printf 'name: a\0b\n' >x.yaml
wants "x.yaml:1:8: control characters are not allowed (byte 0x00)"
refuses "a NUL byte" check x.yaml
printf '\x7fELF\x02\x01' >x.yaml
wants "x.yaml:1:1: control characters are not allowed (byte 0x7f)"
refuses "a program" check x.yaml
printf '\xff\xfen\0a\0m\0e\0' >x.yaml
wants "x.yaml:1:1: this is not UTF-8 text (byte 0xff)"
refuses "UTF-16" check x.yaml
printf 'name: x\ntrial:\n\tpatients: 100\n' >x.yaml
wants "x.yaml:3:1: tabs are not allowed, use spaces (\\t in double quotes)"
refuses "tabs" check x.yaml
wants "x.yaml: larger than 16 MiB"
head -c $((16 * 1024 * 1024 + 1)) /dev/zero | tr '\0' ' ' >x.yaml
refuses "a file of 16 MiB and a byte" check x.yaml

# --- files that are too much -------------------------------------------------------------------------------------

printf 'name: %s%s\n' "$(printf '[%.0s' {1..70})" "$(printf ']%.0s' {1..70})" >x.yaml
wants "x.yaml:1:70: nested deeper than 64 levels"
refuses "nesting" check x.yaml
{
    echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
    for k in {1..9}; do
        p=$((k - 1))
        echo "a$k: &a$k [*a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p, *a$p]"
    done
} >x.yaml
wants "x.yaml:5:45: more than 100000 values (aliases followed)"
refuses "a billion laughs" check x.yaml
echo 'a: &a [*a]' >x.yaml
wants "x.yaml:1:8: alias '*a' stands inside what it names"
refuses "an alias of itself" check x.yaml
{
    printf 'extends: base.yaml\n'
    printf 'k%d: 1\n' {1..300}
} >x.yaml
{
    printf "shocksim: x.yaml:%d:1: unknown key 'k%d' in the scenario\n" $(for k in {1..200}; do echo $((k + 1)) $k; done)
    echo "shocksim: (more mistakes are not shown)"
} >wanted
refuses "300 mistakes" check x.yaml
long=$(printf 'x%.0s' {1..5000})
printf 'extends: base.yaml\ntrial: {patients: %s}\n' "$long" >x.yaml
wants "x.yaml:2:19: patients must be a whole number from 1 to 10000000, not '${long:0:60}…'"
refuses "a long word" check x.yaml
printf 'extends: base.yaml\narms: {"a\\nb": {}}\n' >x.yaml
wants "x.yaml:2:8: arm 'a b': a name is a letter, then letters, digits and _"
refuses "a line break in a name" check x.yaml

# --- chains of files -----------------------------------------------------------------------------------------------

mkdir sub
echo 'extends: sub/b.yaml' >a.yaml
echo 'extends: ../a.yaml' >sub/b.yaml
wants "sub/b.yaml:1:10: 'a.yaml' extends itself, through 2 files"
refuses "two files extend each other" check a.yaml
for k in {1..16}; do echo "extends: c$((k + 1)).yaml" >c$k.yaml; done
echo 'extends: base.yaml' >c17.yaml
wants "c15.yaml:1:10: more than 16 files extend each other"
refuses "a long chain" check c1.yaml
echo 'trial: {patients: none}' >sub/b.yaml
printf 'extends: sub/b.yaml\ntrial: {follow_up: none}\n' >a.yaml
sed -i '1i extends: ../base.yaml' sub/b.yaml
wants "sub/b.yaml:2:19: patients must be a whole number from 1 to 10000000, not 'none'" \
    "a.yaml:2:20: follow_up must be a number greater than 0 and at most 100000 (in days), not 'none'"
refuses "a mistake in either file of a chain" check a.yaml

# --- the other commands ----------------------------------------------------------------------------------------------

printf 'extends: base.yaml\ntrial: {patients: 0}\n' >x.yaml
wants "x.yaml:2:19: patients must be a whole number from 1 to 10000000, not 0"
refuses "run" run x.yaml
refuses "run --overwrite" run x.yaml --overwrite -o result.h5
refuses "patients" patients x.yaml
wants "--set trial.patients=0: patients must be a whole number from 1 to 10000000, not 0"
refuses "run --set" run base.yaml --set trial.patients=0
refuses "patients --set" patients base.yaml --set trial.patients=0
many=()
for k in {1..65}; do many+=(--set "trial.patients=$k"); done
wants "more than 64 of --set, --seed and --replicates"
refuses "65 settings" check base.yaml "${many[@]}"
n=$((n + 1))
if compgen -G '*.h5*' >left; then echo "not ok $n - nothing is left behind" && sed 's/^/# /' left; else
    echo "ok $n - nothing is left behind"
fi

n=$((n + 1))
if [ $n_table -ge 200 ]; then echo "ok $n - the table was read"; else echo "not ok $n - the table has $n_table cases"; fi
echo "1..$n"
