#!/bin/sh
# SPDX-License-Identifier: MIT
# The hypervisor tests its own machine half on four CPUs: timers for ten
# seconds, 100,000 rounds of IPIs and shootdowns, NMIs in SYSCALL's entry.
. "$(dirname "$0")/lib.sh"
only_on xenlite 'the tests are an option of xen-lite'
hv_args='selftest=all'
until='selftest: done'
boot -s 4
expect '^\(XEN\) 4 CPUs online' 'not all CPUs started'
for test in timers ipi nmi; do
    expect "^\(XEN\) selftest $test: PASS" "selftest $test did not pass"
done
pass
