#!/bin/sh
# SPDX-License-Identifier: MIT
# Run cmocka programs side by side, print what each said, and close with one
# line "N passed, N failed" over all of them. A program that dies, or that
# never says how many tests it ran, counts as one failure more.
# usage: run.sh PROGRAM...
if [ $# -eq 0 ]; then
    echo "run.sh: no programs" >&2
    exit 2
fi

ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1}
UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
limit=${UNIT_TIMEOUT:-300}

# shellcheck disable=SC2016 # the inner shell expands these
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' sh -c '
    timeout "$2" "$1" >"$1.log" 2>&1
    echo $? >"$1.status"' sh '{}' "$limit"

passed=0
failed=0
for program in "$@"; do
    log=$program.log
    status=$(cat "$program.status" 2>/dev/null || echo 127)
    ok=$(grep -c '^\[       OK \] ' "$log")
    ran=$(sed -n 's/^\[==========\] [^0-9]*\([0-9]*\) test(s) run\..*/\1/p' \
        "$log" | awk '{n += $1} END {print n + 0}')
    bad=$(sed -n 's/^\[  FAILED  \] [^0-9]*\([0-9][0-9]*\) test(s).*/\1/p' \
        "$log" | awk '{n += $1} END {print n + 0}')
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ran" -eq 0 ]; }; then
        bad=1
        echo "[  DIED    ] $(basename "$program"): status $status" >>"$log"
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    if [ "$bad" -ne 0 ] || [ "${UNIT_VERBOSE:-1}" != 0 ]; then
        grep -v '^\[ RUN      \] ' "$log" | sed "s|^|$(basename "$program"): |"
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
