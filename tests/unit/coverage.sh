#!/bin/sh
# SPDX-License-Identifier: MIT
# Print the share of lines that ran, for each core file and over all.
# usage: coverage.sh OBJECT_DIR SOURCE...    (after a run of the programs)
# COVERAGE_MIN (per cent) makes a lower total an error.
dir=$1
shift
for src in "$@"; do
    obj=$dir/${src%.c}.o
    if [ -f "${obj%.o}.gcda" ]; then
        gcov -n -o "$obj" "$src" 2>/dev/null |
            sed -n "\\|^File '$src'|,/^Lines/p" |
            sed -n "s|^Lines executed:\\([0-9.]*\\)% of \\([0-9]*\\)|$src \\1 \\2|p"
    else
        # never linked: every line it would have had counts as missed
        gcov -n -o "$obj" "$src" 2>/dev/null |
            sed -n "s|^Lines executed:[0-9.]*% of \\([0-9]*\\)|$src 0 \\1|p" |
            head -n 1
    fi
done | awk -v min="${COVERAGE_MIN:-0}" '
    {
        printf "%6.1f%% %6d  %s\n", $2, $3, $1
        hit += $2 * $3 / 100
        all += $3
    }
    END {
        total = all ? 100 * hit / all : 0
        printf "%6.1f%% %6d  total\n", total, all
        exit total < min
    }'
