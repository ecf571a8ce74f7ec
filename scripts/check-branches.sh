#!/bin/sh
# SPDX-License-Identifier: MIT
# No indirect call or jump in the hypervisor, which a guest could have taught
# the processor to predict; but for the start of each CPU, when no guest has run.
# usage: check-branches.sh ELF
set -eu

found=$(objdump -d --no-show-raw-insn "$1" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2 }
    /(call|jmp)[a-z]* +\*/ && name !~ /^<(boot_|trampoline|ap_)/ {
        print "  " name $0 }')
[ -z "$found" ] || {
    echo "$1: indirect branches that the compiler did not replace:" >&2
    echo "$found" >&2
    exit 1
}
