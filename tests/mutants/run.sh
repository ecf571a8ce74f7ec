#!/bin/sh
# SPDX-License-Identifier: MIT
# Break the core in one named place after another, in a copy of the tree, and
# see that the unit tests named for that place notice. Each mutation of
# tests/mutants/*.list is
#     mutant NAME
#     file PATH
#     in FUNCTION                (when the line stands in several)
#     tests NAME...
#     - LINE                     (exactly one line, without its indentation)
#     + LINE                     (in its place; none: the line is removed)
#     survives REASON            (when no test can notice, and why)
# One copy is built unharmed and kept for the next run; each worker breaks a
# copy of that, compiles what hangs on the line, links the tests, and puts
# the objects back. Ends with "N caught, N explained, N failed"; a mutation
# that survives without a reason, is caught in spite of one, does not apply or
# does not compile has failed.
# usage: run.sh OUTPUT_DIR [NAME_PATTERN]      (MUTANT_JOBS: workers, else one a CPU)
set -u
pattern=${2:-.}
jobs=${MUTANT_JOBS:-$(nproc)}
make=${MAKE:-make}
mkdir -p "$1"
out=$(cd "$1" && pwd)
here=$PWD/tests/mutants
programs=build/unit/asan-gcc

# $1: tree. Paths inside are relative, so that a copy keeps its objects.
in_tree()
{
    dir=$1
    shift
    MAKEFLAGS='' "$make" --no-print-directory -s -C "$dir" O=build \
        CC=gcc HOSTCC=gcc WARNINGS=-w "$@"
}

# $1: tree, then tests, until the first case that fails. A program that hangs
# is stopped after ten times what it takes unharmed. Any end but success counts
# as noticed.
run_tests()
{
    dir=$1
    shift
    for t in "$@"; do
        limit=$(cat "$out/time/$t" 2>/dev/null || echo 120)
        {
            (cd "$dir" && timeout "$limit" "$programs/test_$t")
            echo $? >"$dir/status"
        } 2>&1 | grep -q '^\[  FAILED  \]' && return 1
        [ "$(cat "$dir/status")" = 0 ] || return 1
    done
}

prepare()
{
    mkdir -p "$out/base/build"
    for d in xen-lite include tests mk scripts guest-kit dom0-tools; do
        rm -rf "$out/base/$d"
    done
    cp -a Makefile mk xen-lite include tests scripts guest-kit dom0-tools \
        "$out/base"
    rm -rf "$out/mutant" "$out/claim" "$out/time" "$out"/worker.*
    mkdir -p "$out/mutant" "$out/claim" "$out/time"
    cat "$here"/*.list | awk -v dir="$out/mutant" -v pattern="$pattern" '
        /^mutant / {
            close(file)
            file = $2 ~ pattern ? sprintf("%s/%04d", dir, ++n) : ""
        }
        file != "" && !/^(#|$)/ { print >file }'
}

# A catch means something only if the tests pass unharmed.
run_unharmed()
{
    tests=$(sed -n 's/^tests //p' "$out"/mutant/* | tr ' ' '\n' | sort -u)
    # shellcheck disable=SC2046,SC2086 # several words
    if ! in_tree "$out/base" -j"$jobs" \
        $(printf "$programs/test_%s " $tests) >"$out/compile.log" 2>&1; then
        tail -n 5 "$out/compile.log"
        echo "BROKEN    the tests do not compile without any mutation"
        return 1
    fi
    for t in $tests; do
        start=$(date +%s)
        if ! run_tests "$out/base" "$t"; then
            echo "BROKEN    $t fails without any mutation"
            return 1
        fi
        echo $(((($(date +%s) - start) + 1) * 10)) >"$out/time/$t"
    done
}

report()
{
    printf '%-9s %s%s\n' "$1" "$name" "${2:+: $2}" | tee -a "$out/results"
}

read_mutant()
{
    for field in name file func tests old new reason; do
        eval "$field="
    done
    while IFS= read -r line; do
        case $line in
        'mutant '*) name=${line#mutant } ;;
        'file '*) file=${line#file } ;;
        'in '*) func=${line#in } ;;
        'tests '*) tests=${line#tests } ;;
        'survives '*) reason=${line#survives } ;;
        '- '*) old=${line#- } ;;
        '+ '*)
            new=${new:+$new
}${line#+ }
            ;;
        *) echo "bad line: $line" ;;
        esac
    done <"$1"
}

# Compile first, so that a failure to do so is not taken for a catch.
try()
{
    if ! OLD=$old NEW=$new FUNC=$func awk -f "$here/apply.awk" \
        "$out/base/$file" >"$tree/$file"; then
        report STALE "$file has not exactly one such line"
        return
    fi
    # shellcheck disable=SC2046,SC2086 # several words
    if ! in_tree "$tree" $(printf "$programs/test_%s " $tests) \
        >"$tree/compile.log" 2>&1; then
        report INVALID "does not compile: $(tail -n 1 "$tree/compile.log")"
    elif ! run_tests "$tree" $tests; then
        if [ -n "$reason" ]; then
            report NOTICED "yet it is said to survive: $reason"
        else
            report caught
        fi
    elif [ -n "$reason" ]; then
        report explained "$reason"
    else
        report SURVIVED "no test of: $tests"
    fi
}

# What is newer than the mark comes from the mutation.
restore()
{
    cp -p "$out/base/$file" "$tree/$file"
    (cd "$tree" && find build -type f -newer mark -print | while read -r f; do
        if ! cp -p "$out/base/$f" "$f" 2>/dev/null; then
            rm -f "$f"
        fi
    done)
}

# $1: number. Takes the next mutation that no other worker has.
worker()
{
    tree=$out/worker.$1
    cp -a "$out/base" "$tree"
    for m in "$out"/mutant/*; do
        mkdir "$out/claim/${m##*/}" 2>/dev/null || continue
        read_mutant "$m"
        touch "$tree/mark"
        try
        restore
    done
    rm -rf "$tree"
}

count()
{
    grep -c "^$1" "$out/results"
}

prepare
: >"$out/results"
broken=0
# shellcheck disable=SC2086 # several words
run_unharmed || broken=1
if [ $broken -eq 0 ]; then
    n=0
    while [ $n -lt "$jobs" ]; do
        worker $n &
        n=$((n + 1))
    done
    wait
fi
failed=$((broken + $(count '[A-Z]')))
echo "$(count caught) caught, $(count explained) explained, $failed failed"
[ "$failed" -eq 0 ]
