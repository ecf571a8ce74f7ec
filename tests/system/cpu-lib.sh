# SPDX-License-Identifier: MIT
# One CPU model: dom0 on two CPUs with the stock tools, memory under stress, a
# 32-bit program by this vendor's fast system call.
# A test sets `model` and sources this.
# shellcheck shell=sh disable=SC2154
. "$here/lib.sh"
dom0_program mmstress
dom0_inside compat32
dom0_script <<'DOM0'
check "two CPUs" [ "$(nproc)" = 2 ]
check "memory holds what was put there" mmstress 4
check "system calls of 32-bit programs" sh -c 'compat32 | grep "^ok"'
check "xl info" sh -c 'xl info | grep -q "^nr_cpus *: 2$"'
check "no oops so far" \
    sh -c '! dmesg | grep -E "Oops|BUG:|WARNING: CPU|general protection"'
grep -m 1 'model name' /proc/cpuinfo
checks_end
DOM0
script_passes -s 2 -c "$model"
