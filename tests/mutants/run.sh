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
# Ends with "N caught, N explained, N failed"; a mutation that survives
# without a reason, does not apply or does not compile has failed.
# usage: run.sh OUTPUT_DIR [NAME_PATTERN]
set -u
out=$1
pattern=${2:-.}
here=tests/mutants
tree=$out/tree
build=$out/build
make=${MAKE:-make}

caught=0
explained=0
failed=0

clean=$out/clean

rm -rf "$tree" "$clean"
mkdir -p "$tree" "$clean" "$build"
build=$(cd "$build" && pwd)
cp -a Makefile mk xen-lite include tests "$tree"
for d in guest-kit dom0-tools scripts; do
    if [ -d $d ]; then cp -a $d "$tree"; fi
done
# objects of an earlier run may come from mutations: newer files win
sed -n 's/^file //p' "$here"/*.list | sort -u | (cd "$tree" && xargs touch)
# what is mutated and restored, whatever happens to our tree meanwhile
cp -a "$tree/xen-lite" "$clean"

in_tree()
{
    "$make" --no-print-directory -s -C "$tree" O="$build" WARNINGS=-w \
        -j"$(nproc)" "$@"
}

# Compile first, so that a failure to do so is not taken for a catch.
compile()
{
    # shellcheck disable=SC2046 # several targets
    in_tree $(printf "$build/unit/asan-gcc/test_%s " $tests) \
        >"$out/compile.log" 2>&1
}

# Any end of a test program but success counts, a hang too.
run_tests()
{
    for t in $tests; do
        (cd "$tree" && timeout "${MUTANT_TIMEOUT:-120}" \
            "$build/unit/asan-gcc/test_$t") >"$out/run.log" 2>&1 || return 1
    done
    return 0
}

report()
{
    printf '%-9s %s%s\n' "$1" "$name" "${2:+: $2}"
}

try()
{
    if ! OLD=$old NEW=$new FUNC=$func awk -f "$here/apply.awk" \
        "$clean/$file" >"$out/mutated.c"; then
        report STALE "$file has not exactly one such line"
        failed=$((failed + 1))
        return
    fi
    cp "$out/mutated.c" "$tree/$file"
    if ! compile; then
        report INVALID "does not compile"
        tail -n 3 "$out/compile.log"
        failed=$((failed + 1))
    elif ! run_tests; then
        report caught
        caught=$((caught + 1))
    elif [ -n "$reason" ]; then
        report explained "$reason"
        explained=$((explained + 1))
    else
        report SURVIVED "no test of: $tests"
        failed=$((failed + 1))
    fi
    cp "$clean/$file" "$tree/$file"
}

finish()
{
    if [ -n "$name" ] && printf '%s\n' "$name" | grep -Eq "$pattern"; then
        try
    fi
    name=
}

name=
# A catch means something only if the tests pass unharmed.
all=$(awk -v pattern="$pattern" '
    /^mutant / { wanted = $2 ~ pattern }
    /^tests / && wanted { for (i = 2; i <= NF; i++) print $i }
' "$here"/*.list | sort -u)
for tests in $all; do
    if ! compile || ! run_tests; then
        echo "BROKEN    $tests fails without any mutation"
        failed=$((failed + 1))
    fi
done

cat "$here"/*.list >"$out/all.list"
while IFS= read -r line; do
    case $line in
    'mutant '*)
        finish
        name=${line#mutant }
        func=
        tests=
        old=
        new=
        reason=
        ;;
    'file '*) file=${line#file } ;;
    'in '*) func=${line#in } ;;
    'tests '*) tests=${line#tests } ;;
    'survives '*) reason=${line#survives } ;;
    '- '*) old=${line#- } ;;
    '+ '*)
        new=${new:+$new
}${line#+ }
        ;;
    '' | '#'*) ;;
    *)
        echo "bad line: $line"
        failed=$((failed + 1))
        ;;
    esac
done <"$out/all.list"
finish

echo "$caught caught, $explained explained, $failed failed"
[ "$failed" -eq 0 ]
