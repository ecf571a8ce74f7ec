#!/bin/sh
# SPDX-License-Identifier: MIT
# What style asks of every file and the format tools do not check: the first
# lines, widths, lengths of files and functions, header guards, open points,
# and that the core includes nothing of the machine.
# usage: structure.sh FILE...
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

complain()
{
    echo "$1: $2" >>"$complaints"
}

# A function starts at an opening brace in column 1 after a line ending in
# ")", and ends at a closing brace in column 1.
check_text()
{
    case $1 in
    tests/unit/*) max_lines=700 ;; # lists of cases
    *) max_lines=600 ;;
    esac
    awk -v file="$1" -v max_lines="$max_lines" -v max_function=100 '
        FNR == 1 && !/SPDX-License-Identifier: MIT/ {
            print file ":1: no SPDX line"
        }
        FNR == 2 && !/^(\/\*|#|\/\/)/ { print file ":2: no file comment" }
        {
            width = length($0)
            if (width > 80)
                print file ":" FNR ": " width " columns"
        }
        /\t/ { print file ":" FNR ": tab" }
        /[ \t]$/ { print file ":" FNR ": trailing space" }
        /TODO|FIXME|XXX[^X]|#ifdef TEST|#if 0/ {
            print file ":" FNR ": open point or dead code"
        }
        /^\{/ { start = FNR }
        /^\}/ {
            if (start && FNR - start - 1 > max_function)
                print file ":" start ": function of " FNR - start - 1 " lines"
            start = 0
        }
        END {
            if (FNR > max_lines)
                print file ": " FNR " lines: make it two files"
        }' "$1" >>"$complaints"
}

check_guard()
{
    if grep -q 'included more than once\|included several times' "$1"; then
        return
    fi
    guard=$(sed -n 's/^#ifndef \([A-Z0-9_]*_H\)$/\1/p' "$1" | head -n 1)
    if [ -z "$guard" ] || ! grep -q "^#define $guard\$" "$1"; then
        complain "$1" "no include guard"
        return
    fi
    name=$(basename "$1" .h | tr 'a-z-' 'A-Z_')_H
    case $guard in
    "$name" | *_"$name") ;;
    *) complain "$1" "guard $guard does not end in $name" ;;
    esac
}

# The core may include Xen's headers, the compiler's own, ours that belong to
# no machine file, and <machine_arch.h> through the seam.
check_core()
{
    sed -n 's/^# *include *\(["<][^">]*[">]\).*/\1/p' "$1" |
        while read -r name; do
            case $name in
            '<xen/'* | '<xen-lite/'* | '<stdint.h>' | '<stddef.h>' | \
                '<stdbool.h>' | '<stdarg.h>' | '<stdatomic.h>' | '<limits.h>')
                ;;
            '<'*) complain "$1" "core includes $name" ;;
            *)
                bare=$(basename "${name#?}" '.h"')
                if [ -f "xen-lite/x86/$bare.c" ] ||
                    [ -f "xen-lite/boot/$bare.c" ] ||
                    [ -f "xen-lite/x86/$bare.h" ]; then
                    complain "$1" "core includes the machine's $name"
                fi
                ;;
            esac
        done
    # lib/string.c is the compiler's run time, not core
    if [ "$1" != xen-lite/lib/string.c ] &&
        grep -nE '(asm|__asm__)( volatile)?\("[^"]' "$1" >/dev/null; then
        complain "$1" "assembly in the core"
    fi
}

for file in "$@"; do
    check_text "$file"
    case $file in
    *.h) check_guard "$file" ;;
    esac
    case $file in
    xen-lite/hypercall/* | xen-lite/pv/* | xen-lite/mm/* | \
        xen-lite/domain/* | xen-lite/event/* | xen-lite/grant/* | \
        xen-lite/sched/* | xen-lite/lib/*) check_core "$file" ;;
    esac
done

if [ -s "$complaints" ]; then
    sort "$complaints"
    exit 1
fi
