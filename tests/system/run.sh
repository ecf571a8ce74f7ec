#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the system tests that tests.list has for this hypervisor and tier.
#
#   HV=xenlite|xen TIER=quick|long|all GROUP="..." TESTS="..." run.sh
#
# GROUP  only tests of one of these groups
# TESTS  only these, by name with or without number, whatever their tier
# Last line: `N passed, N failed` and, if any, `, N skipped`. Status 0 only if
# none failed, and if what was asked for by name exists.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
HV=${HV:-xenlite} TIER=${TIER:-quick} GROUP=${GROUP:-} TESTS=${TESTS:-}
export HV
# No single boot may hold up the rest for ever.
limit=$((3600 * ${SLOW:-1}))

passed=0 failed=0 skipped=0 left_long=0 left_off=0 failures=''

# has WORD LIST...: one of the words in the list
has() {
    word=$1
    shift
    for item in "$@"; do
        [ "$item" != "$word" ] || return 0
    done
    return 1
}

in_groups() {
    [ -n "$GROUP" ] || return 0
    for group in $GROUP; do
        # shellcheck disable=SC2086 # a list of words
        has "$group" $1 && return 0
    done
    return 1
}

# selected TEST TIER GROUPS: 0 to run it; counts what is left out
selected() {
    if [ -n "$TESTS" ]; then
        # shellcheck disable=SC2086 # a list of words
        has "$1" $TESTS || has "${1#[0-9][0-9]-}" $TESTS
        return
    fi
    in_groups "$3" || return 1
    case $TIER:$2 in
    all:quick | all:long | long:quick | long:long | quick:quick) return 0 ;;
    quick:long) left_long=$((left_long + 1)) ;;
    *:off) left_off=$((left_off + 1)) ;;
    esac
    return 1
}

run_one() {
    start=$(date +%s)
    code=0
    output=$(timeout "$limit" "$here/$1.sh" 2>&1) || code=$?
    last=$(echo "$output" | tail -n 1)
    took=$(($(date +%s) - start))
    case $code:$last in
    0:PASS*) passed=$((passed + 1)) ;;
    77:SKIP*) skipped=$((skipped + 1)) ;;
    *)
        failed=$((failed + 1))
        case $last in
        FAIL*) ;;
        *)
            [ $code != 124 ] || last="no end after $limit s"
            last="FAIL ${1#[0-9][0-9]-}: status $code: $last"
            ;;
        esac
        echo "$output" | sed '$d'
        failures="$failures
  $last"
        ;;
    esac
    echo "$last (${took} s)"
}

for wanted in $TESTS; do
    # shellcheck disable=SC2010 # names are ours
    if ! ls "$here/$wanted.sh" "$here"/[0-9][0-9]-"$wanted.sh" 2>/dev/null |
        grep -q .; then
        echo "FAIL $wanted: no such test"
        failed=$((failed + 1))
    fi
done

echo "System tests on $HV (tier $TIER)"
while read -r test on_xenlite on_xen groups; do
    case $test in
    '' | '#'*) continue ;;
    esac
    tier=$on_xenlite
    [ "$HV" = xenlite ] || tier=$on_xen
    if selected "$test" "$tier" "$groups"; then
        run_one "$test" </dev/null
    fi
done <"$here/tests.list"

if [ $((passed + failed + skipped)) = 0 ]; then
    echo "FAIL nothing of this kind to run"
    failed=1
fi
[ -z "$failures" ] || echo "Failed:$failures"
[ $left_long = 0 ] || echo "Left for make test-long: $left_long"
[ $left_off = 0 ] || echo "Not enabled on $HV: $left_off (see tests.list)"
summary="$passed passed, $failed failed"
[ $skipped = 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ $failed = 0 ]
