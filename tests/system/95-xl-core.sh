#!/bin/sh
# SPDX-License-Identifier: MIT
# Cores of a Linux guest, by xl dump-core and when it crashes, and what the tools
# show of a guest's registers and pages. scripts/mkxl.py sets the results of two
# hypervisors side by side.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xl-lib.sh"
TOOL=xl
with_guest
limit=580
stock_programs xen-mfndump
dom0_program corecheck
xl_script <<'DOM0'
# Debian's kernels leave sysrq c out of what is enabled.
guest_config demo 'memory = 128' 'on_crash = "coredump-destroy"' \
    'extra = "console=hvc0 quiet xl.mode=shell sysrq_always_enabled"'
step "xl create" 0 xl create /run/demo.cfg
guest_or_end demo 400 '^XL-STAGE guest-shell'
xl_limit=240
step "xl dump-core" 0 xl dump-core demo /run/core
step "dump-core: notes and pages" 0 corecheck /run/core
xl_limit=
rm -f /run/core

id=$(guest_id demo)
step "xen-mfndump dump-m2p" "?" sh -c 'xen-mfndump dump-m2p | head -n 3'
step "xen-mfndump dump-p2m" "?" sh -c "xen-mfndump dump-p2m $id | head -n 3"
step "xen-mfndump lookup-pte" "?" xen-mfndump lookup-pte "$id" 0x1000
step "xenctx" 0 xenctx "$id" 0
has 'rip: |cs:eip|rax: '
step "xenctx -a" 0 xenctx -a "$id" 0

step "xl sysrq c" 0 xl sysrq demo c
gone() { [ -z "$(guest_id demo)" ]; }
cored() { ls /var/lib/xen/dump/*demo* >/dev/null 2>&1 && gone; }
check "core of the crash, and gone" wait_for 240 cored || {
    xl list
    tail -n 40 "$(guest_log demo)" /var/log/xen/xl-demo.log
}
step "core of the crash: notes and pages" 0 \
    sh -c 'corecheck /var/lib/xen/dump/*demo*'
rm -f /var/lib/xen/dump/*
check "references afterwards" audit_clean
checks_end
DOM0
script_passes -s 2
